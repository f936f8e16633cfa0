"""The addresses of the desk, as a server runs them."""

from starlette.applications import Starlette
from starlette.routing import Route

from pipelines.desk import desk_pages, sign_in_pages, views
from pipelines.desk.api import api_routes
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.performing import act
from pipelines.desk.previews import attempt, trial
from pipelines.desk.question_page import question, question_answered
from pipelines.desk.rendering import asset, broken, missing, shown_error
from pipelines.desk.report_files import reports_view
from pipelines.desk.security import Guarded
from pipelines.desk.shared import DeskApp
from pipelines.desk.threshold_page import rules_page
from pipelines.desk.visits import View, posted, signed_in
from pipelines.errors import SchoolbellError
from pipelines.settings.roles import Right


def _get(path: str, view: View, right: Right | None = "findings") -> Route:
    return Route(path, signed_in(view, right))


def routes() -> list[Route]:
    """Return every page and every address of the API."""
    return [
        *api_routes(),
        _get("/", desk_pages.home, None),
        _get("/decide", desk_pages.many, "verdict"),
        _get("/cases/{case}", desk_pages.case, "evidence"),
        _get("/cases/{case}/letter", desk_pages.letter_page, "evidence"),
        _get("/cases/{case}/days", desk_pages.case_days, "evidence"),
        _get("/cases/{case}/question", desk_pages.question_on_paper, "refer"),
        _get("/sites", desk_pages.sites),
        Route("/try/{act}", posted(attempt), methods=["POST"]),
        _get("/trials/{trial}", trial, "sites"),
        _get("/proposals", desk_pages.proposals_view, "replay"),
        _get("/start", desk_pages.values_page("start.html.j2", views.start_page), "replay"),
        _get("/requests", desk_pages.values_page("requests.html.j2", views.requests_page)),
        _get("/requests/{request}", desk_pages.request_view),
        _get("/referrals", desk_pages.values_page("referrals.html.j2", views.referrals_page)),
        _get("/office", desk_pages.office_view, "referral"),
        _get("/office/{referral}", desk_pages.office_referral, "referral"),
        _get("/office/{referral}/letter", desk_pages.office_letter, "referral"),
        _get("/exceptions", desk_pages.permits_view),
        _get("/reports", reports_view),
        _get("/reports/{path:path}", reports_view),
        _get("/system", desk_pages.system_view, "accounts"),
        _get("/weeks", desk_pages.weeks_view),
        _get("/thresholds", desk_pages.values_page("thresholds.html.j2", rules_page)),
        _get("/thresholds/{rule}", desk_pages.rule_view),
        _get("/missing", desk_pages.missing_view, None),
        _get("/use", desk_pages.use_view),
        _get("/apps", desk_pages.apps_view),
        _get("/charts", desk_pages.charts_view),
        _get("/readers", desk_pages.values_page("readers.html.j2", views.readers_page), "sign"),
        _get("/records", desk_pages.values_page("records.html.j2", views.records_page), "records"),
        _get("/records/{record}", desk_pages.record_view, "records"),
        _get("/acts", desk_pages.acts_view),
        Route("/act/{act}", posted(act), methods=["POST"]),
        Route("/question/{token}", question),
        Route("/question/{token}", question_answered, methods=["POST"]),
        Route("/signin", sign_in_pages.sign_in_page),
        Route("/signin/local", sign_in_pages.local, methods=["POST"]),
        Route("/signin/openid", sign_in_pages.openid),
        Route("/signin/openid/back", sign_in_pages.openid_back),
        Route("/signout", posted(sign_in_pages.sign_out), methods=["POST"]),
        Route("/assets/{name}", asset),
    ]


def app(home: OpenHome) -> Guarded:
    """Return the desk of a home, as a server runs it."""
    starlette = Starlette(
        routes=routes(),
        exception_handlers={
            404: missing,
            405: missing,
            500: broken,
            SchoolbellError: shown_error,
        },
    )
    starlette.state.desk = DeskApp(home)
    return Guarded(starlette)
