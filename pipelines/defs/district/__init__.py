"""What `dg scaffold defs` writes: one folder with a `defs.yaml` for each component."""
