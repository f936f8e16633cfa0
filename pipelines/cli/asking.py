"""Who is asking: the operating system's answer, and nobody's claim.

Linux keeps the user who logged in (`loginuid`) through `sudo` and `su`, so that a
command run as the pipeline's own user still knows its caller.
"""

import getpass
import os
from pathlib import Path

from pipelines.district.roles import Asker, asker
from pipelines.district.settings_model import Settings

LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1


def who_asks(settings: Settings) -> Asker:
    """The person at the terminal, or the user that a timer runs as."""
    if not hasattr(os, "getuid"):  # Windows has no such groups
        return asker(settings.roles, 0, getpass.getuser(), ())
    uid = _uid()
    name, groups = _known(uid)
    return asker(settings.roles, uid, name, groups)


def _uid() -> int:
    try:
        logged_in = int(LOGIN_UID.read_text(encoding="ascii"))
    except (OSError, ValueError):
        logged_in = NOBODY_LOGGED_IN
    return os.getuid() if logged_in == NOBODY_LOGGED_IN else logged_in


def _known(uid: int) -> tuple[str, list[str]]:
    """The user's name and groups; a uid that the system does not know has none."""
    import grp
    import pwd

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return f"uid {uid}", []
    names = []
    for gid in os.getgrouplist(entry.pw_name, entry.pw_gid):
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            continue
    return entry.pw_name, names
