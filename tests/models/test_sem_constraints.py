"""Constraints, bounds and defined parameters of covariance-based models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import IdentificationError, ImproperSolutionWarning, OptionError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

TEXT = """
    Quality =~ PERQ1 + PERQ3 + PERQ7
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value ~ a*Quality
    Satisfaction ~ b*Value + c*Quality
"""
HEYWOOD = TEXT.replace("b*Value", "a*Value")
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def fit(frame, *statements, text=TEXT, **options):
    return SEM(ModelSpec.parse("\n".join([text, *statements])), **options).fit(frame)


def labelled(result):
    rows = result.estimates[result.estimates["label"] != ""]
    return rows.drop_duplicates("label").set_index("label")["estimate"]


def moving(result):
    return result.estimates.query("op != ':='")


@pytest.fixture(scope="module")
def free(mobi_frame):
    return fit(mobi_frame)


def test_a_shared_label_and_an_equality_are_the_same(mobi_frame):
    with pytest.warns(ImproperSolutionWarning):
        one = fit(mobi_frame, text=HEYWOOD)
    with pytest.warns(ImproperSolutionWarning):
        two = fit(mobi_frame, "a == b")
    for name in ("chi2", "df", "npar", "aic"):
        assert one.fit_measures[name] == pytest.approx(two.fit_measures[name], abs=1e-6)
    assert_allclose(one.estimates["estimate"], two.estimates["estimate"], rtol=2e-5)
    assert_allclose(one.estimates["se"], two.estimates["se"], rtol=2e-5, atol=1e-9)
    assert_allclose(one.standardized["se"], two.standardized["se"], rtol=2e-5, atol=1e-9)


def test_an_equality_that_follows_from_others_counts_once(mobi_frame):
    with pytest.warns(ImproperSolutionWarning):
        once = fit(mobi_frame, "a == b")
    with pytest.warns(ImproperSolutionWarning):
        twice = fit(mobi_frame, "a == b", "2*a == 2*b")
    for name in ("chi2", "df", "npar"):
        assert once.fit_measures[name] == pytest.approx(twice.fit_measures[name], abs=1e-6)
    assert_allclose(once.estimates["se"], twice.estimates["se"], rtol=1e-5, atol=1e-9)


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.ImproperSolutionWarning")
@pytest.mark.parametrize(
    ("statement", "held"),
    [
        ("a*b == 0.1", lambda e: e["a"] * e["b"] - 0.1),
        ("a == exp(b) - 1", lambda e: e["a"] - np.exp(e["b"]) + 1),
        ("c == 2*b + 0.1", lambda e: e["c"] - 2 * e["b"] - 0.1),
    ],
)
def test_equalities_hold_and_their_minimum_is_stationary(mobi_frame, free, statement, held):
    result = fit(mobi_frame, statement)
    assert held(labelled(result)) == pytest.approx(0, abs=1e-8)
    assert result.converged
    assert result.fit_measures["df"] == free.fit_measures["df"] + 1
    assert result.fit_measures["chi2"] >= free.fit_measures["chi2"]


def test_an_inequality_that_holds_anyway_changes_nothing(mobi_frame, free):
    result = fit(mobi_frame, "c > 0", "b < 5")
    assert_allclose(moving(result)["estimate"], moving(free)["estimate"], atol=1e-6)
    assert_allclose(moving(result)["se"], moving(free)["se"], rtol=1e-5, atol=1e-9)
    assert result.verify() == ()


def test_an_inequality_at_its_limit_is_a_fixed_value(mobi_frame):
    limited = fit(mobi_frame, "c < 0.4")
    fixed = fit(mobi_frame, text=TEXT.replace("c*Quality", "0.4*Quality"))
    assert_allclose(moving(limited)["estimate"], moving(fixed)["estimate"], atol=1e-5)
    assert_allclose(moving(limited)["se"], moving(fixed)["se"], rtol=1e-4, atol=1e-7)
    assert limited.fit_measures["chi2"] == pytest.approx(fixed.fit_measures["chi2"], abs=1e-6)
    found = {finding.code: finding for finding in limited.verify()}
    assert found["at_bound"].subjects == ("c < 0.4",)
    assert "at a limit" in str(found["at_bound"])


def test_a_bound_is_an_inequality(mobi_frame):
    by_text = fit(mobi_frame, "c < 0.4")
    by_modifier = fit(mobi_frame, text=TEXT.replace("c*Quality", "upper(0.4)*c*Quality"))
    assert_allclose(by_modifier.estimates["estimate"], by_text.estimates["estimate"], atol=1e-6)


def test_standard_bounds_keep_variances_admissible(mobi_frame):
    result = fit(mobi_frame, text=HEYWOOD, bounds="standard")
    assert result.proper
    assert result.converged
    variance = result.estimates.query("lhs == 'PERV2' and op == '~~'").iloc[0]
    assert (variance["estimate"], variance["se"]) == (pytest.approx(0, abs=1e-8), 0)
    assert result.verify()[0].subjects == ("PERV2~~PERV2 >= 0",)
    with pytest.warns(ImproperSolutionWarning):
        without = fit(mobi_frame, text=HEYWOOD)
    assert result.fit_measures["chi2"] > without.fit_measures["chi2"]
    assert result.fit_measures["df"] == without.fit_measures["df"]


OPTIONS = [{}, {"missing": "fiml"}, {"estimator": "uls"}, {"estimator": "gls"}]


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_held_at_a_limit_is_there_exactly(options):
    cov = np.array([[1.0, 0.8, 0.7], [0.8, 1.0, 0.5], [0.7, 0.5, 1.0]])
    answers = np.random.default_rng(3).standard_normal((200, 3)) @ np.linalg.cholesky(cov).T
    frame = pd.DataFrame(answers, columns=["x1", "x2", "x3"])
    spec = ModelSpec.parse("f =~ x1 + x2 + x3")
    result = CFA(spec, bounds="standard", **options).fit(frame)
    assert result.status == "at_bound"
    own = result.estimates.query("lhs == 'x1' and op == '~~'")
    assert own[["estimate", "std", "se"]].to_numpy().tolist() == [[0.0, 0.0, 0.0]]
    rows = result.bootstrap(20, seed=1).estimates.query("lhs == 'x1' and op == '~~'")
    assert rows["ci_lower"].tolist() == [0.0]
    assert not np.signbit(rows["ci_lower"]).any()
    limited = ModelSpec.parse("f =~ x1 + x2 + x3; x1 ~~ v*x1; v > 0.1")
    assert labelled(CFA(limited, **options).fit(frame))["v"] == 0.1
    said = next(f for f in result.verify() if f.code == "at_bound").sentence("meaning")
    assert "conditional on the limit" in said


def test_standard_bounds_change_nothing_where_nothing_is_negative(mobi_frame, free):
    result = fit(mobi_frame, bounds="standard")
    assert_allclose(result.estimates["estimate"], free.estimates["estimate"], atol=1e-6)


def test_replicates_keep_the_constraints(mobi_frame):
    result = fit(mobi_frame, text=HEYWOOD, bounds="standard").bootstrap(150, seed=2)
    rows = np.array([row.is_variance for row in result.model.parameters])
    assert (result.draws.values["estimates"][:, rows] > -1e-8).all()
    shares = result.draws.status_shares
    assert shares[["converged", "at_bound"]].sum() > 0.95
    zero = (result.draws.values["estimates"][:, rows] < 1e-7).any(axis=1)
    assert shares["at_bound"] == pytest.approx(zero.mean(), abs=0.02)


def test_replicates_of_defined_parameters(mobi_frame):
    result = fit(mobi_frame, "indirect := a*b", "share := indirect / (indirect + c)")
    drawn = result.bootstrap(200, seed=4)
    rows = result.estimates.set_index("label")
    values = drawn.draws.values["estimates"]
    at = {label: rows.index.get_loc(label) for label in ("a", "b", "c", "indirect", "share")}
    product = values[:, at["a"]] * values[:, at["b"]]
    assert_allclose(values[:, at["indirect"]], product, rtol=1e-12)
    ratio = drawn.estimates["se"].iloc[at["indirect"]] / result.estimates["se"].iloc[at["indirect"]]
    assert 0.5 < ratio < 2
    assert "Defined parameters" in drawn.summary()


def test_defined_parameters_by_the_delta_method(free, mobi_frame):
    result = fit(mobi_frame, "indirect := a*b")
    e = labelled(result)
    own = result.vcov.loc[["Value~Quality", "Satisfaction~Value"]]
    own = own[["Value~Quality", "Satisfaction~Value"]].to_numpy()
    slope = np.array([e["b"], e["a"]])
    row = result.estimates.iloc[-1]
    assert row[["lhs", "op", "rhs", "label"]].tolist() == ["indirect", ":=", "a * b", "indirect"]
    assert row["se"] == pytest.approx(np.sqrt(slope @ own @ slope), rel=1e-10)
    std = result.estimates.drop_duplicates("label").set_index("label")["std"]
    assert std["indirect"] == pytest.approx(std["a"] * std["b"], rel=1e-10)


def test_difference_of_groups(hs_frame):
    text = f"{HS}\nspeed ~ c(a, b)*visual\ngap := a - b"
    result = SEM(ModelSpec.parse(text), group="school").fit(hs_frame)
    rows = result.estimates.set_index("label")
    assert rows.loc["gap", "estimate"] == pytest.approx(
        rows.loc["a", "estimate"] - rows.loc["b", "estimate"]
    )
    errors = rows.loc[["a", "b"], "se"]
    assert rows.loc["gap", "se"] == pytest.approx(np.sqrt((errors**2).sum()), rel=1e-6)
    assert "Defined parameters" in result.summary()


def test_equalities_across_groups_by_hand(hs_frame):
    free = "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\na1 == a2\nb1 == b2"
    by_hand = CFA(ModelSpec.parse(free), group="school").fit(hs_frame)
    by_name = CFA(
        ModelSpec.parse("visual =~ x1 + x2 + x3"), group="school", group_equal=["loadings"]
    ).fit(hs_frame)
    for name in ("chi2", "df"):
        assert by_hand.fit_measures[name] == pytest.approx(by_name.fit_measures[name], abs=1e-7)
    assert_allclose(by_hand.estimates["se"], by_name.estimates["se"], rtol=1e-5, atol=1e-9)


def test_a_constraint_that_cannot_identify_is_named(hs_frame):
    text = "visual =~ NA*a*x1 + b*x2 + x3\na == 2*b"
    with pytest.raises(IdentificationError, match=r"no data can determine .*visual=~x"):
        CFA(ModelSpec.parse(text)).fit(hs_frame)


def test_constraints_that_cannot_hold_are_not_a_solution(mobi_frame):
    with pytest.warns(ImproperSolutionWarning):
        result = fit(mobi_frame, "a^2 + b^2 == 0 - 1")
    assert not result.converged


def test_a_mistyped_bound_is_refused():
    with pytest.raises(OptionError, match=r"bounds='standart'.*Did you mean 'standard'"):
        CFA(ModelSpec.parse(HS), bounds="standart")


GROUPED = """
    speed ~ c(b1, b2)*visual
    first := 2*b1
    gap := b1 - b2
    b1 == b2
"""


@pytest.mark.parametrize("options", [{}, {"estimator": "mlr"}, {"estimator": "wlsmv"}], ids=str)
def test_what_constraints_make_zero_has_no_error(hs_frame, options):
    """Rounding took the difference for a quantity, with a z of its own in every bootstrap."""
    result = fit(hs_frame, GROUPED, text=HS, group="school", **options)
    for made in (result, result.bootstrap(20, seed=1), result.monte_carlo(100, seed=1)):
        first, gap = made.estimates.set_index("label").loc[["first", "gap"]].itertuples()
        assert first.se > 0.01
        assert gap.se == 0
        assert np.isnan(gap.z)


@pytest.mark.parametrize("options", [{}, {"estimator": "mlr"}, {"estimator": "wlsmv"}], ids=str)
def test_a_parameter_that_constraints_fix_has_no_error(hs_frame, options):
    result = fit(hs_frame, "speed ~ a*visual + textual", "a == 0.5", text=HS, **options)
    row = result.estimates.set_index("label").loc["a"]
    assert row["se"] == 0
    assert np.isnan(row["z"])


def test_an_effect_that_constraints_make_zero_has_no_error(hs_frame):
    paths = ["speed ~ a*visual + b*textual", "textual ~ c*visual", "a + b*c == 0"]
    result = fit(hs_frame, *paths, text=HS)
    for made in (result, result.bootstrap(20, seed=1)):
        total = made.effects().query("effect == 'total' and source == 'visual'").iloc[0]
        assert total["se"] == 0


def test_a_constraint_that_nothing_can_meet_is_named(hs_frame):
    with pytest.warns(ImproperSolutionWarning, match=r"this does not hold: a \* a == -1\."):
        result = fit(hs_frame, "visual ~~ a*textual", "a*a == -1", text=HS)
    assert result.verify()[0].code == "constraints_unmet"
