"""The answers of `schoolbell doctor`, a module per subject.

`operations/check_questions.py` has the questions. Each module contains `CHECKS`, a `Subject`
with an answer per question. An answer only reads; it writes nothing and names the command to run.
Only `fetch` and `tickets` connect, to the services that the settings name. `examine` asks every
question; an error in one does not stop the others.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.errors import SchoolbellError
from pipelines.operations.check_questions import ACT, LOOK, QUESTIONS, WELL, Installation, Question
from pipelines.plugins import discover
from pipelines.state.connections import StateFault

UNASKED = -1
"""Grade of a question that does not apply."""

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


Answer = Callable[[Installation], CheckResult]


@dataclass(frozen=True)
class Subject:
    """The answers to the questions about one subject, by the question's name."""

    name: str
    answers: Mapping[str, Answer]


def subjects() -> Mapping[str, Subject]:
    """Return every subject by name."""
    return discover("pipelines.operations.checks", "CHECKS", Subject)


@dataclass(frozen=True)
class Examined:
    """A check's answer, with its place."""

    subject: str
    check: Question
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


def examine(installation: Installation) -> Iterator[Examined]:
    """Yield the answer to each question of `doctor`, in the order of the table."""
    held = subjects()
    for question in QUESTIONS:
        if question.is_of_doctor:
            answer = held[question.subject].answers[question.name]
            yield Examined(question.subject, question, answered(answer, installation))


def verdict(findings: list[Examined]) -> int:
    """Return the exit code: 0 well, 1 needs attention, 2 needs action."""
    return max((finding.answer.grade for finding in findings), default=WELL)


def answered(ask: Answer, installation: Installation) -> CheckResult:
    """Return an answer; that it could not be asked, where something else is wrong."""
    try:
        answer = ask(installation)
        home = shlex.quote(str(installation.home.path))
        return replace(answer, command=answer.command.replace("{home}", home))
    except (SchoolbellError, OSError, StateFault) as error:
        return unasked(f"could not be checked: {str(error).splitlines()[0]}")
