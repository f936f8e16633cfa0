"""Lists of domains: built-in ones, and those that a district adds.

Each row names its list and version. Lists are a starting point that a district overrides;
none is a verdict. Only `schoolbell lists update` downloads; everything else reads local
files, so that a run needs no network and gives the same result on every machine.
"""

import csv
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.errors import SettingsError
from pipelines.registry.sites import canonical_host
from pipelines.settings.home import read_fields, sync
from pipelines.settings.model import ListSource

STARTER = "schoolbell-starter 1"

SCHEMA = pl.Schema({"domain": pl.String, "category": pl.String})
BAD = pl.Schema({"host": pl.String, "until": pl.Date, "source": pl.String})
PLAIN = r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$"
DEEPEST = 8
"""Lists that include each other; deeper ones are a mistake."""
OWN_NAMES = ("localhost", "localhost.localdomain", "broadcasthost", "local")
Files = Mapping[str, str]
"""Text of the files of a list, by their path below its folder."""
Pairs = list[tuple[str, str | None]]
BACKGROUND = pl.Schema({"host": pl.String, "kind": pl.String, "source": pl.String})
CATEGORIES = pl.Schema({"domain": pl.String, "category": pl.String, "source": pl.String})


@cache
def starter_categories() -> pl.DataFrame:
    """`domain`, `category` and `source` of the built-in list."""
    return _list("well_known_sites.csv").with_columns(source=pl.lit(STARTER))


@cache
def category_words() -> pl.DataFrame:
    """`word` of products and lists -> `category` of the policy."""
    return _list("category_words.csv")


@cache
def login_hosts() -> pl.DataFrame:
    """`host` and `source` of sites where people of a school sign in."""
    return _list("login_hosts.csv").with_columns(source=pl.lit(STARTER))


@cache
def background_hosts() -> pl.DataFrame:
    """`host`, `kind` and `source` of hosts that machines ask for by themselves."""
    own = _list("background_hosts.csv").with_columns(source=pl.lit(STARTER))
    return pl.concat([own, _list("misp_hosts.csv")]).unique(
        "host", keep="first", maintain_order=True
    )


@cache
def service_hosts() -> pl.DataFrame:
    """`service` and `host`: which hosts a service alone serves its pages with."""
    return _list("service_hosts.csv")


@cache
def known_apps() -> pl.DataFrame:
    """`app`, `kind`, `vendor` and `hosts` (between bars) of apps that schools use."""
    return _list("known_apps.csv")


@cache
def sensitive_categories() -> pl.DataFrame:
    """Return each sensitive `category`, and `is_judged`."""
    return _list("sensitive_categories.csv").with_columns(is_judged=pl.col("is_judged") == "true")


@cache
def version() -> str:
    """Return the lists' versions; changes with any of them."""
    lists = (
        starter_categories,
        category_words,
        login_hosts,
        background_hosts,
        service_hosts,
        known_apps,
        sensitive_categories,
    )
    texts = (listed().write_csv() for listed in lists)
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    return f"{STARTER} {digest[:12]}"


def _list(name: str) -> pl.DataFrame:
    data = resources.files("pipelines.registry").joinpath("lists", name).read_bytes()
    return pl.read_csv(data, infer_schema=False, comment_prefix="#")


# Readers of published lists of domains: categories, or hosts of machines.
#
# Each reader takes the text of a list and returns `domain` and `category`; unusable
# entries are counted. A list is never a verdict, and each keeps its own name.
#
# - `v2fly`: the text of domain-list-community. A bare name and `domain:` cover what
#   is below, `full:` one host; `keyword:` and `regexp:` cannot be looked up.
# - `hosts`: a hosts file, an address and names on each line; or names alone.
# - `ut1`: a folder for each category with a file `domains`.
# - `csv`: columns `domain` and `category`, as in `site_categories.csv`.


class DomainList(NamedTuple):
    """Content of a list: `domain` and `category`, or `host` and `until`, each pair once."""

    rows: pl.DataFrame
    skipped: int


def read_list(form: str, files: Files, first: str, category: str | None) -> DomainList:
    """Read a list.

    Args:
        form: v2fly, hosts, ut1 or csv.
        files: Its files.
        first: The one to begin with; not for ut1.
        category: Category of the names, if the list has none.

    Raises:
        SettingsError: Neither the list nor `category` gives a category.
    """
    pairs, skipped = FORMS[form](files, first, category)
    if any(word is None for _, word in pairs):
        raise SettingsError(
            "the list does not say what its names are",
            where=first,
            remedy='Set category = "…" for it in [lists].',
        )
    frame = pl.DataFrame(pairs, schema=SCHEMA, orient="row")
    good = _canonical(frame)
    lost = frame.height - good.height
    return DomainList(good.unique(maintain_order=True), skipped + lost)


def _v2fly(files: Files, first: str, category: str | None) -> tuple[Pairs, int]:
    pairs: Pairs = []
    skipped, seen = 0, set()

    def follow(name: str, depth: int) -> None:
        nonlocal skipped
        seen.add(name)
        for line in files[name].splitlines():
            # what follows the name are attributes and affiliations
            rule = line.split("#", 1)[0].split()[:1]
            if not rule:
                continue
            kind, _, value = rule[0].rpartition(":")
            if kind in ("", "domain", "full"):
                pairs.append((value, category))
            elif kind == "include" and value in files and depth < DEEPEST:
                if value not in seen:
                    follow(value, depth + 1)
            else:
                skipped += 1

    follow(first, 0)
    return pairs, skipped


def _hosts(files: Files, first: str, category: str | None) -> tuple[Pairs, int]:
    return [(name, category) for name in names_of_hosts_file(files[first])], 0


def names_of_hosts_file(text: str) -> Iterator[str]:
    """Yield the names behind the address of each line, or a name or address alone."""
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        names = words[1:] if len(words) > 1 else words
        yield from (name for name in names if name.lower() not in OWN_NAMES)


def _ut1(files: Files, _first: str, category: str | None) -> tuple[Pairs, int]:
    """Read a folder, whose name is the category; a list of only addresses is skipped."""
    pairs: Pairs = []
    for path, text in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if name == "domains":
            word = folder.rsplit("/", 1)[-1] or category
            pairs += [(line.strip(), word) for line in text.splitlines() if line]
    return pairs, 0


def _csv(files: Files, first: str, category: str | None) -> tuple[Pairs, int]:
    rows = _cells(files[first])
    header = [cell.strip().lower() for cell in next(rows, [])]
    pairs: Pairs = []
    skipped = 0
    for cells in rows:
        row = dict(zip(header, map(str.strip, cells), strict=False))
        if row.get("domain"):
            pairs.append((row["domain"], row.get("category") or category))
        else:
            skipped += 1
    return pairs, skipped


def _cells(text: str) -> Iterator[list[str]]:
    """Yield cells line by line, so that a quote which never ends spoils one line."""
    for line in text.replace("\0", "").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                yield from csv.reader([line])
            except csv.Error:
                yield []


FORMS: Mapping[str, Callable[[Files, str, str | None], tuple[Pairs, int]]] = {
    "v2fly": _v2fly,
    "hosts": _hosts,
    "ut1": _ut1,
    "csv": _csv,
}


def _canonical(frame: pl.DataFrame) -> pl.DataFrame:
    """Return names in lower case; what is not a name with a dot is left out."""
    lower = frame.with_columns(pl.col("domain").str.to_lowercase().str.strip_chars(". "))
    is_plain = pl.col("domain").str.contains(PLAIN)
    odd = lower.filter(~is_plain)
    mended = odd.with_columns(
        domain=pl.Series([canonical_host(one) for one in odd["domain"]], dtype=pl.String)
    ).filter(pl.col("domain").str.contains(".", literal=True))
    return pl.concat([lower.filter(is_plain), mended])


@dataclass(frozen=True)
class TakenList:
    """Origin of a stored list: source, version and license."""

    name: str
    origin: str
    form: str
    version: str
    license: str
    taken_time: str
    names: int
    skipped: int


@dataclass(frozen=True)
class Lists:
    """The lists of a district that are switched on and were taken.

    Attributes:
        categories: `domain`, `category` and `source`, categories as listed.
        background: `host`, `kind` and `source`.
        bad: `host`, `until` and `source`.
        versions: Hash of each kept list, by file name.
    """

    categories: pl.DataFrame
    background: pl.DataFrame
    bad: pl.DataFrame
    versions: Mapping[str, str]


def keep(folder: Path, taken: TakenList, rows: pl.DataFrame) -> None:
    """Write a list; concurrent readers get the old one or the new one."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = folder / f".{taken.name}.{secrets.token_hex(4)}"
    rows.write_parquet(draft, compression="zstd")
    sync(draft)
    draft.rename(folder / f"{taken.name}.parquet")
    draft.write_text(json.dumps(asdict(taken), indent=1) + "\n", encoding="utf-8")
    sync(draft)
    draft.rename(folder / f"{taken.name}.json")


def kept(folder: Path, name: str) -> TakenList | None:
    """Return the origin of a stored list; None if it was never downloaded."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    noted = json.loads(path.read_text(encoding="utf-8"))
    return TakenList(**read_fields(TakenList, noted))


def read_lists(folder: Path, settings: Mapping[str, ListSource]) -> Lists:
    """Return the lists that the settings name and that are stored."""
    categories, background = [CATEGORIES.to_frame()], [BACKGROUND.to_frame()]
    bad = [BAD.to_frame()]
    versions = {}
    for name, one in settings.items():
        path = folder / f"{name}.parquet"
        if not one.enabled or not path.is_file():
            continue
        data = path.read_bytes()
        versions[f"lists/{name}"] = hashlib.sha256(data).hexdigest()
        rows = pl.read_parquet(data).with_columns(source=pl.lit(name))
        if one.bad is not ("until" in rows.columns):
            continue  # the settings changed since; the next update takes it anew
        if one.bad:
            bad.append(rows.select(BAD.names()))
        elif one.background is None:
            categories.append(rows.select(CATEGORIES.names()))
        else:
            kind = pl.lit(one.background).alias("kind")
            background.append(rows.select(pl.col("domain").alias("host"), kind, "source"))
    return Lists(pl.concat(categories), pl.concat(background), pl.concat(bad), versions)
