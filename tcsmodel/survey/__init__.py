"""What respondents answered: surveys, moments, screening, files."""
