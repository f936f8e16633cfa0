"""Data about outside addresses from the operator's own MMDB files.

A GeoLite2, GeoIP2, DB-IP or IPinfo file in `registry/` is read in place.
Several are combined: one for places, one for kinds of networks. A kind
that represents many people takes precedence over one that represents few, because it
can only weaken a finding. Missing data remain null.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from pipelines.settings.problems import Problem

if TYPE_CHECKING:  # most districts have no such file
    import maxminddb

OUTSIDE = pl.Schema(
    {
        "ip": pl.String,
        "network_kind": pl.String,
        "kind_source": pl.String,
        "country": pl.String,
        "city": pl.String,
        "lat": pl.Float64,
        "lon": pl.Float64,
        "accuracy_km": pl.Float64,
        "place_source": pl.String,
    }
)
"""Address, and the files' data; each source with its build date."""

FLAGS: Mapping[str, str] = {
    "is_anonymous": "relay",
    "is_anonymous_proxy": "relay",
    "is_anonymous_vpn": "relay",
    "is_public_proxy": "relay",
    "is_residential_proxy": "relay",
    "is_tor_exit_node": "relay",
    "is_proxy": "relay",
    "is_relay": "relay",
    "is_tor": "relay",
    "is_vpn": "relay",
    "proxy": "relay",
    "relay": "relay",
    "tor": "relay",
    "vpn": "relay",
    "hosting": "hosting",
    "is_anycast": "hosting",
    "is_hosting": "hosting",
    "is_hosting_provider": "hosting",
    "is_satellite": "satellite",
    "is_satellite_provider": "satellite",
    "is_mobile": "mobile",
}
WORDS: Mapping[str, str] = {
    "consumer_privacy_network": "relay",
    "content_delivery_network": "hosting",
    "hosting": "hosting",
    "search_engine_spider": "hosting",
    "satellite": "satellite",
    "cellular": "mobile",
    "college": "education",
    "library": "education",
    "school": "education",
    "cable/dsl": "residential",
    "dialup": "residential",
    "residential": "residential",
}
"""Network type by `user_type` and `connection_type`. A company's network is none of them:
people reach it from elsewhere."""
STRONGEST_LAST = ("relay", "hosting", "satellite", "mobile", "education", "residential")

Place = tuple[str | None, str | None, float | None, float | None, float | None]


class OutsideFile(NamedTuple):
    """An MMDB file, and what it calls itself: its type and the day it was made."""

    path: Path
    source: str


class OutsideFiles(NamedTuple):
    """The MMDB files of a registry, those that cannot be read, and hashes."""

    files: tuple[OutsideFile, ...]
    problems: tuple[Problem, ...]
    versions: Mapping[str, str]


def outside_files(folder: Path) -> OutsideFiles:
    """Return the `.mmdb` files in a registry folder."""
    files, problems, versions = [], [], {}
    for path in sorted(folder.glob("*.mmdb")):
        import maxminddb

        try:
            with maxminddb.open_database(path) as reader:
                described = reader.metadata()
            with path.open("rb") as stream:
                versions[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            told = "an MMDB file, taken from its maker again"
            what = f"cannot be read: {error}"
            problems.append(Problem(path.name, what, allowed=told))
            continue
        made = datetime.fromtimestamp(described.build_epoch, UTC).date()
        files.append(OutsideFile(path, f"{described.database_type} {made}"))
    return OutsideFiles(tuple(files), tuple(problems), versions)


def look_up(values: Sequence[str], files: Sequence[OutsideFile]) -> pl.DataFrame:
    """Return the files' data about each address; null if unknown."""
    import maxminddb

    with ExitStack() as stack:
        readers = [
            (stack.enter_context(maxminddb.open_database(file.path)), file.source) for file in files
        ]
        rows = [(ip, *_told(ip, readers)) for ip in values]
    return pl.DataFrame(rows, schema=OUTSIDE, orient="row")


def _told(ip: str, readers: Iterable[tuple["maxminddb.Reader", str]]) -> tuple[object, ...]:
    kinds: list[tuple[int, str, str]] = []
    place: tuple[object, ...] = (None,) * 6
    for reader, source in readers:
        found = _found(reader, ip)
        kinds += [(STRONGEST_LAST.index(kind), kind, source) for kind in _kinds(found)]
        where = _place(found)
        if any(part is not None for part in where) and _is_better(where, place):
            place = (*where, source)
    _, kind, source_of_kind = min(kinds, default=(0, None, None))
    return (kind, source_of_kind, *place)


def _found(reader: "maxminddb.Reader", ip: str) -> Mapping[str, object]:
    """Return the record of an address, with its traits at the same level."""
    try:
        found = reader.get(ip)
    except (ValueError, RuntimeError):
        return {}  # no address, one that the file cannot hold, or a damaged part
    if not isinstance(found, dict):
        return {}
    traits = found.get("traits")
    return found | traits if isinstance(traits, dict) else found


def _kinds(found: Mapping[str, object]) -> Iterator[str]:
    for name, kind in FLAGS.items():
        if found.get(name) in (True, "true", "1"):
            yield kind
    for name in ("user_type", "connection_type"):
        word = found.get(name)
        if isinstance(word, str) and word.lower() in WORDS:
            yield WORDS[word.lower()]


def _place(found: Mapping[str, object]) -> Place:
    """Return country, city, degrees north and east, radius in km.

    Without city and radius, the degrees are the middle of a country
    and not a place.
    """
    country, city, location = (found.get(name) for name in ("country", "city", "location"))
    code = _text(country, "iso_code") or _text(found.get("country_code"))
    town = _text(city.get("names") if isinstance(city, dict) else city, "en")
    degrees = location if isinstance(location, dict) else found
    radius = _number(degrees.get("accuracy_radius"))
    lat = _number(degrees.get("latitude", degrees.get("lat")))
    lon = _number(degrees.get("longitude", degrees.get("lng")))
    if lat is None or lon is None or (town is None and radius is None):
        lat = lon = radius = None
    return (code.upper() if code else None), town, lat, lon, radius


def _is_better(where: Place, place: tuple[object, ...]) -> bool:
    """Return whether it has the degrees, or is the first with any data."""
    return place[-1] is None or (where[2] is not None and place[2] is None)


def _text(value: object, name: str = "") -> str | None:
    """Return a word, or the one of that name below; null when empty or no text."""
    if isinstance(value, dict):
        value = value.get(name)
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
