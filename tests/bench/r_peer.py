"""R as a peer: one process, asked task by task, that times itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import texts

HERE = Path(__file__).parent
DATA = HERE.parent / "golden" / "data"


class RPeer:
    """A running ``peers.R``; its `version` names R and the packages."""

    def __init__(self) -> None:
        models = Path(tempfile.mkdtemp(prefix="bench_models_"))
        for name in ("HOLZINGER", "ECSI", "ACSI", "BFI"):
            (models / name).write_text(getattr(texts, name), encoding="utf-8")
        self.process = subprocess.Popen(
            ["Rscript", str(HERE / "peers.R"), str(DATA), str(models)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self.version = self._read()

    def _read(self) -> str:
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError("R ended; is lavaan installed?")
        return line

    def run(self, task: str, calls: int = 1) -> tuple[float, list[float]]:
        """Return the seconds of one of some runs of a task, as R measured them, and its numbers."""
        self.process.stdin.write(f"{task} {calls}\n")
        self.process.stdin.flush()
        seconds, answer = self._read().split(" ", 1)
        if answer.startswith("error"):
            raise RuntimeError(f"{task}: {answer}")
        return float(seconds), [float(number) for number in answer.split()]


def r_peer() -> RPeer | None:
    """Return R with lavaan, or None, saying what is missing."""
    if shutil.which("Rscript") is None:
        print("R is not installed (Debian: r-base-core r-cran-lavaan r-cran-psych); nothing to do.")
        return None
    try:
        return RPeer()
    except RuntimeError as error:
        print(f"{error} (Debian: r-cran-lavaan r-cran-psych); nothing to do.")
        return None
