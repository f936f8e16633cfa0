"""Names of temporary folders, and leftovers of killed processes.

A folder's name contains its process. One whose process is gone is deleted after a day:
a copy of a home's state or registry may be in it.
"""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

NAME = "schoolbell"
OLD = timedelta(days=1)


def scratch(kind: str) -> str:
    """Return the beginning of a temporary folder's name, for `tempfile`."""
    return f"{NAME}-{kind}-{os.getpid()}-"


def clear_left_behind(now: datetime) -> int:
    """Delete this account's folders whose process is gone; return their number."""
    if not hasattr(os, "geteuid"):
        return 0
    cleared = 0
    for path in Path(tempfile.gettempdir()).glob(f"{NAME}-*-*-*"):
        process = path.name.split("-")[2]
        with suppress(OSError):
            held = path.lstat()
            is_ours = stat.S_ISDIR(held.st_mode) and held.st_uid == os.geteuid()
            is_old = now.timestamp() - held.st_mtime > OLD.total_seconds()
            if is_ours and is_old and process.isdecimal() and not _is_alive(process):
                shutil.rmtree(path)
                cleared += 1
    return cleared


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
