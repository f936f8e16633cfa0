"""Replacing a file of the registry, if the registry accepts it."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import home
from pipelines.settings.problems import Problem, listed


def put(path: Path, data: bytes) -> None:
    """Replace a file's bytes and keep its mode."""
    mode = path.stat().st_mode & 0o777 if path.exists() else home.PLAIN_FILE
    home.put(path, data, mode)


def refuse(problems: Sequence[Problem]) -> None:
    """Stop where the registry would set a row aside.

    Raises:
        SettingsError: With every problem.
    """
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        raise SettingsError(
            "the registry would not take it", where=wrong[0].file, remedy=listed(wrong)
        )
