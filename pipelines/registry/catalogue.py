"""Sites: which are approved for whom, what lists say of them, what no person opens."""

from collections.abc import Mapping

import polars as pl

from pipelines.registry.frames import conform
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.registry.sites import canonical_host, registrable_domain
from pipelines.settings.problems import Problem

SITES = "approved_sites.csv"
CATEGORIES = "site_categories.csv"
PERSON = "person:"


def approved_sites(rows: Rows) -> Rows:
    """Frame `approved_sites`, one row a role."""
    shaped = _shaped(rows.frame)
    faults = _faults()
    problems: list[Problem] = []
    for (what, allowed), fault in faults.items():
        told = shaped.filter(fault).select(LINE, pl.col("written").alias("value"))
        problems += tell(SITES, "pattern", told, what=what, allowed=allowed)
    good = shaped.filter(~pl.any_horizontal(faults.values()))
    is_denied = pl.col("match") == "deny"
    spread = good.with_columns(
        role=pl.when(pl.col("roles").list.len() > 0)
        .then("roles")
        .otherwise(pl.lit(["all"])),
        site_class=pl.when(is_denied)
        .then(pl.lit("prohibited"))
        .otherwise(pl.coalesce("class", pl.lit("sanctioned"))),
    ).explode("role")
    frame = conform("approved_sites", spread.with_columns(role=_role(pl.col("role"))))
    return Rows(frame, (*rows.problems, *problems, *_strange_support(good)))


def site_categories(
    rows: Rows, starter: pl.DataFrame, words: Mapping[str, str]
) -> Rows:
    """Frame `site_categories`: the district's list and the built-in one.

    Args:
        rows: Of `site_categories.csv`.
        starter: `domain`, `category` and `source` of the built-in list.
        words: A list's own word in lower case -> the policy's word.
    """
    host = _hosts(rows.frame["domain"])
    named = rows.frame.rename({"domain": "written"}).join(
        host, on="written", how="left", maintain_order="left"
    )
    bad = named.filter(pl.col("host").is_null())
    problems = tell(
        CATEGORIES,
        "domain",
        bad.select(LINE, pl.col("written").alias("value")),
        what="is no host name",
        allowed="a domain such as videos.example.com",
    )
    said = named.drop_nulls("host").select(
        pl.col("host").alias("domain"),
        category_word(pl.col("category"), words).alias("category"),
        pl.coalesce("source", pl.lit("district")).alias("source"),
    )
    both = pl.concat([said, starter.select(said.columns)])
    frame = conform("site_categories", both).unique(maintain_order=True)
    return Rows(frame, (*rows.problems, *problems))


def category_word(category: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """The policy's word for a list's category; its own in lower case if none."""
    lower = category.str.to_lowercase()
    return lower.replace(list(words), list(words.values()))


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    """Patterns as people write them, taken apart: `host`, `path`, `pattern`."""
    bare = (
        pl.col("pattern")
        .str.replace(r"^(?i:https?)://", "")
        .str.strip_prefix("*.")
        .str.strip_prefix(".")
    )
    parts = frame.with_columns(
        pl.col("pattern").alias("written"),
        bare.str.extract(r"^([^/]*)", 1).alias("_name"),
        bare.str.extract(r"^[^/]*(/.+)$", 1).alias("path"),
    )
    hosts = _hosts(parts["_name"]).rename({"written": "_name"})
    domains = [registrable_domain(host) for host in hosts["host"].to_list()]
    known = hosts.with_columns(pl.Series("domain", domains, pl.String))
    return parts.join(
        known, on="_name", how="left", maintain_order="left"
    ).with_columns(pattern=pl.concat_str("host", pl.col("path").fill_null("")))


def _faults() -> dict[tuple[str, str], pl.Expr]:
    """What may be wrong with a pattern, and what is allowed."""
    has_path = pl.col("path").is_not_null()
    match = pl.col("match")
    covers_below = match.is_in(["domain", "deny"]) & ~has_path
    return {
        ("is no host name", "learn.example.org"): pl.col("host").is_null(),
        ("has a path", "a host only, or match path_prefix"): (
            match.is_in(["domain", "host", "deny"]) & has_path
        ),
        ("has no path", "host/path such as example.org/maps"): (
            (match == "path_prefix") & ~has_path
        ),
        (
            "is a public suffix, under which anybody may have a site",
            "a domain below it",
        ): covers_below & pl.col("host").is_not_null() & pl.col("domain").is_null(),
    }


def _role(role: pl.Expr) -> pl.Expr:
    """Lower case, ids of persons too: compare in lower case."""
    return (
        role.str.to_lowercase()
        .str.replace(r"^person: +", PERSON)
        .replace({"students": "student", "everybody": "all", "everyone": "all"})
    )


def _strange_support(good: pl.DataFrame) -> list[Problem]:
    ids = good["entry_id"].to_list()
    strange = good.filter(~pl.col("supports").is_in(ids).fill_null(value=True))
    return tell(
        SITES,
        "supports",
        strange.select(LINE, pl.col("supports").alias("value")),
        what="is no entry of this file",
        allowed="the entry_id of the site that this host serves",
        severity="notice",
    )


def _hosts(written: pl.Series) -> pl.DataFrame:
    """`written` -> `host` in canonical form, null for what is none."""
    distinct = written.unique().to_list()
    hosts = [canonical_host(text) for text in distinct]
    schema = {"written": pl.String, "host": pl.String}
    return pl.DataFrame({"written": distinct, "host": hosts}, schema)
