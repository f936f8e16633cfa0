"""Messages that ask for an answer: tests, and what did not reach its reader. Pure."""

from pipelines.alerts.message import Message
from pipelines.alerts.messages import ESCALATION, TEST, WHY, hashed, text_of
from pipelines.alerts.news import one_line
from pipelines.findings.record import Severity


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
    """Tells somebody else of a message that did not reach its reader."""
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
    return Message(
        f"e-{key}", f"Schoolbell: a message {reason}", text, ESCALATION, severity
    )
