"""The same specification by semopy: the numbers of lavaan and of our own kernels."""

from __future__ import annotations

import builtins
import logging
import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close

import tcsmodel as tcs
from tcsmodel.models.semopy_engine import text_of

CFA = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
# Text, data and options: what differs in how semopy must be told.
MODELS = {
    "std_lv": (CFA, "HolzingerSwineford1939", {"std_lv": True}),
    "second order": (f"{CFA}; g =~ visual + textual + speed", "HolzingerSwineford1939", {}),
    "orthogonal": (CFA, "HolzingerSwineford1939", {"orthogonal": True}),
    "free causes": (
        "visual =~ x1 + x2 + x3; visual ~ x7 + x8", "HolzingerSwineford1939", {"fixed_x": False},
    ),
    "known reliability": (
        "textual =~ x4 + x5 + x6; g =~ x9; g ~ textual",
        "HolzingerSwineford1939",
        {"reliability": {"g": 0.8}},
    ),
    "equal, fixed, started": (
        "visual =~ x1 + a*x2 + a*x3 + -0.25*x4 + start(2)*x5; twice := 2*a",
        "HolzingerSwineford1939",
        {},
    ),
    "item beside": ("visual =~ x1 + x2 + x3 + x5; x7 ~~ x1", "HolzingerSwineford1939", {}),
    "item and construct": ("visual =~ x1 + x2 + x3; visual ~~ x9", "HolzingerSwineford1939", {}),
    "cause and residuals": (
        "Quality =~ PERQ1 + PERQ2 + PERQ3; PERQ1 ~~ PERQ2; CUSA1 ~ Quality + PERV1", "mobi", {},
    ),
    "bounds": (
        "Value =~ PERV1 + PERV2; Quality =~ PERQ1 + lower(0.9)*PERQ2 + upper(0.5)*PERQ3; "
        "Value ~ Quality",
        "mobi",
        {"bounds": "standard"},
    ),
}  # fmt: skip
REFERENCES = {
    "B_HS1939_cfa_ML": "HolzingerSwineford1939",
    "B_PolDem_ML": "PoliticalDemocracy",
    "B_regression_obs": "mobi",
    "B_mobi_mini_ML": "mobi",
    "B_HS1939_cfa_2nd": "HolzingerSwineford1939",
    "B_mobi_ecsi_ML": "mobi",
}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


def fit(text: str, data: object, **options: object) -> tcs.models.sem.SEMResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.ImproperSolutionWarning)
        return tcs.SEM(tcs.ModelSpec.parse(text), **options).fit(data)


@pytest.mark.parametrize("name", MODELS)
def test_solution_is_that_of_our_kernels(name):
    text, data, options = MODELS[name]
    ours = fit(text, read(data), **options)
    theirs = fit(text, read(data), engine="semopy", **options)
    assert type(theirs) is type(ours)
    assert theirs.status == ours.status
    assert theirs.estimates[["lhs", "op", "rhs"]].equals(ours.estimates[["lhs", "op", "rhs"]])
    for column in ("estimate", "se", "std"):
        close(theirs.estimates[column], ours.estimates[column], tol.SEMOPY, 1e-6)
    close(theirs.fit_measures, ours.fit_measures, tol.CHI2, 1e-6)


@pytest.mark.parametrize("name", REFERENCES)
def test_fit_is_that_of_lavaan(name):
    theirs = expected(name)
    ours = fit(theirs["model"], read(REFERENCES[name]), engine="semopy")
    for measure in ("chi2", "df", "cfi", "tli", "rmsea", "srmr", "loglik", "aic", "bic", "npar"):
        close(ours.fit_measures[measure], theirs["fitMeasures"][MEASURES[measure]], tol.CHI2)


@pytest.mark.parametrize("name", sorted(set(REFERENCES) - {"B_mobi_ecsi_ML"}))
def test_estimates_are_those_of_lavaan(name):
    theirs = expected(name)
    ours = fit(theirs["model"], read(REFERENCES[name]), engine="semopy")
    table = theirs["parameterEstimates"]
    table = table[table["op"].isin(["=~", "~", "~~"])]
    own = ours.estimates[ours.estimates["op"].isin(["=~", "~", "~~"])]
    close(own["estimate"], table["est"], tol.SEMOPY, 1e-6)
    close(own["se"], table["se"], tol.SEMOPY, 1e-6)


def test_a_ridge_is_recognised(mobi_frame):
    with pytest.warns(tcs.errors.ImproperSolutionWarning, match="ridge"):
        result = tcs.SEM(tcs.library.ecsi(), engine="semopy").fit(mobi_frame)
    assert result.status == "ridge"


def test_weights_and_moments_are_taken(mobi_frame):
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    weight = np.linspace(0.5, 2, len(mobi_frame))
    survey = tcs.Survey(mobi_frame.assign(w=weight), weight="w")
    for data in (survey, survey.moments(["PERQ1", "PERQ2", "PERQ3", "PERQ4"])):
        ours, theirs = fit(text, data), fit(text, data, engine="semopy")
        close(theirs.estimates["estimate"], ours.estimates["estimate"], tol.SEMOPY)


def test_any_column_header_and_any_construct_name_will_do(mobi_frame):
    frame = mobi_frame.rename(columns={"PERQ1": "Q1 - overall", "PERQ2": "p0", "PERQ3": "f0"})
    text = 'START =~ "Q1 - overall" + p0 + f0 + PERQ4; 满意 =~ CUSA1 + CUSA2 + CUSA3'
    ours, theirs = fit(text, frame), fit(text, frame, engine="semopy")
    close(theirs.estimates["estimate"], ours.estimates["estimate"], tol.SEMOPY)


def test_what_follows_from_a_solution_follows_here_too(mobi_frame):
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3; Value =~ PERV1 + PERV2; Value ~ Quality"
    result = fit(text, mobi_frame, engine="semopy")
    assert "ML, solution by semopy" in result.summary()
    assert result.reliability.loc["Quality", "omega"] > 0.5
    assert len(result.modification_indices()) > 0
    drawn = result.bootstrap(20, seed=3)
    assert drawn.draws.n == 20


def test_the_users_logging_and_warnings_are_left_alone(mobi_frame):
    root = logging.getLogger()
    before = list(root.handlers), root.manager.disable
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit("Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4", mobi_frame, engine="semopy", std_lv=True)
    assert (list(root.handlers), root.manager.disable) == before
    assert said == []


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        (CFA, {"estimator": "mlr"}, "estimator='mlr'"),
        (CFA, {"missing": "fiml"}, "missing='fiml'"),
        (CFA, {"likelihood": "wishart"}, "likelihood='wishart'"),
        (CFA, {"effect_coding": True}, "effect_coding"),
        (CFA, {"information": "observed"}, "information="),
        (CFA, {"group": "school"}, "group="),
        (CFA, {"meanstructure": True}, "mean structure"),
        (f"{CFA}; x1 ~ 1", {}, "mean structure"),
        ("visual =~ x1 + a*x2 + b*x3 + x4; a == 2*b", {}, r"constraints \(==\)"),
        ("visual =~ x1 + a*x2 + x3; a > 0", {}, "constraints"),
        ("x1 ~~ x2", {}, "without loadings and paths"),
    ],
)
def test_what_semopy_cannot_do_is_refused_by_name(text, options, what):
    with pytest.raises(tcs.errors.OptionError, match=rf"engine='semopy' cannot do .*{what}"):
        tcs.SEM(tcs.ModelSpec.parse(text), engine="semopy", **options)


def test_an_unknown_engine_lists_the_known_ones():
    with pytest.raises(tcs.errors.OptionError, match="not one of native, semopy"):
        tcs.SEM(tcs.ModelSpec.parse(CFA), engine="lavaan")


def test_a_missing_package_is_named_with_the_command(monkeypatch, hs_frame):
    imported = builtins.__import__

    def without_semopy(name, *rest, **more):
        if name == "semopy":
            raise ImportError("No module named 'semopy'")
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_semopy)
    with pytest.raises(tcs.errors.OptionError, match="pip install semopy"):
        fit(CFA, hs_frame, engine="semopy")


def test_an_unidentified_model_is_named(hs_frame):
    text = "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9; visual ~ speed; speed ~ visual"
    with pytest.raises(tcs.errors.IdentificationError, match="can determine visual~speed"):
        fit(text, hs_frame, engine="semopy")


def test_table_is_written_in_places():
    spec = tcs.ModelSpec.parse("f =~ x1 + 0.00001*x2 + x3; x3 ~~ x1; g ~ f")
    assert text_of(tcs.SEM(spec).parameters).splitlines()[:3] == [
        "f0 =~ 1*x0", "f0 =~ 0.00001*x1", "f0 =~ p0*x2",
    ]  # fmt: skip


def test_an_error_of_semopy_becomes_one_of_ours(monkeypatch, hs_frame):
    semopy = pytest.importorskip("semopy")

    def stop(*_, **__):
        raise np.linalg.LinAlgError("Matrix is not positive definite")

    monkeypatch.setattr(semopy.Model, "fit", stop)
    with pytest.raises(tcs.errors.ConvergenceError, match=r"semopy found no .* not positive"):
        fit(CFA, hs_frame, engine="semopy")
