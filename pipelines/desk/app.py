"""The pages of the desk and where they are; what each request has to pass first.

Every page is complete without scripts. A request is asked, in this order: to which
host, from whom, with which token, with which right, and whether what the person saw is
still there.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.actions.action import AnyAction, Input, Preview, Result, every_action
from pipelines.actions.context import ActionContext, granted_today
from pipelines.actions.owner_questions import ANSWERS as ANSWERS_TO_QUESTION
from pipelines.actions.owner_questions import (
    BY_LINK,
    OWNER,
    ClosedError,
    answer_by_link,
    paper,
    question_of,
)
from pipelines.actions.permits import permits
from pipelines.actions.permits import site as decide_site
from pipelines.actions.prevention import decided_lately
from pipelines.actions.queue_filter import QueueFilter
from pipelines.actions.reasons import offered_reasons
from pipelines.actions.referral_access import granted_referrals, opened, read_letter
from pipelines.actions.referrals import OFFICES, letter
from pipelines.actions.request_mail import answer_by_mail, ask_by_mail
from pipelines.actions.site_effects import in_words
from pipelines.actions.verdicts import ALL, revisions_of, verdict_many
from pipelines.desk import views
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import many_page, matching, next_case, queue_page, selected
from pipelines.desk.signin import (
    FailedAttempts,
    OpenIdSignIn,
    Passwords,
    Session,
    Sessions,
    TooOftenError,
    WrongPasswordError,
    by_proxy,
    by_system,
    who,
)
from pipelines.desk.use_range import UseFilter, use_page
from pipelines.errors import BusyError, NothingReadError, SchoolbellError, SettingsError
from pipelines.findings.review import SecondPersonError
from pipelines.findings.rule_quality import IS_CONFIRMED
from pipelines.operations.status import status_of
from pipelines.reports.pages import boot, environment, file_of, style
from pipelines.reports.words import in_locale
from pipelines.settings.roles import MATRIX, Principal, RefusedError, Right
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store, Transaction
from pipelines.state.desk_users import (
    bind_subject,
    case_revision,
    record_revision,
    request_revision,
)
from pipelines.state.privacy_records import gather_openings
from pipelines.state.reviews import requests

if TYPE_CHECKING:  # templates are imported with the first page
    from jinja2 import Environment

LOG = logging.getLogger("schoolbell.desk")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "style-src-attr 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOCAL = ("localhost", "127.0.0.1", "::1")
MAX_BYTES = 300_000
"""Maximum size of a form, enough for the longest statement."""
MAX_DIGITS = 10
"""Maximum digits of a number that a browser sends."""
MAX_ADDRESS = 100
MAX_TRIALS = 50
"""Number of registry previews to remember."""
AGAIN_AFTER = 3600.0
"""Seconds after which another sign-in or view of the same case is recorded again."""
REPORT_FILES = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Kinds of files of a report that the desk sends."""
DOWNLOADED = (".csv", ".xlsx")
REPORT_POLICY = "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
"""In addition to the policy that each page of a report contains for its own scripts."""
NO_ICON = b'<link rel="icon" href="data:,">'
REPORT_NAV = b'<nav aria-label="Reports">'
CASE_WITHOUT_LINK = re.compile(
    rb'<span data-case="(c-[0-9a-f]+)">Case ([0-9c-][0-9a-f-]*)[.]</span>'
)
CASE_PAGE = re.compile(r"/evidence/(c-[0-9a-f]+)[.]html$")
ANSWERS = {"approve": "approved", "refuse": "refused"}
"""Forms that answer a request, with the word for its mail."""
TABS: tuple[tuple[str, str, Right], ...] = (
    ("/", "Queue", "findings"),
    ("/sites", "Sites", "findings"),
    ("/proposals", "Proposals", "replay"),
    ("/requests", "Requests", "findings"),
    ("/referrals", "Referrals", "findings"),
    ("/exceptions", "Exceptions", "findings"),
    ("/reports", "Reports", "findings"),
    ("/weeks", "Weeks", "findings"),
    ("/use", "Use", "findings"),
    ("/records", "Records", "records"),
    ("/acts", "Activity log", "findings"),
    ("/system", "System", "accounts"),
    ("/office", "Referrals to you", "referral"),
)

_REVISION: Mapping[str, Callable[[Transaction, str], str]] = {
    "case": case_revision,
    "request": request_revision,
    "record": record_revision,
}
SAVED = "schoolbell-saved"
"""Cookie of a file that was just sent; it has no secret."""
BROWSER = "schoolbell-signin"
"""Cookie of a sign-in that the provider is handling."""


class StaleError(SchoolbellError):
    """The data that the user saw has changed."""


@dataclass
class Trial:
    """A change of the registry that is being tried."""

    login: str
    form: AnyAction
    given: Input
    values: dict[str, str]
    preview: Preview
    effects: "Future[list[str]]"


@dataclass
class DeskApp:
    """Everything that the pages share.

    Attributes:
        address: Where browsers reach it, if not where it listens.
    """

    home: OpenHome
    sessions: Sessions = field(default_factory=Sessions)
    passwords: Passwords = field(default_factory=Passwords)
    noted: FailedAttempts = field(default_factory=lambda: FailedAttempts(1, AGAIN_AFTER))
    wrong_tokens: FailedAttempts = field(default_factory=lambda: FailedAttempts(30))
    wrong_links: FailedAttempts = field(default_factory=lambda: FailedAttempts(30))
    openid: OpenIdSignIn = field(default_factory=OpenIdSignIn)
    trials: dict[str, Trial] = field(default_factory=dict)
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "trial"))
    mails: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mail"))

    @property
    def address(self) -> str:
        """The address of the settings; empty where browsers come directly."""
        return self.home.district.settings.desk.address


@dataclass(frozen=True)
class Visit:
    """A request of a signed-in user."""

    desk: DeskApp
    request: Request
    session: Session
    asker: Principal

    def context(self, guard: Callable[[Transaction], None] | None = None) -> ActionContext:
        """Return the context of actions."""
        return self.desk.home.context(self.asker, guard)

    def is_offered(self, right: Right) -> bool:
        """Return whether pages with a right are for this user."""
        # the one operator of a home without roles is not another office
        return self.asker.may(right) and not (right == "referral" and self.asker.is_alone)

    def page(self, name: str, status: int = 200, /, **values: object) -> Response:
        """Render a page in the district's look, with one-time messages."""
        told, self.session.told = self.session.told, ""
        undo, self.session.undo = self.session.undo, ()
        store = self.desk.home.district.store
        common = {
            "tabs": [(href, text) for href, text, right in TABS if self.is_offered(right)],
            "badges": {
                "/requests": views.requests_to_answer(self.context()),
                "/office": views.referrals_to_answer(self.context()),
            },
            "forms": every_action(),
            "here": self.request.url.path,
            "may_begin": self.asker.may("replay"),
            "asker": str(self.asker),
            "roles": self.asker.roles,
            "token": self.session.token,
            "told": told,
            "undo": " ".join(undo),
            "revision": _revisions(store),
        }
        return _rendered(self.desk, name, status, common | values)


def _revisions(store: Store) -> Callable[[AnyAction, Mapping[str, object]], str]:
    """Return a function that gives a form the revision of its subject."""

    def revision(form: AnyAction, values: Mapping[str, object]) -> str:
        if not form.about:
            return ""
        with store.reading() as connection:
            return _REVISION[form.about](connection, str(values[form.about]))

    return revision


@cache
def templates() -> "Environment":
    """Return the templates of the desk, which extend those of the report."""
    from jinja2 import ChoiceLoader, PackageLoader

    folders = ("pipelines.desk", "pipelines.reports")
    loaders = [PackageLoader(folder, "templates") for folder in folders]
    return environment().overlay(loader=ChoiceLoader(loaders), cache_size=400)


@cache
def assets() -> Mapping[str, tuple[str, str]]:
    """Style and scripts by name, with their kind; a name changes with its content."""
    folder = files("pipelines.desk") / "templates"
    look = style() + (folder / "desk.css").read_text("utf-8")
    script = boot() + "\n" + (folder / "desk.js").read_text("utf-8")
    return {
        file_of(look, "css"): (look, "text/css"),
        file_of(script, "js"): (script, "text/javascript"),
    }


def _rendered(desk: DeskApp, name: str, status: int, values: Mapping[str, object]) -> Response:
    settings = desk.home.district.settings
    look, script = assets()
    shared = {
        "district": settings.district.name,
        "look": look,
        "script": script,
        "offices": OFFICES,
    }
    with in_locale(settings.district.locale):
        text = templates().get_template(name).render({**shared, **values})
    return HTMLResponse(text, status)


View = Callable[[Visit], Response]
STATUS: tuple[tuple[type[SchoolbellError], int], ...] = (
    (StaleError, 409),
    (TooOftenError, 429),
    (RefusedError, 403),
    (BusyError, 503),
)


def signed_in(view: View, right: Right | None = "findings") -> Callable[[Request], Response]:
    """Wrap a page for signed-in users with a right; None if the page checks rights itself."""

    def answer(request: Request) -> Response:
        desk: DeskApp = request.app.state.desk
        settings = desk.home.district.settings
        if refused := refuse_odd(desk, request):
            return refused
        with in_locale(settings.district.locale):
            session, cookie = _session(desk, request)
            if session is None:
                return RedirectResponse("/signin", 303)
            asker = who(session, settings, desk.home.home)
            asker = granted_today(desk.home.district.registry, desk.home.district.zone, asker)
            if right is not None:
                asker.require(right)
            response = view(Visit(desk, request, session, asker))
        return _with_cookie(desk, response, cookie) if cookie else response

    return answer


def failed(desk: DeskApp, error: SchoolbellError) -> Response:
    """Render the page of an error with its remedy."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 422)
    try:
        values = {"error": error, "status": status}
        return _rendered(desk, "error.html.j2", status, values)
    except SchoolbellError as worse:  # the home itself cannot be read
        return Response(str(worse), 503, media_type="text/plain")


def refuse_odd(desk: DeskApp, request: Request) -> Response | None:
    """Refuse a request that no page of this desk sent."""
    known = {*LOCAL, urlsplit(desk.address).hostname or "localhost"}
    if _split(f"//{request.headers.get('host', '')}").hostname not in known:
        return Response("this desk has another address", 421)
    if request.headers.get("sec-fetch-site") == "cross-site" and (
        request.method != "GET" or request.headers.get("sec-fetch-mode") != "navigate"
    ):
        return Response("the request is from another site", 403)
    origin = request.headers.get("origin")
    if request.method != "GET" and origin is not None:
        is_own = _split(origin).netloc == _netloc(desk, request)
        return None if is_own else Response("the form was sent from another site", 403)
    return None


def _split(url: str) -> SplitResult:
    """Return the parts of an address that a browser sent; none if it is broken."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _first(query: Mapping[str, str]) -> int:
    """Return the row that a page begins with; 0 where the address has none."""
    text = query.get("from", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < MAX_DIGITS
    return int(text) if is_number else 0


def _netloc(desk: DeskApp, request: Request) -> str:
    host = request.headers.get("host", "")
    own = urlsplit(desk.address)
    return own.netloc if own.hostname == _split(f"//{host}").hostname else host


def _cookie(desk: DeskApp) -> str:
    is_secure = desk.address.startswith("https://")
    return "__Host-schoolbell" if is_secure else "schoolbell"


def _with_cookie(
    desk: DeskApp, response: Response, word: str, *, name: str = "", strict: bool = True
) -> Response:
    response.set_cookie(
        name or _cookie(desk),
        word,
        httponly=True,
        secure=desk.address.startswith("https://"),
        samesite="strict" if strict else "lax",
        path="/",
    )
    return response


def _session(desk: DeskApp, request: Request) -> tuple[Session | None, str]:
    """Return the user's session, and the cookie of a session that begins with this request.

    A user of the system or a proxy has to be the same person still: a cookie alone is not
    enough.
    """
    settings = desk.home.district.settings.desk
    idle, longest = settings.idle_minutes * 60.0, settings.session_hours * 3600.0
    word = request.cookies.get(_cookie(desk), "")
    held = desk.sessions.find(word, idle, longest)
    if held is not None and held.way in ("openid", "local"):
        return held, ""
    now = _ambient(desk, request)
    if now is None:
        return None, ""
    if held is not None and (held.way, held.login) == (now.way, now.login):
        held.groups, held.address = now.groups, now.address
        return held, ""
    word = desk.sessions.begin(now)
    note(desk, now, "sign in")
    return now, word


def _ambient(desk: DeskApp, request: Request) -> Session | None:
    """Return the session of the connection itself: the system's user, or a listed proxy."""
    settings = desk.home.district.settings
    address = request.client.host if request.client else ""
    found = by_proxy(settings.desk, address, request.headers)
    if found is not None:
        return found
    found = by_system(request.scope["state"].get("uid"), request.headers)
    if found is None:
        return None
    try:
        asker = who(found, settings, desk.home.home)
    except RefusedError:
        return None
    return found if asker.roles or asker.is_alone else None


def note(desk: DeskApp, session: Session, action: str, subject: str = "desk") -> None:
    """Record who signed in, by which way; the same once in an hour."""
    district = desk.home.district
    by = str(session.uid) if session.way == "system" else session.way
    if desk.noted.is_blocked(key := f"{action} {by} {session.login}"):
        return
    act = Act(
        actor=f"{session.login} ({by})", action=action, subject=subject, reason=f"by {session.way}"
    )
    with desk.home.writing, open_chain(district.store, desk.home.home).recording(act):
        desk.noted.note(key)


def home(visit: Visit) -> Response:
    """Show the queue; other offices get their referrals, operators the state of the system."""
    if not visit.asker.may("findings"):
        pages: Mapping[Right, str] = {"referral": "/office", "accounts": "/system"}
        own = [page for right, page in pages.items() if visit.asker.may(right)]
        if own:
            return RedirectResponse(own[0], 303)
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
    for found in cases:
        read(visit, context, found.case_id)
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
    found = context.case(visit.request.path_params["case"])
    chosen = QueueFilter.read(visit.request.query_params)
    values = views.case_values(visit.desk.home, context, found.case_id, chosen)
    read(visit, context, found.case_id)
    return visit.page("case_desk.html.j2", **values)


def read(visit: Visit, context: ActionContext, case_id: str) -> None:
    """Record that a person reads a case."""
    read_by(visit.desk, context, case_id)


def read_by(desk: DeskApp, context: ActionContext, case_id: str) -> None:
    """Record that a case is read, once an hour in all sessions of the same reader."""
    actor, noted = str(context.asker), desk.noted
    if noted.is_blocked(key := f"read {case_id} {actor}"):
        return
    act = Act(actor=actor, action="read case", subject=case_id, case=case_id)
    with desk.home.writing, context.chain.recording(act):
        noted.note(key)


def letter_page(visit: Visit) -> Response:
    """Show the letter of a case under code names, before it is referred."""
    context = visit.context()
    found = context.case(visit.request.path_params["case"])
    read(visit, context, found.case_id)
    return _letter(letter(context, found, "the office that it goes to"))


def question_on_paper(visit: Visit) -> Response:
    """Show the question of a case to print, for the owner or for the supervisor."""
    context = visit.context()
    found = context.case(visit.request.path_params["case"])
    made = paper(context, found, visit.request.query_params.get("for", OWNER))
    read(visit, context, found.case_id)
    return visit.page("question_paper.html.j2", case=found, paper=made)


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


def _form(visit: Visit) -> AnyAction:
    """Return the action that the address names, if the user may perform it."""
    form = every_action().get(visit.request.path_params["act"])
    if form is None:
        raise SchoolbellError("there is no such action")
    visit.asker.require(form.right)
    return form


def attempt(visit: Visit, sent: Mapping[str, str]) -> Response:
    """Begin to preview a change of the registry; the page of the preview."""
    form = _form(visit)
    if not form.is_previewed:
        raise SchoolbellError("there is no such action")
    given, context, trials = form.input.of_form(sent), visit.context(), visit.desk.trials
    preview = form(context, given)
    while len(trials) >= MAX_TRIALS:
        del trials[next(iter(trials))]
    effects = visit.desk.workers.submit(lambda: in_words(context, preview.differences()))
    values = {one.name: sent.get(one.name, "") for one in form.fields}
    ident = f"t-{secrets.token_hex(8)}"
    trials[ident] = Trial(visit.asker.user_name, form, given, values, preview, effects)
    return RedirectResponse(f"/trials/{ident}", 303)


def trial(visit: Visit) -> Response:
    """Show how a registry change would change findings, when that is known."""
    begun = visit.desk.trials.get(visit.request.path_params["trial"])
    if begun is None or begun.login != visit.asker.user_name:
        raise StaleError(
            "this preview does not exist", remedy=("Start again from the page with the form.")
        )
    effects, problem = None, ""
    try:
        effects = begun.effects.result() if begun.effects.done() else None
    except BusyError as error:  # the registry changed since the last run
        if begun.form.is_preview_needed:
            raise
        problem = error.what
    return visit.page(
        "trial.html.j2", trial=begun, form=begun.form, effects=effects, problem=problem
    )


def proposals_view(visit: Visit) -> Response:
    """Show suggestions from the logs for the registry."""
    try:
        values = views.proposals_page(visit.context())
    except NothingReadError:
        return nothing_yet(visit, "Proposals")
    return visit.page("proposals.html.j2", **values)


def nothing_yet(visit: Visit, title: str) -> Response:
    """Show a page of a home that has read no log: what it needs, and where to begin."""
    return visit.page("nothing_yet.html.j2", title=title)


def start_view(visit: Visit) -> Response:
    """Show which steps of a new home are done: logs, exports, what was judged."""
    return visit.page("start.html.j2", **views.start_page(visit.context()))


def requests_view(visit: Visit) -> Response:
    """Show requests that need a second person."""
    return visit.page("requests.html.j2", **views.requests_page(visit.context()))


def request_view(visit: Visit) -> Response:
    """Show one request: its state, and what happens next."""
    values = views.request_page(visit.context(), visit.request.path_params["request"])
    return visit.page("request.html.j2", sent_to=sent_to(visit), **values)


def referrals_view(visit: Visit) -> Response:
    """Show cases with other offices, and inquiries from offices."""
    return visit.page("referrals.html.j2", **views.referrals_page(visit.context()))


def office_view(visit: Visit) -> Response:
    """Show the referrals that are open to a user of another office."""
    return visit.page("office.html.j2", rows=granted_referrals(visit.context()))


def office_referral(visit: Visit) -> Response:
    """Show one referral to the office that has it."""
    context, ident = visit.context(), visit.request.path_params["referral"]
    with visit.desk.home.writing:
        found = opened(context, ident)
    return visit.page("office_referral.html.j2", **views.office_page(context, found))


def office_letter(visit: Visit) -> Response:
    """Show the letter of a referral with names, and record the view."""
    with visit.desk.home.writing:
        return _letter(read_letter(visit.context(), visit.request.path_params["referral"]))


def permits_view(visit: Visit) -> Response:
    """Show consents, exceptions and holds."""
    context = visit.context()
    values = views.permits_page(context, permits(context))
    return visit.page("permits.html.j2", **values)


def reports_view(visit: Visit) -> Response:
    """Send a page or a file of the published reports, with links to the desk.

    A superintendent reads the superintendent's edition, if the district publishes it. A page of
    a case is recorded like the same case at the desk.
    """
    folder = _reports_for(visit)
    path = visit.request.path_params.get("path", "")
    if not path:
        if not (folder / "latest.html").is_file():
            return nothing_yet(visit, "Reports")
        return RedirectResponse("/reports/latest.html", 303)
    file = (folder / path).resolve()
    kind = REPORT_FILES.get(file.suffix)
    if kind is None or not file.is_relative_to(folder) or not file.is_file():
        return missing(visit.request, KeyError(path))
    if found := CASE_PAGE.search(path):
        context = visit.context()
        if found[1] in {one.case_id for one in context.cases}:
            read(visit, context, found[1])
    content = file.read_bytes()
    if file.suffix == ".html":
        # a file has no link to a desk whose address it does not know
        content = content.replace(b"</title>", b"</title>" + NO_ICON, 1)
        content = content.replace(REPORT_NAV, REPORT_NAV + b'<a href="/">Review desk</a>', 1)
        content = CASE_WITHOUT_LINK.sub(
            rb'<a class="decide" href="/cases/\1">Decide case \2</a>', content
        )
    headers = {"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-store"}
    if file.suffix in DOWNLOADED:
        headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return Response(content, media_type=kind, headers=headers)


def _reports_for(visit: Visit) -> Path:
    """Return the folder of the edition that a user reads."""
    place = visit.desk.home.home
    own = place.editions / "superintendent"
    is_own = visit.asker.roles == ("superintendent",) and (own / "latest.html").is_file()
    return (own if is_own else place.reports).resolve()


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


def use_view(visit: Visit) -> Response:
    """Show the use of sites, buildings and hours over a range of whole weeks."""
    chosen = UseFilter.read(visit.request.query_params)
    try:
        inputs = visit.desk.home.base()
    except NothingReadError:
        return nothing_yet(visit, "Use")
    return visit.page("use.html.j2", **use_page(inputs, chosen))


def readers_view(visit: Visit) -> Response:
    """Show who gets the report by email."""
    return visit.page("readers.html.j2", **views.readers_page(visit.context()))


def records_view(visit: Visit) -> Response:
    """Show requests for public records."""
    return visit.page("records.html.j2", **views.records_page(visit.context()))


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


def act(visit: Visit, sent: Mapping[str, str]) -> Response:
    """Perform one action: the function that the command calls, as the signed-in user."""
    form = _form(visit)
    perform = _performer(visit, form, form.input.of_form(sent))
    produced: list[bytes] = []
    back = _back_to(form, sent)
    order = _order(visit, sent) if form.is_deciding else []
    try:
        with visit.desk.home.writing:
            context = visit.context(_guard(form, sent))
            result = perform(replace(context, put=produced.append))
    except SecondPersonError as waiting:
        if waiting.is_new:
            mail_request(visit, waiting.request_id, "")
        return RedirectResponse(f"/requests/{waiting.request_id}", 303)
    _notify(visit, form, sent, result)
    visit.session.told, visit.session.undo = result.text, result.decided
    if result.decided:
        back = _after_verdict(visit, sent, order, result.decided)
    if result.names is not None:
        return visit.page("names.html.j2", names=result.names, case=sent["case"])
    if result.file:
        return _file(result.file, b"".join(produced), is_change=result.is_reloaded)
    return RedirectResponse(_filtered(result.back, sent) if result.back else back, 303)


def _notify(visit: Visit, form: AnyAction, given: Mapping[str, str], done: Result) -> None:
    """Send the mail of an action, in the background."""
    if form.name in ANSWERS:
        mail_request(visit, given["request"], ANSWERS[form.name])
    if done.mail is not None:
        send_later(visit, done.mail)


def _back_to(form: AnyAction, given: Mapping[str, str]) -> str:
    """Return the page that follows an action."""
    return _filtered(form.back or f"/{form.about}s/{given[form.about]}", given)


def _filtered(back: str, given: Mapping[str, str]) -> str:
    """Return a page with the filter of the queue from which the form was opened."""
    query = QueueFilter.parse(given["queue"]).query if given.get("queue") else ""
    return f"{back}?{query}" if query else back


def _order(visit: Visit, given: Mapping[str, str]) -> list[str]:
    """Return the cases of the queue from which a form was opened, in its order."""
    chosen = QueueFilter.parse(given.get("queue", ""))
    return [one.case.case_id for one in matching(visit.desk.home, visit.context(), chosen)]


def _after_verdict(
    visit: Visit, given: Mapping[str, str], order: Sequence[str], decided: Sequence[str]
) -> str:
    """Return the next case of the same queue; the same case while other findings are open."""
    query = QueueFilter.parse(given.get("queue", "")).query
    if given.get("subject", ALL) != ALL and visit.context().case(decided[0]).undecided:
        following = decided[0]
    else:
        following = next_case(order, decided, _order(visit, given))
    return f"/cases/{following}?{query}" if following else f"/?{query}"


def sent_to(visit: Visit) -> str:
    """Return who can approve a request of this user, by role."""
    settings = visit.desk.home.district.settings
    others = [
        f"another {role}" if role in visit.asker.roles else f"the {role}"
        for role in MATRIX["approve"]
        if getattr(settings.roles, role)
        or settings.desk.logins_of(role)
        or getattr(settings.desk.groups, role)
    ]
    return " or ".join(others) or "a second person"


def mail_request(visit: Visit, request_id: str, answer: str) -> None:
    """Send mail about a request, in the background.

    Args:
        answer: approved or refused; empty for a new request.
    """
    rows = requests(visit.desk.home.district.store, request_id=request_id)
    if rows and answer:
        send_later(visit, lambda context: answer_by_mail(context, rows[0], answer))
    elif rows:
        send_later(visit, lambda context: ask_by_mail(context, rows[0]))


def send_later(visit: Visit, mail: Callable[[ActionContext], object]) -> None:
    """Send mail in the background."""
    context = visit.context()

    def send() -> None:
        try:
            mail(context)
        except SchoolbellError as error:
            LOG.warning("no mail: %s", error.what)

    visit.desk.mails.submit(send)


def _performer(visit: Visit, form: AnyAction, given: Input) -> Callable[[ActionContext], Result]:
    """Return the performer of an action; the slow part of a previewed one is done by then.

    Raises:
        StaleError: Its effect was not shown, or was shown to another user.
    """
    if not form.is_previewed:
        return lambda context: form(context, given)
    for one in visit.desk.trials.values():
        failed = one.effects.exception() if one.effects.done() else None
        is_seen = one.effects.done() and (
            failed is None or (isinstance(failed, BusyError) and not form.is_preview_needed)
        )
        if is_seen and (one.login, one.given) == (visit.asker.user_name, given):
            return one.preview.write
    raise StaleError(
        "the change has not been previewed yet", remedy=f"Preview it first: {form.button}."
    )


def _guard(form: AnyAction, given: Mapping[str, str]) -> Callable[[Transaction], None]:
    """Return a check that raises, in the action's own transaction, if the page is out of date."""
    seen = given.get("revision", "")

    def guard(transaction: Transaction) -> None:
        if form.about:
            now = _REVISION[form.about](transaction, given.get(form.about, ""))
            if now != seen:
                raise StaleError(
                    "this page is out of date; nothing was done",
                    remedy="Reload it, review the changes, and decide again.",
                )
        for case_id, shown in revisions_of(given).items():
            if case_revision(transaction, case_id) != shown:
                raise StaleError(
                    "one of these cases has changed since the page was opened; nothing was done",
                    where=f"case {case_id}",
                    remedy="Open the page again, look, and decide then.",
                )

    return guard


def _file(name: str, data: bytes, *, is_change: bool) -> Response:
    kind = "application/zip" if name.endswith(".zip") else "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    answer = Response(data, media_type=kind, headers=headers)
    if is_change:
        # the page stays open next to a download; its script sees the cookie and loads it again
        answer.set_cookie(SAVED, secrets.token_hex(4), max_age=60, samesite="strict")
    return answer


Post = Callable[[Visit, Mapping[str, str]], Response]


def posted(view: Post) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a form of signed-in users; one without the session's token is refused."""

    async def answer(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        given = await form_of(request)
        if given is None:
            return Response("the form is too large", 413)

        def checked(visit: Visit) -> Response:
            if not visit.session.has_token(given.get("token", "")):
                raise RefusedError(
                    "this form does not belong to your session",
                    remedy="Open the page again and send it from there.",
                )
            return view(visit, given)

        # each form checks its own right
        return await run_in_threadpool(signed_in(checked, None), request)

    return answer


async def form_of(request: Request) -> dict[str, str] | None:
    """Return the fields of a form; None if it is larger than any form of the desk."""
    length = request.headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal() and len(length) < MAX_DIGITS
    if not is_number or int(length) > MAX_BYTES:
        return None
    try:
        data = await request.form(max_files=0, max_fields=400, max_part_size=MAX_BYTES)
    except ClientDisconnect:
        return None
    return {name: value for name, value in data.items() if isinstance(value, str)}


def sign_in_page(request: Request) -> Response:
    """Show the ways to sign in."""
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    return _sign_in(desk, 200, "")


def _sign_in(desk: DeskApp, status: int, why: str) -> Response:
    settings = desk.home.district.settings.desk
    return _rendered(
        desk,
        "signin.html.j2",
        status,
        {
            "has_openid": bool(settings.openid.issuer),
            "has_local": settings.local_accounts,
            "why": why,
        },
    )


async def local(request: Request) -> Response:
    """Sign in with a password."""
    from starlette.concurrency import run_in_threadpool

    given = await form_of(request)
    return await run_in_threadpool(_local, request, given or {})


def require_entry(asker: Principal) -> None:
    """Raise an error unless a user may see any page of the desk.

    Raises:
        RefusedError: They may see none.
    """
    if not asker.may("referral"):
        asker.require("findings")


def visitor(request: Request) -> str:
    """Return the address that tries of passwords are counted for.

    Behind a proxy everyone has its address, so the one that it adds last counts too.
    """
    peer = request.client.host if request.client else "socket"
    forwarded = request.headers.get("x-forwarded-for", "")[-MAX_ADDRESS:]
    return f"{peer} {forwarded.rpartition(',')[2].strip()}".strip()


def _local(request: Request, given: Mapping[str, str]) -> Response:
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    district = desk.home.district
    if not district.settings.desk.local_accounts:
        return _sign_in(desk, 403, "Password sign-in is turned off here.")
    address = visitor(request)
    login, password = given.get("login", ""), given.get("password", "")
    try:
        session = desk.passwords.sign_in(district.store, login, password, address)
        asker = who(session, district.settings, desk.home.home)
        require_entry(granted_today(district.registry, district.zone, asker))
    except WrongPasswordError as error:
        if error.is_now_blocked:
            note(desk, Session(login=error.login[:80], way="local"), "sign in blocked")
        return _sign_in(desk, 403, str(error))
    except SchoolbellError as error:
        return _sign_in(desk, 429 if isinstance(error, TooOftenError) else 403, str(error))
    note(desk, session, "sign in")
    word = desk.sessions.begin(session)
    return _with_cookie(desk, RedirectResponse("/", 303), word)


def openid(request: Request) -> Response:
    """Redirect to the provider."""
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    settings = desk.home.district.settings.desk
    if not settings.openid.issuer:
        return _sign_in(desk, 403, "No sign-in provider is configured.")
    where, word = desk.openid.begin(settings, _back(desk, request))
    answer = RedirectResponse(where, 303)
    return _with_cookie(desk, answer, word, name=BROWSER, strict=False)


def _back(desk: DeskApp, request: Request) -> str:
    base = desk.address or f"http://{request.headers['host']}"
    return f"{base}/signin/openid/back"


def openid_back(request: Request) -> Response:
    """Handle the return from the provider, signed in or not."""
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    settings = desk.home.district.settings
    word = request.cookies.get(BROWSER, "")
    try:
        session = desk.openid.finish(
            settings.desk, _back(desk, request), dict(request.query_params), word
        )
        require_entry(who(session, settings, desk.home.home))
        _require_same_account(desk, session)
    except SchoolbellError as error:
        return _sign_in(desk, 403, str(error))
    except Exception:
        LOG.exception("the provider sent an unexpected answer")
        return _sign_in(desk, 502, "The provider sent an unexpected answer.")
    note(desk, session, "sign in")
    # a strict cookie is not sent along a way that began elsewhere: a page goes on
    answer = _rendered(desk, "signedin.html.j2", 200, {})
    answer.delete_cookie(BROWSER)
    return _with_cookie(desk, answer, desk.sessions.begin(session))


def _require_same_account(desk: DeskApp, session: Session) -> None:
    """Raise an error where an address was given to another person, who would get its roles.

    Raises:
        RefusedError: The provider's account is not the one that signed in with it before.
    """
    with desk.home.writing, desk.home.district.store.writing() as transaction:
        is_same = bind_subject(transaction, session.address, session.subject)
    if not is_same:
        note(desk, session, "sign in refused", "another account of the provider")
        raise RefusedError(
            "this address belonged to another account of the provider",
            where=session.address,
            remedy="If it is the same person, an operator runs: "
            f"schoolbell desk account accept {session.address}",
        )


def question(request: Request) -> Response:
    """Show the question of a mailed link; it needs no account and shows nothing else."""
    return _question(request, None)


async def question_answered(request: Request) -> Response:
    """Take the one answer to a mailed question."""
    from starlette.concurrency import run_in_threadpool

    given = await form_of(request)
    return await run_in_threadpool(_question, request, given or {})


def _question(request: Request, given: Mapping[str, str] | None) -> Response:
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    token, who_asks = request.path_params["token"], visitor(request)
    context = desk.home.context(BY_LINK)
    # a person who guesses is stopped before a link is looked up
    found = None if desk.wrong_links.is_blocked(who_asks) else question_of(context, token)
    state = "open" if found else "closed"
    if found is None:
        desk.wrong_links.note(who_asks)
    elif given is not None:
        try:
            with desk.home.writing:
                code, text = given.get("answer", ""), given.get("text", "")
                answer_by_link(context, token, code, text)
            state = "answered"
        except ClosedError:
            state = "closed"
        except SettingsError:
            state = "wrong"
    values = {
        "question": found,
        "state": state,
        "token": token,
        "answers": ANSWERS_TO_QUESTION[OWNER],
    }
    status = {"closed": 404, "wrong": 422}.get(state, 200)
    return _rendered(desk, "question.html.j2", status, values)


def sign_out(visit: Visit, given: Mapping[str, str]) -> Response:
    """End the session."""
    del given
    visit.desk.sessions.end(visit.request.cookies.get(_cookie(visit.desk), ""))
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(_cookie(visit.desk))
    return answer


def asset(request: Request) -> Response:
    """Style and script: the same for everyone, and kept by browsers."""
    found = assets().get(request.path_params["name"])
    if found is None:
        return Response("not found", 404)
    text, kind = found
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(text, media_type=kind, headers=headers)


def told(request: Request, error: Exception) -> Response:
    """Show an error that users can act on, from anywhere."""
    assert isinstance(error, SchoolbellError)
    return failed(request.app.state.desk, error)


def missing(request: Request, error: Exception) -> Response:
    """Show that an address does not exist."""
    del request, error
    return Response("This page does not exist.", 404, media_type="text/plain")


def broken(request: Request, error: Exception) -> Response:
    """Log an internal error without details on the page."""
    del request
    LOG.error("unexpected %s", type(error).__name__, exc_info=error)
    return Response(
        "Something went wrong. Nothing was changed. The service log has the details.",
        500,
        media_type="text/plain",
    )


def _get(path: str, view: View, right: Right | None = "findings") -> Route:
    return Route(path, signed_in(view, right))


def routes() -> list[Route]:
    """Return every page and every address of the API."""
    from pipelines.desk.api import api_routes

    return [
        *api_routes(),
        _get("/", home, None),
        _get("/decide", many, "verdict"),
        _get("/cases/{case}", case, "evidence"),
        _get("/cases/{case}/letter", letter_page, "evidence"),
        _get("/cases/{case}/question", question_on_paper, "refer"),
        _get("/sites", sites),
        Route("/try/{act}", posted(attempt), methods=["POST"]),
        _get("/trials/{trial}", trial, "sites"),
        _get("/proposals", proposals_view, "replay"),
        _get("/start", start_view, "replay"),
        _get("/requests", requests_view),
        _get("/requests/{request}", request_view),
        _get("/referrals", referrals_view),
        _get("/office", office_view, "referral"),
        _get("/office/{referral}", office_referral, "referral"),
        _get("/office/{referral}/letter", office_letter, "referral"),
        _get("/exceptions", permits_view),
        _get("/reports", reports_view),
        _get("/reports/{path:path}", reports_view),
        _get("/system", system_view, "accounts"),
        _get("/weeks", weeks_view),
        _get("/use", use_view),
        _get("/readers", readers_view, "sign"),
        _get("/records", records_view, "records"),
        _get("/records/{record}", record_view, "records"),
        _get("/acts", acts_view),
        Route("/act/{act}", posted(act), methods=["POST"]),
        Route("/question/{token}", question),
        Route("/question/{token}", question_answered, methods=["POST"]),
        Route("/signin", sign_in_page),
        Route("/signin/local", local, methods=["POST"]),
        Route("/signin/openid", openid),
        Route("/signin/openid/back", openid_back),
        Route("/signout", posted(sign_out), methods=["POST"]),
        Route("/assets/{name}", asset),
    ]


class Guarded:
    """Every answer with the headers that keep it within this browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in held
                    ),
                ]
            await send(message)

        await self._app(scope, receive, sending)


def app(home: OpenHome) -> Guarded:
    """Return the desk of a home, as a server runs it."""
    made = Starlette(
        routes=routes(),
        exception_handlers={
            404: missing,
            405: missing,
            500: broken,
            SchoolbellError: told,
        },
    )
    made.state.desk = DeskApp(home)
    return Guarded(made)
