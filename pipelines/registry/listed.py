"""Reads lists of domains that others keep: categories, or hosts of machines.

Each reader takes the text of a list and gives `domain` and `category`; what it can
not use is counted. A list is never a verdict, and each keeps its own name.

- `v2fly`: the text of domain-list-community. A bare name and `domain:` cover what
  is below, `full:` one host; `keyword:` and `regexp:` can not be looked up.
- `hosts`: a hosts file, an address and names on each line; or names alone.
- `ut1`: a folder for each category with a file `domains`.
- `csv`: columns `domain` and `category`, as in `site_categories.csv`.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import polars as pl

from pipelines.errors import SettingsError
from pipelines.registry.sites import canonical_host

SCHEMA = pl.Schema({"domain": pl.String, "category": pl.String})
PLAIN = r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$"
DEEPEST = 8
"""Lists that include each other; deeper ones are a mistake."""
OWN_NAMES = ("localhost", "localhost.localdomain", "broadcasthost", "local")

Files = Mapping[str, str]
"""Text of the files of a list, by their path below its folder."""


class Listed(NamedTuple):
    """What a list holds: `domain` and `category`, each pair once."""

    rows: pl.DataFrame
    skipped: int


def read_list(form: str, files: Files, first: str, category: str | None) -> Listed:
    """Read a list.

    Args:
        form: v2fly, hosts, ut1 or csv.
        files: Its files.
        first: The one to begin with; not for ut1.
        category: What the names are, where the list does not say.

    Raises:
        SettingsError: The list does not say what its names are, nor does `category`.
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
    return Listed(good.unique(maintain_order=True), skipped + lost)


Pairs = list[tuple[str, str | None]]


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
    pairs: Pairs = []
    for line in files[first].splitlines():
        words = line.split("#", 1)[0].split()
        names = words[1:] if len(words) > 1 else words
        pairs += [(name, category) for name in names if name.lower() not in OWN_NAMES]
    return pairs, 0


def _ut1(files: Files, _first: str, category: str | None) -> tuple[Pairs, int]:
    """The folder names the category; a list of addresses alone is left out."""
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
    """Cells line by line, so that a quote which never ends spoils one line."""
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
    """Names in lower case; what is no name with a dot is left out."""
    lower = frame.with_columns(
        pl.col("domain").str.to_lowercase().str.strip_chars(". ")
    )
    is_plain = pl.col("domain").str.contains(PLAIN)
    odd = lower.filter(~is_plain)
    mended = odd.with_columns(
        domain=pl.Series(
            [canonical_host(one) for one in odd["domain"]], dtype=pl.String
        )
    ).filter(pl.col("domain").str.contains(".", literal=True))
    return pl.concat([lower.filter(is_plain), mended])
