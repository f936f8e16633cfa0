"""Actions on tickets of cases: send one to the ticket system, or store a number."""

import re
from typing import Annotated

import typer

from pipelines.actions.action import AnyCase, Form, Input, Queue, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.names import names_in
from pipelines.alerts.tickets import (
    WHERE,
    add_ticket,
    send_tickets,
    service_of,
    ticket_act,
    why_not,
)
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.state.reviews import put_ticket

TICKET = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._#/-]{0,39}")


class SendTicketInput(Input):
    """A case that gets a ticket."""

    case: AnyCase
    queue: Queue = ""


@action(
    command="findings send-ticket",
    right="verdict",
    title="Send to tickets",
    button="Send to tickets",
    case_rank=3,
)
def send_ticket(context: ActionContext, given: SendTicketInput) -> Result:
    """Open a ticket with the number of a case, its kind and its address, and no name."""
    case, service = context.case(given.case), service_of(context.district.settings)
    if service is None:
        raise SettingsError(
            "no ticket system is configured", where=WHERE, remedy="Set service in district.toml."
        )
    if reason := why_not(context.district.store, case):
        raise SettingsError(f"case {case.label} gets no ticket: {reason}", where="--case")
    act = ticket_act(case, "send ticket", str(context.asker), service.product)
    with context.chain.recording(act) as transaction:
        add_ticket(transaction, case, service.name, act.actor)
    return Result(
        f"A ticket for case {case.label} goes to {service.product}. Its number appears at the "
        "case when it is open.",
        {"case_id": case.case_id, "service": service.name},
        mail=lambda after: send_tickets(after.district),
    )


def may_send(context: ActionContext, case: Case) -> bool:
    """Return whether a ticket of a case can be sent."""
    is_on = service_of(context.district.settings) is not None
    return is_on and not why_not(context.district.store, case)


class TicketInput(Input):
    """The number of a case's ticket in another system."""

    case: AnyCase
    queue: Queue = ""
    ticket: Annotated[
        str,
        Form("Number in your ticket system", hint="Such as NET-1042. Empty removes it."),
        typer.Argument(metavar="number", help="Number of its ticket; empty removes it."),
    ] = ""


@action(
    command="findings ticket",
    right="verdict",
    title="Ticket number",
    button="Save the number",
    case_rank=3,
)
def ticket(context: ActionContext, given: TicketInput) -> Result:
    """Store the number of a case's ticket in your ticket system."""
    case, number = context.case(given.case), given.ticket.strip()
    if number and not TICKET.fullmatch(number):
        raise SettingsError(
            f"{number!r} is not a ticket number",
            where="NUMBER",
            remedy="Use letters, digits, and . _ # / -, at most 40, such as NET-1042.",
        )
    if number and names_in(context, case, number):
        raise SettingsError("the ticket number contains a name", where="NUMBER")
    act = ticket_act(case, "ticket", str(context.asker), number or "removed")
    with context.chain.recording(act) as transaction:
        put_ticket(transaction, case.case_id, number, act.actor)
    return Result(
        f"Ticket: {number}." if number else "The ticket is removed.",
        {"case_id": case.case_id, "ticket": number},
        (f"{given.case}: {number or 'no ticket'}",),
    )
