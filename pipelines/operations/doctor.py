"""Examines an installation: asks every check, and lets none of them end the rest."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipelines.errors import SchoolbellError
from pipelines.operations.checks import (
    WELL,
    WORDS,
    Answer,
    Check,
    Installation,
    subjects,
    unasked,
)
from pipelines.state.connections import StateFault


@dataclass(frozen=True)
class Finding:
    """A check's answer, with its place."""

    subject: str
    check: Check
    answer: Answer

    def shown(self) -> dict[str, str]:
        """As `--json` prints it."""
        return {
            "subject": self.subject,
            "check": self.check.name,
            "grade": WORDS[self.answer.grade],
            "said": self.answer.message,
            "command": self.answer.command,
        }


def examine(installation: Installation) -> Iterator[Finding]:
    """Every check's finding, in the order of subjects."""
    for subject in subjects().values():
        for check in subject.checks:
            yield Finding(subject.name, check, answered(check, installation))


def verdict(findings: list[Finding]) -> int:
    """The exit code: 0 well, 1 somebody should look, 2 somebody should act."""
    return max((finding.answer.grade for finding in findings), default=WELL)


def answered(check: Check, installation: Installation) -> Answer:
    """A check's answer; that it could not be asked, where something else is wrong."""
    try:
        answer = check.answer(installation)
        home = shlex.quote(str(installation.home.path))
        return replace(answer, command=answer.command.replace("{home}", home))
    except (SchoolbellError, OSError, StateFault) as error:
        return unasked(f"could not be asked: {str(error).splitlines()[0]}")
