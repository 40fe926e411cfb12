"""Power as a user meets it: numbers that theory knows, reproducible draws, messages."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from tcsmodel.errors import IdentificationError, ImproperSolutionWarning, OptionError, SpecError
from tcsmodel.kernels import monte_carlo
from tcsmodel.models.power import PowerResult, power, rmsea_power, sample_size
from tcsmodel.models.sem import SEM
from tcsmodel.models.simulation import population, simulate
from tcsmodel.result import Severity
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments

TEXT = """
Quality =~ q1 + q2 + q3
Value =~ v1 + v2 + v3
Loyalty =~ l1 + l2 + l3
Loyalty ~ start(0.3)*Quality + start(0)*Value
"""
SPEC = ModelSpec.parse(TEXT)
TEXT_OF_FIT = TEXT.replace("start(0.3)*", "").replace("start(0)*", "")


def parse(text):
    return ModelSpec.parse(text)


def of(study, name, n=None):
    """Return the row of a parameter, at the only n or at one of them."""
    table = study.table()
    table = table[table["n"] == (n or study.sizes[0])].set_axis(study.names, axis=0)
    return table.loc[name]


@pytest.fixture(scope="module")
def study():
    return power(SPEC, n=[100, 200], replications=300, seed=1)


def test_columns_and_rows(study):
    table = study.table()
    assert table.columns.tolist() == [
        "n", "lhs", "op", "rhs", "population", "mean_estimate", "bias", "relative_bias", "sd",
        "mean_se", "coverage", "coverage_se", "power", "power_se", "improper",
    ]  # fmt: skip
    free = [f"{r.lhs} {r.op} {r.rhs}" for r in SEM(SPEC).parameters.free]
    assert list(study.names) == free
    assert len(table) == 2 * len(free)
    assert table["n"].unique().tolist() == [100, 200]
    assert repr(study) == (
        f"PowerResult({len(free)} parameters, n=100, 200, 300 replications each, seed=1)"
    )


def test_fixed_values_are_told():
    given = parse("A =~ 0.7*a1 + 0.7*a2 + 0.7*a3\nB =~ 0.7*b1 + 0.7*b2 + 0.7*b3\nB ~ 0.3*A")
    study = power(given, n=200, replications=50, seed=1)
    found = {finding.code: str(finding) for finding in study.verify()}
    assert "no power because the text fixes them (7 in all)" in found["power_fixed"]
    assert "start(0.70)*a1" in found["power_fixed"]
    assert "power_fixed" not in {f.code for f in power(SPEC, n=200, replications=50).verify()}


def test_each_variance_has_its_share_of_heywood_cases():
    few = power(SPEC, n=30, replications=200, seed=3)
    counted = few.counts_array[0]
    at = few.names.index("q2 ~~ q2")
    share = (few.estimate_array[0, counted, at] < 0).mean()
    assert of(few, "q2 ~~ q2")["improper"] == share > 0
    assert np.isnan(of(few, "Loyalty ~ Quality")["improper"])
    any_negative = few.table()["improper"].max()
    assert any_negative <= few.status_shares.loc[30, ["improper", "ridge"]].sum() + 0.005


def test_a_batch_is_a_loop_of_fits(study):
    people = population(SPEC)
    covs = np.concatenate(list(monte_carlo.sample_covariances(people.cov_array, 100, 300, 1)))
    for b in (0, 17, 299):
        moments = Moments.from_cov(covs[b] * 100 / 99, 100, names=people.items)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            one = SEM(SPEC).fit(moments).estimates
        one = one[one["se"] > 0]
        assert_allclose(study.estimate_array[0, b], one["estimate"], rtol=1e-5, atol=1e-6)
        assert_allclose(study.error_array[0, b], one["se"], rtol=1e-4)


def test_the_seed_alone_decides(study):
    again = power(SPEC, n=[100, 200], replications=300, seed=1)
    assert_array_equal(again.estimate_array, study.estimate_array)
    other = power(SPEC, n=[100, 200], replications=300, seed=2)
    assert not np.isclose(other.estimate_array, study.estimate_array).all()


def test_a_size_gives_the_same_numbers_alone_and_among_others(study):
    alone = power(SPEC, n=200, replications=200, seed=1)
    assert_allclose(alone.estimate_array[0], study.estimate_array[1, :200], rtol=1e-6, atol=1e-7)
    assert power(SPEC, n=(200, 100, 100), replications=2).sizes == (100, 200)


def test_population_values_are_in_the_metric_of_the_fit():
    marker = power(SPEC, n=100, replications=2)
    assert of(marker, "Quality =~ q2").population == pytest.approx(1.0)
    assert of(marker, "Quality ~~ Quality").population == pytest.approx(0.64)
    assert of(marker, "q1 ~~ q1").population == pytest.approx(0.36)
    assert of(marker, "Loyalty ~ Value").population == 0
    unit = power(SPEC, n=100, replications=2, std_lv=True)
    assert of(unit, "Quality =~ q1").population == pytest.approx(0.8)
    assert of(unit, "Quality ~~ Value").population == pytest.approx(0.3)
    assert of(unit, "Loyalty ~ Quality").population == pytest.approx(0.3 / np.sqrt(1 - 0.3**2))


def test_parameters_say_the_same_as_starting_values():
    stated = power(
        parse(TEXT_OF_FIT),
        n=100,
        replications=5,
        parameters={"Loyalty ~ Quality": 0.3, "Loyalty ~ Value": 0},
    )
    written = power(SPEC, n=100, replications=5)
    assert_allclose(stated.table()["mean_estimate"], written.table()["mean_estimate"], rtol=1e-9)


def test_what_is_fixed_or_shared_is_not_a_parameter_of_its_own():
    fixed = power(parse("A =~ 0.8*a1 + 0.7*a2 + 0.6*a3 + a4"), n=100, replications=2, std_lv=True)
    assert [name for name in fixed.names if "=~" in name] == ["A =~ a4"]
    equal = power(parse("A =~ a1 + k*a2 + k*a3"), n=100, replications=2)
    assert [name for name in equal.names if "=~" in name] == ["A =~ a2"]


def test_moments_of_observed_causes_are_not_reported():
    regression = power(parse("y ~ start(0.4)*x"), n=100, replications=2)
    assert regression.names == ("y ~ x", "y ~~ y")


@pytest.mark.parametrize("beta", [0.1, 0.15])
def test_power_of_a_regression_as_theory_has_it(beta):
    n, count = 400, 4000
    found = of(power(parse(f"y ~ start({beta})*x"), n=n, replications=count), "y ~ x")
    error = np.sqrt((1 - beta**2) / n)
    wanted = wald(beta / error)
    assert found.power == pytest.approx(wanted, abs=4 * np.sqrt(wanted * (1 - wanted) / count))
    assert found.sd == pytest.approx(error, rel=0.06)
    assert found.mean_se == pytest.approx(error, rel=0.02)


def wald(center):
    """Return the power of a two-sided test of size .05 whose statistic has this mean."""
    z = special.ndtri(0.975)
    return special.ndtr(center - z) + special.ndtr(-center - z)


def test_the_design_of_muthen_and_muthen_needs_150_respondents():
    # Muthen & Muthen 2002: two factors that correlate .25, five items of .8 each; power .81.
    spec = parse("F =~ y1 + y2 + y3 + y4 + y5; G =~ z1 + z2 + z3 + z4 + z5; F ~~ start(0.25)*G")
    found = of(power(spec, n=150, replications=4000, std_lv=True), "F ~~ G")
    assert found.population == pytest.approx(0.25)
    assert found.power == pytest.approx(0.81, abs=0.02)
    assert found.coverage == pytest.approx(0.95, abs=0.015)


def test_power_of_an_indirect_effect():
    text = """
    A =~ a1 + a2 + a3; M =~ m1 + m2 + m3; B =~ b1 + b2 + b3
    M ~ a*A + start(0.3)*A; B ~ b*M + start(0.3)*M + start(0)*A
    indirect := a*b
    """
    found = power(parse(text), n=[150, 300], replications=400, seed=2)
    row = of(found, "indirect")
    assert (row.lhs, row.op, row.rhs) == ("indirect", ":=", "a * b")
    assert row.population == pytest.approx(0.09)
    a, b = of(found, "M ~ A"), of(found, "B ~ M")
    assert row.power < min(a.power, b.power)
    assert row.mean_se == pytest.approx(row.sd, rel=0.2)
    assert 150 < found.n_for("indirect", row.power + 0.05)["n"] < 300
    cov = population(parse(text)).cov_array
    drawn = next(monte_carlo.sample_covariances(cov, 150, 400, 2))
    moments = Moments.from_cov(drawn[3] * 150 / 149, 150, names=parse(text).items)
    one = SEM(parse(text.replace("start(0)*", ""))).fit(moments).estimates.iloc[-1]
    assert found.estimate_array[0, 3, -1] == pytest.approx(one["estimate"], rel=1e-5)
    assert found.error_array[0, 3, -1] == pytest.approx(one["se"], rel=1e-4)


@pytest.mark.slow
def test_draws_are_as_good_as_respondents():
    n, count = 60, 400
    found = of(power(SPEC, n=n, replications=4000), "Loyalty ~ Quality")
    values = []
    for seed in range(count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            table = SEM(SPEC).fit(simulate(SPEC, n, seed)).estimates
        row = table[(table["op"] == "~") & (table["rhs"] == "Quality")].iloc[0]
        values.append((row["estimate"], row["se"]))
    estimate, error = np.array(values).T
    share = (np.abs(estimate) > special.ndtri(0.975) * error).mean()
    assert estimate.mean() == pytest.approx(found.mean_estimate, abs=4 * found.sd / np.sqrt(count))
    assert share == pytest.approx(found.power, abs=4 * np.sqrt(0.25 / count))


@pytest.mark.slow
def test_nothing_is_found_where_nothing_is_and_intervals_cover():
    count = 10_000
    table = power(SPEC, n=1000, replications=count, seed=3).table()
    margin = 4 * np.sqrt(0.05 * 0.95 / count)
    zero = table[table["population"] == 0]
    assert zero["rhs"].tolist() == ["Value"]
    assert_allclose(zero["power"], 0.05, atol=margin)
    assert_allclose(table["coverage"], 0.95, atol=margin + 0.003)
    assert_allclose(table["mean_se"] / table["sd"], 1, atol=0.03)
    assert table["relative_bias"].abs().max() < 0.02


def test_level_moves_coverage_and_power_together(study):
    strict = power(SPEC, n=100, replications=300, seed=1, level=0.99)
    assert of(strict, "Loyalty ~ Quality").power < of(study, "Loyalty ~ Quality").power
    assert of(strict, "Loyalty ~ Quality").coverage > of(study, "Loyalty ~ Quality").coverage


def test_monte_carlo_errors_and_intervals(study):
    row = of(study, "Loyalty ~ Quality")
    assert row.power_se == pytest.approx(np.sqrt(row.power * (1 - row.power) / 300))
    intervals = study.intervals
    assert (intervals["ci_lower"] <= intervals["power"] + 1e-12).all()
    assert (intervals["power"] <= intervals["ci_upper"] + 1e-12).all()
    assert (intervals["ci_upper"] - intervals["ci_lower"] > 0).all()


def test_statuses_are_reported_and_say_which_replicates_count():
    weak = parse("A =~ start(0.5)*a1 + start(0.5)*a2 + start(0.5)*a3")
    found = power(weak, n=[20, 500], replications=200)
    shares = found.status_shares
    assert shares.index.tolist() == [20, 500]
    assert shares.columns.tolist() == [
        "converged", "at_bound", "improper", "ridge", "iteration_cap", "singular"
    ]  # fmt: skip
    assert_allclose(shares.sum(axis=1), 1)
    assert shares.loc[20, "improper"] > 0.1
    assert shares.loc[20, "ridge"] > 0.1
    sound = 200 * (shares["converged"] + shares["improper"])
    assert sound[20] < found.counted[20] < 200
    assert found.counted[500] == 200
    assert "not counted" in repr(found)
    kept = found.estimate_array[0][found.counts_array[0]]
    assert_allclose(found.table()["mean_estimate"][: len(found.names)], kept.mean(axis=0))


def test_trouble_is_named():
    weak = parse("A =~ start(0.5)*a1 + start(0.5)*a2 + start(0.5)*a3")
    codes = {finding.code: finding for finding in power(weak, n=20, replications=200).verify()}
    assert {"power_lost", "power_improper"} <= set(codes)
    assert "plan more respondents" in str(codes["power_lost"]).lower()
    assert codes["power_improper"].severity is Severity.CAUTION
    tiny = {finding.code: finding for finding in power(SPEC, n=11, replications=400).verify()}
    assert {"power_bias", "power_se_bias", "power_coverage"} <= set(tiny)
    for finding in (*codes.values(), *tiny.values()):
        words = [finding.sentence(part) for part in ("finding", "evidence", "meaning", "advice")]
        assert all(words)
        assert "{" not in "".join(words)


def test_a_sound_design_has_no_findings():
    assert power(SPEC, n=400, replications=400).verify() == ()


def test_respondents_for_a_power():
    found = power(parse("y ~ start(0.2)*x"), n=range(100, 301, 50), replications=2000)
    needed = found.n_for("y ~ x")
    wanted = ((special.ndtri(0.975) + special.ndtri(0.8)) / 0.2) ** 2 * (1 - 0.2**2)
    assert needed["ci_lower"] < needed["n"] < needed["ci_upper"]
    assert needed["n"] == pytest.approx(wanted, rel=0.08)
    assert needed["ci_upper"] - needed["ci_lower"] < 40
    assert needed.name == "y ~ x"
    assert found.n_for("y~x", power=0.7)["n"] < needed["n"]


def test_a_covariance_is_found_by_either_order():
    found = power(parse("A =~ a1 + a2 + a3; B =~ b1 + b2 + b3"), n=[30, 300], replications=100)
    assert found.n_for("B ~~ A").equals(found.n_for("A ~~ B"))


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("Loyalty ~ Value", 0.8, r"power of only 0\.\d\d at n=200.*larger"),
        ("Quality =~ q2", 0.8, r"already.*smaller"),
        ("Loyalty ~ Qualty", 0.8, r"not a free parameter.*Did you mean 'Loyalty ~ Quality'"),
        ("Loyalty ~ Quality", 1.0, r"power=1.0 must lie between 0 and 1"),
    ],
)
def test_no_number_of_respondents(study, name, target, message):
    with pytest.raises(OptionError, match=message):
        study.n_for(name, target)


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (TEXT, {"n": 9}, OptionError, r"n=9 respondents are too few for 9 items"),
        (TEXT, {"n": [200, 5]}, OptionError, r"n=5 respondents are too few"),
        (TEXT, {"n": []}, OptionError, r"n is empty"),
        (TEXT, {"n": 99.5}, OptionError, r"n=99.5 must be a whole number"),
        (TEXT, {"n": "200"}, OptionError, r"n='200' must be a whole number"),
        (TEXT, {"replications": 1}, OptionError, r"replications=1 must .* 2 or more; 1000"),
        (TEXT, {"seed": -1}, OptionError, r"seed=-1"),
        (TEXT, {"level": 95}, OptionError, r"level=95"),
        ("A =~ a1 + a2", {}, IdentificationError, r"Construct 'A' has 2 items"),
        (
            "A =~ a1 + a2; B =~ b1 + b2; B ~ start(0)*A",
            {},
            IdentificationError,
            r"this population do not determine.*fewer than three items",
        ),
        (
            "A =~ a1 + a2 + a3 + a4 + a5; a1 ~~ start(0.9)*a2; a2 ~~ start(-0.9)*a3",
            {},
            SpecError,
            r"not positive definite",
        ),
        ("A =~ start(1.2)*a1 + a2 + a3", {}, SpecError, r"explain more than all of its variance"),
        (
            "A =~ a1 + 0.7*a2 + a3 + a4",
            {},
            SpecError,
            r"misses the correlation of .*a2.*fixed or equal: A =~ a2;.*start\(0\.7\)\*x",
        ),
        (
            "A =~ a1 + a2 + a3; B =~ b1 + b2 + b3; B ~ A + age",
            {},
            SpecError,
            r"Causes without items \(age\).*age ~~ the construct",
        ),
        ("A <~ a1 + a2; B =~ b1 + b2 + b3; B ~ A", {}, SpecError, r"'A' is a composite"),
        (TEXT, {"parameters": {"Loyalty ~ Valeu": 0.1}}, SpecError, r"Did you mean"),
    ],
)
def test_bad_input_says_what_and_what_to_try(text, options, error, message):
    with pytest.raises(error, match=message):
        power(parse(text), **{"n": 200, "replications": 10, **options})


def test_an_observed_cause_beside_constructs_works_as_the_message_says():
    text = "A =~ a1 + a2 + a3; B =~ b1 + b2 + b3; B ~ A + age; age ~~ A"
    assert of(power(parse(text), n=100, replications=10), "age ~~ A").population == (
        pytest.approx(0.3 * 0.8)
    )


def test_a_bar_changes_nothing(capsys):
    quiet = power(SPEC, n=100, replications=10)
    assert capsys.readouterr().err == ""
    told = power(SPEC, n=100, replications=10, progress=True)
    assert_array_equal(told.estimate_array, quiet.estimate_array)


def test_the_result_is_that_of_an_estimator_with_its_options():
    found = power(SPEC, n=50, replications=2, std_lv=True, level=0.9)
    assert isinstance(found, PowerResult)
    assert found.estimator == SEM(parse(TEXT_OF_FIT), std_lv=True, level=0.9)
    assert found.level == 0.9
    assert found.replications == 2


def test_sample_size_answers_what_is_asked():
    both = sample_size(df=30, path=-0.2)
    assert both.to_dict() == {
        "close_fit": 314, "not_close_fit": 367, "inverse_square_root": 155
    }  # fmt: skip
    pd.testing.assert_series_equal(sample_size(path=0.2), both[["inverse_square_root"]])
    assert sample_size(df=30, power=0.9)["close_fit"] > both["close_fit"]
    assert sample_size(path=0.2, level=0.99).item() > 155


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"Nothing was asked"),
        ({"df": 0}, r"df=0 must be at least 1"),
        ({"path": 0}, r"path=0 must be a standardized path"),
        ({"path": 1.2}, r"path=1.2 must be"),
        ({"path": 0.2, "power": 0.01}, r"power=0.01 must lie between 0.05"),
        ({"path": 0.2, "power": 1}, r"power=1 must lie"),
        ({"path": 0.2, "level": 95}, r"level=95 must lie"),
    ],
)
def test_sample_size_refuses_what_cannot_be_meant(options, message):
    with pytest.raises(OptionError, match=message):
        sample_size(**options)


def test_power_of_rmsea_equals_semtools():
    theirs = expected("C_moreFit")
    asked = theirs["power"]
    found = rmsea_power(df=asked["df"], n=asked["n"])
    assert found["close_fit"] == pytest.approx(asked["power"], rel=tol.FIT)
    # semTools ends its search one respondent before or after.
    assert abs(sample_size(df=23)["close_fit"] - theirs["n_for_power80"]) <= 1


def test_power_of_rmsea_is_what_sample_size_asks_for():
    needed = sample_size(df=30, power=0.9)
    for name, n in needed.items():
        assert rmsea_power(df=30, n=int(n))[name] >= 0.9 > rmsea_power(df=30, n=int(n) - 1)[name]


@pytest.mark.parametrize(
    ("options", "word"), [({"df": 0, "n": 100}, "df=0"), ({"df": 3, "n": 0}, "n=0")]
)
def test_power_of_rmsea_of_nothing(options, word):
    with pytest.raises(OptionError, match=word):
        rmsea_power(**options)


@pytest.mark.parametrize("limited", ["L ~ a*Q; a > 0", "L ~ lower(0)*a*Q"])
def test_limits_hold_in_the_fits_and_not_in_the_population(limited):
    text = "Q =~ q1 + q2 + q3; L =~ l1 + l2 + l3; "
    options = {"n": 60, "replications": 100, "parameters": {"L ~ Q": 0.05}}
    free, held = (power(ModelSpec.parse(text + t), **options) for t in ("L ~ a*Q", limited))
    assert_allclose(held.population_array, free.population_array, atol=1e-9)
    k = 4
    below = free.estimate_array[0, :, k] < 0
    assert 0.2 < below.mean() < 0.6
    assert (held.estimate_array[0, below, k] == 0).all()
    assert_allclose(held.estimate_array[0, ~below, k], free.estimate_array[0, ~below, k], atol=1e-5)
    assert held.counted.item() == free.counted.item()
    assert held.status_shares["at_bound"].item() == pytest.approx(below.mean(), abs=0.03)


def test_a_population_beyond_a_limit_is_named():
    text = "Q =~ q1 + q2 + q3; L =~ l1 + l2 + l3; L ~ a*Q; a < -0.5"
    with pytest.raises(SpecError, match=r"lie beyond a < -0\.5"):
        power(ModelSpec.parse(text), n=60, replications=10)
    with pytest.raises(SpecError, match=r"no estimator in simulate\(\) and power\(\)"):
        power(ModelSpec.parse("Q =~ q1 + q2 + q3; q1 ~ 1"), n=60)
