"""The command that gives a home to its account and groups."""

import grp
import os
import pwd
from collections.abc import Mapping
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.errors import SettingsError
from pipelines.operations.units import GROUPS, protect
from pipelines.settings.home import DistrictHome


def protect_home(
    home: Home,
    user: Annotated[
        str, typer.Option(help="Account that runs the pipeline, and owns the home.")
    ] = "schoolbell",
    as_json: AsJson = False,
) -> None:
    """Set owner and mode of a home's files, as root.

    Reports can then be read by schoolbell-readers, snapshots by schoolbell-snapshots,
    settings and registry written by schoolbell-operators; keys, lake, state and
    warehouse by the account alone. It can be given again at any time.
    """
    if os.geteuid() != 0:
        raise SettingsError(
            "only root can change owners",
            where="protect",
            remedy=f"sudo schoolbell protect --home {home}",
        )
    account = _account(user)
    groups = {"": account.pw_gid, **_groups()}
    changed = protect(DistrictHome(home.resolve()), account.pw_uid, groups)
    said = f"{changed:,} paths were changed; the rest was as it should be."
    tell({"changed": changed}, said, as_json=as_json)


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError as error:
        raise SettingsError(
            f"there is no account {user!r}",
            where="--user",
            remedy=f"useradd --system {user}",
        ) from error


def _groups() -> Mapping[str, int]:
    """The ids of the three groups.

    Raises:
        SettingsError: One is not there.
    """
    found, missing = {}, []
    for name, group in GROUPS.items():
        try:
            found[name] = grp.getgrnam(group).gr_gid
        except KeyError:
            missing.append(group)
    if missing:
        raise SettingsError(
            f"there is no group {', '.join(missing)}",
            where="protect",
            remedy="; ".join(f"groupadd --system {one}" for one in missing),
        )
    return found
