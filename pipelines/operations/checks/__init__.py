"""The checks of `schoolbell doctor`, a module a subject, found in name order.

Each module holds `CHECKS`, a `Subject` of checks. A check only reads; it
writes nothing, makes no network call, and its result names the command to run.
`examine` runs every check; an error in one does not stop the others.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from pipelines.district import District, Reading
from pipelines.errors import SchoolbellError
from pipelines.plugins import discover
from pipelines.registry.registry import Registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.secrets import state_place
from pipelines.settings.toml_reader import load_settings
from pipelines.state.connections import StateFault, Store, read_store

WELL, LOOK, ACT = 0, 1, 2
UNASKED = -1
"""Grades of an answer; the highest one is the exit code of `schoolbell doctor`."""

WORDS: Mapping[int, str] = {WELL: "well", LOOK: "look", ACT: "act", UNASKED: "unasked"}


@dataclass(frozen=True)
class CheckResult:
    """Result of a check.

    Attributes:
        grade: `WELL`, `LOOK` (needs attention this week), `ACT` (now) or
            `UNASKED` (this machine or home cannot be asked).
        message: One sentence for people.
        command: What to run or edit, with `{home}` for the home's path; empty only
            for good or unasked.
    """

    grade: int
    message: str
    command: str = ""


def well(message: str) -> CheckResult:
    """Return an answer that needs nothing."""
    return CheckResult(WELL, message)


def look(message: str, command: str) -> CheckResult:
    """Return an answer that needs attention this week."""
    return CheckResult(LOOK, message, command)


def act(message: str, command: str) -> CheckResult:
    """Return an answer that needs action now."""
    return CheckResult(ACT, message, command)


def unasked(message: str) -> CheckResult:
    """Return that the question does not apply here, or cannot be answered."""
    return CheckResult(UNASKED, message)


@dataclass(frozen=True)
class Installation:
    """A district home that is looked at; everything is read when first asked for.

    Reading raises what is wrong with it, so that each check that needs it can say
    that it could not ask.
    """

    home: DistrictHome
    now: datetime

    @cached_property
    def settings(self) -> Settings:
        """`district.toml`.

        Raises:
            SettingsError: It is missing or wrong.
        """
        return load_settings(self.home)

    @cached_property
    def registry(self) -> Registry:
        """The district's registry."""
        return load_registry(self.home, self.settings)

    @cached_property
    def store(self) -> Store:
        """`state.db`, to read from.

        Raises:
            StoreError: It is not there or cannot be read.
        """
        return read_store(state_place(self.home))

    @cached_property
    def district(self) -> District:
        """All three together."""
        return District(self.home, self.settings, Reading.of(self.registry), self.store)


@dataclass(frozen=True)
class Check:
    """One question.

    Attributes:
        name: As it is printed and named in documents.
        asks: What it verifies, as a phrase.
    """

    name: str
    asks: str
    answer: Callable[[Installation], CheckResult]


@dataclass(frozen=True)
class Subject:
    """The checks about one subject."""

    name: str
    checks: Sequence[Check]


def subjects() -> Mapping[str, Subject]:
    """Return every subject by name."""
    return discover("pipelines.operations.checks", "CHECKS", Subject)


@dataclass(frozen=True)
class Finding:
    """A check's answer, with its place."""

    subject: str
    check: Check
    answer: CheckResult

    def shown(self) -> dict[str, str]:
        """Return what `--json` prints."""
        return {
            "subject": self.subject,
            "check": self.check.name,
            "grade": WORDS[self.answer.grade],
            "said": self.answer.message,
            "command": self.answer.command,
        }


def examine(installation: Installation) -> Iterator[Finding]:
    """Yield every check's finding, in the order of subjects."""
    for subject in subjects().values():
        for check in subject.checks:
            yield Finding(subject.name, check, answered(check, installation))


def verdict(findings: list[Finding]) -> int:
    """Return the exit code: 0 well, 1 needs attention, 2 needs action."""
    return max((finding.answer.grade for finding in findings), default=WELL)


def answered(check: Check, installation: Installation) -> CheckResult:
    """Return a check's answer; that it could not be asked, where something else is wrong."""
    try:
        answer = check.answer(installation)
        home = shlex.quote(str(installation.home.path))
        return replace(answer, command=answer.command.replace("{home}", home))
    except (SchoolbellError, OSError, StateFault) as error:
        return unasked(f"could not be checked: {str(error).splitlines()[0]}")
