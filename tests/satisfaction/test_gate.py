"""The structure gate on the bundled survey, on a sound structure, and beside SEM."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.errors import ImproperSolutionWarning
from tcsmodel.models.cfa import CFA
from tcsmodel.models.pls import PLS
from tcsmodel.models.sem import SEM
from tcsmodel.result import Severity
from tcsmodel.satisfaction.gate import structure_gate
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

SOUND = """
A =~ a1 + a2 + a3
B =~ b1 + b2 + b3
C =~ c1 + c2 + c3
C ~ A + B
"""


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey(pd.read_csv(DATA / "mobi.csv"), scale=(1, 10))


@pytest.fixture(scope="module")
def pls(survey):
    return PLS(library.ecsi()).fit(survey)


@pytest.fixture(scope="module")
def booted(pls):
    return pls.bootstrap(1000, seed=7)


def sound(corr_ab: float = 0.3, loading: float = 0.85, n: int = 400) -> pd.DataFrame:
    """Nine items of three constructs that can be told apart."""
    rng = np.random.default_rng(5)
    a = rng.normal(size=n)
    b = corr_ab * a + np.sqrt(1 - corr_ab**2) * rng.normal(size=n)
    c = 0.4 * a + 0.4 * b + 0.7 * rng.normal(size=n)
    noise = np.sqrt(1 - loading**2)
    return pd.DataFrame(
        {
            f"{name}{i}": loading * latent / latent.std() + noise * rng.normal(size=n)
            for name, latent in (("a", a), ("b", b), ("c", c))
            for i in (1, 2, 3)
        }
    )


def found(gate, code: str) -> list[tuple[str, ...]]:
    return [finding.subjects for finding in gate.findings if finding.code == code]


def test_the_bundled_survey_does_not_pass(booted):
    gate = structure_gate(booted)
    assert not gate.passed
    assert {("Expectation",), ("Loyalty",)} == set(found(gate, "low_alpha"))
    alpha = next(f for f in gate.findings if f.subjects == ("Expectation",))
    assert alpha.evidence["alpha"] == pytest.approx(0.4519, abs=5e-5)
    assert alpha.severity is Severity.PROBLEM


def test_constructs_that_cannot_be_told_apart(booted):
    gate = structure_gate(booted)
    pairs = {f.subjects: f for f in gate.findings if f.code == "htmt_indistinct"}
    assert pairs["Quality", "Satisfaction"].evidence["htmt"] == pytest.approx(0.954, abs=5e-4)
    assert pairs["Satisfaction", "Loyalty"].evidence["htmt"] == pytest.approx(0.957, abs=5e-4)
    assert all(f.evidence["ci_upper"] >= 1 for f in pairs.values())
    assert "cannot be told apart" in str(pairs["Quality", "Satisfaction"])
    uncertain = next(f for f in gate.findings if f.code == "htmt_uncertain")
    assert uncertain.severity is Severity.PROBLEM
    assert "Expectation–Loyalty" in uncertain.evidence["pairs"]
    assert uncertain.evidence["highest"] < 0.9
    assert uncertain.evidence["upper_lowest"] >= 1
    assert "Expectation–Loyalty" in uncertain.sentence()


def test_before_a_bootstrap_high_ratios_are_cautions(pls):
    gate = structure_gate(pls)
    high = {f.subjects: f for f in gate.findings if f.code == "htmt_high"}
    assert set(high) == {
        ("Image", "Quality"),
        ("Image", "Satisfaction"),
        ("Quality", "Satisfaction"),
        ("Satisfaction", "Loyalty"),
    }
    assert {f.severity for f in high.values()} == {Severity.CAUTION}


def test_merge_candidates_overlap_in_every_pair(pls):
    assert found(structure_gate(pls), "merge_candidates") == [
        ("Image", "Quality", "Satisfaction"),
        ("Satisfaction", "Loyalty"),
    ]


def test_fornell_larcker_names_the_other_construct(pls):
    finding = next(f for f in structure_gate(pls).findings if f.code == "fornell_larcker")
    other = finding.evidence["other"]
    corr = abs(pls.construct_corr.loc[finding.subjects[0], other])
    assert corr > np.sqrt(pls.reliability.loc[finding.subjects[0], "ave"])


def test_a_sound_structure_passes():
    pls = PLS(ModelSpec.parse(SOUND)).fit(sound()).bootstrap(300, seed=1)
    gate = structure_gate(pls)
    assert gate.passed
    assert gate.findings == ()
    assert len(gate.table()) == 0
    assert repr(gate) == "Gate(passed: 0 problems, 0 cautions, 0 notes)"


def test_collinear_antecedents_are_noted():
    pls = PLS(ModelSpec.parse(SOUND)).fit(sound(corr_ab=0.9, loading=0.97))
    gate = structure_gate(pls)
    assert 3.3 < pls.vif.loc["A", "C"] <= 5
    assert set(found(gate, "collinear")) == {("A",), ("B",)}


def test_unreliable_scales_by_degree():
    severities = {}
    for loading in (0.62, 0.45):
        gate = structure_gate(PLS(ModelSpec.parse(SOUND)).fit(sound(loading=loading)))
        alphas = [f for f in gate.findings if f.code == "low_alpha" and f.subjects == ("A",)]
        severities[loading] = alphas[0].severity
    assert severities == {0.62: Severity.CAUTION, 0.45: Severity.PROBLEM}


def test_composites_and_single_items_are_not_judged_as_scales():
    text = "A <~ a1 + a2 + a3\nB =~ b1\nC =~ c1 + c2 + c3\nC ~ A + B"
    gate = structure_gate(PLS(ModelSpec.parse(text)).fit(sound(loading=0.3)))
    judged = {f.subjects for f in gate.findings if f.code in ("low_alpha", "low_ave")}
    assert judged == {("C",)}


def test_table_is_in_words_and_worst_first(booted):
    gate = structure_gate(booted)
    table = gate.table()
    assert list(table.columns) == [
        "finding",
        "severity",
        "subjects",
        "evidence",
        "meaning",
        "advice",
    ]
    order = [severity.value for severity in Severity]
    assert table["severity"].map(order.index).is_monotonic_increasing
    assert table.map(lambda cell: "{" not in cell and cell.strip() != "").all(axis=None)
    assert gate.counts.sum() == len(table)
    assert gate.agreement is None


def test_moments_alone_can_be_judged(survey):
    spec = library.ecsi()
    gate = structure_gate(PLS(spec).fit(survey.moments(spec.items)))
    assert found(gate, "merge_candidates")


@pytest.fixture(scope="module")
def sem(survey):
    with pytest.warns(ImproperSolutionWarning):
        return SEM(library.ecsi()).fit(survey)


def test_an_improper_covariance_solution_is_told(pls, sem):
    gate = structure_gate(pls, sem)
    assert found(gate, "improper_sem") == [("SEM",)]
    assert found(gate, "ridge")
    head = next(f for f in gate.findings if f.code == "improper_sem")
    assert head.evidence["status"] == "ridge"
    assert head.evidence["count"] == len(sem.verify())


def test_methods_side_by_side(booted, sem):
    pairs = structure_gate(booted, sem).agreement.set_index(["source", "target"])
    assert len(pairs) == 12
    loyal = pairs.loc[("Satisfaction", "Loyalty")]
    assert loyal["pls"] == pytest.approx(0.48547762, abs=1e-6)
    std = sem.estimates.query("lhs == 'Loyalty' and op == '~' and rhs == 'Satisfaction'")["std"]
    assert loyal["sem"] == pytest.approx(std.item())
    value = pairs.loc[("Quality", "Value")]
    assert value["sem"] < 0 < value["pls"]
    assert (value["agree"], value["reason"]) == (False, "sign")
    assert pairs.loc[("Satisfaction", "Complaints"), "agree"]
    limits = booted.intervals("paths").set_index(["source", "target"])
    np.testing.assert_allclose(pairs["pls_ci_lower"], limits.loc[pairs.index, "ci_lower"])


def test_disagreement_is_counted_by_kind(booted, sem):
    gate = structure_gate(booted, sem)
    reasons = gate.agreement["reason"].value_counts()
    for code, reason in (("methods_disagree_sign", "sign"), ("methods_disagree", "significance")):
        finding = next(f for f in gate.findings if f.code == code)
        assert finding.evidence == {"count": reasons[reason], "total": 12}
        assert len(finding.subjects) == reasons[reason]


def test_significance_is_compared_only_after_a_bootstrap(pls, sem):
    assert set(structure_gate(pls, sem).agreement["reason"]) <= {"", "sign"}


def test_methods_agree_on_a_sound_structure():
    spec = ModelSpec.parse(SOUND)
    data = sound()
    pls, sem = PLS(spec).fit(data).bootstrap(300, seed=1), SEM(spec).fit(data)
    gate = structure_gate(pls, sem, CFA(spec.measurement()).fit(data))
    assert gate.passed
    assert gate.findings == ()
    assert gate.agreement["agree"].all()


def test_a_path_that_sem_does_not_have_is_not_compared():
    data = sound()
    pls = PLS(ModelSpec.parse(SOUND)).fit(data)
    other = SEM(ModelSpec.parse(SOUND.replace("C ~ A + B", "C ~ A"))).fit(data)
    pairs = structure_gate(pls, other).agreement.set_index("source")
    assert pairs.loc["B", "reason"] == "no estimate"
    assert pairs.loc["A", "agree"]


def test_a_whole_is_not_held_against_its_parts(survey):
    text = """
    Quality =~ PERQ1 + PERQ2 + PERQ3
    Image   =~ IMAG1 + IMAG2 + IMAG3
    Value   =~ PERV1 + PERV2
    Brand   =~ Image + Value
    Brand   ~ Quality
    """
    pls = PLS(ModelSpec.parse(text)).fit(survey)
    assert pls.construct_corr.loc["Image", "Brand"] ** 2 > pls.reliability.loc["Brand", "ave"]
    found = structure_gate(pls).verify()
    others = [(f.subjects[0], f.evidence["other"]) for f in found if f.code == "fornell_larcker"]
    assert not {("Image", "Brand"), ("Value", "Brand"), ("Brand", "Image"), ("Brand", "Value")} & {
        *others
    }
