"""Ticket systems in one table: how each opens a ticket, searches it and states its status.

Sources: Jira Cloud REST API v3, Zammad's REST API, Incident IQ's API v1.0. `webhook` is for any
other system: a program of the district that answers the same three questions.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import Field

from pipelines.fetch.answers import at_place
from pipelines.fetch.services import Origin, ServiceSettings

GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
IDENT = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._#/-]{0,63}")
OPEN, CLOSED, GONE = "open", "closed", "gone"
"""Status of a ticket; *gone*: the system no longer has it, or no longer shows it to us."""


@dataclass(frozen=True)
class NewTicket:
    """Everything that leaves the district.

    Attributes:
        reference: Drawn by lot, part of the title; finds the ticket again.
    """

    reference: str
    title: str
    text: str


@dataclass(frozen=True)
class Ticket:
    """A ticket of the other system.

    Attributes:
        ident: Id by which it is asked for.
        number: Number that people there see.
    """

    ident: str
    number: str
    title: str
    status: str


@dataclass(frozen=True)
class Request:
    """A request; the path is below the address of the settings."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Own = TypeVar("Own", bound=ServiceSettings)


@dataclass(frozen=True, kw_only=True)
class TicketService(Generic[Own]):
    """A ticket system.

    Attributes:
        headers: Sign every request.
        create: Opens a ticket.
        search: Finds tickets whose title contains a reference.
        read: Asks for a ticket by its id.
        page: Address of a ticket for people, by the address of the system, id and number.
        many: Place of the tickets in the answer to a search; empty: the answer itself.
        single: Place of the ticket in other answers, in the same way.
        status: Place of the status.
        is_closed: Whether its value means closed.
        removed: Place of what is true for a deleted ticket; empty: those are not found.
    """

    name: str
    product: str
    settings: type[Own]
    headers: Callable[[Own], Mapping[str, str]]
    create: Callable[[Own, NewTicket], Request]
    search: Callable[[Own, str], Request]
    read: Callable[[Own, str], Request]
    page: Callable[[str, str, str], str]
    ident: str
    number: str
    title: str
    status: str
    is_closed: Callable[[Own, object], bool]
    many: str = ""
    single: str = ""
    removed: str = ""

    def ticket(self, settings: Own, fields: object) -> Ticket | None:
        """Return the ticket of an answer; None without an id and a number that can be one."""
        ident = at_place(fields, self.ident)
        number = at_place(fields, self.number) or ident
        if not (IDENT.fullmatch(str(ident)) and IDENT.fullmatch(str(number))):
            return None
        is_gone = bool(self.removed) and at_place(fields, self.removed) is True
        is_closed = self.is_closed(settings, at_place(fields, self.status))
        return Ticket(
            str(ident),
            str(number),
            str(at_place(fields, self.title) or ""),
            GONE if is_gone else CLOSED if is_closed else OPEN,
        )


def part(answer: object, place: str) -> Any:
    """Return the part of an answer at a place; empty: the answer itself."""
    return at_place(answer, place) if place else answer


def _bearer(settings: Any) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {settings.token}"}


class JiraSettings(ServiceSettings):
    """The site, the account whose API token it is, and where issues are created."""

    url: Origin = Field(examples=["https://school.atlassian.example"])
    email: str = Field(pattern=r"^[^\s:@]+@[^\s:@]+$", examples=["schoolbell@school.example"])
    token: str = Field(repr=False, min_length=8)
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,9}$", examples=["NET"])
    issue_type: str = Field("Task", min_length=1, max_length=60, examples=["Task"])


def _jira_headers(settings: JiraSettings) -> Mapping[str, str]:
    word = base64.b64encode(f"{settings.email}:{settings.token}".encode()).decode()
    return {"Authorization": f"Basic {word}"}


def _jira_create(settings: JiraSettings, new: NewTicket) -> Request:
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in new.text.splitlines()
        if line
    ]
    fields = {
        "project": {"key": settings.project},
        "issuetype": {"name": settings.issue_type},
        "summary": new.title,
        "description": {"type": "doc", "version": 1, "content": paragraphs},
    }
    return Request("POST", "/rest/api/3/issue", {"fields": fields})


def _jira_search(settings: JiraSettings, reference: str) -> Request:
    query = f'project = "{settings.project}" AND summary ~ "{reference}"'
    body = {"jql": query, "fields": ["summary", "status"], "maxResults": 10}
    return Request("POST", "/rest/api/3/search/jql", body)


JIRA = TicketService(
    name="jira",
    product="Jira",
    settings=JiraSettings,
    headers=_jira_headers,
    create=_jira_create,
    search=_jira_search,
    read=lambda _settings, ident: Request(
        "GET", f"/rest/api/3/issue/{quote(ident, safe='')}?fields=summary%2Cstatus"
    ),
    page=lambda url, _ident, number: f"{url}/browse/{quote(number, safe='')}",
    many="issues",
    ident="id",
    number="key",
    title="fields/summary",
    status="fields/status/statusCategory/key",
    is_closed=lambda _settings, value: value == "done",
)


class ZammadSettings(ServiceSettings):
    """The address, a token with `ticket.agent`, and the group and customer of tickets."""

    url: Origin = Field(examples=["https://zammad.school.example"])
    token: str = Field(repr=False, min_length=8)
    group: str = Field(min_length=1, max_length=160, examples=["Network"])
    customer: str = Field(pattern=r"^[^\s@]+@[^\s@]+$", examples=["schoolbell@school.example"])
    closed_states: tuple[str, ...] = Field(
        ("closed", "merged", "removed"), examples=[["closed", "merged", "removed"]]
    )


def _zammad_create(settings: ZammadSettings, new: NewTicket) -> Request:
    article = {"subject": new.title, "body": new.text, "type": "note", "internal": True}
    body = {
        "title": new.title,
        "group": settings.group,
        "customer": settings.customer,
        "article": article,
    }
    return Request("POST", "/api/v1/tickets?expand=true", body)


ZAMMAD = TicketService(
    name="zammad",
    product="Zammad",
    settings=ZammadSettings,
    headers=lambda settings: {"Authorization": f"Token token={settings.token}"},
    create=_zammad_create,
    search=lambda _settings, reference: Request(
        "GET",
        "/api/v1/tickets/search?"
        + urlencode({"query": reference, "limit": "10", "expand": "true"}),
    ),
    read=lambda _settings, ident: Request(
        "GET", f"/api/v1/tickets/{quote(ident, safe='')}?expand=true"
    ),
    page=lambda url, ident, _number: f"{url}/#ticket/zoom/{quote(ident, safe='')}",
    ident="id",
    number="number",
    title="title",
    status="state",
    is_closed=lambda settings, value: value in settings.closed_states,
)


class IncidentIqSettings(ServiceSettings):
    """The site, its token, and the ids that Incident IQ wants for each ticket."""

    url: Origin = Field(examples=["https://school.incidentiq.example"])
    token: str = Field(repr=False, min_length=8)
    site: str = Field(pattern=GUID, examples=["00000000-0000-4000-8000-000000000001"])
    product: str = Field(
        "88df910c-91aa-e711-80c2-0004ffa00010",
        pattern=GUID,
        examples=["88df910c-91aa-e711-80c2-0004ffa00010"],
    )
    requester: str = Field(pattern=GUID, examples=["00000000-0000-4000-8000-000000000002"])
    location: str = Field(pattern=GUID, examples=["00000000-0000-4000-8000-000000000003"])
    issue: str = Field(pattern=GUID, examples=["00000000-0000-4000-8000-000000000004"])


def _incident_iq_headers(settings: IncidentIqSettings) -> Mapping[str, str]:
    ids = {"SiteId": settings.site, "ProductId": settings.product, "Client": "ApiClient"}
    return {**_bearer(settings), **ids}


def _incident_iq_create(settings: IncidentIqSettings, new: NewTicket) -> Request:
    body = {
        "Subject": new.title,
        "IssueDescription": new.text,
        "ProductId": settings.product,
        "ForId": settings.requester,
        "LocationId": settings.location,
        "IssueId": settings.issue,
        "HasSensitiveInformation": True,
        "IsUrgent": False,
        "IsTraining": False,
    }
    return Request("POST", "/api/v1.0/tickets/new", body)


INCIDENT_IQ = TicketService(
    name="incident_iq",
    product="Incident IQ",
    settings=IncidentIqSettings,
    headers=_incident_iq_headers,
    create=_incident_iq_create,
    search=lambda _settings, reference: Request(
        "POST",
        "/api/v1.0/tickets?%24s=10",
        {"Schema": "All", "Filters": [{"Facet": "keyword", "Value": reference}]},
    ),
    read=lambda _settings, ident: Request("GET", f"/api/v1.0/tickets/{quote(ident, safe='')}"),
    page=lambda url, ident, _number: f"{url}/agent/tickets/{quote(ident, safe='')}",
    many="Items",
    single="Item",
    ident="TicketId",
    number="TicketNumber",
    title="Subject",
    status="IsClosed",
    is_closed=lambda _settings, value: value is True,
    removed="IsDeleted",
)


class WebhookSettings(ServiceSettings):
    """A program of the district that opens tickets, and its token."""

    url: Origin = Field(examples=["https://hooks.school.example"])
    path: str = Field("/tickets", pattern=r"^(/[A-Za-z0-9._~-]+)+$", examples=["/tickets"])
    token: str = Field(repr=False, min_length=16)


def _webhook_create(settings: WebhookSettings, new: NewTicket) -> Request:
    body = {"reference": new.reference, "title": new.title, "text": new.text}
    return Request("POST", settings.path, body, {"Idempotency-Key": new.reference})


WEBHOOK = TicketService(
    name="webhook",
    product="your ticket program",
    settings=WebhookSettings,
    headers=_bearer,
    create=_webhook_create,
    search=lambda settings, reference: Request(
        "GET", f"{settings.path}?{urlencode({'reference': reference})}"
    ),
    read=lambda settings, ident: Request("GET", f"{settings.path}/{quote(ident, safe='')}"),
    page=lambda _url, _ident, _number: "",
    many="tickets",
    ident="id",
    number="number",
    title="title",
    status="status",
    is_closed=lambda _settings, value: value == CLOSED,
)

AnyTicketService = TicketService[Any]
SERVICES: Mapping[str, AnyTicketService] = {
    one.name: one for one in (INCIDENT_IQ, JIRA, WEBHOOK, ZAMMAD)
}
