"""`PLS` and `PLSResult`: options, data of every kind, tables, draws, findings."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    IdentificationError,
    ImproperSolutionWarning,
    OptionError,
    SampleSizeWarning,
    SurveyError,
    TcsError,
)
from tcsmodel.models.pls import PLS
from tcsmodel.models.quantities import QUANTITIES
from tcsmodel.result import Severity
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

SMALL = ModelSpec.parse("""
Image        =~ IMAG1 + IMAG2 + IMAG3
Quality      =~ PERQ1 + PERQ2 + PERQ3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Complaints   =~ CUSCO
Quality      ~ Image
Satisfaction ~ Image + Quality
Complaints   ~ Satisfaction
""")


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return PLS(SMALL).fit(mobi_frame)


@pytest.fixture(scope="module")
def drawn(fitted):
    return fitted.bootstrap(300, seed=7)


def noted(frame, **columns):
    return frame.assign(**columns)


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "pth"}, "scheme='pth' is not one of path, factorial, centroid. Did you mean"),
        ({"modes": {"Image": "C"}}, r"modes\['Image'\]='C' is not one of A, B"),
        ({"modes": {"Imag": "B"}}, "modes names 'Imag', which is not a construct .*'Image'"),
        ({"missing": "em"}, "missing='em' is not one of listwise"),
        ({"tol": 0}, "tol=0 must be positive"),
        ({"max_iter": 0}, "max_iter=0 must be a whole number, 1 or more"),
        ({"level": 95}, "level=95 must lie between 0 and 1"),
    ],
)
def test_options_are_checked_at_birth(options, message):
    with pytest.raises(OptionError, match=message):
        PLS(SMALL, **options)


def test_a_text_is_not_a_specification():
    with pytest.raises(OptionError, match=r"ModelSpec\.parse"):
        PLS("Image =~ IMAG1")


def test_estimator_is_a_frozen_value():
    assert PLS(SMALL, scheme="path") == PLS(SMALL)
    assert hash(PLS(SMALL, modes={"Image": "B"})) is not None
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLS(SMALL).scheme = "centroid"


# Results


def test_repr_is_one_line(fitted, drawn):
    assert repr(fitted) == (
        f"PLSResult(4 constructs, 10 items, n=250, scheme=path, converged in {fitted.iterations})"
    )
    assert repr(drawn).endswith(", 300 draws (percentile; all converged))")


def test_result_is_frozen_and_pickles(drawn):
    with pytest.raises(dataclasses.FrozenInstanceError):
        drawn.draws = None
    with pytest.raises(ValueError, match="read-only"):
        drawn.arrays["paths"][0, 1] = 0
    again = pickle.loads(pickle.dumps(drawn))
    pd.testing.assert_frame_equal(again.table(), drawn.table())


def test_total_is_direct_plus_indirect(fitted):
    assert_allclose(fitted.total_effects, fitted.paths + fitted.indirect_effects, atol=1e-14)
    by_hand = fitted.paths.loc["Image", "Quality"] * fitted.paths.loc["Quality", "Satisfaction"]
    assert fitted.indirect_effects.loc["Image", "Satisfaction"] == pytest.approx(by_hand)


def test_scores_are_standardized_and_reproduce_the_correlations(fitted):
    scores = fitted.scores()
    assert_allclose(scores.mean(), 0, atol=1e-12)
    assert_allclose(scores.std(), 1, atol=1e-12)
    assert_allclose(scores.corr(), fitted.construct_corr, atol=1e-12)


def test_a_single_item_construct_is_its_item(fitted, mobi_frame):
    item = mobi_frame["CUSCO"]
    assert_allclose(fitted.scores()["Complaints"], (item - item.mean()) / item.std(), atol=1e-12)
    assert fitted.reliability.loc["Complaints"].tolist() == [1, 1, 1, 1, 1]


def test_mode_b_is_not_reflective(mobi_frame):
    result = PLS(SMALL, modes={"Image": "B"}).fit(mobi_frame)
    assert result.reliability.loc["Image", ["alpha", "rho_a", "rho_c", "ave"]].isna().all()
    assert result.htmt["Image"].isna().all()
    assert result.reliability.loc["Quality"].notna().all()
    assert result.measurement_table().set_index("item").loc["IMAG1", "mode"] == "B"


def test_composite_operator_is_mode_b(mobi_frame):
    text = str(SMALL).replace("Image =~", "Image <~")
    formative = PLS(ModelSpec.parse(text)).fit(mobi_frame)
    by_option = PLS(SMALL, modes={"Image": "B"}).fit(mobi_frame)
    assert_allclose(formative.outer_weights, by_option.outer_weights)


def test_tables_before_the_bootstrap(fitted):
    assert fitted.table().columns.tolist() == ["source", "target", "path", "f_squared", "vif"]
    assert fitted.table()["source"].tolist() == ["Image", "Image", "Quality", "Satisfaction"]
    with pytest.raises(TcsError, match=r"no draws yet.*bootstrap\(5000, seed=7\)"):
        fitted.intervals("paths")


def test_tables_after_the_bootstrap(drawn):
    table = drawn.table()
    assert table.columns.tolist() == [
        "source", "target", "path", "se", "ci_lower", "ci_upper", "f_squared", "vif",
    ]  # fmt: skip
    assert table["ci_lower"].lt(table["path"]).all()
    assert table["ci_upper"].gt(table["path"]).all()
    items = drawn.measurement_table()
    assert items["loading_ci_lower"].le(items["loading"] + 1e-12).all()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_has_intervals(drawn, quantity):
    frame = drawn.intervals(quantity)
    assert frame.columns.tolist()[-4:] == ["estimate", "se", "ci_lower", "ci_upper"]
    assert np.isfinite(frame[["estimate", "se", "ci_lower", "ci_upper"]]).all(axis=None)
    narrow = drawn.intervals(quantity, level=0.5)
    width = frame["ci_upper"] - frame["ci_lower"]
    assert (narrow["ci_upper"] - narrow["ci_lower"]).le(width + 1e-12).all()


def test_intervals_are_labelled_as_the_frames(drawn):
    for quantity in ("htmt", "construct_corr"):
        for row in drawn.intervals(quantity).itertuples():
            assert row.estimate == getattr(drawn, quantity).loc[row.construct, row.other]
    for quantity in ("paths", "total_effects", "indirect_effects", "vif", "f_squared"):
        for row in drawn.intervals(quantity).itertuples():
            assert row.estimate == getattr(drawn, quantity).loc[row.source, row.target]
    for row in drawn.intervals("cross_loadings").itertuples():
        assert row.estimate == drawn.cross_loadings.loc[row.item, row.construct]
    assert drawn.intervals("r_squared")["construct"].tolist() == list(drawn.r_squared.index)


def test_unknown_quantity_is_suggested(drawn):
    with pytest.raises(OptionError, match="Did you mean 'total_effects'"):
        drawn.intervals("total_effect")


# The bootstrap


def test_the_seed_alone_decides(fitted, drawn):
    again = fitted.bootstrap(300, seed=7)
    assert (again.draws.values["paths"] == drawn.draws.values["paths"]).all()
    longer = fitted.bootstrap(700, seed=7)
    assert_allclose(longer.draws.values["paths"][:300], drawn.draws.values["paths"], atol=1e-12)
    other = fitted.bootstrap(300, seed=8)
    assert (other.draws.values["paths"] != drawn.draws.values["paths"]).any()


def test_a_replicate_is_a_fit_to_the_repeated_rows(fitted, mobi_frame):
    counts = np.random.default_rng(2).multinomial(250, np.full(250, 1 / 250), size=3)
    draws = fitted.resampled(counts).draws
    assert draws.seed is None
    for b in range(3):
        one = PLS(SMALL).fit(mobi_frame.loc[mobi_frame.index.repeat(counts[b])])
        for quantity in QUANTITIES:
            assert_allclose(
                draws.values[quantity][b], one.arrays[quantity], atol=1e-8, err_msg=quantity
            )


def test_resampled_needs_a_column_per_respondent(fitted):
    with pytest.raises(OptionError, match=r"give \(replicates, 250\)"):
        fitted.resampled(np.ones((5, 249)))


def test_level_belongs_to_the_bootstrap(fitted):
    narrow = fitted.bootstrap(300, seed=7, level=0.8)
    assert narrow.level == 0.8
    assert fitted.level == 0.95
    wide = fitted.bootstrap(300, seed=7)
    assert (narrow.table()["ci_upper"] < wide.table()["ci_upper"]).all()


def test_lost_replicates_are_nan_and_told(mobi_frame):
    """A nearly constant item is constant in many resamples."""
    frame = mobi_frame.head(30).assign(CUSCO=[9] * 29 + [1])
    result = PLS(SMALL).fit(frame).bootstrap(200, seed=1)
    lost = result.draws.status_shares["singular"]
    assert 0.2 < lost < 0.6
    gone = np.isnan(result.draws.values["paths"]).all(axis=(1, 2))
    assert gone.mean() == pytest.approx(lost)
    assert np.isfinite(result.table()["se"]).all()
    finding = next(f for f in result.verify() if f.code == "replicates_lost")
    assert finding.evidence["lost"] == gone.sum()
    assert finding.severity is Severity.CAUTION


# Data of every kind


def test_survey_frame_and_moments_agree(fitted, mobi_frame):
    noisy = mobi_frame.assign(city="x", CUSA9=1.0)
    for data in (Survey(mobi_frame, scale=(1, 10)), noisy, Survey(mobi_frame).moments()):
        assert_allclose(PLS(SMALL).fit(data).paths, fitted.paths, atol=1e-12)


def test_moments_alone_have_no_respondents(mobi_frame):
    moments = Moments.from_cov(mobi_frame.corr(), n=250)
    result = PLS(SMALL).fit(moments)
    assert result.r_squared["Satisfaction"] > 0.5
    with pytest.raises(TcsError, match=r"^scores\(\) needs respondents.*scores\(data\)"):
        result.scores()
    with pytest.raises(TcsError, match="bootstrap needs respondents"):
        result.bootstrap(10)


def test_missing_answers_drop_respondents_and_say_so(mobi_frame):
    frame = mobi_frame.astype(float)
    frame.loc[[3, 5], "CUSA1"] = np.nan
    frame.loc[:, "CUSL3"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="2 of 250 respondents"):
        result = PLS(SMALL).fit(frame)
    assert result.sample.n == 248
    assert_allclose(result.paths, PLS(SMALL).fit(mobi_frame.drop(index=[3, 5])).paths, atol=1e-12)
    assert 3 not in result.scores().index
    assert 4 in result.scores().index


def test_integer_weights_are_repeated_rows(mobi_frame):
    weights = np.random.default_rng(4).integers(1, 4, size=250)
    weighted = PLS(SMALL).fit(Survey(mobi_frame.assign(w=weights), weight="w"))
    repeated = PLS(SMALL).fit(mobi_frame.loc[mobi_frame.index.repeat(weights)])
    for name in ("outer_weights", "paths", "f_squared", "htmt", "r_squared"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), atol=1e-8)
    assert weighted.sample.n == 250
    scores = weighted.scores()
    assert_allclose(np.average(scores, axis=0, weights=weights), 0, atol=1e-12)


def test_weights_enter_the_bootstrap(mobi_frame):
    weights = np.linspace(1, 5, 250)
    survey = Survey(mobi_frame.assign(w=weights), weight="w")
    result = PLS(SMALL).fit(survey).resampled(np.ones((1, 250)))
    assert_allclose(result.draws.values["paths"][0], result.paths, atol=1e-12)


def test_a_reversed_item_gets_its_sign_back(fitted, mobi_frame):
    frame = mobi_frame.assign(CUSA2=11 - mobi_frame["CUSA2"])
    survey = Survey(frame, scale=(1, 10), reverse=["CUSA2"])
    assert_allclose(PLS(SMALL).fit(survey).paths, fitted.paths, atol=1e-12)
    result = PLS(SMALL).fit(frame)
    negative = [f for f in result.verify() if f.code == "negative_weight"]
    assert [f.subjects for f in negative] == [("CUSA2", "Satisfaction")]
    assert "Reverse the item" in str(negative[0])


def test_names_may_be_anything(fitted, mobi_frame):
    renamed = mobi_frame.rename(columns={"IMAG1": "Q1 - 总体形象?", "CUSCO": "şikâyet + 1"})
    text = str(SMALL).replace("IMAG1", '"Q1 - 总体形象?"').replace("CUSCO", '"şikâyet + 1"')
    result = PLS(ModelSpec.parse(text)).fit(renamed)
    assert_allclose(result.paths, fitted.paths, atol=1e-12)
    assert "Q1 - 总体形象?" in result.outer_weights.index


def test_the_frame_is_not_modified(mobi_frame):
    before = mobi_frame.copy()
    PLS(SMALL).fit(mobi_frame).bootstrap(10, seed=1)
    pd.testing.assert_frame_equal(mobi_frame, before)


def test_few_respondents_warn(mobi_frame):
    with pytest.warns(SampleSizeWarning, match="9 respondents are few for 10 items"):
        result = PLS(SMALL).fit(mobi_frame.head(9))
    assert result.converged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"CUSA1": 5}, "Item 'CUSA1' is constant"),
        ({"CUSA1": np.nan}, "Item 'CUSA1' has no answers at all"),
        ({"CUSA1": "often"}, "Item 'CUSA1' holds text in 250 rows"),
    ],
)
def test_unusable_items_are_named(mobi_frame, change, message):
    with pytest.raises(SurveyError, match=message):
        PLS(SMALL).fit(mobi_frame.assign(**change))


def test_an_absent_item_is_suggested(mobi_frame):
    with pytest.raises(SurveyError, match=r"'IMAG1' is not a column.*Did you mean"):
        PLS(SMALL).fit(mobi_frame.drop(columns="IMAG1"))


# Trouble in the data


def test_identical_items_are_told_in_mode_a(mobi_frame):
    result = PLS(SMALL).fit(mobi_frame.assign(PERQ2=mobi_frame["PERQ1"]))
    assert np.isinf(result.item_vif[["PERQ1", "PERQ2"]]).all()
    finding = next(f for f in result.verify() if f.code == "dependent_items")
    assert finding.subjects == ("Quality", "PERQ1", "PERQ2", "PERQ3")
    assert "PERQ1, PERQ2 and PERQ3" in finding.sentence("evidence")


def test_identical_items_are_refused_in_mode_b(mobi_frame):
    frame = mobi_frame.assign(PERQ2=mobi_frame["PERQ1"])
    with pytest.raises(IdentificationError, match=r"Mode B weights of 'Quality'.*'PERQ1', 'PERQ2'"):
        PLS(SMALL, modes={"Quality": "B"}).fit(frame)


def test_collinear_items_in_mode_b_are_told(mobi_frame):
    noise = np.random.default_rng(1).normal(size=250)
    frame = mobi_frame.assign(PERQ2=mobi_frame["PERQ1"] + 0.2 * noise)
    result = PLS(SMALL, modes={"Quality": "B"}).fit(frame)
    finding = next(f for f in result.verify() if f.code == "collinear_items")
    assert finding.evidence["vif"] > 5


def test_opposed_items_are_refused(mobi_frame):
    spec = ModelSpec.parse("A =~ IMAG1 + mirror\nB =~ CUSA1 + CUSA2\nB ~ A")
    with pytest.raises(IdentificationError, match=r"items of 'A' cancel.*reverse"):
        PLS(spec).fit(mobi_frame.assign(mirror=11 - mobi_frame["IMAG1"]))


def test_dependent_antecedents_are_refused(mobi_frame):
    spec = ModelSpec.parse("A =~ IMAG1\nB =~ twin\nC =~ CUSA1 + CUSA2\nC ~ A + B")
    with pytest.raises(IdentificationError, match=r"paths to 'C'.*'A', 'B' are linearly dependent"):
        PLS(spec).fit(mobi_frame.assign(twin=2 * mobi_frame["IMAG1"]))


def test_collinear_antecedents_are_told(mobi_frame):
    noise = np.random.default_rng(1).normal(size=250)
    spec = ModelSpec.parse("A =~ IMAG1\nB =~ twin\nC =~ CUSA1 + CUSA2\nC ~ A + B")
    result = PLS(spec).fit(mobi_frame.assign(twin=mobi_frame["IMAG1"] + 0.3 * noise))
    finding = next(f for f in result.verify() if f.code == "collinear_antecedents")
    assert finding.subjects == ("C", "A", "B")
    assert "C overlap: A and B" in finding.sentence()


def test_non_convergence_warns_and_is_a_problem(mobi_frame):
    with pytest.warns(ImproperSolutionWarning, match="did not converge in 1 iterations"):
        result = PLS(SMALL, max_iter=1).fit(mobi_frame)
    assert not result.converged
    assert repr(result).endswith("not converged)")
    assert result.verify()[0].code == "not_converged"
    assert result.verify()[0].severity is Severity.PROBLEM


def test_weak_items_are_told_worst_first(mobi_frame):
    result = PLS(library.ecsi()).fit(mobi_frame)
    codes = [f.code for f in result.verify()]
    assert codes[0] == "low_loading"
    assert result.verify()[0].subjects == ("CUSL2", "Loyalty")
    modest = {f.subjects[0]: f.subjects[1:] for f in result.verify() if f.code == "modest_loading"}
    assert modest["Image"] == ("IMAG2", "IMAG3")


def test_a_reversed_item_is_not_called_weak(mobi_frame):
    result = PLS(library.ecsi()).fit(mobi_frame.assign(PERQ2=11 - mobi_frame["PERQ2"]))
    assert result.outer_loadings.loc["PERQ2", "Quality"] < -0.5
    assert [f.code for f in result.verify() if f.subjects[0] == "PERQ2"] == ["negative_weight"]


def test_every_finding_has_words(mobi_frame):
    frame = mobi_frame.assign(CUSA2=11 - mobi_frame["CUSA2"], PERQ2=mobi_frame["PERQ1"])
    text = str(SMALL).replace("IMAG1", "a*IMAG1")
    summary = PLS(ModelSpec.parse(text)).fit(frame).summary()
    assert "PLS does not use everything" in summary
    assert "Some items of Quality can be computed" in summary
    assert "{" not in summary


def test_a_hundred_thousand_respondents(mobi_frame):
    generator = np.random.default_rng(0)
    frame = mobi_frame.iloc[generator.integers(0, 250, size=100_000)]
    result = PLS(SMALL).fit(frame).bootstrap(20, seed=3)
    assert result.table()["se"].lt(0.01).all()
