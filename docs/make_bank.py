"""Draw the simulated survey of bank customers, ``tcsmodel/data/bank_simulated.csv``.

The population is that of `tcsmodel.datasets.bank`. The file is kept, so that the survey is the
same whatever version of numpy reads it; run ``python docs/make_bank.py`` after a change to the
population.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

from tcsmodel.datasets import BANK_ANSWERS, BANK_POPULATION, BANK_SHIFTS
from tcsmodel.models.simulation import population
from tcsmodel.spec.model import ModelSpec

TARGET = Path(__file__).parent.parent / "tcsmodel" / "data" / "bank_simulated.csv"
SEED = 2026
PER_CELL = {"retail": 105, "business": 45}
BRANCHES, BRANCH_VARIANCE = 8, 0.05
MARKET = {"Bank A": 0.50, "Bank B": 0.30, "Bank C": 0.20}
SEGMENTS = {"retail": 0.85, "business": 0.15}
PROFIT, PROFIT_SPREAD = {"retail": 180.0, "business": 430.0}, 120.0


def sample() -> pd.DataFrame:
    """Return who is asked: bank, wave, segment."""
    cells = [
        pd.DataFrame({"bank": bank, "wave": wave, "segment": segment}, range(PER_CELL[segment]))
        for bank, segment, wave in BANK_SHIFTS
    ]
    return pd.concat(cells, ignore_index=True)


def weights(frame: pd.DataFrame) -> pd.Series:
    """Return share in the market over share in the sample."""
    share = frame["bank"].map(MARKET) * frame["segment"].map(SEGMENTS)
    cell = frame.groupby(["bank", "segment"])["wave"].transform("size") / len(frame)
    return (share / cell).round(4)


def branches(frame: pd.DataFrame, generator: np.random.Generator) -> pd.Series:
    """Return each customer's branch, such as A3."""
    number = generator.integers(1, BRANCHES + 1, len(frame)).astype(str)
    return frame["bank"].str[-1] + pd.Series(number, frame.index)


def constructs(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the constructs of each customer, causes before effects."""
    people = population(ModelSpec.parse(BANK_POPULATION))
    names, paths = list(people.latents), people.path_array
    phi = people.latent_array
    variance = np.diag(phi - paths @ phi @ paths.T)
    effect = pd.Series(
        np.sqrt(BRANCH_VARIANCE) * generator.standard_normal(frame["branch"].nunique()),
        sorted(frame["branch"].unique()),
    )
    values = np.zeros((len(frame), len(names)))
    for j, name in enumerate(names):
        own = variance[j] - (BRANCH_VARIANCE if name == "Quality" else 0.0)
        shift = [
            BANK_SHIFTS[cell].get(name, 0.0)
            for cell in zip(frame["bank"], frame["segment"], frame["wave"], strict=True)
        ]
        values[:, j] = values @ paths[j] + shift
        values[:, j] += np.sqrt(own) * generator.standard_normal(len(frame))
        if name == "Quality":
            values[:, j] += frame["branch"].map(effect)
    return pd.DataFrame(values, frame.index, names)


def answers(latent: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the answers, 1 to 10, complete."""
    people = population(ModelSpec.parse(BANK_POPULATION))
    columns = {}
    for i, item in enumerate(people.items):
        name = people.latents[int(np.argmax(people.loading_array[i]))]
        loading, (mean, spread) = people.loadings.loc[item, name], BANK_ANSWERS[name]
        error = np.sqrt(1 - loading**2) * generator.standard_normal(len(latent))
        columns[item] = np.rint(mean + spread * (loading * latent[name] + error)).clip(1, 10)
    return pd.DataFrame(columns, latent.index).astype("Int64")


def with_gaps(complete: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the answers without those that were not given."""
    rate = np.where(complete["satisfaction1"] <= 5, 0.016, 0.004)[:, None]
    rate = rate + 0.01 * np.array([item.startswith("value") for item in complete])
    rate[:, complete.columns.get_loc("satisfaction1")] = 0.0
    return complete.mask(generator.random(complete.shape) < rate)


def draw(seed: int = SEED) -> pd.DataFrame:
    """Return the survey."""
    generator = np.random.default_rng(seed)
    frame = sample()
    frame["branch"] = branches(frame, generator)
    frame["weight"] = weights(frame)
    latent = constructs(frame, generator)
    frame = frame.join(with_gaps(answers(latent, generator), generator))
    chance = generator.random((2, len(frame)))
    frame["complained"] = (chance[0] < ndtr(-1.1 - 0.5 * latent["Satisfaction"])).astype(int)
    frame["left"] = (chance[1] < ndtr(-1.4 - 0.6 * latent["Loyalty"])).astype(int)
    profit = frame["segment"].map(PROFIT) + 60 * latent["Loyalty"]
    noise = PROFIT_SPREAD * generator.standard_normal(len(frame))
    frame["profit"] = (profit + noise).round().astype(int)
    frame = frame.sort_values(["wave", "bank", "branch"], kind="stable", ignore_index=True)
    frame.insert(0, "customer", frame.index + 1)
    return frame


if __name__ == "__main__":
    draw().to_csv(TARGET, index=False, lineterminator="\n")
    print(f"{TARGET} written")
