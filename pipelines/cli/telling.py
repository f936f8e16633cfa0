"""How a command says what it did: a line for people, or one object for machines."""

import json
from collections.abc import Mapping
from typing import Any

import typer

from pipelines.run.console import safe_lines


def tell(facts: Mapping[str, Any], *lines: str, as_json: bool) -> None:
    """Print the facts as one JSON object, or the lines, safe for a terminal."""
    if as_json:
        typer.echo(json.dumps(facts, default=str))
        return
    for line in lines:
        typer.echo(safe_lines(line))
