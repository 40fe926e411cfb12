"""Inspect the report of `tcsmodel demo`: present, small, self-contained, and saying what it must.

Usage: inspect_report.py REPORT.html [STDOUT.txt]. Needs the standard library only.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

LARGEST = 5_000_000
INDEX = "72.5"  # Satisfaction of the bundled survey, 0-100 (72.454 with path weighting)
SECTIONS = (
    "findings", "trust", "who answered", "structure", "model", "index", "drivers", "priorities",
    "appendix",
)  # fmt: skip
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
}  # fmt: skip
LOADS = {
    "script": ("src",), "img": ("src", "srcset"), "link": ("href",), "iframe": ("src",),
    "object": ("data",), "embed": ("src",), "source": ("src", "srcset"), "video": ("src",),
    "audio": ("src",), "image": ("href", "xlink:href"), "use": ("href", "xlink:href"),
}  # fmt: skip


class Report(HTMLParser):
    """Collects headings, tag balance, ids, links, and every address a browser would load."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.headings: list[str] = []
        self.figures = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.loaded += [known[name] for name in LOADS.get(tag, ()) if name in known]
        self.loaded += re.findall(r"url\(([^)]*)\)", known.get("style", ""))
        if "id" in known:
            self.ids.append(known["id"])
        if tag == "a" and known.get("href", "").startswith("#"):
            self.anchors.append(known["href"][1:])
        if tag in ("h1", "h2"):
            self.headings.append("")
        self.figures += tag == "svg"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if tag not in self.open:
            self.faults.append(f"</{tag}> closes nothing (line {self.getpos()[0]})")
            return
        while (inner := self.open.pop()) != tag:
            if inner not in ("p", "li", "td", "th", "tr", "tbody", "thead", "dt", "dd", "option"):
                self.faults.append(f"<{inner}> is not closed before </{tag}>")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.loaded += re.findall(r"url\(([^)]*)\)", data)
            self.loaded += re.findall(r"@import\s+([^;]+)", data)
            return
        if self.headings and {"h1", "h2"} & set(self.open):
            self.headings[-1] += data
        self.text.append(data)


def outside(address: str) -> bool:
    """Return whether loading `address` would leave the file."""
    bare = address.strip().strip("'\"")
    return bool(bare) and not bare.startswith(("#", "data:"))


def troubles(html: str) -> list[str]:
    """Return everything that is wrong with the report, in words."""
    report = Report()
    report.feed(html)
    report.close()
    text = " ".join(" ".join(report.text).split())
    headings = " | ".join(report.headings).lower()
    found = [f"malformed: {fault}" for fault in report.faults[:5]]
    found += [f"left open: <{tag}>" for tag in report.open if tag not in ("html", "body", "p")]
    found += [f"not self-contained: it loads {a}" for a in report.loaded if outside(a)]
    found += [
        f"no section heading with {s!r} in: {headings}" for s in SECTIONS if s not in headings
    ]
    found += [f"a link to #{a} leads nowhere" for a in set(report.anchors) - set(report.ids)]
    twice = {name for name in report.ids if report.ids.count(name) > 1}
    found += [f"id {name!r} is used twice" for name in sorted(twice)]
    if INDEX not in text:
        found.append(f"the satisfaction index {INDEX} is not in the text")
    if report.figures < 6:
        found.append(f"{report.figures} figures; the demo draws at least 6")
    if not html.lstrip().lower().startswith("<!doctype html>"):
        found.append("it does not begin with <!doctype html>")
    return found


def main(arguments: list[str]) -> int:
    """Print what is wrong and return 1, or one line of facts and 0."""
    path = Path(arguments[0])
    if not path.is_file():
        print(f"{path} was not written", file=sys.stderr)
        return 1
    html = path.read_text(encoding="utf-8")
    found = troubles(html)
    size = path.stat().st_size
    if size >= LARGEST:
        found.append(f"{size:,} bytes; it must stay below {LARGEST:,}")
    if len(arguments) > 1:
        printed = Path(arguments[1]).read_text(encoding="utf-8")
        found += [
            f"the command did not print {w!r}" for w in (path.name, "72.") if w not in printed
        ]
    for line in found:
        print(f"{path.name}: {line}", file=sys.stderr)
    if not found:
        print(f"{path.name}: {size:,} bytes, self-contained, index {INDEX}, all sections present")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
