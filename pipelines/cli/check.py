"""The command that checks a district's settings and registry."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, who_asks
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError, capital, safe_lines
from pipelines.operations.check_questions import QUESTIONS, Installation
from pipelines.registry.edits import put
from pipelines.registry.folder import ORIGINAL
from pipelines.registry.frames import FILES
from pipelines.registry.kept_copies import accept as take_as_it_is
from pipelines.registry.policy import FILE as POLICY
from pipelines.registry.registry import Registry
from pipelines.registry.suggestions import rewritten
from pipelines.settings.problems import InvalidSettingsError, Problem, ProblemSeverity
from pipelines.state.audit import Act, open_chain
from pipelines.warehouse.sentences import counted

CODES: Mapping[ProblemSeverity, int] = {"notice": 0, "refused": 1, "error": 2}
"""Exit code of a problem; the highest counts."""


def check(
    home: Home,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            help="Accept this registry/ file unchanged, although it has fewer rows; repeatable.",
        ),
    ] = None,
    mend: Annotated[
        bool,
        typer.Option(
            "--mend",
            help="Correct unambiguous mistakes in registry/ files: dates, times, weekdays, "
            "encodings, delimiters. Originals are kept next to them.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings and registry; list every problem.

    Each problem names file, line, the value, what is allowed, and a corrected line.
    Exit codes: 0 in order, 1 a file shrank and was not accepted, 2 something needs
    correction.
    """
    for text in _done_first(home, accept or (), is_mending=mend):
        typer.echo(safe_lines(text), err=as_json)
    said: list[str] = []
    try:
        problems, registry, said = _read(home)
    except InvalidSettingsError as error:
        if not as_json:
            raise
        problems, registry = list(error.problems), None
    for problem in problems:
        print_facts(asdict(problem), str(problem), as_json=as_json)
    if registry is not None and not as_json:
        for file, disables in sorted(registry.missing.items()):
            word = registry.empty.get(file, "not there")
            typer.echo(f"{file}: {word}; without it: {disables}")
        for line in said:
            typer.echo(safe_lines(f"{capital(line)}."))
        typer.echo(in_order(registry))
    sys.exit(max((CODES[one.severity] for one in problems), default=0))


def in_order(registry: Registry) -> str:
    """Return how much of the registry is valid; built-in entries count as rows too."""
    rows = sum(frame.height for frame in registry.frames.values())
    files = registry.present - registry.empty.keys() - {POLICY}
    if not files:
        return f"No registry file has rows yet; {rows:,} built-in rows are valid."
    held = counted(len(files), "file")
    read = f"{rows:,} registry rows, from {held} and built in, are"
    if notices := len(registry.problems):
        said = counted(notices, "1 problem is|# problems are")
        return f"{read} read; {said} listed above."
    return f"{read} valid."


def _done_first(home: Path, accept: Sequence[str], *, is_mending: bool) -> Iterator[str]:
    if is_mending:
        yield from mended_files(home)
    for name in accept:
        yield accept_file(home, name)


def accept_file(path: Path, name: str) -> str:
    """Accept a smaller file unchanged, record it in the audit chain, and return a summary.

    Raises:
        SettingsError: The file was not refused.
    """
    with open_district(path) as district, only_writer(district.home):
        waiting = {one.name: one for one in district.registry.refused}
        if name not in waiting:
            raise SettingsError(
                f"{name!r} does not need acceptance",
                where="--accept",
                remedy=f"Waiting: {', '.join(waiting) or 'none'}.",
            )
        one = waiting[name]
        act = Act(
            actor=str(who_asks(district.home, district.settings)),
            action="accept registry",
            subject=name,
            reason=f"{one.rows} rows, {one.kept.rows} before",
        )
        with open_chain(district.store, district.home).recording(act):
            given = district.registry.fresh.get(name)
            take_as_it_is(district.home, name, given, datetime.now(UTC))
    return (
        f"{name} is accepted unchanged: {one.rows:,} rows, {one.kept.rows:,} before. The next "
        "run uses it."
    )


def mended_files(path: Path) -> Iterator[str]:
    """Write what is surely meant; each change, and where the original is."""
    with open_district(path) as district, only_writer(district.home):
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        places = district.registry.frames["buildings"]["building"].drop_nulls()
        for name, file in FILES.items():
            target = district.home.registry / name
            if not target.is_file() or target.is_symlink():
                continue
            before = target.read_bytes()
            known = [] if name == "buildings.csv" else places.to_list()
            after, changes = rewritten(before, file, district.settings, known)
            if not changes:
                continue
            original = target.with_name(f"{name}{ORIGINAL}{stamp}")
            put(original, before)
            put(target, after)
            yield from (f"{name}: {one}" for one in changes)
            yield f"{name}: {len(changes)} changes; original: {original.name}"


def _read(home: Path) -> tuple[list[Problem], Registry, list[str]]:
    with open_district(home) as district:
        asked = Installation.of(district, datetime.now(UTC))
        wrong = [one for each in QUESTIONS if each.problems for one in each.problems(asked)]
        notes = [one for each in QUESTIONS if each.notes for one in each.notes(asked)]
        return wrong, district.registry, notes
