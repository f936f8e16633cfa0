"""Fetches lists for the registry, each whole; a list that is not whole does not count.

The newest complete list of a service is in a file, as the service sent it: a JSON array with one
object per line, or the document itself. `setup` reads it like an export. A list that lost rows is
set aside until a person accepts it.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.errors import SchoolbellError, SettingsError
from pipelines.fetch.answers import at_place, read_page, stated_count
from pipelines.fetch.calls import FetchError, WindowError
from pipelines.fetch.completeness import label
from pipelines.fetch.fetching import RUN_SECONDS, Session, Target, opened, targets, words_of
from pipelines.fetch.services import AnyList, Document, Listing
from pipelines.settings.fetch_settings import FetchedService
from pipelines.settings.home import PRIVATE, DistrictHome, make_folder, sync
from pipelines.settings.model import MAX_LOSS, Settings
from pipelines.state.connections import Store, now_text
from pipelines.state.fetched import fetched_lists, put_list
from pipelines.state.rows import FetchedListRow
from pipelines.web import Response, asked

EVERY = timedelta(hours=20)
"""A list is fetched once a day, also if the run begins a little earlier than yesterday."""
MAX_ROWS = 2_000_000
SUFFIXES = (Listing.suffix, ".ics")
PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class FetchedList:
    """The result of one list.

    Attributes:
        rows: Rows of the list that counts.
        problem: Why the newest answer does not count; empty if it does.
    """

    name: str
    listing: str
    rows: int
    problem: str = ""

    @property
    def line(self) -> str:
        """The result in a sentence."""
        counted = f"{label(self.name, self.listing)}: {self.rows:,} rows"
        return f"{counted} of the last good list; {self.problem}" if self.problem else counted

    @property
    def shown(self) -> dict[str, object]:
        """The result for machines."""
        return asdict(self)


def fetch_lists(
    home: DistrictHome,
    settings: Settings,
    store: Store,
    now: datetime | None = None,
    *,
    is_forced: bool = False,
    accept: Collection[str] = (),
    ask: Callable[..., Response] = asked,
) -> list[FetchedList]:
    """Fetch the lists that are due; a problem of one stops no other.

    Args:
        is_forced: Fetch those of today again.
        accept: Lists that count although they lost rows, as `google/users`.
        ask: Sends one request.

    Raises:
        SettingsError: A list to accept is not one of the settings.
    """
    listed = [label(one.name, name) for one in targets(home, settings) for name in one.given.lists]
    if strange := sorted({*accept} - {*listed}):
        raise SettingsError(
            f"{strange[0]!r} is not a list that is fetched",
            where="--accept",
            remedy=f"It is one of: {', '.join(listed) or 'none'}.",
        )
    moment = now or datetime.now(UTC)
    rows = {(row["name"], row["listing"]): row for row in fetched_lists(store)}
    results: list[FetchedList] = []
    for target in targets(home, settings):
        due = [
            name
            for name in target.given.lists
            if is_forced or _is_due(rows.get((target.name, name)), moment)
        ]
        if not due:
            continue
        work = _Work(target, store, moment, accept)
        try:
            origin, session, _, listings = opened(target, RUN_SECONDS, ask)
        except (SchoolbellError, OSError) as error:
            results += [work.failed(name, error) for name in due]
            continue
        results += [work.fetch(one, origin, session) for one in listings if one.name in due]
    return results


def fetched_files(home: DistrictHome, settings: Settings) -> list[tuple[FetchedService, Path]]:
    """Return the files of lists that count, each with the settings of its service."""
    return [
        (target.given, path)
        for target in targets(home, settings)
        for name in target.given.lists
        for suffix in SUFFIXES
        if (path := _file(home, target.name, name, suffix)).is_file()
    ]


def list_problems(store: Store, settings: Settings) -> Iterator[tuple[str, str, datetime]]:
    """Yield label, problem and time of configured lists whose newest answer does not count."""
    for row in fetched_lists(store):
        given = settings.fetch.get(row["name"])
        is_on = given is not None and given.enabled and row["listing"] in given.lists
        if is_on and row["problem"] and row["problem_time"]:
            since = datetime.fromisoformat(row["problem_time"])
            yield label(row["name"], row["listing"]), row["problem"], since


@dataclass(frozen=True)
class _Work:
    target: Target
    store: Store
    now: datetime
    accept: Collection[str]

    def fetch(self, listing: AnyList, origin: str, session: Session) -> FetchedList:
        """Fetch one list and let it count, or record why it does not."""
        try:
            count, data = _whole(listing, origin, session)
        except FetchError as error:
            return self.failed(listing.name, error)
        row = self._row(listing.name)
        before = row["row_count"]
        is_accepted = label(self.target.name, listing.name) in self.accept
        path = _file(self.target.home, self.target.name, listing.name, listing.suffix)
        if not count or (count < before * (1 - MAX_LOSS) and not is_accepted):
            problem = "it gives no rows"
            if count:
                name = label(self.target.name, listing.name)
                problem = (
                    f"the newest has {count:,} rows, which is too few to believe. If that is "
                    f"right: schoolbell fetch --accept {name}"
                )
            return self._refused(listing.name, problem, count)
        _write(path, data)
        put_list(
            self.store,
            {
                **row,
                "fetched_time": now_text(self.now),
                "row_count": count,
                "refused_count": None,
                "problem": None,
                "problem_time": None,
            },
        )
        return FetchedList(self.target.name, listing.name, count)

    def failed(self, name: str, error: SchoolbellError | OSError) -> FetchedList:
        """Record that a list could not be fetched; the last good one stays."""
        what = error.what if isinstance(error, SchoolbellError) else words_of(error)
        result = self._refused(name, what, None)
        return FetchedList(result.name, name, result.rows, words_of(error))

    def _refused(self, name: str, problem: str, count: int | None) -> FetchedList:
        row = self._row(name)
        since = row["problem_time"] or now_text(self.now)
        put_list(
            self.store,
            {**row, "refused_count": count, "problem": problem, "problem_time": since},
        )
        return FetchedList(self.target.name, name, row["row_count"], problem)

    def _row(self, name: str) -> FetchedListRow:
        for row in fetched_lists(self.store):
            if (row["name"], row["listing"]) == (self.target.name, name):
                return row
        return FetchedListRow(
            name=self.target.name,
            listing=name,
            fetched_time=None,
            row_count=0,
            refused_count=None,
            problem=None,
            problem_time=None,
        )


def _whole(listing: AnyList, origin: str, session: Session) -> tuple[int, bytes]:
    """Return the number of rows of a list, and its file.

    Raises:
        FetchError: The list is not whole.
    """
    if isinstance(listing, Document):
        data = session.get(listing.url(origin), scope=listing.scope).data
        return listing.count(data), data
    rows = _rows(listing, origin, session)
    return len(rows), ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def _rows(listing: Listing, origin: str, session: Session) -> list[str]:
    """Return every row of a list as it was sent, each once.

    Raises:
        FetchError: The list is not whole.
    """
    url: str | None = listing.url(origin)
    visited: set[str] = set()
    rows: dict[str, str] = {}
    stated = 0
    while url is not None:
        answer = session.get(url, scope=listing.scope, is_next=bool(visited))
        visited.add(url)
        page = read_page(answer, url, listing.items)
        for event in page.events:
            identity = at_place(event.fields, listing.row_id)
            if not isinstance(identity, str) or not identity:
                raise WindowError(f"a row has no {listing.row_id}")
            rows[identity] = event.raw
        stated = max(stated, stated_count(page, listing.total) or 0)
        if len(rows) > MAX_ROWS:
            raise WindowError(f"it has more than {MAX_ROWS:,} rows")
        url = listing.next_page(page, datetime.now(UTC))
        if url in visited:
            raise WindowError("its next page is one that it gave before")
    if stated > len(rows):
        raise WindowError(f"it states {stated:,} rows and gives {len(rows):,}")
    return [*rows.values()]


def _is_due(row: FetchedListRow | None, now: datetime) -> bool:
    if row is None or row["fetched_time"] is None or row["problem"]:
        return True
    return now - datetime.fromisoformat(row["fetched_time"]) >= EVERY


def _file(home: DistrictHome, name: str, listing: str, suffix: str) -> Path:
    folder, stem = PLAIN.sub("_", name), PLAIN.sub("_", f"{name}-{listing}")
    return home.fetched_lists / folder / f"{stem}{suffix}"


def _write(path: Path, data: bytes) -> None:
    """Replace a list as a whole: who reads it sees the one before, or this one."""
    make_folder(path.parent.parent, PRIVATE)
    make_folder(path.parent, PRIVATE)
    draft = path.with_suffix(".tmp")
    draft.write_bytes(data)
    draft.replace(path)
    sync(path.parent)
