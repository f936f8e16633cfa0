"""The home: its folders, who may read them, its key."""

import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.registry.new_home import KEY_BYTES
from pipelines.settings.home import DistrictHome

OTHERS = stat.S_IRWXO
GROUP_READ = stat.S_IRGRP
GROUP = stat.S_IRWXG


def _there(installation: Installation) -> CheckResult:
    home = installation.home
    wanted = (home.registry, home.landing, home.lake, home.keys, home.reports)
    missing = [folder.name for folder in wanted if not folder.is_dir()]
    if missing:
        return act(f"folders are missing: {', '.join(missing)}", f"schoolbell init {home.path}")
    return well("every folder exists")


def _private(home: DistrictHome) -> Iterator[Path]:
    yield from (home.landing, home.lake, home.registry, home.keys, home.key_file)
    for database in (home.state_db, home.warehouse):
        yield from (database, *home.path.glob(f"{database.name}[-.]*"))


def _modes(installation: Installation) -> CheckResult:
    held = [path for path in _private(installation.home) if path.exists()]
    to_others = [path for path in held if path.stat().st_mode & OTHERS]
    if to_others and installation.home.path.stat().st_mode & OTHERS:
        names = " ".join(map(str, to_others))
        return act("every user of this machine can read them", f"chmod o= {names}")
    # who delivers logs may well come by its group
    to_group = [
        path
        for path in held
        if path != installation.home.landing
        and path.stat().st_mode & GROUP_READ
        and not _is_kept_by_operators(installation.home, path)
    ]
    if to_group:
        names = " ".join(map(str, to_group))
        return act("readers of reports could read logs and names", f"chmod g= {names}")
    return well("only the home's user can read logs and state")


def _is_kept_by_operators(home: DistrictHome, path: Path) -> bool:
    """Return whether the registry belongs to a group other than the readers'; see `protect`."""
    apart = path.stat().st_gid != home.path.stat().st_gid
    return path == home.registry and apart


def _key_mode(installation: Installation) -> CheckResult:
    key = installation.home.key_file
    if key.stat().st_mode & (GROUP | OTHERS):
        return act("others can read the key behind the pseudonyms", f"chmod 600 {key}")
    return well("only the home's user can read the key")


def _key_size(installation: Installation) -> CheckResult:
    key = installation.home.key_file
    size = key.stat().st_size
    if size < KEY_BYTES:
        return act(
            f"the key has {size} bytes, not {KEY_BYTES}; pseudonyms could be guessed",
            f"restore {key} from a backup",
        )
    return well("the key is complete")


def _owner(installation: Installation) -> CheckResult:
    home = installation.home
    owner = home.path.stat().st_uid
    held = [path for path in _private(home) if path.exists()]
    strange = [path for path in held if path.stat().st_uid != owner]
    if strange:
        return look(
            "parts of the home belong to another user, so a run may fail",
            f"chown -R {owner} {' '.join(map(str, strange))}",
        )
    return well("the whole home belongs to one user")


def _writable(installation: Installation) -> CheckResult:
    home = installation.home
    shared = (home.path, home.reports, home.snapshots)
    loose = [
        folder for folder in shared if folder.exists() and folder.stat().st_mode & stat.S_IWOTH
    ]
    if loose:
        names = " ".join(map(str, loose))
        return act("every user of this machine can write there", f"chmod o-w {names}")
    return well("no one else can write into the home")


def _links(installation: Installation) -> CheckResult:
    landing = installation.home.landing
    if not landing.is_dir():
        return unasked("the landing folder is missing")
    links = [path.name for path in sorted(landing.rglob("*")) if path.is_symlink()]
    if links:
        return look(
            f"links in the landing folder are not followed: {', '.join(links[:5])}",
            "deliver files instead, or set the folder as [sources.NAME] path",
        )
    return well("no links in the landing folder")


CHECKS = Subject(
    "home",
    {
        "folders": _there,
        "modes": _modes,
        "writable": _writable,
        "owner": _owner,
        "key-mode": _key_mode,
        "key-size": _key_size,
        "links": _links,
    },
)
