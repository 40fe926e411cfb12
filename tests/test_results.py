"""One contract for every result: what a reader may expect of any of them.

A new `Result` subclass joins by adding a small example to `EXAMPLES`;
`test_every_result_has_an_example` fails until it does.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import pickle
import pkgutil
import re
import warnings
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tolerances import POINT

import tcsmodel as tcs
from tcsmodel.result import Finding, Result, Severity, as_text

# Constructs that these customers do tell apart, so that every method has a solution.
SMALL = """
Image        =~ IMAG1 + IMAG3 + IMAG5
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Image
Satisfaction ~ Image + Value
"""


def pls() -> Any:
    return tcs.PLS(tcs.ModelSpec.parse(SMALL)).fit(tcs.datasets.mobi())


def sem() -> Any:
    return tcs.SEM(tcs.ModelSpec.parse(SMALL)).fit(tcs.datasets.mobi())


def labelled() -> Any:
    text = SMALL.replace("~ Image + Value", "~ a*Image + b*Value").replace("~ Image", "~ c*Image")
    return tcs.SEM(tcs.ModelSpec.parse(text)).fit(tcs.datasets.mobi())


def slopes() -> Any:
    text = SMALL.replace("~ Image + Value", "~ Image + Value + Image:Value")
    result = tcs.PLS(tcs.ModelSpec.parse(text)).fit(tcs.datasets.mobi())
    return result.bootstrap(60, seed=1).simple_slopes("Image:Value")


def study() -> Any:
    road = tcs.Study(tcs.ModelSpec.parse(SMALL), bootstrap=100, driver_bootstrap=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.TcsWarning)
        return road.run(tcs.datasets.mobi(), seed=7)


def drivers() -> Any:
    return tcs.KeyDrivers(target="CUSA1", drivers=["IMAG1", "PERQ1", "PERV1"]).fit(
        tcs.datasets.mobi()
    )


def groups() -> Any:
    """Return invariance between two brands, one of which answers an item higher."""
    spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4")
    frame = tcs.simulate(spec, n=400, seed=1, scale=(1, 10)).data
    frame["brand"] = ["A", "B"] * 200
    frame["q4"] = (frame["q4"] + 2 * (frame["brand"] == "B")).clip(1, 10)
    survey = tcs.Survey(frame, items=spec.items, scale=(1, 10), group="brand")
    return tcs.invariance(spec, survey)


def firms() -> Any:
    """Return fits to three firms, one of them too small."""
    frame = tcs.datasets.mobi().data.assign(firm=["A", "B"] * 120 + ["C"] * 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.ImproperSolutionWarning)
        return tcs.CFA(tcs.ModelSpec.parse(SMALL)).fit_each(frame[::-1], by="firm")


def brands() -> Any:
    """Return PLS fitted to each of two brands, on a scale."""
    survey = tcs.datasets.mobi()
    frame = survey.data.assign(brand=["A", "B"] * 125)
    scaled = tcs.Survey(frame, items=survey.items, scale=(1, 10))
    return tcs.PLS(tcs.library.ecsi()).fit_each(scaled, by="brand")


def compared(compare: Callable[..., Any], **options: Any) -> Any:
    """Return what is found between two brands, one of which answers an item higher."""
    frame = tcs.datasets.mobi().data.assign(brand=["A", "B"] * 125)
    frame["IMAG5"] += (frame["brand"] == "B") * frame["IMAG1"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.TcsWarning)
        return compare(tcs.ModelSpec.parse(SMALL), frame, "brand", permutations=99, **options)


def imputed() -> Any:
    """Return imputations of gaps that low answers have more often."""
    frame = tcs.datasets.mobi().data
    frame.loc[frame["CUSA1"] < 7, "CUSA2"] = float("nan")
    frame.loc[::9, "PERV1"] = float("nan")
    return tcs.impute(tcs.Survey(frame, scale=(1, 10)), m=3, iterations=2, seed=1)


def pooled() -> Any:
    return tcs.PLS(tcs.ModelSpec.parse(SMALL)).fit(imputed())


EXAMPLES: dict[str, Callable[[], Any]] = {
    "Screening": lambda: tcs.screening(tcs.datasets.mobi()),
    "Factorability": lambda: tcs.factorability(tcs.datasets.mobi()),
    "EFAResult": lambda: tcs.EFA(n_factors=2).fit(tcs.datasets.mobi()),
    "CFAResult": lambda: tcs.CFA(tcs.ModelSpec.parse(SMALL).measurement()).fit(tcs.datasets.mobi()),
    "SEMResult": sem,
    "SEMFits": firms,
    "PLSFits": brands,
    "UnitIndices": lambda: tcs.unit_indices(brands(), bootstrap=40, seed=1),
    "PLSResult": pls,
    "Imputations": imputed,
    "PooledPLS": pooled,
    "PooledSEM": lambda: tcs.SEM(tcs.ModelSpec.parse(SMALL)).fit(imputed()),
    "PooledIndex": lambda: tcs.satisfaction_index(pooled().bootstrap(40, seed=1)),
    "TetradTest": lambda: tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi()).tetrads(60, seed=1),
    "Nonlinearity": lambda: pls().nonlinearity(60, seed=1),
    "Endogeneity": lambda: pls().endogeneity(60, seed=1),
    "ExactFit": lambda: pls().exact_fit(50, seed=1),
    "Prediction": lambda: pls().predict(folds=5, repetitions=2, seed=1),
    "CVPAT": lambda: example("Prediction").cvpat(bootstrap=200, seed=1),
    "FIMIX": lambda: tcs.fimix(pls(), [1, 2, 3], starts=3).bootstrap(3, k=2),
    "REBUS": lambda: tcs.rebus(pls(), 2, replications=19),
    "POS": lambda: tcs.pls_pos(pls(), 2, starts=2, replications=19),
    "BollenStine": lambda: sem().bollen_stine(50, seed=1),
    "DiscriminantValidity": lambda: tcs.discriminant_validity(sem()),
    "WaldTest": lambda: labelled().wald_test("a == b", "c == 0.5"),
    "Mediation": lambda: tcs.mediation(pls().bootstrap(60, seed=1)),
    "SimpleSlopes": slopes,
    "DynamicCutoffs": lambda: tcs.dynamic_cutoffs(example("CFAResult"), replications=60),
    "Drivers": drivers,
    "PowerResult": lambda: tcs.power(tcs.ModelSpec.parse(SMALL), n=[60, 120], replications=100),
    "SatisfactionIndex": lambda: tcs.satisfaction_index(pls()),
    "Priorities": lambda: tcs.priorities(pls()),
    "NecessaryConditions": lambda: tcs.necessary_conditions(pls(), permutations=99),
    "CombinedMap": lambda: tcs.priorities(pls()).combined(80, permutations=99),
    "InvarianceResult": groups,
    "MICOMResult": lambda: compared(tcs.micom),
    "GroupComparison": lambda: compared(tcs.compare_groups, bootstrap=60),
    "InvarianceCost": lambda: tcs.invariance_cost(groups()),
    "Gate": lambda: tcs.structure_gate(pls(), sem()),
    "StudyResult": study,
}
# These come from an estimator: an object with options and a fit.
ESTIMATED = {"EFAResult", "CFAResult", "SEMResult", "PLSResult", "Drivers", "StudyResult"}
BOOTSTRAPPED = {"CFAResult", "SEMResult", "PLSResult", "Drivers"}


@cache
def example(name: str) -> Any:
    return EXAMPLES[name]()


def result_classes() -> set[type[Result]]:
    """Return every class below `Result` in the package."""
    for module in pkgutil.walk_packages(tcs.__path__, "tcsmodel."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, pending = set(), [Result]
    while pending:
        new = [c for c in pending.pop().__subclasses__() if c.__module__.startswith("tcsmodel.")]
        found.update(new)
        pending += new
    return found


@pytest.fixture(params=sorted(EXAMPLES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_result_has_an_example() -> None:
    concrete = {c.__name__ for c in result_classes() if "table" in dir(c) and not private(c)}
    assert concrete - {c.__name__ for c in bases_only()} == set(EXAMPLES)


def private(cls: type) -> bool:
    return cls.__name__.startswith("_")


def bases_only() -> set[type[Result]]:
    """Return the classes that exist to be inherited from: they have subclasses of their own."""
    return {c for c in result_classes() if c.__subclasses__() and c.__name__ not in EXAMPLES}


def test_result_is_of_its_class(name: str) -> None:
    assert type(example(name)).__name__ == name
    assert isinstance(example(name), Result)


def test_table_is_tidy(name: str) -> None:
    table = example(name).table()
    assert isinstance(table, pd.DataFrame)
    assert len(table) > 0
    assert not table.columns.duplicated().any()
    assert [c for c in table.columns if not re.fullmatch(r"[a-z][a-z0-9_]*", str(c))] == []
    assert not [c for c in table if table[c].dtype == object and numbers_as_objects(table[c])]


def numbers_as_objects(column: pd.Series) -> bool:
    """Return whether a text column in truth holds numbers, as a '-' cell would make it."""
    return bool(column.map(lambda value: isinstance(value, (int, float))).any())


def test_changing_the_table_changes_nothing(name: str) -> None:
    before = example(name).summary()
    table = example(name).table()
    table.iloc[:, :] = table.iloc[::-1].to_numpy()
    table["new"] = 0
    assert example(name).summary() == before


def test_repr_is_one_line_of_facts(name: str) -> None:
    line = repr(example(name))
    assert line.startswith(f"{name}(")
    assert line.endswith(")")
    assert "\n" not in line
    assert len(line) <= 200
    assert not re.search(r"0x[0-9a-f]{4,}", line)


def test_summary_is_plain_text_without_clock_or_address(name: str) -> None:
    text = example(name).summary()
    assert len(text.splitlines()) > 1
    assert "<" not in re.sub(r"<[~=]|< ?[.0-9]", "", text)
    assert not re.search(r"0x[0-9a-f]{4,}|\d{1,2}:\d{2}:\d{2}", text)


def test_the_same_input_prints_the_same(name: str) -> None:
    again = EXAMPLES[name]()
    assert again.summary() == example(name).summary()
    assert again._repr_html_() == example(name)._repr_html_()


@pytest.mark.parametrize("name", sorted(ESTIMATED | {"SEMFits", "PLSFits"}), indirect=True)
def test_a_result_nobody_holds_is_gone_at_once(name: str) -> None:
    """Nothing in it points back at it, so no respondents stay behind until Python tidies up."""
    gc.collect()
    gc.disable()
    try:
        result = EXAMPLES[name]()
        if name in BOOTSTRAPPED:
            result = result.bootstrap(20, seed=1)
        result.summary()
        source = getattr(result, "units_fitted", result)
        gone = [weakref.ref(each) for each in (result, getattr(source, "sample", source))]
        del result, source
        assert [reference() for reference in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_html_has_a_table(name: str) -> None:
    html = example(name)._repr_html_()
    assert "<table" in html
    assert html.count("<table") == html.count("</table>")


def test_plot_returns_axes(name: str) -> None:
    from matplotlib.axes import Axes

    axes = example(name).plot()
    assert isinstance(axes, Axes)
    assert axes.figure.get_size_inches().min() > 1
    assert axes.has_data() or axes.texts or axes.patches


def test_unknown_plot_lists_the_known(name: str) -> None:
    with pytest.raises(tcs.TcsError, match="pie_chart"):
        example(name).plot("pie_chart")


def test_result_is_frozen(name: str) -> None:
    result = example(name)
    assert dataclasses.is_dataclass(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.table = None


def test_stored_arrays_are_read_only(name: str) -> None:
    result = example(name)
    writable = [
        field.name
        for field in dataclasses.fields(result)
        if isinstance(value := getattr(result, field.name), np.ndarray) and value.flags.writeable
    ]
    assert writable == []


def test_no_frame_is_stored(name: str) -> None:
    result = example(name)
    frames = [
        field.name
        for field in dataclasses.fields(result)
        if isinstance(getattr(result, field.name), (pd.DataFrame, pd.Series))
    ]
    assert frames == [], "store arrays and names; label on the way out"


def test_verify_gives_findings_in_words(name: str) -> None:
    found = example(name).verify()
    assert isinstance(found, tuple)
    for finding in found:
        assert isinstance(finding, Finding)
        assert finding.severity in Severity
        assert re.search(r"\w", str(finding))
        assert "{" not in str(finding)
    weights = [list(Severity).index(finding.severity) for finding in found]
    assert weights == sorted(weights), "the worst comes first"


def test_result_survives_pickling(name: str) -> None:
    copy = pickle.loads(pickle.dumps(example(name)))
    assert copy.summary() == example(name).summary()


@pytest.mark.parametrize("name", sorted(ESTIMATED))
def test_estimator_is_the_record_of_its_options(name: str) -> None:
    estimator = example(name).estimator
    assert callable(getattr(estimator, "fit", None) or getattr(estimator, "run", None))
    assert dataclasses.is_dataclass(estimator)
    field = dataclasses.fields(estimator)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(estimator, field, None)
    assert "0x" not in repr(estimator)


@pytest.mark.parametrize("name", sorted(BOOTSTRAPPED))
def test_bootstrap_returns_a_new_result_of_the_same_class(name: str) -> None:
    plain = example(name)
    once, twice = (plain.bootstrap(60, seed=3) for _ in range(2))
    assert type(once) is type(plain)
    assert plain.draws is None
    assert once.draws.n == 60
    assert once.draws.seed == 3
    pd.testing.assert_frame_equal(once.table(), twice.table())
    assert once.draws.status_shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(BOOTSTRAPPED))
def test_a_longer_bootstrap_begins_with_the_shorter_one(name: str) -> None:
    short, long = (example(name).bootstrap(n, seed=3).draws for n in (30, 70))
    assert set(short.values) == set(long.values)
    for quantity, values in short.values.items():
        # Matrix products of other sizes round their last bit differently, and an iteration
        # carries that to where it stops.
        np.testing.assert_allclose(values, long.values[quantity][:30], rtol=POINT, atol=POINT)


def test_hostile_names_are_escaped_in_html() -> None:
    frame = tcs.datasets.mobi().data[["CUSA1", "IMAG1", "PERQ1"]]
    frame = frame.rename(columns={"IMAG1": "<script>alert(1)</script>", "PERQ1": 'a"b & c'})
    hostile = list(frame.columns[1:])
    html = tcs.KeyDrivers(target="CUSA1", drivers=hostile).fit(frame)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_p_value_is_printed_as_zero(name: str) -> None:
    frame = example(name).table()
    values = [c for c in frame if "p" in str(c).split("_") and c != "p_first"]
    printed = as_text(frame[values])
    assert not re.search(r"(?<!<)0\.000", printed)
    cells = re.findall("<td>&lt;0.[0-9]+</td>", example(name)._repr_html_())
    assert cells or not (frame[values] < 0.0005).any(axis=None)


def test_p_columns_are_printed_as_below_what_they_can_tell() -> None:
    frame = pd.DataFrame({"p": [0.0, 0.0004, 0.02, np.nan], "p_first": 0.0, "step": 0.0})
    assert as_text(frame, least=0.02).splitlines()[1:] == [
        "0  <0.02    0.000 0.000",
        "1 <0.001    0.000 0.000",
        "2  0.020    0.000 0.000",
        "3    NaN    0.000 0.000",
    ]
    frame = pd.DataFrame({"df": [24.0, np.nan], "df_scaled": [23.5, 7.0], "x": [1.0, -1e-12]})
    assert as_text(frame).splitlines()[1:] == ["0  24    23.500 1.000", "1 NaN         7 0.000"]
    pooled = pd.DataFrame({"df1": [8.0, 8.0], "df2": [41.25, np.inf], "df": [np.inf, -np.inf]})
    assert as_text(pooled).splitlines()[1:] == ["0   8 41.250  inf", "1   8    inf -inf"]
    chinese = pd.DataFrame({"x": [1.0, 2.0]}, index=["客户满意", "loyalty"])
    assert as_text(chinese).splitlines()[1:] == ["客户满意 1.000", "loyalty  2.000"]
    few = tcs.CFA(tcs.ModelSpec.parse(SMALL)).fit(tcs.datasets.mobi()).bollen_stine(40, seed=3)
    zero = dataclasses.replace(few, chi2=1e4)
    assert "p<0.025" in repr(zero)
    assert "<0.025" in zero.summary().splitlines()[-1]
