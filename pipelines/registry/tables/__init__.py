"""One module a table of the registry: its file, its frames, what a change touches."""
