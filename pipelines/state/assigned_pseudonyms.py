"""Pseudonyms that were assigned, and how attribution changed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from pipelines.state.connections import Store, now_text
from pipelines.state.tables import ATTRIBUTION_CHANGES, PSEUDONYMS


def assigned_name(store: Store, scope: str, tokens: Collection[str]) -> str | None:
    """The name that one of these tokens has.

    Args:
        scope: What the name is for, and the school year: `account|2026`.
    """
    query = select(PSEUDONYMS.c.name).where(
        PSEUDONYMS.c.kind == scope, PSEUDONYMS.c.token.in_(tokens)
    )
    with store.reading() as connection:
        return connection.execute(query).scalar()


def assigned_names(
    store: Store,
    scope: str,
    assign: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> Mapping[str, str]:
    """Every name of a scope by its token, in one transaction with new ones.

    Args:
        assign: Is given the names that are there; returns those to add.
    """
    with store.writing() as connection:
        rows = connection.execute(
            select(PSEUDONYMS.c.token, PSEUDONYMS.c.name).where(
                PSEUDONYMS.c.kind == scope
            )
        )
        existing = {row.token: row.name for row in rows}
        if added := assign(existing):
            connection.execute(
                insert(PSEUDONYMS),
                [
                    {"kind": scope, "token": token, "name": name}
                    for token, name in sorted(added.items())
                ],
            )
    return {**existing, **added}


def add_attribution_changes(store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep how attribution of some days changed, as it was noticed now."""
    noticed = now_text()
    with store.writing() as connection:
        connection.execute(
            insert(ATTRIBUTION_CHANGES),
            [{**row, "changed_time": noticed} for row in rows],
        )


def attribution_changes(store: Store) -> list[dict[str, Any]]:
    """Every change of attribution, oldest first."""
    query = select(ATTRIBUTION_CHANGES).order_by(ATTRIBUTION_CHANGES.c.change_id)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def remove_attribution_changes(
    connection: Connection, before: str, held: Collection[str]
) -> None:
    """Delete changes of days before one, but for held days."""
    connection.execute(
        delete(ATTRIBUTION_CHANGES).where(
            ATTRIBUTION_CHANGES.c.event_date < before,
            ATTRIBUTION_CHANGES.c.event_date.not_in(held),
        )
    )
