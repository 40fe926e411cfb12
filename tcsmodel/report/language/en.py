"""English strings of pictures, tables and the report."""

LEADING_ZERO = False

STRINGS: dict[str, str] = {
    "list.and": "{first} and {last}",
    "list.comma": ", ",
}
