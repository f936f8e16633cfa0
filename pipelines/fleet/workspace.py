"""Dagster's workspace of a fleet: one code location, and one process, a home."""

from pathlib import Path

import yaml

from pipelines.fleet.settings import Fleet
from pipelines.settings.home import PLAIN_FILE, put

LOCATION = '''\
"""The home {name}, as Dagster loads it."""

import os

os.environ["SCHOOLBELL_HOME"] = {path!r}

from pipelines.definitions import defs  # noqa: E402

__all__ = ["defs"]
'''


def write_workspace(fleet: Fleet, to: Path) -> Path:
    """Write `workspace.yaml` and a file a home; what is there is written again."""
    to.mkdir(parents=True, exist_ok=True)
    listed = []
    for member in fleet.members:
        file = to / f"{member.name.replace('-', '_')}_home.py"
        text = LOCATION.format(name=member.name, path=str(member.path))
        put(file, text.encode(), PLAIN_FILE)
        listed.append(
            {
                "python_file": {
                    "relative_path": file.name,
                    "location_name": member.name,
                    "attribute": "defs",
                }
            }
        )
    workspace = to / "workspace.yaml"
    put(workspace, yaml.safe_dump({"load_from": listed}).encode(), PLAIN_FILE)
    return workspace
