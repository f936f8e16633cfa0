"""Runs `schoolbell` as Python for Windows would: without what only POSIX systems have.

    python -m tests.unit.windows_like ARGUMENTS

Only the project's own modules see the difference: libraries bring their own code for
Windows, which cannot run here.
"""

import builtins
import os
import socket
import sys
from types import ModuleType

MODULES = frozenset(("fcntl", "grp", "pwd", "resource", "termios"))
NAMES = frozenset((
    "chown", "fchmod", "fchown", "getegid", "geteuid", "getgid", "getgrouplist", "getgroups",
    "getuid", "killpg", "lchown", "nice", "sched_getaffinity", "setsid", "statvfs", "O_DIRECTORY",
    "O_NOFOLLOW", "O_NONBLOCK",
))  # fmt: skip
"""Names of `os` that Windows lacks."""


class _Without(ModuleType):
    """A module without some of its names."""

    def __init__(self, real, absent, **changed):
        super().__init__(real.__name__)
        self.__dict__.update(changed)
        self._real, self._absent = real, absent

    def __getattr__(self, name):
        if name in self._absent:
            raise AttributeError(f"module {self._real.__name__!r} has no attribute {name!r}")
        return getattr(self._real, name)


# O_BINARY turns off the translation of line ends, which POSIX does not have
OS = _Without(os, NAMES, name="nt", O_BINARY=0)
SOCKET = _Without(socket, frozenset(("AF_UNIX",)))


def as_windows(wanted=builtins.__import__):
    """Make `import` of the project's modules find what Windows has."""

    def imported(name, names=None, *more, **others):
        asks = str((names or {}).get("__name__", ""))
        if asks.partition(".")[0] == "pipelines":
            if name in MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in ("os", "socket"):
                return {"os": OS, "socket": SOCKET}[name]
        return wanted(name, names, *more, **others)

    builtins.__import__ = imported


if __name__ == "__main__":
    as_windows()
    from pipelines.cli import main

    sys.argv[0] = "schoolbell"
    main()
