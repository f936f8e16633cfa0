"""The command that examines an installation."""

from datetime import UTC, datetime

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError, safe
from pipelines.operations.check_questions import WELL, Installation
from pipelines.operations.checks import WORDS, Examined, examine, verdict
from pipelines.settings.home import DistrictHome


def doctor(home: Home, as_json: AsJson = False) -> None:
    """Check home and machine: 0 well, 1 look, 2 act.

    Nothing is changed; the exit code is the verdict.
    """
    if not home.is_dir():
        raise SettingsError(
            "this folder does not exist",
            where=str(home),
            remedy=f"Create a district home with: schoolbell init {home}",
        )
    patient = Installation(DistrictHome(home.resolve()), datetime.now(UTC))
    findings = []
    for finding in examine(patient):
        findings.append(finding)
        print_facts(finding.shown(), _line(finding), as_json=as_json)
    if not as_json:
        typer.echo(_sum(findings))
    raise typer.Exit(verdict(findings))


def _line(finding: Examined) -> str:
    answer = finding.answer
    word = WORDS[answer.grade]
    line = f"{word:8}{finding.subject + '/' + finding.check.name:22}{safe(answer.message)}"
    return f"{line}\n{'':30}-> {safe(answer.command)}" if answer.command else line


def _sum(findings: list[Examined]) -> str:
    grades = [finding.answer.grade for finding in findings]
    counts = ", ".join(f"{grades.count(grade)} {word}" for grade, word in WORDS.items())
    ending = "" if verdict(findings) != WELL else " Nothing to do."
    return f"{len(findings)} checks: {counts}.{ending}"
