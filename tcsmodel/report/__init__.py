"""What a reader sees: tables, pictures, HTML, words."""
