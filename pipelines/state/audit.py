"""The audit chain: every action on a record, so that no entry can be changed.

Each entry has a keyed hash over itself and the hash before it. An entry is
written in the transaction of its action: neither exists without the
other. A chain alone does not reveal a removed tail, so its head is also
stored in a file next to the database, sealed with the key, and printed on reports,
in mails and in the manifests of backups, with which it is compared.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select

from pipelines.errors import SchoolbellError, SettingsError
from pipelines.settings.home import DistrictHome, put
from pipelines.state import home_mark
from pipelines.state.connections import Store, Transaction, fact, now_text, remember
from pipelines.state.tables import (
    AUDIT,
    FACTS,
    OUTBOX,
    RECORD_REQUESTS,
    REFERRALS,
    REQUESTS,
    REVIEWS,
)

NOTHING_BEFORE = "0" * 64
RESTORE = "restore"
"""The act that a lawful roll-back leaves; its subject is the head that was lost."""
KEY_BYTES = 32
ENTRIES = "audit_entries"
"""The fact with the number of entries that ever existed."""
ACTED = (REVIEWS, REQUESTS, REFERRALS, RECORD_REQUESTS)
"""Tables whose rows are written with an entry, in one transaction."""
SECRET_FILE = 0o600
AUDIT_RECORD = "Audit record"
"""Printed label of the audit chain's head; `audit verify` looks for it."""

BACKUPS = "backup_folder"
"""The fact with the place of the last backup."""
HEAD = r"([0-9]{1,18}:[0-9a-f]{64})"

# outside input is escaped on a page, and cannot start a line of a message
ON_PER_PAGE = re.compile(re.escape(AUDIT_RECORD) + r"</dt>\s*<dd>" + HEAD + "</dd>")
IN_PER_MESSAGE = re.compile(rf"(?m)^{re.escape(AUDIT_RECORD)}: {HEAD}$")


class AuditError(SchoolbellError):
    """The audit chain cannot be written or read."""

    command = "schoolbell doctor"


@dataclass(frozen=True, kw_only=True)
class Act:
    """An action, before it is recorded.

    Attributes:
        actor: The user, as the operating system identifies them.
        action: A short word, such as `verdict` or `reveal`.
        subject: An id or a pseudonym, never a name.
        reason: Why, in their words.
        case: Its case, if any.
    """

    actor: str
    action: str
    subject: str
    reason: str = ""
    case: str = ""


@dataclass(frozen=True)
class Entry:
    """One link of the chain; `number` counts from 1 without a gap."""

    number: int
    time: str
    actor: str
    action: str
    subject: str
    case: str
    reason: str
    previous: str
    hash: str = ""


@dataclass(frozen=True)
class Head:
    """The last entry at some earlier time.

    Attributes:
        where: Where that was stored.
    """

    number: int
    hash: str
    where: str = field(default="a head kept elsewhere", compare=False)

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class Broken:
    """The first place where the chain does not hold."""

    number: int
    what: str


@dataclass(frozen=True)
class Chain:
    """The audit chain of a district home.

    Attributes:
        guard: Asked first in each transaction; what it raises stops the act.
    """

    store: Store
    key_file: Path
    head_file: Path
    guard: Callable[[Transaction], None] | None = None

    @contextmanager
    def recording(self, *acts: Act) -> Iterator[Transaction]:
        """Yield one transaction for acts and their entries.

        Raises:
            AuditError: The key is gone; nothing is done.
        """
        had_key = self.key_file.exists()
        try:
            with self.store.writing() as connection:
                if self.guard is not None:
                    self.guard(connection)
                entries = [self.append(connection, act) for act in acts]
                yield connection
                mark = home_mark.advance(connection)
        except BaseException:
            if not had_key:
                self._drop_unused_key()
            raise
        self._note(Head(entries[-1].number, entries[-1].hash))
        for folder in (self.head_file.parent / "lake", self.head_file.parent):
            home_mark.note(folder, mark)

    def _drop_unused_key(self) -> None:
        """Drop a key without an entry, which would look like a truncated chain."""
        with suppress(SchoolbellError), self.store.writing() as connection:
            if not _last(connection).number:
                for path in (self.key_file, self._new_key):
                    path.unlink(missing_ok=True)

    def append(self, connection: Connection, act: Act) -> Entry:
        """Add an entry in a transaction of the caller's; `recording` keeps its head."""
        last = _last(connection)
        key = self._key(is_new=not last.number)
        _require_key_of(connection, key, str(self.key_file))
        entry = Entry(
            number=last.number + 1,
            time=now_text(),
            actor=_storable(act.actor),
            action=_storable(act.action),
            subject=_storable(act.subject),
            case=_storable(act.case),
            reason=_storable(act.reason),
            previous=last.hash,
        )
        sealed = replace(entry, hash=seal(key, entry))
        connection.execute(insert(AUDIT).values(**sealed.__dict__))
        if inspect(connection).has_table(FACTS.name):
            most = max(sealed.number, int(fact(connection, ENTRIES) or 0))
            remember(connection, ENTRIES, str(most))
        return sealed

    def head(self) -> Head | None:
        """Return the last entry's number and hash, as reports print it; None if empty."""
        with self.store.reading() as connection:
            last = _last(connection)
        return last if last.number else None

    def entries(self, last: int | None = None) -> list[Entry]:
        """Return every entry, or a number of the newest, oldest first."""
        query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(last)
        with self.store.reading() as connection:
            return [Entry(*row) for row in connection.execute(query)][::-1]

    def verify(self, printed: Sequence[Head] = ()) -> Broken | None:
        """Return the first broken link; None when all holds.

        Args:
            printed: Heads that were kept elsewhere, such as on a report.
        """
        entries = self.entries()
        if not entries and self.key_file.exists():
            return Broken(1, "is missing: the chain has a key, and no entry")
        try:
            noted = self._noted() if entries or self.head_file.exists() else None
        except SettingsError as error:
            return Broken(len(entries), f"cannot be compared: {error}")
        if entries and noted is None:
            return Broken(len(entries), f"lacks its copy: {self.head_file} is gone")
        key = self._key(is_new=False) if entries else b""
        known = [*printed] if noted is None else [noted, *printed]
        return first_broken(entries, key, known) or self._lost(len(entries))

    def _lost(self, entries: int) -> Broken | None:
        """Return the first entry that the state itself still speaks of, and lacks."""
        with self.store.reading() as connection:
            has_facts = inspect(connection).has_table(FACTS.name)
            most = int(fact(connection, ENTRIES) or 0) if has_facts else 0
            acted = [
                table.name
                for table in ACTED
                if not entries and connection.execute(select(table).limit(1)).first()
            ]
        if most > entries:
            what = f"is missing; the state once held {most} entries"
            return Broken(entries + 1, what)
        if acted:
            what = f"is missing: there are {', '.join(acted)}, and each left an entry"
            return Broken(1, what)
        return None

    def seal_head(self) -> None:
        """Seal the head file of a version that did not; only if it is the head now."""
        head = self.head()
        if head is None or not (self.key_file.exists() and self.head_file.is_file()):
            return
        if self.head_file.read_bytes() == f"{head}\n".encode():
            self._put(head)

    def noted_head(self) -> Head | None:
        """Return the head file's content, sealed or not; None if it has none."""
        try:
            text = self.head_file.read_text(encoding="utf-8").strip()
            return parsed_head(":".join(text.split(":")[:2]))
        except (OSError, ValueError, SettingsError):
            return None

    def begin_again(self, act: Act) -> None:
        """Write down that the chain was brought back from a backup."""
        with self.store.writing() as connection:
            entry = self.append(connection, act)
        self._put(Head(entry.number, entry.hash))

    def _noted(self) -> Head | None:
        """Return the head in the file next to the database.

        Raises:
            SettingsError: It is not a head, or is not sealed with the key.
            AuditError: The key is missing.
        """
        try:
            text = self.head_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (UnicodeDecodeError, IsADirectoryError):
            text = ""
        sealed_text, _, its_seal = text.rpartition(":")
        head = parsed_head(sealed_text or text, str(self.head_file))
        if not hmac.compare_digest(its_seal, self._seal(head)):
            raise SettingsError(
                "is not sealed with the key of the chain: another program wrote it",
                where=str(self.head_file),
                remedy="Compare with the head that a report prints: "
                "schoolbell audit verify --head NUMBER:HASH",
            )
        return head

    def _note(self, head: Head) -> None:
        """Replace the head file; an older head never takes a newer one's place."""
        try:
            noted = self._noted()
        except SettingsError:
            return  # not changed: `verify` has to find it
        if noted is None or noted.number < head.number:
            self._put(head)

    def _put(self, head: Head) -> None:
        put(self.head_file, f"{head}:{self._seal(head)}\n".encode(), SECRET_FILE)

    def _seal(self, head: Head) -> str:
        text = f"audit.head {head}".encode()
        return hmac.new(self._key(is_new=False), text, hashlib.sha256).hexdigest()

    @property
    def _new_key(self) -> Path:
        """The first key, until its first entry is committed."""
        return self.key_file.with_name(f"{self.key_file.name}.new")

    def _key(self, *, is_new: bool) -> bytes:
        if not self.key_file.exists():
            if is_new:
                put(self._new_key, key := secrets.token_bytes(KEY_BYTES), SECRET_FILE)
                return key
            if self._new_key.exists():
                self._new_key.replace(self.key_file)
        cause: Exception | None = None
        try:
            if len(key := self.key_file.read_bytes()) >= KEY_BYTES:
                return key
            what = f"has {len(key)} bytes, not {KEY_BYTES}"
        except (FileNotFoundError, IsADirectoryError) as error:
            what, cause = "is gone", error
        raise AuditError(
            f"the key of the audit chain {what}",
            where=str(self.key_file),
            remedy="Put it back from the copy of keys/; the chain needs it.",
        ) from cause


def open_chain(store: Store, home: DistrictHome) -> Chain:
    """Return the audit chain of a home."""
    return Chain(store, home.keys / "audit.key", home.path / "audit.head")


def first_broken(entries: Sequence[Entry], key: bytes, heads: Sequence[Head]) -> Broken | None:
    """Return the first entry that does not follow from the one before, or lacks a head."""
    previous = NOTHING_BEFORE
    for number, entry in enumerate(entries, start=1):
        if entry.number != number:
            return Broken(number, f"is missing; {entry.number} comes in its place")
        if entry.previous != previous:
            return Broken(number, "does not follow from the entry before")
        if not hmac.compare_digest(entry.hash, seal(key, entry)):
            return Broken(number, "was changed after it was written")
        previous = entry.hash
    return next(filter(None, (_lacks(entries, head) for head in heads)), None)


def _lacks(entries: Sequence[Entry], head: Head) -> Broken | None:
    if any(_gave_up(entry, head) for entry in entries):
        return None
    if head.number > len(entries):
        first = len(entries) + 1
        return Broken(first, f"is missing; the chain once reached {head.number}, says {head.where}")
    if entries[head.number - 1].hash != head.hash:
        return Broken(head.number, f"is not the entry whose hash {head.where} holds".strip())
    return None


def _gave_up(entry: Entry, head: Head) -> bool:
    """Return whether a restore recorded that the chain had continued, with this entry.

    Its subject is the highest head that was known then.
    """
    if entry.action != RESTORE:
        return False
    lost, _, _ = entry.subject.partition(":")
    return lost.isdigit() and entry.number <= head.number <= int(lost)


def seal(key: bytes, entry: Entry) -> str:
    """Return the keyed hash of an entry over its canonical bytes, as hexadecimal digits.

    These are its fields but the hash as one JSON list in ASCII without spaces.
    """
    fields = astuple(entry)[:-1]
    canonical = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return hmac.new(key, canonical.encode("ascii"), hashlib.sha256).hexdigest()


def parsed_head(text: str, where: str = "") -> Head:
    """Parse a printed head: `number:hash`.

    Args:
        where: Its place, for the message.

    Raises:
        SettingsError: It is not one.
    """
    number, _, digest = text.strip().partition(":")
    is_number = number.isascii() and number.isdigit() and int(number) > 0
    if not is_number or len(digest) != len(NOTHING_BEFORE) or not digest.isalnum():
        raise SettingsError(
            f"{text.strip()[:80]!r} is not the head of an audit chain",
            where=where,
            remedy="Give it as the report prints it: number:hash",
        )
    return Head(int(number), digest, where or "a head kept elsewhere")


def _last(connection: Connection) -> Head:
    query = select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc())
    row = connection.execute(query.limit(1)).first()
    return Head(row.number, row.hash) if row else Head(0, NOTHING_BEFORE)


def _require_key_of(connection: Connection, key: bytes, where: str) -> None:
    """Raise an error for another key than that of the last entry: it could not be undone.

    Raises:
        AuditError: It is another key, or the last entry was changed.
    """
    query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    if row is not None and seal(key, entry := Entry(*row)) != entry.hash:
        raise AuditError(
            "the last entry of the audit chain was not written with this key",
            where=where,
            remedy="Put the key back from the copy of keys/. If it is the right one: "
            "schoolbell audit verify",
        )


def newest_subject(store: Store, action: str) -> str | None:
    """Return the subject of the newest entry of an action; None if there is none."""
    query = (
        select(AUDIT.c.subject)
        .where(AUDIT.c.action == action)
        .order_by(AUDIT.c.number.desc())
        .limit(1)
    )
    with store.reading() as connection:
        return connection.execute(query).scalar_one_or_none()


def _storable(text: str) -> str:
    """Remove what a database refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def verified(store: Store, home: DistrictHome, given: Sequence[Head] = ()) -> Broken | None:
    """Return the first broken link, or None if the chain matches every known head.

    Args:
        given: Heads from elsewhere.
    """
    return open_chain(store, home).verify([*given, *kept_heads(store, home)])


def kept_heads(store: Store, home: DistrictHome) -> list[Head]:
    """Return the heads in reports, messages, seals and backups, of those that can be read."""
    seals = filter(None, map(_head_in, sorted(home.seals.glob("*.json"))))
    return [*_reports(home), *_messages(store), *seals, *_backups(store)]


def _reports(home: DistrictHome) -> Iterator[Head]:
    for page in sorted(home.reports.glob("*/index.html")):
        try:
            text = page.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # `doctor` reports it
        yield from _printed(ON_PER_PAGE, text, str(page))


def _messages(store: Store) -> Iterator[Head]:
    query = select(OUTBOX.c.alert_key, OUTBOX.c.message)
    with store.reading() as connection:
        rows = connection.execute(query.where(OUTBOX.c.message.contains(AUDIT_RECORD)))
        for key, text in rows:
            yield from _printed(IN_PER_MESSAGE, text, f"the message {key}")


def _printed(shape: re.Pattern[str], text: str, where: str) -> Iterator[Head]:
    for found in shape.finditer(text):
        number, _, digest = found[1].partition(":")
        if int(number):
            yield Head(int(number), digest, where)


def _backups(store: Store) -> Iterator[Head]:
    """Yield the head in the newest backup; its disk may well be elsewhere."""
    with store.reading() as connection:
        folder = fact(connection, BACKUPS)
    if folder is None:
        return
    if made := sorted(Path(folder).glob("backup-*/manifest.json")):
        yield from filter(None, [_head_in(made[-1])])


def _head_in(path: Path) -> Head | None:
    """Return the head in the manifest of a backup or the record of a seal; None without one."""
    try:
        text = json.loads(path.read_text(encoding="utf-8")).get("audit_head", "")
        return parsed_head(text, str(path)) if text else None
    except (OSError, ValueError, AttributeError, TypeError, RecursionError, SettingsError):
        return None  # what reads the whole file reports it
