"""`district.toml` as one frozen model; `reader` reads the file.

Every field has a description and an example, which are used for the file that
`schoolbell init` writes and for error messages.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from pathlib import PurePosixPath
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from pipelines.day_kinds import DAY_TYPES, DayType
from pipelines.engines import Kind
from pipelines.settings.alert_settings import Alerts, Weekday
from pipelines.settings.fetch_settings import FetchedService
from pipelines.settings.problems import SEVERITIES, MisusedKeyError, Part, gathered, setting
from pipelines.settings.record_classes import Retention
from pipelines.settings.roles import Desk, Roles
from pipelines.web import is_safe

Scalar = bool | int | float | str


REPORT_TITLE = "Network use, week by week"
MIN_COUNT = 5
MEMORY_MB = 512
SNAPSHOTS = 14
EditionName = Literal["director", "principal", "superintendent", "board", "public"]
WEB = ("https://", "http://")
USUAL_BREAK = re.compile(
    r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9]), *([0-9]{1,3})"
)
HOURS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]) *- *([01]?[0-9]|2[0-4]):([0-5][0-9])")
EVERY_JOB = "all"
COLOR = r"^(#[0-9a-fA-F]{6})?$"
MAX_LOSS = 0.2
JudgedKind = Literal["dating", "jobs"]
"""Private kinds of sites that a district may have judged."""
ListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
RecordClass = Literal[
    "student_rows", "small_counts", "undecided", "sensitive_sites", "names", "free_text"
]
"""Restricted classes of public records."""

EXEMPTIONS: Mapping[RecordClass, str] = {
    "student_rows": "student records (FERPA, 20 U.S.C. 1232g)",
    "small_counts": "would identify a person",
    "undecided": "not a finding of the district: a lead, or not yet reviewed",
    "sensitive_sites": "would reveal health, faith or private life",
    "names": "personal information in a personnel matter",
    "free_text": "not yet reviewed for personal information",
}
"""Citations of a district that names none: a draft for its counsel."""


class Detection(Part):
    """Changes to one detection, by id or name; each change states who decided it."""

    enabled: bool = setting(True, "false: it does not run")
    stage: Literal["trial", "live"] | None = setting(
        None, "trial: shown, not announced; absent: as the rule ships", "live"
    )
    regulation: str | None = setting(None, "regulation behind the numbers", "713-R1")
    approver: str | None = setting(None, "who approved them", "superintendent")
    approved_on: date | None = setting(None, "and when", date(2026, 8, 1))
    parameters: Mapping[str, Scalar] = Field(
        default_factory=dict,
        description="its parameters; may also be next to the keys above",
        examples=[{"gap_minutes": 30}],
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
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
        """Combine these settings with those that only the layer below has."""
        parameters = {**below.parameters, **self.parameters}
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return below.model_copy(update=said | {"parameters": parameters})

    @model_validator(mode="after")
    def _approved_is_what_a_regulation_says(self) -> "Detection":
        if self.regulation is None and (self.approver or self.approved_on):
            raise MisusedKeyError(
                "approver" if self.approver else "approved_on",
                "requires a regulation",
                allowed="approver and approved_on only next to a regulation",
                paste='regulation = "713-R1"',
            )
        return self


def _zone(name: str) -> str:
    message = "is not a time zone"
    try:
        ZoneInfo(name)  # to list all of them, every file of them is opened
    except (LookupError, OSError, ValueError):
        raise ValueError(message) from None
    if name.startswith(("posix", "right/")):  # of other rules, and in no list
        raise ValueError(message)
    return name


def _inside(path: str) -> str:
    """Refuse a relative path that leads out of the home; an absolute one is explicit."""
    if not path.strip() or ".." in PurePosixPath(path).parts or "\x00" in path:
        message = "is not a path inside the home, nor an absolute one"
        raise ValueError(message)
    return path


def _network(network: str) -> str:
    """Return an address or a network as it is usually written."""
    return str(ip_network(network))


def _origin(origin: str) -> str:
    """Return a url that can be fetched, or a path."""
    if "://" not in origin:
        return _inside(origin)
    if not origin.startswith(WEB) or not origin.isprintable() or " " in origin:
        message = "is neither a path nor a url that begins with https:// or http://"
        raise ValueError(message)
    return origin


Zone = Annotated[str, AfterValidator(_zone)]
FilePath = Annotated[str, AfterValidator(_inside)]
Absolute = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._/-]+)?$")]
"""A path that needs no quotes in the files of other programs."""
Origin = Annotated[str, AfterValidator(_origin)]
Network = Annotated[str, AfterValidator(_network)]


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


@dataclass(frozen=True)
class Hours:
    """Hours of a day; an end before the start is on the next day.

    Attributes:
        start: Minutes after local midnight.
        end: Minutes after local midnight.
    """

    start: int
    end: int


def hours_of(text: str) -> Hours:
    """Read hours such as 07:30-16:00.

    Raises:
        ValueError: They are not hours.
    """
    if found := HOURS.fullmatch(text.strip()):
        hour, minute, last_hour, last_minute = map(int, found.groups())
        made = Hours(60 * hour + minute, 60 * last_hour + last_minute)
        if made.start != made.end and made.end <= 24 * 60:
            return made
    message = 'are not hours; write "07:30-16:00": from when to when staff are on duty'
    raise ValueError(message)


def _hours(text: str) -> str:
    hours_of(text)
    return text


def _by_job(given: object) -> object:
    return {EVERY_JOB: given} if isinstance(given, str) else given


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
    locale: Literal["en-US", "en-GB"] = setting(
        "en-US", "how reports write dates, times and distances"
    )
    account_domains: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], ...] = (
        setting(
            (),
            "domains that are stripped from account names, in addition to those that "
            "registry and logs show to be the district's; see schoolbell check",
            ["EXAMPLE", "school.example"],
        )
    )
    judged_kinds: tuple[JudgedKind, ...] = setting(
        (),
        "private kinds of sites that rules on sites judge here. Without them, use of such "
        "sites is counted and held against no one. Their names stay withheld either way",
        ["dating", "jobs"],
    )
    site_list_complete_from: date | None = setting(
        None,
        "the first day on which approved_sites.csv names all sites that the district "
        "approves; use before that day is judged as without a list, so a day in the future "
        "switches the list's gaps off. Without a day, a list counts as complete once it "
        "has ten sites that people entered; accepted proposals do not count",
        date(2026, 9, 1),
    )
    site_list_kinds: tuple[str, ...] = setting(
        (),
        "the kinds of sites for which that list is complete, as in site_categories.csv; "
        "without them, all kinds",
        ["social", "shopping"],
    )
    usual_break: str = setting(
        "",
        "the duty-free break of staff who have none in staff_duty.csv: "
        "between when it lies, and how many minutes it takes",
        "11:00-13:30, 30",
    )

    usual_duty: Annotated[
        Mapping[str, Annotated[str, AfterValidator(_hours)]], BeforeValidator(_by_job)
    ] = setting(
        {},
        "hours on school days of staff who have no contract row in staff_duty.csv, by "
        "job title or role, and of all others. Evenings and weekends on site are then "
        "a question about an event, not a finding",
        {EVERY_JOB: "07:30-16:00", "custodian": "14:00-22:30"},
    )

    @field_validator("usual_break")
    @classmethod
    def _is_a_break(cls, text: str) -> str:
        if text:
            _break_of(text)
        return text

    @property
    def duty_hours(self) -> Mapping[str, Hours]:
        """The usual hours by job or role, as written; `all` is any other."""
        return {job: hours_of(text) for job, text in self.usual_duty.items()}

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


Way = Literal["tls", "tcp", "udp"]


class Receive(Part):
    """A port for the lines of the source of this name, and the devices that may send them."""

    port: int = Field(
        description="port of these devices alone", examples=[5514], ge=1_024, le=65_535
    )
    senders: tuple[Network, ...] = Field(
        description="addresses or networks of the devices; others are refused",
        examples=[["192.0.2.1", "198.51.100.0/24"]],
        min_length=1,
    )
    by: Way = setting("tcp", "tls, tcp or udp; by udp, lines can be lost and forged", "tls")
    peers: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9.*-]{0,252}$")], ...] = (
        setting((), "names in the certificates of the devices, for tls", ["fw1.school.example"])
    )

    octet_counted: bool = setting(
        True,
        "false: no message has its length in front (RFC 6587); needed for lines that begin with "
        "a digit, such as those that Squid itself sends",
        False,
    )

    @model_validator(mode="after")
    def _tls_names_its_peers(self) -> "Receive":
        if (self.by == "tls") != bool(self.peers):
            raise MisusedKeyError(
                "peers",
                "belongs to tls, and to no other way",
                allowed="the names in the certificates of the devices",
                paste='peers = ["fw1.school.example"]',
            )
        return self


class Collector(Part):
    """The program that receives lines over the network; `schoolbell units` configures it."""

    certificate: Absolute = setting(
        "", "its certificate with the chain, for TLS", "/etc/schoolbell/collector/cert.pem"
    )
    key: Absolute = setting("", "the key of that", "/etc/schoolbell/collector/key.pem")
    authority: Absolute = setting(
        "",
        "certificate of the authority that signed those of the devices",
        "/etc/schoolbell/collector/ca.pem",
    )
    queue: Absolute = setting(
        "/var/lib/schoolbell-collector", "folder of lines that cannot be written yet"
    )
    queue_mb: int = setting(
        4_096, "megabytes that it may take for each source", ge=64, le=1_000_000
    )
    receive: Mapping[ListName, Receive] = Field(default_factory=dict)


class Source(Part):
    """A folder in which log files of one kind arrive; its name is yours to choose."""

    format: str | None = setting(
        None, "name of the log format; left out, it is found from the lines", "squid_access"
    )
    path: FilePath | None = setting(
        None, "folder of the files; left out, landing/<name>", "landing/proxy"
    )
    zone: Zone | None = setting(
        None, "time zone of stamps without an offset; left out, the district's", "America/Chicago"
    )
    options: Mapping[str, str] = Field(
        default_factory=dict,
        description="settings of the format itself, all as text",
        examples=[{"date_order": "day_first"}],
    )
    given_up: tuple[str, ...] = setting(
        (), "fields it no longer fills, on purpose; rules judge without them", ["user_name"]
    )
    hard_links: bool = setting(
        False,
        "true: read files that have a second name on the disk, as `rsync --link-dest` makes them",
        True,
    )


NO_QUESTIONS = "Do not question anyone yourself."
"""The last sentence of a referral; rules that have none end their next step with it."""


class QuestionSettings(Part):
    """Questions by mail to the owner of an account; off until counsel approves them."""

    approved_by: str = setting(
        "", "who of counsel approved them, with office; empty: off", "L. Ortega, General Counsel"
    )
    approved_on: date | None = setting(
        None, "first day on which they may be sent", date(2026, 12, 1)
    )
    days: Annotated[int, Field(ge=1, le=30)] = setting(7, "days after which a link no longer works")

    def is_on(self, today: date) -> bool:
        """Return whether questions may be sent on a day."""
        return bool(self.approved_by.strip()) and (
            self.approved_on is not None and self.approved_on <= today
        )


class Referral(Part):
    """The office that takes a case further; a draft, to be settled with counsel."""

    shared_account: str = setting(
        "human resources", "office for an account in use away from its owner"
    )
    non_approved_site: str = setting("the supervisor", "office for a site that is not on the list")
    off_hours_external: str = setting(
        "the supervisor", "office for outside sites outside duty hours"
    )
    severity: Literal["low", "medium", "high", "critical"] = setting(
        "medium", "from this severity on an item is referred"
    )
    text: str = setting(
        f"Refer this to {{office}}. {NO_QUESTIONS}",
        "text on the card; {office} represents the office",
    )

    def sentence(self, kind: str, severity: str) -> str:
        """Return a card's sentence about the office; empty if none is needed.

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


ReaderLocale = Literal["", "en-US", "en-CA", "es-US"]


class ReportReader(Part):
    """A person who receives an edition of the report by email."""

    edition: Literal["principal", "superintendent"] = setting(
        "superintendent", "edition that the email is about", "principal"
    )
    building: str = setting("", "code of the principal's building", "HS")
    address: Annotated[str, Field(pattern=r"^[^\s\"<>,]+@[^\s\"<>,]+$")] = Field(
        description="email address, which is also in [alerts] recipients",
        examples=["principal@school.example"],
    )
    day: Weekday = setting("monday", "day of the week from which it is sent", "tuesday")
    locale: ReaderLocale = setting(
        "", "this reader's style and language, if not that of all", "es-US"
    )
    link: Annotated[str, Field(pattern=r"^(https://[^\s\"<>]+)?$")] = setting(
        "",
        "https address under which this reader opens the edition's folder",
        "https://intranet.school.example/principal-hs",
    )

    @model_validator(mode="after")
    def _principal_has_a_building(self) -> "ReportReader":
        if (self.edition == "principal") != bool(self.building):
            raise MisusedKeyError(
                "building",
                "belongs to the principal's edition, and to no other",
                allowed="the code of a building for edition principal",
                paste='building = "HS"',
            )
        return self


class Report(Part):
    """The weekly report."""

    title: str = setting(
        REPORT_TITLE,
        "title next to the district's name, on page one and in the window",
        min_length=1,
        max_length=200,
    )
    sections_off: tuple[str, ...] = setting(
        (), "sections left out, by the name that their CSV file has", ["trend"]
    )
    locale: ReaderLocale = setting(
        "",
        "style of dates, times and distances on pages and in emails, instead of [district] "
        "locale; es-US also writes the editions and emails for principals and the "
        "superintendent in Spanish",
        "es-US",
    )
    editions: tuple[EditionName, ...] = setting(
        ("director",),
        "who gets a report; the director's is always made",
        ["director", "principal", "board"],
    )
    mail: str = setting("", "alert channel (type smtp) that mails the newest finished week", "mail")
    address: Annotated[str, Field(pattern=r"^(https://[^\s\"<>]+)?$")] = setting(
        "",
        "https address under which your staff open the reports folder; empty: that of the desk",
        "https://intranet.school.example/reports",
    )
    pdf: bool = setting(False, "true: also as PDF, printed by a Chromium that is installed", True)
    paper: Literal["letter", "a4"] = setting("letter", "paper of the printed report", "a4")
    accent: Annotated[str, Field(pattern=COLOR)] = setting(
        "", "color of links on light ground; its contrast is checked", "#1f5fbf"
    )
    accent_dark: Annotated[str, Field(pattern=COLOR)] = setting(
        "", "color of links on dark ground; its contrast is checked", "#8ab8f5"
    )
    browser: str = setting(
        "", "program that prints; left out, the first Chromium or Chrome found", "/usr/bin/chromium"
    )
    readers: Mapping[str, ReportReader] = Field(
        default_factory=dict, description="people who receive an edition by email", examples=[{}]
    )
    least_count: int = setting(
        MIN_COUNT, "fewest accounts behind a count in editions that many people read", ge=3, le=100
    )


class RegistrySettings(Part):
    """Settings for reading the district's own files."""

    largest_loss: float = setting(
        MAX_LOSS,
        "share of its rows that a file may lose from one run to the next; "
        "one that lost more, and 5 rows at least, or all, is not taken until "
        "`schoolbell check --accept`: a new school year seldom takes a fifth, an "
        "export that failed takes more",
        ge=0,
        le=1,
    )

    columns: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict,
        description="file -> our column name -> the header in your file",
        examples=[{"devices.csv": {"hostname": "Computer Name"}}],
    )
    calendar_words: Mapping[str, DayType] = Field(
        default_factory=dict,
        description="words in a calendar event's title -> kind of day: " + ", ".join(DAY_TYPES),
        examples=[{"Flex Friday": "elearning"}],
    )
    categories: Mapping[str, str] = Field(
        default_factory=dict,
        description="category as your filter writes it -> our word for it",
        examples=[{"Social Networking": "social"}],
    )


SITE_FORMATS = ("v2fly", "hosts", "ut1", "csv")
BAD_FORMATS = ("hosts", "csv", "urlhaus", "misp", "stix")


class ListSource(Part):
    """A list of hosts that others keep; `schoolbell lists update` takes it."""

    origin: Origin = Field(
        description="file or folder of the list, or the url it is fetched from",
        examples=["https://lists.example.org/games.txt"],
    )
    format: Literal["v2fly", "hosts", "ut1", "csv", "urlhaus", "misp", "stix"] = Field(
        description="how it is written: v2fly, hosts, ut1 (a folder) or csv; of bad hosts: "
        "hosts, csv, urlhaus (its CSV), misp (events as JSON) or stix (a bundle)",
        examples=["v2fly"],
    )
    category: str | None = setting(None, "what its names are, where it does not say", "games")
    background: str | None = setting(
        None, "kind of machine traffic; its hosts then count as no visit", "tracker"
    )
    bad: bool = setting(False, "true: its hosts and addresses are bad; AN-25 reports a contact")
    license: str = setting("", "under which you may use it", "MIT")
    enabled: bool = setting(True, "false: kept, but not used")

    @model_validator(mode="after")
    def _one_use(self) -> "ListSource":
        if self.bad and (self.category or self.background):
            raise ValueError("a list is bad, of a category or of background hosts: only one")
        formats = BAD_FORMATS if self.bad else SITE_FORMATS
        if self.format not in formats:
            raise ValueError(f"format of this list is one of: {', '.join(formats)}")
        return self

    @property
    def url(self) -> str | None:
        """The origin, where it is one that is fetched."""
        return self.origin if self.origin.startswith(WEB) else None


def machine_memory_mb() -> int:
    """Return the megabytes of the machine's memory; 0 on a system that does not report them."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (AttributeError, ValueError):  # Windows
        return 0


class Limits(Part):
    """Bounds that keep one bad file from taking everything."""

    reject_share: float = setting(
        0.05, "share of unreadable lines above which a file is reported", ge=0, le=1
    )
    memory_mb: int = setting(
        MEMORY_MB, "memory for the warehouse, in megabytes", ge=256, le=1_000_000
    )
    largest_memory_mb: int = setting(
        0,
        "memory to which that may grow for a day that does not fit, in megabytes; 0 for a "
        "third of the machine's",
        ge=0,
        le=1_000_000,
    )
    snapshots: int = setting(
        SNAPSHOTS, "snapshots that are kept, each as large as most of the warehouse", ge=1, le=100
    )
    registry_rows: int = setting(
        5_000_000, "rows that one registry file may have", ge=1_000, le=50_000_000
    )

    @property
    def most_memory_mb(self) -> int:
        """The megabytes to which the warehouse's memory may grow."""
        return max(self.memory_mb, self.largest_memory_mb or machine_memory_mb() // 3)


def _authority(url: str) -> str:
    if url and not is_safe(url):
        message = "is neither empty nor an https:// address; http:// is for this machine alone"
        raise ValueError(message)
    return url


class Seal(Part):
    """An authority that time-stamps the audit chain each night (RFC 3161); off without an url."""

    url: Annotated[str, AfterValidator(_authority)] = setting(
        "",
        "https address of the authority, which gets a hash alone; empty: off",
        "https://time.example.org/tsr",
    )
    certificates: FilePath = setting(
        "seals/authority.pem",
        "file with its certificates (PEM), the root first, and its revocation list if you have it",
    )
    policy: Annotated[str, Field(pattern=r"^([0-2](\.[0-9]{1,18}){1,30})?$")] = setting(
        "", "policy that its time stamps must name; empty: any", "1.3.6.1.4.1.32473.1"
    )


class EngineSettings(Part):
    """Machines that parse lines and build large days; the choice does not change findings."""

    kind: Kind = setting(
        "local",
        "local: in one process; pool: in a process for each core of this "
        "machine; spark: on a Spark cluster",
        "pool",
    )
    workers: int | None = setting(
        None,
        "tasks at the same time; absent: one per core, or what Spark offers",
        4,
        ge=1,
        le=4_096,
    )
    master: str = setting(
        "", "Spark's master; absent where spark-submit names it", "spark://host.example:7077"
    )


class Dagster(Part):
    """Dagster's pages, where a district uses them."""

    automation: bool = setting(
        True,
        "schedules and sensors begin switched on; false where a timer calls schoolbell run instead",
        False,
    )


class RecordSettings(Part):
    """Requests for public records; how long the district has is the district's word."""

    response_days: int | None = setting(
        None, "days in which a request is to be answered; absent: no clock", 20, ge=1, le=365
    )
    warn_days: int = setting(3, "days before that in which status and alerts say so", ge=0, le=60)
    rows_an_hour: int = setting(
        600, "rows that a person reviews in an hour, for the estimate of cost", ge=1, le=100_000
    )
    hourly_cost: float = setting(
        0, "cost of that hour, in the district's currency", 35.0, ge=0, le=100_000
    )
    exemptions: Mapping[RecordClass, str] = Field(
        default_factory=dict,
        description="what the district cites for each class that it withholds",
        examples=[{"student_rows": "Iowa Code 22.7(1)"}],
    )

    def exemption(self, of: RecordClass) -> str:
        """Return the citation for a class without a decision."""
        return self.exemptions.get(of) or EXEMPTIONS[of]


OwnRuleFiles = tuple[tuple[str, str | None], ...]


class Settings(Part):
    """Everything that `district.toml` can say."""

    district: District
    sources: Mapping[str, Source] = Field(default_factory=dict)
    collector: Collector = Collector()
    detections: Mapping[str, Detection] = Field(default_factory=dict)
    report: Report = Report()
    referral: Referral = Referral()
    questions: QuestionSettings = QuestionSettings()
    alerts: Alerts = Alerts()
    registry: RegistrySettings = RegistrySettings()
    lists: Mapping[ListName, ListSource] = Field(default_factory=dict)
    fetch: Mapping[ListName, FetchedService] = Field(default_factory=dict)
    limits: Limits = Limits()
    dagster: Dagster = Dagster()
    seal: Seal = Seal()
    engine: EngineSettings = EngineSettings()
    roles: Roles = Roles()
    retention: Retention = Retention()
    desk: Desk = Desk()
    records: RecordSettings = RecordSettings()
    _agency: Mapping[str, Detection] = PrivateAttr(default_factory=dict)
    _own_rules: OwnRuleFiles = PrivateAttr(default=())

    @property
    def reader_locale(self) -> str:
        """The locale of what readers get by email."""
        return self.report.locale or self.district.locale

    @property
    def reports_address(self) -> str:
        """The address of the reports folder: its own, or that of the desk, which serves it."""
        at_desk = f"{self.desk.address}/reports" if self.desk.address else ""
        return self.report.address.rstrip("/") or at_desk

    @property
    def agency(self) -> Mapping[str, Detection]:
        """The settings of the district's service agency for rules, as written."""
        return self._agency

    @property
    def own_rules(self) -> OwnRuleFiles:
        """Name and text of each file in `detections/`; None for one without a text."""
        return self._own_rules

    def below(self, agency: Mapping[str, Detection]) -> "Settings":
        """Return these settings over an agency's; the district's own values take precedence."""
        laid = self.model_copy()
        laid._agency = agency  # noqa: SLF001 - a copy of its own kind
        return laid

    def with_rules(self, own: OwnRuleFiles) -> "Settings":
        """Return these settings with the rules of a home."""
        laid = self.model_copy()
        laid._own_rules = own  # noqa: SLF001 - a copy of its own kind
        return laid
