"""Asks once whether rules judge use of job and dating sites."""

from pathlib import Path

import typer

from pipelines.cli.options import who_asks
from pipelines.district import only_writer, open_district
from pipelines.errors import safe
from pipelines.proposals import private_kinds
from pipelines.registry.edits import put
from pipelines.state.audit import Act, open_chain

ANSWERS = {"dating": ("dating",), "jobs": ("jobs",), "both": private_kinds.KINDS, "none": ()}


def decide_private_kinds(home: Path, *, is_asking: bool) -> None:
    """Ask whether the two kinds are judged, and write the answer; else show the line to add."""
    with open_district(home) as district:
        if not private_kinds.is_undecided(district.settings):
            return
        typer.echo(private_kinds.question(private_kinds.hours_at_stake(district.home)))
        answer = _asked() if is_asking else ""
        if not answer:
            both, none = (private_kinds.line(ANSWERS[one]) for one in ("both", "none"))
            typer.echo(f"To decide, write below [district] in district.toml: {both}, or {none}")
            return
        line, file = private_kinds.line(ANSWERS[answer]), district.home.settings_file
        actor = str(who_asks(district.home, district.settings))
        act = Act(actor=actor, action="settings change", subject=file.name, reason=line)
        with (
            only_writer(district.home),
            open_chain(district.store, district.home).recording(act),
        ):
            text = file.read_text(encoding="utf-8-sig")
            put(file, private_kinds.decided(text, ANSWERS[answer]).encode())
    typer.echo(f"district.toml: {line}")


def _asked() -> str:
    """Return the answer; empty to decide later."""
    question = f"Judge them: {', '.join(ANSWERS)} (Enter: decide later)"
    while answer := str(typer.prompt(question, "", show_default=False)).strip().lower():
        if answer in ANSWERS:
            return answer
        typer.echo(safe(f"{answer} is not one of: {', '.join(ANSWERS)}"))
    return ""
