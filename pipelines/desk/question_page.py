"""The page of a mailed question, which needs no account."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pipelines.actions.owner_questions import (
    ANSWERS,
    BY_LINK,
    OWNER,
    ClosedError,
    answer_by_link,
    question_of,
)
from pipelines.desk.rendering import rendered
from pipelines.desk.security import form_of, refuse_odd, visitor
from pipelines.desk.shared import DeskApp
from pipelines.errors import SettingsError


def question(request: Request) -> Response:
    """Show the question of a mailed link; it needs no account and shows nothing else."""
    return _question(request, None)


async def question_answered(request: Request) -> Response:
    """Take the one answer to a mailed question."""
    sent = await form_of(request)
    return await run_in_threadpool(_question, request, sent or {})


def _question(request: Request, sent: Mapping[str, str] | None) -> Response:
    desk: DeskApp = request.app.state.desk
    if refused := refuse_odd(desk, request):
        return refused
    token, address = request.path_params["token"], visitor(request)
    context = desk.home.context(BY_LINK)
    # a person who guesses is stopped before a link is looked up
    open_question = None if desk.wrong_links.is_full(address) else question_of(context, token)
    state = "open" if open_question else "closed"
    if open_question is None:
        desk.wrong_links.add(address)
    elif sent is not None:
        try:
            with desk.home.writing:
                code, text = sent.get("answer", ""), sent.get("text", "")
                answer_by_link(context, token, code, text)
            state = "answered"
        except ClosedError:
            state = "closed"
        except SettingsError:
            state = "wrong"
    values = {
        "question": open_question,
        "state": state,
        "token": token,
        "answers": ANSWERS[OWNER],
    }
    status = {"closed": 404, "wrong": 422}.get(state, 200)
    return rendered(desk, "question.html.j2", status, values)
