"""The review desk: pages in a browser, acts by the functions that commands call."""
