"""The review desk: pages in a browser; each act is the function that the command calls."""
