"""Numbers: arrays in, arrays out, leading batch axes; a status instead of an exception."""
