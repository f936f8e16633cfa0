"""What is wrong with a settings or registry file, told so that it can be fixed.

A `Part` of the settings tells what is wrong only beside its table's other keys.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import SettingsError

ProblemSeverity = Literal["error", "refused", "notice"]

LONGEST_VALUE = 80

Severity = Literal["informational", "low", "medium", "high", "critical"]
"""How bad a finding or an alert is, if it is true; the least first."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what is allowed in its place.

    Attributes:
        file: Name of the file, relative to the district home.
        what: What is wrong, as a short phrase.
        line: Line in the file, from 1; null where the whole file is meant.
        column: The column or the key.
        value: What was found there, as written.
        allowed: What may stand there.
        severity: An error sets the row aside; a file that is refused is not taken
            at all; a notice changes nothing.
        paste: A line that would be right.
    """

    file: str
    what: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    allowed: str = ""
    severity: ProblemSeverity = "error"
    paste: str = ""

    @property
    def where(self) -> str:
        """`file:line`, or the file alone."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """One or two lines; the value cannot steer a terminal."""
        named = f" {self.column}" if self.column else ""
        found = "" if self.value is None else f", found {shown(self.value)}"
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        text = f"{self.where}:{named} {self.what}{found}{allowed}"
        return f"{text}\n  {self.paste}" if self.paste else text


class InvalidSettingsError(SettingsError):
    """`district.toml` cannot be used; says everything that is wrong in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = problems[0]
        count = len(problems)
        things = "1 problem" if count == 1 else f"{count} problems"
        super().__init__(f"{things} in the settings", where=first.file, remedy=listed(problems))


def shown(value: str) -> str:
    """Quoted, escaped and short."""
    cut = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    return repr(cut)


def listed(problems: Iterable[Problem]) -> str:
    """One problem below the other."""
    return "\n  ".join(str(problem) for problem in problems)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be."""
    choices = list(known)
    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


@dataclass(frozen=True)
class Fault:
    """Where it stands, and what should stand there.

    Attributes:
        path: Tables and key, as in `("sources", "proxy", "format")`.
        what: What is wrong, as a short phrase.
        found: What stands there; None where nothing does.
        allowed: What may stand there, in words.
        paste: A line that would be right.
    """

    path: tuple[str, ...]
    what: str
    found: str | None
    allowed: str
    paste: str


class MisusedKeyError(ValueError):
    """A key of a table that is wrong only beside the table's other keys.

    Attributes:
        key: Its name in the table.
        allowed: What may stand there, in words.
        paste: A line that would be right.
    """

    def __init__(
        self,
        key: str,
        what: str,
        *,
        allowed: str = "",
        paste: str = "",
    ) -> None:
        super().__init__(f"{key} {what}")
        self.key = key
        self.what = what
        self.allowed = allowed
        self.paste = paste


class Part(BaseModel):
    """A table of the settings: no unknown keys, no changes, no guessed types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def setting(default: Any, description: str, example: Any = None, **rules: Any) -> Any:
    """A field of a table: what holds without it, what it means, and how it is written.

    The example is the default where none is given; `rules` are those of pydantic.
    """
    shown = default if example is None else example
    return Field(default=default, description=description, examples=[shown], **rules)


def gathered(model: type[BaseModel], data: Any, into: str) -> Any:
    """Move keys that the model does not know into its open mapping `into`."""
    if not isinstance(data, dict):
        return data
    known = {key: value for key, value in data.items() if key in model.model_fields}
    free = {key: value for key, value in data.items() if key not in known}
    inner = known.get(into, {})
    return known | {into: {**inner, **free}} if isinstance(inner, dict) else known
