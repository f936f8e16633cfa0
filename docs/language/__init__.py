"""Language of the project: the word lint and its table."""
