"""Draw the README's picture, and those of the model library.

The README's is what the last line of its example draws. Run ``python docs/make_pictures.py`` after
a change to the example, to a library model or to the pictures.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from tcsmodel.report.language import language
from tcsmodel.report.spec_pictures import spec_diagram
from tcsmodel.spec.library import MODELS

DOCS = Path(__file__).parent
PICTURE = DOCS / "_static" / "priorities.png"
DIAGRAMS = DOCS / "_static" / "models"


def example(readme: str) -> str:
    """Return the Python code of the README."""
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return code


def draw(code: str) -> Any:
    """Run the example and return the axes that its last line draws."""
    tree = ast.parse(code)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise SystemExit("The README's example does not end with a picture.")
    names: dict[str, Any] = {}
    exec(compile(tree, "README.md", "exec"), names)
    return eval(compile(ast.Expression(last.value), "README.md", "eval"), names)


def draw_models() -> None:
    """Write the diagram of each library model; the Korean index has that of the American."""
    DIAGRAMS.mkdir(parents=True, exist_ok=True)
    for name, model in MODELS.items():
        if name == "ncsi":
            continue
        axes = spec_diagram(model(), language("en")).bare()
        axes.figure.savefig(DIAGRAMS / f"{name}.png", dpi=90, metadata={"Software": None})


def main() -> None:
    """Write the pictures."""
    draw_models()
    axes = draw(example((DOCS.parent / "README.md").read_text(encoding="utf-8")))
    PICTURE.parent.mkdir(exist_ok=True)
    axes.figure.savefig(PICTURE, dpi=150, metadata={"Software": None})
    print(f"{PICTURE} written")


if __name__ == "__main__":
    main()
