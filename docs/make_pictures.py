"""Draw the README's picture: run its example and save what the last line draws.

Run ``python docs/make_pictures.py`` after a change to the example or to the pictures.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PICTURE = DOCS / "_static" / "priorities.png"


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


def main() -> None:
    """Write the picture."""
    axes = draw(example((DOCS.parent / "README.md").read_text(encoding="utf-8")))
    PICTURE.parent.mkdir(exist_ok=True)
    axes.figure.savefig(PICTURE, dpi=150, metadata={"Software": None})
    print(f"{PICTURE} written")


if __name__ == "__main__":
    main()
