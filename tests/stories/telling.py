"""Tells a story in one district's words, and shows what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records
from tests.scenarios.places import ZONE
from tests.scenarios.running import Shown, run_together
from tests.scenarios.scenario import Act
from tests.stories.acts import STORIES, Missing, Pair
from tests.stories.district import AGENTS, DEFAULT, District, without

FOUND, LEAD = "finding", "lead"
APART = timedelta(weeks=5)
"""No rule looks further back."""
MOST = 8
"""Stories for which the calendar of one year has room."""


@dataclass(frozen=True)
class Told:
    """A story in the words of a district, and every finding and lead of its weeks."""

    story: District
    shown: list[Shown]


def told_together(pairs: Sequence[Pair], uses: Mapping[str, str]) -> Mapping[tuple[str, str], Told]:
    """Return stories and their twins as one district tells them, each in its own week.

    Those that give an account to another person are told in a district of their own, twins in a
    second one, and more than eight in further ones.

    Returns:
        Title, and `act` or `twin` -> what came of it.
    """
    together: dict[str, list[tuple[str, Pair, Act]]] = {}
    for pair in pairs:
        for part, act in (("act", pair.act), ("twin", pair.twin)):
            given = act(District(pair.day, uses=uses)) or {}
            alone = f"{pair.title}-" if "users.csv" in given else ""
            together.setdefault(alone + part, []).append((part, pair, act))
    return {
        key: told
        for district in together.values()
        for first in range(0, len(district), MOST)
        for key, told in _told(district[first : first + MOST], uses).items()
    }


def _told(
    parts: Sequence[tuple[str, Pair, Act]], uses: Mapping[str, str]
) -> dict[tuple[str, str], Told]:
    extra: dict[str, str] = {}
    stories = {}
    for number, (part, pair, act) in enumerate(parts):
        story = District(pair.day + APART * number, uses=uses)
        story.number_from(number * 10_000)
        for name, rows in (act(story) or {}).items():
            extra[name] = extra.get(name, "") + rows
        stories[pair.title, part] = story
    with TemporaryDirectory() as home:
        shown = run_together(Path(home), [*stories.values()], extra)
    return {
        key: Told(
            story, [one for one in shown if abs(one.finding.event_date - story.day) < APART / 2]
        )
        for key, story in stories.items()
    }


def what_came(pair: Pair, told: Told) -> str:
    """Return a finding, a lead, or the fact that the products do not record.

    A story that is silent though every fact is there fails.
    """
    story, every = told.story, told.shown
    shown = [one for one in every if one.rule in pair.rules + pair.leads]
    found = {one.rule for one in shown if one.finding.confidence != "C1"}
    assert {one.account for one in shown} <= {pair.account}
    if set(pair.rules) <= found:
        return FOUND
    if found or shown:
        return LEAD
    lacking = [one.fact for one in pair.missing if is_missing(one, story)]
    assert lacking, f"{pair.title}: nothing was said, and no fact is missing"
    return lacking[0]


def named(told: Told) -> list[str]:
    """Return the findings that are not leads, of which an innocent twin has none."""
    return [f"{one.rule} {one.account}" for one in told.shown if one.finding.confidence != "C1"]


def is_missing(missing: Missing, story: District) -> bool:
    """No line of the district holds the fact."""
    for source, lines in story.lines.items():
        product = story.product_of(source)
        texts = [line for _, line in sorted(lines, key=lambda one: one[0])]
        reader = formats()[product.format]
        batch = records(story.encoded(source, texts), reader.framing)
        context = Context(reading=Reading(zone=ZONE), options=story.options[source])
        events = reader.parse(batch, context).events
        frame = events.get(missing.event_class)
        if frame is not None and any(
            frame[column].null_count() < frame.height for column in missing.columns
        ):
            return False
    return True


def stories_of(role: str, product: str) -> list[Pair]:
    """Return the stories that a product records."""
    return [
        pair for pair in STORIES if role in pair.roles and (not pair.is_agent or product in AGENTS)
    ]


def uses_of(role: str, product: str) -> Mapping[str, str]:
    """Return a district of other products; one with names of a resolver has no filter."""
    others = without(DEFAULT, "web") if role == "dns" else DEFAULT
    return {**others, role: product}
