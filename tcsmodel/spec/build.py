"""The builder: verbs that make the same terms as model text.

The parts are put together with `ModelSpec.of`:

>>> import tcsmodel as tcs
>>> spec = tcs.ModelSpec.of(
...     tcs.reflective("Image", tcs.items("IMAG", 1, 5)),
...     tcs.reflective("Loyalty", ["CUSL1", "CUSL2", "CUSL3"]),
...     tcs.paths("Image", "Loyalty"),
... )
>>> print(spec)
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Loyalty ~ Image
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import Op, Term, product_name

Names = str | Sequence[str]


def items(prefix: str, first: int, last: int) -> tuple[str, ...]:
    """Return numbered item names, both ends included.

    Parameters
    ----------
    prefix : str
        What the names begin with.
    first, last : int
        The numbers that follow it.

    Raises
    ------
    SpecError
        When `last` is below `first`.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.items("imag", 1, 3)
    ('imag1', 'imag2', 'imag3')
    """
    if last < first:
        raise SpecError(f"items({prefix!r}, {first}, {last}) names no items; swap the numbers.")
    return tuple(f"{prefix}{number}" for number in range(first, last + 1))


def reflective(name: str, items: Sequence[str]) -> tuple[Term, ...]:
    """Return a latent variable that its items reflect (``=~``; Mode A in PLS).

    Parameters
    ----------
    name : str
        What the construct is called.
    items : sequence of str
        The columns that measure it; constructs measure one of second order.

    Raises
    ------
    SpecError
        When there are no items, or `items` is a single string.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> print(tcs.ModelSpec.of(tcs.reflective("Value", ["PERV1", "PERV2"])))
    Value =~ PERV1 + PERV2
    """
    return _measured(name, Op.REFLECTIVE, items)


def composite(name: str, items: Sequence[str]) -> tuple[Term, ...]:
    """Return a composite that its items form (``<~``; Mode B in PLS).

    Arguments and errors as `reflective`.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> print(tcs.ModelSpec.of(tcs.composite("Value", ["PERV1", "PERV2"])))
    Value <~ PERV1 + PERV2
    """
    return _measured(name, Op.COMPOSITE, items)


def bifactor(general: str, blocks: Mapping[str, Sequence[str]]) -> tuple[Term, ...]:
    """Return a construct of all items beside one of each block, all of them uncorrelated.

    Parameters
    ----------
    general : str
        What the construct of all items is called.
    blocks : mapping of str to sequence of str
        The items of each block, by what its construct is called.

    Raises
    ------
    SpecError
        When there are no blocks, or one has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> parts = tcs.bifactor("G", {"A": ["a1", "a2", "a3"], "B": ["b1", "b2", "b3"]})
    >>> print(tcs.ModelSpec.of(parts))
    G =~ a1 + a2 + a3 + b1 + b2 + b3
    A =~ a1 + a2 + a3
    B =~ b1 + b2 + b3
    G ~~ 0*A + 0*B
    A ~~ 0*B
    """
    own = [reflective(name, items) for name, items in blocks.items()]
    every = list(dict.fromkeys(term.rhs for terms in own for term in terms))
    pairs = combinations((general, *blocks), 2)
    apart = tuple(Term(first, Op.COVARIANCE, other, fixed=0.0) for first, other in pairs)
    return (*reflective(general, every), *(term for terms in own for term in terms), *apart)


def single(name: str, item: str) -> tuple[Term, ...]:
    """Return a construct measured by one item, which stands for it without error.

    Where the item's reliability is known, say so when fitting: ``SEM(spec, reliability=...)``.

    Parameters
    ----------
    name : str
        What the construct is called.
    item : str
        The column that measures it.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> print(tcs.ModelSpec.of(tcs.single("Complaints", "CUSCO")))
    Complaints =~ CUSCO
    """
    return (Term(name, Op.REFLECTIVE, item),)


def paths(sources: Names, targets: Names) -> tuple[Term, ...]:
    """Return directed effects from every source to every target.

    Parameters
    ----------
    sources, targets : str or sequence of str
        Names of constructs.

    Raises
    ------
    SpecError
        When either side is empty.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> [f"{t.lhs} ~ {t.rhs}" for t in tcs.paths(["Image", "Quality"], "Loyalty")]
    ['Loyalty ~ Image', 'Loyalty ~ Quality']
    """
    left, right = _names(targets), _names(sources)
    if not left or not right:
        raise SpecError("paths() needs at least one source and one target.")
    return tuple(Term(target, Op.REGRESSION, source) for target in left for source in right)


def interaction(first: str, second: str, *, to: Names) -> tuple[Term, ...]:
    """Return the effect of the product of two constructs (``Loyalty ~ Image:Value``).

    Parameters
    ----------
    first, second : str
        The factors, whose own paths to the target are stated besides; twice the same
        construct for a quadratic effect.
    to : str or sequence of str
        Names of the targets.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> [t.statement for t in tcs.interaction("Image", "Value", to="Loyalty")]
    ['Loyalty ~ Image:Value']
    """
    name = product_name(first, second)
    return tuple(
        Term(target, Op.REGRESSION, name, product=(first, second)) for target in _names(to)
    )


def covariances(names: Sequence[str]) -> tuple[Term, ...]:
    """Return covariances of all pairs: of residuals of items, or of constructs (``~~``).

    Parameters
    ----------
    names : sequence of str
        Items or constructs, two or more.

    Raises
    ------
    SpecError
        When there are fewer than two names.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> [f"{t.lhs} ~~ {t.rhs}" for t in tcs.covariances(["q1", "q2", "q3"])]
    ['q1 ~~ q2', 'q1 ~~ q3', 'q2 ~~ q3']
    """
    own = _names(names)
    if len(own) < 2:
        raise SpecError(f"covariances() needs two names or more, not {', '.join(own) or 'none'}.")
    return tuple(Term(first, Op.COVARIANCE, other) for first, other in combinations(own, 2))


def _measured(name: str, op: Op, items: Sequence[str]) -> tuple[Term, ...]:
    if isinstance(items, str):
        raise SpecError(
            f"Items of construct {name!r} are the single string {items!r}; give a list, as "
            f"[{items!r}], or use single({name!r}, {items!r})."
        )
    if not items:
        raise SpecError(f"Construct {name!r} has no items; name at least one.")
    return tuple(Term(name, op, item) for item in items)


def _names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
