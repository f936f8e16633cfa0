"""The code location that Dagster loads; see `workspace.yaml`."""

from pipelines.defs.location import build_defs
from pipelines.settings.home import private_by_default

private_by_default()
defs = build_defs()
