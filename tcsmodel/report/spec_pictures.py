"""The picture of a specification: constructs, items and arrows, before there are any data."""

from __future__ import annotations

from tcsmodel.report.diagram import Edge, Node, diagram
from tcsmodel.report.language import Language
from tcsmodel.report.picture import PAD, WIDTH, Picture
from tcsmodel.spec.model import ModelSpec, Op


def spec_diagram(spec: ModelSpec, words: Language) -> Picture:
    """Return the path diagram of a specification, without numbers."""
    constructs = set(spec.construct_names)
    nodes = [
        Node(
            c.name,
            items=tuple((item, "") for item in c.items if item not in constructs),
            composite=c.composite,
        )
        for c in spec.constructs
    ]
    arrows = [
        *(
            (part, c.name) if c.composite else (c.name, part)
            for c in spec.constructs
            for part in c.items
            if part in constructs
        ),
        *((path.source, path.target) for path in spec.paths),
    ]
    known = dict.fromkeys([*spec.construct_names, *(name for arrow in arrows for name in arrow)])
    nodes += [
        Node(name, observed=name not in spec.products) for name in known if name not in constructs
    ]
    related = [
        Edge(term.lhs, term.rhs, directed=False)
        for term in spec.terms
        if term.op is Op.COVARIANCE
        and term.lhs != term.rhs
        and {term.lhs, term.rhs} <= set(known)
        and term.fixed != 0
    ]
    drawn = diagram(nodes, [*(Edge(*arrow) for arrow in arrows), *related])
    told = words.listing(
        words.text("picture.diagram.arrow", source=source, target=target)
        for source, target in arrows
    )
    count = len(spec.constructs)
    return Picture(
        title=words.text(
            "picture.diagram.title_spec", count=count, items=len(spec.items), paths=len(spec.paths)
        ),
        subtitle=words.text("picture.diagram.spec"),
        caption="",
        alt=words.text("picture.diagram.alt", paths=told or words.text("none"), count=count),
        paint=drawn.paint,
        size=(max(drawn.size[0] + 2 * PAD, WIDTH), drawn.size[1]),
    )
