"""The pages of the desk, each complete without scripts."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipelines.actions.context import ActionContext
from pipelines.actions.owner_questions import OWNER, paper
from pipelines.actions.permits import permits
from pipelines.actions.permits import site as decide_site
from pipelines.actions.prevention import decided_lately
from pipelines.actions.queue_filter import QueueFilter
from pipelines.actions.reasons import offered_reasons
from pipelines.actions.referral_access import granted_referrals, opened, read_letter
from pipelines.actions.referrals import letter
from pipelines.actions.verdicts import verdict_many
from pipelines.desk import views
from pipelines.desk.app_page import apps_page
from pipelines.desk.background_mail import sent_to
from pipelines.desk.chart_page import charts_page
from pipelines.desk.missing_page import missing_page
from pipelines.desk.queue import many_page, queue_page, selected
from pipelines.desk.security import MAX_DIGITS
from pipelines.desk.shared import record_reading
from pipelines.desk.subject_days import days_page
from pipelines.desk.threshold_page import rule_page
from pipelines.desk.use_range import UseFilter, use_page
from pipelines.desk.visits import View, Visit
from pipelines.errors import NothingReadError, SettingsError
from pipelines.findings.rule_quality import IS_CONFIRMED
from pipelines.operations.status import status_of
from pipelines.reports.app_rows import decisions
from pipelines.reports.report_inputs import with_frames
from pipelines.settings.roles import Right
from pipelines.state.desk_users import case_revision
from pipelines.state.privacy_records import gather_openings


def values_page(template: str, values: Callable[[ActionContext], Mapping[str, Any]]) -> View:
    """Return the page of a template with the values of a function."""
    return lambda visit: visit.page(template, **values(visit.context()))


def home(visit: Visit) -> Response:
    """Show the queue; other offices get their referrals, operators the state of the system."""
    if not visit.asker.may("findings"):
        pages: Mapping[Right, str] = {"referral": "/office", "accounts": "/system"}
        if allowed := [page for right, page in pages.items() if visit.asker.may(right)]:
            return RedirectResponse(allowed[0], 303)
    visit.asker.require("findings")
    return queue(visit)


def queue(visit: Visit) -> Response:
    """Show the cases that match a filter."""
    query = visit.request.query_params
    chosen = QueueFilter.read(query)
    context = visit.context()
    values = queue_page(visit.desk.home, context, chosen, _first(query))
    saved = views.own_views(context)
    is_plain = chosen == QueueFilter() and visit.asker.may("sites")
    lately = decided_lately(context) if is_plain else None
    return visit.page("queue.html.j2", saved=saved, lately=lately, **values)


def many(visit: Visit) -> Response:
    """Show several cases that one verdict would cover."""
    query = visit.request.query_params
    context, chosen = visit.context(), QueueFilter.read(query)
    ids, group = query.getlist("case"), query.get("group", "")
    cases = selected(visit.desk.home, context, chosen, ids, group)
    with context.district.store.reading() as connection:
        values = many_page(context, cases, lambda case_id: case_revision(connection, case_id))
    for one in cases:
        record_reading(visit.desk, context, one.case_id)
    return visit.page(
        "many.html.j2",
        form=verdict_many,
        filter=chosen,
        confirming=list(IS_CONFIRMED),
        reasons=offered_reasons(context, cases),
        **values,
    )


def case(visit: Visit) -> Response:
    """Show one case, and record the view."""
    context = visit.context()
    shown = context.case(visit.request.path_params["case"])
    chosen = QueueFilter.read(visit.request.query_params)
    values = views.case_values(visit.desk.home, context, shown.case_id, chosen)
    record_reading(visit.desk, context, shown.case_id)
    return visit.page("case_desk.html.j2", **values)


def _first(query: Mapping[str, str]) -> int:
    """Return the row that a page begins with; 0 where the address has none."""
    text = query.get("from", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < MAX_DIGITS
    return int(text) if is_number else 0


def letter_page(visit: Visit) -> Response:
    """Show the letter of a case under code names, before it is referred."""
    context = visit.context()
    shown = context.case(visit.request.path_params["case"])
    record_reading(visit.desk, context, shown.case_id)
    return _letter(letter(context, shown, "the office that it goes to"))


def case_days(visit: Visit) -> Response:
    """Show the days of an account or a device of a case across weeks, and record the view."""
    context = visit.context()
    shown = context.case(visit.request.path_params["case"])
    values = days_page(visit.desk.home, context, shown, visit.request.query_params)
    record_reading(visit.desk, context, shown.case_id, "read days of case")
    return visit.page("case_days.html.j2", **values)


def question_on_paper(visit: Visit) -> Response:
    """Show the question of a case to print, for the owner or for the supervisor."""
    context = visit.context()
    shown = context.case(visit.request.path_params["case"])
    printed = paper(context, shown, visit.request.query_params.get("for", OWNER))
    record_reading(visit.desk, context, shown.case_id)
    return visit.page("question_paper.html.j2", case=shown, paper=printed)


def _letter(text: str) -> Response:
    answer = HTMLResponse(text)
    # the letter is a separate file that includes its style
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return answer


def sites(visit: Visit) -> Response:
    """Show sites that need a decision."""
    values = views.sites_page(visit.desk.home, visit.context())
    chosen = visit.request.query_params.get("site", "")
    return visit.page("sites.html.j2", form=decide_site, chosen=chosen, **values)


def proposals_view(visit: Visit) -> Response:
    """Show suggestions from the logs for the registry."""
    try:
        values = views.proposals_page(visit.context())
    except NothingReadError:
        return visit.nothing_yet("Proposals")
    return visit.page("proposals.html.j2", **values)


def request_view(visit: Visit) -> Response:
    """Show one request: its state, and what happens next."""
    values = views.request_page(visit.context(), visit.request.path_params["request"])
    return visit.page("request.html.j2", sent_to=sent_to(visit), **values)


def office_view(visit: Visit) -> Response:
    """Show the referrals that are open to a user of another office."""
    return visit.page("office.html.j2", rows=granted_referrals(visit.context()))


def office_referral(visit: Visit) -> Response:
    """Show one referral to the office that has it."""
    context, ident = visit.context(), visit.request.path_params["referral"]
    with visit.desk.home.writing:
        referral = opened(context, ident)
    return visit.page("office_referral.html.j2", **views.office_page(context, referral))


def office_letter(visit: Visit) -> Response:
    """Show the letter of a referral with names, and record the view."""
    with visit.desk.home.writing:
        return _letter(read_letter(visit.context(), visit.request.path_params["referral"]))


def permits_view(visit: Visit) -> Response:
    """Show consents, exceptions and holds."""
    context = visit.context()
    values = views.permits_page(context, permits(context))
    return visit.page("permits.html.j2", **values)


def system_view(visit: Visit) -> Response:
    """Show operators the state of the system: sources, weeks, mail and what to do."""
    district = visit.desk.home.district
    try:
        values = views.system_page(district, status_of(district, datetime.now(UTC)))
    except OSError as error:  # such as a share that is not mounted
        raise SettingsError(
            f"a folder of the home cannot be read: {error.strerror}",
            where=str(error.filename),
            remedy="Mount or create it. On the server, schoolbell doctor lists every problem.",
        ) from error
    return visit.page("system.html.j2", **values)


def weeks_view(visit: Visit) -> Response:
    """Show weeks, signed or not."""
    values = views.weeks_page(visit.desk.home, visit.context())
    return visit.page("weeks.html.j2", **values)


def rule_view(visit: Visit) -> Response:
    """Show the thresholds of one rule."""
    values = rule_page(visit.context(), visit.request.path_params["rule"])
    return visit.page("threshold.html.j2", **values)


def missing_view(visit: Visit) -> Response:
    """Show the logs and lists that would decide most; operators see counts alone."""
    if not visit.asker.may("findings"):
        visit.asker.require("accounts")
    return visit.page("missing.html.j2", **missing_page(visit.desk.home, visit.context()))


def use_view(visit: Visit) -> Response:
    """Show the use of sites, buildings and hours over a range of whole weeks."""
    chosen = UseFilter.read(visit.request.query_params)
    try:
        inputs = visit.desk.home.base()
    except NothingReadError:
        return visit.nothing_yet("Use")
    return visit.page("use.html.j2", **use_page(inputs, chosen))


def apps_view(visit: Visit) -> Response:
    """Show apps and AI tools with the people who use them, and decide about one."""
    try:
        inputs = visit.desk.home.base()
    except NothingReadError:
        return visit.nothing_yet("Apps and AI tools")
    context = visit.context()
    frames, use = context.district.registry.frames, inputs.app_use
    # the registry is newer than the snapshot: a decision shows at once
    apps = decisions(frames["apps"], frames["approved_sites"], use, context.today)
    values = apps_page(with_frames(inputs, {"apps": apps}), visit.request.query_params)
    choices = views.whom_to_approve(context)
    return visit.page("apps.html.j2", may=visit.asker.may("sites"), for_whom=choices, **values)


def charts_view(visit: Visit) -> Response:
    """Show the saved queries that have a chart, for one week."""
    try:
        values = charts_page(visit.desk.home, visit.request.query_params)
    except NothingReadError:
        return visit.nothing_yet("Charts")
    return visit.page("charts.html.j2", **values)


def record_view(visit: Visit) -> Response:
    """Show one request for public records, with its draft."""
    number, query = visit.request.path_params["record"], visit.request.query_params
    first = _first(query)
    values = views.record_page(visit.context(), number, first)
    return visit.page("record.html.j2", **values)


def acts_view(visit: Visit) -> Response:
    """Show the audit chain; a user without the right sees their own actions."""
    context, query = visit.context(), visit.request.query_params
    mine = query.get("mine") == "1" or not visit.asker.may("audit")
    first = _first(query)
    with visit.desk.home.writing:
        gather_openings(context.district.store, context.district.home)
    entries = context.chain.entries(last=views.ENTRIES)
    values = views.acts_page(context, entries, mine=mine, first=first)
    return visit.page("acts.html.j2", may_all=visit.asker.may("audit"), **values)
