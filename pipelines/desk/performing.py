"""Actions of people on pages: performed once, if the page was not out of date."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from starlette.responses import RedirectResponse, Response

from pipelines.actions.action import AnyAction
from pipelines.actions.queue_filter import QueueFilter
from pipelines.actions.verdicts import ALL, revisions_of
from pipelines.desk.background_mail import ANSWERS, mail_request, send_later
from pipelines.desk.previews import form_of_address, performer
from pipelines.desk.queue import matching, next_case
from pipelines.desk.rendering import REVISIONS, StaleError
from pipelines.desk.visits import Visit
from pipelines.findings.review import SecondPersonError
from pipelines.state.connections import Transaction
from pipelines.state.desk_users import case_revision

SAVED = "schoolbell-saved"
"""Cookie of a file that was just sent; it has no secret."""


def act(visit: Visit, sent: Mapping[str, str]) -> Response:
    """Perform one action: the function that the command calls, as the signed-in user."""
    form = form_of_address(visit)
    perform = performer(visit, form, form.input.of_form(sent))
    produced: list[bytes] = []
    back = _filtered(form.back or f"/{form.about}s/{sent[form.about]}", sent)
    order = _order(visit, sent) if form.is_deciding else []
    try:
        with visit.desk.home.writing:
            # a copy of a context would read cases and names again
            result = perform(visit.context(_guard(form, sent), produced.append))
    except SecondPersonError as waiting:
        if waiting.is_new:
            mail_request(visit, waiting.request_id, "")
        return RedirectResponse(f"/requests/{waiting.request_id}", 303)
    if form.name in ANSWERS:
        mail_request(visit, sent["request"], ANSWERS[form.name])
    if result.mail is not None:
        send_later(visit, result.mail)
    visit.session.message, visit.session.undo = result.text, result.decided
    if result.decided:
        back = _after_verdict(visit, sent, order, result.decided)
    if result.names is not None:
        return visit.page("names.html.j2", names=result.names, case=sent["case"])
    if result.file:
        return _file(result.file, b"".join(produced), is_change=result.is_reloaded)
    return RedirectResponse(_filtered(result.back, sent) if result.back else back, 303)


def _filtered(back: str, sent: Mapping[str, str]) -> str:
    """Return a page with the filter of the queue from which the form was opened."""
    query = QueueFilter.parse(sent["queue"]).query if sent.get("queue") else ""
    return f"{back}?{query}" if query else back


def _order(visit: Visit, sent: Mapping[str, str]) -> list[str]:
    """Return the cases of the queue from which a form was opened, in its order."""
    chosen = QueueFilter.parse(sent.get("queue", ""))
    return [one.case.case_id for one in matching(visit.desk.home, visit.context(), chosen)]


def _after_verdict(
    visit: Visit, sent: Mapping[str, str], order: Sequence[str], decided: Sequence[str]
) -> str:
    """Return the next case of the same queue; the same case while other findings are open."""
    query = QueueFilter.parse(sent.get("queue", "")).query
    if sent.get("subject", ALL) != ALL and visit.context().case(decided[0]).undecided:
        following = decided[0]
    else:
        following = next_case(order, decided, _order(visit, sent))
    return f"/cases/{following}?{query}" if following else f"/?{query}"


def _guard(form: AnyAction, sent: Mapping[str, str]) -> Callable[[Transaction], None]:
    """Return a check that raises, in the action's own transaction, if the page is out of date."""
    seen = sent.get("revision", "")

    def guard(transaction: Transaction) -> None:
        if form.about:
            now = REVISIONS[form.about](transaction, sent.get(form.about, ""))
            if now != seen:
                raise StaleError(
                    "this page is out of date; nothing was done",
                    remedy="Reload it, review the changes, and decide again.",
                )
        for case_id, shown in revisions_of(sent).items():
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
