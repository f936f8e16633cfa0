"""Tells a story in one district's words, and shows what came of it."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records
from tests.scenarios.places import ZONE
from tests.scenarios.running import Shown, run
from tests.scenarios.scenario import Act
from tests.stories.acts import STORIES, Missing, Pair
from tests.stories.district import AGENTS, DEFAULT, District, without
from tests.stories.products import PRODUCTS

FOUND, LEAD = "finding", "lead"


def told(
    pair: Pair, act: Act, uses: Mapping[str, str], rules: tuple[str, ...]
) -> tuple[District, list[Shown]]:
    """Return the story's lines and every finding and lead."""
    story = District(pair.day, uses=uses)
    extra = act(story) or {}
    with TemporaryDirectory() as home:
        return story, run(Path(home), story, extra, rules)


def what_came(pair: Pair, uses: Mapping[str, str]) -> str:
    """Return a finding, a lead, or the fact that the products do not record.

    A story that is silent though every fact is there fails.
    """
    story, shown = told(pair, pair.act, uses, pair.rules + pair.leads)
    found = {one.rule for one in shown if one.finding.confidence != "C1"}
    assert {one.account for one in shown} <= {pair.account}
    if set(pair.rules) <= found:
        return FOUND
    if found or shown:
        return LEAD
    lacking = [one.fact for one in pair.missing if is_missing(one, story)]
    assert lacking, f"{pair.title}: nothing was said, and no fact is missing"
    return lacking[0]


def named_by_twin(pair: Pair, uses: Mapping[str, str], rules: tuple[str, ...]) -> list[str]:
    """Return findings about the innocent twin."""
    _, shown = told(pair, pair.twin, uses, rules)
    return [f"{one.rule} {one.account}" for one in shown if one.finding.confidence != "C1"]


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


def cells() -> list[tuple[Pair, str, str]]:
    """Return each story with each product that records it, in a district of others."""
    return [
        (pair, role, product)
        for pair in STORIES
        for role in pair.roles
        for product in PRODUCTS[role]
        if not pair.is_agent or product in AGENTS
    ]


def uses_of(role: str, product: str) -> Mapping[str, str]:
    """Return a district of other products; one with names of a resolver has no filter."""
    others = without(DEFAULT, "web") if role == "dns" else DEFAULT
    return {**others, role: product}
