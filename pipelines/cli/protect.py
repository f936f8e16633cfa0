"""The command that gives a home to its account and groups."""

import grp
import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError, safe
from pipelines.operations.units import GROUPS, protect
from pipelines.settings.home import DistrictHome


def protect_home(
    home: Home,
    user: Annotated[
        str, typer.Option(help="Account that runs the pipeline, and owns the home.")
    ] = "schoolbell",
    take_from: Annotated[
        list[str] | None,
        typer.Option(help="Account whose files also get the new owner; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set the owner and mode of a home's files (as root).

    Reports can then be read by schoolbell-readers, snapshots by schoolbell-snapshots,
    settings and registry written by schoolbell-operators; keys, lake, state and
    warehouse by the account alone. You can run it again at any time. It leaves alone
    and lists links, files with several names, other devices, and files of another owner
    than their folder; then the exit code is 1.
    """
    if os.geteuid() != 0:
        raise SettingsError(
            "only root can change owners",
            where="protect",
            remedy=f"sudo schoolbell protect --home {home}",
        )
    account = _account(user)
    groups = {"": account.pw_gid, **_groups()}
    others = [_account(one).pw_uid for one in take_from or ()]
    place = DistrictHome(Path(os.path.abspath(home)))  # noqa: PTH100 - follows no link
    done = protect(place, account.pw_uid, groups, others)
    lines = [f"{done.changed:,} paths were changed; the rest was already correct."]
    if done.refused:
        lines += [f"Not changed: {safe(one)}" for one in done.refused]
        lines += ["Check each one. For files that another account created: --take-from ACCOUNT"]
    refused = [{"path": one.where, "why": one.what} for one in done.refused]
    facts = {"changed": done.changed, "refused": refused}
    print_facts(facts, "\n".join(lines), as_json=as_json)
    sys.exit(1 if done.refused else 0)


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError as error:
        raise SettingsError(
            f"there is no account {user!r}",
            where="--user, --take-from",
            remedy=f"useradd --system {user}",
        ) from error


def _groups() -> Mapping[str, int]:
    """Return the ids of the three groups.

    Raises:
        SettingsError: A group is missing.
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
