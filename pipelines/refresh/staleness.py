"""Says which days have to be built and judged again, and because of what.

Events make their own days stale; a model whose query or thresholds changed all of
its own, with what reads it; the registry those days that the rows which changed can
touch; see `touching`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import polars as pl

from pipelines.district import District
from pipelines.findings.rule_quality import demoted, qualities_of
from pipelines.findings.unjudged import released, unjudged
from pipelines.refresh.touching import addresses, dated, mentions, policy, sites
from pipelines.refresh.touching.changes import Change
from pipelines.state.days import dirty_days
from pipelines.state.findings import stored_findings
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import downstream

Touch = Callable[[Change, Collection[str]], set[date]]
"""The days that the rows of some frames touch; told which of the frames changed."""

TOUCH: Sequence[tuple[Sequence[str], Touch]] = (
    *(((name,), dated.by_date) for name in dated.SPANS),
    *(((name,), sites.by_site) for name in sites.SITES),
    (("category_words",), sites.by_word),
    (mentions.FRAMES, mentions.by_mention),
    (addresses.FRAMES, addresses.by_address),
    (policy.FRAMES, policy.by_clause),
)
"""Which frames of the registry reach days in which way; each frame in one."""

JUDGED_BY = ("consents", "exceptions", *policy.FRAMES)
"""Frames that decide about findings and that no model reads."""

FIRST, LINES, RULES = "first build", "log lines", "time zone or account domains"
MODEL = "model "
"""Before the name of a model where its version is noted."""
"""Why days are opened, beside the frames of the registry."""


@dataclass(frozen=True)
class Stale:
    """Days to build again, oldest first, and what opened them.

    Attributes:
        models: Days of models that are others than they were, and of those that read
            an undated one of them.
        again: Further days, whose models stand and whose findings are judged again.
        because: Registry files that changed.
        reasons: What opened days -> those days, oldest first; a day may have several.
    """

    days: Sequence[date]
    because: tuple[str, ...] = ()
    again: Sequence[date] = ()
    reasons: Mapping[str, Sequence[date]] = field(default_factory=dict)
    models: Mapping[str, Sequence[date]] = field(default_factory=dict)

    @property
    def every_day(self) -> set[date]:
        """All days on which anything is to be built or judged."""
        return {
            *self.days,
            *self.again,
            *(d for ds in self.models.values() for d in ds),
        }


def stale(database: Database, district: District, held: Sequence[date]) -> Stale:
    """What has to be built again now.

    Args:
        held: Every day with events.
    """
    was, now = dict(noted(database, "main.built_with")), _versions(district)
    dirty = set(dirty_days(district.store)) & set(held)
    dirty |= set(released(database, unjudged(district))) & set(held)
    if was == now:
        return _told({LINES: dirty})
    if not was:
        return _told({FIRST: set(held)})
    if any(_differs(name, was, now) for name in ("zone", "domains")):
        return _told({RULES: set(held)})
    frames = district.registry.frames
    if not all(database.has(f"main.judged_{name}") for name in frames):
        return _told({FIRST: set(held)})
    change = Change(database, district, held)
    build = _opened(change, set(frames) - set(JUDGED_BY))
    again = _opened(change, JUDGED_BY)
    again["stage of a rule"] = _redecided(district, was, now) & set(held)
    because = _changed_files(database, district)
    changed = [name for name in district.models if _differs(MODEL + name, was, now)]
    whole = [name for name in changed if not district.models[name].is_dated]
    # an undated model is made again with any build
    build["a table without days"] = set(held[-1:]) if whole else set()
    models = dict.fromkeys(_dated(district, changed, whole), tuple(held))
    return _told({LINES: dirty} | build, again, because, models)


def _dated(
    district: District, changed: Collection[str], whole: Collection[str]
) -> list[str]:
    """Dated models that changed, or that read an undated one that did.

    What reads a dated one follows by its days.
    """
    models = district.models
    reached = {*changed, *downstream(models.values(), whole)}
    return [name for name in models if name in reached and models[name].is_dated]


def _differs(name: str, was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return was.get(name) != now[name]


def _told(
    build: Mapping[str, set[date]],
    again: Mapping[str, set[date]] | None = None,
    because: tuple[str, ...] = (),
    models: Mapping[str, Sequence[date]] = MappingProxyType({}),
) -> Stale:
    again = again or {}
    days, more = (set().union(*one.values()) for one in (build, again))
    opened = {**build, **again}
    reasons = {name: sorted(days) for name, days in opened.items() if days}
    reasons |= {f"{name}, which changed": [*days] for name, days in models.items()}
    return Stale(sorted(days), because, sorted(more - days), reasons, models)


def _opened(change: Change, names: Collection[str]) -> dict[str, set[date]]:
    """The days that changed rows touch, by the frames that have such rows."""
    found: dict[str, set[date]] = {}
    if not change.held:
        return found
    for frames, touch in TOUCH:
        changed = [name for name in frames if name in names and change.has(name)]
        if changed:
            label = ", ".join(name.replace("_", " ") for name in changed)
            found[label] = touch(change, changed)
    return found


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
    """Names and values that were noted; empty where nothing was."""
    return list(database.table(table).iter_rows()) if database.has(table) else []


def note(database: Database, table: str, values: Mapping[str, str]) -> None:
    """Note names and values in the warehouse."""
    frame = {"name": list(values), "version": list(values.values())}
    database.replace(table, pl.DataFrame(frame))


def _versions(district: District) -> dict[str, str]:
    more = {
        "settings": district.settings_hash,
        "zone": district.zone,
        "leads": "|".join(sorted(demoted(qualities_of(district)))),
        "stages": "|".join(map("=".join, sorted(district.stages.items()))),
        "domains": "|".join(sorted(district.settings.district.account_domains)),
    }
    models = {MODEL + name: one for name, one in district.model_versions.items()}
    return district.judged_with | more | models


def _redecided(
    district: District, was: Mapping[str, str], now: Mapping[str, str]
) -> set[date]:
    """Days with findings of rules that became leads, or were put on trial, since."""
    rules: set[str] = set()
    for name in ("leads", "stages"):
        before, after = (set(one.get(name, now[name]).split("|")) for one in (was, now))
        rules |= {one.split("=")[0] for one in before ^ after}
    return {
        date.fromisoformat(row["event_date"])
        for row in stored_findings(district.store)
        if row["rule"] in rules
    }


def _changed_files(database: Database, district: District) -> tuple[str, ...]:
    was = set(noted(database, "main.judged_files"))
    now = set(district.registry.versions.items())
    return tuple(sorted({name for name, _ in was ^ now}))


def touched_days(
    database: Database,
    district: District,
    frames: Collection[str],
    held: Sequence[date],
) -> set[date]:
    """The days that the rows of some frames touch which changed since the build."""
    opened = _opened(Change(database, district, held), frames)
    return set().union(*opened.values())
