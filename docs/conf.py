"""Sphinx configuration. Build with ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent

project = "tcsmodel"
author = "The tcsmodel developers"
project_copyright = "The tcsmodel developers"
release = re.search(r'__version__ = "(.+)"', (ROOT / "tcsmodel/__init__.py").read_text("utf-8"))[1]
version = release

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
nitpicky = False

# Pages: every code cell runs at each build, and one that fails fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_show_tb = True
myst_enable_extensions = ["deflist"]  # no mathematics: the pages load nothing from elsewhere
myst_heading_anchors = 3

# Reference: generated from the docstrings.
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc states the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"tcsmodel {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sphinx = False


def bring_notebooks(app: Sphinx) -> None:
    """Copy the notebooks beside the tutorial index: Sphinx reads only its own folder."""
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copyfile(notebook, DOCS / "tutorials" / notebook.name)


def setup(app: Sphinx) -> None:
    """Register what runs before the sources are read."""
    app.connect("config-inited", lambda app, _: bring_notebooks(app))
