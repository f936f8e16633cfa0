"""Components that `dg scaffold defs` writes: a folder with a `defs.yaml` for each."""
