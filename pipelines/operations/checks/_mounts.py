"""Which disk a folder is on."""

from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True)
class Mount:
    """A mounted file system."""

    device: str
    folder: Path
    kind: str


def mount_of(path: Path, mounts: Path = MOUNTS) -> Mount | None:
    """The file system that holds a path; None where the system lists none."""
    if not mounts.is_file():
        return None
    real = path.resolve()
    held = [one for one in _all(mounts) if real.is_relative_to(one.folder)]
    # of two on one folder the later one hides the earlier
    return max(
        enumerate(held),
        key=lambda pair: (len(pair[1].folder.parts), pair[0]),
        default=(0, None),
    )[1]


def _all(mounts: Path) -> list[Mount]:
    found = []
    for line in mounts.read_text(errors="replace").splitlines():
        device, folder, kind, *_ = line.split(" ")
        plain = folder.encode().decode("unicode_escape")  # a space is written \040
        found.append(Mount(device, Path(plain), kind))
    return found
