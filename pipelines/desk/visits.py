"""Requests of people who are signed in: their session, their rights, and their token."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.actions.action import every_action
from pipelines.actions.context import ActionContext, Put, granted_today, nowhere
from pipelines.desk import views
from pipelines.desk.rendering import rendered, revisions
from pipelines.desk.security import cookie_name, form_of, refuse_odd, with_cookie
from pipelines.desk.shared import DeskApp, record_sign_in
from pipelines.desk.signin import Session, by_proxy, by_system, who
from pipelines.reports.words import in_locale
from pipelines.settings.roles import Principal, RefusedError, Right
from pipelines.state.connections import Transaction

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
    ("/apps", "Apps and AI", "findings"),
    ("/charts", "Charts", "findings"),
    ("/records", "Records", "records"),
    ("/acts", "Activity log", "findings"),
    ("/system", "System", "accounts"),
    ("/office", "Referrals to you", "referral"),
)


@dataclass(frozen=True)
class Visit:
    """A request of a signed-in user."""

    desk: DeskApp
    request: Request
    session: Session
    asker: Principal

    def context(
        self, guard: Callable[[Transaction], None] | None = None, put: Put = nowhere
    ) -> ActionContext:
        """Return the context of actions."""
        return self.desk.home.context(self.asker, guard, put)

    def is_offered(self, right: Right) -> bool:
        """Return whether pages with a right are for this user."""
        # the one operator of a home without roles is not another office
        return self.asker.may(right) and not (right == "referral" and self.asker.is_alone)

    def nothing_yet(self, title: str) -> Response:
        """Render a page of a home that has read no log: what it needs, and where to begin."""
        return self.page("nothing_yet.html.j2", title=title)

    def page(self, name: str, status: int = 200, /, **values: object) -> Response:
        """Render a page in the district's look, with one-time messages."""
        message, self.session.message = self.session.message, ""
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
            "message": message,
            "undo": " ".join(undo),
            "revision": revisions(store),
        }
        return rendered(self.desk, name, status, common | values)


View = Callable[[Visit], Response]
Post = Callable[[Visit, Mapping[str, str]], Response]


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
        return with_cookie(desk, response, cookie) if cookie else response

    return answer


def posted(view: Post) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a form of signed-in users; one without the session's token is refused."""

    async def answer(request: Request) -> Response:
        sent = await form_of(request)
        if sent is None:
            return Response("the form is too large", 413)

        def checked(visit: Visit) -> Response:
            if not visit.session.has_token(sent.get("token", "")):
                raise RefusedError(
                    "this form does not belong to your session",
                    remedy="Open the page again and send it from there.",
                )
            return view(visit, sent)

        # each form checks its own right
        return await run_in_threadpool(signed_in(checked, None), request)

    return answer


def _session(desk: DeskApp, request: Request) -> tuple[Session | None, str]:
    """Return the user's session, and the cookie of a session that begins with this request.

    A user of the system or a proxy has to be the same person still: a cookie alone is not
    enough.
    """
    settings = desk.home.district.settings.desk
    idle, longest = settings.idle_minutes * 60.0, settings.session_hours * 3600.0
    word = request.cookies.get(cookie_name(desk), "")
    session = desk.sessions.find(word, idle, longest)
    if session is not None and session.way in ("openid", "local"):
        return session, ""
    now = _ambient(desk, request)
    if now is None:
        return None, ""
    if session is not None and (session.way, session.login) == (now.way, now.login):
        session.groups, session.address = now.groups, now.address
        return session, ""
    word = desk.sessions.begin(now)
    record_sign_in(desk, now, "sign in")
    return now, word


def _ambient(desk: DeskApp, request: Request) -> Session | None:
    """Return the session of the connection itself: the system's user, or a listed proxy."""
    settings = desk.home.district.settings
    address = request.client.host if request.client else ""
    session = by_proxy(settings.desk, address, request.headers)
    if session is not None:
        return session
    session = by_system(request.scope["state"].get("uid"), request.headers)
    if session is None:
        return None
    try:
        asker = who(session, settings, desk.home.home)
    except RefusedError:
        return None
    return session if asker.roles or asker.is_alone else None
