"""The published reports, with links to the desk."""

import re
from pathlib import Path

from starlette.responses import RedirectResponse, Response

from pipelines.desk.rendering import missing
from pipelines.desk.shared import record_reading
from pipelines.desk.visits import Visit

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


def reports_view(visit: Visit) -> Response:
    """Send a page or a file of the published reports, with links to the desk.

    A superintendent reads the superintendent's edition, if the district publishes it. A page of
    a case is recorded like the same case at the desk.
    """
    folder = _reports_for(visit)
    path = visit.request.path_params.get("path", "")
    if not path:
        if not (folder / "latest.html").is_file():
            return visit.nothing_yet("Reports")
        return RedirectResponse("/reports/latest.html", 303)
    file = (folder / path).resolve()
    kind = REPORT_FILES.get(file.suffix)
    if kind is None or not file.is_relative_to(folder) or not file.is_file():
        return missing(visit.request, KeyError(path))
    if match := CASE_PAGE.search(path):
        context = visit.context()
        if match[1] in {one.case_id for one in context.cases}:
            record_reading(visit.desk, context, match[1])
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
    edition = place.editions / "superintendent"
    is_own = visit.asker.roles == ("superintendent",) and (edition / "latest.html").is_file()
    return (edition if is_own else place.reports).resolve()
