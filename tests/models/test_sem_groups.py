"""Several groups at once: against lavaan, and against what groups must mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import IdentificationError, OptionError, SpecError, SurveyError, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
LEVELS = {
    "B_HS1939_mg_configural_ML": (),
    "B_HS1939_mg_metric_ML": ("loadings",),
    "B_HS1939_mg_scalar_ML": ("loadings", "intercepts"),
    "B_HS1939_mg_strict_ML": ("loadings", "intercepts", "residuals"),
    "B_HS1939_mg_means_ML": ("loadings", "intercepts", "residuals", "means"),
    "B_HS1939_mg_partial": ("loadings", "intercepts"),
}
PARTIAL = {"B_HS1939_mg_partial": ("x3~1", "x7~1")}
SCALAR = LEVELS["B_HS1939_mg_scalar_ML"]


@pytest.fixture(scope="module", params=sorted(LEVELS))
def case(request, hs_frame):
    model = CFA(
        HS,
        group="school",
        group_equal=LEVELS[request.param],
        group_partial=PARTIAL.get(request.param, ()),
    )
    return model.fit(hs_frame), expected(request.param)


@pytest.fixture(scope="module")
def scalar(hs_frame):
    return CFA(HS, group="school", group_equal=SCALAR).fit(hs_frame)


def test_rows_are_those_of_lavaan(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    names = ["lhs", "op", "rhs", "label"]
    theirs = table.reindex(columns=names, fill_value="")
    pd.testing.assert_frame_equal(ours.estimates[names], theirs, check_dtype=False)
    groups = np.array(ours.sample.groups)[table["group"].to_numpy(dtype=int) - 1]
    assert ours.estimates["group"].tolist() == groups.tolist()
    assert ours.sample.groups == ("Pasteur", "Grant-White")


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    assert ours.fit_measures["chi2"] <= theirs["fitMeasures"]["chisq"] + 1e-8
    slack = tol.LAVAAN_STOP * table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, slack)
    close(ours.estimates["se"], table["se"], tol.SE)
    close(ours.estimates["std"], table["std.all"], tol.POINT, tol.LAVAAN_STOP)
    own = theirs["standardizedSolution"]
    close(ours.standardized["std"], own["est.std"], tol.POINT, tol.LAVAAN_STOP)
    close(ours.standardized["se"], own["se"], tol.SE, 1e-7)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_fit_measures(case, name):
    ours, theirs = case
    close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tol.FIT, 1e-8)


def test_what_the_model_implies(case):
    ours, theirs = case
    for group in ours.sample.groups:
        cov = theirs["implied"][group]["cov"]
        close(ours.implied_cov.loc[group].loc[cov.index, cov.columns], cov, tol.POINT, 2e-5)
        mean = pd.Series(theirs["implied"][group]["mean"], dtype=float)
        close(ours.implied_mean.loc[group][mean.index], mean, tol.POINT, 2e-5)
        residual = theirs["resid_cor"][group]
        own = ours.residual_corr.loc[group]
        close(own.loc[residual.index, residual.columns], residual, 0, tol.POINT)
        r_squared = pd.Series(theirs["rsquare"][group], dtype=float)
        close(ours.r_squared.loc[group][r_squared.index], r_squared, tol.POINT, 2e-5)
        corr = theirs["cor.lv"][group]
        own = ours.construct_corr.loc[group]
        close(own.loc[corr.index, corr.columns], corr, tol.POINT, 2e-5)


def test_groups_without_equalities_are_fits_of_their_own(hs_frame):
    together = CFA(HS, group="school").fit(hs_frame)
    chi2 = 0.0
    for label in together.sample.groups:
        alone = CFA(HS, meanstructure=True).fit(hs_frame[hs_frame["school"] == label])
        own = together.estimates.query("group == @label")
        assert_allclose(own["estimate"], alone.estimates["estimate"], atol=1e-6)
        assert_allclose(own["se"], alone.estimates["se"], rtol=1e-4, atol=1e-8)
        assert_allclose(together.reliability.loc[label], alone.reliability, atol=1e-6)
        assert_allclose(together.htmt.loc[label], alone.htmt, atol=1e-9)
        chi2 += alone.fit_measures["chi2"]
    assert together.fit_measures["chi2"] == pytest.approx(chi2, abs=1e-6)


def test_labels_and_values_by_group(hs_frame):
    text = "visual =~ c(1, 1)*x1 + c(a, a)*x2 + c(0.7, NA)*x3\nvisual ~~ c(v, w)*visual"
    result = CFA(ModelSpec.parse(text), group="school").fit(hs_frame)
    rows = result.estimates.query("op == '=~'").set_index(["group", "rhs"])["estimate"]
    assert rows["Pasteur", "x2"] == rows["Grant-White", "x2"]
    assert rows["Pasteur", "x3"] == 0.7
    assert rows["Grant-White", "x3"] != 0.7
    assert result.fit_measures["df"] == 2


def test_a_label_is_equal_in_all_groups(hs_frame):
    text = "visual =~ x1 + a*x2 + x3"
    result = CFA(ModelSpec.parse(text), group="school").fit(hs_frame)
    assert result.estimates.query("rhs == 'x2' and op == '=~'")["estimate"].unique().size == 1


def test_std_lv_frees_variances_where_loadings_are_equal(hs_frame):
    equal = ("loadings", "intercepts")
    marker = CFA(HS, group="school", group_equal=equal).fit(hs_frame)
    scaled = CFA(HS, group="school", group_equal=equal, std_lv=True).fit(hs_frame)
    for name in ("chi2", "df"):
        assert scaled.fit_measures[name] == pytest.approx(marker.fit_measures[name], abs=1e-6)


def test_regressions_and_variances_may_be_equal(hs_frame):
    spec = ModelSpec.parse(f"{HS}\nspeed ~ visual + textual")
    free = SEM(spec, group="school").fit(hs_frame)
    equal = SEM(spec, group="school", group_equal="regressions").fit(hs_frame)
    assert equal.fit_measures["df"] == free.fit_measures["df"] + 2
    paths = equal.estimates.query("op == '~'")
    assert paths.groupby("rhs")["estimate"].nunique().tolist() == [1, 1]
    kinds = ("lv_variances", "lv_covariances", "residual_covariances")
    more = CFA(HS, group="school", group_equal=kinds).fit(hs_frame)
    assert more.fit_measures["df"] == 48 + 6


def test_order_of_groups_is_that_of_the_rows(hs_frame, scalar):
    turned = CFA(HS, group="school", group_equal=SCALAR).fit(hs_frame[::-1])
    assert turned.sample.groups == ("Grant-White", "Pasteur")
    assert turned.fit_measures["chi2"] == pytest.approx(scalar.fit_measures["chi2"], abs=1e-6)


def test_weights_of_groups_are_repeated_rows(hs_frame):
    weights = np.arange(len(hs_frame)) % 3 + 1
    survey = Survey(hs_frame.assign(w=weights), items=HS.items, weight="w", group="school")
    weighted = CFA(HS, group=survey.group, group_equal=SCALAR).fit(survey)
    repeated = CFA(HS, group="school", group_equal=SCALAR).fit(
        hs_frame.loc[hs_frame.index.repeat(weights)]
    )
    assert_allclose(weighted.estimates["estimate"], repeated.estimates["estimate"], atol=1e-6)


def test_a_bootstrap_draws_within_groups(hs_frame, scalar):
    drawn = scalar.bootstrap(100, seed=3)
    assert drawn.draws.values["construct_corr"].shape == (100, 2, 3, 3)
    ratio = drawn.estimates["se"] / scalar.estimates["se"]
    assert ratio[scalar.estimates["se"] > 0].between(0.5, 3).all()
    rng = np.random.default_rng(4)
    strata = scalar.sample.strata
    counts = np.zeros((2, len(hs_frame)))
    for b in range(2):
        for k in range(2):
            own = np.flatnonzero(strata == k)
            np.add.at(counts[b], rng.choice(own, len(own)), 1)
    replicates = scalar.resampled(counts).draws.values
    alone = CFA(HS, group="school", group_equal=SCALAR).fit(
        hs_frame.loc[hs_frame.index.repeat(counts[0].astype(int))]
    )
    assert_allclose(replicates["estimates"][0], alone.estimates["estimate"], atol=1e-5)
    assert replicates["chi2"][0] == pytest.approx(alone.fit_measures["chi2"], rel=1e-6)


def test_text_names_the_groups(scalar):
    assert repr(scalar).startswith("CFAResult(3 constructs, 9 items, 2 groups, n=301")
    text = scalar.summary()
    assert "301 (Pasteur 156, Grant-White 145)" in text
    assert "Group Grant-White: Intercepts" in text


def test_findings_name_the_group(hs_frame):
    frame = hs_frame.copy()
    rng = np.random.default_rng(0)
    own = frame["school"] == "Pasteur"
    frame.loc[own, "x1"] = frame.loc[own, "x4"] + rng.normal(0, 0.1, own.sum())
    with pytest.warns(UserWarning, match="improper"):
        result = CFA(HS, group="school").fit(frame)
    subjects = [name for finding in result.verify() for name in finding.subjects]
    assert any("(Pasteur)" in name for name in subjects)


def test_bad_groups_are_named(hs_frame):
    with pytest.raises(SurveyError, match=r"'scool'.*Did you mean 'school'"):
        CFA(HS, group="scool").fit(hs_frame)
    with pytest.raises(SurveyError, match="one group only, 'Pasteur'"):
        CFA(HS, group="school").fit(hs_frame[hs_frame["school"] == "Pasteur"])
    with pytest.raises(SurveyError, match="'school' is empty for 1 of the 301"):
        CFA(HS, group="school").fit(
            hs_frame.assign(school=hs_frame["school"].where(hs_frame.index > 0))
        )
    with pytest.raises(SurveyError, match="'school' is empty for 145 of the 301"):
        CFA(HS, group="school").fit(hs_frame.replace({"school": {"Grant-White": " "}}))
    with pytest.raises(SurveyError, match="In group 'Grant-White': 5 respondents are too few"):
        CFA(HS, group="school").fit(hs_frame.iloc[:161])
    constant = hs_frame.assign(x3=hs_frame["x3"].where(hs_frame["school"] == "Pasteur", 1.0))
    with pytest.raises(SurveyError, match="In group 'Grant-White': Item 'x3' is constant"):
        CFA(HS, group="school").fit(constant)
    moments = Moments.from_cov(np.eye(9), 100, names=HS.items)
    with pytest.raises(TcsError, match="group='school' needs respondents"):
        CFA(HS, group="school").fit(moments)


def test_bad_options_are_named(hs_frame):
    with pytest.raises(OptionError, match=r"'loading' is not one of.*Did you mean 'loadings'"):
        CFA(HS, group="school", group_equal="loading")
    with pytest.raises(OptionError, match="'x1' is an item of the model"):
        CFA(HS, group="x1")
    with pytest.raises(OptionError, match="need groups"):
        CFA(HS, group_equal=("loadings",))
    with pytest.raises(SpecError, match=r"'x33~1', which is not a parameter.*'x3~1'"):
        CFA(HS, group="school", group_equal=SCALAR, group_partial=["x33~1"])
    three = ModelSpec.parse("visual =~ x1 + c(a, b, d)*x2 + x3")
    with pytest.raises(SpecError, match=r"3 groups apart.*the data have 2"):
        CFA(three, group="school").fit(hs_frame)
    with pytest.raises(SpecError, match=r"3 groups apart.*group="):
        CFA(three)


def test_unidentified_means_are_named(hs_frame):
    with pytest.raises(IdentificationError, match=r"mean of construct 'visual'.*x1 ~ 0"):
        CFA(ModelSpec.parse("visual =~ x1 + x2 + x3\nvisual ~ 1"))
    one = ModelSpec.parse(f"{HS}\nvisual ~ c(0, NA)*1")
    with pytest.raises(IdentificationError, match=r"no data can determine .*visual~1\.g2"):
        CFA(one, group="school").fit(hs_frame)


def test_a_mean_can_take_the_place_of_an_intercept(hs_frame):
    moved = CFA(ModelSpec.parse("visual =~ x1 + x2 + x3\nx1 ~ 0*1\nvisual ~ 1")).fit(hs_frame)
    mean = moved.estimates.query("lhs == 'visual' and op == '~1'")["estimate"].iloc[0]
    assert mean == pytest.approx(hs_frame["x1"].mean(), abs=1e-8)
    assert moved.implied_mean.to_numpy() == pytest.approx(
        hs_frame[["x1", "x2", "x3"]].mean().to_numpy()
    )


def test_intercepts_of_observed_variables(mobi_frame):
    result = SEM(ModelSpec.parse("CUSA1 ~ PERQ1 + PERV1"), meanstructure=True).fit(mobi_frame)
    x = np.column_stack([np.ones(250), mobi_frame[["PERQ1", "PERV1"]]])
    b = np.linalg.lstsq(x, mobi_frame["CUSA1"], rcond=None)[0]
    rows = result.estimates.set_index(["lhs", "op", "rhs"])["estimate"]
    assert rows["CUSA1", "~1", ""] == pytest.approx(b[0], abs=1e-6)
    assert rows["CUSA1", "~", "PERQ1"] == pytest.approx(b[1], abs=1e-7)
    assert result.fit_measures["npar"] == 4


def test_data_are_read_once_more_from_the_file(scalar):
    again = pd.read_csv(DATA / "HolzingerSwineford1939.csv")
    result = CFA(HS, group="school", group_equal=SCALAR).fit(again)
    assert result.fit_measures["chi2"] == scalar.fit_measures["chi2"]


def test_differences_of_nested_models(hs_frame):
    names = ["configural", "metric", "scalar", "strict", "means"]
    cases = [f"B_HS1939_mg_{name}_ML" for name in names]
    fits = [CFA(HS, group="school", group_equal=LEVELS[c]).fit(hs_frame) for c in cases]
    ours = fits[2].compare(fits[0], fits[1], *fits[3:], names=[names[2], *names[:2], *names[3:]])
    theirs = expected("B_HS1939_mg_lrt_ML")["default"]
    assert ours.index.tolist() == theirs.index.tolist()
    columns = {
        "df": "Df", "chi2": "Chisq", "aic": "AIC", "bic": "BIC", "chi2_diff": "Chisq diff",
        "df_diff": "Df diff", "rmsea_d": "RMSEA", "p": "Pr(>Chisq)",
    }  # fmt: skip
    for name, theirs_name in columns.items():
        close(ours[name], theirs[theirs_name], tol.CHI2)
    assert_allclose(ours["rmsea_diff"], np.diff(ours["rmsea"], prepend=np.nan), atol=1e-15)


def test_only_like_is_compared(hs_frame, scalar):
    with pytest.raises(OptionError, match="needs another result"):
        scalar.compare()
    with pytest.raises(OptionError, match=r"compare.. takes a result of SEM or CFA, not str"):
        scalar.compare("configural")
    with pytest.raises(TcsError, match="same groups"):
        scalar.compare(CFA(HS).fit(hs_frame))
    with pytest.raises(TcsError, match="models the means"):
        CFA(HS).fit(hs_frame).compare(CFA(HS, meanstructure=True).fit(hs_frame))
    with pytest.raises(TcsError, match=r"different respondents"):
        CFA(HS).fit(hs_frame).compare(CFA(HS).fit(hs_frame.iloc[:200]))
    short = ModelSpec.parse("visual =~ x1 + x2 + x3")
    with pytest.raises(TcsError, match=r"same items .x4"):
        CFA(HS).fit(hs_frame).compare(CFA(short).fit(hs_frame))
    with pytest.raises(OptionError, match="3 entries for 2 models"):
        scalar.compare(scalar, names=["a", "b", "c"])
