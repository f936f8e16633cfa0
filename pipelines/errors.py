"""The errors that people read: what happened, where, and what to do about it."""

import unicodedata


class SchoolbellError(Exception):
    """An error that is shown without a traceback.

    Args:
        what: One sentence: what happened.
        where: The place: `file:line`, a setting's name, an address.
        remedy: What to do now, as an instruction.
    """

    exit_code = 1
    command = ""
    """The command that helps where the remedy names none; empty: the help of the one that ran."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.remedy:
            parts.append(f"  {self.remedy}")
        return "\n".join(parts)


class SettingsError(SchoolbellError):
    """A setting or a registry row cannot be used in its current form."""

    exit_code = 2


class SourceError(SchoolbellError):
    """A landing file cannot be read."""

    command = "schoolbell status"


class ModelError(SchoolbellError):
    """A SQL model breaks its own header, or cannot run."""


class NothingReadError(ModelError):
    """No log has been read yet, so that there is nothing to show."""


class BusyError(SchoolbellError):
    """Another run holds the district home."""

    command = "schoolbell status"
    exit_code = 75


class DeliveryError(SchoolbellError):
    """An alert could not be delivered.

    Args:
        what: One sentence: what happened.
        retryable: True where asking again later may help.
        may_have_arrived: The receiver had the message and did not answer: it may
            have it all the same.
    """

    command = "schoolbell alerts list"

    def __init__(self, what: str, *, retryable: bool, may_have_arrived: bool = False) -> None:
        super().__init__(what)
        self.retryable = retryable
        self.may_have_arrived = may_have_arrived


def safe(text: object) -> str:
    """Make every control, format and separator character of a text visible."""
    return "".join(_visible(char) for char in str(text))


def capital(text: str) -> str:
    """Capitalize the first letter of a text and change no other."""
    return text[:1].upper() + text[1:]


def safe_lines(text: object) -> str:
    """Make control characters of a message with several lines visible."""
    return "\n".join(safe(line) for line in str(text).splitlines())


def _visible(char: str) -> str:
    if char == " " or unicodedata.category(char)[0] not in "CZ":
        return char
    return char.encode("unicode_escape").decode("ascii")
