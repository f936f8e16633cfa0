"""Inputs of a weekly report: frames and plain values, all pseudonymous.

No name and no address reaches this package: `account` contains tokens such as
"falcon-27", `device` tokens such as "device cedar-04".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import polars as pl

from pipelines.errors import ModelError
from pipelines.findings.finding_frames import EVIDENCE, FINDINGS, INSTANT
from pipelines.reports.report_rows import ClauseInfo, RuleInfo, WeekNumbers
from pipelines.reports.sign_off import Signature
from pipelines.settings.model import MIN_COUNT, REPORT_TITLE, Referral
from pipelines.state.rows import ReportFacts

UNSHOWN = {"sites", "status_reason"}
"""Columns of a finding that are left out: sites are in its record, a reason may contain a name."""

DataType = pl.DataType | type[pl.DataType]

_NOT_TEXT: Mapping[DataType, Sequence[str]] = {
    pl.Date: (
        "event_date",
        "first_seen_date",
        "valid_to",
        "review_by",
        "first_date",
        "ends",
        "asked",
        "decided_until",
    ),
    pl.Int64: (
        "request_count",
        "account_count",
        "site_count",
        "bytes_in",
        "category_source_count",
        "weekday",
        "hour",
        "line_count",
        "lines",
        "events",
        "rejects",
        "blanks",
        "duplicates",
        "pending",
        "unchecked",
        "duty_start_minutes",
        "duty_end_minutes",
        "decisions",
        "confirmed",
        "position",
        "event_count",
        "dropped_count",
        "candidate_count",
        "passed_count",
        "failed_count",
        "alone_count",
        "without_host_count",
        "without_account_count",
        "card_count",
        "device_count",
        "licenses",
    ),
    pl.Float64: (
        "minutes",
        "longest_minutes",
        "unjudged_minutes",
        "precision_low",
        "precision_high",
        "megabytes_out",
    ),
    INSTANT: ("hour_start", "start_time", "end_time"),
    pl.Boolean: ("is_expected", "is_loss", "is_listed", "student_data", "is_in_file"),
}
_KINDS = {name: kind for kind, names in _NOT_TEXT.items() for name in names}
"""Types that are not text: a column has the same type in every frame."""

_COLUMNS: Mapping[str, Sequence[str]] = {
    "daily_use": (
        "event_date", "building", "use_class", "request_count", "account_count",
        "site_count", "bytes_in",
    ),
    "attribution": ("event_date", "building", "grade", "request_count"),
    "site_use": (
        "event_date", "site", "verdict", "site_class", "category",
        "category_source_count", "account_count", "minutes", "request_count",
        "first_seen_date", "unjudged_minutes",
    ),
    "off_hours": (
        "event_date", "weekday", "hour", "building", "account_count", "minutes",
    ),
    "hourly_use": ("event_date", "hour", "building", "account_count", "minutes"),
    "source_hours": (
        "source", "hour_start", "event_date", "hour", "line_count", "is_expected",
    ),
    "source_days": (
        "event_date", "source", "lines", "events", "rejects", "blanks", "duplicates",
        "pending", "unchecked",
    ),
    "unjudged_days": ("rule", "event_date", "source", "field", "model", "cause"),
    "source_issues": ("source", "building", "kind", "detail", "start_time", "end_time"),
    "school_days": (
        "event_date", "building", "day_type", "duty_start_minutes", "duty_end_minutes",
    ),
    "rule_standing": (
        "code", "state", "decisions", "confirmed", "precision_low", "precision_high",
    ),
    "rule_coverage": (
        "event_date", "family", "source", "building", "device_class", "position",
        "filter", "is_loss", "event_count", "dropped_count",
    ),
    "blind_share": (
        "event_date", "source", "building", "line_count", "without_host_count",
        "without_account_count",
    ),
    "rule_ends": (
        "event_date", "rule", "condition", "position", "candidate_count", "passed_count",
        "failed_count", "alone_count",
    ),
    "unused_lines": (
        "event_date", "source", "format", "kind", "line_count", "account_count",
        "card_count",
    ),
    "new_services": (
        "event_date", "site", "account_count", "device_count", "megabytes_out",
        "categories", "is_listed",
    ),
    "unjudged_sites": (
        "event_date", "site", "account_count", "minutes", "longest_minutes",
        "categories",
    ),
    "app_use": (
        "event_date", "app", "role", "building", "account_count", "first_date",
    ),
    "apps": (
        "app", "hosts", "kind", "vendor", "agreement", "ends", "student_data", "owner",
        "licenses", "asked", "is_in_file", "decision", "decided_for", "decided_until",
    ),
    "permits": ("permit_id", "kind", "about", "valid_to", "review_by"),
}  # fmt: skip

SCHEMAS: Mapping[str, Mapping[str, DataType]] = {
    "findings": {name: kind for name, kind in FINDINGS.items() if name not in UNSHOWN},
    "evidence": EVIDENCE,
    **{
        name: {column: _KINDS.get(column, pl.String) for column in columns}
        for name, columns in _COLUMNS.items()
    },
}


def empty_frame(name: str) -> pl.DataFrame:
    """Return the frame of that name, without a row."""
    return pl.DataFrame(schema=dict(SCHEMAS[name]))


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the agreed columns in the agreed order and type; others are left out.

    Raises:
        ModelError: A column is absent.
    """
    wanted = SCHEMAS[name]
    if frame.schema == pl.Schema(wanted):
        return frame
    absent = [column for column in wanted if column not in frame.columns]
    if absent:
        raise ModelError(
            f"the report's frame {name} lacks {', '.join(absent)}",
            where=f"reports.inputs.{name}",
            remedy="Give the relation those columns, or pass empty_frame(name).",
        )
    return frame.select(pl.col(column).cast(kind) for column, kind in wanted.items())


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """Everything in one report, for its week and the weeks before it.

    Attributes:
        findings: One row per finding. `kind` is shared_account, non_approved_site,
            off_hours_external or anomaly; `record` is JSON text. `decided_time`,
            when a reviewer last decided, may be absent.
        evidence: One row per log line of a finding.
        daily_use: Requests per local day, building and class of use.
        attribution: Requests per local day, building and grade, with `none`.
        site_use: One row per local day and site; `minutes` is an estimate.
        off_hours: Use of external sites outside duty, by local hour.
        hourly_use: Use by people, by local hour and building; `minutes` is an estimate.
        source_hours: One row per source and hour; no line in an expected hour is a gap.
        source_days: The line account of a source and local day; `unchecked` are
            events in which damage in transit could not be detected.
        unjudged_days: Days that a rule could not judge, and the missing field or model.
        source_issues: Problems of a source, with start and end; a current one has no
            end. The verdict that `status` quotes.
        school_days: Day type and duty window (minutes after midnight) by building.
        permits: Consents and exceptions, without grantor and subject; `kind` is
            consent or exception, `about` the clause or rule.
        rule_standing: Conclusions from reviewers' decisions for each rule.
        blind_share: Lines per day without a host or without an account.
        placeless_networks: Networks of buildings without a building, and all of them.
        rule_coverage: What each family of rules could judge, by filter, each day.
        account_names: Forms of account names that are read without a setting.
        new_services: New outside sites, by day, without names of people.
        app_use: Accounts that used an app in the four weeks up to a day, by role and building.
        apps: The apps of the registry, and the decision of the list of sites about each.
        unjudged_sites: Sites read at length that are on too few lists, by day.
        rule_ends: Which last conditions the candidates of rules failed, by day.
        unused_lines: System events with accounts or network cards, by format and kind.
        rules: The detections.
        clauses: The clauses of the policy.
        previous: Headline numbers of other published weeks.
        not_believed: Registry files that shrank and were not accepted: the name of each, and
            the day of the rows in use.
        kept_from: First day whose findings are all still kept, if some are not.
        referral: The office that takes an item further; `sentence` describes it.
        openness: This school year's `look_ups` of names, and requests for public
            records that were `answered` and are `open`.
        signed: Signed weeks, by their Monday: signer, time, revision,
            and number of waiting cases then.
        statements: Summary of the concerned person's statement, by case id.
        title: Title of the report, next to the district's name.
        sections_off: Names of sections that the report leaves out.
        desk: Address of the review desk, for links; empty without one.
        reader: The edition that is made: director, principal, superintendent, board or public.
        with_office: The office that has a case, by case id; the director has the others.
        paper: letter or a4.
        accent: Color of links and focus on light, as in "#1f5fbf"; empty for the default.
        accent_dark: The same on dark.
        pdf: File name of the printed report next to each index; empty without one.
        pdf_note: Why an expected PDF is missing.
        least_count: Fewest accounts behind a count that many people may read.
        building_codes: The code of each building that is shown by name.
        audit_head: Number and hash of the audit chain's last entry; empty if none.
        zone: IANA name of the district's time zone.
        generated_time: Time of the report, from the caller (UTC).
        revision: 1, or more for a corrected report.
        is_set_up_today: The first reports were made today, and no one has worked with them:
            a change has its revision and its section, and no notice on page one.
        earlier_facts: The facts of each earlier revision, the first revision first.
    """

    findings: pl.DataFrame
    evidence: pl.DataFrame
    daily_use: pl.DataFrame
    attribution: pl.DataFrame
    site_use: pl.DataFrame
    off_hours: pl.DataFrame
    source_hours: pl.DataFrame
    source_days: pl.DataFrame
    school_days: pl.DataFrame
    district: str
    zone: str
    generated_time: datetime
    snapshot_id: str
    settings_hash: str
    registry_version: str
    unjudged_days: pl.DataFrame = field(default_factory=lambda: empty_frame("unjudged_days"))
    referral: Referral = field(default_factory=Referral)
    source_issues: pl.DataFrame = field(default_factory=lambda: empty_frame("source_issues"))
    permits: pl.DataFrame = field(default_factory=lambda: empty_frame("permits"))
    rule_standing: pl.DataFrame = field(default_factory=lambda: empty_frame("rule_standing"))
    blind_share: pl.DataFrame = field(default_factory=lambda: empty_frame("blind_share"))
    rule_coverage: pl.DataFrame = field(default_factory=lambda: empty_frame("rule_coverage"))
    placeless_networks: tuple[int, int] = (0, 0)
    new_services: pl.DataFrame = field(default_factory=lambda: empty_frame("new_services"))
    app_use: pl.DataFrame = field(default_factory=lambda: empty_frame("app_use"))
    apps: pl.DataFrame = field(default_factory=lambda: empty_frame("apps"))
    unjudged_sites: pl.DataFrame = field(default_factory=lambda: empty_frame("unjudged_sites"))
    rule_ends: pl.DataFrame = field(default_factory=lambda: empty_frame("rule_ends"))
    unused_lines: pl.DataFrame = field(default_factory=lambda: empty_frame("unused_lines"))
    hourly_use: pl.DataFrame = field(default_factory=lambda: empty_frame("hourly_use"))
    building_codes: Mapping[str, str] = field(default_factory=dict)
    audit_head: str = ""
    signed: Mapping[date, Signature] = field(default_factory=dict)
    openness: Mapping[str, int] = field(default_factory=dict)
    statements: Mapping[str, Sequence[str]] = field(default_factory=dict)
    title: str = REPORT_TITLE
    sections_off: Sequence[str] = ()
    desk: str = ""
    reader: str = "director"
    with_office: Mapping[str, str] = field(default_factory=dict)
    least_count: int = MIN_COUNT
    paper: str = "letter"
    accent: str = ""
    accent_dark: str = ""
    pdf: str = ""
    pdf_note: str = ""
    revision: int = 1
    is_set_up_today: bool = False
    earlier_facts: Sequence[ReportFacts] = ()
    rules: Sequence[RuleInfo] = ()
    clauses: Sequence[ClauseInfo] = ()
    previous: Sequence[WeekNumbers] = ()
    not_believed: Sequence[Mapping[str, str]] = ()
    kept_from: date | None = None
    account_names: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in SCHEMAS:
            object.__setattr__(self, name, conform(name, getattr(self, name)))
        weeks = sorted(self.previous, key=lambda week: str(week["week_start"]))
        object.__setattr__(self, "previous", tuple(weeks))


def with_frames(inputs: ReportInputs, frames: Mapping[str, pl.DataFrame]) -> ReportInputs:
    """Return the inputs with other frames, by name."""
    made = replace(inputs)
    for name, frame in frames.items():
        object.__setattr__(made, name, conform(name, frame))
    return made


def week_of(headline: WeekNumbers) -> date:
    """Return the Monday of an earlier week's headline numbers, date or ISO text."""
    start = headline["week_start"]
    return start if isinstance(start, date) else date.fromisoformat(str(start))
