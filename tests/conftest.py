"""What every test may use: golden files, the sample corpora, bigger N on demand."""

import csv
import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.in_memory import FilesInMemory, folder_on_disk, is_wanted
from tests.slow_list import LIST, Times, listed, name_parts

REPO_ROOT = Path(__file__).parents[1]
CORPORA = REPO_ROOT.parent / "shared" / "corpora"
LONG = bool(os.environ.get("SCHOOLBELL_LONG"))
only_long = pytest.mark.skipif(not LONG, reason="in the long run alone")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if is_wanted(config):
        config.pluginmanager.register(FilesInMemory())
    if os.environ.get("SCHOOLBELL_SLOW") == "rewrite":
        config.pluginmanager.register(Times())


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect without looking for garbage, and do not look through 10,000 tests ever after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what `slow.txt` lists, skip tests for Windows elsewhere, begin with the longest.

    At the end of a run all workers but one would wait for a test of two minutes.
    """
    items.sort(key=lambda item: item.get_closest_marker("first") is None)
    slow = listed(LIST.read_text())
    elsewhere = pytest.mark.skipif(os.name != "nt", reason="needs Windows")
    for item in items:
        if item.get_closest_marker("windows"):
            item.add_marker(elsewhere)
        if slow & name_parts(item.nodeid):
            item.add_marker(pytest.mark.slow)


settings.register_profile(
    "schoolbell",
    max_examples=1_000 if LONG else 50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("schoolbell")


class Golden:
    """Compares with a recorded output, or rewrites it when asked to."""

    def check(self, actual: str, path: Path) -> None:
        if os.environ.get("SCHOOLBELL_GOLDEN") == "rewrite":
            path.write_text(actual, encoding="utf-8")
        assert path.is_file(), f"no golden file {path.name}: run `make golden`"
        assert actual == path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def golden() -> Golden:
    return Golden()


@pytest.fixture
def disk_path():
    """A folder that is not in memory."""
    with folder_on_disk() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium: one, since two of its drivers do not go together."""
    pytest.importorskip("playwright.sync_api")
    from tests.browser.looking import chromium

    with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where the pictures of the run are kept, to be looked at by people."""
    wanted = os.environ.get("SCHOOLBELL_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def corpus(family: str) -> list[dict[str, str]]:
    """Return the manifest rows of one format family; empty where there are no corpora."""
    manifest = CORPORA / "MANIFEST.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as rows:
        reader = csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in reader if row["format"] == family]
