"""The versions of what runs here."""

import platform
from importlib.metadata import PackageNotFoundError, version

PARTS = ("schoolbell", "duckdb", "polars", "pyarrow", "dagster")


def versions() -> dict[str, str]:
    """Of Python, Schoolbell and what it stands on, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
