"""Proposes rows of the registry that the logs suggest; a person accepts or refuses them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from pipelines.district import District
from pipelines.errors import NothingReadError
from pipelines.health.name_domains import undecided
from pipelines.privacy.redaction import sensitive_names
from pipelines.proposals.account_rows import services
from pipelines.proposals.calendar_rows import days_off
from pipelines.proposals.device_rows import computers, fixed, machines
from pipelines.proposals.duty_rows import hours, later_hours, usual_hours
from pipelines.proposals.network_rows import networks
from pipelines.proposals.offers import SETTINGS, Evidence, Proposal, is_plain
from pipelines.proposals.site_rows import reach, serving
from pipelines.registry.outline import Outline
from pipelines.registry.sites import registrable_domain
from pipelines.settings.model import Settings
from pipelines.settings.toml_text import toml
from pipelines.state.connections import Store
from pipelines.state.source_records import noted_domains
from pipelines.warehouse import inputs
from pipelines.warehouse.snapshots import attach_warehouse

KINDS: Mapping[str, Callable[[Evidence], Iterable[Proposal]]] = {
    "computers": computers,
    "networks": networks,
    "usual-hours": usual_hours,
    "sites": reach,
    "sites:hosts": serving,
    "holders": machines,
    "service-accounts": services,
    "fixed-addresses": fixed,
    "hours": hours,
    "later-hours": later_hours,
    "calendar": days_off,
}
"""Groups, each accepted as a whole, and what finds its rows."""


def account_domains(store: Store, settings: Settings) -> list[Proposal]:
    """Return domains of account names that are not applied automatically.

    The whole setting, with its current content.
    """
    own = settings.district.account_domains
    return [
        Proposal(
            SETTINGS,
            {"account_domains": toml((*own, domain.name))},
            f"account names {domain}; set it only if no one else has such a name in that domain",
        )
        for domain in undecided(noted_domains(store))
        if domain.name not in own
    ]


def proposed(district: District) -> Mapping[str, Sequence[Proposal]]:
    """Return proposals by registry file; files without any are left out.

    Raises:
        NothingReadError: Nothing has been built.
        BusyError: A run is in progress.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    days = files.days()
    if not days:
        raise NothingReadError(
            "no log has been read yet",
            where=str(district.home.path),
            remedy="Run: schoolbell run --home HOME",
        )
    found: dict[str, list[Proposal]] = {}
    if domains := account_domains(district.store, district.settings):
        found[SETTINGS] = domains
    with attach_warehouse(district.home.warehouse) as database:
        inputs.show_raw(database, files, ("leases", "logons"), (days[0], days[-1]))
        evidence = Evidence(
            database,
            district.zone,
            frozenset(
                filter(None, map(registrable_domain, _own(district.settings, district.outline)))
            ),
            has_usual_duty=bool(district.settings.district.usual_duty),
        )
        sensitive = sensitive_names(database)
        for topic, kind in KINDS.items():
            for proposal in filter(is_plain, kind(evidence)):
                hidden = proposal.cells.get("pattern") in sensitive
                made = replace(proposal, is_withheld=hidden, topic=proposal.topic or topic)
                found.setdefault(proposal.file, []).append(made)
    return found


def _own(settings: Settings, outline: Outline) -> Iterable[str]:
    """Yield the district's own domains, of its accounts and of its mail."""
    return (*settings.district.account_domains, *outline.mail_domains)
