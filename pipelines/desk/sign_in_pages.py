"""The ways to sign in and out."""

import logging
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.actions.context import granted_today
from pipelines.desk.rendering import rendered
from pipelines.desk.security import cookie_name, form_of, refuse_odd, visitor, with_cookie
from pipelines.desk.shared import DeskApp, record_sign_in
from pipelines.desk.signin import Session, TooOftenError, WrongPasswordError, who
from pipelines.desk.visits import Visit
from pipelines.errors import SchoolbellError
from pipelines.settings.roles import Principal, RefusedError
from pipelines.state.desk_users import bind_subject

LOG = logging.getLogger("schoolbell.desk")
BROWSER = "schoolbell-signin"
"""Cookie of a sign-in that the provider is handling."""


def sign_in_page(request: Request) -> Response:
    """Show the ways to sign in."""
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    return _sign_in(desk, 200, "")


def _sign_in(desk: DeskApp, status: int, why: str) -> Response:
    settings = desk.home.district.settings.desk
    return rendered(
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
    given = await form_of(request)
    return await run_in_threadpool(_local, request, given or {})


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
            record_sign_in(desk, Session(login=error.login[:80], way="local"), "sign in blocked")
        return _sign_in(desk, 403, str(error))
    except SchoolbellError as error:
        return _sign_in(desk, 429 if isinstance(error, TooOftenError) else 403, str(error))
    record_sign_in(desk, session, "sign in")
    word = desk.sessions.begin(session)
    return with_cookie(desk, RedirectResponse("/", 303), word)


def require_entry(asker: Principal) -> None:
    """Raise an error unless a user may see any page of the desk.

    Raises:
        RefusedError: They may see none.
    """
    if not asker.may("referral"):
        asker.require("findings")


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
    return with_cookie(desk, answer, word, name=BROWSER, strict=False)


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
    record_sign_in(desk, session, "sign in")
    # a strict cookie is not sent along a way that began elsewhere: a page goes on
    answer = rendered(desk, "signedin.html.j2", 200, {})
    answer.delete_cookie(BROWSER)
    return with_cookie(desk, answer, desk.sessions.begin(session))


def _require_same_account(desk: DeskApp, session: Session) -> None:
    """Raise an error where an address was given to another person, who would get its roles.

    Raises:
        RefusedError: The provider's account is not the one that signed in with it before.
    """
    with desk.home.writing, desk.home.district.store.writing() as transaction:
        is_same = bind_subject(transaction, session.address, session.subject)
    if not is_same:
        record_sign_in(desk, session, "sign in refused", "another account of the provider")
        raise RefusedError(
            "this address belonged to another account of the provider",
            where=session.address,
            remedy="If it is the same person, an operator runs: "
            f"schoolbell desk account accept {session.address}",
        )


def sign_out(visit: Visit, given: Mapping[str, str]) -> Response:
    """End the session."""
    del given
    visit.desk.sessions.end(visit.request.cookies.get(cookie_name(visit.desk), ""))
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(cookie_name(visit.desk))
    return answer
