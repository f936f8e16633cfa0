"""A district home made of a few files, for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.registry.registry import Registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import parse_settings

SETTINGS = """
[district]
name = "Sample Schools"
zone = "America/Chicago"
account_domains = ["EXAMPLE", "school.example"]
"""

Load = Callable[..., Registry]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a registry from `{file name: text or bytes}` and extra settings."""

    def run(files: dict[str, str | bytes], settings: str = "") -> Registry:
        home = DistrictHome(tmp_path)
        for name, content in files.items():
            path = home.registry / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            path.write_bytes(data)
        return load_registry(home, parse_settings((SETTINGS + settings).encode()))

    return run
