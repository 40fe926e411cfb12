"""Shared fixtures: the bundled survey and the reference numbers."""

from __future__ import annotations

import pandas as pd
import pytest
from comparison import LEDGER, Watch
from golden_files import DATA


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watch(LEDGER))


@pytest.fixture(scope="session")
def mobi_frame() -> pd.DataFrame:
    return pd.read_csv(DATA / "mobi.csv")


@pytest.fixture(scope="session")
def hs_frame() -> pd.DataFrame:
    return pd.read_csv(DATA / "HolzingerSwineford1939.csv")
