"""English sentences of the report."""

REPORT: dict[str, str] = {}
