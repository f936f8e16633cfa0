"""Actions on what fetched lists would add to the registry: preview and accept."""

from collections.abc import Callable, Iterator, Mapping

from pipelines.actions.action import Input, Preview, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.proposals import trial_with
from pipelines.district import PERSON_WAITS, only_writer
from pipelines.errors import SettingsError
from pipelines.findings.review import required_reason
from pipelines.proposals.fetched_rows import SOURCE, accept_fetched, changes_of, waiting_plan
from pipelines.proposals.setup import Plan, counts_of
from pipelines.registry.outline import digest_of
from pipelines.state.fetched import note_waiting

TRIED_WEEKS = 2
"""A list reaches many days and models; so few are judged in seconds."""


def lines_of(plan: Plan) -> Iterator[str]:
    """Yield what each file would gain, without names."""
    yield from (f"{one.file}: {counts_of(one)}" for one in plan.files if one.is_changed)
    yield from (f"{one.name}: {sum(one.days.values())} days" for one in plan.calendars)


def changed_files(plan: Plan) -> Mapping[str, Callable[[bytes], bytes]]:
    """Return for each file of the registry what it would be."""
    files = {one.file: one.data for one in plan.files if one.is_changed}
    files |= {one.name: one.data for one in plan.calendars}
    return {name: lambda _, data=data: data for name, data in files.items()}  # type: ignore[misc]


class FetchedInput(Input):
    """All that fetched lists would add."""

    reason: Reason


@action(
    name="fetched-lists",
    of_command="setup",
    right="sites",
    title="Accept the fetched lists",
    button="Preview the effect",
    confirm="Add to the registry",
    back="/proposals",
)
def accept_lists(context: ActionContext, given: FetchedInput) -> Preview:
    """Accept what fetched lists would add to the registry."""
    plan = waiting_plan(context.district)
    if not changes_of(plan):
        raise SettingsError("the fetched lists add nothing now", remedy="Reload the page.")
    registry = digest_of(context.district.home, context.district.settings)
    why = required_reason(given.reason)

    def write(now: ActionContext) -> Result:
        district = now.district
        with only_writer(district.home, PERSON_WAITS):
            if digest_of(district.home, district.settings) != registry:
                raise SettingsError(
                    "the registry changed since the preview", remedy="Preview it again."
                )
            _, done = accept_fetched(district, plan, str(now.asker), why)
            note_waiting(district.store, 0)
        return Result(f"{'; '.join(done)}. It takes effect with the next run.")

    return Preview(
        title=SOURCE,
        why="Services that district.toml names sent these lists.",
        file="registry",
        rows=list(lines_of(plan)),
        differences=lambda: trial_with(context, changed_files(plan), TRIED_WEEKS).differences,
        write=write,
    )
