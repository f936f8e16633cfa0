"""Fetches what is due from each service, and records how far each of its logs is complete.

Windows overlap by the delay with which a service shows events, and once a day by one day more.
The ids of these events are remembered, so that each counts once; the first version of an event
counts. A log is complete until the end of its newest window, less that delay, or until its first
gap.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pipelines.errors import SchoolbellError, SettingsError
from pipelines.fetch.answers import Event, at_place, read_page
from pipelines.fetch.calls import (
    FORBIDDEN,
    REFUSED,
    Caller,
    CursorError,
    FetchError,
    LargePageError,
    LaterError,
    RefusedError,
    SignInEndedError,
    WindowError,
    code_of,
)
from pipelines.fetch.completeness import label
from pipelines.fetch.drafts import Draft, drop_drafts, name_draft
from pipelines.fetch.services import (
    INSTALL,
    MISSING,
    AnyList,
    AnyService,
    Authorize,
    Document,
    ServiceSettings,
    Stream,
    services,
)
from pipelines.fetch.windows import DEEP, SHORTEST, Gap, Span, cut, due, with_gap, without
from pipelines.landing.remote import is_remote
from pipelines.settings.fetch_settings import FetchedService
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.plugin_settings import with_secrets
from pipelines.settings.secrets import is_reference, require_private
from pipelines.state.connections import Store, now_text
from pipelines.state.fetched import (
    fetch_gaps,
    fetched_streams,
    forget_stream,
    known_events,
    put_gaps,
    put_stream,
    remember_events,
)
from pipelines.state.rows import FetchedStreamRow
from pipelines.web import Response, asked

RUN_SECONDS = 300.0
"""Time for one service in a run; what is left is fetched by the next."""
WATCH_SECONDS = 60.0
TRY_SECONDS = 30.0
SMALLEST_PAGE = 10
GONE = frozenset({400, 404, 410})
"""Answers to the address of a next page that is no longer known."""
MAX_FAILURES = 2
"""Windows in a row that a log may leave unanswered in a run."""
STRAY = timedelta(minutes=1)
"""An event this long before its window shows that an answer belongs to another question."""
MARGIN = timedelta(seconds=1)
"""Services differ in whether an end belongs to a window: neighbors overlap by this."""
LAST = datetime.max.replace(tzinfo=UTC)
SETTINGS_STREAM = ""
"""In place of a log, before the logs of a service are known."""
HELP = "docs/how-to/fetch-logs.md lists its rights."


@dataclass(frozen=True)
class Fetched:
    """The result of one log of a service.

    Attributes:
        events: New ones.
        repeated: Those that an earlier window had.
        problem: Why something is missing; empty if nothing is.
    """

    name: str
    stream: str
    complete_until: datetime
    events: int = 0
    repeated: int = 0
    problem: str = ""

    @property
    def line(self) -> str:
        """The result in a sentence."""
        new_events = f"{label(self.name, self.stream)}: {self.events:,} new events"
        if self.problem:
            return f"{new_events}; not complete: {self.problem}"
        return f"{new_events}, complete until {self.complete_until:%Y-%m-%d %H:%M} UTC"

    @property
    def shown(self) -> dict[str, object]:
        """The result for machines."""
        return asdict(self) | {"complete_until": self.complete_until.isoformat()}


@dataclass(frozen=True)
class Target:
    """A configured service.

    Attributes:
        given: Its table of the settings.
        path: Folder of its source, as the settings have it.
    """

    name: str
    given: FetchedService
    source: str
    home: DistrictHome
    path: str

    @property
    def folder(self) -> Path:
        """The landing folder of its source."""
        return self.home.path / self.path

    @property
    def where(self) -> str:
        """Its table, for messages."""
        return f"[fetch.{self.name}]"

    def require_folder(self) -> None:
        """Refuse a source whose folder is on another machine.

        Raises:
            SettingsError: It is.
        """
        if is_remote(self.path):
            raise SettingsError(
                f"the folder of source {self.source} is on another machine",
                where=f"{self.where} source",
                remedy="Name a source with a folder on this machine.",
            )

    def kind(self) -> AnyService:
        """Return its service.

        Raises:
            SettingsError: There is no such service.
        """
        kinds = services()
        if self.given.service not in kinds:
            raise SettingsError(
                f"{self.given.service!r} is not a kind of service",
                where=self.where,
                remedy="Kinds: " + ", ".join(sorted(kinds)),
            )
        return kinds[self.given.service]

    def settings(self) -> ServiceSettings:
        """Return its settings, with secrets.

        Raises:
            SettingsError: One is wrong or missing, or others can read a secret.
        """
        for key, value in self.given.settings.items():
            if is_reference(value):
                require_private(value, f"{self.where} {key}")
        model: type[ServiceSettings] = self.kind().settings
        return with_secrets(model, self.given.settings, self.where)


def targets(home: DistrictHome, settings: Settings) -> list[Target]:
    """Return the enabled services of the settings."""
    enabled = []
    for name, given in settings.fetch.items():
        source = given.source or name
        configured = settings.sources.get(source)
        path = (configured.path if configured else None) or f"landing/{source}"
        if given.enabled:
            enabled.append(Target(name, given, source, home, str(path)))
    return enabled


class Session:
    """Signs in when it is first needed, and again when the service refuses the sign-in."""

    def __init__(self, service: AnyService, settings: ServiceSettings, caller: Caller) -> None:
        self.scopes: set[str] = set()
        self._sign_in: Callable[..., Authorize] = partial(service.sign_in, settings, caller)
        self._caller = caller
        self._authorize: Authorize | None = None

    def get(self, url: str, *, scope: str = "", is_next: bool = False) -> Response:
        """Return the good answer of an address.

        Args:
            scope: The right that it needs, for messages.
            is_next: It is the address of a next page.

        Raises:
            FetchError: There is none.
        """
        answer = self._asked(url)
        if answer.status == REFUSED:
            self._authorize = None
            answer = self._asked(url)
        if answer.status == 200:
            return answer
        status = f"it answers {answer.status}{code_of(answer)}"
        where = self._caller.place(url)
        if answer.status == REFUSED:
            remedy = f"Renew the secret of [{self._caller.table}]. {HELP}"
            raise SignInEndedError(f"{status}: the sign-in is refused", where=where, remedy=remedy)
        if answer.status == FORBIDDEN:
            right = f"the right {scope}" if scope else "a right"
            raise RefusedError(f"{status}: {right} is missing", where=where, remedy=HELP)
        if is_next and answer.status in GONE:
            raise CursorError(f"{status}: the next page is no longer known", where=where)
        raise WindowError(status, where=where)

    def _asked(self, url: str) -> Response:
        if self._authorize is None:
            self._authorize = self._sign_in(self.scopes)
        return self._caller.send("GET", url, self._authorize("GET", url))


def fetch(
    home: DistrictHome,
    settings: Settings,
    store: Store,
    now: datetime | None = None,
    *,
    seconds: float = RUN_SECONDS,
    ask: Callable[..., Response] = asked,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Fetched]:
    """Fetch what is due from every configured service; a problem of one stops no other.

    Args:
        seconds: Time for each service.
        ask: Sends one request.
        sleep: Waits before a request is tried again.
    """
    results: list[Fetched] = []
    for target in targets(home, settings):
        moment = now or datetime.now(UTC)
        work = _Work(target, store, moment)
        try:
            url, session, streams, _ = opened(target, seconds, ask, sleep)
            work.settle()
        except (SchoolbellError, OSError) as error:
            results += work.failed(error)
            continue
        results += [work.fetch(stream, url, session) for stream in streams]
    return results


def tried(
    home: DistrictHome,
    settings: Settings,
    now: datetime,
    ask: Callable[..., Response] = asked,
) -> Iterator[tuple[str, str]]:
    """Yield each log and list of each service, and why it cannot be fetched; nothing is stored.

    A log is asked for its newest minutes, a list for its first page.
    """
    for target in targets(home, settings):
        try:
            origin, session, streams, listings = opened(target, TRY_SECONDS, ask)
        except (SchoolbellError, OSError) as error:
            yield target.name, words_of(error)
            continue
        for one, url in _first_pages(origin, now, streams, listings):
            problem = ""
            try:
                answer = session.get(url, scope=one.scope)
                if isinstance(one, Document):
                    one.count(answer.data)
                else:
                    read_page(answer, url, one.items)
            except FetchError as error:
                problem = words_of(error)
            yield label(target.name, one.name), problem


def _first_pages(
    origin: str, now: datetime, streams: Sequence[Stream], listings: Sequence[AnyList]
) -> Iterator[tuple[Stream | AnyList, str]]:
    """Yield each log with the address of its newest minutes, each list with its first page's."""
    for stream in streams:
        end = now - stream.settles
        yield stream, stream.url(origin, end - SHORTEST, end, SMALLEST_PAGE)
    for listing in listings:
        yield listing, listing.url(origin)


def opened(
    target: Target,
    seconds: float,
    ask: Callable[..., Response],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, Session, list[Stream], list[AnyList]]:
    """Return the address of a service, its session, and the logs and lists of the settings.

    Raises:
        SchoolbellError: A setting is wrong, or the service does not list its logs.
    """
    target.require_folder()
    service = target.kind()
    if not service.is_installed:
        raise SettingsError(MISSING, where=target.where, remedy=INSTALL)
    values = target.settings()
    listings = _named(target, "lists", service.listings(values), target.given.lists)
    caller = Caller(
        f"fetch.{target.name}",
        values.origins,
        seconds,
        ask,
        sleep,
        is_path_secret=values.is_path_secret,
    )
    session = Session(service, values, caller)
    session.scopes |= {listing.scope for listing in listings if listing.scope}
    streams: list[Stream] = []
    if target.given.logs:
        every = service.logs(values, session.get)
        streams = _named(target, "streams", every, target.given.streams or [s.name for s in every])
        session.scopes |= {stream.scope for stream in streams}
    return values.url, session, streams, listings


def words_of(error: Exception) -> str:
    """Return an error in one line, with what to do."""
    return " ".join(str(error).split())


One = TypeVar("One", Stream, AnyList)


def _named(target: Target, key: str, every: Sequence[One], wanted: Sequence[str]) -> list[One]:
    """Return the logs or lists of some names.

    Raises:
        SettingsError: The service has none of a name.
    """
    names = [one.name for one in every]
    if strange := sorted(set(wanted) - set(names)):
        raise SettingsError(
            f"the service has no {key.removesuffix('s')} {strange[0]!r}",
            where=f"{target.where} {key}",
            remedy=f"It has: {', '.join(names) or 'none'}",
        )
    return [one for one in every if one.name in wanted]


@dataclass(frozen=True)
class _Work:
    """What one run does for one service."""

    target: Target
    store: Store
    now: datetime

    def failed(self, error: SchoolbellError | OSError) -> list[Fetched]:
        """Record that nothing could be asked."""
        what = error.what if isinstance(error, SchoolbellError) else words_of(error)
        rows = self._rows() or {SETTINGS_STREAM: self._new(SETTINGS_STREAM, timedelta(days=1))}
        with self.store.writing() as transaction:
            for row in rows.values():
                put_stream(transaction, self._with(row, what))
        return [
            Fetched(self.target.name, name, _time(row["complete_until"]), problem=words_of(error))
            for name, row in rows.items()
        ]

    def settle(self) -> None:
        """Finish what a run that was cut off began; the settings are right again."""
        for row in self._rows().values():
            name_draft(self.target.folder, row["draft"], row["file"])
        counted = {row["draft"] for row in fetched_streams(self.store)}
        drop_drafts(self.target.folder, self.target.name, counted)
        with self.store.writing() as transaction:
            forget_stream(transaction, self.target.name, SETTINGS_STREAM)

    def fetch(self, stream: Stream, url: str, session: Session) -> Fetched:
        """Fetch what is due of one log."""
        name = self.target.name
        row = self._rows().get(stream.name) or self._new(stream.name, stream.step)
        gaps = [
            Gap(Span(_time(gap["start_time"]), _time(gap["end_time"])), gap["reason"],
                _time(gap["seen_time"]))
            for gap in fetch_gaps(self.store)
            if (gap["name"], gap["stream"]) == (name, stream.name)
        ]  # fmt: skip
        log = _Log(
            self, stream, url, session, row, gaps, known_events(self.store, name, stream.name)
        )
        return log.fetch()

    def _rows(self) -> dict[str, FetchedStreamRow]:
        return {
            row["stream"]: row
            for row in fetched_streams(self.store)
            if row["name"] == self.target.name
        }

    def _new(self, stream: str, step: timedelta) -> FetchedStreamRow:
        since = now_text(self.now - timedelta(days=self.target.given.days_back))
        return FetchedStreamRow(
            name=self.target.name,
            stream=stream,
            source=self.target.source,
            since_time=since,
            complete_until=since,
            tried_time=now_text(self.now),
            problem=None,
            problem_time=None,
            deep_time=None,
            fewer=None,
            fewer_time=None,
            step_seconds=int(step.total_seconds()),
            event_count=0,
            draft=None,
            file=None,
        )

    def _with(self, row: FetchedStreamRow, problem: str) -> FetchedStreamRow:
        since = (row["problem_time"] or now_text(self.now)) if problem else None
        return {
            **row,
            "source": self.target.source,
            "tried_time": now_text(self.now),
            "problem": problem or None,
            "problem_time": since,
        }

    def recorded(self, row: FetchedStreamRow, problem: str) -> FetchedStreamRow:
        """Record the state of a log without new events."""
        new_row = self._with(row, problem)
        with self.store.writing() as transaction:
            put_stream(transaction, new_row)
        return new_row


@dataclass
class _Log:
    """One log of a service in one run.

    Attributes:
        counted: Keys of the events that count, with their times.
        oldest: Beginning of the oldest window of this run.
    """

    work: _Work
    stream: Stream
    url: str
    session: Session
    row: FetchedStreamRow
    gaps: list[Gap]
    counted: dict[str, str]
    oldest: datetime = LAST
    new: int = 0
    repeated: int = 0

    def fetch(self) -> Fetched:
        """Fetch every window that is due; record each one as it is done."""
        problem: FetchError | None = None
        failures = 0
        for window in self._windows():
            try:
                self._window(window)
                failures = 0
            except LaterError as error:
                problem = error
                half = timedelta(seconds=self.row["step_seconds"]) / 2
                self.row["step_seconds"] = int(max(half, SHORTEST).total_seconds())
                break
            except RefusedError as error:
                problem = error
                break
            except FetchError as error:
                problem = error
                failures += 1
                self.gaps = with_gap(self.gaps, Gap(window, error.what, self.work.now))
                self._advance(window)
                self._commit(None)
                if failures == MAX_FAILURES:
                    break
        else:
            self.row["step_seconds"] = int(self.stream.step.total_seconds())
            if problem is None and self._is_deep():
                self.row["deep_time"] = now_text(self.work.now)
        # the stored problem is shown to more people, so it has no address
        self.row = self.work.recorded(self.row, problem.what if problem else "")
        return Fetched(
            self.work.target.name,
            self.stream.name,
            self._complete_until(),
            self.new,
            self.repeated,
            words_of(problem) if problem else "",
        )

    def _windows(self) -> Iterator[Span]:
        """Yield what is due; once a day, the day before what is new too."""
        start, since = _time(self.row["complete_until"]), _time(self.row["since_time"])
        step = timedelta(seconds=self.row["step_seconds"])
        spans = due(
            Span(start, self.work.now - self.stream.settles),
            self.gaps,
            Span(max(start - DEEP, since) if self._is_deep() else start, start),
            offered_from=self.work.now - self.stream.offered,
        )
        self.oldest = min((span.start for span in spans), default=self.oldest)
        for span in spans:
            yield from cut(span, step)

    def _is_deep(self) -> bool:
        last = self.row["deep_time"]
        return last is None or self.work.now - _time(last) >= DEEP

    def _window(self, window: Span) -> None:
        """Fetch one window; what arrived counts, even if not all did.

        Raises:
            FetchError: It is not complete.
        """
        target = self.work.target
        draft = Draft(target.folder, target.name, self.stream.name, window)
        seen: set[str] = set()
        try:
            self._pages(window, draft, seen)
        except FetchError:
            self._commit(draft)
            raise
        self._note_fewer(window, seen)
        self.gaps = without(self.gaps, window)
        self._advance(window)
        self._commit(draft)

    def _pages(self, window: Span, draft: Draft, seen: set[str]) -> None:
        """Read the pages of a window; from its beginning where a page is lost or too large."""
        size = self.stream.size[1]
        restarts = 0
        while True:
            try:
                self._chain(window, size, draft, seen)
            except LargePageError:
                size //= 4
                if size < SMALLEST_PAGE:
                    raise
            except CursorError:
                restarts += 1
                if restarts == MAX_FAILURES:
                    raise
            else:
                return

    def _chain(self, window: Span, size: int, draft: Draft, seen: set[str]) -> None:
        stream = self.stream
        url: str | None = stream.url(self.url, window.start - MARGIN, window.end, size)
        visited: set[str] = set()
        stated = 0
        while url is not None:
            answer = self.session.get(url, scope=stream.scope, is_next=bool(visited))
            visited.add(url)
            page = read_page(answer, url, stream.items)
            for event in page.events:
                self._take(event, window, draft, seen)
            stated = max(stated, _count(at_place(page.rest, stream.total)))
            url = stream.next_page(page, window.end)
            if url in visited:
                raise WindowError("its next page is one that it gave before")
        if stated > len(seen):
            raise WindowError(f"it states {stated:,} events and gives {len(seen):,}")

    def _take(self, event: Event, window: Span, draft: Draft, seen: set[str]) -> None:
        key = _key(event.fields, self.stream.event_id)
        if key in seen:
            return
        seen.add(key)
        time = _event_time(event.fields, self.stream.event_time, window)
        if key in self.counted:
            self.repeated += 1
        elif key not in draft.events:
            draft.add(event.raw, key, time)
        if time < now_text(window.start - STRAY):
            raise WindowError("it gives events from before the window that it was asked for")

    def _note_fewer(self, window: Span, seen: set[str]) -> None:
        """Note remembered events that the service no longer gives."""
        first, last = now_text(window.start + MARGIN), now_text(window.end - MARGIN)
        gone = sum(first < time < last and key not in seen for key, time in self.counted.items())
        if gone:
            noun = "event" if gone == 1 else "events"
            self.row["fewer"] = (
                f"{gone:,} {noun} of {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} "
                "UTC that it gave before"
            )
            self.row["fewer_time"] = now_text(self.work.now)

    def _advance(self, window: Span) -> None:
        until = min(window.end, self.work.now - self.stream.lag)
        self.row["complete_until"] = max(self.row["complete_until"], now_text(until))

    def _complete_until(self) -> datetime:
        offered_from = self.work.now - self.stream.offered
        starts = [gap.span.start for gap in self.gaps if gap.span.end > offered_from]
        return min([_time(self.row["complete_until"]), *starts])

    def _commit(self, draft: Draft | None) -> None:
        """Make the events of a draft count, and record how far the log is complete."""
        name, stream = self.work.target.name, self.stream.name
        floor = min(self._complete_until() - DEEP, self.oldest) - MARGIN
        is_new = draft is not None and draft.close()
        if draft is not None and is_new:
            self.row = {**self.row, "draft": draft.draft, "file": draft.file}
            self.row["event_count"] += len(draft.events)
            self.new += len(draft.events)
        events = draft.events if draft is not None else {}
        gaps = [
            {
                "name": name,
                "stream": stream,
                "start_time": now_text(gap.span.start),
                "end_time": now_text(gap.span.end),
                "reason": gap.reason,
                "seen_time": now_text(gap.seen),
            }
            for gap in self.gaps
        ]
        with self.work.store.writing() as transaction:
            remember_events(transaction, name, stream, events, floor)
            put_gaps(transaction, name, stream, gaps)  # type: ignore[arg-type]
            put_stream(transaction, self.row)
        if is_new:
            name_draft(self.work.target.folder, self.row["draft"], self.row["file"])
        self.counted.update(events)
        oldest = now_text(floor)
        self.counted = {key: time for key, time in self.counted.items() if time >= oldest}


def _key(fields: Mapping[str, object], place: str) -> str:
    """Return the hash of an event's id; of its content where it has none."""
    value = at_place(fields, place) if place else None
    text = json.dumps(fields, sort_keys=True) if value is None else f"id:{value}"
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:24]


def _event_time(fields: Mapping[str, object], place: str, window: Span) -> str:
    """Return an event's time; the window's start where it has none that can be read."""
    value = at_place(fields, place)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else window.start
    except ValueError:
        moment = window.start
    return now_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
