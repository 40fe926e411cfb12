"""Every trouble that a PLS model can meet: a clear error or a named finding, wherever it shows."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tcsmodel as tcs
from tcsmodel.errors import (
    IdentificationError,
    ImproperSolutionWarning,
    SampleSizeWarning,
    SurveyError,
    TcsError,
)
from tcsmodel.models.pls_circumstances import enough
from tcsmodel.result import Result

ITEMS = ["IMAG1", "IMAG2", "PERQ1", "PERQ2", "PERQ3", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]
TEXT = """
Quality      =~ PERQ1 + PERQ2 + PERQ3
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value        ~ Quality
Satisfaction ~ Quality + Value
"""
REFLECTIVE = tcs.ModelSpec.parse(TEXT)
FORMATIVE = tcs.ModelSpec.parse(TEXT.replace("Quality      =~", "Quality <~"))


@pytest.fixture(scope="module")
def frame(mobi_frame):
    return mobi_frame[ITEMS].assign(group=["a", "b"] * 125)


def survey(frame, **options):
    return tcs.Survey(frame, items=ITEMS, scale=(1, 10), **options)


def fit(frame, spec=REFLECTIVE, **options):
    return tcs.PLS(spec, **options).fit(survey(frame))


def each(frame, spec=REFLECTIVE, **options):
    return tcs.PLS(spec, **options).fit_each(survey(frame), by="group")


def invariance(frame, spec=REFLECTIVE, **options):
    return tcs.micom(tcs.PLS(spec, **options), survey(frame), "group", permutations=39)


def comparison(frame, spec=REFLECTIVE, **options):
    model = tcs.PLS(spec, **options)
    return tcs.compare_groups(model, survey(frame), "group", permutations=39, bootstrap=39)


def found(result: Result, code: str):
    matching = [finding for finding in result.verify() if finding.code == code]
    assert matching, f"{code} is not among {[one.code for one in result.verify()]}"
    return matching[0]


def codes(result: Result) -> set[str]:
    return {finding.code for finding in result.verify()}


def in_group(frame, name, **columns):
    own = frame["group"] == name
    return frame.assign(**{item: frame[item].where(~own, v) for item, v in columns.items()})


# Mode B with collinear items


@pytest.mark.parametrize("compared", [invariance, comparison])
def test_items_that_repeat_each_other_in_one_group_name_the_group(frame, compared):
    twice = in_group(frame, "b", PERQ3=frame["PERQ1"])
    fit(twice, FORMATIVE)
    with pytest.raises(IdentificationError, match=r"In group 'b'.*Mode B weights of 'Quality'"):
        compared(twice, FORMATIVE)


@pytest.mark.parametrize("compared", [invariance, comparison])
def test_nearly_collinear_items_of_a_group_are_a_caution(frame, compared):
    noise = np.random.default_rng(1).normal(size=250)
    close = in_group(frame, "b", PERQ3=(frame["PERQ1"] + 0.2 * noise).clip(1, 10))
    finding = found(compared(close, FORMATIVE), "group_with_cautions")
    assert finding.subjects == ("b",)
    assert "Items of Quality repeat each other" in finding.sentence("evidence")
    assert found(each(close, FORMATIVE), "units_collinear_items").subjects == ("b",)


# A construct with one item in Mode B


def test_one_item_in_mode_b_is_that_item_and_says_so(frame):
    spec = tcs.ModelSpec.parse(TEXT.replace("Value        =~ PERV1 + PERV2", "Value <~ PERV1"))
    alone = tcs.ModelSpec.parse(TEXT.replace("Value        =~ PERV1 + PERV2", "Value =~ PERV1"))
    result = fit(frame, spec)
    np.testing.assert_allclose(result.paths, fit(frame, alone).paths, atol=1e-12)
    finding = found(result, "single_item_mode_b")
    assert (finding.subjects, finding.severity) == (("Value",), "note")
    assert "Value =~ PERV1" in finding.sentence("advice")
    assert "single_item_mode_b" not in codes(fit(frame, alone))


# Disconnected constructs


def test_a_construct_without_a_path_is_refused():
    with pytest.raises(tcs.errors.SpecError, match="Construct 'Image' has no path"):
        tcs.PLS(tcs.ModelSpec.parse(TEXT + "Image =~ IMAG1 + IMAG2"))


def test_a_model_in_parts_is_told(frame):
    spec = tcs.ModelSpec.parse("""
        Quality =~ PERQ1 + PERQ2
        Value =~ PERV1 + PERV2
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Image =~ IMAG1 + IMAG2
        Satisfaction ~ Value
        Image ~ Quality
    """)
    result = fit(frame, spec)
    finding = found(result, "model_in_parts")
    assert finding.evidence["listing"] == ("(Quality, Image)", "(Value, Satisfaction)")
    assert "2 parts" in finding.sentence()
    assert "model_in_parts" not in codes(fit(frame))
    index = tcs.satisfaction_index(result, target="Quality")
    assert "No construct of the model leads to Quality" in str(
        found(index, "index_without_drivers")
    )


def test_a_higher_order_construct_holds_its_parts_together(frame):
    spec = tcs.ModelSpec.parse("""
        Image =~ IMAG1 + IMAG2
        Quality =~ PERQ1 + PERQ2 + PERQ3
        Offer =~ Image + Quality
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Satisfaction ~ Offer
    """)
    assert "model_in_parts" not in codes(fit(frame, spec))


# Negative outer weights in an index, a reversed item


def test_a_reversed_item_of_one_unit_is_a_problem_of_its_index(frame):
    turned = in_group(frame, "b", CUSA3=11 - frame["CUSA3"])
    index = tcs.unit_indices(each(turned), bootstrap=0)
    finding = index.verify()[0]
    assert (finding.code, finding.severity) == ("units_negative_share", "problem")
    assert finding.subjects == ("b",)
    assert finding.evidence["items"] == ("CUSA3",)
    assert "composition_differs" in codes(invariance(turned))
    assert found(each(turned), "units_negative_weight").evidence["items"] == ("CUSA3",)


# Resamples and permutations without variance


def test_resamples_in_which_an_item_does_not_vary_are_counted(frame):
    rare = frame.assign(CUSA1=8.0)
    rare.loc[rare.index[:2], "CUSA1"] = 7.0
    result = fit(rare).bootstrap(200, seed=1)
    share = result.draws.status_shares["singular"]
    assert share == pytest.approx((1 - 2 / 250) ** 250, abs=0.08)
    assert np.isfinite(result.table()["se"]).all()
    assert found(result, "replicates_lost").evidence["share"] == pytest.approx(share)
    index = tcs.satisfaction_index(result)
    assert "replicates_lost" in codes(index)
    assert np.isfinite(index.table()["ci_upper"]).all()
    several = comparison(rare)
    assert {"permutations_lost", "replicates_lost"} <= codes(several)
    units = tcs.unit_indices(each(rare), bootstrap=60, seed=1)
    assert found(units, "unit_replicates_lost").subjects == ("a", "b")


# Consistent PLS beyond what data can have


def test_corrections_beyond_one_are_named_everywhere(frame):
    odd = frame.assign(CUSA2=frame["PERV1"], CUSA3=frame["PERV2"])
    with pytest.warns(ImproperSolutionWarning):
        result = fit(odd, consistent=True)
    assert result.r_squared["Satisfaction"] > 1
    assert found(result, "inadmissible_correction").subjects == ("Satisfaction",)
    assert found(result, "correlation_above_one").subjects == ("Value", "Satisfaction")
    assert found(result.bootstrap(60, seed=1), "correction_replicates")
    for compared in (invariance, comparison):
        finding = found(compared(odd, consistent=True), "group_without_solution")
        assert finding.severity == "problem"
    with pytest.warns(ImproperSolutionWarning, match="2 of 2 units"):
        assert found(each(odd, consistent=True), "units_improper").subjects == ("a", "b")


def test_reliability_above_one_is_named():
    """Of two items that correlate more than either does with what it weighs them by."""
    corr = np.eye(4)
    corr[0, 1] = corr[1, 0] = 0.5
    for i, j, r in ((0, 2, 0.6), (0, 3, 0.6), (1, 2, 0.1), (1, 3, 0.1), (2, 3, 0.7)):
        corr[i, j] = corr[j, i] = r
    moments = tcs.Moments.from_cov(corr, 300, names=["x1", "x2", "y1", "y2"])
    spec = tcs.ModelSpec.parse("X =~ x1 + x2\nY =~ y1 + y2\nY ~ X")
    with pytest.warns(ImproperSolutionWarning):
        result = tcs.PLS(spec, consistent=True).fit(moments)
    assert result.reliability.loc["X", "rho_a"] > 1
    finding = found(result, "inadmissible_correction")
    assert finding.subjects == ("X",)
    assert finding.severity == "problem"


def test_items_that_share_nothing_cannot_be_corrected(frame):
    apart = np.random.default_rng(0).normal(size=250) * 4
    odd = frame.assign(
        PERV1=(frame["PERQ1"] + apart).clip(1, 10), PERV2=(frame["PERQ2"] - apart).clip(1, 10)
    )
    with pytest.raises(IdentificationError, match="cannot correct 'Value'"):
        fit(odd, consistent=True)
    with pytest.warns(ImproperSolutionWarning):
        units = each(odd, consistent=True)
    assert "cannot correct 'Value'" in found(units, "units_undetermined").sentence("evidence")


# Few respondents


@pytest.mark.parametrize(("n", "severity"), [(8, "problem"), (12, "caution"), (60, "caution")])
def test_few_respondents_are_a_finding(frame, n, severity):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SampleSizeWarning)
        result = fit(frame.head(n))
    finding = found(result, "few_for_model")
    assert finding.severity == severity
    assert finding.evidence["smallest"] == pytest.approx(2.486 / np.sqrt(n))
    assert f"{n} respondents are few" in finding.sentence()
    assert "few_for_model" in codes(tcs.satisfaction_index(result))
    assert "few_for_model" not in codes(fit(frame))


def test_how_many_are_enough():
    small, formative = tcs.PLS(REFLECTIVE).model, tcs.PLS(tcs.library.ecsi()).model
    assert enough(small) == 69  # (2.486 / .3)^2, Kock & Hadaya (2018)
    assert enough(formative) == 69
    wide = tcs.PLS(tcs.library.ecsi(), modes={"Quality": "B"}).model
    assert enough(wide) == 70  # ten for each of seven items


@pytest.mark.parametrize("compared", [invariance, comparison])
def test_a_group_of_four_is_refused(frame, compared):
    few = frame.assign(group=np.where(np.arange(250) < 4, "b", "a"))
    with pytest.raises(SurveyError, match="Group 'b' of 'group' has 4 respondents, and a compar"):
        compared(few)


def test_invariance_of_small_groups_is_not_claimed(frame):
    few = frame.assign(group=np.where(np.arange(250) < 30, "b", "a"))
    result = invariance(few)
    assert result.invariance == "full"
    assert "full invariance (groups of only 30)" in repr(result)
    finding = found(result, "micom_undecided")
    assert finding.severity == "caution"
    assert "b is too small" in finding.sentence()
    assert "micom_full" not in codes(result)
    assert "micom_full" in codes(invariance(frame))


# Non-convergence


def test_what_does_not_converge_says_so(frame):
    with pytest.warns(ImproperSolutionWarning, match="did not converge"):
        result = fit(frame, max_iter=2)
    assert result.verify()[0].code == "not_converged"
    assert tcs.satisfaction_index(result).verify()[0].code == "not_converged"
    with pytest.raises(TcsError, match="None of the 20 bootstrap replicates"):
        result.bootstrap(20)
    for compared in (invariance, comparison):
        with pytest.raises(TcsError, match="PLS does not converge in 2 iterations: raise max_iter"):
            compared(frame, max_iter=2)
    with pytest.warns(ImproperSolutionWarning, match="2 of 2 units"):
        assert found(each(frame, max_iter=2), "units_not_converged").subjects == ("a", "b")


# Weights that sum to zero in a group


def test_weights_of_zero_are_refused_with_their_rows(frame):
    weighted = frame.assign(w=np.where(frame["group"] == "b", 0.0, 1.0))
    with pytest.raises(SurveyError, match="zero or negative in 125 rows"):
        survey(weighted, weight="w")


# Gaps


def holes(frame, share):
    mask = np.random.default_rng(0).random((len(frame), len(ITEMS))) < share
    return frame.assign(**frame[ITEMS].astype(float).mask(mask))


def test_many_gaps_filled_with_means_are_a_caution(frame):
    result = fit(holes(frame, 0.15), missing="mean")
    finding = found(result, "gaps_filled_with_means")
    assert finding.evidence["share"] > 0.12
    assert "missing='fiml'" in finding.sentence("advice")
    assert "gaps_filled_with_means" in codes(tcs.satisfaction_index(result))
    assert "gaps_filled_with_means" not in codes(fit(holes(frame, 0.01), missing="mean"))
    assert "gaps_filled_with_means" not in codes(fit(holes(frame, 0.15), missing="fiml"))


def test_pairs_that_few_answered_are_a_caution(frame):
    apart = frame.astype({"IMAG1": float, "CUSA1": float})
    apart.loc[apart.index[:100], "PERV1"] = np.nan
    apart.loc[apart.index[100:200], "CUSA1"] = np.nan
    finding = found(fit(apart, missing="pairwise"), "pairs_of_few")
    assert set(finding.subjects) == {"PERV1", "CUSA1"}
    assert finding.evidence["fewest"] == 50
    assert "pairs_of_few" not in codes(fit(holes(frame, 0.1), missing="pairwise"))
