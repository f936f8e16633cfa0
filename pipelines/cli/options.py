"""Options that several commands share, and the identity of the user.

The operating system identifies the user, not a claim: Linux keeps the user who logged
in (`loginuid`) through `sudo` and `su`, so that a command run as the pipeline's service
user still knows its caller.
"""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.engines import Kind
from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome, owner_of
from pipelines.settings.model import Settings
from pipelines.settings.roles import LOGIN_UID, Principal, Right, asker, login_uid
from pipelines.settings.roles import known_user as _known

if TYPE_CHECKING:  # not every command opens a home, and they take long to import
    from pipelines.actions.context import ActionContext
    from pipelines.district import District


_HOME = typer.Option(
    "--home", envvar="SCHOOLBELL_HOME", help="The district's home folder.", show_default=False
)
Home = Annotated[Path, _HOME]
OptionalHome = Annotated[Path | None, _HOME]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
EngineKind = Annotated[
    Kind | None,
    typer.Option("--engine", help="Engine that parses lines, instead of [engine]."),
]
Backup = Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of a backup.")]
SettleSeconds = Annotated[
    float, typer.Option(help="Seconds without change after which a file is complete.")
]
Wait = Annotated[
    float, typer.Option(help="Seconds to wait while a run, a watch or Dagster uses the home.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def who_asks(home: DistrictHome, settings: Settings) -> Principal:
    """Return the person at the terminal, or the user that a timer runs as."""
    owner = owner_of(home)
    if not hasattr(os, "getuid"):  # Windows has no such groups
        return asker(settings.roles, 0, getpass.getuser(), (), owner)
    uid = _uid()
    name, groups = _known(uid)
    return asker(settings.roles, uid, name, groups, owner)


def who_asks_in(district: "District") -> Principal:
    """Return the user with the rights that the district grants its agency's staff today."""
    from pipelines.actions.context import granted_today

    return granted_today(
        district.registry, district.zone, who_asks(district.home, district.settings)
    )


def whose_login() -> str:
    """Return the user without settings, as the audit chain names them."""
    if not hasattr(os, "getuid"):
        return getpass.getuser()
    uid = _uid()
    return f"{_known(uid)[0]} ({uid})"


def _uid() -> int:
    return login_uid(LOGIN_UID)


@contextmanager
def open_context(home: Path, right: Right) -> Iterator["ActionContext"]:
    """Open a home for a user who has a right.

    Raises:
        RefusedError: They do not have it.
    """
    from pipelines.actions.context import ActionContext
    from pipelines.district import open_district

    with open_district(home) as district:
        opened = ActionContext(district, who_asks_in(district))
        opened.require(right)
        yield opened


def named(home: Path | None) -> Path:
    """Return the home of a command whose subcommands need none.

    Raises:
        SettingsError: It is not named.
    """
    if home is None:
        raise SettingsError(
            "no home is set", where="--home", remedy="Use --home, or set SCHOOLBELL_HOME."
        )
    return home
