"""Import rules that the floors' contract cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO_ROOT

FOLDERS = ["formats", "reports/sections", "alerts/channels"]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_plug_in_never_imports_another(folder):
    package = "pipelines." + folder.replace("/", ".")
    names = {
        path.stem
        for path in (REPO_ROOT / "pipelines" / folder).glob("*.py")
        if not path.stem.startswith("_")
    }
    for name in names:
        path = REPO_ROOT / "pipelines" / folder / f"{name}.py"
        siblings = {f"{package}.{other}" for other in names - {name}}
        assert not imported(path) & siblings, path


@pytest.mark.parametrize(
    ("module", "homes"),
    [
        ("dagster", {"defs", "definitions.py"}),
        ("plotly", {"reports", "notebook"}),
        ("duckdb", {"warehouse", "formats"}),
        ("pyspark", {"engines"}),
    ],
)
def test_a_library_is_imported_on_its_own_floor_only(module, homes):
    root = REPO_ROOT / "pipelines"
    users = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        if any(name.split(".")[0] == module for name in imported(path))
    }
    assert users <= homes


PURE = (
    "clock", "settings", "registry", "formats", "warehouse", "privacy", "health",
    "reports",
)  # fmt: skip
"""What these return depends on what is passed in, never on the time of the call."""

ENVIRONMENT = {
    "cli/app.py",  # pydantic is reported to look for no plug-ins
    "settings/secrets.py",  # a secret is a reference to a variable
    "defs/resources.py",
    "cli/errors.py",
    "notebook/connection.py",
    "operations/checks/outputs.py",
    "reports/publication.py",  # what the browser that prints is given
    "fleet/work.py",  # what a home is given, which is little
    "engines/pool.py",  # what a worker is given: all of it, and its threads
    "engines/spark.py",  # where Java and the workers' Python are
}
NETWORK = {
    "alerts/channels",
    "web.py",  # for the heartbeat, webhooks, OpenID and [fetch], with a deadline
    "cli/lists.py",  # `lists update`, from the addresses of [lists]
    "desk/",  # listens on this machine; fetches from [desk.openid] alone
    "landing/remote.py",
}
"""Where a connection can be opened; each needs an address from the settings."""

TALKS = {
    "socket", "ssl", "smtplib", "ftplib", "http.client", "urllib.request", "requests",
    "httpx", "aiohttp", "fsspec", "paramiko", "apprise",
}  # fmt: skip


def modules():
    root = REPO_ROOT / "pipelines"
    return [(path.relative_to(root).as_posix(), path) for path in root.rglob("*.py")]


def reads(path: Path, owner: str, names: set[str]) -> bool:
    """Return whether a module takes one of some attributes of a name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in names
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in ast.walk(tree)
    )


def test_the_clock_is_read_by_those_who_act_and_not_by_those_who_compute():
    for name, path in modules():
        if name.startswith(PURE):
            assert not reads(path, "datetime", {"now", "utcnow", "today"}), name
            assert not reads(path, "date", {"today"}), name
            assert not reads(path, "time", {"time", "monotonic"}), name


def test_the_environment_is_read_in_few_places():
    users = {name for name, path in modules() if reads(path, "os", {"environ", "getenv"})}
    assert users == ENVIRONMENT


def test_a_connection_is_opened_in_few_places():
    users = {name for name, path in modules() if imported(path) & TALKS}
    assert {name for name in users if not name.startswith(tuple(NETWORK))} == set()
    assert all(any(name.startswith(place) for name in users) for place in NETWORK)


def test_nothing_is_computed_on_import():
    """A library's threads, once started, do not outlive a fork: a child would wait
    for ever, and so would the tests that kill one."""
    code = (
        "import pkgutil, importlib, os\n"
        "import numpy, polars, pyarrow, pyarrow.parquet, duckdb, sqlalchemy\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "import pipelines\n"
        "for one in pkgutil.walk_packages(pipelines.__path__, 'pipelines.'):\n"
        "    if not one.name.startswith(('pipelines.defs', 'pipelines.definitions')):\n"
        "        importlib.import_module(one.name)\n"
        "print(len(os.listdir('/proc/self/task')) - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 0


PLUG_INS = {
    "cli", "formats", "formats/reading", "registry/tables",
    "registry/imports", "reports/sections", "alerts/channels", "operations/checks",
    "fetch/services",
    "settings", "synthetic/writers",
}  # fmt: skip
"""Folders whose files are called by what they are about: a command, a CSV."""


def test_a_file_is_called_as_no_other():
    names = [
        Path(name).name for name, _ in modules() if Path(name).parent.as_posix() not in PLUG_INS
    ]
    twice = {name for name in names if names.count(name) > 1} - {"__init__.py"}
    assert not twice
