"""One message to a reader, as it lies in the outbox and as channels are given it."""

from dataclasses import asdict, dataclass, replace

from pipelines.findings.record import Severity

REPEAT = (
    "This may be a repeat: it was being sent before, and nobody knows whether it\n"
    "arrived."
)


@dataclass(frozen=True)
class Message:
    """One message to a reader.

    Attributes:
        key: The same for the same news, so that it is sent once.
        subject: One line.
        text: The body, plain text.
        class_name: notice, daily, weekly, test, escalation or report.
        severity: That of the worst in it.
        html: The same facts as a page, for channels that can show one.
        may_repeat: It was being sent once before, and nobody knows whether it
            arrived.
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
        """The message as people read it: what may be a repeat says so."""
        if not self.may_repeat:
            return self
        subject, text = f"{self.subject} (may be a repeat)", f"{REPEAT}\n\n{self.text}"
        return replace(self, subject=subject, text=text)

    @property
    def fields(self) -> dict[str, str]:
        """For machines: the same each time, so that a repeat is known as one."""
        fields: dict[str, str] = asdict(self)
        del fields["may_repeat"]
        return fields
