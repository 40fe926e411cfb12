"""The simulated bank survey: said to be simulated, and drawn from the population it names."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import tcsmodel as tcs
from tcsmodel.datasets import BANK_ANSWERS, BANK_POPULATION, BANK_SHIFTS
from tcsmodel.models.simulation import Population, population
from tcsmodel.spec.model import ModelSpec

ROOT = Path(__file__).parents[2]
CELLS = ["bank", "segment", "wave"]
BRANCHES, BRANCH_VARIANCE = 8, 0.05


@pytest.fixture(scope="module")
def survey() -> tcs.Survey:
    return tcs.datasets.bank()


@pytest.fixture(scope="module")
def people() -> Population:
    return population(ModelSpec.parse(BANK_POPULATION))


@pytest.fixture(scope="module")
def within(survey: tcs.Survey) -> pd.DataFrame:
    """Return items and profit without the means of bank, segment and wave."""
    frame, columns = survey.data, [*survey.items, "profit"]
    return frame[columns] - frame.groupby(CELLS)[columns].transform("mean")


def latent_means(people: Population) -> pd.DataFrame:
    """Return the mean of each construct in each cell of bank, segment and wave."""
    total = np.linalg.inv(np.eye(len(people.latents)) - people.path_array)
    shifts = pd.DataFrame(BANK_SHIFTS.values(), pd.MultiIndex.from_tuples(BANK_SHIFTS))
    shifts = shifts.reindex(columns=people.latents).fillna(0.0)
    return shifts @ pd.DataFrame(total.T, people.latents, people.latents)


def test_it_says_that_it_is_simulated(survey: tcs.Survey) -> None:
    assert survey.simulated
    assert repr(survey).endswith(", simulated)")
    assert all(label.endswith("(simulated)") for label in survey.labels.values())
    assert list(survey.labels) == list(survey.items)
    assert "SIMULATED" in (tcs.datasets.bank.__doc__ or "").splitlines()[0]
    for part in (survey.where(survey.data["bank"] == "Bank A"), *survey.split()):
        assert part.simulated
    assert not tcs.datasets.mobi().simulated
    assert tcs.simulate(tcs.library.bank(), n=10, seed=1).simulated


def test_the_sample_is_the_one_described(survey: tcs.Survey) -> None:
    frame = survey.data
    assert frame.groupby(["bank", "wave"]).size().tolist() == [150] * 12
    assert frame.groupby(["bank", "wave"])["segment"].value_counts().unique().tolist() == [105, 45]
    assert frame.groupby("bank")["branch"].nunique().tolist() == [BRANCHES] * 3
    assert frame["customer"].is_unique
    share = frame.groupby("bank")["weight"].sum() / frame["weight"].sum()
    assert share.tolist() == pytest.approx([0.5, 0.3, 0.2], abs=1e-4)
    business = frame.loc[frame["segment"] == "business", "weight"].sum() / frame["weight"].sum()
    assert business == pytest.approx(0.15, abs=1e-4)


def test_the_population_is_of_the_library_model(survey: tcs.Survey, people: Population) -> None:
    spec = tcs.library.bank()
    stated = ModelSpec.parse(BANK_POPULATION)
    assert spec.items == stated.items == survey.items
    assert set(spec.paths) == set(stated.paths)
    assert np.diag(people.latent_array) == pytest.approx(1)


def test_sem_recovers_loadings_and_paths(within: pd.DataFrame, people: Population) -> None:
    spec = tcs.library.bank()
    fit = tcs.SEM(spec, missing="fiml").fit(within[list(spec.items)])
    assert fit.fit_measures["p"] > 0.01
    table = fit.standardized.set_index(["lhs", "op", "rhs"])
    loads, paths = table.xs("=~", level="op"), table.xs("~", level="op")
    # Whole numbers and the end of the scale take up to 4% off a loading.
    expected = np.array([people.loadings.loc[item, name] for name, item in loads.index])
    off = (loads["std"] - expected).to_numpy()
    assert (off < 4 * loads["se"]).all()
    assert (off > -4 * loads["se"] - 0.04 * expected).all()
    expected = np.array([people.paths.loc[source, target] for target, source in paths.index])
    assert (np.abs(paths["std"] - expected) < 4 * paths["se"]).all()


def test_consistent_pls_recovers_paths(within: pd.DataFrame, people: Population) -> None:
    spec = tcs.library.bank()
    result = tcs.PLS(spec, consistent=True, missing="fiml").fit(within[list(spec.items)])
    expected = [people.paths.loc[path.source, path.target] for path in spec.paths]
    assert result.table()["path"].to_numpy() == pytest.approx(np.array(expected), abs=0.08)


def test_means_of_banks_waves_and_segments(survey: tcs.Survey, people: Population) -> None:
    frame, means = survey.data, latent_means(people)
    total = np.linalg.inv(np.eye(len(people.latents)) - people.path_array)
    quality = total[:, people.latents.index("Quality")]
    z = []
    for cell, part in frame.groupby(CELLS):
        for j, name in enumerate(people.latents):
            middle, spread = BANK_ANSWERS[name]
            for item in people.loadings.index[people.loadings[name] != 0]:
                load = people.loadings.loc[item, name]
                center = middle + spread * load * means.loc[cell, name]
                above = ndtr((center - np.arange(1.5, 10)) / spread)
                answered = part[item].dropna()
                branch = BRANCH_VARIANCE * (spread * load * quality[j]) ** 2 / BRANCHES
                error = np.sqrt(answered.var() / len(answered) + branch)
                z.append((answered.mean() - 1 - above.sum()) / error)
    assert len(z) == 24 * 27
    assert np.abs(z).max() < 4.5
    # Items of one customer go together, so their z values do too.
    assert np.mean(np.square(z)) == pytest.approx(1, abs=0.4)


def test_what_happened_to_the_banks_is_seen(survey: tcs.Survey) -> None:
    result = tcs.PLS(tcs.library.bank(), missing="fiml").fit(survey)
    index = tcs.satisfaction_index(result).by(["bank", "wave"])
    at = index.pivot_table(index=["construct", "bank"], columns="wave", values="index")
    fees = at.loc["Value", "Bank A"]
    assert fees[[2024, 2025]].mean() < fees[[2022, 2023]].mean() - 10
    assert at.loc["Quality", "Bank C"][2025] > at.loc["Quality", "Bank C"][2022] + 7
    assert at.loc["Image", "Bank A"].mean() > at.loc["Image", "Bank C"].mean() + 4


def test_behavior_follows_the_constructs(
    survey: tcs.Survey, within: pd.DataFrame, people: Population
) -> None:
    frame, means = survey.data, latent_means(people)
    for column, name, level, slope in (
        ("complained", "Satisfaction", -1.1, -0.5),
        ("left", "Loyalty", -1.4, -0.6),
    ):
        mean = means[name].loc[list(frame[CELLS].itertuples(index=False, name=None))].to_numpy()
        expected = ndtr((level + slope * mean) / np.hypot(1, slope)).mean()
        error = np.sqrt(expected * (1 - expected) / len(frame))
        assert frame[column].mean() == pytest.approx(expected, abs=4 * error)
    spec = ModelSpec.parse(f"{tcs.library.bank()}\nprofit ~ Loyalty")
    row = tcs.SEM(spec, missing="fiml", std_lv=True).fit(within).standardized
    row = row[(row["lhs"] == "profit") & (row["rhs"] == "Loyalty")].iloc[0]
    spread = within["profit"].std()
    assert row["std"] * spread == pytest.approx(60, abs=4 * row["se"] * spread)


def test_gaps_depend_on_satisfaction_only(survey: tcs.Survey) -> None:
    frame = survey.data
    assert frame["satisfaction1"].notna().all()
    low = frame["satisfaction1"] <= 5
    value = [item for item in survey.items if item.startswith("value")]
    others = [item for item in survey.items if item not in (*value, "satisfaction1")]
    for rows, rate in ((low, 0.016), (~low, 0.004)):
        for items, more in ((others, 0.0), (value, 0.01)):
            gaps = frame.loc[rows, items].isna().to_numpy()
            error = np.sqrt(rate / gaps.size)
            assert gaps.mean() == pytest.approx(rate + more, abs=5 * error)


def test_the_script_draws_such_a_survey(survey: tcs.Survey) -> None:
    module = importlib.util.spec_from_file_location("make_bank", ROOT / "docs" / "make_bank.py")
    assert module is not None
    assert module.loader is not None
    made = importlib.util.module_from_spec(module)
    module.loader.exec_module(made)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = made.draw(seed=1)
    packaged = survey.data
    assert list(drawn.columns) == list(packaged.columns)
    assert drawn[["bank", "wave", "customer"]].equals(packaged[["bank", "wave", "customer"]])
    assert not drawn["image1"].equals(packaged["image1"])
