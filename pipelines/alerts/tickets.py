"""Tickets of cases in the district's ticket system: each opened once, and its status read.

A ticket contains the number of a case, its kind and its address at the desk: no name, no code
name, and nothing from which one could be worked out. Its status is shown and decides nothing.

A ticket is marked *sending* before it is requested. If no answer comes, the next run first
searches the other system for the reference in its title. It opens a ticket only if none has it,
and only some time after the first attempt, because searches do not show new tickets immediately.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.alerts.outbox import only_sender
from pipelines.alerts.ticket_services import (
    GONE,
    SERVICES,
    AnyTicketService,
    NewTicket,
    Request,
    Ticket,
    part,
)
from pipelines.district import District
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.fetch.calls import (
    FORBIDDEN,
    REFUSED,
    Caller,
    FetchError,
    LaterError,
    RefusedError,
    WindowError,
    code_of,
)
from pipelines.fetch.fetching import words_of
from pipelines.fetch.services import ServiceSettings
from pipelines.findings.cases import Case, Queue, cases, is_on_trial, queue
from pipelines.findings.grades import KINDS
from pipelines.settings.model import Settings
from pipelines.settings.plugin_settings import setting_faults, with_secrets
from pipelines.settings.problems import Fault, nearest
from pipelines.settings.secrets import is_reference, require_private
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store, Transaction, now_text
from pipelines.state.reviews import put_ticket, tickets
from pipelines.state.rows import SentTicketRow
from pipelines.state.sent_tickets import (
    SENDING,
    WAITING,
    add_sent_ticket,
    change_sent_ticket,
    is_unopened,
    newest_of_cases,
    note_problem,
    sent_tickets,
)
from pipelines.web import Response, asked, is_safe

TABLE = "desk.tickets"
WHERE = f"[{TABLE}]"
RUN_SECONDS = 60.0
TRY_SECONDS = 30.0
MAX_READ = 100
"""Tickets whose status one run reads, those first that were not read for longest."""
SETTLES = timedelta(minutes=10)
"""After this time a search of any system shows a new ticket."""
BY_RUN = "a run"
NO_SUCH = frozenset({404, 410})
OF_NO_TICKET = "sb0000000000000000"
HELP = "docs/how-to/tickets.md lists its rights."


@dataclass(frozen=True)
class TicketSummary:
    """Result of one run.

    Attributes:
        opened: Numbers of new tickets.
        waiting: Tickets that could not be opened yet.
        problem: Why, or why the status of others is not current.
    """

    opened: tuple[str, ...] = ()
    waiting: int = 0
    problem: str = ""

    @property
    def lines(self) -> Iterator[str]:
        """The result in sentences; nothing if there is nothing to report."""
        if self.opened:
            yield f"Tickets opened: {', '.join(self.opened)}."
        if self.problem:
            yield f"Tickets: {self.waiting} not opened yet: {self.problem}"


def words_of_case(case: Case, reference: str, desk: str) -> NewTicket:
    """Return everything that leaves the district about a case.

    Args:
        desk: Address of the desk; empty without one.
    """
    label = case.full_label
    kind = KINDS.get(str(case.heaviest["kind"]), "a finding")
    lines = [
        f"Case {label}: {kind}.",
        f"Open it at the review desk: {desk}/cases/{label}" if desk else "",
        "People decide the case at the desk. Closing this ticket does not decide it.",
        "Do not write names into this ticket.",
        f"Reference {reference}.",
    ]
    text = "\n".join(line for line in lines if line)
    return NewTicket(reference, f"Case {label}: {kind} [{reference}]", text)


def service_of(settings: Settings) -> AnyTicketService | None:
    """Return the configured ticket system; None without one.

    Raises:
        SettingsError: There is no such kind.
    """
    kind = settings.desk.tickets.service
    if kind and kind not in SERVICES:
        raise SettingsError(
            f"{kind!r} is not a kind of ticket system",
            where=WHERE,
            remedy="Kinds: " + ", ".join(sorted(SERVICES)),
        )
    return SERVICES.get(kind)


def ticket_faults(settings: Settings) -> Iterator[Fault]:
    """Yield the mistakes in kind, keys and secrets of `[desk.tickets]`."""
    at, wanted = ("desk", "tickets"), settings.desk.tickets
    if wanted.service and wanted.service not in SERVICES:
        guess = nearest(wanted.service, SERVICES) or min(SERVICES)
        what, paste = "this kind of ticket system does not exist", f'service = "{guess}"'
        yield Fault((*at, "service"), what, wanted.service, ", ".join(sorted(SERVICES)), paste)
    elif wanted.service:
        try:
            _own_settings(settings)
        except SettingsError as error:
            model = SERVICES[wanted.service].settings
            yield from setting_faults(at, model, wanted.settings, error)


def _own_settings(settings: Settings) -> ServiceSettings:
    wanted = settings.desk.tickets
    for key, value in wanted.settings.items():
        if is_reference(value):
            require_private(value, f"{WHERE} {key}")
    model: type[ServiceSettings] = SERVICES[wanted.service].settings
    return with_secrets(model, wanted.settings, WHERE)


def why_not(store: Store, case: Case) -> str:
    """Return why no ticket of a case is to be opened; empty if one may be."""
    if not case.number:  # its id could be worked out from a person
        return "it has no number yet"
    row = newest_of_cases(store).get(case.case_id)
    if row is not None and row["status"] == GONE:
        return ""
    if row is not None and is_unopened(row):
        return "its ticket is being opened"
    number = tickets(store).get(case.case_id)
    return f"it has ticket {number}" if number else ""


def add_ticket(transaction: Transaction, case: Case, service: str, actor: str) -> None:
    """Let the next run open a ticket of a case."""
    row = SentTicketRow(
        reference=f"sb{secrets.token_hex(8)}",
        case_id=case.case_id,
        service=service,
        status=WAITING,
        ident=None,
        number=None,
        asked_by=actor,
        asked_time=now_text(),
        tried_time=None,
        read_time=None,
        problem=None,
    )
    add_sent_ticket(transaction, row)


def page_of(settings: Settings, row: SentTicketRow) -> str:
    """Return the address of an open ticket for people; empty if it has none."""
    service = service_of(settings)
    url = str(settings.desk.tickets.settings.get("url", ""))
    if service is None or row["service"] != service.name or not is_safe(url):
        return ""
    return service.page(url.rstrip("/"), str(row["ident"]), str(row["number"]))


def ticket_act(case: Case, action: str, actor: str, reason: str) -> Act:
    """Return the audit entry about the ticket of a case."""
    return Act(actor=actor, action=action, subject=case.case_id, reason=reason, case=case.case_id)


def due_cases(settings: Settings, waiting: Queue) -> list[Case]:
    """Return the cases of the newest report for which a ticket is opened without a person.

    Cases about accounts of students and about system administrators are left to a person, and
    so are those that only rules on trial reported.
    """
    left_to_people = settings.alerts.administration_rules
    return [
        case
        for case in waiting.cases
        if case.number
        and case.monday >= waiting.week
        and not all(map(is_on_trial, case.undecided))
        and not any(row["rule"] in left_to_people for row in case.counted)
    ]


def send_tickets(
    district: District,
    now: datetime | None = None,
    *,
    ask: Callable[..., Response] = asked,
    sleep: Callable[[float], None] = time.sleep,
) -> TicketSummary:
    """Open the tickets that wait, and read the status of the others; errors do not stop a run.

    Args:
        ask: Sends one request.
        sleep: Waits before a request is tried again.
    """
    try:
        service = service_of(district.settings)
        if service is None:
            return TicketSummary()
        with only_sender(district.home):
            sender = _sender(district, service, now or datetime.now(UTC), ask, sleep)
            if district.settings.desk.tickets.automatic:
                sender.add_due()
            return sender.send()
    except (SchoolbellError, OSError) as error:
        waiting = sum(map(is_unopened, sent_tickets(district.store)))
        note_problem(district.store, words_of(error))
        return TicketSummary((), waiting, words_of(error))


def tried_tickets(settings: Settings, ask: Callable[..., Response] = asked) -> str:
    """Return why the ticket system does not answer a search; empty if it does, or has none."""
    service = service_of(settings)
    if service is None:
        return ""
    values = _own_settings(settings)
    caller = Caller(TABLE, values.origins, TRY_SECONDS, ask)
    try:
        _Client(service, values, caller).search(OF_NO_TICKET)
    except FetchError as error:
        return words_of(error)
    return ""


@dataclass(frozen=True)
class _Client:
    """The requests to one ticket system."""

    service: AnyTicketService
    settings: ServiceSettings
    caller: Caller

    def create(self, new: NewTicket) -> Ticket:
        """Open a ticket.

        Raises:
            LaterError: It was not opened.
            RefusedError: The same, and a person has to do something.
            WindowError: It may be open.
        """
        answer = self._asked(self.service.create(self.settings, new), is_once=True)
        self._require(answer)
        if 400 <= answer.status < 500:
            raise LaterError(f"it answers {answer.status}{code_of(answer)}", where=WHERE)
        return self._ticket(part(_json(answer), self.service.single))

    def search(self, reference: str) -> Ticket | None:
        """Return the ticket whose title contains a reference; None if there is none.

        Raises:
            FetchError: The search was not answered.
        """
        answer = self._asked(self.service.search(self.settings, reference))
        self._require(answer, is_whole=True)
        rows = part(_json(answer), self.service.many)
        if not isinstance(rows, list):
            raise WindowError("its answer to a search is not readable", where=WHERE)
        every = [self.service.ticket(self.settings, row) for row in rows]
        return next((one for one in every if one and reference in one.title), None)

    def status(self, ident: str) -> Ticket | None:
        """Return a ticket; None if the system has none of that id.

        Raises:
            FetchError: It was not answered.
        """
        answer = self._asked(self.service.read(self.settings, ident))
        if answer.status in NO_SUCH:
            return None
        self._require(answer, is_whole=True)
        return self._ticket(part(_json(answer), self.service.single))

    def _asked(self, request: Request, *, is_once: bool = False) -> Response:
        data = json.dumps(request.body).encode() if request.body is not None else None
        kind = {"Content-Type": "application/json"} if data else {}
        headers = {**self.service.headers(self.settings), **kind, **request.headers}
        url = self.settings.url + request.path
        return self.caller.send(request.method, url, headers, data, is_once=is_once)

    def _require(self, answer: Response, *, is_whole: bool = False) -> None:
        """Refuse an answer that is not good; `is_whole`: anything but 200."""
        status = f"it answers {answer.status}{code_of(answer)}"
        if answer.status == REFUSED:
            remedy = f"Renew the secret of {WHERE}."
            raise RefusedError(f"{status}: the sign-in is refused", where=WHERE, remedy=remedy)
        if answer.status == FORBIDDEN:
            raise RefusedError(f"{status}: a right is missing", where=WHERE, remedy=HELP)
        if answer.status >= 500 or (is_whole and answer.status != 200):
            raise WindowError(status, where=WHERE)

    def _ticket(self, fields: object) -> Ticket:
        made = self.service.ticket(self.settings, fields)
        if made is None:
            raise WindowError("its answer does not contain a ticket", where=WHERE)
        return made


def _json(answer: Response) -> object:
    try:
        return json.loads(answer.data)
    except (ValueError, RecursionError) as error:
        raise WindowError("its answer is not JSON", where=WHERE) from error


def _sender(
    district: District,
    service: AnyTicketService,
    now: datetime,
    ask: Callable[..., Response],
    sleep: Callable[[float], None],
) -> "_Sender":
    values = _own_settings(district.settings)
    caller = Caller(TABLE, values.origins, RUN_SECONDS, ask, sleep)
    return _Sender(district, service, _Client(service, values, caller), now)


@dataclass(frozen=True)
class _Sender:
    district: District
    service: AnyTicketService
    client: _Client
    now: datetime

    def add_due(self) -> None:
        """Add the tickets that no person has to request."""
        store, home = self.district.store, self.district.home
        ticketed = {row["case_id"] for row in sent_tickets(store)} | tickets(store).keys()
        waiting = queue(store, home, self.district.reading)
        due = [
            case
            for case in due_cases(self.district.settings, waiting)
            if case.case_id not in ticketed
        ]
        if not due:
            return
        acts = [ticket_act(case, "send ticket", BY_RUN, self.service.product) for case in due]
        with open_chain(store, home).recording(*acts) as transaction:
            for case in due:
                add_ticket(transaction, case, self.service.name, BY_RUN)

    def send(self) -> TicketSummary:
        """Open what waits, then read the status of the others."""
        store = self.district.store
        by_id = {case.case_id: case for case in cases(store)}
        rows = [row for row in sent_tickets(store) if row["service"] == self.service.name]
        waiting = [row for row in rows if is_unopened(row) and row["case_id"] in by_id]
        opened: list[str] = []
        problem = ""
        for row in waiting:
            try:
                opened.append(self._open(row, by_id[row["case_id"]]))
            except LaterError as error:
                problem = words_of(error)
            except FetchError as error:
                problem = words_of(error)
                break
        unread = "" if problem else self._read_status(rows)
        note_problem(store, unread)
        return TicketSummary(tuple(opened), len(waiting) - len(opened), problem or unread)

    def _open(self, row: SentTicketRow, case: Case) -> str:
        """Open the ticket of a case, unless an earlier attempt did; return its number."""
        reference = row["reference"]
        try:
            if row["status"] == SENDING and (there := self.client.search(reference)):
                return self._opened(row, case, there)
            self._require_settled(row)
            self._mark(reference, status=SENDING, tried_time=now_text(self.now), problem=None)
            desk = self.district.settings.desk.address
            try:
                made = self.client.create(words_of_case(case, reference, desk))
            except (LaterError, RefusedError):
                self._mark(reference, status=WAITING)
                raise
        except FetchError as error:
            self._mark(reference, problem=words_of(error))
            raise
        return self._opened(row, case, made)

    def _require_settled(self, row: SentTicketRow) -> None:
        """Refuse a second attempt that comes so soon that a search may not show the first."""
        tried = row["tried_time"]
        is_early = bool(tried) and self.now - datetime.fromisoformat(str(tried)) < SETTLES
        if row["status"] == SENDING and is_early:
            raise LaterError("no answer came, and a search may not show the ticket yet")

    def _opened(self, row: SentTicketRow, case: Case, made: Ticket) -> str:
        store, home = self.district.store, self.district.home
        act = ticket_act(case, "ticket", row["asked_by"], made.number)
        with open_chain(store, home).recording(act) as transaction:
            put_ticket(transaction, case.case_id, made.number, act.actor)
            change_sent_ticket(
                transaction,
                row["reference"],
                status=made.status,
                ident=made.ident,
                number=made.number,
                read_time=now_text(self.now),
                problem=None,
            )
        return made.number

    def _read_status(self, rows: list[SentTicketRow]) -> str:
        """Note the status of open tickets; return why one could not be read."""
        numbers = tickets(self.district.store)
        shown = [
            row for row in rows if row["ident"] and numbers.get(row["case_id"]) == row["number"]
        ]
        shown.sort(key=lambda row: str(row["read_time"]))
        for row in shown[:MAX_READ]:
            try:
                there = self.client.status(str(row["ident"]))
            except FetchError as error:
                return words_of(error)
            status = there.status if there else GONE
            self._mark(row["reference"], status=status, read_time=now_text(self.now))
        return ""

    def _mark(self, reference: str, **values: str | None) -> None:
        with self.district.store.writing() as transaction:
            change_sent_ticket(transaction, reference, **values)
