"""What the rules cannot judge, before any log was read and after."""

from collections.abc import Iterator, Sequence

from pipelines.district import District
from pipelines.errors import capital
from pipelines.health.rule_coverage import (
    FAMILIES,
    FAMILY_OF,
    FLOWS,
    LOGONS,
    PRESENCE,
    SITES,
    noted_coverage,
)
from pipelines.ingest.parser import readers
from pipelines.registry.account_domains import (
    AMBIGUOUS,
    APPLIED,
    FEWEST_NAMES,
    PROPOSED,
    Directory,
    Domain,
    mail_domains,
)
from pipelines.reports.snapshot_inputs import arrived
from pipelines.state.account_domains import noted_domains
from pipelines.warehouse.models import inputs_below

NEEDED = (
    (SITES, "http_requests", "web requests of a proxy or a filter"),
    (
        PRESENCE,
        "logons",
        "logons at computers (Windows, ChromeOS) or to the network (802.1X)",
    ),
    (LOGONS, "logons", "logons or sign-ins"),
    (FLOWS, "connections", "connections of a firewall"),
)
"""Family of rules, the class of events without which it judges nothing, in words."""


def delivered(district: District) -> frozenset[str]:
    """Classes of events that arrived, or that a configured format can give."""
    known = readers()
    configured = {
        name
        for source in district.settings.sources.values()
        if source.format is not None and source.format in known
        for name in known[source.format].event_classes
    }
    return arrived(district) | configured


def not_delivered(district: District) -> Iterator[str]:
    """Families of rules of whose logs none arrives, with the rules."""
    held = delivered(district)
    if not held:
        return
    for family, event_class, logs in NEEDED:
        if event_class not in held:
            codes = rules_of(district, family, event_class)
            said = f" ({', '.join(codes)})" if codes else ""
            yield (
                f"{capital(FAMILIES[family])} cannot be judged: no {logs} arrive{said}"
            )


def rules_of(district: District, family: str, event_class: str) -> Sequence[str]:
    """The rules of a family that read a class of events, directly or not."""
    found = []
    for code, detection in sorted(district.detections.items()):
        if family in (SITES, PRESENCE) and FAMILY_OF.get(detection.kind) != family:
            continue
        if family in (LOGONS, FLOWS) and detection.kind in FAMILY_OF:
            continue
        if f"raw.{event_class}" in inputs_below(detection.model, district.models):
            found.append(code)
    return found


def names_of(district: District) -> Iterator[str]:
    """Domains of account names: which are applied, and which somebody must decide."""
    noted = noted_domains(district.store)
    for domain in noted:
        if domain.state == APPLIED:
            yield f"account names {domain}"
    for domain in undecided(noted):
        yield f"account names {domain}; see schoolbell suggest"
    if not noted:
        frames = district.registry.frames
        directory = Directory(frames["accounts"], frames["account_aliases"])
        own = set(district.settings.district.account_domains)
        for name in sorted(mail_domains(directory) - own):
            yield f"account names ...@{name} are read as users.csv has them"


def undecided(domains: Sequence[Domain]) -> list[Domain]:
    """Domains that a person must decide on: many of their names are the registry's."""
    return [
        domain
        for domain in domains
        if domain.state in (PROPOSED, AMBIGUOUS) and domain.known >= FEWEST_NAMES
    ]


def cannot_judge(district: District) -> list[str]:
    """What the rules could not judge in the newest week, and what never arrives."""
    return [*noted_coverage(district.store).lines, *not_delivered(district)]
