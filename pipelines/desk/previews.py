"""Previews of registry changes, which run on a copy while the page waits."""

import secrets
from collections.abc import Callable, Mapping

from starlette.responses import RedirectResponse, Response

from pipelines.actions.action import AnyAction, Input, Result, every_action
from pipelines.actions.context import ActionContext
from pipelines.actions.site_effects import in_words
from pipelines.desk.rendering import StaleError
from pipelines.desk.shared import Trial
from pipelines.desk.visits import Visit
from pipelines.errors import BusyError, SchoolbellError

MAX_TRIALS = 50
"""Number of registry previews to remember."""


def form_of_address(visit: Visit) -> AnyAction:
    """Return the action that the address names, if the user may perform it."""
    form = every_action().get(visit.request.path_params["act"])
    if form is None:
        raise SchoolbellError("there is no such action")
    visit.asker.require(form.right)
    return form


def attempt(visit: Visit, sent: Mapping[str, str]) -> Response:
    """Begin to preview a change of the registry; the page of the preview."""
    form = form_of_address(visit)
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


def performer(visit: Visit, form: AnyAction, given: Input) -> Callable[[ActionContext], Result]:
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
