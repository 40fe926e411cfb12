"""What the researcher believes: model text, builder, parameter table; no numbers, no data."""
