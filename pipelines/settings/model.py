"""`district.toml` as one frozen model; `reader` reads the file.

Every field says what it means and gives an example, from which the file that
`schoolbell init` writes and the messages about mistakes are made.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from pipelines.engines import Kind
from pipelines.settings.alert_settings import Alerts
from pipelines.settings.desk import Desk
from pipelines.settings.problems import SEVERITIES, MisusedKeyError, Part, gathered
from pipelines.settings.record_classes import Retention
from pipelines.settings.roles import Roles

Scalar = bool | int | float | str


class Detection(Part):
    """Changes to one detection, by code or name; each change says who decided it."""

    enabled: bool = Field(
        default=True, description="false: it does not run", examples=[True]
    )
    stage: Literal["trial", "live"] | None = Field(
        default=None,
        description="trial: shown, and announced to nobody; absent: as the rule ships",
        examples=["live"],
    )
    regulation: str | None = Field(
        default=None, description="regulation behind the numbers", examples=["713-R1"]
    )
    approver: str | None = Field(
        default=None, description="who approved them", examples=["superintendent"]
    )
    approved_on: date | None = Field(
        default=None, description="and when", examples=[date(2026, 8, 1)]
    )
    parameters: Mapping[str, Scalar] = Field(
        default_factory=dict,
        description="its parameters; may also stand beside the keys above",
        examples=[{"gap_minutes": 30}],
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        data = gathered(cls, data, "parameters")
        given = data.get("parameters") if isinstance(data, dict) else None
        for key, value in given.items() if isinstance(given, dict) else ():
            if not isinstance(value, Scalar):
                raise MisusedKeyError(
                    key,
                    "must be one number, one text, true or false",
                    allowed="a parameter of this rule; see docs/reference",
                    paste=f"# {key} =",
                )
        return data

    def over(self, below: "Detection") -> "Detection":
        """What is said here, and what only the layer below says."""
        parameters = {**below.parameters, **self.parameters}
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return below.model_copy(update=said | {"parameters": parameters})

    @model_validator(mode="after")
    def _approved_is_what_a_regulation_says(self) -> "Detection":
        if self.regulation is None and (self.approver or self.approved_on):
            raise MisusedKeyError(
                "approver" if self.approver else "approved_on",
                "approver and approved_on are those of a regulation; name it",
                allowed="a regulation beside them",
                paste='regulation = "713-R1"',
            )
        return self


DayType = Literal[
    "school", "early_out", "late_start", "pd_day", "weekend", "holiday", "closure",
    "elearning",
]  # fmt: skip
DAY_TYPES: tuple[DayType, ...] = get_args(DayType)
REPORT_TITLE = "Network use, week by week"
LEAST_COUNT = 5
MEMORY_MB = 2_000
EditionName = Literal["director", "principal", "superintendent", "board", "public"]


def _zone(name: str) -> str:
    if name not in available_timezones():
        message = "not a time zone"
        raise ValueError(message)
    return name


def _inside(path: str) -> str:
    """No way out of the home by a relative path; an absolute one is said plainly."""
    if not path.strip() or ".." in PurePosixPath(path).parts or "\x00" in path:
        message = "not a path inside the home, nor an absolute one"
        raise ValueError(message)
    return path


def _origin(origin: str) -> str:
    """A url that can be fetched, or a path."""
    if "://" not in origin:
        return _inside(origin)
    if not origin.startswith(WEB) or not origin.isprintable() or " " in origin:
        message = "neither a path nor a url that begins with https:// or http://"
        raise ValueError(message)
    return origin


Zone = Annotated[str, AfterValidator(_zone)]
FilePath = Annotated[str, AfterValidator(_inside)]
Origin = Annotated[str, AfterValidator(_origin)]
WEB = ("https://", "http://")


@dataclass(frozen=True)
class UsualBreak:
    """A break of some minutes that lies somewhere in a span of the day.

    Attributes:
        start: Minutes after local midnight.
        end: Minutes after local midnight, later than the start.
    """

    start: int
    end: int
    minutes: int


USUAL_BREAK = re.compile(
    r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9]), *([0-9]{1,3})"
)


class District(Part):
    """The district itself."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description="the district's name, as reports print it",
        examples=["Example Community School District"],
    )
    zone: Zone = Field(
        description="time zone (IANA) in which the district keeps its hours",
        examples=["America/Chicago"],
    )
    locale: Literal["en-US", "en-GB"] = Field(
        default="en-US",
        description="how reports write dates, clock times and distances",
        examples=["en-US"],
    )
    account_domains: tuple[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], ...
    ] = Field(
        default=(),
        description="domains that are stripped from account names, beside those that "
        "registry and logs show to be the district's; see schoolbell check",
        examples=[["EXAMPLE", "school.example"]],
    )
    usual_break: str = Field(
        default="",
        description="the duty-free break of staff who have none in staff_duty.csv: "
        "between when it lies, and how many minutes it takes",
        examples=["11:00-13:30, 30"],
    )

    @field_validator("usual_break")
    @classmethod
    def _is_a_break(cls, text: str) -> str:
        if text:
            _break_of(text)
        return text

    @property
    def break_span(self) -> UsualBreak | None:
        """The usual break; None where the district names none."""
        return _break_of(self.usual_break) if self.usual_break else None


def _break_of(text: str) -> UsualBreak:
    found = USUAL_BREAK.fullmatch(text.strip())
    if found:
        hour, minute, last_hour, last_minute, length = map(int, found.groups())
        made = UsualBreak(60 * hour + minute, 60 * last_hour + last_minute, length)
        if 0 < made.minutes <= made.end - made.start:
            return made
    message = 'is not a break; write "11:00-13:30, 30": from, to, and how many minutes'
    raise ValueError(message)


class Source(Part):
    """A folder in which log files of one kind arrive; its name is yours to choose."""

    format: str | None = Field(
        default=None,
        description="name of the log format; left out, it is found from the lines",
        examples=["squid_access"],
    )
    path: FilePath | None = Field(
        default=None,
        description="folder of the files; left out, landing/<name>",
        examples=["landing/proxy"],
    )
    zone: Zone | None = Field(
        default=None,
        description="time zone of stamps without an offset; left out, the district's",
        examples=["America/Chicago"],
    )
    options: Mapping[str, str] = Field(
        default_factory=dict,
        description="settings of the format itself, all as text",
        examples=[{"date_order": "day_first"}],
    )
    given_up: tuple[str, ...] = Field(
        default=(),
        description="fields it no longer fills, on purpose; rules judge without them",
        examples=[["user_name"]],
    )
    hard_links: bool = Field(
        default=False,
        description="true: read files that have a second name on the disk, as "
        "`rsync --link-dest` makes them",
        examples=[True],
    )


COLOUR = r"^(#[0-9a-fA-F]{6})?$"


class Referral(Part):
    """Which office takes an item further; a draft, to be settled with counsel."""

    shared_account: str = Field(
        default="human resources",
        description="office for an account in use away from its owner",
        examples=["human resources"],
    )
    non_approved_site: str = Field(
        default="the supervisor",
        description="office for a site that is not on the list",
        examples=["the supervisor"],
    )
    off_hours_external: str = Field(
        default="the supervisor",
        description="office for outside sites outside duty hours",
        examples=["the supervisor"],
    )
    severity: Literal["low", "medium", "high", "critical"] = Field(
        default="medium",
        description="from this severity on an item is referred",
        examples=["medium"],
    )
    text: str = Field(
        default="Refer this to {office}. Do not question anybody yourself.",
        description="what the card says; {office} stands for the office",
        examples=["Refer this to {office}. Do not question anybody yourself."],
    )

    def sentence(self, kind: str, severity: str) -> str:
        """What a card says of who takes it further; empty where nobody has to.

        Args:
            kind: Of the finding: shared_account, non_approved_site, ...
            severity: Of the finding.
        """
        office = {
            "shared_account": self.shared_account,
            "non_approved_site": self.non_approved_site,
            "off_hours_external": self.off_hours_external,
        }.get(kind, "")
        known: Sequence[str] = SEVERITIES
        is_heavy = known.index(severity) >= known.index(self.severity)
        return self.text.replace("{office}", office) if office and is_heavy else ""


class Report(Part):
    """The weekly report."""

    title: str = Field(
        default=REPORT_TITLE,
        min_length=1,
        max_length=200,
        description="title beside the district's name, on page one and in the window",
        examples=[REPORT_TITLE],
    )
    sections_off: tuple[str, ...] = Field(
        default=(),
        description="sections left out, by the name that their CSV file has",
        examples=[["trend"]],
    )
    editions: tuple[EditionName, ...] = Field(
        default=("director",),
        description="who gets a report; the director's is always made",
        examples=[["director", "principal", "board"]],
    )
    mail: str = Field(
        default="",
        description="alert channel (type smtp) that mails the newest finished week",
        examples=["mail"],
    )
    address: Annotated[str, Field(pattern=r"^(https://[^\s\"<>]+)?$")] = Field(
        default="",
        description="https address under which your staff open the reports folder",
        examples=["https://intranet.school.example/reports"],
    )
    pdf: bool = Field(
        default=False,
        description="true: also as PDF, printed by a Chromium that is installed",
        examples=[True],
    )
    paper: Literal["letter", "a4"] = Field(
        default="letter", description="paper of the printed report", examples=["a4"]
    )
    accent: Annotated[str, Field(pattern=COLOUR)] = Field(
        default="",
        description="color of links on light ground; its contrast is checked",
        examples=["#1f5fbf"],
    )
    accent_dark: Annotated[str, Field(pattern=COLOUR)] = Field(
        default="",
        description="color of links on dark ground; its contrast is checked",
        examples=["#8ab8f5"],
    )
    browser: str = Field(
        default="",
        description="program that prints; left out, the first Chromium or Chrome found",
        examples=["/usr/bin/chromium"],
    )
    least_count: int = Field(
        default=LEAST_COUNT,
        ge=3,
        le=100,
        description="fewest accounts behind a count in editions that many people read",
        examples=[LEAST_COUNT],
    )


LARGEST_LOSS = 0.2


class RegistrySettings(Part):
    """How the district's own files are read."""

    largest_loss: float = Field(
        default=LARGEST_LOSS,
        ge=0,
        le=1,
        description="share of its rows that a file may lose from one run to the next; "
        "one that lost more, and 5 rows at least, or all, is not taken until "
        "`schoolbell check --accept`: a new school year seldom takes a fifth, an "
        "export that failed takes more",
        examples=[LARGEST_LOSS],
    )

    columns: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict,
        description="file -> our column name -> the header in your file",
        examples=[{"devices.csv": {"hostname": "Computer Name"}}],
    )
    calendar_words: Mapping[str, DayType] = Field(
        default_factory=dict,
        description="words in a calendar event's title -> kind of day: "
        + ", ".join(DAY_TYPES),
        examples=[{"Flex Friday": "elearning"}],
    )
    categories: Mapping[str, str] = Field(
        default_factory=dict,
        description="category as your filter writes it -> our word for it",
        examples=[{"Social Networking": "social"}],
    )


class ListSource(Part):
    """A list of domains that others keep; `schoolbell lists update` takes it."""

    origin: Origin = Field(
        description="file or folder of the list, or the url it is fetched from",
        examples=["https://lists.example.org/games.txt"],
    )
    format: Literal["v2fly", "hosts", "ut1", "csv"] = Field(
        description="how it is written: v2fly, hosts, ut1 (a folder) or csv",
        examples=["v2fly"],
    )
    category: str | None = Field(
        default=None,
        description="what its names are, where it does not say",
        examples=["games"],
    )
    background: str | None = Field(
        default=None,
        description="kind of machine traffic; its hosts then count as no visit",
        examples=["tracker"],
    )
    licence: str = Field(
        default="", description="under which you may use it", examples=["MIT"]
    )
    enabled: bool = Field(
        default=True, description="false: kept, but not used", examples=[True]
    )

    @property
    def url(self) -> str | None:
        """The origin, where it is one that is fetched."""
        return self.origin if self.origin.startswith(WEB) else None


ListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class Limits(Part):
    """Bounds that keep one bad file from taking everything."""

    reject_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of unreadable lines above which a file is reported",
        examples=[0.05],
    )
    memory_mb: int = Field(
        default=MEMORY_MB,
        ge=256,
        le=1_000_000,
        description="memory for the warehouse, in megabytes",
        examples=[MEMORY_MB],
    )
    registry_rows: int = Field(
        default=5_000_000,
        ge=1_000,
        le=50_000_000,
        description="rows that one registry file may have",
        examples=[5_000_000],
    )


class EngineSettings(Part):
    """Where lines are parsed and large days built; it changes nothing that is found."""

    kind: Kind = Field(
        default="local",
        description="local: in one process; pool: in a process for each core of this "
        "machine; spark: on a Spark cluster",
        examples=["pool"],
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=4_096,
        description="tasks at once; absent: one for each core, or what Spark offers",
        examples=[4],
    )
    master: str = Field(
        default="",
        description="Spark's master; absent where spark-submit names it",
        examples=["spark://host.example:7077"],
    )


class Dagster(Part):
    """Dagster's pages, where a district uses them."""

    automation: bool = Field(
        default=True,
        description="schedules and sensors begin switched on; false where a timer "
        "calls schoolbell run instead",
        examples=[False],
    )


RecordClass = Literal[
    "student_rows", "small_counts", "sensitive_sites", "names", "free_text"
]
"""What in a table of records is not for everybody."""
EXEMPTIONS: Mapping[RecordClass, str] = {
    "student_rows": "student records (FERPA, 20 U.S.C. 1232g)",
    "small_counts": "would identify a person",
    "sensitive_sites": "would tell of health, faith or private life",
    "names": "personal information in a personnel matter",
    "free_text": "not yet reviewed for personal information",
}
"""What is cited where the district names nothing: a draft, for counsel to settle."""


class RecordSettings(Part):
    """Requests for public records; how long the district has is the district's word."""

    response_days: int | None = Field(
        default=None,
        ge=1,
        le=365,
        description="days in which a request is to be answered; absent: no clock",
        examples=[20],
    )
    warn_days: int = Field(
        default=3, ge=0, le=60, description="days before that in which status and "
        "alerts say so",
        examples=[3],
    )  # fmt: skip
    rows_an_hour: int = Field(
        default=600,
        ge=1,
        description="rows that a person reviews in an hour, for the estimate of cost",
        examples=[600],
    )
    hourly_cost: float = Field(
        default=0, ge=0, description="cost of that hour, in the district's currency",
        examples=[35.0],
    )  # fmt: skip
    exemptions: Mapping[RecordClass, str] = Field(
        default_factory=dict,
        description="what the district cites for each class that it withholds",
        examples=[{"student_rows": "Iowa Code 22.7(1)"}],
    )

    def exemption(self, of: RecordClass) -> str:
        """What is cited for a class without a decision of its own."""
        return self.exemptions.get(of) or EXEMPTIONS[of]


class Settings(Part):
    """Everything that `district.toml` can say."""

    district: District
    sources: Mapping[str, Source] = Field(default_factory=dict)
    detections: Mapping[str, Detection] = Field(default_factory=dict)
    report: Report = Report()
    referral: Referral = Referral()
    alerts: Alerts = Alerts()
    registry: RegistrySettings = RegistrySettings()
    lists: Mapping[ListName, ListSource] = Field(default_factory=dict)
    limits: Limits = Limits()
    dagster: Dagster = Dagster()
    engine: EngineSettings = EngineSettings()
    roles: Roles = Roles()
    retention: Retention = Retention()
    desk: Desk = Desk()
    records: RecordSettings = RecordSettings()
    _agency: Mapping[str, Detection] = PrivateAttr(default_factory=dict)

    @property
    def agency(self) -> Mapping[str, Detection]:
        """What the district's service agency sets of rules, as it is written."""
        return self._agency

    def below(self, agency: Mapping[str, Detection]) -> "Settings":
        """These settings over an agency's; what a district says itself stands."""
        laid = self.model_copy()
        laid._agency = agency  # noqa: SLF001 - a copy of its own kind
        return laid
