"""Import rules that the floors' contract cannot say."""

import ast
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
