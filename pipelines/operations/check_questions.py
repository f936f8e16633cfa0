"""The questions that `check`, `status` and `doctor` ask about a home, in one table.

Each command asks those of its column. The answers of `doctor` are in `operations/checks`, a
module per subject; they take long to import, and `status` does without them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.alerts.facts import standstill
from pipelines.district import District, Reading, home_rules
from pipelines.fetch.lists import fetched_files
from pipelines.gaps.logs import arrived
from pipelines.gaps.now import gaps, not_built
from pipelines.gaps.relation import IDLE, LIMITING, Gap, Reason
from pipelines.gaps.week import noted_week
from pipelines.health.name_domains import names_of, strange_names
from pipelines.health.source_states import (
    SourceState,
    files_with_issues,
    source_states,
    stuck,
    waiting,
    without_checksum,
)
from pipelines.ingest.source import Source
from pipelines.lake.files import unlisted_files
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.records import due_line, due_soon
from pipelines.reports.sign_off import unsigned
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem
from pipelines.settings.secrets import state_place
from pipelines.settings.toml_reader import load_settings
from pipelines.state import ledger
from pipelines.state.alert_records import GIVEN_UP, outbox
from pipelines.state.connections import Store, read_store
from pipelines.state.fetched import waiting_changes
from pipelines.state.ledger import FileRecord
from pipelines.state.retention import begun
from pipelines.state.seals import seal_problem
from pipelines.state.sent_tickets import ticket_problem
from pipelines.state.source_records import dirty_days, set_back
from pipelines.warehouse.sentences import counted

if TYPE_CHECKING:  # `status` reads the registry only if it must, and it takes long to import
    from pipelines.registry.registry import Registry

WELL, LOOK, ACT = 0, 1, 2
"""Grades of an answer; the highest one is the exit code of `status` and of `doctor`."""
SET_ASIDE = (
    "moved to lake/.unlisted because the ledger does not list them; nothing was deleted. Check "
    "whether an older state was restored"
)
RECENT = timedelta(days=7)
"""A message that was given up longer ago is history."""
Reasons = Iterable[tuple[int, str]]


@dataclass(frozen=True)
class Installation:
    """A district home that is examined; everything is read when first asked for.

    Reading raises what is wrong with it, so that each question that needs it can say
    that it could not be asked.
    """

    home: DistrictHome
    now: datetime

    @classmethod
    def of(cls, district: District, now: datetime) -> "Installation":
        """Return that of an opened district."""
        opened = cls(district.home, now)
        vars(opened).update(settings=district.settings, store=district.store, district=district)
        return opened

    @cached_property
    def settings(self) -> Settings:
        """`district.toml`.

        Raises:
            SettingsError: It is missing or wrong.
        """
        return load_settings(self.home)

    @cached_property
    def registry(self) -> "Registry":
        """The district's registry."""
        if "district" in vars(self):
            return self.district.registry
        from pipelines.registry.registry import load_registry

        return load_registry(self.home, self.settings)

    @cached_property
    def store(self) -> Store:
        """`state.db`, to read from.

        Raises:
            StoreError: It is not there or cannot be read.
        """
        return read_store(state_place(self.home))

    @cached_property
    def district(self) -> District:
        """All three together."""
        return District(self.home, self.settings, Reading.of(self.registry), self.store)

    @cached_property
    def files(self) -> list[FileRecord]:
        """Every delivered file of the ledger."""
        return list(ledger.source_files(self.store))

    @cached_property
    def delivering(self) -> Sequence[Source]:
        """The sources."""
        return self.district.sources()

    @cached_property
    def sources(self) -> Sequence[SourceState]:
        """Health of each source."""
        return source_states(self.store, self.settings)

    @cached_property
    def trouble(self) -> Sequence[Mapping[str, str]]:
        """Files that were not read completely."""
        return files_with_issues(self.files, self.settings.limits.reject_share)

    @cached_property
    def waits(self) -> Sequence[Mapping[str, str]]:
        """Files that wait to be read."""
        return list(waiting(self.delivering, self.district.zone, self.files))

    @cached_property
    def failed(self) -> Sequence[Gap]:
        """Models that were not built."""
        return not_built(self.store, self.settings)

    def gaps(self, *reasons: Reason) -> list[Gap]:
        """Return what rules cannot judge, for some reasons."""
        return list(gaps(self.store, self.settings, self.district.outline, *reasons))

    @cached_property
    def set_aside(self) -> int:
        """Number of files that the ledger does not list."""
        return len(unlisted_files(self.home.lake))

    @cached_property
    def to_build(self) -> int:
        """Number of days with new events that are not built."""
        return len(dirty_days(self.store))

    @cached_property
    def given_up(self) -> int:
        """Number of messages of the last days that could not be sent."""
        recent = (self.now - RECENT).isoformat()
        return sum(
            one["state"] == GIVEN_UP and one["created_time"] >= recent for one in outbox(self.store)
        )


@dataclass(frozen=True)
class Question:
    """One question, and who asks it.

    Attributes:
        name: As it is printed and named in documents.
        asks: What it verifies, as a phrase.
        is_of_doctor: Whether `doctor` asks it; its module of `operations/checks` answers.
        reasons: Lines of `status`, each with a grade; none if all is well.
        problems: Problems that `check` lists, which decide its exit code.
        notes: Sentences that `check` adds.
    """

    name: str
    asks: str
    subject: str = ""
    is_of_doctor: bool = True
    reasons: Callable[[Installation], Reasons] | None = None
    problems: Callable[[Installation], Iterable[Problem]] | None = None
    notes: Callable[[Installation], Iterable[str]] | None = None


def graded(grade: int, lines: Iterable[str]) -> Reasons:
    """Return lines with one grade."""
    return [(grade, line) for line in lines]


def _some(grade: int, count: int, nouns: str, rest: str) -> Reasons:
    """Return one line about a number of things; nothing without any."""
    return [(grade, f"{counted(count, nouns)} {rest}")] if count else []


def _fetched_changes(installation: Installation) -> Reasons:
    """Return what fetched lists would change, which no person has accepted yet."""
    is_fetched = fetched_files(installation.home, installation.settings)
    count = waiting_changes(installation.store) if is_fetched else 0
    words = "1 change of fetched lists waits|# changes of fetched lists wait"
    return _some(LOOK, count, words, "to be accepted: schoolbell setup")


def _no_files(opened: Installation) -> Reasons:
    if not opened.files:
        yield (
            ACT,
            "no log file has been read; put logs into landing/SOURCE/, then: schoolbell run",
        )


def _stuck(opened: Installation) -> Reasons:
    names = stuck(opened.delivering, opened.waits, opened.now)
    return _some(
        LOOK,
        len(names),
        "1 file has|# files have",
        "waited for more than a day to be renamed or moved",
    )


def _unverified(opened: Installation) -> Reasons:
    for source, number in sorted(without_checksum(opened.files, opened.now).items()):
        came = "file" if number == 1 else "files"
        yield LOOK, f"{source}: {number} {came} of the last week: {NO_CHECKSUM}"


def _judged(opened: Installation) -> Reasons:
    week = noted_week(opened.store)
    if week.rule_count:
        yield WELL, week.line
    yield from ((WELL, gap.line) for gap in opened.gaps("open"))
    for gap in opened.gaps(*LIMITING, *IDLE, "fixed", "explanation"):
        if gap.reason == "fetch":
            continue  # an issue of its source
        # no action is needed if a district never had such a log
        yield LOOK if gap.reason in ("share", "loss") else WELL, gap.line


def _unsigned(opened: Installation) -> Reasons:
    for week in unsigned(opened.store, opened.home):
        yield LOOK, f"{week} is not signed: schoolbell report sign {week} --by NAME"


def _due(opened: Installation) -> Reasons:
    """Report public-records requests that are nearly due or overdue."""
    today = opened.now.astimezone(ZoneInfo(opened.district.zone)).date()
    for one, left in due_soon(opened.settings, opened.store, today):
        yield (LOOK if left >= 0 else ACT), due_line(one.request_id, left)


def unfinished(store: Store, home: DistrictHome) -> Iterator[str]:
    """Yield leftovers of an interrupted purge or rebuild; the next run finishes it."""
    remedy = "schoolbell run finishes it"
    if earlier := begun(store):
        day = f"{earlier.time:%Y-%m-%d}"
        yield f"a purge of {day} is not finished: some of its data still exists; {remedy}"
    if home.old_warehouse.exists():
        name = home.old_warehouse.name
        yield f"a rebuild of the warehouse was interrupted and left {name}; {remedy}"


def _wrong(opened: Installation) -> Iterable[Problem]:
    from pipelines.operations.settings_check import (
        wrong_in,  # formats, channels and sections: half a second
    )

    return wrong_in(opened.district)


def _unknown_rules(opened: Installation) -> Iterable[Problem]:
    from pipelines.operations.settings_check import unknown_rules

    return unknown_rules(opened.home, opened.registry, home_rules(opened.settings).models)


def _own_rules(opened: Installation) -> Iterable[Problem]:
    from pipelines.operations.settings_check import own_rule_problems

    return own_rule_problems(opened.settings)


def _own_charts(opened: Installation) -> Iterable[Problem]:
    from pipelines.operations.settings_check import own_chart_problems

    return own_chart_problems(opened.home) if any(opened.home.queries.glob("*.sql")) else ()


def _incomplete(opened: Installation) -> Iterator[str]:
    """Count the rows that lack cells that rules need, although no cell is wrong.

    A device without a card is known by host name alone; one without a building identifies
    no place; a building without coordinates has no drives.
    """
    registry = opened.registry
    for file, column, what in (
        ("devices.csv", "mac", "network card"),
        ("devices.csv", "building", "building"),
        ("buildings.csv", "lat", "lat and lon"),
    ):
        frame = registry.frames[file.removesuffix(".csv")]
        lacking = frame[column].null_count()
        if lacking and file not in registry.missing:
            rows = f"# of {frame.height:,} rows in {file}"
            yield counted(lacking, f"{rows} has no {what}|{rows} have no {what}")


def _stories(opened: Installation) -> Iterable[str]:
    from pipelines.health.product_stories import shown_by_logs

    return shown_by_logs(arrived(opened.store))


def _of(subject: str, *rows: Question) -> tuple[Question, ...]:
    return tuple(replace(one, subject=subject) for one in rows)


QUESTIONS = (
    *_of(
        "copies",
        Question("backup", "a recent backup exists"),
        Question("drill", "a backup was tested"),
        Question("chain", "the audit chain is intact"),
        Question(
            "seal",
            "the audit chain is time-stamped, if [seal] is on",
            reasons=lambda one: graded(LOOK, filter(None, [seal_problem(one.store, one.settings)])),
        ),
    ),
    *_of(
        "home",
        Question("folders", "every folder exists"),
        Question("modes", "others cannot read logs and state"),
        Question("writable", "others cannot write into the home"),
        Question("owner", "one user owns the home"),
        Question("key-mode", "only the home's user can read the key"),
        Question("key-size", "the key is complete"),
        Question("links", "no link is delivered"),
    ),
    *_of(
        "logs",
        Question(
            "standstill",
            "runs, builds and the disk go on",
            is_of_doctor=False,
            reasons=lambda one: graded(
                ACT, (each.line for each in standstill(one.store, one.home, one.settings, one.now))
            ),
        ),
        Question("sources", "log files exist", reasons=_no_files),
        Question(
            "arrival",
            "every source delivers",
            reasons=lambda one: [
                (each.grade, each.line) for each in one.sources if each.grade != WELL
            ],
        ),
        Question(
            "fetch", "configured services give their logs and lists", reasons=_fetched_changes
        ),
        Question("unread", "nothing waits unread", reasons=_stuck),
        Question("refused", "every delivery can be read"),
        Question(
            "trouble",
            "files were read completely",
            reasons=lambda one: _some(
                LOOK, len(one.trouble), "1 file could|# files could", "not be read in full"
            ),
        ),
        Question(
            "checksum", "damage of a file would show", is_of_doctor=False, reasons=_unverified
        ),
        Question("pending", "no line is pending for a long time"),
        Question("drift", "fields are filled as before"),
        Question(
            "names",
            "account names match the registry",
            notes=lambda one: names_of(one.store, one.settings, one.district.outline),
        ),
        Question(
            "strange",
            "the registry has the accounts of the logs",
            is_of_doctor=False,
            notes=lambda one: strange_names(one.store),
        ),
        Question(
            "judged",
            "rules can judge their events",
            reasons=_judged,
            notes=lambda one: (gap.line for gap in one.gaps(*LIMITING, "fixed")),
        ),
        Question(
            "products",
            "the products that send logs were tested",
            is_of_doctor=False,
            notes=_stories,
        ),
        Question("ahead", "no event has a time in the future"),
        Question("clocks", "the sources' clocks agree"),
        Question("lags", "lines arrive as fast as usual"),
        Question("rotation", "no file is truncated in place"),
    ),
    *_of(
        "machine",
        Question("python", "Python is new enough"),
        Question("packages", "the libraries have the tested versions"),
        Question("room", "the disk has free space"),
        Question("memory", "the warehouse's memory limit fits"),
        Question("spill", "large queries have disk space"),
        Question(
            "clock",
            "a time service synchronizes the clock",
            reasons=lambda one: graded(ACT, filter(None, [set_back(one.store, one.now)])),
        ),
        Question("user", "the program does not run as root"),
        Question("local-disk", "the home is on a local disk"),
        Question("encrypted", "the disk is encrypted"),
    ),
    *_of(
        "outputs",
        Question("report", "the weekly report is published"),
        Question("pages", "published reports still exist"),
        Question("signed", "published weeks are signed", is_of_doctor=False, reasons=_unsigned),
        Question("channels", "alerts have a receiver"),
        Question(
            "undelivered",
            "no alert is waiting",
            reasons=lambda one: _some(
                ACT,
                one.given_up,
                "1 alert could|# alerts could",
                "not be sent: schoolbell alerts list",
            ),
        ),
        Question("tested", "alerts were tested recently"),
        Question(
            "tickets",
            "tickets are opened, and their status is current",
            reasons=lambda one: graded(LOOK, filter(None, [ticket_problem(one.store)])),
        ),
        Question(
            "requests",
            "public-records requests are answered in time",
            is_of_doctor=False,
            reasons=_due,
        ),
        Question("secrets", "secrets are private"),
        Question("schedule", "runs still take place"),
        Question("telemetry", "no telemetry is sent"),
        Question("loopback", "Dagster is reachable only from this machine"),
    ),
    *_of(
        "registry",
        Question("settings", "district.toml can be read"),
        Question("meaning", "everything in it exists", problems=_wrong),
        Question(
            "exceptions",
            "exceptions name existing rules",
            is_of_doctor=False,
            problems=_unknown_rules,
        ),
        Question("own-rules", "the district's own rules can run", problems=_own_rules),
        Question(
            "own-charts",
            "the district's own charts can be drawn",
            is_of_doctor=False,
            problems=_own_charts,
        ),
        Question(
            "rows", "every row of the registry is valid", problems=lambda one: one.registry.problems
        ),
        Question(
            "cells", "rows have the cells that rules need", is_of_doctor=False, notes=_incomplete
        ),
        Question(
            "believed",
            "no registry file shrank",
            reasons=lambda one: graded(
                LOOK, (f"registry/{each}" for each in one.district.outline.refused)
            ),
        ),
        Question("files", "no registry file is empty"),
        Question("calendar", "the school calendar covers the coming months"),
        Question("people", "accounts have owners"),
        Question("networks", "networks are known"),
        Question("claims", "no address belongs to two devices"),
        Question("approved", "the approved list is up to date"),
        Question("ending", "no consent is about to end"),
        Question("lists", "configured lists were downloaded"),
    ),
    *_of(
        "state",
        Question("state", "the state database exists, and is this home's"),
        Question("sound", "the state database is undamaged"),
        Question("schema", "the state database has this version"),
        Question("balance", "every line is accounted for"),
        Question("lake", "every file of the lake is complete"),
        Question(
            "unlisted",
            "no file was set aside",
            reasons=lambda one: _some(LOOK, one.set_aside, "1 file was|# files were", SET_ASIDE),
        ),
        Question(
            "purge",
            "every purge was finished",
            reasons=lambda one: graded(LOOK, unfinished(one.store, one.home)),
        ),
        Question("lock", "no run hangs"),
        Question(
            "days",
            "every day is built",
            reasons=lambda one: _some(
                LOOK, one.to_build, "1 day waits|# days wait", "to be built: schoolbell run"
            ),
        ),
        Question(
            "quarantine", "no model failed", reasons=lambda one: graded(ACT, map(str, one.failed))
        ),
        Question("warehouse", "the warehouse opens"),
        Question("rules", "findings match the current rules"),
        Question("snapshot", "analysts have a current snapshot"),
    ),
)
"""Every question, in the order of `doctor`."""
