"""The read-only HTTP API of the desk: what its pages show, for programs with a token.

A token has one role and reads what that role sees at the desk, under the same code
names. It never signs in: sessions and cookies do not count here, and no address accepts
anything but GET. Metrics are for Prometheus, and due dates are a calendar.
"""

import binascii
import hmac
import logging
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipelines.actions.context import ActionContext
from pipelines.actions.queue_filter import QueueFilter
from pipelines.desk.open_homes import ListedCase
from pipelines.desk.queue import A_PAGE, buildings_of, matching, sentence, work_list
from pipelines.desk.security import refuse_odd, visitor
from pipelines.desk.shared import DeskApp, record_reading, record_sign_in
from pipelines.desk.signin import Session
from pipelines.desk.views import requests_page
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.grades import SURE
from pipelines.operations.status import status_of
from pipelines.reports.words import count, in_locale
from pipelines.settings.roles import MATRIX, DeskToken, Principal, RefusedError, Right, number_of
from pipelines.settings.secrets import looked_up
from pipelines.state.records_requests import record_requests
from pipelines.state.reviews import tickets
from pipelines.state.rows import FindingRow

if TYPE_CHECKING:  # it takes long to import
    from prometheus_client import CollectorRegistry


LOG = logging.getLogger("schoolbell.desk")
VERSION = "1"
BASE = f"/api/v{VERSION}"
MIN_TOKEN = 32
"""Fewest characters of a token."""
MAX_ROWS = 500
NEVER = "never"
TIMES = ("last_look", "last_run", "last_report")
COUNTED = ("files", "lines", "rejects")
QUERY: Mapping[str, str] = {
    "show": "The list: waiting, unassigned, second, overdue, referred, trial, decided or all.",
    "q": "Words that a case contains.",
    "building": "Code of a building.",
    "kind": "Kind of the main finding.",
    "role": "Whose account it is about: staff, student or device.",
    "rule": "Id of its rule.",
    "first": "First ISO week.",
    "last": "Last ISO week.",
    "offset": "Cases to skip.",
    "limit": f"Cases to return, at most {MAX_ROWS}.",
}


class ApiError(BaseModel):
    """Why a request failed."""

    message: str
    remedy: str = ""


class ApiCase(BaseModel):
    """A case as the queue of the desk shows it."""

    case_id: str
    number: str = Field(description="The number that people say, such as 46-03.")
    week: str = Field(description="ISO week, such as 2026-W47.")
    sentence: str = Field(description="What was seen, under code names.")
    kind: str
    rule: str = Field(description="The rule of the main finding.")
    weight: str
    confidence: str
    standing: str = Field(description="waiting, site, trial, expired, confirmed or explained.")
    since: date = Field(description="Local day on which it was first seen.")
    due: date
    is_overdue: bool
    is_student: bool = Field(description="A case about a student is a confidential record.")
    buildings: list[str] = Field(description="Codes of the buildings.")
    assignee: str = Field(description="Login of the reviewer in charge; empty without one.")
    ticket: str = Field(description="Number in the district's ticket system; empty without one.")
    address: str = Field(description="Page at the desk; empty without [desk] address.")


class ApiFinding(BaseModel):
    """A finding of a case."""

    finding_id: str
    rule: str
    kind: str
    day: date
    sentence: str
    weight: str
    confidence: str
    status: str
    subject: str = Field(description="Code name of the account or device.")
    devices: list[str]
    sites: list[str] = Field(description="Sensitive sites appear under code names.")
    log_lines: int


class ApiCaseDetails(ApiCase):
    """A case with its findings."""

    findings: list[ApiFinding]


class ApiCases(BaseModel):
    """A page of the queue, in its order."""

    total: int
    offset: int
    cases: list[ApiCase]
    items: int = Field(description="Items on the list of work, as page one of the report counts.")


class ApiRequest(BaseModel):
    """A request that needs a second person."""

    request_id: str
    action: str
    about: str = Field(description="Number of the case, or id of another subject.")
    state: str
    requested: datetime
    reason: str


class ApiRequests(BaseModel):
    """Requests, the newest first."""

    requests: list[ApiRequest]


class ApiRuns(BaseModel):
    """State of runs, as `schoolbell status` shows it."""

    state: str = Field(description="well, needs attention or needs action.")
    last_look: datetime | None
    last_run: datetime | None
    last_report: datetime | None
    days_to_build: int
    files_waiting: int
    files_in_trouble: int
    alerts_waiting: int
    alerts_given_up: int


class ApiSource(BaseModel):
    """State of a source of logs."""

    source: str
    state: str
    newest_event: datetime | None
    newest_arrival: datetime | None
    usual_lag_minutes: int | None
    files: int
    lines: int
    rejects: int


class ApiSources(BaseModel):
    """Every source of logs."""

    sources: list[ApiSource]


@dataclass(frozen=True)
class ApiVisit:
    """A request of a program with a token."""

    desk: DeskApp
    request: Request
    context: ActionContext


View = Callable[[ApiVisit], BaseModel | Response]


@dataclass(frozen=True)
class Endpoint:
    """One address of the API.

    Attributes:
        right: The right that the role of a token needs; None for any role.
        answer: The model of its JSON; None for another kind of answer.
        kind: Media type of the answer.
        query: Names of its parameters, with their meaning.
    """

    path: str
    title: str
    view: View
    right: Right | None
    answer: type[BaseModel] | None = None
    kind: str = "application/json"
    query: Mapping[str, str] | None = None


def principal_of(name: str, token: DeskToken) -> Principal:
    """Return the reader that a token represents."""
    user = f"token {name}"
    return Principal(number_of(user), user, (token.role,), way="token")


def given_token(request: Request) -> str:
    """Return the token of a request: a bearer token, or the password of a calendar program."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        return value.strip()
    if scheme.casefold() == "basic":
        try:
            return b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def known_token(
    tokens: Mapping[str, DeskToken], given: str, today: date
) -> tuple[str, DeskToken] | None:
    """Return the token that was given, if it is in force; all are compared."""
    matched = None
    for name, token in tokens.items():
        secret = _secret(name, token)
        is_it = hmac.compare_digest(given.encode(), secret.encode()) and bool(secret)
        if is_it and (token.until is None or today <= token.until):
            matched = name, token
    return matched


def _secret(name: str, token: DeskToken) -> str:
    """Return the word of a token; empty if it cannot be read or is too short to be safe."""
    where = f"[desk.tokens.{name}] secret"
    try:
        word = looked_up(token.secret, where) if token.secret else ""
    except SettingsError as error:
        LOG.warning("%s", error)
        return ""
    if len(word) < MIN_TOKEN:
        LOG.warning("%s has fewer than %d characters and is not accepted", where, MIN_TOKEN)
        return ""
    return word


def with_token(address: Endpoint) -> Callable[[Request], Response]:
    """Wrap an address: it answers only a token whose role has the right."""

    def answered(request: Request) -> Response:
        desk: DeskApp = request.app.state.desk
        if refused := refuse_odd(desk, request):
            return refused
        try:
            district = desk.home.district
            today = datetime.now(ZoneInfo(district.zone)).date()
            given = given_token(request)
            token = known_token(district.settings.desk.tokens, given, today)
            if token is None:
                return _unknown(desk, visitor(request), given)
            asker = principal_of(*token)
            _require(asker, address.right)
            record_sign_in(desk, Session(login=asker.user_name, way="token"), "sign in")
            with in_locale(district.settings.district.locale):
                answer = address.view(ApiVisit(desk, request, desk.home.context(asker)))
            if isinstance(answer, BaseModel):
                return Response(answer.model_dump_json(), media_type="application/json")
            return answer
        except RefusedError as error:
            return _error(403, error.what)
        except SettingsError as error:
            return _error(404, error.what, error.remedy or "")
        except SchoolbellError as error:
            return _error(503, error.what, error.remedy or "")

    return answered


def _unknown(desk: DeskApp, address: str, given: str) -> Response:
    """Refuse a token that is not in force; a known one from the same address still works."""
    if desk.wrong_tokens.is_full(address):
        return _error(429, "too many wrong tokens; wait 15 minutes")
    if given:
        desk.wrong_tokens.add(address)
    return _error(401, "a valid token is required", "Send it as a bearer token.")


def _require(asker: Principal, right: Right | None) -> None:
    if right is not None and not asker.may(right):
        needed = " or ".join(MATRIX[right])
        message = f"this token has the role {asker.roles[0]}; this address needs {needed}"
        raise RefusedError(message)


def _error(status: int, message: str, remedy: str = "") -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Schoolbell"'} if status == 401 else {}
    body = ApiError(message=message, remedy=remedy).model_dump()
    return JSONResponse(body, status, headers)


def cases_view(visit: ApiVisit) -> ApiCases:
    """Return a page of the queue."""
    query = visit.request.query_params
    chosen, offset = QueueFilter.read(query), _number(query.get("offset", ""), 0)
    limit = min(_number(query.get("limit", ""), A_PAGE), MAX_ROWS)
    listed = matching(visit.desk.home, visit.context, chosen)
    numbers = tickets(visit.context.district.store)
    rows = [
        _case(visit, one, numbers.get(one.case.case_id, ""))
        for one in listed[offset : offset + limit]
    ]
    items = len(work_list(visit.desk.home, visit.context))
    return ApiCases(total=len(listed), offset=offset, cases=rows, items=items)


def _number(text: str, default: int) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_number else default


def _case(visit: ApiVisit, listed: ListedCase, ticket: str) -> ApiCase:
    case, context = listed.case, visit.context
    return ApiCase(
        case_id=case.case_id,
        number=case.label,
        week=case.week,
        sentence=sentence(context, case.heaviest),
        kind=case.heaviest["kind"],
        rule=case.heaviest["rule"],
        weight=case.severity,
        confidence=SURE.get(case.confidence, "Lead"),
        standing=listed.standing,
        since=case.first_day,
        due=case.due,
        is_overdue=listed.standing == "waiting" and case.due < context.today,
        is_student=listed.is_student,
        buildings=sorted(buildings_of(visit.desk.home, case)),
        assignee=case.assignee or "",
        ticket=ticket,
        address=context.address_of(case),
    )


def case_view(visit: ApiVisit) -> ApiCaseDetails:
    """Return a case with its findings, and record that it was read."""
    context, home = visit.context, visit.desk.home
    case = context.case(visit.request.path_params["case"])
    (listed,) = [one for one in home.known(context, home.week(context)) if one.case is case]
    ticket = tickets(context.district.store).get(case.case_id, "")
    record_reading(visit.desk, context, case.case_id)
    return ApiCaseDetails(
        **dict(_case(visit, listed, ticket)),
        findings=[_finding(context, row) for row in case.counted],
    )


def _finding(context: ActionContext, row: FindingRow) -> ApiFinding:
    record, day = context.shown(row), row["event_date"]
    return ApiFinding(
        finding_id=row["finding_id"],
        rule=row["rule"],
        kind=row["kind"],
        day=date.fromisoformat(str(day)),
        sentence=sentence(context, row),
        weight=row["severity"],
        confidence=SURE.get(row["confidence"], "Lead"),
        status=row["status"],
        subject=context.subject(row),
        devices=[context.named("device", one, day) for one in row["record"]["devices"]],
        sites=[str(one) for one in record.get("sites") or ()],
        log_lines=len(row["record"]["evidence"]),
    )


def requests_view(visit: ApiVisit) -> ApiRequests:
    """Return requests that need a second person, and those of the last days."""
    page = requests_page(visit.context)
    rows = [
        ApiRequest(
            request_id=row["request_id"],
            action=row["words"],
            about=row["label"],
            state=row["state"],
            requested=datetime.fromisoformat(row["asked_time"]),
            reason=row["reason"],
        )
        for row in (*page["open"], *page["answered"])
    ]
    return ApiRequests(requests=rows)


def _runs(context: ActionContext) -> tuple[ApiRuns, list[ApiSource], int]:
    """Return runs and sources as `status` shows them, and the verdict as a number."""
    status = status_of(context.district, datetime.now(UTC))
    shown = status.shown
    times = {name: _time(shown[name]) for name in TIMES}
    runs = ApiRuns.model_validate({**shown, **times})
    sources = [
        ApiSource.model_validate(
            {**one.shown, **{name: int(one.counts.get(name) or 0) for name in COUNTED}}
        )
        for one in status.sources
    ]
    return runs, sources, status.exit_code


def _time(text: str) -> datetime | None:
    if text == NEVER:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def runs_view(visit: ApiVisit) -> ApiRuns:
    """Return the state of runs."""
    return _runs(visit.context)[0]


def sources_view(visit: ApiVisit) -> ApiSources:
    """Return the state of every source."""
    return ApiSources(sources=_runs(visit.context)[1])


def metrics_view(visit: ApiVisit) -> Response:
    """Return runs and sources as metrics, without a number about people."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    runs, sources, verdict = _runs(visit.context)
    _gauge(registry, "state", "0: well, 1: needs attention, 2: needs action", [((), verdict)])
    for name, value in runs.model_dump().items():
        if isinstance(value, datetime):
            _gauge(registry, f"{name}_timestamp_seconds", name, [((), value.timestamp())])
        elif isinstance(value, int):
            _gauge(registry, name, name.replace("_", " "), [((), value)])
    for name in COUNTED:
        rows = [((one.source,), getattr(one, name)) for one in sources]
        _gauge(registry, f"source_{name}", f"{name} received", rows)
    for name in ("newest_event", "newest_arrival"):
        times = [(one.source, getattr(one, name)) for one in sources]
        rows = [((source,), at.timestamp()) for source, at in times if at is not None]
        title = f"time of the {name.replace('_', ' ')}"
        _gauge(registry, f"source_{name}_timestamp_seconds", title, rows)
    states = [((one.source,), int(one.state in ("well", "history"))) for one in sources]
    _gauge(registry, "source_is_well", "1 if nothing is wrong with a source", states)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _gauge(
    registry: "CollectorRegistry",
    name: str,
    title: str,
    rows: Sequence[tuple[tuple[str, ...], float]],
) -> None:
    from prometheus_client import Gauge

    labels = ("source",) if name.startswith("source_") else ()
    gauge = Gauge(f"schoolbell_{name}", title, labels, registry=registry)
    for values, value in rows:
        (gauge.labels(*values) if labels else gauge).set(value)


def calendar_view(visit: ApiVisit) -> Response:
    """Return due dates as a calendar: numbers of cases and of records requests."""
    from icalendar import Calendar, Event

    context = visit.context
    calendar = Calendar()
    calendar.add("prodid", "-//Schoolbell//Due dates//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{context.district.settings.district.name}: due dates")
    for key, day, title, text in _due(visit):
        event = Event()
        event.add("uid", f"{key}-{day.isoformat()}@schoolbell")
        event.add("dtstamp", datetime(day.year, day.month, day.day, tzinfo=UTC))
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", title)
        event.add("description", text)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return Response(calendar.to_ical(), media_type="text/calendar; charset=utf-8")


def _due(visit: ApiVisit) -> list[tuple[str, date, str, str]]:
    """Return key, day, title and text of each due date; no code name is in them."""
    context, home = visit.context, visit.desk.home
    by_day: dict[date, list[Case]] = {}
    for one in matching(home, context, QueueFilter()):
        by_day.setdefault(one.case.due, []).append(one.case)
    address = context.district.settings.desk.address
    link = f" {address}/?show=waiting" if address else ""
    rows = []
    for day, cases in by_day.items():
        numbers = ", ".join(sorted(case.label for case in cases))
        rows.append(("cases", day, f"Decide {count(len(cases), 'case')}", f"{numbers}.{link}"))
    if context.asker.may("records"):
        rows += [
            (f"records-{one.request_id}", one.due, "Public records request due", one.request_id)
            for one in record_requests(context.district.store)
            if one.due and not one.closed_time
        ]
    return sorted(rows, key=lambda row: (row[1], row[0]))


ENDPOINTS = (
    Endpoint(f"{BASE}/cases", "List cases", cases_view, "findings", ApiCases, query=QUERY),
    Endpoint(f"{BASE}/cases/{{case}}", "Read a case", case_view, "evidence", ApiCaseDetails),
    Endpoint(f"{BASE}/requests", "List requests", requests_view, "findings", ApiRequests),
    Endpoint(f"{BASE}/runs", "Read the state of runs", runs_view, None, ApiRuns),
    Endpoint(f"{BASE}/sources", "List sources", sources_view, None, ApiSources),
    Endpoint("/metrics", "Read metrics", metrics_view, None, kind="text/plain"),
    Endpoint("/calendar.ics", "Read due dates", calendar_view, "findings", kind="text/calendar"),
)


def document() -> dict[str, object]:
    """Return the OpenAPI document of these addresses."""
    models = [one.answer for one in ENDPOINTS if one.answer] + [ApiError]
    by_model, schemas = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    refs = {model: by_model[model, "serialization"] for model in models}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Schoolbell review desk",
            "version": VERSION,
            "description": (
                "Read-only. Accounts and devices appear under code names. A log names an "
                "account or a device, never a person."
            ),
        },
        "security": [{"bearer": []}, {"basic": []}],
        "paths": {one.path: {"get": _operation(one, refs)} for one in ENDPOINTS},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The token is the password; the user name does not matter.",
                },
            },
        },
    }


def _operation(one: Endpoint, refs: Mapping[type[BaseModel], object]) -> dict[str, object]:
    roles = ", ".join(MATRIX[one.right]) if one.right else "any role"
    parameters: list[dict[str, object]] = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in (one.query or {}).items()
    ]
    if "{case}" in one.path:
        schema = {"type": "string"}
        parameters.append({"name": "case", "in": "path", "required": True, "schema": schema})
    shape = refs[one.answer] if one.answer else {"type": "string"}
    errors = {401: "no valid token", 403: "the role may not read this", 429: "wait 15 minutes"}
    if "{case}" in one.path:
        errors[404] = "the case does not exist"
    return {
        "operationId": one.view.__name__.removesuffix("_view"),
        "summary": one.title,
        "description": f"Roles: {roles}.",
        "parameters": parameters,
        "responses": {
            "200": {"description": one.title, "content": {one.kind: {"schema": shape}}},
            **{
                str(code): {
                    "description": text,
                    "content": {"application/json": {"schema": refs[ApiError]}},
                }
                for code, text in errors.items()
            },
        },
    }


def openapi_view(request: Request) -> Response:
    """Return the document, which contains nothing of the district."""
    if refused := refuse_odd(request.app.state.desk, request):
        return refused
    return JSONResponse(document())


def api_routes() -> list[Route]:
    """Return the addresses of the API."""
    return [
        *(Route(one.path, with_token(one), methods=["GET"]) for one in ENDPOINTS),
        Route(f"{BASE}/openapi.json", openapi_view, methods=["GET"]),
    ]
