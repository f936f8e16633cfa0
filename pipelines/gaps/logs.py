"""Logs and rows of the registry that rules need and do not have, before any log was read too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.district import enabled_headers, enabled_models, rules_of
from pipelines.gaps.families import (
    FAMILY_OF,
    FLOWS,
    HOURS,
    KEYBOARDS,
    LOGONS,
    PRESENCE,
    SITES,
    family_of,
)
from pipelines.gaps.losses import CHROMEOS_LOG, MACS_LOG, SECURITY_LOG
from pipelines.gaps.relation import Gap, rules_counted
from pipelines.lake.files import REJECTS
from pipelines.registry.outline import Outline
from pipelines.settings.model import Settings
from pipelines.state.connections import Store, fact, remember
from pipelines.state.ledger import lake_files, source_files
from pipelines.warehouse.models import Model, inputs_below

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    from pipelines.registry.registry import Registry
    from pipelines.warehouse.detections import Detection

SYSTEMS = "device_systems"
"""Fact of the state: number of computers by system, in lists of devices that were imported."""
PLACELESS_SHARE = 0.5
"""Share of networks without a building above which shared-account rules are off."""
NEEDED = (
    (SITES, "http_requests", "web requests of a proxy or a filter"),
    (HOURS, "http_requests", "web requests of a proxy or a filter"),
    (
        PRESENCE,
        "logons",
        "logons at computers (Windows, ChromeOS) or to the network (802.1X)",
    ),
    (LOGONS, "logons", "logons or sign-ins"),
    (FLOWS, "connections", "connections of a firewall"),
)
"""Family of rules, the class of events without which it judges nothing, in words."""
JOIN_LOGS = frozenset(
    {
        "aruba_os",
        "cisco_ise",
        "clearpass",
        "freeradius",
        "freeradius_detail",
        "meraki",
        "meraki_events",
        "windows_nps",
        "windows_security_csv",
        "windows_security_json",
        "windows_security_powershell",
        "windows_security_snare",
        "windows_security_xml",
    }
)
"""Formats that show which account joined the network with which card (802.1X)."""
ANYTHING = frozenset({"declared_csv", "declared_json", "declared_syslog", "mixed", "cef", "leef"})
"""Formats whose name does not show what a log contains."""
FirstDays = Mapping[tuple[str, str], str]
"""Class of events and format that gave some -> their first day."""


@dataclass(frozen=True)
class KeyboardLog:
    """Devices whose keyboards some formats report about."""

    classes: tuple[str, ...]
    noun: str
    formats: frozenset[str]
    log: str


KEYBOARD_LOGS = (
    KeyboardLog(
        ("chromebook",),
        "Chromebook",
        frozenset({"console_csv", "google_workspace"}),
        CHROMEOS_LOG,
    ),
    KeyboardLog(
        ("desktop", "laptop", "podium", "lab_pc"),
        "computer",
        frozenset(
            {"sshd_pam", "windows_security_csv", "windows_security_evtx",
             "windows_security_json", "windows_security_powershell",
             "windows_security_snare", "windows_security_xml"}
        ),
        SECURITY_LOG,
    ),
)  # fmt: skip
"""The log that shows who is at the keyboard, by class of device."""


def arrived(store: Store) -> FirstDays:
    """Return the classes in the lake, by source, with all formats that may have given one."""
    formats: dict[str, set[str]] = {}
    for file in source_files(store):
        formats.setdefault(file.source, set()).add(file.format or "")
    days: dict[tuple[str, str], str] = {}
    for lake in lake_files(store):
        if lake.event_class == REJECTS:
            continue
        for name in formats.get(lake.source, {""}):
            key = (lake.event_class, name)
            days[key] = min(days.get(key, lake.event_date), lake.event_date)
    return days


def delivered(store: Store, settings: Settings) -> frozenset[str]:
    """Return classes of events that arrived, or that a configured format can provide."""
    classes = {event_class for event_class, _ in arrived(store)}
    if configured := {one.format for one in settings.sources.values() if one.format}:
        from pipelines.ingest.parser import readers  # they take long to import

        formats = readers()
        classes.update(*(formats[name].event_classes for name in configured if name in formats))
    return frozenset(classes)


def undelivered(store: Store, settings: Settings, outline: Outline) -> Iterator[Gap]:
    """Yield families of rules whose logs do not arrive, and devices whose users no log shows."""
    yield from placeless(outline)
    yield from without_keyboard_log(store, settings, outline)
    classes = delivered(store, settings)
    for family, event_class, logs in NEEDED if classes else ():
        if event_class not in classes:
            rules = rules_below(enabled_models(settings), family, event_class)
            yield Gap(reason="events", family=family, rules=tuple(rules), what=logs)


def placeless(outline: Outline) -> Iterator[Gap]:
    """Yield that networks have no building, if shared-account rules are off for it."""
    lacking, count = outline.placeless
    if lacking > PLACELESS_SHARE * count:
        yield Gap(reason="networks", family=PRESENCE, lost=lacking, total=count)


def without_fixed_device(outline: Outline) -> Iterator[Gap]:
    """Yield buildings without a stationary device, which the rule on two keyboards needs."""
    if outline.nowhere_fixed:
        yield Gap(reason="fixed", buildings=tuple(outline.nowhere_fixed))


def without_keyboard_log(store: Store, settings: Settings, outline: Outline) -> Iterator[Gap]:
    """Yield classes of registry devices without a format that shows their users.

    Those of students are not counted: the rules are about staff.
    """
    read = (file.format for file in source_files(store))
    configured = (source.format for source in settings.sources.values())
    formats = {name for name in (*read, *configured) if name is not None}
    if not formats or formats & ANYTHING:
        return
    has_joins = bool(formats & JOIN_LOGS)
    for kind in KEYBOARD_LOGS:
        count = sum(outline.devices.get(name, 0) for name in kind.classes)
        if not count or formats & kind.formats:
            continue
        log = kind.log
        if "laptop" in kind.classes and is_without_windows(store):
            if has_joins:
                continue  # Macs write no log of sign-ins that is read; the network does
            log = MACS_LOG
        headers = enabled_headers(settings)
        codes = sorted(code for code, one in headers.items() if family_of(one) == KEYBOARDS)
        detail = f"{rules_counted(len(codes))} on keyboards judge nothing there"
        if not has_joins:
            presence = [
                code for code, one in headers.items() if one.kind in FAMILY_OF and code not in codes
            ]
            rules = rules_counted(len(presence))
            detail = f"{detail}; {rules} on presence find fewer cases, mostly leads"
        yield Gap(
            reason="keyboards",
            family=KEYBOARDS,
            rules=tuple(codes),
            lost=count,
            unit=kind.noun if count == 1 else f"{kind.noun}s",
            remedy=log,
            detail=detail,
        )


def rules_below(models: Mapping[str, Model], family: str, event_class: str) -> Sequence[str]:
    """Return the rules of a family that read a class of events, directly or not."""
    return [
        code
        for code, model in sorted(rules_of(models).items())
        if (FAMILY_OF.get(model.header.kind) or family_of(model.header)) == family
        and f"raw.{event_class}" in inputs_below(model, models)
    ]


def note_systems(store: Store, counts: Mapping[str, int]) -> None:
    """Remember the systems of the computers in lists of devices."""
    with store.writing() as connection:
        before = json.loads(fact(connection, SYSTEMS) or "{}")
        remember(connection, SYSTEMS, json.dumps({**before, **counts}))


def is_without_windows(store: Store) -> bool:
    """Return whether the lists of devices have Macs, and neither they nor logs a Windows PC."""
    with store.reading() as connection:
        counts = json.loads(fact(connection, SYSTEMS) or "{}")
    has_logs = any((file.format or "").startswith("windows_sec") for file in source_files(store))
    return counts.get("mac", 0) > 0 and not counts.get("windows", 0) and not has_logs


def lacking_files(
    detections: Mapping[str, "Detection"], registry: "Registry"
) -> dict[str, Sequence[str]]:
    """Return the empty registry files that rules depend on, by code, regardless of logs.

    A file of which a column is empty is that file "with" the column.
    """
    lacking: dict[str, Sequence[str]] = {}
    for code, rule in sorted(detections.items()):
        needed = [one.split("|") for one in rule.model.header.requires_registry]
        empty = [names[0] for names in needed if all(_is_empty(registry, name) for name in names)]
        if empty:
            lacking[code] = [name.replace(":", " with ") for name in empty]
    return lacking


def _is_empty(registry: "Registry", name: str) -> bool:
    """Return whether a file has no row, or none with a true or filled value in the named column."""
    file, _, column = name.partition(":")
    if file in registry.missing:
        return True
    if not column:
        return False
    cells = registry.frames[file[:-4]][column].drop_nulls()
    is_flag = str(cells.dtype) == "Boolean"
    return not (cells.any() if is_flag else len(cells))


def fed_since(
    model: Model, models: Mapping[str, Model], days: FirstDays, registry: "Registry"
) -> str | None:
    """Return the first day of a log with the facts that a rule needs; None if none arrived.

    A rule that reads no log has an empty day. Address holders are known from other
    logs; a rule about requests is not fed by these: their events count only for a rule
    that reads nothing else.
    """
    from pipelines.formats import MIXED  # it imports Polars

    told_by, told_with = model.header.data_sources, model.header.data_sources_require
    classes = set(told_by) or _event_classes(model, models)
    classes -= {name for name, file in told_with.items() if _is_empty(registry, file)}
    if not (classes or told_by):
        return ""
    return min(
        (
            day
            for (event_class, name), day in days.items()
            if event_class in classes and (not told_by or name in (*told_by[event_class], MIXED))
        ),
        default=None,
    )


def _event_classes(model: Model, models: Mapping[str, Model]) -> set[str]:
    classes = _reads(model, models, through=("core", "raw"))
    return classes or _reads(model, models, through=("core", "raw", "identity"))


def _reads(model: Model, models: Mapping[str, Model], through: Sequence[str]) -> set[str]:
    """Return the classes of events that a model reads, by way of models of some schemas."""
    classes: set[str] = set()
    waiting, seen = [model], {model.name}
    while waiting:
        for name in waiting.pop().inputs - seen:
            seen.add(name)
            schema, table = name.split(".")
            if schema not in through:
                continue
            if schema == "raw":
                classes.add(table)
            elif name in models:
                waiting.append(models[name])
    return classes
