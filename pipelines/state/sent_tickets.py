"""Tickets that Schoolbell opens in the district's ticket system, and their status there."""

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select, update

from pipelines.state.connections import Store, fact, remember
from pipelines.state.rows import SentTicketRow
from pipelines.state.tables import SENT_TICKETS

WAITING, SENDING = "waiting", "sending"
"""Status of a ticket that is not open yet; *sending*: it may be, since no answer came."""

PROBLEM = "tickets_problem"
"""Name of the fact with the reason why the status of tickets is not current."""


def add_sent_ticket(connection: Connection, row: SentTicketRow) -> None:
    """Add a ticket that is to be opened."""
    connection.execute(insert(SENT_TICKETS).values(**row))


def change_sent_ticket(connection: Connection, reference: str, **values: str | None) -> None:
    """Note what became of a ticket."""
    here = SENT_TICKETS.c.reference == reference
    connection.execute(update(SENT_TICKETS).where(here).values(**values))


def sent_tickets(store: Store) -> list[SentTicketRow]:
    """Return every ticket, the oldest first."""
    query = select(SENT_TICKETS).order_by(SENT_TICKETS.c.asked_time, SENT_TICKETS.c.reference)
    return store.rows(SentTicketRow, query)


def newest_of_cases(store: Store) -> Mapping[str, SentTicketRow]:
    """Return the newest ticket of each case that has one."""
    return {row["case_id"]: row for row in sent_tickets(store)}


def is_unopened(row: SentTicketRow) -> bool:
    """Return whether a ticket is not known to be open in the other system."""
    return row["status"] in (WAITING, SENDING)


def note_problem(store: Store, problem: str) -> None:
    """Note why the status of tickets is not current; empty if it is."""
    with store.writing() as connection:
        remember(connection, PROBLEM, problem)


def ticket_problem(store: Store) -> str:
    """Return why tickets are not opened, or their status is not current; empty if all is well."""
    waiting = [row for row in sent_tickets(store) if is_unopened(row) and row["problem"]]
    if waiting:
        noun = "ticket is" if len(waiting) == 1 else "tickets are"
        return f"{len(waiting)} {noun} not opened: {waiting[-1]['problem']}"
    with store.reading() as connection:
        problem = fact(connection, PROBLEM)
    return f"the status of tickets is not current: {problem}" if problem else ""
