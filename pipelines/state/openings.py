"""Who opened a snapshot: a note that goes into the audit chain.

Analysts read snapshots and cannot write the state, and no reader waits for a writer. So
whoever opens one leaves a note in a folder where nobody can take another's away; its
owner, as the system says, is who opened it. The next run, or whoever looks into the
audit log, puts the notes into the chain.
"""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from pipelines.settings.home import PRIVATE, DistrictHome, make_folder
from pipelines.settings.roles import known_user, login_uid
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store, now_text

ACTION = "open snapshot"
MOST_BYTES = 2_000
NOTES = "*.json"


def note_opening(home: DistrictHome, snapshot: str) -> bool:
    """Note that this process's user opens a snapshot; whether that could be done.

    A folder that is no home, such as snapshots copied elsewhere, has no chain.
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
    for path in found:  # told twice is better than not at all
        path.unlink(missing_ok=True)


def _act(path: Path, owner: int) -> Act:
    """The act of a note: by its owner, whatever is written in it.

    Args:
        owner: The account of the home, whose notes say who stood behind it.
    """
    uid = path.lstat().st_uid
    snapshot = time = "not known"
    with suppress(OSError, ValueError, KeyError, TypeError):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(path, flags), "rb") as stream:
            said = json.loads(stream.read(MOST_BYTES))
        uid = int(said["uid"]) if uid == owner else uid
        snapshot, time = str(said["snapshot"])[:80], str(said["time"])[:40]
    actor = f"{known_user(uid)[0]} ({uid})"
    return Act(actor=actor, action=ACTION, subject=snapshot, reason=f"at {time}")
