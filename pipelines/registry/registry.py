"""The registry as canonical frames: loads every file, tells every problem at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from pipelines.registry import builtin, permits
from pipelines.registry.calendar import calendar_days, closed_late
from pipelines.registry.catalogue import approved_sites, category_word, site_categories
from pipelines.registry.devices import devices
from pipelines.registry.directory import directory
from pipelines.registry.duty import duty_windows, leave_windows
from pipelines.registry.expected import expected_traffic
from pipelines.registry.files import FILES
from pipelines.registry.frames import FRAMES
from pipelines.registry.intake import LINK, ROSTER, Intake, leads_out, take_in
from pipelines.registry.kept import (
    Given,
    Kept,
    Refused,
    forget,
    has_rows,
    keep,
    note_refused,
    read_kept,
)
from pipelines.registry.list_store import Lists, read_lists
from pipelines.registry.mending import mended
from pipelines.registry.networks import egress, ip_geo, subnets
from pipelines.registry.outside import OutsideFile, OutsideFiles, outside_files
from pipelines.registry.policy import default_policy, read_policy
from pipelines.registry.reading import Rows
from pipelines.registry.references import dangling
from pipelines.registry.roster import Roster, roster
from pipelines.registry.schools import buildings, of_organisations
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem


@dataclass(frozen=True)
class Registry:
    """What the district says, checked.

    Attributes:
        frames: Every frame of `frames.FRAMES`, empty where nothing is said.
        problems: What is wrong, and notices; bad rows are not in the frames.
        missing: File without a row -> what can not be judged without it.
        version: Hash of the contents of all files.
        versions: Hash of each file, by name.
        people_names: Person -> display name. Kept apart from the frames.
        outside: MMDB files about addresses outside.
        refused: Files that shrank too much to be taken; the copies of the last
            good ones are in the frames.
        present: Names of the files that lie there.
        empty: Those of them without a good row -> in which way, in words.
        fresh: Those that are not as the copies of what was last believed, by name.
    """

    frames: Mapping[str, pl.DataFrame]
    problems: tuple[Problem, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    people_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    outside: tuple[OutsideFile, ...] = ()
    refused: tuple[Refused, ...] = ()
    present: frozenset[str] = frozenset()
    empty: Mapping[str, str] = field(default_factory=dict)
    fresh: Mapping[str, Given] = field(default_factory=dict, repr=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that set a row aside."""
        return tuple(item for item in self.problems if item.severity == "error")


def load_registry(home: DistrictHome, settings: Settings) -> Registry:
    """Read everything in the home's `registry/`; what is absent is empty."""
    taken = take_in(home, settings)
    lists = read_lists(home.lists, settings.lists)
    outside = outside_files(home.registry)
    versions = {**taken.versions, **lists.versions, **outside.versions}
    domains = settings.district.account_domains
    places = buildings(taken.rows["buildings.csv"], taken.rows["orgs.csv"])
    schools = of_organisations(places.frame, taken.rows["orgs.csv"])
    people = roster(taken.rows["users.csv"], taken.rows["roles.csv"], schools, domains)
    known = _identity(taken, settings, people)
    parts = {
        "buildings": places,
        **_policy(taken),
        **known,
        "consents": permits.consents(
            taken.rows["consents.csv"], people.people, known["accounts"].frame
        ),
        **_simple(taken, settings, lists),
        **_timed(taken, settings, people.people, places.frame),
        "category_words": Rows(_words(settings), ()),
        "background_hosts": Rows(_background(lists), ()),
        "login_hosts": Rows(_login_hosts(domains), ()),
    }
    told = [item for rows in parts.values() for item in rows.problems]
    told += dangling(taken.rows, people.people, places.frame)
    # lines of a kept copy are not those of the file that lies there
    kept = {one.name for one in taken.refused}
    wrong = [*taken.problems, *outside.problems]
    wrong += [item for item in told if item.file not in kept]
    return Registry(
        frames={name: parts[name].frame for name in FRAMES},
        problems=tuple(
            _hidden(one, home)
            for one in mended(sorted(wrong, key=_by_place), home, settings)
        ),
        missing=_missing(taken, outside),
        version=_hash(versions),
        versions=versions,
        people_names=people.names,
        outside=outside.files,
        refused=taken.refused,
        present=frozenset(taken.given),
        empty={
            name: _how_empty(one) for name, one in taken.given.items() if not one.rows
        },
        fresh={
            name: one
            for name, one in taken.given.items()
            if not _is_held(one, taken.kept.get(name))
        },
    )


def _how_empty(given: Given) -> str:
    if not given.data:
        return "is empty (0 bytes)"
    if has_rows(given.data):
        return "has no row that can be read"
    return "is empty: it has no row below its header"


def _hidden(problem: Problem, home: DistrictHome) -> Problem:
    """Of a file that a link brings in from elsewhere nothing is shown."""
    path = home.registry / problem.file
    is_ours = problem.what == LINK or problem.severity == "refused"
    if is_ours or not leads_out(path, home):
        return problem
    known = problem.file in (FILES | ROSTER) and problem.column in (
        (FILES | ROSTER)[problem.file].columns
    )
    what = problem.what if path.suffix == ".csv" else "has something that is wrong"
    column = problem.column if known else None
    return replace(problem, what=what, column=column, value=None, allowed="", paste="")


def keep_registry(home: DistrictHome, registry: Registry, now: datetime) -> None:
    """Copy the files that are in force now. The caller holds the home's lock.

    One that was refused is not copied over what is in force instead.
    """
    not_taken = {one.name for one in registry.refused}
    new = {
        name: one
        for name, one in registry.fresh.items()
        if one.rows and name not in not_taken
    }
    keep(home, new, now)
    note_refused(home, not_taken, now)
    # a file that only changed its name left its copy behind
    for name in read_kept(home).keys() - registry.present - not_taken:
        forget(home, name)


def _is_held(given: Given, kept: Kept | None) -> bool:
    return kept is not None and replace(kept, time="", refused_time="") == given.kept


def registry_mark(home: DistrictHome) -> tuple[tuple[str, int, int], ...]:
    """Changes whenever a file does from which a registry is read: the settings too.

    Names, sizes and change times tell; nothing is read.
    """
    folders = (home.registry, home.kept_registry, home.lists)
    files = [home.settings_file, *(one for at in folders for one in at.rglob("*"))]
    found = ((str(one), one.stat()) for one in sorted(files) if one.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _missing(taken: Intake, outside: OutsideFiles) -> Mapping[str, str]:
    """Files without a row; an MMDB file does what `ip_geo.csv` would."""
    instead = {"ip_geo.csv"} if outside.files else set()
    return {name: what for name, what in taken.missing.items() if name not in instead}


def _policy(taken: Intake) -> dict[str, Rows]:
    policy = read_policy(taken.policy or default_policy())
    return {
        "clauses": Rows(policy.clauses, policy.problems),
        "detection_clauses": Rows(policy.detection_clauses, ()),
    }


def _identity(taken: Intake, settings: Settings, people: Roster) -> dict[str, Rows]:
    """Who exists, under which accounts."""
    domains = settings.district.account_domains
    known = directory(taken.rows["accounts.csv"], people.logins, domains)
    return {
        "people": Rows(people.people, people.problems),
        "accounts": Rows(known.accounts, known.problems),
        "account_aliases": Rows(known.aliases, ()),
    }


def _simple(taken: Intake, settings: Settings, lists: Lists) -> dict[str, Rows]:
    """Frames that depend on one file each."""
    rows = taken.rows
    words = dict(_words(settings).iter_rows())
    listed = lists.categories.with_columns(category_word(pl.col("category"), words))
    return {
        "subnets": subnets(rows["subnets.csv"]),
        "egress": egress(rows["egress.csv"]),
        "ip_geo": ip_geo(rows["ip_geo.csv"]),
        "devices": devices(rows["devices.csv"]),
        "approved_sites": approved_sites(rows["approved_sites.csv"]),
        "site_categories": site_categories(
            rows["site_categories.csv"],
            pl.concat([builtin.starter_categories(), listed]),
            words,
        ),
        "exceptions": permits.exceptions(rows["exceptions.csv"]),
        "expected_traffic": expected_traffic(rows["expected_traffic.csv"]),
    }


def _timed(
    taken: Intake, settings: Settings, people: pl.DataFrame, places: pl.DataFrame
) -> dict[str, Rows]:
    """Frames that depend on the calendar and on who was where."""
    zone = settings.district.zone
    names = places["building"].drop_nulls().unique(maintain_order=True).to_list()
    calendar = (taken.rows["calendar.csv"], taken.events, names, zone)
    days, closed = calendar_days(*calendar), closed_late(*calendar)
    duty = taken.rows["staff_duty.csv"]
    return {
        "calendar_days": days,
        "duty_windows": duty_windows(duty, people, days.frame, closed, zone),
        "leave_windows": leave_windows(taken.rows["leave.csv"], people, zone),
    }


def _background(lists: Lists) -> pl.DataFrame:
    """Hosts of machines: the built-in ones, then those of the district's lists.

    A site that people open stays a visit, whatever a list of trackers says of it.
    """
    opened = builtin.starter_categories().select(host="domain")
    listed = lists.background.join(opened, on="host", how="anti")
    both = pl.concat([builtin.background_hosts(), listed])
    return both.unique("host", keep="first", maintain_order=True)


def _login_hosts(domains: Sequence[str]) -> pl.DataFrame:
    """The district's own account domains, as far as they are hosts, and the list."""
    hosts = [domain.lower() for domain in domains if "." in domain]
    own = pl.DataFrame({"host": hosts}, {"host": pl.String})
    listed = builtin.login_hosts()
    both = pl.concat([own.with_columns(source=pl.lit("district")), listed])
    return both.unique("host", keep="first", maintain_order=True)


def _words(settings: Settings) -> pl.DataFrame:
    """The district's words for categories before the built-in ones."""
    own = {word.lower(): ours for word, ours in settings.registry.categories.items()}
    listed = dict(builtin.category_words().iter_rows()) | own
    return pl.DataFrame(
        {"word": list(listed), "category": list(listed.values())},
        {"word": pl.String, "category": pl.String},
    )


def _hash(versions: Mapping[str, str]) -> str:
    lines = (f"{name} {digest}\n" for name, digest in sorted(versions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _by_place(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line or 0
