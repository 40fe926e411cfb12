"""Discriminant validity: against semTools, and as a user meets it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

from tcsmodel.errors import ImproperSolutionWarning, OptionError, SpecError, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.discriminant import discriminant_validity
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

TEXT = """
    Quality =~ PERQ1 + PERQ3 + PERQ7
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""


def fit(estimator, text, frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        return estimator(ModelSpec.parse(text), **options).fit(frame)


@pytest.fixture(scope="module")
def cfa(mobi_frame):
    return fit(CFA, TEXT, mobi_frame)


def by_pair(result):
    return result.table().set_index(["lhs", "rhs"]).sort_index()


def test_semtools(mobi_frame):
    result = fit(CFA, expected("B_mobi_acsi_cfa_ML")["model"], mobi_frame)
    ours = by_pair(discriminant_validity(result))
    theirs = expected("C_discriminantValidity").set_index(["lhs", "rhs"]).sort_index()
    assert ours.index.tolist() == theirs.index.tolist()
    for name, there in {
        "correlation": "est",
        "ci_lower": "ci.lower",
        "ci_upper": "ci.upper",
    }.items():
        assert_allclose(ours[name], theirs[there], rtol=tol.POINT)
    assert_allclose(ours["chi2_diff"], theirs["Chisq diff"], rtol=tol.CHI2, atol=1e-7)
    assert_allclose(ours["p"], theirs["Pr(>Chisq)"], rtol=tol.SE)


def test_overlap_is_named_by_the_outer_limit(cfa):
    table = discriminant_validity(cfa).table()
    named = dict(zip(zip(table["lhs"], table["rhs"], strict=True), table["overlap"], strict=True))
    assert named[("Quality", "Satisfaction")] == "severe"
    assert named[("Quality", "Value")] == "marginal"
    assert table["ci_upper"].is_monotonic_decreasing


def test_findings_name_the_pair_and_two_things_to_do(cfa):
    (finding,) = discriminant_validity(cfa).verify()
    assert finding.subjects == ("Quality", "Satisfaction")
    assert "cannot be told apart" in finding.sentence()
    assert "reaches 1" in finding.sentence("evidence")
    assert "Merge them" in finding.sentence("advice")


def test_a_narrow_interval_overlaps_less(cfa):
    wide, narrow = (discriminant_validity(cfa, level=level).table() for level in (0.99, 0.5))
    assert (narrow["ci_upper"] < wide["ci_upper"]).all()


def test_paths_and_identification_do_not_matter(mobi_frame, cfa):
    plain = by_pair(discriminant_validity(cfa))
    paths = TEXT + "Value ~ Quality\nSatisfaction ~ Quality + Value"
    for other in (
        fit(SEM, paths, mobi_frame),
        fit(CFA, TEXT, mobi_frame, std_lv=True),
        fit(CFA, TEXT.replace("PERQ1", "1*PERQ1"), mobi_frame),
    ):
        found = by_pair(discriminant_validity(other))
        assert_allclose(found["correlation"], plain["correlation"], atol=1e-6)
        assert_allclose(found["chi2_diff"], plain["chi2_diff"], atol=1e-5)


def test_a_reversed_construct_is_as_close(mobi_frame, cfa):
    turned = mobi_frame.assign(**{f"CUSA{i}": 11 - mobi_frame[f"CUSA{i}"] for i in (1, 2, 3)})
    plain = by_pair(discriminant_validity(cfa))
    found = by_pair(discriminant_validity(fit(CFA, TEXT, turned)))
    pair = ("Value", "Satisfaction")
    assert found.loc[pair, "correlation"] == pytest.approx(
        -plain.loc[pair, "correlation"], abs=1e-6
    )
    assert found.loc[pair, "chi2_diff"] == pytest.approx(plain.loc[pair, "chi2_diff"], abs=1e-5)
    assert found.loc[pair, "overlap"] == plain.loc[pair, "overlap"]


def test_a_second_order_construct_is_left_out(mobi_frame, cfa):
    text = TEXT + "General =~ Quality + Value + Satisfaction"
    found = by_pair(discriminant_validity(fit(CFA, text, mobi_frame)))
    plain = by_pair(discriminant_validity(cfa))
    assert found.index.tolist() == plain.index.tolist()
    assert_allclose(found["correlation"], plain["correlation"], atol=1e-6)


def test_missing_answers_and_weights_are_used_as_in_the_fit(mobi_frame, cfa):
    gaps = mobi_frame.astype(float)
    gaps.loc[:20, "PERQ1"] = np.nan
    holes = by_pair(discriminant_validity(fit(CFA, TEXT, gaps, missing="fiml")))
    plain = by_pair(discriminant_validity(cfa))
    gap = np.abs(holes["correlation"] - plain["correlation"])
    assert ((gap > 1e-6) & (gap < 0.05))[("Quality", "Value")]
    weighted = Survey(mobi_frame.assign(w=2.0), items=cfa.sample.names, weight="w")
    same = by_pair(discriminant_validity(fit(CFA, TEXT, weighted)))
    assert_allclose(same["chi2_diff"], plain["chi2_diff"], atol=1e-6)
    gaps_weighted = Survey(gaps.assign(w=2.0), items=cfa.sample.names, weight="w")
    equal = by_pair(discriminant_validity(fit(CFA, TEXT, gaps_weighted, missing="fiml")))
    assert_allclose(equal["chi2_diff"], holes["chi2_diff"], atol=1e-5)


def test_a_single_item_construct_takes_part(mobi_frame):
    text = TEXT + "Complaints =~ 1*CUSCO\nCUSCO ~~ 0*CUSCO"
    found = by_pair(discriminant_validity(fit(CFA, text, mobi_frame)))
    assert np.isfinite(found[["correlation", "se", "chi2_diff"]].to_numpy()).all()
    assert len(found) == 6


def test_bad_input(mobi_frame, hs_frame, cfa):
    with pytest.raises(OptionError, match=r"cutoff=90 must lie between 0 and 1, as 0\.9"):
        discriminant_validity(cfa, cutoff=90)
    with pytest.raises(OptionError, match=r"level=95 must lie between 0 and 1, as 0\.95"):
        discriminant_validity(cfa, level=95)
    alone = fit(CFA, "Quality =~ PERQ1 + PERQ3 + PERQ7 + PERQ4", mobi_frame)
    with pytest.raises(SpecError, match="pairs of constructs, but the model has 1"):
        discriminant_validity(alone)
    equal = fit(CFA, TEXT.replace("PERV1 + PERV2", "1*PERV1 + 1*PERV2"), mobi_frame)
    with pytest.raises(SpecError, match="'Value' has 2 fixed loadings"):
        discriminant_validity(equal)
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
    with pytest.raises(TcsError, match="one group, and this one has 2: Pasteur, Grant-White"):
        discriminant_validity(fit(CFA, text, hs_frame, group="school"))


@pytest.mark.parametrize("orthogonal", [True, False])
def test_constructs_that_may_not_correlate_are_refused(orthogonal, hs_frame):
    text = "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\nv =~ x1 + x2 + x3\ns =~ x7 + x8 + x9"
    zero = "" if orthogonal else "\ng ~~ 0*v + 0*s\nv ~~ 0*s"
    result = fit(CFA, text + zero, hs_frame, orthogonal=orthogonal)
    with pytest.raises(SpecError, match=r"needs constructs that may correlate.*bifactor"):
        discriminant_validity(result)


def test_uncorrelated_constructs_with_items_of_their_own_are_correlated(hs_frame):
    text = "v =~ x1 + x2 + x3\nt =~ x4 + x5 + x6"
    free, held = (fit(CFA, text, hs_frame, orthogonal=kept) for kept in (False, True))
    assert by_pair(discriminant_validity(held)).equals(by_pair(discriminant_validity(free)))


def test_picture_names_the_pair(cfa):
    from tcsmodel.report.plots import picture

    drawing = picture(discriminant_validity(cfa))
    assert drawing.title == "Quality – Satisfaction cannot be told apart"
    assert "95% intervals" in drawing.caption


def test_auxiliary_variables_take_part(mobi_frame):
    gaps = mobi_frame.astype(float)
    gaps.loc[gaps["CUSL3"] < 6, "CUSA1"] = np.nan
    with_, without = (
        fit(CFA, TEXT, gaps, missing="fiml", auxiliary=names) for names in (["CUSL3"], [])
    )
    ours = by_pair(discriminant_validity(with_))
    free = fit(CFA, TEXT, gaps, missing="fiml", auxiliary=["CUSL3"], std_lv=True).estimates
    rows = free[(free["op"] == "~~") & (free["lhs"] == "Quality") & (free["rhs"] == "Value")]
    pair = ours.loc[("Quality", "Value")]
    assert pair["correlation"] == pytest.approx(rows["estimate"].item(), abs=1e-6)
    assert pair["se"] == pytest.approx(rows["se"].item(), rel=1e-4)
    plain = by_pair(discriminant_validity(without))
    assert np.abs(ours["correlation"] - plain["correlation"]).max() > 1e-4
