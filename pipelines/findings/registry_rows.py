"""One act that changes a registry file: the row, checked, and its audit entry."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from pipelines.district import District
from pipelines.registry.csv_files import RegistryFrame, read_file
from pipelines.registry.edits import put, refuse
from pipelines.registry.imports.exports import IMPORTED
from pipelines.registry.registry import Registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem
from pipelines.state.audit import Act, Chain
from pipelines.state.connections import Transaction

Check = Callable[[RegistryFrame], RegistryFrame]
"""Function of the file's own module that checks its rows."""


def checked(
    home: DistrictHome,
    settings: Settings,
    registry: Registry,
    file: str,
    check: Check,
    change: Callable[[bytes], bytes],
) -> tuple[bytes, bytes]:
    """Return the bytes of a file before and after a change that the registry accepts.

    Raises:
        SettingsError: The registry would reject the row.
    """
    path = home.registry / file
    before = path.read_bytes() if path.exists() else b""
    after = change(before)
    most = settings.limits.registry_rows
    rows = check(read_file(after, IMPORTED[file], names_in(settings, file), most))
    refuse([problem for problem in rows.problems if _is_new(registry, file, problem)])
    return before, after


@contextmanager
def changed(
    district: District,
    chain: Chain,
    file: str,
    check: Check,
    change: Callable[[bytes], bytes],
    act: Act,
) -> Iterator[Transaction]:
    """Record one action: the file's checked new bytes, and the entry with both hashes."""
    before, after = checked(
        district.home, district.settings, district.registry, file, check, change
    )
    hashes = f" ({file} {_hash(before)} to {_hash(after)})"
    noted = replace(act, reason=act.reason + hashes)
    with chain.recording(noted) as transaction:
        yield transaction
        put(district.home.registry / file, after)


def names_in(settings: Settings, file: str) -> Mapping[str, str]:
    """Return the district's own header names of a file."""
    return settings.registry.columns.get(file, {})


def next_id(home: DistrictHome, file: str, prefix: str, taken: set[object]) -> str:
    """Return an id that no row has or had; ids of rejected rows are not reused."""
    path = home.registry / file
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    number = 1
    while f"{prefix}-{number:03}" in taken or f"{prefix}-{number:03}" in text:
        number += 1
    return f"{prefix}-{number:03}"


def _is_new(registry: Registry, file: str, problem: Problem) -> bool:
    """Return whether an error is new; this action need not fix older ones."""
    known = {
        (one.line, one.what, one.value) for one in registry.problems if one.file.endswith(file)
    }
    return (problem.line, problem.what, problem.value) not in known


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
