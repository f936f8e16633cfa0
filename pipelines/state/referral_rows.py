"""Referrals, statements and inquiries as they are kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.tables import INQUIRIES, REFERRALS, STATEMENTS

Row = Mapping[str, Any]


def add_referral(connection: Connection, row: Row) -> None:
    """A case went to another office."""
    connection.execute(insert(REFERRALS).values(referred_time=now_text(), **row))


def change_referral(connection: Connection, referral_id: str, **values: str) -> None:
    """Note that it was acknowledged, or came back."""
    here = REFERRALS.c.referral_id == referral_id
    connection.execute(update(REFERRALS).where(here).values(**values))


def referrals(store: Store, **wanted: str) -> list[dict[str, Any]]:
    """Referrals whose columns have these values, the oldest first."""
    return _rows(store, REFERRALS, "referred_time", wanted)


def add_statement(connection: Connection, row: Row) -> None:
    """Somebody answered what a case says of them."""
    connection.execute(insert(STATEMENTS).values(received_time=now_text(), **row))


def statements(store: Store, case_id: str = "") -> list[dict[str, Any]]:
    """What people say of a case, or of every one, the oldest first."""
    wanted = {"case_id": case_id} if case_id else {}
    return _rows(store, STATEMENTS, "received_time", wanted)


def statements_by_case(store: Store) -> dict[str, list[str]]:
    """The summaries for cards, by case, the oldest first."""
    found: dict[str, list[str]] = {}
    for row in statements(store):
        found.setdefault(row["case_id"], []).append(row["summary"])
    return found


def add_inquiry(connection: Connection, row: Row) -> None:
    """Another office asks about an account and some days."""
    connection.execute(insert(INQUIRIES).values(opened_time=now_text(), **row))


def change_inquiry(connection: Connection, inquiry_id: str, **values: str) -> None:
    """Note that its answer was released."""
    here = INQUIRIES.c.inquiry_id == inquiry_id
    connection.execute(update(INQUIRIES).where(here).values(**values))


def inquiries(store: Store, **wanted: str) -> list[dict[str, Any]]:
    """Inquiries whose columns have these values, the oldest first."""
    return _rows(store, INQUIRIES, "opened_time", wanted)


def _rows(
    store: Store, table: Table, order: str, wanted: Mapping[str, str]
) -> list[dict[str, Any]]:
    query = select(table).filter_by(**wanted).order_by(table.c[order])
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
