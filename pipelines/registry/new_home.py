"""Makes a district home: folders, settings, empty registry files, keys."""

import secrets
from importlib import resources
from pathlib import Path
from typing import Unpack

from pipelines.registry.skeleton import Answers, Said, registry_files, settings_text
from pipelines.settings.home import (
    PLAIN_FILE,
    PRIVATE,
    SECRET_FILE,
    DistrictHome,
    make_file,
    make_folder,
    shared_folder,
)

KEY_BYTES = 32


def create(path: Path, **said: Unpack[Said]) -> DistrictHome:
    """Make a district home, or complete one; what is there stays as it is.

    Args:
        path: The directory.
        said: What the district says of itself, see `Answers`.
    """
    home = DistrictHome(path)
    for folder in (home.path, home.reports, home.snapshots):
        shared_folder(folder)
    for folder in (home.registry, home.landing, home.lake, home.keys):
        make_folder(folder, PRIVATE)
    settings = settings_text(Answers(**said))
    make_file(home.settings_file, settings.encode(), PLAIN_FILE)
    for name, text in registry_files().items():
        make_file(home.registry / name, text.encode(), PLAIN_FILE)
    policy = resources.files("pipelines.registry").joinpath("policy.toml")
    make_file(home.registry / "policy.toml", policy.read_bytes(), PLAIN_FILE)
    make_file(home.key_file, secrets.token_bytes(KEY_BYTES), SECRET_FILE)
    return home
