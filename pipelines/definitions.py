"""The code location that Dagster loads; see `workspace.yaml`."""

from pipelines.defs.location import build_defs

defs = build_defs()
