"""Actions as data: each is declared once, for the command line and for the desk.

A declaration has the parameters, the right, the words of the form and of the command's help,
and the function that performs the action. The modules of this folder declare their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.errors import SettingsError
from pipelines.settings.roles import Right

if TYPE_CHECKING:  # commands read declarations before they open a home
    from pipelines.actions.context import ActionContext
    from pipelines.build.trial import Difference

Values = Mapping[str, str]
Kind = Literal["hidden", "text", "reason", "area", "date", "choice", "radio", "check", "confirm"]
ON = "1"
"""Value of a checked box."""
OUT = "out"
"""Key of the path of the file that a command writes."""


@dataclass(frozen=True)
class Parameter:
    """One value of an action: a field of the form, and an option of the command.

    Attributes:
        choices: Values to choose from, each with its words.
        option: Option of the command; without dashes, an argument; empty if only the desk
            has it.
        help: Help of the option; by default, the choices.
        default: Value without the option, if it is not required.
        is_required: Whether the command requires it; by default, if the form does.
        is_field: Whether the form has it.
        is_repeated: Whether the option may be repeated; the value lists them with commas.
        read: Reads the value from the file that the option names.
    """

    name: str
    label: str = ""
    kind: Kind = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    is_needed: bool = True
    option: str = ""
    help: str = ""
    default: str = ""
    is_required: bool | None = None
    is_field: bool = True
    is_repeated: bool = False
    read: Callable[[Path], str] | None = None

    @property
    def must_be_given(self) -> bool:
        """True if the command cannot run without it."""
        return self.is_needed if self.is_required is None else self.is_required


@dataclass(frozen=True)
class Result:
    """The result of an action.

    Attributes:
        said: One sentence, for the desk.
        facts: The JSON of the command.
        lines: Lines of the command; by default, the sentence.
        file: Name under which a browser saves what the action produced.
        names: What may be seen this one time.
        decided: Cases whose verdict can be undone now.
        back: Page to show afterwards, if not that of the form.
        mail: Sends mail about it, in the background.
    """

    said: str
    facts: Mapping[str, object] = field(default_factory=dict)
    lines: Sequence[str] = ()
    file: str = ""
    names: Mapping[str, object] | None = None
    decided: tuple[str, ...] = ()
    back: str = ""
    mail: "Callable[[ActionContext], object] | None" = None


@dataclass(frozen=True)
class Preview:
    """A registry change that is previewed on a copy before it is made.

    Attributes:
        why: Reasons for it.
        rows: What would be written, line by line.
        differences: Its changes to findings; takes time.
        note: When it takes effect.
        write: Makes the change.
        facts: The row, for the JSON of the command.
    """

    title: str
    why: str
    file: str
    rows: Sequence[str]
    differences: "Callable[[], Sequence[Difference]]"
    write: "Callable[[ActionContext], Result]"
    note: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of a person.

    Attributes:
        command: The command with the same effect; empty if only the desk offers it.
        summary: Help of the command.
        act: Performs it; for a previewed action, writes it.
        attempt: Builds the preview, outside the desk's lock.
        confirm: The button that performs a previewed action.
        is_needed_seen: The change cannot be submitted until its preview has finished.
        about: Parameter with the subject of the action; its revision is compared.
        back: Page to show afterwards; by default, that of its subject.
        out: Option with the file to write, if the action produces one.
        is_folder: Whether that option names the folder of the file.
    """

    name: str
    command: str
    right: Right
    title: str
    button: str
    parameters: tuple[Parameter, ...]
    summary: str = ""
    act: "Callable[[ActionContext, Values], Result] | None" = None
    attempt: "Callable[[ActionContext, Values], Preview] | None" = None
    confirm: str = ""
    is_needed_seen: bool = False
    about: Literal["case", "request", "record", ""] = "case"
    back: str = ""
    hint: str = ""
    out: Parameter | None = None
    is_folder: bool = False

    @property
    def fields(self) -> tuple[Parameter, ...]:
        """The fields of its form."""
        return tuple(one for one in self.parameters if one.is_field)


WHY = "Why; recorded permanently."
REASON = Parameter(
    "reason",
    "Reason",
    "reason",
    hint="This is a public record: give the reason, and do not name anyone.",
    option="--reason",
    help=WHY,
)
IN_YOUR_WORDS = replace(REASON, help="Why, in your words; recorded permanently.")
CASE = Parameter("case", kind="hidden", option="case_id", help="ID of the case.")
ANY_CASE = replace(CASE, help="Id or number of a case.")
QUEUE = Parameter("queue", kind="hidden", is_needed=False)
"""The filter of the queue from which a page was opened."""
WITH_NAMES = Parameter(
    "names",
    "With names (requires a second person)",
    "check",
    is_needed=False,
    option="--names",
    help="Include names and the text of log lines.",
)


def day_of(text: str, where: str) -> date:
    """Parse a day as people write it.

    Raises:
        SettingsError: The text is not a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a date", where=where, remedy="Write 2026-12-18."
        ) from error


def days_of(text: str) -> tuple[date, date]:
    """Parse a range as people write it into its first and last day.

    Raises:
        SettingsError: The text is not a range.
    """
    first, dots, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a range of days",
            where="--days",
            remedy="Write 2026-11-02..2026-11-13.",
        ) from error
