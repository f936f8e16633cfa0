"""Inputs of the warehouse that no model makes.

`raw.*` are views over the Parquet files that the ledger lists. `registry.*` are
the canonical frames of the registry. Four dimensions are computed in Python,
once for each distinct value: sites of hosts, spellings of user names, addresses
in a sortable form, and the data of the operator's MMDB files about them.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import idna
import polars as pl

from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.lake.files import require_sound
from pipelines.registry.account_domains import Domains
from pipelines.registry.account_names import Directory, account_names
from pipelines.registry.mmdb_files import look_up
from pipelines.registry.registry import Registry
from pipelines.registry.sites import registrable_domains
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import LakeFile
from pipelines.warehouse.database import Database, ShownFiles

# Visual appearance of a host's name. Pure.
#
# Two names with one skeleton look the same at a glance: letters of other alphabets, digits that
# resemble letters, `rn` for `m`.

INTERNATIONAL = "xn--"
PAIRS = (("rn", "m"), ("vv", "w"))
"""Two letters that read as one; the tables of Unicode know single ones only."""


HOSTS = pl.Schema(
    {
        "url_hostname": pl.String,
        "site": pl.String,
        "background_kind": pl.String,
        "unicode_hostname": pl.String,
        "site_label": pl.String,
        "site_skeleton": pl.String,
    }
)
"""Host, its registrable domain, the kind of background service it is; its letters
where it is an international name, the first label of the domain as people see it,
and what that label looks like."""
SPELLINGS = pl.Schema({"user_name": pl.String, "account_name": pl.String})
"""User name as a log wrote it, and its canonical form."""
ADDRESSES = pl.Schema({"ip": pl.String, "address": pl.String})
"""Address, and the form of it that sorts; see `sortable`."""


# of look-ups only an agent's count: a resolver inside knows neither computer nor person
def _agents(column: str) -> tuple[str, str]:
    named = f"case when coalesce(src_hostname, user_name) is not null then {column} end"
    return "dns_queries", named


_VALUES = {
    "hosts": [
        ("http_requests", "url_hostname"),
        ("connections", "dst_hostname"),
        _agents("query_name"),
    ],
    "spellings": [
        ("http_requests", "user_name"),
        ("logons", "user_name"),
        ("connections", "user_name"),
        ("dns_queries", "user_name"),
    ],
    "addresses": [
        ("http_requests", "src_ip"),
        ("connections", "src_ip"),
        ("leases", "ip"),
        ("logons", "src_ip"),
        _agents("src_ip"),
    ],
}
Listed = Mapping[str, ShownFiles]
"""Files of the lake by the class of events that they hold."""
Dimension = Callable[[list[str]], pl.DataFrame]


def unicode_hostname(host: str) -> str | None:
    """Return the host in its own letters; null if it is plain, or not such a name.

    It is for people to read next to the plain form, never to compare or to link.
    """
    if INTERNATIONAL not in host:
        return None
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return None


def site_label(site: str | None) -> str | None:
    """Return the chosen label of a registrable domain, in its own letters.

    An address has none.
    """
    if site is None or ":" in site or site[-1:].isdigit():
        return None
    label = site.split(".")[0]
    if not label.startswith(INTERNATIONAL):
        return label
    try:
        # what the standard forbids is decoded too: it is forbidden for its looks
        return label.removeprefix(INTERNATIONAL).encode().decode("punycode")
    except (UnicodeError, OverflowError):
        return label


def skeleton(label: str | None) -> str | None:
    """Return the appearance of a label: the skeleton of UTS 39, with `0` as `o`, `1` as `l`."""
    if label is None:
        return None
    from disarm import skeleton_key  # a tenth of a second

    seen = skeleton_key(label, digit_policy="tr39")
    for pair, letter in PAIRS:
        seen = seen.replace(pair, letter)
    return seen or None


def hosts(values: Sequence[str], background: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows of hosts.

    Args:
        values: Distinct hosts.
        background: Background hosts and their kinds.
    """
    sites = registrable_domains(values)
    labels = {site: site_label(site) for site in sites}
    skeletons = {label: skeleton(label) for label in labels.values()}
    columns = {
        "url_hostname": values,
        "site": sites,
        "background_kind": [_background(host, background) for host in values],
        "unicode_hostname": [unicode_hostname(host) for host in values],
        "site_label": [labels[site] for site in sites],
        "site_skeleton": [skeletons[labels[site]] for site in sites],
    }
    return pl.DataFrame(columns, schema=HOSTS)


def addresses(values: Sequence[str]) -> pl.DataFrame:
    """Return the rows of addresses."""
    columns = {"ip": values, "address": [sortable(value) for value in values]}
    return pl.DataFrame(columns, schema=ADDRESSES)


def _background(host: str, background: Mapping[str, str]) -> str | None:
    """Return the kind of the nearest listed host at or above this one."""
    labels = host.split(".")
    for start in range(len(labels)):
        kind = background.get(".".join(labels[start:]))
        if kind is not None:
            return kind
    return None


def sortable(address: str) -> str | None:
    """32 hex digits of the IPv6 form; IPv4 as v4-mapped; null for no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        found = ipaddress.IPv6Address(f"::ffff:{found}")
    return f"{int(found):032x}"


@dataclass(frozen=True)
class LakeFiles:
    """The Parquet files that count, by class and day."""

    folder: Path
    by_day: Mapping[str, Mapping[date, Sequence[LakeFile]]]

    def between(self, event_class: str, first: date, last: date) -> list[LakeFile]:
        """Return files of a range of days, both ends included."""
        days = self.by_day.get(event_class, {})
        return [file for day in sorted(days) if first <= day <= last for file in days[day]]

    def row_counts(self, event_class: str) -> Mapping[date, int]:
        """Return events of a class, by day."""
        days = self.by_day.get(event_class, {})
        return {day: sum(f.row_count for f in files) for day, files in days.items()}

    def days(self) -> list[date]:
        """Return every day with events, oldest first."""
        return sorted({day for days in self.by_day.values() for day in days})


def lake_files(store: Store, folder: Path) -> LakeFiles:
    """Return the ledger's current list; never a glob."""
    by_day: dict[str, dict[date, list[LakeFile]]] = {name: {} for name in EVENT_CLASSES}
    for listed in ledger.lake_files(store):
        if listed.event_class in by_day:
            day = date.fromisoformat(listed.event_date)
            by_day[listed.event_class].setdefault(day, []).append(listed)
    return LakeFiles(folder, by_day)


def show_raw(
    database: Database, files: LakeFiles, classes: Iterable[str], days: tuple[date, date]
) -> None:
    """Make `raw.*` show the events of a range of days.

    Raises:
        LakeError: A file differs from what was written.
    """
    show(database, listed(files, classes, days))


def listed(files: LakeFiles, classes: Iterable[str], days: tuple[date, date]) -> Listed:
    """Return the files of a range of days.

    Raises:
        LakeError: One differs from what was written.
    """
    found = {name: files.between(name, *days) for name in classes}
    for those in found.values():
        require_sound(files.folder, those)
    return {
        name: ShownFiles(
            tuple(files.folder / file.path for file in those), sum(file.row_count for file in those)
        )
        for name, those in found.items()
    }


def show(database: Database, listed: Listed) -> None:
    """Make `raw.*` show the events of these files alone."""
    for event_class, shown in listed.items():
        columns = EVENT_CLASSES[event_class].schema
        schema = pl.Schema([*PLACE.items(), *columns.items(), *LAKE_COLUMNS.items()])
        empty = database.empty_file(event_class, schema)
        database.view_files(event_class, shown._replace(paths=(empty, *shown.paths)))


def load_registry(database: Database, registry: Registry) -> None:
    """Replace every `registry.*` table."""
    for name, frame in registry.frames.items():
        database.replace(f"registry.{name}", frame)


def refresh_dimensions(
    database: Database, registry: Registry, domains: Domains, *, is_new_registry: bool
) -> None:
    """Add values of the raw views that the dimensions lack.

    With a new registry all values are recomputed, because its networks, names
    and lists decide them.
    """
    for name, extra, dimension in _dimensions(database, registry, domains):
        table = f"identity.{name}"
        held = database.table(table) if database.has(table) else pl.DataFrame()
        key = dimension([]).columns[0]
        known = set(held[key]) if key in held.columns else set()
        wanted = values_of(database, name) | extra
        # a table that an older version made has other columns
        if is_new_registry or held.columns != dimension([]).columns:
            database.replace(table, dimension(sorted(wanted | known)))
        else:
            database.append(table, dimension(sorted(wanted - known)))


def _dimensions(
    database: Database, registry: Registry, domains: Domains
) -> Iterator[tuple[str, set[str], Dimension]]:
    """Yield each dimension's name, the values that the registry adds, and how it is made."""
    frames = registry.frames
    background = dict(frames["background_hosts"].select("host", "kind").iter_rows())
    patterns = frames["approved_sites"]["pattern"].str.split("/").list.first()
    named = {*patterns.drop_nulls(), *frames["login_hosts"]["host"]}
    yield "hosts", named, partial(hosts, background=background)
    directory = Directory(frames["accounts"], frames["account_aliases"])
    yield (
        "spellings",
        set(),
        partial(account_names, own=domains.own, derived=domains.derived, directory=directory),
    )
    fixed = frames["devices"]["static_ip"].drop_nulls()
    yield "addresses", set(fixed), addresses
    # those of the table that the line above made, and none without a file to ask
    seen = set(database.table("identity.addresses")["ip"]) if registry.outside else {}
    yield "outside_networks", set(seen), partial(look_up, files=registry.outside)


def values_of(database: Database, name: str) -> set[str]:
    """Return the distinct values of a dimension that the raw views hold."""
    found: set[str] = set()
    for event_class, column in _VALUES.get(name, ()):
        rows = database.rows(
            f"select distinct {column} from raw.{event_class} where {column} is not null"
        )
        found |= {row[0] for row in rows}
    return found
