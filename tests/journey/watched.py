"""A district that ran after Monday, and what a look on Tuesday at two meets."""

import os
import shutil
from datetime import UTC, datetime, timedelta

from pipelines.registry.new_home import create
from pipelines.run.run import run
from tests.scenarios import places, risks
from tests.scenarios.scenario import TUESDAY
from tests.scenarios.story import WORK, Story

SETTINGS = """
[detections.AN-1]
stage = "live"
"""
AT_TWO = datetime(2026, 3, 3, 20, tzinfo=UTC)
"""Two o'clock on the Tuesday of the stories, in the district's zone."""
NIGHT = datetime(2026, 3, 4, 10, 15, tzinfo=UTC)


def deliver(home, story, name):
    for source, lines in story.lines.items():
        folder = home / "landing" / source
        folder.mkdir(parents=True, exist_ok=True)
        ordered = [line for _, line in sorted(lines, key=lambda one: one[0])]
        file = folder / f"{name}.log"
        file.write_bytes(story.encoded(source, ordered))
        last = max(when for when, _ in lines).timestamp()
        os.utime(file, (last, last))


def ran_on_monday(folder):
    """Make the district in a folder; Monday was like any other day."""
    made = create(folder)
    shutil.rmtree(made.registry)
    texts = dict(places.registry(TUESDAY, {}))
    places.write(folder, {**texts, places.DISTRICT: SETTINGS}.items())
    sources = "".join(
        f'[sources.{name}]\nformat = "{log_format}"\n' for name, log_format in Story.formats.items()
    )
    with (folder / places.DISTRICT).open("a", encoding="utf-8") as file:
        file.write(sources)
    monday = Story(TUESDAY - timedelta(days=1))
    monday.logon("avega", "hs-avega", "07:41")
    monday.surf("avega", "hs-avega", "08:00", WORK, minutes=30)
    deliver(folder, monday, "monday")
    run(folder, now=AT_TWO - timedelta(hours=10), settle_seconds=0)
    return folder


def attack(home):
    """Deliver a Tuesday on which twenty accounts were tried from one computer."""
    story = Story(TUESDAY)
    risks.twenty_accounts_from_one_lab_pc(story)
    deliver(home, story, "tuesday")
