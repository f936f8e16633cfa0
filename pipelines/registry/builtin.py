"""The lists that come with Schoolbell: categories, words for them, background hosts.

Each row names its list and version. Lists are a beginning that a district
overrides; none is a verdict. Nothing is fetched: what is not in the package comes
from the MISP warning lists, which install with it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import polars as pl

STARTER = "schoolbell-starter 1"
MISP_PACKAGE = "pymispwarninglists"
MISP_LISTS = "data/misp-warninglists/lists"
MISP_KINDS: Mapping[str, str] = {
    "captive-portals": "captive_portal",
    "microsoft-win10-connection-endpoints": "telemetry",
    "url-shortener": "link_shortener",
}
OPENED_BY_PEOPLE = """
    apple.com bing.com blob.core.windows.net candycrushsoda.king.com g.msn.com
    google.com login.live.com outlook.office365.com search.msn.com
    star-mini.c10r.facebook.com www.airport.us www.androidbak.net www.apple.com
    www.appleiphonecell.com www.bing.com www.google.com www.ibook.info
    www.itools.info www.microsoft.com www.thinkdifferent.us
"""
"""Hosts on those lists that people open too; as background they would hide a visit."""


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
    misp = pl.DataFrame(
        list(_misp()),
        {"host": pl.String, "kind": pl.String, "source": pl.String},
        orient="row",
    )
    return pl.concat([own, misp]).unique("host", keep="first", maintain_order=True)


@cache
def version() -> str:
    """What the lists call themselves; changes whenever one of them does."""
    lists = (starter_categories, category_words, login_hosts, background_hosts)
    texts = (one().write_csv() for one in lists)
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    return f"{STARTER} {digest[:12]}"


def _list(name: str) -> pl.DataFrame:
    data = resources.files("pipelines.registry").joinpath("lists", name).read_bytes()
    return pl.read_csv(data, infer_schema=False, comment_prefix="#")


def _misp() -> Iterator[tuple[str, str, str]]:
    """Rows of the warning lists that fit.

    They are read as files, since the package's own loader takes in all of them,
    a million names and more.
    """
    opened = set(OPENED_BY_PEOPLE.split())
    folder = resources.files(MISP_PACKAGE).joinpath(MISP_LISTS)
    for name, kind in MISP_KINDS.items():
        path = folder.joinpath(name, "list.json")
        if not path.is_file():
            continue
        listed = json.loads(path.read_text(encoding="utf-8"))
        source = f"misp {name} {listed['version']}"
        for written in listed["list"]:
            host = written.lower().strip(". ")
            if host not in opened:
                yield host, kind, source
