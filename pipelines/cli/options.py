"""Options that several commands share."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.engines import Kind
from pipelines.errors import SettingsError

Home = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="SCHOOLBELL_HOME",
        help="The district's home folder.",
        show_default=False,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, one object per line.")
]
EngineKind = Annotated[
    Kind | None,
    typer.Option(
        "--engine", help="Where lines are parsed, instead of what [engine] says."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def named(home: Path | None) -> Path:
    """The home of a command that has commands below it, which need none.

    Raises:
        SettingsError: It is not named.
    """
    if home is None:
        raise SettingsError(
            "no home is named",
            where="--home",
            remedy="Name it, or set SCHOOLBELL_HOME.",
        )
    return home


def days_of(text: str) -> tuple[date, date]:
    """The first and the last day of a range as people write it.

    Raises:
        SettingsError: It is none.
    """
    first, dots, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no range of days",
            where="--days",
            remedy="Give them as 2026-11-02..2026-11-13.",
        ) from error
