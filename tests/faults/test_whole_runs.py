"""A whole run is killed anywhere, from building to alerts: the next one mends all."""

import json
import random
import re
import shutil
from collections import Counter

import pytest

from pipelines.district import open_district
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.state.published_reports import pending_reports
from pipelines.state.source_records import dirty_days, quarantined
from pipelines.warehouse.snapshots import current, reading
from tests.conftest import LONG
from tests.faults.zygote import DONE, STEPS
from tests.journey.commands import schoolbell
from tests.journey.small import rows_of, told_of
from tests.scenarios import places
from tests.scenarios.scenario import TUESDAY
from tests.scenarios.story import Story
from tests.scenarios.ways_around import remote_control

KILLED = -9
LINK = re.compile(r'(?:href|src)="([^"#:]+)')


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory, zygote):
    """A small district of two days whose lines are in the lake, and nothing built."""
    folder = tmp_path_factory.mktemp("whole") / "home"
    home = create(folder)
    shutil.rmtree(home.registry)
    home.settings_file.unlink()
    places.write(folder, places.registry(TUESDAY, {}).items())
    story = Story(TUESDAY)
    remote_control(story)
    for source, lines in story.lines.items():
        (home.landing / source).mkdir()
        text = "".join(f"{line}\n" for _, line in sorted(lines))
        (home.landing / source / "day.log").write_text(text)
        with home.settings_file.open("a") as file:
            file.write(f'\n[sources.{source}]\nformat = "{story.formats[source]}"\n')
    assert schoolbell("ingest", "--home", folder, "--settle-seconds", 0).code == 0
    # what no one can read is worth an alert
    (home.landing / "odd").mkdir()
    (home.landing / "odd" / "notes.txt").write_text("neither this\nnor that\n" * 40)
    return folder


@pytest.fixture(scope="module")
def undisturbed(taken_in, tmp_path_factory, zygote):
    """The same district after a run that nothing disturbs: home, seconds, points."""
    folder = shutil.copytree(taken_in, tmp_path_factory.mktemp("undisturbed") / "home")
    assert zygote.run(folder, whole=True) == DONE, zygote.said()
    told = zygote.said().split(STEPS)[-1]
    seconds, points = told.splitlines()[0].rsplit(" ", 1)
    return folder, json.loads(seconds), int(points)


def torn(folder):
    """Return links that lead nowhere, of pages that a reader comes to from the index."""
    reports = DistrictHome(folder).reports
    first = (reports / "index.html", reports / "latest.html")
    waiting = [one for one in first if one.exists()]
    seen, wrong = set(waiting), []
    while waiting:
        page = waiting.pop()
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            to = (page.parent / target).resolve()
            if not to.exists():
                wrong.append((page.name, to.name))
            elif to.suffix == ".html" and to not in seen:
                seen.add(to)
                waiting.append(to)
    return wrong


def check_half(folder):
    """After a kill: what readers see is whole, of one version, or not there yet."""
    assert torn(folder) == []
    snapshots = DistrictHome(folder).snapshots
    if (snapshots / "CURRENT").is_file():
        with reading(current(snapshots)) as snapshot:
            assert snapshot.table("findings.findings").height


def check_end(folder, undisturbed):
    """After the next run: the same as if nothing had happened, and each thing once."""
    mine, theirs = rows_of(folder), rows_of(undisturbed)
    assert mine.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert mine[name].equals(rows), name
    assert told_of(folder) == told_of(undisturbed)
    with open_district(folder) as district:
        assert dirty_days(district.store) == []
        assert pending_reports(district.store) == []
        assert quarantined(district.store) == []
    check_half(folder)
    pages, sound = (
        {p.name for p in DistrictHome(one).reports.rglob("*.html")} for one in (folder, undisturbed)
    )
    assert pages == sound
    assert sent(folder) == sent(undisturbed)
    assert set(sent(folder).values()) == {1}


def sent(folder):
    """Return how often each message was written to the file that alerts go to."""
    told = DistrictHome(folder).path / "alerts.jsonl"
    lines = told.read_text().splitlines() if told.is_file() else []
    return Counter(json.loads(line)["subject"] for line in lines)


def test_a_whole_run_is_killed_at_its_steps(taken_in, undisturbed, tmp_path, zygote):
    """In front of each model, each file that is written, each commit."""
    sound, _, points = undisturbed
    chance = random.Random(11)
    tried = range(1, points, 1 + points // 60) if LONG else chance.sample(range(1, points), 1)
    kills = 0
    for at in tried:
        folder = shutil.copytree(taken_in, tmp_path / f"k{at}")
        code = zygote.run(folder, "kill", at=at, whole=True)
        assert code in (KILLED, DONE), zygote.said()
        kills += code == KILLED
        check_half(folder)
        assert zygote.run(folder, whole=True) == DONE, zygote.said()
        check_end(folder, sound)
        shutil.rmtree(folder)
    print(f"\na whole run killed at {kills} of {points} points: 0 differences")
    assert kills


def test_a_whole_run_is_killed_at_any_instant(taken_in, undisturbed, tmp_path, zygote):
    """Inside DuckDB, too, where no step is seen; again and again in one home."""
    sound, seconds, _ = undisturbed
    chance = random.Random(13)
    kills: Counter[str] = Counter()
    for number in range(25 if LONG else 1):
        folder = shutil.copytree(taken_in, tmp_path / f"r{number}")
        for _ in range(3):
            after = chance.uniform(0.01, sum(seconds.values()))
            code = zygote.run(folder, "time", after_seconds=after, whole=True)
            if code == DONE:
                break
            kills[step_at(after, seconds)] += 1
            check_half(folder)
        assert zygote.run(folder, whole=True) == DONE, zygote.said()
        check_end(folder, sound)
        shutil.rmtree(folder)
    print(f"\na whole run killed at {kills.total()} instants: {dict(kills)}")


def step_at(after, seconds):
    """Return the step that an undisturbed run is in after that long."""
    for name, lasts in seconds.items():
        after -= lasts
        if after <= 0:
            return name
    return "the end"
