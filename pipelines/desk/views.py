"""Content of each page of the desk, as plain values for its template."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TypedDict
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipelines.actions.action import AnyAction, every_action
from pipelines.actions.context import ActionContext
from pipelines.actions.fetched_lists import lines_of
from pipelines.actions.fixes import corrections
from pipelines.actions.inquiries import in_words, release_inquiry, under_code_names
from pipelines.actions.kept_evidence import pack
from pipelines.actions.names import export_case, reveal
from pipelines.actions.owner_questions import (
    answer_on_paper,
    ask,
    askable,
    end_question,
    is_open,
    shown_use,
    state_of,
)
from pipelines.actions.permits import undecided_sites
from pipelines.actions.proposals import (
    COUNTED,
    FROM_CASE,
    NAMELESS,
    TITLES,
    Group,
    groups,
    in_group,
    offered,
    proposal_rows,
    take_proposals_back,
)
from pipelines.actions.queue_filter import QueueFilter
from pipelines.actions.readers import readers
from pipelines.actions.reasons import offered_reasons
from pipelines.actions.records import RELEASED, drafted, estimate, had_a_hand, request_of, seal_of
from pipelines.actions.referral_access import (
    USUAL_DAYS,
    OpenedReferral,
    granted_referrals,
    is_in_force,
)
from pipelines.actions.referrals import refer
from pipelines.actions.request_mail import request_words
from pipelines.actions.thresholds import EFFECT, set_threshold
from pipelines.actions.ticket_actions import may_send, send_ticket
from pipelines.actions.verdicts import ALL
from pipelines.alerts.tickets import page_of
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import A_PAGE, place_of, rule_title, sentence
from pipelines.district import District
from pipelines.errors import NothingReadError, SettingsError, capital
from pipelines.findings.cases import Case, monday_of
from pipelines.findings.grades import KINDS
from pipelines.findings.review import is_approved, is_own_request, is_waiting, undoable
from pipelines.findings.review_pace import paces, rule_costs
from pipelines.health.source_states import HISTORY
from pipelines.operations.status import Status, instant_of
from pipelines.privacy.redaction import hidden_sites
from pipelines.proposals.fetched_rows import FETCHED, waiting_plan
from pipelines.proposals.first_steps import first_steps
from pipelines.proposals.offers import SETTINGS, Offer
from pipelines.records.scopes import CLASSES, RELATIONS, columns_of
from pipelines.registry.registry import building_names
from pipelines.reports.one_case import case_page
from pipelines.reports.sign_off import signatures, unsigned
from pipelines.reports.words import OFFICES, day, day_range, day_with_year, moment
from pipelines.state.accepted_groups import accepted_groups
from pipelines.state.asked_questions import questions
from pipelines.state.audit import Entry
from pipelines.state.desk_users import saved_views
from pipelines.state.fetched import waiting_changes
from pipelines.state.findings import history
from pipelines.state.published_reports import published_weeks, report_facts
from pipelines.state.records_requests import RecordRequest, record_decisions, record_requests
from pipelines.state.retention import holds
from pipelines.state.reviews import (
    comments,
    grants,
    inquiries,
    referrals,
    requests,
    reviews,
    statements,
    tickets,
)
from pipelines.state.rows import (
    FindingColumns,
    FindingRow,
    ReferralRow,
    RequestRow,
    SentTicketRow,
    StatementRow,
    texts_in,
)
from pipelines.state.sent_tickets import is_unopened, newest_of_cases

ENTRIES = 2_000
"""Entries of the audit chain that a page looks through."""
PACE_WEEKS = 12
"""Weeks in the table of decisions, about a quarter."""
AT = re.compile(r"\bat (\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d)")
"""A time in the words of an entry."""


def _is_student(context: ActionContext, case: Case) -> bool:
    return any(map(context.is_student, case.findings))


def case_values(
    home: OpenHome, context: ActionContext, case_id: str, chosen: QueueFilter
) -> dict[str, object]:
    """Return everything about a case in its current state."""
    case = context.case(case_id)
    page = None
    with suppress(NothingReadError):  # a case stays longer than the days of its lines
        page = case_page(home.base(), context.district, case, home.names(case))
    store = context.district.store
    zone = ZoneInfo(context.district.zone)
    case_id = case.case_id
    open_requests = [
        row for row in requests(store, case_id=case_id) if is_waiting(row) or is_approved(row)
    ]
    return {
        "case": case,
        "page": page,
        "codes": {
            row["finding_id"]: row["rule"]
            for row in case.findings
            if row["rule"] in context.district.rules
        },
        "claims": [] if page else [sentence(context, row) for row in case.findings],
        "is_own": any(context.is_own(str(row["subject"])) for row in case.findings),
        "is_student": _is_student(context, case),
        "history": _history(context, case, zone),
        "ticket": ticket_of(context, case),
        "statements": _with_time(statements(store, case_id), zone),
        "referrals": [_times(row, zone) for row in referrals(store, case_id=case_id)],
        "waiting": [_request(context, row, zone) for row in open_requests],
        "holds": [one for one in _holds(context) if one["case_id"] == case_id],
        "related": _related(context, case),
        "forms": case_forms(context, case, chosen),
        **_fixes(context, case),
        **_questions(context, case, zone),
        "filter": chosen,
        "place": place_of(home, context, chosen, case_id),
        "reasons": offered_reasons(context, [case]) if context.asker.may("verdict") else [],
        "may_undo": bool(undoable(store, case.findings, context.asker)),
    }


def _fixes(context: ActionContext, case: Case) -> dict[str, object]:
    """Return the corrections that a case allows, those that were made, and its sites."""
    group = f"{FROM_CASE}:{case.case_id}"
    accepted = [one for one in accepted_groups(context.district.store) if one["topic"] == group]
    zone = ZoneInfo(context.district.zone)
    sites = {
        site: None
        for row in case.findings
        if row["kind"] == "non_approved_site" and not hidden_sites(row["record"])
        for site in texts_in(row["record"]["details"], "sites")
    }
    is_own = any(context.is_own(str(row["subject"])) for row in case.findings)
    may = context.asker.may("sites") and not is_own
    return {
        "fixes": list(corrections(context, case)) if may else [],
        "fix_sites": list(sites) if may else [],
        "fix_back": (take_proposals_back, {"group": group}),
        "fixed": [
            f"{one['file']}, {moment(datetime.fromisoformat(one['accepted_time']), zone)}"
            for one in accepted
            if may
        ],
    }


def _questions(context: ActionContext, case: Case, zone: ZoneInfo) -> dict[str, object]:
    """Return the questions that were asked about a case, and the forms to ask and answer."""
    is_own = any(context.is_own(str(row["subject"])) for row in case.findings)
    is_on = context.district.settings.questions.is_on(context.today)
    if not is_on or is_own or not context.asker.may("refer"):
        return {"asked": [], "ask_forms": []}
    rows = questions(context.district.store, case.case_id)
    findings = askable(context, case)
    texts = {ident: shown_use(context, row) for ident, row in findings.items()}
    shown: tuple[tuple[AnyAction, bool], ...] = (
        (ask, bool(findings and context.district.settings.desk.address)),
        (answer_on_paper, bool(findings)),
        (end_question, any(map(is_open, rows))),
    )
    return {
        "asked": [
            {
                "when": moment(datetime.fromisoformat(row["asked_time"]), zone),
                "state": state_of(row),
            }
            for row in rows
        ],
        "ask_forms": [
            (form, {"case": case.case_id, "finding": texts}) for form, is_shown in shown if is_shown
        ],
    }


def ticket_of(context: ActionContext, case: Case) -> dict[str, str]:
    """Return the ticket of a case, with its address, and the ways to open one.

    A link contains the number of the case, its kind and its address, and no code name.
    """
    settings, store = context.district.settings.desk, context.district.store
    number = tickets(store).get(case.case_id, "")
    sent = newest_of_cases(store).get(case.case_id)
    address = context.address_of(case)
    words = {
        "number": case.label,
        "kind": KINDS.get(str(case.heaviest["kind"]), ""),
        "address": address,
        "ticket": number,
    }
    filled = {name: quote(text, safe="") for name, text in words.items()}
    setting = settings.tickets
    view = setting.view.format(**filled) if number else ""
    if not view and sent and sent["ident"] and sent["number"] == number:
        view = page_of(context.district.settings, sent)
    subject, body = quote(f"Case {case.label}"), quote(f"{words['kind']}\n{address}".strip())
    return {
        "number": number,
        "view": view,
        "status": status_in_words(sent, number, ZoneInfo(context.district.zone)),
        "new": setting.new.format(**filled),
        "mail": f"mailto:{setting.mail}?subject={subject}&body={body}" if setting.mail else "",
    }


def status_in_words(sent: SentTicketRow | None, number: str, zone: ZoneInfo) -> str:
    """Return the status of a ticket in the other system; empty if it was not sent."""
    if sent is None or (number and number != sent["number"]):
        return ""
    if is_unopened(sent):
        return "being opened"
    read = moment(datetime.fromisoformat(str(sent["read_time"])), zone)
    words = {"gone": "not found there"}.get(sent["status"], f"{sent['status']} there")
    return f"{words}, {read}"


def _holds(context: ActionContext) -> list[dict[str, object]]:
    """Return the holds in force."""
    labels = {case.case_id: case.label for case in context.cases}
    return [
        {
            "hold_id": one.hold_id,
            "days": f"{day(one.first_day)} to {day(one.last_day)}",
            "case_id": one.case_id or "",
            "label": labels.get(one.case_id or "", one.case_id),
            "reason": _hold_reason(one.reason),
            "actor": one.actor,
        }
        for one in holds(context.district.store)
        if one.released_time is None
    ]


def _hold_reason(text: str) -> str:
    """Return the reason of a hold, with the name of an office in place of its code."""
    start, _, office = text.rpartition("referred to ")
    return f"referred to {OFFICES[office].lower()}" if not start and office in OFFICES else text


def _related(context: ActionContext, case: Case) -> list[tuple[str, str]]:
    """Return other cases of the same account or device, as the report links them."""
    mine = {row["subject"] for row in case.findings}
    others = [
        one
        for one in context.cases
        if one is not case and any(row["subject"] in mine for row in one.findings)
    ]
    return [(one.case_id, one.label) for one in others if one.confidence != "C1"][:12]


def _history(context: ActionContext, case: Case, zone: ZoneInfo) -> list[dict[str, str]]:
    """Return the history of its findings, a shared entry once, with the comments."""
    entries: dict[tuple[str, ...], dict[str, str]] = {}
    for row in case.findings:
        for entry in history(context.district.store, row["finding_id"]):
            when = moment(datetime.fromisoformat(entry["time"]), zone)
            shown = {
                "when": when,
                "who": entry["actor"] or "a run",
                "change": entry["change"],
                "reason": _reason_shown(context, row, entry["reason"]),
                "time": entry["time"],
            }
            key = (when, shown["who"], shown["change"], shown["reason"])
            entries.setdefault(key, shown)
    for one in comments(context.district.store, case.case_id):
        when = moment(datetime.fromisoformat(one["time"]), zone)
        shown = {"when": when, "who": one["actor"], "change": "comment", "reason": one["text"]}
        entries[(one["comment_id"],)] = shown | {"time": one["time"]}
    return sorted(entries.values(), key=lambda one: one["time"], reverse=True)


def _reason_shown(context: ActionContext, row: FindingRow, reason: str | None) -> str:
    """Return the reason of an entry without hidden sites, and with a rule's title for its id."""
    if reason == f"found by {row['rule']}":
        return f"found by the rule “{rule_title(context, row['rule'])}”"
    return str(context.redact(row, reason) or "")


def case_forms(
    context: ActionContext, case: Case, chosen: QueueFilter
) -> list[tuple[AnyAction, Mapping[str, object]]]:
    """Return the actions on a case that this person may do, each with its field values."""
    findings = {row["finding_id"]: row for row in case.findings}
    titles = {
        name: f"{sentence(context, row)} ({day(_date(row))})" for name, row in findings.items()
    }
    values = {
        "case": case.case_id,
        "finding": titles,
        "subject": _subjects(context, case),
        "queue": chosen.query,
    }
    ranked = [one for one in every_action().values() if one.case_rank]
    ranked.sort(key=lambda one: one.case_rank)
    return [
        (one, values)
        for one in ranked
        if context.asker.may(one.right) and (one is not send_ticket or may_send(context, case))
    ]


def _subjects(context: ActionContext, case: Case) -> Mapping[str, str]:
    """Return what a verdict may be about: all findings of a case, or one of them."""
    decided = case.undecided or case.counted
    named = {
        str(row["finding_id"]): f"Only: {sentence(context, row)} ({day(_date(row))})"
        for row in case.counted
    }
    every = "All open findings" if case.undecided else "All findings"
    return {ALL: f"{every} ({len(decided)})"} | (named if len(named) > 1 else {})


def _date(row: FindingColumns) -> date:
    return date.fromisoformat(str(row["event_date"]))


def sites_page(home: OpenHome, context: ActionContext) -> dict[str, object]:
    """Return sites with undecided first uses, with amounts and without names."""
    rows = undecided_sites(context, home.week(context))
    return {
        "sites": [row for row in rows if not row["settled_by"]],
        "settled": [row for row in rows if row["settled_by"]],
        "may": context.asker.may("sites"),
        "for_whom": whom_to_approve(context),
        "labels": {case.case_id: case.label for case in context.cases},
        "has_list": context.district.registry.frames["approved_sites"].height > 0,
    }


def whom_to_approve(context: ActionContext) -> dict[str, str]:
    """Return for whom a site can be approved: everyone, a role, or a job of the registry."""
    jobs = context.district.registry.frames["people"]["job_title"].drop_nulls().unique().sort()
    choices = {"all": "Everyone", "staff": "Staff", "student": "Students"}
    return choices | {one: f"Staff: {one}" for one in jobs}


FIRST_THINGS = 3
"""Groups of suggested rows that the page of first steps offers."""


def start_page(context: ActionContext) -> dict[str, object]:
    """Return the first steps: each file with its sources and the titles of waiting rules."""
    steps, headers = first_steps(context.district), context.district.headers
    missing = [
        {
            "file": one.file,
            "ways": one.how.split("; or "),
            "rules": [headers[code].title for code in one.opens],
            "disables": one.disables,
        }
        for one in steps.missing
    ]
    offered_groups: list[Group] = []
    with suppress(NothingReadError):  # nothing is suggested before the first run
        offered_groups = [one for one in groups(offered(context)) if one.offers]
    of_sites = [one for one in offered_groups if in_group(one.topic, "sites")]
    others = [one for one in offered_groups if one not in of_sites]
    return {
        "steps": steps,
        "missing": missing,
        "todo": [_proposed_group(one) for one in others[:FIRST_THINGS]],
        "site_count": sum(len(one.offers) for one in of_sites),
        "may": context.asker.may("sites"),
        "may_operate": context.asker.may("accounts"),
    }


def proposals_page(context: ActionContext) -> dict[str, object]:
    """Return suggestions from the logs, in groups; only counts of rows that contain names.

    Sites are one list to read through, by kind.
    """
    offered_groups = groups(offered(context))
    sites = [one for one in offered_groups if in_group(one.topic, "sites")]
    others = [one for one in offered_groups if one not in sites]
    in_force = Counter(one["topic"] for one in accepted_groups(context.district.store))
    return {
        "groups": [_proposed_group(one) for one in others],
        "kinds": [
            {
                "title": one.title,
                "topic": one.topic,
                "sites": [_proposed_site(each) for each in one.offers],
            }
            for one in sites
            if one.offers
        ],
        "doubtful": [_proposed_site(each) for one in sites for each in one.doubts],
        "in_force": [(topic, _title_of(context, topic)) for topic in sorted(in_force)],
        "fetched": _fetched(context),
        "may": context.asker.may("sites"),
    }


def _fetched(context: ActionContext) -> dict[str, object]:
    """Return what fetched lists would add, without names, and the rules that would begin."""
    district = context.district
    if not waiting_changes(district.store):
        return {"lines": [], "rules": []}
    plan = waiting_plan(district)
    begins = sorted({*plan.lacking_before} - {*plan.lacking})
    return {
        "lines": list(lines_of(plan)),
        "rules": [district.headers[code].title for code in begins],
    }


def _title_of(context: ActionContext, topic: str) -> str:
    """Return the title of an accepted group; corrections name the case that they came from."""
    kind, _, ident = topic.partition(":")
    if kind == FETCHED:
        return f"rows of fetched lists, added {day_with_year(date.fromisoformat(ident))}"
    if kind != FROM_CASE:
        return TITLES.get(topic, topic)
    case = context.find_case(ident)
    return f"corrections from case {case.label if case else ident}"


def _proposed_group(group: Group) -> dict[str, object]:
    """Return a group with its rows, or with their number if a row contains names."""
    offers = [*group.offers, *group.doubts]
    is_named = any(one.file not in (*NAMELESS, *COUNTED, SETTINGS) for one in offers)
    shown = offers[:0] if is_named else offers
    return {
        "topic": group.topic,
        "title": group.title[0].upper() + group.title[1:],
        "count": sum(len(one.proposals) for one in group.offers),
        "rows": [
            {
                "id": one.offer_id,
                "file": one.file,
                "reason": one.reason,
                "lines": proposal_rows(one),
                "may_try": one.file in (*NAMELESS, *COUNTED),
            }
            for one in shown
        ],
        "doubts": sorted(Counter(one.doubt for one in group.doubts).items()),
        "is_named": is_named,
    }


def _proposed_site(offer: Offer) -> dict[str, object]:
    cells = offer.proposals[0].cells
    return {
        "id": offer.offer_id,
        "pattern": cells["pattern"],
        "roles": cells.get("roles", "").replace("|", ", "),
        "reason": offer.reason,
        "doubt": offer.doubt,
        "is_withheld": offer.is_withheld,
    }


class ShownRequest(RequestRow):
    """A request that needs a second person, as pages show it.

    Attributes:
        again: The form that performs it after approval, with its values.
        about: Account, hours and place of an inquiry under code names; empty for others.
    """

    when: str
    about: str
    is_own: bool
    again: tuple[AnyAction, dict[str, str]] | None
    is_waiting: bool
    state: str


class ListedRequest(ShownRequest):
    """The same in a list, with the requester and the case."""

    who: str
    words: str
    label: str
    is_case: bool


class RequestsPage(TypedDict):
    """The requests, those that wait and those that were answered."""

    open: list[ListedRequest]
    waiting: list[ListedRequest]
    answered: list[ListedRequest]
    may: bool


def requests_page(context: ActionContext) -> RequestsPage:
    """Return requests that need a second person, and those of the last days."""
    zone, askers = ZoneInfo(context.district.zone), _askers(context)
    rows = [_asked(context, row, zone, askers) for row in requests(context.district.store)]
    open_now = [row for row in rows if row["is_waiting"] or row["again"]]
    return {
        "open": open_now,
        "waiting": [row for row in rows if row["is_waiting"]],
        "answered": [row for row in rows if row not in open_now][:A_PAGE],
        "may": context.asker.may("approve"),
    }


def request_page(context: ActionContext, request_id: str) -> dict[str, object]:
    """Return one request: its state, and what happens next.

    Raises:
        SettingsError: The request does not exist.
    """
    stored = requests(context.district.store, request_id=request_id)
    if not stored:
        raise SettingsError(f"there is no request {request_id}", remedy="See the Requests page.")
    zone = ZoneInfo(context.district.zone)
    row = _asked(context, stored[0], zone, _askers(context))
    return {"row": row, "may": context.asker.may("approve")}


def requests_to_answer(context: ActionContext) -> int:
    """Count the requests that wait for a user: to approve, or to perform after approval."""
    zone, may = ZoneInfo(context.district.zone), context.asker.may("approve")
    rows = [_request(context, row, zone) for row in requests(context.district.store)]
    return sum(
        bool(row["again"]) or (may and row["is_waiting"] and not row["is_own"]) for row in rows
    )


def _asked(
    context: ActionContext,
    row: RequestRow,
    zone: ZoneInfo,
    askers: Mapping[tuple[str, str, str], str],
) -> ListedRequest:
    labels = {case.case_id: case.label for case in context.cases}
    return {
        **_request(context, row, zone),
        "who": askers.get((row["action"], row["case_id"], row["reason"]), ""),
        "words": request_words(row),
        "label": labels.get(row["case_id"], row["case_id"]),
        "is_case": row["case_id"] in labels,
    }


def _again(context: ActionContext, row: RequestRow) -> tuple[AnyAction, dict[str, str]] | None:
    """Return the form that performs an approved request, filled in; None if it cannot be."""
    case_id, subject, reason = row["case_id"], row["subject"] or "", row["reason"]
    filled: Mapping[str, tuple[AnyAction, dict[str, str]]] = {
        "reveal": (reveal, {"case": case_id, "name": subject, "reason": reason}),
        "pack": (pack, {"case": case_id, "names": "1", "reason": reason}),
        "export": (export_case, {"case": case_id, "names": "1", "reason": reason}),
        "refer": (refer, {"case": case_id, "office": subject, "reason": reason}),
        "inquiry": (release_inquiry, {"inquiry": case_id}),
        "threshold": (
            set_threshold,
            {
                "rule": case_id.partition(".")[0],
                "threshold": case_id.partition(".")[2],
                "value": subject,
                "reason": reason.partition(EFFECT)[0],
            },
        ),
    }
    form, values = filled.get(row["action"], (None, {}))
    if form is None or not all(values.values()) or not context.asker.may(form.right):
        return None
    return form, values


def _request(context: ActionContext, row: RequestRow, zone: ZoneInfo) -> ShownRequest:
    state = "waiting" if is_waiting(row) else "not answered in time"
    if row["approved_by"] is not None:
        state = "used" if row["used_time"] else "approved"
    elif row["used_time"]:
        state = "refused"
    is_own = is_own_request(row, context.asker, context.people.is_same)
    is_ready = row["asked_by"] == context.asker.uid and is_approved(row)
    return {
        **row,
        "when": moment(datetime.fromisoformat(row["asked_time"]), zone),
        "about": _inquired(context, row),
        "is_own": is_own,
        "again": _again(context, row) if is_ready else None,
        "is_waiting": is_waiting(row),
        "state": state,
    }


def _inquired(context: ActionContext, row: RequestRow) -> str:
    if row["action"] != "inquiry":
        return ""
    stored = inquiries(context.district.store, inquiry_id=row["case_id"])
    return in_words(under_code_names(context, stored[0])) if stored else ""


def _askers(context: ActionContext) -> dict[tuple[str, str, str], str]:
    """Return the requesters by request: the audit chain contains their names."""
    entries = context.chain.entries(last=ENTRIES)
    return {
        (one.action.removeprefix("ask "), one.case, one.reason): one.actor
        for one in entries
        if one.action.startswith("ask ")
    }


def _until(last: str) -> str:
    """Return the end of a consent or an exception in words."""
    return (
        "without an end" if last == "open" else f"until {day_with_year(date.fromisoformat(last))}"
    )


def permits_page(context: ActionContext, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return consents and exceptions, those that end first; holds in force."""
    order = ("ended, still used", "ends soon", "in force", "not yet", "ended")
    shown = sorted(rows, key=lambda row: (order.index(row["state"]), row["valid_to"]))
    return {
        "permits": [{**row, "until": _until(str(row["valid_to"]))} for row in shown],
        "holds": _holds(context),
        "may_end": context.asker.may("exception"),
        "may_hold": context.asker.may("hold"),
    }


def records_page(context: ActionContext) -> dict[str, object]:
    """Return requests for public records: those that need an answer first."""
    rows = [_record(context, one) for one in record_requests(context.district.store)]
    waiting = [row for row in rows if not row["closed_time"]]
    return {"waiting": waiting, "ended": [row for row in rows if row["closed_time"]]}


def _record(context: ActionContext, request: RecordRequest) -> dict[str, object]:
    due = request.due
    return {
        **request.__dict__,
        "received": day(request.received),
        "due": day(due) if due else "",
        "is_late": due is not None and due < context.today,
    }


def record_page(context: ActionContext, number: str, first: int) -> dict[str, object]:
    """Return a request for public records, and a page of its draft."""
    district, request = context.district, request_of(context.district.store, number)
    values: dict[str, object] = {
        "request": _record(context, request),
        "is_open": not request.closed_time,
        "is_released": request.outcome == RELEASED,
        "approved": request.approved_by.rpartition(" (")[0],
        "relations": RELATIONS,
        "classes": CLASSES,
        "decisions": record_decisions(district.store, number).values(),
        "draft": None,
    }
    if not request.scope:
        return values
    draft = drafted(district, number)
    by_row: dict[int, dict[str, str]] = {}
    for item in draft.items:
        by_row.setdefault(item.row, {})[item.column] = item.item
    had_part = had_a_hand(context, number) and not context.asker.is_alone
    may_approve = context.asker.may("approve") and not had_part
    is_due = not request.closed_time and not request.approved_by
    shown = range(first, min(first + A_PAGE, len(draft.rows)))
    return values | {
        "draft": draft,
        "cost": estimate(district.settings, draft),
        # to pack it takes as long as a release does
        "seen": seal_of(district.settings, draft) if may_approve and is_due else "",
        "days": f"{day(draft.scope.first)} to {day(draft.scope.last)}",
        "columns": columns_of(draft.scope.relation, draft.scope.columns),
        "done": sorted(draft.done().items()),
        "rows": [(at + 1, draft.rows[at], by_row.get(at + 1, {})) for at in shown],
        "had_a_hand": had_part,
        "may_approve": may_approve,
        "before": max(first - A_PAGE, 0) if first else None,
        "after": first + A_PAGE if first + A_PAGE < len(draft.rows) else None,
    }


def acts_page(
    context: ActionContext, entries: Sequence[Entry], *, mine: bool, first: int
) -> dict[str, object]:
    """Return the audit chain, the newest entry first; for some roles, only their own actions."""
    zone = ZoneInfo(context.district.zone)
    actor = str(context.asker)
    chosen = [one for one in entries if not mine or one.actor == actor][::-1]
    rows = [
        {
            **one.__dict__,
            "when": moment(datetime.fromisoformat(one.time), zone),
            "reason": AT.sub(
                lambda at: f"at {moment(datetime.fromisoformat(at[1]), zone)}", one.reason
            ),
        }
        for one in chosen[first : first + A_PAGE]
    ]
    more = first + A_PAGE < len(chosen)
    return {
        "entries": rows,
        "labels": {case.case_id: case.label for case in context.cases},
        "mine": mine,
        "after": first + A_PAGE if more else None,
    }


OF_SYSTEM = {
    "last_run": "Last run",
    "last_read": "Last file read",
    "last_report": "Last report",
    "last_alert": "Last message",
    "alerts_waiting": "Messages that are not sent yet",
    "alerts_given_up": "Messages that could not be sent",
    "files": "Log files",
    "files_in_trouble": "Log files that cannot be read",
    "files_waiting": "Log files that are not complete yet",
    "rejects": "Log lines that could not be read",
    "judged_share": "Requests of staff that rules could judge",
    "days_to_build": "Days that the next run builds",
    "models_not_built": "Tables that could not be built",
    "registry_problems": "Problems in lists of the registry",
    "disk_free_gb": "Free disk space (GB)",
}
"""Counts of `schoolbell status` that an operator sees at the desk: none is about people."""


def system_page(district: District, status: Status) -> dict[str, object]:
    """Return the state of the system for operators, without a number about people."""
    zone = ZoneInfo(status.zone)

    def shown(value: object) -> object:
        instant = instant_of(value)
        return moment(instant, zone) if instant else value

    return {
        "state": status.shown["state"],
        "reasons": [capital(one) for one in status.reasons],
        "zone": status.zone,
        "has_history": any(one.state == HISTORY for one in status.sources),
        "sources": [
            {
                "name": one.name,
                "state": one.state,
                "newest_line": shown(one.shown["newest_event"]) or "none",
                "newest_file": shown(one.shown["newest_arrival"]) or "none",
                "lines": one.counts.get("lines", 0),
            }
            for one in status.sources
        ],
        "weeks": [
            day_with_year(date.fromisoformat(one)) for one in published_weeks(district.store)
        ],
        "counts": [
            (label, shown(status.shown[name]))
            for name, label in OF_SYSTEM.items()
            if status.shown.get(name) not in (None, "")
        ],
    }


def weeks_page(home: OpenHome, context: ActionContext) -> dict[str, object]:
    """Return weeks with a report: the signer, and the number carried over."""
    district, known = context.district, signatures(context.district.store, context.district.home)
    newest = {str(row["week"]): row for row in report_facts(district.store)}
    of_staff = [one.case for one in home.known(context, home.week(context)) if not one.is_student]
    rows = []
    for monday, row in sorted(newest.items(), reverse=True):
        start = date.fromisoformat(monday)
        year, number, _ = start.isocalendar()
        signed = known.get(start)
        is_current = signed is not None and signed.revision == row["revision"]
        # as of that week, like its report: what expired later still waited then
        waits = [
            case for case in of_staff if case.monday <= start and case.standing(start) == "waiting"
        ]
        rows.append(
            {
                "label": f"{year}-W{number:02}",
                "number": number,
                "dates": day_range(start, start + timedelta(days=6)),
                "signed": f"{signed.by}, {day(signed.time.date())}" if signed else "",
                "waiting": len(waits),
                "carried": sum(case.monday < start for case in waits),
                "may_sign": bool(row["facts"].get("is_over"))
                and not is_current
                and context.asker.may("sign"),
                "is_over": bool(row["facts"].get("is_over")),
            }
        )
    return {
        "weeks": rows,
        "unsigned": unsigned(district.store, district.home),
        "signer": _signer(context),
        "may_mail": context.asker.may("sign"),
        **_pace(context, of_staff, home.week(context)),
    }


def _pace(context: ActionContext, cases: Sequence[Case], week: date) -> dict[str, object]:
    """Return the pace of decisions by week and the decisions per rule; no one is named."""
    district = context.district
    verdicts, received = reviews(district.store), statements(district.store)
    rows = paces(cases, verdicts, received, datetime.now(UTC), ZoneInfo(district.zone), week)
    return {
        "paces": [
            {
                "number": row.week.partition("-W")[2].lstrip("0"),
                "dates": day_range(monday_of(row.week), monday_of(row.week) + timedelta(days=6)),
                "reported": row.reported,
                "decided": row.decided,
                "half_within": row.half_within,
                "open": row.still_open,
                "oldest": row.oldest,
                "closed_otherwise": row.closed_otherwise,
                "reversed": row.reversed,
                "after_statement": row.after_statement,
            }
            for row in rows[:PACE_WEEKS]
        ],
        "costs": [
            (rule_title(context, cost.rule), cost)
            for cost in rule_costs(cases, verdicts, district.versions)
        ],
    }


def readers_page(context: ActionContext) -> dict[str, object]:
    """Return who gets the report by email, by name."""
    zone, names = ZoneInfo(context.district.zone), building_names(context.district.registry)
    rows = [
        {
            **row,
            "last_sent": moment(datetime.fromisoformat(row["last_sent"]), zone)
            if row["last_sent"]
            else "",
            "place": names.get(row["building"], row["building"]),
        }
        for row in readers(context)
    ]
    return {"readers": rows}


def _signer(context: ActionContext) -> str:
    """Return the name of the user in the registry; their login without one."""
    names = context.district.registry.people_names
    return names.get(context.person or "", "") or context.asker.user_name


def referrals_page(context: ActionContext) -> dict[str, object]:
    """Show cases with other offices, and inquiries from offices."""
    store, zone = context.district.store, ZoneInfo(context.district.zone)
    wishes = {row["case_id"]: row for row in requests(store, action="inquiry")}
    rows = []
    for row in inquiries(store):
        wish = wishes.get(row["inquiry_id"])
        state = "released" if row["released_time"] else "not approved yet"
        if not row["released_time"] and wish is not None:
            state = _request(context, wish, zone)["state"]
        columns = {name: row[name] for name in ("inquiry_id", "office", "reason")}
        about = in_words(under_code_names(context, row))
        rows.append({**columns, "about": about, "state": state})
    return {
        "referrals": [_referral(context, row, zone) for row in referrals(store)][::-1],
        "inquiries": rows[::-1],
        "may_refer": context.asker.may("refer"),
        "may_inquire": context.asker.may("inquire"),
    }


def _referral(context: ActionContext, row: ReferralRow, zone: ZoneInfo) -> dict[str, object]:
    """Return a referral with the logins that may read it."""
    case = context.find_case(row["case_id"])
    access = grants(context.district.store, referral_id=row["referral_id"])
    return _times(row, zone) | {
        "label": case.label if case else row["case_id"],
        "access": _usual_grant(context) | {"referral": row["referral_id"]},
        "grants": [
            {**one, "until": day(date.fromisoformat(one["last_day"]))}
            for one in access
            if is_in_force(one, context.today)
        ],
    }


def _usual_grant(context: ActionContext) -> dict[str, str]:
    """Return the values that the form about access begins with."""
    logins = sorted(context.district.settings.desk.logins_of("office"))
    until = context.today + timedelta(days=USUAL_DAYS)
    return {"login": logins[0] if len(logins) == 1 else "", "until": until.isoformat()}


def office_page(context: ActionContext, opened: OpenedReferral) -> dict[str, object]:
    """Return one referral, as the office that has it sees it: under code names."""
    zone, case = ZoneInfo(context.district.zone), opened.case
    row = _times(opened.referral, zone)
    statement_rows = statements(context.district.store, case.case_id)
    return {
        "referral": row,
        "case": case,
        "office": opened.office,
        "last_day": day(opened.last_day),
        "is_open": not opened.referral["returned_time"],
        "is_student": _is_student(context, case),
        "claims": [sentence(context, one) for one in case.counted],
        "statements": _with_time(statement_rows, zone),
    }


def referrals_to_answer(context: ActionContext) -> int:
    """Count the referrals that wait for the answer of a user of another office."""
    if not context.asker.may("referral"):
        return 0
    return sum(not one.referral["returned_time"] for one in granted_referrals(context))


def own_views(context: ActionContext) -> list[dict[str, str]]:
    """Return the saved filters of the user, each with its address."""
    rows = saved_views(context.district.store, context.asker.user_name)
    return [{"name": row["name"], "query": QueueFilter.parse(row["query"]).query} for row in rows]


def _times(row: ReferralRow, zone: ZoneInfo) -> dict[str, object]:
    state = "referred"
    if row["acknowledged_time"]:
        state = "acknowledged"
    if row["returned_time"]:
        state = f"returned: {str(row['outcome']).replace('_', ' ')}"
    when = moment(datetime.fromisoformat(row["referred_time"]), zone)
    return {**row, "when": when, "state": state}


def _with_time(rows: Iterable[StatementRow], zone: ZoneInfo) -> list[dict[str, object]]:
    return [
        {**row, "when": moment(datetime.fromisoformat(row["received_time"]), zone)} for row in rows
    ]
