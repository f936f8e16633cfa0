"""Lists domains of account names in the logs, and accounts that the registry lacks."""

from collections.abc import Iterator, Sequence

from pipelines.registry.account_domains import AMBIGUOUS, APPLIED, MIN_NAMES, PROPOSED, Domain
from pipelines.registry.outline import Outline
from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.source_records import noted_domains


def names_of(store: Store, settings: Settings, outline: Outline) -> Iterator[str]:
    """Yield domains of account names: the applied ones, and those that need a decision."""
    domains = noted_domains(store)
    for domain in domains:
        if domain.state == APPLIED:
            yield f"account names {domain}"
    for domain in undecided(domains):
        yield f"account names {domain}; see schoolbell propose"
    if not domains:
        configured = set(settings.district.account_domains)
        for name in sorted(set(outline.mail_domains) - configured):
            yield f"account names ...@{name} match those in users.csv"


def strange_names(store: Store) -> Iterator[str]:
    """Name the few accounts of the district's own domains that the registry lacks.

    They are an earlier name of a person, or an account that no export has.
    """
    applied = [domain for domain in noted_domains(store) if domain.state == APPLIED]
    if names := sorted({name for domain in applied for name in domain.strange}):
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
