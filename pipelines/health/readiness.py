"""Limits of the rules, before any log was read and after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.district import enabled_headers, enabled_models, rules_of
from pipelines.errors import capital
from pipelines.health.rule_coverage import (
    FAMILIES,
    FAMILY_OF,
    FLOWS,
    HOURS,
    KEYBOARDS,
    LOGONS,
    PLACELESS_SHARE,
    PRESENCE,
    SITES,
    arrived,
    asks_presence,
    family_of,
    is_without_windows,
    noted_coverage,
    rules_counted,
)
from pipelines.registry.account_domains import AMBIGUOUS, APPLIED, MIN_NAMES, PROPOSED, Domain
from pipelines.registry.outline import Outline
from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.ledger import source_files
from pipelines.state.source_records import noted_domains
from pipelines.warehouse.models import Model, inputs_below

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
        "windows_nps",
        "windows_security_csv",
        "windows_security_json",
        "windows_security_powershell",
        "windows_security_snare",
        "windows_security_xml",
    }
)
"""Formats that show which account joined the network with which card (802.1X)."""
MACS_LOG = "the login log (802.1X)"
ANYTHING = frozenset({"declared_csv", "declared_json", "declared_syslog", "mixed", "cef", "leef"})
"""Formats whose name does not show what a log contains."""


@dataclass(frozen=True)
class KeyboardLog:
    """Devices whose keyboards some formats report about."""

    classes: tuple[str, ...]
    words: str
    formats: frozenset[str]
    logs: str


KEYBOARD_LOGS = (
    KeyboardLog(
        ("chromebook",),
        "Chromebook",
        frozenset({"console_csv", "google_workspace"}),
        "Google's audit of ChromeOS"
    ),
    KeyboardLog(
        ("desktop", "laptop", "podium", "lab_pc"),
        "computer",
        frozenset(
            {"sshd_pam", "windows_security_csv", "windows_security_evtx",
             "windows_security_json", "windows_security_powershell",
             "windows_security_snare", "windows_security_xml"}
        ),
        "the Security log"
    ),
)  # fmt: skip
"""The log that shows who is at the keyboard, by class of device."""


def delivered(store: Store, settings: Settings) -> frozenset[str]:
    """Return classes of events that arrived, or that a configured format can provide."""
    held = {cls for cls, _ in arrived(store)}
    sources = settings.sources.values()
    if configured := {one.format for one in sources if one.format}:
        from pipelines.ingest.parser import readers  # they take long to import

        known = readers()
        held.update(*(known[name].event_classes for name in configured if name in known))
    return frozenset(held)


def formats_of(store: Store, settings: Settings) -> frozenset[str]:
    """Return formats that were read, or that the settings assign to a source."""
    configured = (one.format for one in settings.sources.values())
    read = (one.format for one in source_files(store))
    return frozenset(name for name in (*read, *configured) if name is not None)


def not_told(store: Store, settings: Settings, outline: Outline) -> Iterator[str]:
    """Yield classes of registry devices without a format that shows their users.

    Those of students are not counted: the rules are about staff.
    """
    formats = formats_of(store, settings)
    if not formats or formats & ANYTHING:
        return
    counts = outline.devices
    for kind in KEYBOARD_LOGS:
        many = sum(counts.get(name, 0) for name in kind.classes)
        if not many or formats & kind.formats:
            continue
        logs, has_joins = kind.logs, bool(formats & JOIN_LOGS)
        if "laptop" in kind.classes and is_without_windows(store):
            if has_joins:
                continue  # Macs write no log of sign-ins that is read; the network does
            logs = f"{MACS_LOG} of the network's RADIUS server"
        headers = sorted(enabled_headers(settings).items())
        codes = [code for code, one in headers if family_of(one) == KEYBOARDS]
        joins = [code for code, one in headers if code not in codes and asks_presence(one)]
        rules = f"{rules_counted(len(codes))} on keyboards judge nothing there"
        if not has_joins:
            others = rules_counted(len(joins))
            rules = f"{rules}; {others} on presence find fewer cases, mostly leads"
        words = kind.words if many == 1 else f"{kind.words}s"
        yield (f"no log shows the user of {many:,} {words}: {logs} does not arrive ({rules})")


def placeless(outline: Outline) -> Iterator[str]:
    """Yield that networks have no building, if shared-account rules are off for it."""
    lacking, count = outline.placeless
    if lacking > PLACELESS_SHARE * count:
        yield (
            f"{lacking} of {count} networks have no building: {FAMILIES[PRESENCE]} are off. Write "
            "it into subnets.csv, or list buildings in buildings.csv with the names that the "
            "networks have: the next run matches them"
        )


def carried(outline: Outline) -> Iterator[str]:
    """Yield buildings without a stationary device, which the rule on two keyboards needs."""
    if none := outline.nowhere_fixed:
        yield (
            f"Use at two keyboards cannot be judged at {', '.join(none)}: devices.csv has no "
            "desktop or lab computer there, and portable devices may be next to each other"
        )


def not_delivered(store: Store, settings: Settings, outline: Outline) -> Iterator[str]:
    """Yield families of rules whose logs do not arrive, with the number of rules."""
    yield from placeless(outline)
    yield from not_told(store, settings, outline)
    held = delivered(store, settings)
    if not held:
        return
    for family, event_class, logs in NEEDED:
        if event_class not in held:
            models = enabled_models(settings)
            codes = rules_below(models, family, event_class)
            said = f" ({rules_counted(len(codes))})" if codes else ""
            yield (f"{capital(FAMILIES[family])} cannot be judged: no {logs} arrive{said}")


def rules_below(models: Mapping[str, Model], family: str, event_class: str) -> Sequence[str]:
    """Return the rules of a family that read a class of events, directly or not."""
    found = []
    for code, model in sorted(rules_of(models).items()):
        of = FAMILY_OF.get(model.header.kind) or family_of(model.header)
        if of != family:
            continue
        if f"raw.{event_class}" in inputs_below(model, models):
            found.append(code)
    return found


def names_of(store: Store, settings: Settings, outline: Outline) -> Iterator[str]:
    """Yield domains of account names: the applied ones, and those that need a decision."""
    noted = noted_domains(store)
    for domain in noted:
        if domain.state == APPLIED:
            yield f"account names {domain}"
    for domain in undecided(noted):
        yield f"account names {domain}; see schoolbell propose"
    if not noted:
        own = set(settings.district.account_domains)
        for name in sorted(set(outline.mail_domains) - own):
            yield f"account names ...@{name} match those in users.csv"


def strange_names(store: Store) -> Iterator[str]:
    """Name the few accounts of the district's own domains that the registry lacks.

    They are an earlier name of a person, or an account that no export has.
    """
    own = [one for one in noted_domains(store) if one.state == APPLIED]
    if names := sorted({name for one in own for name in one.strange}):
        yield (
            f"accounts in the logs that are not in the registry: {', '.join(names)}. Add an "
            "earlier name to `aliases` in accounts.csv, others as rows"
        )


def undecided(domains: Sequence[Domain]) -> list[Domain]:
    """Return domains that a person must decide on: many of their names are the registry's."""
    return [
        domain
        for domain in domains
        if domain.state in (PROPOSED, AMBIGUOUS) and domain.known >= MIN_NAMES
    ]


def cannot_judge(store: Store, settings: Settings, outline: Outline) -> list[str]:
    """Return what the rules could not judge in the newest week, and what never arrives."""
    coverage = noted_coverage(store)
    return [*coverage.lines, *coverage.without_counted(not_delivered(store, settings, outline))]
