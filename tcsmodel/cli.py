"""The command line: ``tcsmodel demo`` and ``tcsmodel run study.toml``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tcsmodel.errors import TcsError, TcsWarning

if TYPE_CHECKING:
    from tcsmodel.study import Study
    from tcsmodel.survey.survey import Survey

REPORT = "report.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 2 with one line on what is wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        As typed; those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            # The summary and the report state every caution.
            warnings.simplefilter("ignore", TcsWarning)
            if options.command == "demo":
                _demo(options.out)
            else:
                _run(options.study, options.out)
    except TcsError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.strerror}: {error.filename!r}. Choose another folder with --out.")
    return 0


def _fail(message: str) -> int:
    lines = (line.strip() for line in message.splitlines())
    print(f"tcsmodel: {' '.join(line for line in lines if line.strip('^ '))}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tcsmodel",
        description="From a customer-satisfaction survey to an index, key drivers, priorities and "
        "a report.",
    )
    parser.add_argument(
        "--version", action="version", version=import_module("tcsmodel").__version__
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="run the whole road on the bundled mobile-phone survey")
    run = commands.add_parser("run", help="run the study that a TOML file describes")
    run.add_argument("study", metavar="study.toml", type=Path, help="see docs/study.toml")
    for command, folder in ((demo, "tcsmodel-demo"), (run, "tcsmodel-report")):
        command.add_argument(
            "--out",
            metavar="DIR",
            type=Path,
            default=Path(folder),
            help=f"folder for {REPORT} (default: {folder})",
        )
    return parser


def _demo(out: Path) -> None:
    from tcsmodel import datasets
    from tcsmodel.spec import library
    from tcsmodel.study import Study

    _finish(Study(library.ecsi()), datasets.mobi(), 7, out, "en")


def _run(path: Path, out: Path) -> None:
    from tcsmodel.config import read_study

    file = read_study(path)
    _finish(file.study, file.survey, file.seed, out, file.language)


def _finish(study: Study, survey: Survey, seed: int, out: Path, language: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    result = study.run(survey, seed=seed, progress=True)
    report = result.report(out / REPORT, language=language)
    print(result.summary())
    print(f"\nReport: {report.resolve()}")
