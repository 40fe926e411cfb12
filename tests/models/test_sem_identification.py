"""How constructs get their scales, and what likelihood, observed causes and reliability are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import frame
from lavaan_numbers import close
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SpecError, TcsError, TcsWarning
from tcsmodel.models.cfa import CFA
from tcsmodel.models.discriminant import discriminant_validity
from tcsmodel.models.modification import modification_indices
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import parameter_table
from tcsmodel.survey.moments import Moments

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
MIXED = ModelSpec.parse("""
    Quality =~ PERQ1 + PERQ2 + PERQ3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Satisfaction ~ Quality + PERV1 + IMAG1
    CUSL1 ~ Satisfaction + IMAG1
""")
SINGLE = ModelSpec.parse("""
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Complaints =~ CUSCO
    Complaints ~ Satisfaction
""")


def fit(model, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return model.fit(data)


def reported(table, ops=("=~", "~", "~~", "~1")):
    return table[table["op"].isin(ops)].reset_index(drop=True)


def test_published_covariances_are_enough():
    theirs = expected("B_HS1939_cfa_fromcov")
    cov = theirs["cov"]
    ours = CFA(HS).fit(Moments.from_cov(cov.to_numpy(float), 301, names=list(cov.columns)))
    table = theirs["pe"]
    close(ours.estimates["estimate"], table["est"], tol.POINT)
    close(ours.estimates["se"], table["se"], tol.SE)
    for name, key in (("chi2", "chisq"), ("rmsea", "rmsea"), ("srmr", "srmr"), ("bic", "bic")):
        close(ours.fit_measures[name], theirs["fit"][key], tol.FIT)


def test_equal_regressions_across_groups():
    theirs = expected("B_mobi_mg_regr_lrt")
    text = """
        Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
        Value =~ PERV1 + PERV2
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Value ~ Quality
        Satisfaction ~ Value + Quality
    """
    data, equal = frame("mobi_drivers"), ("loadings", "intercepts")
    free = SEM(ModelSpec.parse(text), group="group", group_equal=equal)
    held = SEM(ModelSpec.parse(text), group="group", group_equal=(*equal, "regressions"))
    table = fit(free, data).compare(fit(held, data))
    lrt = theirs["lrt"]
    for ours, key in (("chi2", "Chisq"), ("df", "Df"), ("aic", "AIC"), ("bic", "BIC")):
        close(table[ours], lrt[key], tol.CHI2)
    close(table["chi2_diff"].iloc[1], lrt["Chisq diff"].iloc[1], tol.CHI2)
    close(table["p"].iloc[1], lrt["Pr(>Chisq)"].iloc[1], tol.CHI2)
    estimates, there = fit(held, data).estimates, reported(theirs["pe"])
    key = ["lhs", "op", "rhs"]
    assert estimates[key].to_numpy().tolist() == there[key].to_numpy().tolist()
    close(estimates["estimate"], there["est"], tol.POINT, tol.LAVAAN_STOP * there["se"])
    close(estimates["se"], there["se"], tol.SE)


def test_a_bifactor_model_on_a_ridge():
    theirs = expected("B_mobi_bifactor")
    ours = fit(CFA(ModelSpec.parse(theirs["model"]), orthogonal=True, std_lv=True), frame("mobi"))
    key = ["lhs", "op", "rhs"]
    there = reported(theirs["parameterEstimates"])[key]
    assert ours.estimates[key].to_numpy().tolist() == there.to_numpy().tolist()
    measures = theirs["fitMeasures"]
    assert ours.fit_measures[["df", "npar"]].tolist() == [measures["df"], measures["npar"]]
    assert ours.fit_measures["chi2"] == pytest.approx(measures["chisq"], rel=tol.RIDGE_CHI2)
    assert (ours.status, theirs["post.check"]) == ("ridge", False)
    assert "s -> CUSA2" in next(f for f in ours.verify() if f.code.startswith("ridge")).subjects


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("B_HS1939_cfa_ML_orthogonal", {"orthogonal": True}),
        ("B_HS1939_cfa_ML_wishart", {"likelihood": "wishart"}),
        ("B_HS1939_cfa_ML_effectcoding", {"effect_coding": True}),
    ],
)
def test_modification_indices(case, options, hs_frame):
    table = expected(case)["modindices_top20"]
    found = modification_indices(CFA(HS, **options).fit(hs_frame))
    # lavaan's chi-square has n - 1 with Wishart's likelihood, but its score tests keep n.
    found["mi"] *= 301 / 300 if "likelihood" in options else 1
    both = table.merge(found, on=["lhs", "op", "rhs"], suffixes=("_there", ""))
    assert len(both) == len(table)
    assert_allclose(both["mi"], both["mi_there"].astype(float), rtol=tol.MODIFICATION)
    assert_allclose(both["epc"], both["epc_there"].astype(float), rtol=tol.MODIFICATION)


def test_orthogonal_spares_what_the_text_states():
    text = "A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\nC + y ~ A\nA ~~ B"
    rows = {r.name: r for r in parameter_table(ModelSpec.parse(text), orthogonal=True)}
    assert rows["A~~B"].free is not None
    assert rows["C~~y"].free is not None  # of an observed outcome
    two = ModelSpec.parse("A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\nB + C ~ A")
    assert {r.name: r.fixed for r in parameter_table(two, orthogonal=True)}["B~~C"] == 0.0


def test_effect_coding_is_a_constraint_on_loadings(hs_frame):
    text = """
        visual =~ NA*a1*x1 + a2*x2 + a3*x3
        textual =~ NA*b1*x4 + b2*x5 + b3*x6
        speed =~ NA*c1*x7 + c2*x8 + c3*x9
        a1 + a2 + a3 == 3
        b1 + b2 + b3 == 3
        c1 + c2 + c3 == 3
    """
    by_hand = CFA(ModelSpec.parse(text)).fit(hs_frame)
    ours = CFA(HS, effect_coding=True).fit(hs_frame)
    for column in ("estimate", "se", "std"):
        assert_allclose(ours.estimates[column], by_hand.estimates[column], rtol=1e-6)


@pytest.mark.parametrize("equal", [(), ("loadings",), ("loadings", "intercepts")])
def test_effect_coding_changes_the_scale_and_not_the_fit(equal, hs_frame):
    groups = {"group": "school", "group_equal": equal}
    ours = CFA(HS, effect_coding=True, **groups).fit(hs_frame)
    marker = CFA(HS, **groups).fit(hs_frame)
    for name in ("chi2", "df", "npar"):
        assert ours.fit_measures[name] == pytest.approx(marker.fit_measures[name], rel=1e-7)
    kept = ours.estimates["op"] != "~1"
    assert_allclose(ours.estimates["std"][kept], marker.estimates["std"][kept], atol=1e-5)
    loadings = ours.estimates.query("op == '=~'").groupby(["lhs", "group"])["estimate"]
    assert_allclose(loadings.mean(), 1.0)
    means = ours.estimates.query("op == '~1'")
    visual = means[means["lhs"].isin(["x1", "x2", "x3"])].groupby("group")["estimate"].sum()
    assert_allclose(visual, 0.0, atol=1e-8)
    assert ours.estimates.query("lhs == 'visual' and op == '~1'")["se"].gt(0).all()


def test_effect_coding_of_a_second_order_model_with_means(hs_frame):
    spec = ModelSpec.parse(f"{HS}\ng =~ visual + textual + speed")
    ours = CFA(spec, effect_coding=True, meanstructure=True).fit(hs_frame)
    marker = CFA(spec, meanstructure=True).fit(hs_frame)
    for name in ("chi2", "df"):
        assert ours.fit_measures[name] == pytest.approx(marker.fit_measures[name], rel=1e-7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f =~ 1*x1 + x2 + x3", r"the text fixes 'f=~x1' at 1\. Free it, or leave out"),
        ("f =~ x1 + x2 + x3; f ~~ 1*f", r"the text fixes 'f~~f' at 1"),
    ],
)
def test_effect_coding_wants_no_other_scale(text, message):
    with pytest.raises(SpecError, match=message):
        CFA(ModelSpec.parse(text), effect_coding=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"std_lv": True, "effect_coding": True}, "two scales; choose one"),
        ({"effect_coding": 1}, "effect_coding=1 must be True or False"),
        ({"likelihood": "wishar"}, "Did you mean 'wishart'"),
        ({"likelihood": "wishart", "estimator": "mlr"}, "use it with estimator='ml'"),
        ({"likelihood": "wishart", "missing": "fiml"}, "and missing='listwise'"),
        ({"reliability": {"Complaints": 1.2}}, r"reliability\['Complaints'\]=1.2 must be above 0"),
        ({"reliability": {"Complaints": "high"}}, "must be above 0 and at most 1"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        SEM(SINGLE, **options)


@pytest.mark.parametrize(
    ("name", "added", "message"),
    [
        ("Complaint", "", "There is no construct 'Complaint'.*Did you mean 'Complaints'"),
        ("Satisfaction", "", "'Satisfaction' has 3: their errors are estimated"),
        ("Complaints", "CUSCO ~~ 0.5*CUSCO", "the text states it: 'CUSCO ~~ CUSCO'. Keep one"),
        ("Complaints", "Satisfaction =~ CUSCO", "'Satisfaction =~ CUSCO' gives 'CUSCO' another"),
        ("Complaints", "CUSL1 ~ CUSCO", "'CUSL1 ~ CUSCO' gives 'CUSCO' another part"),
    ],
)
def test_reliability_is_of_a_single_item(name, added, message):
    spec = ModelSpec.parse(f"{SINGLE}\n{added}")
    with pytest.raises(SpecError, match=message):
        SEM(spec, reliability={name: 0.8})


def test_reliability_fixes_the_error_variance(mobi_frame):
    theirs = expected("B_mobi_acsi_fixerr")
    text = theirs["model"].replace("CUSCO ~~ 1.034413*CUSCO\n", "")
    ours = SEM(ModelSpec.parse(text), reliability={"Complaints": 0.8}).fit(mobi_frame)
    key = ["lhs", "op", "rhs"]
    there = ours.estimates[key].merge(reported(theirs["parameterEstimates"]), on=key, how="left")
    slack = tol.LAVAAN_STOP * there["se"].to_numpy(float)
    close(ours.estimates["estimate"], there["est"], tol.POINT, slack)
    close(ours.estimates["se"], there["se"], tol.SE)
    close(ours.fit_measures["chi2"], theirs["fitMeasures"]["chisq"], tol.CHI2)
    assert ours.reliability.loc["Complaints", "omega"] == pytest.approx(0.8, abs=0.002)


def test_reliability_in_groups_takes_the_variance_of_each(mobi_frame):
    data = mobi_frame.assign(brand=np.where(np.arange(250) % 2, "B", "A"))
    ours = SEM(SINGLE, reliability={"Complaints": 0.7}, group="brand").fit(data)
    errors = ours.estimates.query("lhs == 'CUSCO' and op == '~~'").set_index("group")["estimate"]
    variances = data.groupby("brand")["CUSCO"].var()
    assert_allclose(errors[["A", "B"]], 0.3 * variances[["A", "B"]])


def test_the_bootstrap_keeps_the_error_of_the_sample(mobi_frame):
    ours = SEM(SINGLE, reliability={"Complaints": 0.8}).fit(mobi_frame).bootstrap(20, seed=1)
    at = [r.name for r in ours.model.parameters].index("CUSCO~~CUSCO")
    held = 0.2 * mobi_frame["CUSCO"].var()
    assert_allclose(ours.draws.values["estimates"][:, at], held)


def test_discriminant_validity_knows_the_reliability(mobi_frame):
    spec = SINGLE.measurement()
    plain, known = (
        discriminant_validity(fit(CFA(spec, reliability=one), mobi_frame)).table()["correlation"]
        for one in (None, {"Complaints": 0.64})
    )
    assert known[0] == pytest.approx(plain[0] / 0.8, rel=2e-3)


def test_wishart_of_groups_adds_up(hs_frame):
    together = CFA(HS, likelihood="wishart", group="school").fit(hs_frame)
    alone = [
        CFA(HS, likelihood="wishart", meanstructure=True).fit(part)
        for _, part in hs_frame.groupby("school")
    ]
    chi2 = sum(one.fit_measures["chi2"] for one in alone)
    assert together.fit_measures["chi2"] == pytest.approx(chi2, rel=1e-9)
    assert together.fit_measures["n"] == 301
    normal = CFA(HS).fit(hs_frame[hs_frame["school"] == "Pasteur"])
    pasteur = CFA(HS, likelihood="wishart").fit(hs_frame[hs_frame["school"] == "Pasteur"])
    assert_allclose(pasteur.estimates["std"], normal.estimates["std"], atol=1e-6)
    n = normal.fit_measures["n"]
    scale = pasteur.fit_measures["chi2"] / normal.fit_measures["chi2"]
    assert scale == pytest.approx((n - 1) / n, rel=1e-9)


def test_wishart_of_a_resample_is_that_of_the_sample(hs_frame):
    ours = CFA(HS, likelihood="wishart").fit(hs_frame)
    again = ours.resampled(np.ones((1, 301))).draws.values
    assert_allclose(again["estimates"][0], ours.estimates["estimate"], rtol=1e-6)
    assert again["chi2"][0] == pytest.approx(ours.fit_measures["chi2"], rel=1e-9)


def test_likelihoods_are_not_compared_with_each_other(hs_frame):
    wishart, normal = CFA(HS, likelihood="wishart"), CFA(HS, orthogonal=True)
    with pytest.raises(TcsError, match=r"weigh respondents differently\. Fit both with the same"):
        wishart.fit(hs_frame).compare(normal.fit(hs_frame))


def test_observed_causes_as_parameters(mobi_frame):
    fixed, free = SEM(MIXED).fit(mobi_frame), SEM(MIXED, fixed_x=False).fit(mobi_frame)
    key = ["lhs", "op", "rhs"]
    assert (free.estimates[key] == fixed.estimates[key]).all().all()
    assert_allclose(free.estimates["estimate"], fixed.estimates["estimate"], rtol=1e-6)
    own = free.estimates.query("lhs == 'PERV1' and rhs == 'IMAG1'")
    assert own["se"].item() > 0
    for name in ("chi2", "df", "cfi", "srmr"):
        assert free.fit_measures[name] == pytest.approx(fixed.fit_measures[name], rel=1e-7)
    assert free.fit_measures["npar"] == fixed.fit_measures["npar"] + 3
    assert free.fit_measures["loglik"] < fixed.fit_measures["loglik"]


def test_gaps_in_causes_need_a_model_of_them(mobi_frame):
    gaps = mobi_frame.astype(float)
    gaps.loc[:9, "IMAG1"] = np.nan
    with pytest.raises(TcsError, match="Say fixed_x=False"):
        SEM(MIXED, missing="fiml").fit(gaps)
    ours = SEM(MIXED, missing="fiml", fixed_x=False).fit(gaps)
    assert ours.converged
    assert ours.fit_measures["n"] == 250
