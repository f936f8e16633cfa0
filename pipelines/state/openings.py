"""Who opened a snapshot: noted in the audit chain, by whoever may write there.

Analysts read snapshots and cannot write the state. They leave a note in a folder of
their own; its owner, as the system says, is who opened it. The next run, or whoever
looks into the audit log, puts the notes into the chain.
"""

import json
import os
import secrets
from pathlib import Path

from pipelines.errors import SchoolbellError
from pipelines.settings.home import DistrictHome, make_folder
from pipelines.settings.roles import known_user, login_uid
from pipelines.state.audit import Act, open_chain
from pipelines.state.database import Store, now_text
from pipelines.state.opening import open_state

ACTION = "open snapshot"
FOLDER_MODE = 0o700
"""Until `schoolbell protect` gives it to the analysts' group."""
MOST_BYTES = 2_000


def note_opening(home: DistrictHome, snapshot: str) -> bool:
    """Note that this process's user opens a snapshot; whether that could be done.

    A folder that is no home, such as snapshots copied elsewhere, has no chain.
    """
    if not home.keys.is_dir() and not home.openings.is_dir():
        return True
    uid = login_uid()
    actor = f"{known_user(uid)[0]} ({uid})"
    try:
        store = open_state(home) if os.access(home.keys, os.R_OK | os.W_OK) else None
        if store is not None:
            try:
                act = Act(actor=actor, action=ACTION, subject=snapshot)
                with open_chain(store, home).recording(act):
                    return True
            finally:
                store.close()
    except (SchoolbellError, OSError):
        pass
    return _left(home, snapshot)


def _left(home: DistrictHome, snapshot: str) -> bool:
    name = f"{secrets.token_hex(8)}.json"
    text = json.dumps({"time": now_text(), "snapshot": snapshot})
    try:
        with (home.openings / name).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:
        return False
    return True


def gather_openings(store: Store, home: DistrictHome) -> int:
    """Put the notes that readers left into the audit chain; how many."""
    if not home.openings.is_dir():
        make_folder(home.openings, FOLDER_MODE)
    found = [(path, act) for path in sorted(home.openings.glob("*.json"))
             for act in [_act(path)]]  # fmt: skip
    if not found:
        return 0
    with open_chain(store, home).recording(*(act for _, act in found)):
        pass
    for path, _ in found:  # told twice is better than not at all
        path.unlink()
    return len(found)


def _act(path: Path) -> Act:
    """The act of a note: by its owner, whatever is written in it."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as stream:
            uid = os.fstat(stream.fileno()).st_uid
            said = json.loads(stream.read(MOST_BYTES))
        snapshot, time = str(said["snapshot"])[:80], str(said["time"])[:40]
    except (OSError, ValueError, KeyError, TypeError):
        uid, snapshot, time = path.lstat().st_uid, "not known", "not known"
    actor = f"{known_user(uid)[0]} ({uid})"
    return Act(actor=actor, action=ACTION, subject=snapshot, reason=f"at {time}")
