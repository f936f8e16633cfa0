"""Categories of sites: from the district's own list, added lists and the built-in one."""

from collections.abc import Mapping

import polars as pl

from pipelines.registry import canonical, domain_lists
from pipelines.registry.csv_files import (
    LINE,
    Cell,
    File,
    RegistryFrame,
    category_key_of,
    category_keys,
    tell,
)
from pipelines.registry.table import Inputs, Sites, Table, conform, identifier, text
from pipelines.settings.problems import Problem, nearest

FILE = File(
    "site_categories.csv",
    {
        "domain": identifier("videos.example.com"),
        "category": identifier("streaming"),
        "source": Cell("district"),
    },
    "sites are known by the built-in starter list and the products' own categories only",
)
COLUMNS = {
    "domain": text("registrable domain or host, lower case"),
    "category": text("the policy's word for it where known; otherwise as given"),
    "source": text("the list that contains it"),
}

SPELLED_ALIKE = 0.8
"""A guess is of a slip in writing: "society" is no "social" network."""


def site_categories(
    rows: RegistryFrame, starter: pl.DataFrame, words: Mapping[str, str]
) -> RegistryFrame:
    """Return the frame `site_categories`: the district's list and the built-in one.

    Args:
        rows: Of `site_categories.csv`.
        starter: `domain`, `category` and `source` of the built-in list.
        words: A list's own word in lower case -> the policy's word.
    """
    domain = pl.col("domain")
    named = rows.frame.with_columns(written=domain, host=canonical.mapped(domain, canonical.site))
    bad = named.filter(pl.col("host").is_null())
    problems = tell(
        FILE.name,
        "domain",
        bad.select(LINE, pl.col("written").alias("value")),
        what="is not a host name",
        allowed="a domain such as videos.example.com",
    )
    said = named.drop_nulls("host").select(
        pl.col("host").alias("domain"),
        category_word(pl.col("category"), words).alias("category"),
        pl.coalesce("source", pl.lit("district")).alias("source"),
    )
    both = pl.concat([said, starter.select(said.columns)])
    frame = conform(COLUMNS, both).unique(maintain_order=True)
    strange = unknown_words(rows.frame, words)
    return RegistryFrame(frame, (*rows.problems, *problems, *strange))


def category_word(category: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Return the policy's word for a list's category; its own in lower case if none."""
    lower = category.str.to_lowercase()
    ours = category_key_of(category).replace_strict(
        list(words), list(words.values()), default=None, return_dtype=pl.String
    )
    return pl.coalesce(ours, lower)


def unknown_words(rows: pl.DataFrame, words: Mapping[str, str]) -> list[Problem]:
    """Return a notice for each category that the policy lacks, with its rows."""
    known = {*words, *category_keys(words.values())}
    strange = rows.with_columns(key=category_key_of(pl.col("category"))).filter(
        ~pl.col("key").is_in(sorted(known))
    )
    counted = strange.group_by("key", maintain_order=True).agg(
        pl.col(LINE).first(), pl.col("category").first(), rows=pl.len()
    )
    problems = []
    for key, line, written, many in counted.iter_rows():
        guess = nearest(key, known, SPELLED_ALIKE)
        told = f"is not a known category ({many:,} row{'' if many == 1 else 's'})"
        meant = f"did you mean {words.get(guess, guess)}? " if guess else ""
        problems.append(
            Problem(
                FILE.name,
                f"{told}: no rule counts it as work or non-work",
                line,
                "category",
                written,
                f"{meant}Say it under [registry.categories] of district.toml",
                "notice",
            )
        )
    return problems


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the district's list, then the built-in one, then those that it takes."""
    words = dict(inputs.frame("category_words").iter_rows())
    word = category_word(pl.col("category"), words)
    listed = inputs.lists.categories.with_columns(word)
    starter = pl.concat([domain_lists.starter_categories(), listed])
    rows = inputs.rows[FILE.name]
    return {"site_categories": site_categories(rows, starter, words)}


TABLE = Table(
    name="site_categories",
    file=FILE,
    frames={"site_categories": COLUMNS},
    make=make,
    touches=Sites("domain"),
)
