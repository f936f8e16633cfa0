"""One spelling for each person, account, device, site, role, building and network. Pure.

People write `P-1001` in one file and `person:p-1001` in another, `HS-PC-017.school.example`
for `hs-pc-017`, and `Coaches` for `coach`. Each file is read through this module, so that
rows are joined by equal text. Letters that only look the same stay different: `lower`
changes a capital only if the two letters are each other's counterpart, which the KELVIN
SIGN and `k` are not.
"""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import takewhile

import polars as pl

from pipelines.registry.sites import canonical_host, registrable_domain

_CAPITALS = {
    char: small
    for char in map(chr, range(0x10000))
    if (small := char.lower()) != char and len(small) == 1 and small.upper() == char
}
_LOWER = str.maketrans(_CAPITALS)

PERSON = "person:"
"""Prefix of a person's id where a cell may name other things."""
LIST_MARKS = "|;,"
_LIST = re.compile(rf"[{re.escape(LIST_MARKS)}]")
_MARKS = re.compile(r"[_\s-]+")
_OF = re.compile(r" (?:of|for|to|at|in) ")
_ES = ("ches", "shes", "xes", "sses", "zes")
_NO_PLURAL = ("ss", "us", "is", "ics", "ions")
_SHORTEST_PLURAL = 4

EVERYONE = "all"
GROUPS = (EVERYONE, "staff", "student")
"""Words of a list of roles that are not a role of the roster."""
_WORDS = {
    "everybody": EVERYONE,
    "everyone": EVERYONE,
    "allstaff": "staff",
    "allstudent": "student",
    "districtadministrator": "district administrator",
    "siteadministrator": "site administrator",
    "systemadministrator": "system administrator",
}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PORT = re.compile(r"^([^:\]]+|\[[^\]]*\]):[0-9]{1,5}$")
_CARD = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}")


def lower(text: str) -> str:
    """Return a text in lower case; a capital without its own small letter is unchanged."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def mapped(column: pl.Expr, spell: Callable[[str], str | None]) -> pl.Expr:
    """Apply a function of this module to each distinct text of a column."""

    def spelled(values: pl.Series) -> pl.Series:
        distinct = values.drop_nulls().unique().to_list()
        return values.replace_strict(
            distinct, [spell(text) for text in distinct], default=None, return_dtype=pl.String
        )

    return column.map_batches(spelled, return_dtype=pl.String, is_elementwise=True)


def lowered(column: pl.Expr) -> pl.Expr:
    """Return a column in lower case, as `lower` does."""
    return mapped(column, lower)


def person(text: str) -> str:
    """Return a person's id in lower case, without `person:`."""
    return lower(text.strip()).removeprefix(PERSON).strip()


def device(text: str) -> str:
    """Return a device's name as logs are read: in lower case, without a domain.

    An address remains whole, and a card is written with colons.
    """
    name = lower(text.strip())
    if _CARD.fullmatch(name):
        digits = re.sub(r"[^0-9a-f]", "", name)
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.partition(".")[0] or name


def host(text: str) -> str | None:
    """Return the host of a site, a host or a URL; None if it contains none."""
    rest = _SCHEME.sub("", text.strip())
    name = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if port := _PORT.match(name):
        name = port[1]
    return canonical_host(name.removeprefix("*.").removeprefix("."))


def site(text: str) -> str | None:
    """Return the host without `www.`, which people write for the site itself.

    `www.gov.example` stays whole where `gov.example` is a public suffix.
    """
    name = host(text)
    bare = name.removeprefix("www.") if name else None
    return bare if registrable_domain(bare) else name


def role(text: str) -> str:
    """Return a role or a job title in lower case and in the singular.

    `Coaches` and `coach` are one role, and `districtAdministrator` and `District
    Administrators` as well. Only the word that names the person loses its plural:
    `teachers of physics` is `teacher of physics`.
    """
    words = " ".join(_MARKS.sub(" ", lower(text)).split())
    head = _OF.search(words)
    end = head.start() if head else len(words)
    before, blank, last = words[:end].rpartition(" ")
    whole = before + blank + _singular(last) + words[end:]
    return _WORDS.get(whole.replace(" ", ""), whole)


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_ES) else word[:-1]


def roles(text: str, known: Collection[str] = ()) -> list[str]:
    """Return the roles and `person:` ids of a cell, separated by bars, semicolons or commas.

    A job title may contain a comma or a slash. Where the longer text is a known role, it
    is not cut; a slash separates only roles that are each known, or between blanks.

    Args:
        text: The cell.
        known: Roles and job titles of the roster, as `role` returns them.
    """
    found: list[str] = []
    for part in re.split(r"[|;]", text):
        pieces = part.split(",")
        while pieces:
            ends = range(len(pieces), 1, -1)
            end = next((at for at in ends if role(",".join(pieces[:at])) in known), 1)
            found += _between_slashes(",".join(pieces[:end]), known)
            pieces = pieces[end:]
    return list(dict.fromkeys(found))


def _between_slashes(text: str, known: Collection[str]) -> Iterator[str]:
    bare = lower(text.strip())
    if bare.startswith(PERSON):
        yield PERSON + person(bare)
        return
    parts = [part for part in text.split("/") if part.strip()]
    is_list = " / " in text or all(_known(part, known) in known for part in parts)
    whole = [text] if _known(text, known) in known or not is_list else parts
    yield from (name for one in whole if (name := _known(one, known)))


def _known(text: str, known: Collection[str]) -> str:
    """Return a role; a word that ends like a singular may be the plural of a known role."""
    name = role(text)
    return name[:-1] if name not in known and name[:-1] in known else name


def parts(text: str) -> list[str]:
    """Return the values of a cell, separated by bars, semicolons or commas."""
    return [part.strip() for part in _LIST.split(text) if part.strip()]


def place_key(text: str) -> str:
    """Return a building's code or name as used for lookups."""
    return " ".join(re.sub(r"[^\w]+", " ", lower(text)).replace("_", " ").split())


def buildings(places: pl.DataFrame, orgs: pl.DataFrame) -> Mapping[str, str]:
    """Return every spelling of a building, as `place_key` returns it, and its code.

    A code counts before a name, then come the school's name in the roster, the id of its
    organization, and names without the words with which all begin: `High School` for
    `Prairie High School`. A spelling of two buildings is none.

    Args:
        places: The frame `buildings`.
        orgs: Rows of `orgs.csv`.
    """
    named = places.join(
        orgs.select(org_id="sourcedId", called="name").unique("org_id"), on="org_id", how="left"
    )
    found: dict[str, str] = {}
    for column in ("building", "name", "called", "org_id"):
        pairs = named.select("building", spelled=column).drop_nulls().rows()
        found = _single(pairs) | found
    for column in ("name", "called"):
        found = _single(_without_shared(named, column)) | found
    return found


def _single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return key -> code of the spellings that only one building has."""
    codes: dict[str, set[str]] = defaultdict(set)
    for code, written in pairs:
        codes[place_key(written)].add(code)
    return {key: min(several) for key, several in codes.items() if key and len(several) == 1}


def _without_shared(named: pl.DataFrame, column: str) -> list[tuple[str, str]]:
    """Return code and name without the words with which all names begin."""
    pairs = [
        (code, place_key(name).split())
        for code, name in named.select("building", spelled=column).drop_nulls().iter_rows()
    ]
    alike = takewhile(
        lambda words: len(set(words)) == 1, zip(*(words for _, words in pairs), strict=False)
    )
    shared = len(list(alike)) if len(pairs) > 1 else 0
    return [(code, " ".join(words[shared:])) for code, words in pairs if shared]


def building(text: str, known: Mapping[str, str]) -> str:
    """Return a building's code for its code or name; another text is unchanged.

    Args:
        text: As written.
        known: Of `buildings`.
    """
    return text if text in known.values() else known.get(place_key(text), text)
