"""Problems of a settings or registry file, described so that they can be fixed.

A `Part` of the settings reports a problem only next to its table's other keys.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import SettingsError

ProblemSeverity = Literal["error", "refused", "notice"]

MAX_VALUE = 80
NOT_ALLOWED = "is not allowed"
"""The mistake of a value outside the allowed ones, printed as `must be ...`."""

Severity = Literal["informational", "low", "medium", "high", "critical"]
"""Severity of a finding or an alert, if it is true; the lowest first."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True)
class Problem:
    """One problem, and what is allowed instead.

    Attributes:
        file: Name of the file, relative to the district home.
        what: What is wrong, as a short phrase.
        line: Line in the file, from 1; null for the whole file.
        column: The column or the key.
        value: The value that was found, as written.
        allowed: Allowed values.
        severity: An error rejects the row; a refused file is not read
            at all; a notice changes nothing.
        paste: A correct line.
        meaning: The purpose of the key.
    """

    file: str
    what: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    allowed: str = ""
    severity: ProblemSeverity = "error"
    paste: str = ""
    meaning: str = ""

    @property
    def where(self) -> str:
        """`file:line`, or the file alone."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """Return one or two lines; the value cannot steer a terminal."""
        named = f" {self.column}" if self.column else ""
        found = "" if self.value is None else f", found {shown(self.value)}"
        what, allowed = self.what, f"; allowed: {self.allowed}" if self.allowed else ""
        if what == NOT_ALLOWED and self.allowed:
            what, allowed = f"must be {self.allowed}", ""
        meaning = f"; meaning: {self.meaning}" if self.meaning else ""
        text = f"{self.where}:{named} {what}{found}{allowed}{meaning}"
        return f"{text}\n  {self.paste}" if self.paste else text


class InvalidSettingsError(SettingsError):
    """`district.toml` cannot be used; lists all its problems."""

    command = "schoolbell check"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = problems[0]
        count = len(problems)
        things = "1 problem" if count == 1 else f"{count} problems"
        super().__init__(f"{things} in the settings", where=first.file, remedy=listed(problems))


def shown(value: str) -> str:
    """Return a value quoted, escaped and short."""
    cut = value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…"
    return repr(cut)


def listed(problems: Iterable[Problem]) -> str:
    """Return one problem below the other."""
    return "\n  ".join(str(problem) for problem in problems)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known word that `word` was probably meant to be."""
    choices = list(known)
    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


@dataclass(frozen=True)
class Fault:
    """Place of a wrong value, and what is allowed.

    Attributes:
        path: Tables and key, as in `("sources", "proxy", "format")`.
        what: What is wrong, as a short phrase.
        found: The value; None if missing.
        allowed: Allowed values, in words.
        paste: A correct line.
        severity: A notice may be meant; an error never is.
    """

    path: tuple[str, ...]
    what: str
    found: str | None
    allowed: str
    paste: str
    severity: ProblemSeverity = "error"


class MisusedKeyError(ValueError):
    """A key of a table that is wrong only next to the table's other keys.

    Attributes:
        key: Its name in the table.
        allowed: Allowed values, in words.
        paste: A correct line.
    """

    def __init__(self, key: str, what: str, *, allowed: str = "", paste: str = "") -> None:
        super().__init__(f"{key} {what}")
        self.key = key
        self.what = what
        self.allowed = allowed
        self.paste = paste


class Part(BaseModel):
    """A table of the settings: no unknown keys, no changes, no guessed types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def setting(default: object, description: str, example: Any = None, **rules: Any) -> Any:
    """Return a field of a table: what holds without it, what it means, and how it is written.

    The example is the default where none is given; `rules` are those of pydantic.
    """
    shown = default if example is None else example
    return Field(default=default, description=description, examples=[shown], **rules)


def gathered(model: type[BaseModel], data: object, into: str) -> object:
    """Move keys that the model does not know into its open mapping `into`."""
    if not isinstance(data, dict):
        return data
    known = {key: value for key, value in data.items() if key in model.model_fields}
    free = {key: value for key, value in data.items() if key not in known}
    inner = known.get(into, {})
    return known | {into: {**inner, **free}} if isinstance(inner, dict) else known
