"""English headers and notes of tables."""

TABLES: dict[str, str] = {}
