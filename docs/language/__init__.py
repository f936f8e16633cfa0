"""Language of the project: the lints of words and names, and their tables."""
