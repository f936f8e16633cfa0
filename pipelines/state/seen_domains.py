"""Which domains account names of the logs carry, as the last build found them."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from pipelines.registry.account_domains import Domain
from pipelines.state.connections import Store, fact, remember

NAME = "account_domains"


def note_domains(store: Store, domains: Sequence[Domain]) -> None:
    """Remember the domains of all names that the logs hold."""
    noted = json.dumps([asdict(domain) for domain in domains])
    with store.writing() as connection:
        if fact(connection, NAME) != noted:
            remember(connection, NAME, noted)


def noted_domains(store: Store) -> tuple[Domain, ...]:
    """What was remembered; empty before the first build."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, NAME) or "[]")
    return tuple(Domain(**{**one, "forms": tuple(one["forms"])}) for one in noted)
