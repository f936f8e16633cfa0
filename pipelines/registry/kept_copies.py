"""Copies of the last accepted registry files, and refusal of files that shrank.

A failed nightly export leaves a file that is empty, truncated or missing, and
looks like a district without people: findings would be withdrawn, and others made,
from nothing. Such a file is not accepted. The copy of the last good one remains in
force until the file grows back or a person accepts it.

The copies contain what the registry contains, with names. They are next to it, for the
pipeline's own account alone; each is replaced when a newer file is accepted.
"""

import hashlib
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from pipelines.errors import SettingsError
from pipelines.settings.home import PRIVATE, SECRET_FILE, DistrictHome, put, read_fields
from pipelines.settings.problems import Problem

INDEX = "kept.json"
FEW = 5
"""Minimum number of lost rows for a refusal, unless all are lost: a person deletes a row or
four of a manually kept file; a failed export loses a page, or everything.
"""


@dataclass(frozen=True)
class AcceptedFile:
    """A file that was believed.

    Attributes:
        rows: Good rows that were read of it.
        comments: Lines that are comments: a row that was turned into one was
            taken back on purpose.
        columns: The district's header names when it was read.
        filled: Cells with a value in the good rows, by column.
        time: When it was believed first, UTC.
        refused_time: Since when the copy is in force in place of a file that
            shrank, UTC; empty where it is not.
    """

    rows: int
    comments: int
    sha256: str
    columns: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)
    time: str = ""
    refused_time: str = ""


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not accepted; its kept copy is in force.

    Attributes:
        rows: Good rows of the current file.
        is_there: The file exists.
        is_empty: It has only its header.
        column: The column that lost its values, if all rows exist.
        values: Cells of it that have one now.
    """

    name: str
    rows: int
    kept: AcceptedFile
    is_there: bool
    is_empty: bool
    column: str = ""
    values: int = 0

    @property
    def what(self) -> str:
        """The problem, and the copy that is used instead."""
        if self.column:
            return (
                f"column {self.column} has {self.values:,} values; it had "
                f"{self.kept.filled[self.column]:,} on {self.kept.time[:10]}. The file "
                "is not taken: the rows of that day stay in force"
            )
        rows = f"{self.rows:,} rows are left"
        if not self.is_there:
            rows = "is not there any more"
        elif not self.rows:
            rows = "is empty" if self.is_empty else "has no row that can be read"
        return (
            f"{rows}; it had {self.kept.rows:,} on {self.kept.time[:10]}. It is not "
            "taken: the rows of that day stay in force"
        )

    @property
    def remedy(self) -> str:
        """The command or edit that corrects it."""
        return f"Export it again; or, if it is meant so: {self._command}"

    @property
    def _command(self) -> str:
        return f"schoolbell check --accept {shlex.quote(self.name)}"

    def __str__(self) -> str:
        return f"{self.name}: {self.what}. {self.remedy}"

    @property
    def problem(self) -> Problem:
        """The same as one of the registry's problems."""
        allowed = "the whole file, or what the command below accepts"
        return Problem(
            self.name, self.what, allowed=allowed, severity="refused", paste=self._command
        )


@dataclass(frozen=True)
class CurrentFile:
    """A file in its current state."""

    data: bytes
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> AcceptedFile:
        """Its recorded state."""
        lines = self.data.splitlines()
        return AcceptedFile(
            rows=self.rows,
            comments=sum(line.lstrip().startswith(b"#") for line in lines),
            sha256=hashlib.sha256(self.data).hexdigest(),
            columns=self.columns,
            filled=self.filled,
        )


def read_kept(home: DistrictHome) -> dict[str, AcceptedFile]:
    """Return the files that were believed last, by name; only those whose copy is there.

    Raises:
        SettingsError: The list of them cannot be read.
    """
    path = home.kept_registry / INDEX
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        found = {name: AcceptedFile(**read_fields(AcceptedFile, one)) for name, one in said.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"cannot be read: {error}",
            where=str(path),
            remedy="Restore the folder from the last backup; or delete it, if the files of "
            "registry/ are correct now.",
        ) from error
    return {name: one for name, one in found.items() if (path.parent / name).is_file()}


def refused(
    kept: Mapping[str, AcceptedFile], given: Mapping[str, CurrentFile], largest_loss: float
) -> Iterator[RefusedFile]:
    """Yield the files that lost more than is believed.

    Args:
        given: Every file that is there.
        largest_loss: Share of its rows that a file may lose.
    """
    hashes = {given_file.kept.sha256 for given_file in given.values()}
    for name, was in sorted(kept.items()):
        now = given.get(name)
        if now is None:
            # the same file under another name is not lost
            if was.sha256 not in hashes:
                yield RefusedFile(name, 0, was, is_there=False, is_empty=False)
            continue
        taken_back = max(0, now.kept.comments - was.comments)

        def is_much(before: int, after: int, taken: int = taken_back) -> bool:
            lost = before - after - taken
            return lost > 0 and ((lost >= FEW and lost > largest_loss * before) or after == 0)

        if is_much(was.rows, now.rows):
            is_empty = not has_rows(now.data)
            yield RefusedFile(name, now.rows, was, is_there=True, is_empty=is_empty)
            continue
        for column, before in was.filled.items():
            after = now.filled.get(column, 0)
            # a person clears a cell or four; a header that broke loses its column
            if before >= FEW and is_much(before, after):
                yield RefusedFile(
                    name,
                    now.rows,
                    was,
                    is_there=True,
                    is_empty=False,
                    column=column,
                    values=after,
                )
                break


def has_rows(data: bytes) -> bool:
    """Return whether it has a line in addition to its header and its comments."""
    lines = (line for line in data.splitlines() if line.strip())
    return sum(not line.lstrip().startswith(b"#") for line in lines) > 1


def data_of(home: DistrictHome, name: str) -> bytes:
    """Return the copy of a file that was believed."""
    return (home.kept_registry / name).read_bytes()


def keep(home: DistrictHome, given: Mapping[str, CurrentFile], now: datetime) -> None:
    """Copy what was believed just now. The caller holds the home's lock."""
    if not given:
        return
    index = read_kept(home)
    stamp = now.astimezone(UTC).isoformat(timespec="seconds")
    for name, one in given.items():
        _write(home, name, one.data)
        index[name] = AcceptedFile(**asdict(one.kept) | {"time": stamp})
    _note(home, index)


def note_refused(home: DistrictHome, names: Iterable[str], now: datetime) -> None:
    """Write down since when copies are in force. The caller holds the home's lock."""
    held, wanted = read_kept(home), set(names)
    stamp = now.astimezone(UTC).isoformat(timespec="seconds")
    new = {
        name: replace(one, refused_time=(one.refused_time or stamp) if name in wanted else "")
        for name, one in held.items()
    }
    if new != held:
        _note(home, new)


def accept(home: DistrictHome, name: str, given: CurrentFile | None, now: datetime) -> None:
    """Accept the current file, or its absence. The caller holds the home's lock."""
    if given is not None and given.rows:
        keep(home, {name: given}, now)
    else:
        forget(home, name)


def forget(home: DistrictHome, name: str) -> None:
    """Delete a copy; the current file counts from now on."""
    index = read_kept(home)
    index.pop(name, None)
    _note(home, index)
    (home.kept_registry / name).unlink(missing_ok=True)


def _note(home: DistrictHome, index: Mapping[str, AcceptedFile]) -> None:
    said = {name: asdict(one) for name, one in sorted(index.items())}
    text = json.dumps(said, indent=1) + "\n"
    _write(home, INDEX, text.encode())


def _write(home: DistrictHome, name: str, data: bytes) -> None:
    home.kept_registry.mkdir(mode=PRIVATE, exist_ok=True)
    put(home.kept_registry / name, data, SECRET_FILE)
