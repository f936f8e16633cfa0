"""The command that checks what a district says: settings and registry."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.district.problems import InvalidSettingsError, Problem
from pipelines.district.registry import Registry
from pipelines.journey.checking import unknown_rules, wrong_in
from pipelines.journey.console import safe_lines
from pipelines.journey.district import open_district


def check(home: Home, as_json: AsJson = False) -> None:
    """Read settings and registry, and tell everything that is wrong in them.

    Each problem comes with file, line, what was found, what is allowed, and a line
    to write instead. Exit codes: 0 in order, 2 something is to be mended.
    """
    try:
        problems, registry = _read(home)
    except InvalidSettingsError as error:
        if not as_json:
            raise
        problems, registry = list(error.problems), None
    for problem in problems:
        said = json.dumps(asdict(problem)) if as_json else safe_lines(problem)
        typer.echo(said)
    if registry is not None and not as_json:
        for file, disables in sorted(registry.missing.items()):
            typer.echo(f"{file}: not there; without it: {disables}")
        rows = sum(frame.height for frame in registry.frames.values())
        typer.echo(f"{rows:,} rows of the registry are in order.")
    sys.exit(2 if any(one.severity == "error" for one in problems) else 0)


def _read(home: Path) -> tuple[list[Problem], Registry]:
    with open_district(home) as district:
        wrong = [*wrong_in(district), *unknown_rules(district)]
        return [*wrong, *district.registry.problems], district.registry
