"""Checks of the machine: disks, accounts, services."""

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.settings.model import machine_memory_mb

MOUNTS = Path("/proc/self/mounts")

OLDEST = (3, 11)
MIN_FREE = 1 << 30
ROOMY = 10 << 30
NETWORKED = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"})
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
CHRONY = Path("/var/lib/chrony/drift")


@dataclass(frozen=True)
class Mount:
    """A mounted file system."""

    device: str
    folder: Path
    kind: str


def mount_of(path: Path, mounts: Path = MOUNTS) -> Mount | None:
    """Return the file system that holds a path; None where the system lists none."""
    if not mounts.is_file():
        return None
    real = path.resolve()
    held = [mount for mount in _all(mounts) if real.is_relative_to(mount.folder)]
    # of two on one folder the later one hides the earlier
    return max(
        enumerate(held), key=lambda pair: (len(pair[1].folder.parts), pair[0]), default=(0, None)
    )[1]


def _all(mounts: Path) -> list[Mount]:
    found = []
    for line in mounts.read_text(errors="replace").splitlines():
        device, folder, kind, *_ = line.split(" ")
        plain = folder.encode().decode("unicode_escape")  # a space is written \040
        found.append(Mount(device, Path(plain), kind))
    return found


def _python(_installation: Installation) -> CheckResult:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        return act(f"Python is {found}", "install Python 3.11 or newer")
    return well(f"Python {found}")


def _packages(_installation: Installation) -> CheckResult:
    wrong = []
    for line in requires("schoolbell") or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}; {wanted.specifier} is required")
    if wrong:
        return act("; ".join(wrong), "reinstall schoolbell in a new venv")
    return well(f"Schoolbell {version('schoolbell')} with the required packages")


def _room(installation: Installation) -> CheckResult:
    free = shutil.disk_usage(installation.home.path).free
    message = f"{free / (1 << 30):.1f} GiB are free on the disk of the home"
    remedy = f"free space or move the home: df -h {installation.home.path}"
    if free < MIN_FREE:
        return act(message, remedy)
    return look(message, remedy) if free < ROOMY else well(message)


def _memory(installation: Installation) -> CheckResult:
    wanted = installation.settings.limits.memory_mb
    held = machine_memory_mb()
    if not held:
        return well(f"{wanted:,} MB of memory for the warehouse")
    message = f"{held:,} MB of memory, {wanted:,} MB of it for the warehouse"
    if wanted * 2 > held:
        return look(message, f"set [limits] memory_mb = {held // 4} in district.toml")
    return well(message)


def _spill(_installation: Installation) -> CheckResult:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    message = f"{free / (1 << 30):.1f} GiB are free in {folder}"
    if free < MIN_FREE or not os.access(folder, os.W_OK):
        return look(message, "set TMPDIR to a folder with free space")
    return well(message)


def _clock(_installation: Installation) -> CheckResult:
    if SYNCHRONIZED.exists() or CHRONY.exists():
        return well("a time service synchronizes the clock")
    if not Path("/run/systemd/system").exists():
        return unasked("this machine has no service manager to query")
    return look("no time service was found", "timedatectl set-ntp true")


def _user(_installation: Installation) -> CheckResult:
    if not hasattr(os, "geteuid"):
        return unasked("this system has no root")
    if os.geteuid() == 0:
        return look(
            "this runs as root; a separate user is safer",
            "run it as the user that owns the home: sudo -u USER schoolbell doctor",
        )
    return well("this does not run as root")


def _local_disk(installation: Installation) -> CheckResult:
    mount = mount_of(installation.home.path)
    if mount is None:
        return unasked("this system does not list mounts")
    if mount.kind in NETWORKED:
        return act(
            f"the home is on a network disk ({mount.kind}), whose locks and syncs "
            "cannot be trusted",
            "move the home to a local disk; landing/ may stay where it is",
        )
    return well(f"the home is on a local disk ({mount.kind})")


def _encrypted(installation: Installation) -> CheckResult:
    mount = mount_of(installation.home.path)
    if mount is None or not mount.device.startswith("/dev/"):
        return unasked("disk encryption could not be checked")
    name = Path(mount.device).resolve().name
    label = Path("/sys/class/block") / name / "dm" / "uuid"
    if label.is_file() and label.read_text().startswith("CRYPT-"):
        return well("the disk of the home is encrypted")
    return look(
        "the disk of the home is not encrypted by this system; anyone who steals the machine can "
        "read the logs",
        "put the home on a LUKS volume, or secure the room and document it",
    )


CHECKS = Subject(
    "machine",
    {
        "python": _python,
        "packages": _packages,
        "room": _room,
        "memory": _memory,
        "spill": _spill,
        "clock": _clock,
        "user": _user,
        "local-disk": _local_disk,
        "encrypted": _encrypted,
    },
)
