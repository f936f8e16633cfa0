"""Builds the district of stories once, and returns what the rules make of each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.events import EVENT_CLASSES
from pipelines.findings.judgment import Circumstances, judge
from pipelines.findings.record import Finding, candidates
from pipelines.refresh import spans
from pipelines.refresh.spans import Builder, Quarantine
from pipelines.registry.account_domains import Domains, applied
from pipelines.registry.account_names import derive
from pipelines.registry.registry import Registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.detections import catalog
from pipelines.warehouse.inputs import LakeFiles
from pipelines.warehouse.models import Model, models, upstream
from tests.space.events import Events
from tests.space.stories import DAYS, ONE_ADDRESS, Story, registry, tell

SETTINGS = """
[district]
name = "Space Community Schools"
zone = "America/Chicago"
site_list_complete_from = 2025-08-04

[district.usual_duty]
clerk = "07:30-16:00"
"""
KINDS = {
    "shared_account": ("shared_account",),
    "site": ("non_approved_site",),
    "off_hours": ("off_hours_external",),
    "upload": ("AN-2",),
    "scan": ("AN-20",),
}
"""The rules that judge each act: a kind, or the code of one."""


SEEN = """
with told as (
    select
        unnest($numbers::int[]) as number,
        unnest($addresses::varchar[]) as ip,
        unnest($machines::varchar[]) as machine,
        unnest($sides::varchar[]) as side,
        unnest($starts::timestamptz[]) as start_time
)
select
    told.number,
    told.side,
    count(requests.event_id) as request_count,
    mode(requests.account) as account,
    coalesce(mode(requests.attribution_grade), '') as grade,
    coalesce(mode(requests.attribution_facts), '') as facts,
    coalesce(mode(requests.device), '') as device
from told
inner join core.http_requests as requests
    on
        told.ip = requests.src_ip
        and requests.start_time between told.start_time and told.start_time + interval 31 minute
left join raw.http_requests as lines on requests.event_id = lines.event_id
where coalesce(told.machine = lines.src_hostname, told.machine is null)
group by told.number, told.side
order by told.number, told.side desc
"""
"""How the requests of each side of a story are attributed."""


@dataclass(frozen=True)
class Answer:
    """What the rules make of one story.

    Attributes:
        outcome: finding, lead or nothing.
        confidence: The highest of the findings.
        rules: Codes of the rules behind it.
        others: Findings about another subject, on another day, or of another act.
        seen: How the requests of the story are attributed, on both sides.
    """

    outcome: str
    confidence: str
    rules: str
    others: tuple[str, ...]
    seen: str


def needed_models() -> Mapping[str, Model]:
    """Return the rules of the acts, and what they read, directly or not."""
    every = models()
    judges = {one for kinds in KINDS.values() for one in kinds}
    return upstream(
        every,
        (name for name, model in every.items() if {model.header.kind, model.header.code} & judges),
    )


def lists_of(
    folder: Path, texts: Mapping[str, str], settings: str
) -> tuple[Registry, tuple[str, ...]]:
    """Make a home of these registry files; return the registry and the account domains."""
    home = DistrictHome(folder)
    (folder / "registry").mkdir(parents=True)
    (folder / "lake").mkdir()
    (folder / "district.toml").write_text(settings, encoding="utf-8")
    for name, text in texts.items():
        (folder / "registry" / name).write_text(text, encoding="utf-8")
    read = load_settings(home)
    lists = load_registry(home, read)
    assert not lists.errors, lists.errors
    return lists, read.district.account_domains


@contextmanager
def built(
    folder: Path, lists: Registry, domains: tuple[str, ...], files: LakeFiles
) -> Iterator[Database]:
    """Provide the warehouse of these lists and events."""
    days = files.days()
    with writing(folder / "warehouse.duckdb", threads=1) as database:
        inputs.load_registry(database, lists)
        inputs.show_raw(database, files, EVENT_CLASSES, (days[0], days[-1]))
        spellings = inputs.values_of(database, "spellings")
        accounts, aliases = lists.frames["accounts"], lists.frames["account_aliases"]
        names = Domains(domains, applied(derive(spellings, accounts, aliases, domains)))
        inputs.refresh_dimensions(database, lists, names, is_new_registry=True)
        builder = Builder(
            database=database,
            files=files,
            overrides={},
            zone="America/Chicago",
            quarantine=Quarantine(None),
            at_once=2,
        )
        needed = needed_models()
        spans.build(builder, needed, spans.stale_days(needed, days, days))
        inputs.show_raw(database, files, EVENT_CLASSES, (days[0], days[-1]))
        yield database


def answers(folder: Path, told: Sequence[Story]) -> list[Answer]:
    """Return the answer to each story, in their order."""
    lists, domains = lists_of(folder, registry(told), SETTINGS)
    events = Events()
    for story in told:
        tell(events, story)
    with built(folder, lists, domains, events.write(folder / "lake")) as database:
        return judged(database, lists, told)


def judged(database: Database, lists: Registry, told: Sequence[Story]) -> list[Answer]:
    """Return what the rules of a built warehouse make of each story, in their order."""
    numbers = {name: story.number for story in told for name in story.names}
    by_story: dict[int, list[Finding]] = defaultdict(list)
    known = Circumstances(exceptions=lists.frames["exceptions"])
    days = sorted({*DAYS, *(story.day for story in told)})
    for detection in catalog(needed_models(), lists).values():
        for finding in judge(detection, candidates(database, detection, days), known):
            by_story[numbers[finding.subject]].append(finding)
    seen = _attributed(database, told)
    return [_answer(story, by_story[story.number], seen[story.number]) for story in told]


def _attributed(database: Database, told: Sequence[Story]) -> Mapping[int, str]:
    """Return in words how the requests of each story are attributed."""
    sides = [(story, side, ip) for story in told for side, ip in story.sides().items()]
    values = {
        "numbers": [story.number for story, _, _ in sides],
        "addresses": [ip for _, _, ip in sides],
        "machines": [story.device if ip == ONE_ADDRESS else None for story, _, ip in sides],
        "sides": [side for _, side, _ in sides],
        "starts": [story.start for story, _, _ in sides],
    }
    seen: dict[int, list[str]] = {story.number: [] for story in told}
    for number, side, _, account, grade, facts, device in database.rows(SEEN, values):
        whose = {f"u{number:04}": "", None: "no account "}.get(account, "another account ")
        at = " of an unlisted device" if device.startswith("mac:") or not device else ""
        seen[number].append(f"{side} {whose}{grade}{facts and f' by {facts}'}{at}")
    return {number: "; ".join(words) or "no request" for number, words in seen.items()}


def _answer(story: Story, findings: Sequence[Finding], seen: str) -> Answer:
    judges = {*KINDS[story.act.name]}
    if story.act.name == "off_hours" and story.duty.startswith("leave"):
        judges |= {*KINDS["shared_account"]}  # a rule on leave asks who was there
    about = [
        one
        for one in findings
        if {one.kind, one.rule} & judges
        and one.subject in story.subjects
        and one.event_date == story.day
    ]
    named = [one for one in about if one.confidence != "C1"]
    others = [
        one
        for one in findings
        if one not in about
        and one.confidence != "C1"
        # off hours the site may be judged as well, as use of the district's property
        and not (story.act.name == "off_hours" and one.kind in KINDS["site"])
    ]
    return Answer(
        outcome="finding" if named else "lead" if about else "nothing",
        confidence=max((one.confidence for one in named), default=""),
        rules=" ".join(sorted({one.rule for one in named or about})),
        others=tuple(sorted({f"{one.rule} {one.subject} {one.event_date}" for one in others})),
        seen=seen,
    )
