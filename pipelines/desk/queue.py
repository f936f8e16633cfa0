"""The queue of the desk: its filters, which are in the address, and groups of cases."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from urllib.parse import urlencode

from pipelines.actions.context import ActionContext
from pipelines.actions.queue_filter import SHOWS, QueueFilter
from pipelines.actions.verdicts import MAX_TOGETHER, is_one_account, require_alike, subjects_of
from pipelines.desk.open_homes import ListedCase, OpenHome
from pipelines.errors import SettingsError, capital
from pipelines.findings.cases import Case, monday_of
from pipelines.findings.grades import KINDS, SURE, told
from pipelines.findings.review import is_waiting
from pipelines.findings.work_list import RULE_OF_GROUPING, TODAY, WorkItem, in_items, work_items
from pipelines.registry.registry import building_names
from pipelines.reports.one_case import claim_for_readers
from pipelines.reports.words import STANDINGS, day, day_range
from pipelines.state.reviews import last_verdicts, referrals, requests
from pipelines.state.rows import FindingRow, SentTicketRow, texts_in
from pipelines.state.sent_tickets import newest_of_cases
from pipelines.warehouse.models import subject_kind

A_PAGE = 50
MAX_GROUPS = 12
"""Groups that the queue lists, the largest first."""
GroupBy = Literal["subject", "rule", "kind"]
ROLES: Mapping[str, str] = {
    "staff": "Accounts of staff",
    "student": "Accounts of students",
    "device": "Devices",
}


@dataclass(frozen=True)
class QueueRow:
    """A case in one line."""

    case_id: str
    label: str
    claim: str
    kind: str
    week: str
    since: str
    severity: str
    sure: str
    standing: str
    assignee: str
    is_student: bool
    is_overdue: bool
    is_undecided: bool
    ticket: str


def matching(home: OpenHome, context: ActionContext, chosen: QueueFilter) -> list[ListedCase]:
    """Return the cases that match a filter, in the order of the list of work.

    New cases come before older ones, then the highest weight; students' are last.
    """
    listed = home.known(context, home.week(context))
    matches = [
        one
        for one in _of_list(context, listed, chosen.show)
        if (not chosen.first or one.case.week >= chosen.first)
        and (not chosen.last or one.case.week <= chosen.last)
        and chosen.kind in ("", one.case.heaviest["kind"])
        and chosen.rule in ("", one.case.heaviest["rule"])
        and chosen.role in ("", role_of(one))
        and (not chosen.building or chosen.building in buildings_of(home, one.case))
    ]
    words = chosen.q.casefold().split()
    if words:
        text_of = searcher(home, context)
        matches = [one for one in matches if all(word in text_of(one.case) for word in words)]
    week = home.week(context)
    return sorted(matches, key=lambda one: (one.is_student, one.case.monday < week, one.weight))


def role_of(one: ListedCase) -> str:
    """Return whose account the main finding of a case is about."""
    if subject_kind(one.case.heaviest["rule"]) == "device":
        return "device"
    return "student" if one.is_student else "staff"


def queue_page(
    home: OpenHome, context: ActionContext, chosen: QueueFilter, first: int
) -> dict[str, object]:
    """Return a page of the cases that match a filter, with the choices of the filter."""
    listed = home.known(context, home.week(context))
    matches = matching(home, context, chosen)
    names = building_names(context.district.registry)
    codes = {code for one in listed for code in buildings_of(home, one.case)}
    work, away = work_list(home, context), _referred(context)
    sent = newest_of_cases(context.district.store)
    rules = sorted({str(one.case.heaviest["rule"]) for one in listed})
    return {
        "rows": [
            _row(context, one, away, sent.get(one.case.case_id))
            for one in matches[first : first + A_PAGE]
        ],
        "elsewhere": len(matching(home, context, chosen.showing("all")))
        if chosen.is_narrowed and not matches
        else 0,
        "filter": chosen,
        "show": chosen.show,
        "shows": SHOWS,
        "size": len(matches),
        "has_report": bool(listed) or home.has_report(),
        "waiting": sum(one.standing == "waiting" for one in listed),
        "work": [_item(context, one) for one in work]
        if chosen == QueueFilter() and not first
        else [],
        "in_items": in_items(sum(len(one.cases) for one in work), len(work)),
        "today": TODAY,
        "grouping": RULE_OF_GROUPING,
        "rules": {code: rule_title(context, code) for code in rules},
        "first": first,
        "before": max(first - A_PAGE, 0) if first else None,
        "after": first + A_PAGE if first + A_PAGE < len(matches) else None,
        "a_page": A_PAGE,
        "weeks": weeks_in_words(one.case.week for one in listed),
        "buildings": sorted((names.get(code, code), code) for code in codes),
        "roles_of_cases": {
            role: text
            for role, text in ROLES.items()
            if any(role_of(one) == role for one in listed)
        },
        "kinds": {
            kind: text
            for kind, text in KINDS.items()
            if any(one.case.heaviest["kind"] == kind for one in listed)
        },
        "groups": _groups(context, matches) if context.asker.may("verdict") else [],
        "may_decide": context.asker.may("verdict"),
    }


def _referred(context: ActionContext) -> set[str]:
    """Return the cases that another office has."""
    return {
        row["case_id"] for row in referrals(context.district.store) if row["returned_time"] is None
    }


def work_list(home: OpenHome, context: ActionContext) -> list[WorkItem]:
    """Return the list of work of the newest report: cases about staff and devices."""
    week = home.week(context)
    waiting = [
        one.case
        for one in home.known(context, week)
        if one.standing == "waiting" and not one.is_student
    ]
    return work_items(waiting, week)


def rule_title(context: ActionContext, code: str) -> str:
    """Return the title of a rule; its id if the rule no longer exists."""
    found = context.district.headers.get(code)
    return found.title if found else code


def _item(context: ActionContext, item: WorkItem) -> dict[str, object]:
    """Return an item on the list of work, as the report words it."""
    head, size = item.cases[0], len(item.cases)
    if size == 1:
        # the case after it is the next of the whole queue
        href, title = f"/cases/{head.case_id}", sentence(context, head.heaviest)
    else:
        common = rule_title(context, item.code) if item.by == "rule" else KINDS[item.code]
        href, title = _group_address(context, item), f"{size} cases: {capital(common)}"
    first = min(str(row["event_date"]) for case in item.cases for row in case.counted)
    return {
        "href": href,
        "title": title,
        "label": head.label if size == 1 else "",
        "severity": head.severity,
        "since": day(date.fromisoformat(first)),
        "is_new": item.is_new,
    }


def _group_address(context: ActionContext, item: WorkItem) -> str:
    """Return the page that decides like cases together; their list if one verdict cannot."""
    is_together = item.by == "rule" and len(item.cases) <= MAX_TOGETHER
    if is_together and context.asker.may("verdict"):
        return f"/decide?group=rule:{item.cases[0].case_id}&{urlencode(item.parts)}"
    return f"/?{urlencode(item.parts)}"


def place_of(
    home: OpenHome, context: ActionContext, chosen: QueueFilter, case_id: str
) -> dict[str, object]:
    """Return the place of a case in the queue and the case after it; empty if it is not there."""
    order = [one.case.case_id for one in matching(home, context, chosen)]
    if case_id not in order:
        return {}
    following = next_case(order, [case_id], order)
    return {"at": order.index(case_id) + 1, "size": len(order), "following": following}


def next_case(order: Sequence[str], decided: Iterable[str], left: Iterable[str]) -> str:
    """Return the case after the decided ones in the order of the queue; empty if none is left.

    Args:
        order: Ids of the queue before the verdict.
        left: Ids of the queue after it.
    """
    done, open_now = set(decided), set(left)
    places = [at for at, case_id in enumerate(order) if case_id in done]
    start = max(places, default=-1) + 1
    round_trip = [*order[start:], *order[:start]]
    return next((one for one in round_trip if one in open_now and one not in done), "")


def _of_list(
    context: ActionContext, listed: Sequence[ListedCase], show: str
) -> Iterable[ListedCase]:
    store, login = context.district.store, context.asker.user_name
    ids: set[str] = set()
    if show == "second":
        ids = {row["case_id"] for row in requests(store) if is_waiting(row)}
    if show == "referred":
        ids = _referred(context)
    tests: dict[str, Callable[[ListedCase], bool]] = {
        "waiting": lambda one: one.standing == "waiting",
        "mine": lambda one: one.standing == "waiting" and _is_with(one.case, context, login),
        "unassigned": lambda one: one.standing == "waiting" and not one.case.assignee,
        "overdue": lambda one: _is_overdue(one, context.today),
        "trial": lambda one: one.standing == "trial",
        "decided": lambda one: one.standing in ("confirmed", "explained"),
        "all": lambda one: one.standing != "lead",
        "second": lambda one: one.case.case_id in ids,
        "referred": lambda one: one.case.case_id in ids,
    }
    return filter(tests[show], listed)


def _is_with(case: Case, context: ActionContext, login: str) -> bool:
    """Return whether a case is assigned to a login, however it is spelled."""
    return bool(case.assignee) and context.people.is_same(str(case.assignee), login)


def _row(
    context: ActionContext,
    listed: ListedCase,
    away: Collection[str],
    sent: SentTicketRow | None,
) -> QueueRow:
    case = listed.case
    is_away = case.case_id in away and bool(case.undecided)
    first = min(row["event_date"] for row in case.counted)
    return QueueRow(
        case_id=case.case_id,
        label=case.label,
        claim=sentence(context, case.heaviest),
        kind=KINDS.get(str(case.heaviest["kind"]), ""),
        week=case.week,
        since=day(date.fromisoformat(str(first))),
        severity=case.severity,
        sure=SURE.get(case.confidence, "Lead"),
        standing="referred" if is_away else STANDINGS.get(listed.standing, ""),
        assignee=case.assignee or "",
        is_student=listed.is_student,
        is_overdue=_is_overdue(listed, context.today) and not is_away,
        is_undecided=bool(case.undecided),
        ticket=f"ticket {sent['number']}: {sent['status']}" if sent and sent["number"] else "",
    )


def sentence(context: ActionContext, finding: FindingRow) -> str:
    """Return the sentence of a finding, under code names, as the report prints it."""
    kind = subject_kind(finding["rule"])
    claim = told(context.shown(finding)["claim"], context.subject(finding), kind)
    return claim_for_readers(context.district.registry, finding, claim)


def _is_overdue(one: ListedCase, today: date) -> bool:
    return one.standing == "waiting" and one.case.due < today


def buildings_of(home: OpenHome, case: Case) -> frozenset[str]:
    """Return the codes of the buildings of a case: of its findings and of their devices."""
    by_device = home.device_buildings
    found: set[str] = set()
    for row in case.counted:
        record = row["record"]
        details = record.get("details") or {}
        found |= {*texts_in(details, "buildings")}
        found |= {str(details.get("building") or "")}
        found |= {by_device.get(device, "") for device in record["devices"]}
    return frozenset(found - {""})


def searcher(home: OpenHome, context: ActionContext) -> Callable[[Case], str]:
    """Return a function that gives the text of a case that a search looks through."""
    names = building_names(context.district.registry)
    verdicts = last_verdicts(context.district.store)

    def build(case: Case) -> str:
        parts = {case.label, case.case_id, case.week}
        for row in case.counted:
            record, on = context.shown(row), row["event_date"]
            parts |= {context.subject(row), sentence(context, row), row["rule"]}
            parts |= {KINDS.get(str(row["kind"]), "")}
            if given := verdicts.get(row["finding_id"]):
                parts |= {given["verdict"], str(context.redact(row, given["reason"]))}
            parts |= {context.named("device", name, on) for name in row["record"]["devices"]}
            parts |= set(map(str, record.get("sites") or ()))
        for code in buildings_of(home, case):
            parts |= {code, names.get(code, "")}
        return "\n".join(parts).casefold()

    return lambda case: home.text(case, build)


@dataclass(frozen=True)
class Group:
    """Cases that one verdict may cover."""

    title: str
    by: GroupBy
    case_id: str
    size: int


def _groups(context: ActionContext, matches: Sequence[ListedCase]) -> list[Group]:
    """Return groups of two or more undecided cases, the largest first."""
    by_key: dict[tuple[GroupBy, object], list[Case]] = {}
    for one in matches:
        if one.case.undecided:
            for by in ("subject", "rule", "kind"):
                if key := _key(one.case, by):
                    by_key.setdefault((by, (key, one.is_student)), []).append(one.case)
    groups = [
        Group(_title(context, by, mine[0]), by, mine[0].case_id, len(mine))
        for (by, _), mine in by_key.items()
        if len(mine) > 1
    ]
    return sorted(groups, key=lambda group: -group.size)[:MAX_GROUPS]


def _key(case: Case, by: str) -> object:
    if by == "rule":
        return case.heaviest["rule"]
    if by == "kind":
        return case.heaviest["kind"], case.week
    subjects = subjects_of(case)
    return next(iter(subjects)) if len(subjects) == 1 else None


def _title(context: ActionContext, by: GroupBy, case: Case) -> str:
    if by == "subject":
        return context.subject(case.heaviest)
    if by == "rule":
        return rule_title(context, str(case.heaviest["rule"]))
    return f"{KINDS.get(str(case.heaviest['kind']), '')}, {week_in_words(case.week)}"


def weeks_in_words(labels: Iterable[str]) -> dict[str, str]:
    """Return ISO weeks with their words, the newest first."""
    return {one: capital(week_in_words(one)) for one in sorted(set(labels), reverse=True)}


def week_in_words(label: str) -> str:
    """Return text such as "week 48, Mon, Nov 23 to Sun, Nov 29, 2026" of an ISO week."""
    start = monday_of(label)
    return f"week {int(label[-2:])}, {day_range(start, start + timedelta(days=6))}"


def selected(
    home: OpenHome, context: ActionContext, chosen: QueueFilter, ids: Sequence[str], group: str
) -> list[Case]:
    """Return the undecided cases to decide together: the selected ones, or a whole group.

    Args:
        ids: Ids of selected cases.
        group: `subject:`, `rule:` or `kind:` and the id of a case of the group.

    Raises:
        SettingsError: They have too little in common, or there are none.
    """
    found = matching(home, context, chosen)
    by, _, of = group.partition(":")
    if of:
        model = context.case(of)
        is_student = any(map(context.is_student, model.findings))
        cases = [
            one.case
            for one in found
            if one.case.undecided
            and one.is_student == is_student
            and _key(one.case, by) == _key(model, by)
        ][:MAX_TOGETHER]
    else:
        cases = [case for case in map(context.case, dict.fromkeys(ids)) if case.undecided]
    if not cases:
        raise SettingsError("no undecided case is selected", remedy="Select cases in the queue.")
    require_alike(cases)
    return cases


def many_page(
    context: ActionContext, cases: Sequence[Case], revision: Callable[[str], str]
) -> dict[str, object]:
    """Return what one verdict on several cases would cover."""
    return {
        "rows": [
            {
                "case_id": case.case_id,
                "label": case.label,
                "week": case.week,
                "severity": case.severity,
                "sure": SURE.get(case.confidence, "Lead"),
                "sentences": [sentence(context, row) for row in case.undecided],
                "is_own": any(context.is_own(str(row["subject"])) for row in case.findings),
                "revision": revision(case.case_id),
            }
            for case in cases
        ],
        "is_student": any(map(context.is_student, cases[0].findings)),
        "is_one_account": is_one_account(cases),
        "accounts": len(frozenset().union(*map(subjects_of, cases))),
    }
