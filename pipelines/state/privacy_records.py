"""Records of privacy: pseudonyms, changes of attribution, and opened snapshots."""

import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from pipelines.settings.home import PRIVATE, READ_NO_LINK, DistrictHome, make_folder
from pipelines.settings.roles import known_user, login_uid
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store, now_text
from pipelines.state.tables import ATTRIBUTION_CHANGES, PSEUDONYMS

ACTION = "open snapshot"
MAX_BYTES = 2_000
NOTES = "*.json"


def assigned_name(store: Store, scope: str, tokens: Collection[str]) -> str | None:
    """Return the name of one of these tokens.

    Args:
        scope: The kind of name, and the school year: `account|2026`.
    """
    query = select(PSEUDONYMS.c.name).where(
        PSEUDONYMS.c.kind == scope, PSEUDONYMS.c.token.in_(tokens)
    )
    with store.reading() as connection:
        return connection.execute(query).scalar()


def assigned_names(
    store: Store, scope: str, assign: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> Mapping[str, str]:
    """Return every name of a scope by its token, in one transaction with new ones.

    Args:
        assign: Is given the names that are there; returns those to add.
    """
    with store.writing() as connection:
        rows = connection.execute(
            select(PSEUDONYMS.c.token, PSEUDONYMS.c.name).where(PSEUDONYMS.c.kind == scope)
        )
        existing = {row.token: row.name for row in rows}
        if added := assign(existing):
            connection.execute(
                insert(PSEUDONYMS),
                [
                    {"kind": scope, "token": token, "name": name}
                    for token, name in sorted(added.items())
                ],
            )
    return {**existing, **added}


def add_attribution_changes(store: Store, rows: Sequence[Mapping[str, object]]) -> None:
    """Add attribution changes of some days, as noticed now."""
    noticed = now_text()
    with store.writing() as connection:
        connection.execute(
            insert(ATTRIBUTION_CHANGES), [{**row, "changed_time": noticed} for row in rows]
        )


def attribution_changes(store: Store) -> list[dict[str, Any]]:
    """Return every change of attribution, oldest first."""
    query = select(ATTRIBUTION_CHANGES).order_by(ATTRIBUTION_CHANGES.c.change_id)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def remove_attribution_changes(connection: Connection, before: str, held: Collection[str]) -> None:
    """Delete changes of days before one, but for held days."""
    connection.execute(
        delete(ATTRIBUTION_CHANGES).where(
            ATTRIBUTION_CHANGES.c.event_date < before, ATTRIBUTION_CHANGES.c.event_date.not_in(held)
        )
    )


def note_opening(home: DistrictHome, snapshot: str) -> bool:
    """Record that this process's user opens a snapshot; return whether it was possible.

    A folder that is not a home, such as copied snapshots, has no chain.
    """
    if not home.settings_file.exists():
        return True
    said = {"time": now_text(), "snapshot": snapshot, "uid": login_uid()}
    note = home.openings / f"{secrets.token_hex(8)}.json"
    try:
        with suppress(PermissionError):
            make_folder(home.openings, PRIVATE)  # `protect` gives it to the analysts
        draft = note.with_suffix(".new")
        with draft.open("x", encoding="utf-8") as stream:
            json.dump(said, stream)
        draft.rename(note)
    except OSError:
        return False
    return True


def gather_openings(store: Store, home: DistrictHome) -> None:
    """Put the notes that readers left into the audit chain."""
    found = sorted(home.openings.glob(NOTES)) if home.openings.is_dir() else []
    if not found:
        return
    owner = home.path.stat().st_uid
    with open_chain(store, home).recording(*(_act(path, owner) for path in found)):
        pass
    for path in found:  # a repeated record is better than none
        path.unlink(missing_ok=True)


def _act(path: Path, owner: int) -> Act:
    """Return the action of a note: by its owner, regardless of its content.

    Args:
        owner: The account of the home, whose notes name the user behind it.
    """
    uid = path.lstat().st_uid
    snapshot = time = "not known"
    with suppress(OSError, ValueError, KeyError, TypeError):
        with os.fdopen(os.open(path, READ_NO_LINK), "rb") as stream:
            said = json.loads(stream.read(MAX_BYTES))
        uid = int(said["uid"]) if uid == owner else uid
        snapshot, time = str(said["snapshot"])[:80], str(said["time"])[:40]
    actor = f"{known_user(uid)[0]} ({uid})"
    return Act(actor=actor, action=ACTION, subject=snapshot, reason=f"at {time}")
