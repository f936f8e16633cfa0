"""One message to a receiver, as the outbox stores it and channels receive it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from pipelines.alerts.decisions import Decision
from pipelines.alerts.news import GROUPS, STUDENT, Alert, one_line
from pipelines.findings.cases import NOTHING_WAITS, Queue, by_kind
from pipelines.findings.grades import SURE
from pipelines.findings.work_list import in_items, work_items
from pipelines.settings.problems import SEVERITIES, Severity
from pipelines.state.alert_records import REQUEST

REPEAT = (
    "This may be a repeat: sending was interrupted before, and we don't know\nwhether it arrived."
)

AT_ONCE, DAILY, WEEKLY, TEST, ESCALATION = (
    "notice",
    "daily",
    "weekly",
    "test",
    "escalation",
)
WHY_REQUEST = "You get this because you use the district's review desk."
NOT_PROOF = (
    "This message shows what logs record about accounts and devices. It does not\nshow who "
    "was at the keyboard."
)
WHY = "You receive this because this address is on the district's alert list."
FILES_SHOWN = 20


@dataclass(frozen=True)
class Message:
    """One message to a receiver.

    Attributes:
        key: The same for the same news, so that it is sent once.
        subject: One line.
        text: The body, plain text.
        class_name: notice, daily, weekly, test, escalation, request or report.
        severity: The highest in it.
        html: The same facts as a page, for channels that can show one.
        may_repeat: An earlier attempt was interrupted, and its result is unknown.
    """

    key: str
    subject: str
    text: str
    class_name: str
    severity: Severity = "informational"
    html: str = ""
    may_repeat: bool = False

    @property
    def on_its_face(self) -> "Message":
        """The message as people read it: a possible repeat is marked."""
        if not self.may_repeat:
            return self
        subject, text = f"{self.subject} (may be a repeat)", f"{REPEAT}\n\n{self.text}"
        return replace(self, subject=subject, text=text)

    @property
    def fields(self) -> dict[str, str]:
        """Fields for machines, the same each time, so that receivers recognize a repeat."""
        fields: dict[str, str] = asdict(self)
        del fields["may_repeat"]
        return fields


@dataclass(frozen=True)
class MessageContext:
    """Context that all messages of a run share.

    Attributes:
        id_of: The id of a fact, from its key.
        time_text: Writes an instant for readers.
        report: Location of the newest report.
        desk: Address of the review desk; empty without one.
        queue: Cases that need a decision, as the report counts them.
        moment: When the messages are built: the same facts sent again, as after a
            week, are another message.
    """

    id_of: Callable[[str], str]
    time_text: Callable[[datetime], str]
    report: str
    desk: str = ""
    queue: Queue = NOTHING_WAITS
    moment: str = ""


def notice(facts: Sequence[Alert], waiting: int, setting: MessageContext) -> Message:
    """Build an immediate message.

    Args:
        waiting: Further items that wait for a list.
    """
    key = _key("a", facts, setting)
    count = len(facts)
    noun = "notice" if count == 1 else "notices"
    lines = [
        f"{count} {noun} to check now.",
        "",
        *_lines(facts, setting),
        *([f"  and {waiting} more in the next list", ""] if waiting else []),
        *_foot(key, facts, setting),
    ]
    return Message(key, f"Schoolbell: {count} {noun}", text_of(lines), AT_ONCE, _worst(facts))


def daily(
    facts: Sequence[Alert], silenced: int, over: Sequence[str], setting: MessageContext
) -> Message:
    """Build the morning's list: facts that were not urgent, and facts that ended.

    Args:
        over: Facts that the receiver knew and that have ended, one line each.
    """
    key = _key("d", facts, setting)
    noun = "notice" if len(facts) == 1 else "notices"
    lines = [
        *([f"{len(facts)} {noun} since the last list.", ""] if facts else []),
        *(_lines(facts, setting) if facts else []),
        *_over(over),
        *_silenced(silenced),
        *_foot(key, facts, setting),
    ]
    subject = f"Schoolbell: {len(facts)} system {noun}"
    if not facts:
        subject = f"Schoolbell: {_notices(len(over))} over"
    return Message(key, subject, text_of(lines), DAILY, _worst(facts))


def _over(over: Sequence[str]) -> list[str]:
    if not over:
        return []
    more = [f"  and {len(over) - FILES_SHOWN} more"] if len(over) > FILES_SHOWN else []
    shown = [f"  {one_line(line)}" for line in over[:FILES_SHOWN]]
    return [f"{_notices(len(over))} resolved since the last list:", "", *shown, *more, ""]


def _notices(count: int) -> str:
    return "1 notice is" if count == 1 else f"{count} notices are"


def weekly(facts: Sequence[Alert], silenced: int, setting: MessageContext) -> Message:
    """Build the weekly list: cases that need a decision, in the report's numbers.

    Args:
        facts: Cases that the receiver has not seen before.
        silenced: Cases that were snoozed or acknowledged.
    """
    key = _key("w", facts, setting)
    queue = setting.queue
    size, new = len(queue.cases), sum(fact.about == "conduct" for fact in facts)
    said = in_items(size, len(work_items(queue.cases, queue.week)))
    lines = [
        f"{said} {'waits' if size == 1 else 'wait'} for a decision.",
        "",
        *(
            f"  {number} about: {label} ({graded})"
            for label, number, graded in by_kind(queue.cases)
        ),
        *(
            [f"{_cases(len(queue.of_students))} about {GROUPS[STUDENT]}."]
            if queue.of_students
            else []
        ),
        *undecided(queue),
        "",
        *([f"{new} of them were in no earlier message."] if new else []),
        *_silenced(silenced),
        "",
        "Each case shows the evidence, its confidence, and other explanations.",
        *_foot(key, facts, setting),
    ]
    subject = f"Network report: {said} to decide"
    return Message(key, subject, text_of(lines), WEEKLY, _worst(facts))


def undecided(queue: Queue) -> list[str]:
    """Return a line about cases that waited through two reports; empty if none did."""
    aged = queue.aged
    if not aged:
        return []
    verb = "has" if len(aged) == 1 else "have"
    oldest = min(case.week for case in aged)
    size = _cases(len(aged))
    since = f"two weeks or more, the oldest since week {oldest}"
    return [f"{size} of these {verb} waited for {since}."]


def _cases(size: int) -> str:
    return f"{size:,} {'case' if size == 1 else 'cases'}"


def overflow(held: Sequence[Alert], day: str, setting: MessageContext) -> Message:
    """Build the last message of a receiver's day."""
    counts = Counter(item.severity for item in held)
    parts = [
        f"{counts[severity]} {severity}" for severity in reversed(SEVERITIES) if counts[severity]
    ]
    count = len(held)
    key = f"o-{hashed([day, *sorted(item.key for item in held)])}"
    lines = [
        f"This is the last message today; {count} more are waiting: " + ", ".join(parts) + ".",
        "",
        *_foot(key, held, setting),
    ]
    subject = f"Schoolbell: {count} more"
    return Message(key, subject, text_of(lines), AT_ONCE, _worst(held))


def _lines(facts: Sequence[Alert], setting: MessageContext) -> list[str]:
    ordered = sorted(facts, key=lambda fact: (-fact.step, fact.since, fact.key))
    lines = [
        line
        for one in ordered[:FILES_SHOWN]
        for line in (
            _line(one, setting),
            *_at_the_desk(one, setting),
        )
    ]
    more = len(ordered) - FILES_SHOWN
    return [*lines, *([f"  and {more} more"] if more > 0 else []), ""]


def _line(one: Alert, setting: MessageContext) -> str:
    since = setting.time_text(one.since)
    return f"  {setting.id_of(one.key)}  {_weight(one)}, since {since}: {one_line(one.line)}"


def _at_the_desk(one: Alert, setting: MessageContext) -> list[str]:
    """Return a line with the case's address at the review desk, if there is one."""
    is_case = bool(setting.desk) and one.reference.startswith("c-")
    return [f"    Decide: {setting.desk}/cases/{one.reference}"] if is_case else []


def _weight(one: Alert) -> str:
    """Return how much a fact weighs; of a source or a run in the words of `status`."""
    if one.about != "health":
        return f"{one.severity}, {SURE[one.confidence].lower()}"
    is_high = SEVERITIES.index(one.severity) >= SEVERITIES.index("high")
    return "needs action" if is_high else "needs attention"


def _foot(key: str, facts: Iterable[Alert], setting: MessageContext) -> list[str]:
    """Return where to read on; a command only for those who run the system."""
    of_system = all(fact.about == "health" for fact in facts)
    is_address = setting.report.startswith("http")
    return [
        *([f"The report: {setting.report}"] if is_address or of_system else []),
        *([] if of_system or not setting.desk else [f"Decide: {setting.desk}"]),
        f"To acknowledge: schoolbell alerts ack {key}"
        if of_system
        else f"To acknowledge it, give your technology office this number: {key}",
        NOT_PROOF,
        WHY,
    ]


def _silenced(count: int) -> list[str]:
    return [f"{count} are snoozed or acknowledged and not listed."] if count else []


def _worst(facts: Iterable[Alert]) -> Severity:
    return max((fact.severity for fact in facts), key=SEVERITIES.index, default="informational")


def announced_by(decisions: Iterable[Decision]) -> list[Alert]:
    """Return the facts of some decisions."""
    return [decision.news for decision in decisions]


def _key(letter: str, facts: Sequence[Alert], setting: MessageContext) -> str:
    parts = sorted(f"{setting.id_of(fact.key)}@{fact.step}" for fact in facts)
    return f"{letter}-{hashed([setting.moment, *parts])}"


def text_of(lines: Sequence[str]) -> str:
    """Join the lines of a message into its text."""
    return "\n".join(lines) + "\n"


def hashed(parts: Iterable[str]) -> str:
    """Return twelve digits that differ between messages."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def test_message(channel: str, mark: str) -> Message:
    """A marked test of a channel.

    Args:
        mark: The same for the same test, such as its time.
    """
    key = f"t-{hashed([channel, mark])}"
    lines = [
        "This is a test. Nothing happened, and nothing is wrong.",
        "",
        f"It was sent through the channel {one_line(channel)}.",
        f"Please acknowledge it: schoolbell alerts ack {key}",
        WHY,
    ]
    return Message(key, "Schoolbell: test of alerts", text_of(lines), TEST)


def escalation(key: str, subject: str, severity: Severity, reason: str) -> Message:
    """Build the message about another message that did not reach its receiver."""
    lines = [
        f"A message {reason}:",
        "",
        f"  {key}  {one_line(subject)}",
        "",
        "See it: schoolbell alerts list",
        f"To acknowledge: schoolbell alerts ack {key}",
        WHY,
    ]
    text = text_of(lines)
    return Message(f"e-{key}", f"Schoolbell: a message {reason}", text, ESCALATION, severity)


def request_message(
    key: str, subject: str, lines: Sequence[str], why: str = WHY_REQUEST
) -> Message:
    """Build the message to one person: a request, its answer, or a question."""
    return Message(key, subject, text_of([*lines, "", why]), REQUEST)
