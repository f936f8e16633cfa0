"""Releases as a district gets them: wheels, each installed in an environment without a checkout."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO_ROOT

UV = REPO_ROOT / ".uv" / "bin" / "uv"
PARTS = (
    "pipelines", "sql", "deploy", "dagster.yaml", "workspace.yaml", "pyproject.toml",
    "README.md", "LICENSE",
)  # fmt: skip
"""Parts of the tree that a wheel is made of."""
NEXT_VERSION = "1.0.1"
CODEC = '    Column("codec", Text, nullable=False, default="zstd"),\n'
NEXT = {
    "pyproject.toml": ('\nversion = "', f'\nversion = "{NEXT_VERSION}"  # '),
    "pipelines/state/tables.py": (
        '    Column("superseded_time", Text),\n    Index("lake_files_day"',
        f'    Column("superseded_time", Text),\n{CODEC}    Index("lake_files_day"',
    ),
    "pipelines/state/layout.py": (
        "FILLED: Mapping[tuple[str, str], int | str] = {}",
        'FILLED: Mapping[tuple[str, str], int | str] = {("lake_files", "codec"): "unknown"}',
    ),
}
"""The next release: file -> a text of this one, and what replaces it."""
OURS = ("SCHOOLBELL_", "VIRTUAL_ENV", "DAGSTER_", "PYTHON")


def called(*words: object, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a person outside the tests would."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        [str(word) for word in words],
        cwd="/",
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def wheel_of(tree: Path, folder: Path) -> Path:
    """Build the wheel of a tree."""
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    done = subprocess.run(build, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("schoolbell-*.whl")
    return made


def next_wheel(folder: Path) -> Path:
    """Build a release whose state has one more column, from a copy of the tree."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for name in PARTS:
        copy = shutil.copytree if (REPO_ROOT / name).is_dir() else shutil.copyfile
        copy(REPO_ROOT / name, tree / name)
    number = "\nNUMBER = "
    layout = (REPO_ROOT / "pipelines/state/layout.py").read_text(encoding="utf-8")
    present = int(layout.partition(number)[2].partition("\n")[0])
    changes = [*NEXT.items()]
    changes.append(
        ("pipelines/state/layout.py", (f"{number}{present}\n", f"{number}{present + 1}\n"))
    )
    for name, (before, after) in changes:
        text = (tree / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        (tree / name).write_text(text.replace(before, after), encoding="utf-8")
    return wheel_of(tree, folder / "wheel")


@dataclass(frozen=True)
class Installed:
    """An environment that the wheels of releases are installed in, one after the other."""

    venv: Path

    @classmethod
    def new(cls, venv: Path, wheel: Path, *extras: str) -> "Installed":
        """Install a wheel, and what it needs in the versions of the lock file."""
        called(UV, "venv", "-q", "--python", sys.executable, venv)
        lock = venv / "constraints.txt"
        export = (
            UV,
            "export",
            "-q",
            "--frozen",
            "--all-extras",
            "--no-hashes",
            "--no-emit-project",
        )
        called(*export, "--project", REPO_ROOT, "-o", lock)
        made = cls(venv)
        made.install(f"{wheel}[{','.join(extras)}]" if extras else wheel, "--constraint", lock)
        return made

    def install(self, wheel: Path | str, *options: object) -> None:
        """Install a wheel over the one that is there."""
        python = self.venv / "bin" / "python"
        called(UV, "pip", "install", "-q", "--python", python, *options, wheel)

    def schoolbell(
        self, *words: object, code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the installed release."""
        return called(self.venv / "bin" / "schoolbell", *words, code=code, **variables)

    def version(self) -> str:
        """Return the installed version."""
        return self.schoolbell("--version").stdout.strip().split()[-1]


def killed(program: Installed, folder: Path, what: str, *words: object) -> int:
    """Run a command whose process dies right before a call of the system; its exit code.

    Args:
        folder: For the module that watches the calls, outside the release.
        what: Name of the call in Python's audit events, and a part of its first argument.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(WATCHER, encoding="utf-8")
    done = subprocess.run(
        [str(program.venv / "bin" / "schoolbell"), *map(str, words)],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(folder), "DIE_AT": what},
        capture_output=True,
        check=False,
    )
    return done.returncode


WATCHER = """
import os
import sys

event, _, part = os.environ["DIE_AT"].partition(" ")


def watch(name, arguments):
    if name == event and part in str(arguments[0]):
        os.kill(os.getpid(), 9)


sys.addaudithook(watch)
"""
