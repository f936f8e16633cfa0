"""Pages from templates, their style and scripts, and the pages of errors."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipelines.actions.action import AnyAction
from pipelines.desk.signin import TooOftenError
from pipelines.errors import BusyError, SchoolbellError
from pipelines.reports.pages import boot, environment, file_of, style
from pipelines.reports.words import OFFICES, in_locale
from pipelines.settings.roles import RefusedError
from pipelines.state.connections import Store, Transaction
from pipelines.state.desk_users import case_revision, record_revision, request_revision

if TYPE_CHECKING:  # templates are imported with the first page
    from jinja2 import Environment
from pipelines.desk.shared import DeskApp

LOG = logging.getLogger("schoolbell.desk")
REVISIONS: Mapping[str, Callable[[Transaction, str], str]] = {
    "case": case_revision,
    "request": request_revision,
    "record": record_revision,
}


class StaleError(SchoolbellError):
    """The data that the user saw has changed."""


STATUS: tuple[tuple[type[SchoolbellError], int], ...] = (
    (StaleError, 409),
    (TooOftenError, 429),
    (RefusedError, 403),
    (BusyError, 503),
)


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


def rendered(desk: DeskApp, name: str, status: int, values: Mapping[str, object]) -> Response:
    """Render a template in the district's look and language."""
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


def revisions(store: Store) -> Callable[[AnyAction, Mapping[str, object]], str]:
    """Return a function that gives the forms of a page the revision of their subject."""

    @cache
    def read(about: str, subject: str) -> str:
        with store.reading() as connection:
            return REVISIONS[about](connection, subject)

    def revision(form: AnyAction, values: Mapping[str, object]) -> str:
        return read(form.about, str(values[form.about])) if form.about else ""

    return revision


def asset(request: Request) -> Response:
    """Style and script: the same for everyone, and kept by browsers."""
    if (content := assets().get(request.path_params["name"])) is None:
        return Response("not found", 404)
    text, kind = content
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(text, media_type=kind, headers=headers)


def failed(desk: DeskApp, error: SchoolbellError) -> Response:
    """Render the page of an error with its remedy."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 422)
    try:
        values = {"error": error, "status": status}
        return rendered(desk, "error.html.j2", status, values)
    except SchoolbellError as worse:  # the home itself cannot be read
        return Response(str(worse), 503, media_type="text/plain")


def shown_error(request: Request, error: Exception) -> Response:
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
