"""Days that need to be rebuilt and judged again, with reasons.

Events make their own days stale; a model with a changed query or threshold makes all
of its days stale, and those of its readers; the registry makes the days stale that the
changed rows can touch; see `invalidation`. So do domains of account names that appear or
disappear.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from types import MappingProxyType

import polars as pl

from pipelines.district import District
from pipelines.findings.rule_quality import demoted, qualities_of
from pipelines.gaps.days import released
from pipelines.refresh.invalidation import IN_LOGS, Change, touched
from pipelines.registry.account_names import derive, spelled
from pipelines.registry.frames import JUDGED_BY
from pipelines.registry.outline import Outline, code_mark
from pipelines.registry.registry import Registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.findings import stored_findings
from pipelines.state.source_records import (
    dirty_days,
    note_domains,
    origin_of_domains,
)
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model, downstream, models, query_text

SPELLINGS = "identity.spellings"
CLASSES = ("http_requests", "connections", "logons", "dns_queries")

DERIVED = "domains of account names"
FIRST, LINES, RULES = "first build", "log lines", "time zone or account domains"
RELEASED = "a log that was missing"
"""Reasons for stale days, in addition to the frames of the registry."""
MODEL = "model "
"""Prefix of a model's name in the record of its version."""
SETTINGS = {
    "settings": "district.toml",
    "zone": "the time zone",
    "domains": "account domains",
    "stages": "the status of a rule",
    "registry code": "the version of Schoolbell",
}
"""Words for what the warehouse records of the settings it was built with."""
MAX_NAMED = 3
"""Changed models that are named; further ones are counted."""
Range = tuple[date, date]


def find_domains(database: Database, district: District) -> None:
    """Judge the domains of every name that the lake holds, and note what they are.

    Names in days that stay as they are come from the time of their build.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    held = files.days()
    days, names = held, set[str]()
    if database.has(SPELLINGS):
        names = set(database.distinct(SPELLINGS, "user_name"))
        days = sorted(set(dirty_days(district.store)) & set(held))
    if days:
        inputs.show_raw(database, files, CLASSES, (days[0], days[-1]))
        names |= inputs.values_of(database, "spellings")
    origin = _origin(district.outline, district.settings, names)
    if origin == origin_of_domains(district.store):
        return
    frames = district.registry.frames
    found = derive(
        names,
        frames["accounts"],
        frames["account_aliases"],
        district.settings.district.account_domains,
    )
    note_domains(district.store, found, origin)


def _origin(outline: Outline, settings: Settings, names: set[str]) -> str:
    """Return changes with names, registry, settings and code, the only causes."""
    known = (outline.version, settings.model_dump_json(), code_mark())
    return sha256(repr((sorted(names), known)).encode()).hexdigest()


def respelled_days(
    database: Database, store: Store, home: DistrictHome, domains: set[str], held: Sequence[date]
) -> set[date]:
    """Return days on which a log contains a name with one of these domains."""
    if not held or not database.has(SPELLINGS):
        return set(held)
    known = spelled(database.distinct(SPELLINGS, "user_name"))
    names = sorted({one.name for one in known if one.domain in domains})
    frame = pl.DataFrame({"name": names}, {"name": pl.String})
    database.replace("main.respelled", frame)
    files = inputs.lake_files(store, home.lake)
    inputs.show_raw(database, files, CLASSES, (held[0], held[-1]))
    return {row[0] for row in database.rows(query_text("invalidation/respelled"))} & set(held)


@dataclass(frozen=True)
class StaleDays:
    """Days to rebuild, oldest first, and the reasons.

    Attributes:
        models: Days of changed models, and of models that read an undated one of them.
        again: Further days whose models are current and whose findings are judged again.
        because: Registry files that changed.
        reasons: Reason -> its days, oldest first; a day may have several.
        is_noted: The warehouse has recorded that it was built with the current inputs.
        lines: Those days with new lines.
        other: Those days with another reason.
        in_logs: Changed frames whose days only log lines show, if no line was to be read.
    """

    days: Sequence[date]
    because: tuple[str, ...] = ()
    again: Sequence[date] = ()
    reasons: Mapping[str, Sequence[date]] = field(default_factory=dict)
    models: Mapping[str, Sequence[date]] = field(default_factory=dict)
    is_noted: bool = False
    lines: Collection[date] = ()
    other: Collection[date] = ()
    in_logs: Sequence[str] = ()

    @property
    def every_day(self) -> set[date]:
        """All days on which anything is to be built or judged."""
        return {
            *self.days,
            *self.again,
            *(d for ds in self.models.values() for d in ds),
        }


def stale(
    database: Database, district: District, held: Sequence[date], *, reads_logs: bool = True
) -> StaleDays:
    """Return what has to be rebuilt now.

    Args:
        held: Every day with events.
        reads_logs: Read the log lines that changed rows are about; needs a warehouse to write.
    """
    was, now = dict(noted(database, "main.built_with")), _versions(district)
    dirty = {
        LINES: set(dirty_days(district.store)) & set(held),
        RELEASED: set(released(database, district.store, district.settings, district.outline))
        & set(held),
    }
    if was == now:
        return replace(_told(dirty), is_noted=True)
    if not was:
        return _told({FIRST: set(held)})
    if any(_differs(name, was, now) for name in ("zone", "domains")):
        return _told({RULES: set(held)})
    frames = district.registry.frames
    if not all(database.has(f"main.judged_{name}") for name in frames):
        return _told({FIRST: set(held)})
    change = Change(database, district, held)
    unread = set() if reads_logs else IN_LOGS
    build = touched(change, set(frames) - JUDGED_BY - unread)
    again = touched(change, JUDGED_BY - unread)
    again["stage of a rule"] = _redecided(district.store, was, now) & set(held)
    because = _changed_files(database, district.registry)
    changed = [name for name in district.models if _differs(MODEL + name, was, now)]
    whole = [name for name in changed if not district.models[name].is_dated]
    # an undated model is rebuilt with any build
    if reads_logs:
        build[DERIVED] = _respelled(database, district.store, district.home, was, now, held)
    build["a table without days"] = set(held[-1:]) if whole else set()
    due = dict.fromkeys(_dated(district.models, changed, whole), tuple(held))
    in_logs = [name for name in frames if name in unread and change.has(name)]
    return replace(_told(dirty | build, again, because, due), in_logs=in_logs)


def _dated(
    every: Mapping[str, Model], changed: Collection[str], whole: Collection[str]
) -> list[str]:
    """Return dated models that changed, or that read an undated one that did.

    Readers of a dated one follow by its days.
    """
    reached = {*changed, *downstream(every.values(), whole)}
    return [name for name in every if name in reached and every[name].is_dated]


def _differs(name: str, was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return was.get(name) != now[name]


def _told(
    build: Mapping[str, set[date]],
    again: Mapping[str, set[date]] | None = None,
    because: tuple[str, ...] = (),
    models: Mapping[str, Sequence[date]] = MappingProxyType({}),
) -> StaleDays:
    again = again or {}
    days, more = (set().union(*one.values()) for one in (build, again))
    opened = {**build, **again}
    reasons = {name: sorted(days) for name, days in opened.items() if days}
    if len(models) > MAX_NAMED:
        every = sorted(set().union(*models.values()))
        reasons[f"{len(models)} models, which changed"] = every
    else:
        reasons |= {f"{name}, which changed": [*days] for name, days in models.items()}
    lines = build.get(LINES, set())
    return StaleDays(
        days=sorted(days),
        because=because,
        again=sorted(more - days),
        reasons=reasons,
        models=models,
        lines=lines,
        other=set().union(*(one for name, one in build.items() if name != LINES)),
    )


def changes(database: Database, district: District) -> list[str]:
    """Return the lists, models and settings that changed since the last judgment."""
    was, now = dict(noted(database, "main.built_with")), _versions(district)
    if not was:
        return []
    files = [f"registry/{name}" for name in _changed_files(database, district.registry)]
    changed = [name for name in district.models if _differs(MODEL + name, was, now)]
    if len(changed) > MAX_NAMED:
        changed = [f"{len(changed)} models"]
    return [
        *files,
        *changed,
        *(word for name, word in SETTINGS.items() if _differs(name, was, now)),
    ]


def is_current(database: Database, district: District, names: Collection[str]) -> bool:
    """Return whether all tables of some models were built with their present versions."""
    was = dict(noted(database, "main.built_with"))
    return all(was.get(MODEL + name) == district.model_versions[name] for name in names)


def note_versions(database: Database, district: District) -> None:
    """Remember what the warehouse was built with, once all of it was judged."""
    now = _versions(district)
    if dict(noted(database, "main.built_with")) == now:
        return
    for name, frame in district.registry.frames.items():
        database.replace(f"main.judged_{name}", frame)
    note(database, "main.judged_files", district.registry.versions)
    note(database, "main.built_with", now)


def noted(database: Database, table: str) -> list[tuple[str, str]]:
    """Return the recorded names and values; empty if there are none."""
    return list(database.table(table).iter_rows()) if database.has(table) else []


def drop_gone(database: Database, own: Collection[str] = ()) -> None:
    """Drop the tables of removed models, which no purge would reach.

    Args:
        own: Names of the district's own rules.
    """
    kept = {*models(), *own}
    for name, _ in noted(database, "main.built_with"):
        if name.startswith(MODEL) and name.removeprefix(MODEL) not in kept:
            database.drop(name.removeprefix(MODEL))


def note(database: Database, table: str, values: Mapping[str, str]) -> None:
    """Note names and values in the warehouse."""
    frame = {"name": list(values), "version": list(values.values())}
    database.replace(table, pl.DataFrame(frame))


def _versions(district: District) -> dict[str, str]:
    more = {
        "settings": district.settings_hash,
        "zone": district.zone,
        "registry code": code_mark(),
        "leads": "|".join(sorted(demoted(qualities_of(district)))),
        "stages": "|".join(map("=".join, sorted(district.stages.items()))),
        "domains": "|".join(sorted(district.settings.district.account_domains)),
        DERIVED: "|".join(district.account_domains.derived),
    }
    built = {MODEL + name: one for name, one in district.model_versions.items()}
    return district.judged_with | more | built


def _redecided(store: Store, was: Mapping[str, str], now: Mapping[str, str]) -> set[date]:
    """Return days with findings of rules that became leads, or went on trial, since."""
    rules: set[str] = set()
    for name in ("leads", "stages"):
        before, after = (set(one.get(name, now[name]).split("|")) for one in (was, now))
        rules |= {one.split("=")[0] for one in before ^ after}
    return {
        date.fromisoformat(row["event_date"])
        for row in stored_findings(store)
        if row["rule"] in rules
    }


def _respelled(
    database: Database,
    store: Store,
    home: DistrictHome,
    was: Mapping[str, str],
    now: Mapping[str, str],
    held: Sequence[date],
) -> set[date]:
    """Return days with a name whose domain setting changed since."""
    before, after = (set(filter(None, one.get(DERIVED, "").split("|"))) for one in (was, now))
    changed = before ^ after
    return respelled_days(database, store, home, changed, held) if changed else set()


def rows_version(frame: pl.DataFrame) -> str:
    """Return a hash of the rows of a frame, whatever their order."""
    hashes = sorted(frame.unique().hash_rows().to_list())
    return sha256(repr((frame.columns, hashes)).encode()).hexdigest()[:16]


def versions_judged(database: Database, district: District) -> Mapping[str, str]:
    """Return the version of each frame of the registry at the last judgment."""
    change = Change(database, district, ())
    return {
        name: rows_version(change.was(name)) if database.has(f"main.judged_{name}") else ""
        for name in district.registry.frames
    }


def _changed_files(database: Database, registry: Registry) -> tuple[str, ...]:
    was = set(noted(database, "main.judged_files"))
    now = set(registry.versions.items())
    return tuple(sorted({name for name, _ in was ^ now}))


def touched_days(
    database: Database, district: District, frames: Collection[str], held: Sequence[date]
) -> set[date]:
    """Return the days that changed rows of some frames touch since the build."""
    opened = touched(Change(database, district, held), frames)
    return set().union(*opened.values())
