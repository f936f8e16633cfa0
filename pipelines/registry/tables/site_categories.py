"""What lists say of sites: the district's own, those it takes, the built-in one."""

from collections.abc import Mapping

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import LINE, Cell, File, Rows, tell
from pipelines.registry.sites import hosts_of
from pipelines.registry.table import Inputs, Sites, Table, conform, identifier, text

FILE = File(
    "site_categories.csv",
    {
        "domain": identifier("videos.example.com"),
        "category": identifier("streaming"),
        "source": Cell("district"),
    },
    "sites are known by the built-in starter list and the products' own "
    "categories only",
)
COLUMNS = {
    "domain": text("registrable domain or host, lower case"),
    "category": text("policy's word for it where known, else as given"),
    "source": text("which list says so"),
}


def site_categories(
    rows: Rows, starter: pl.DataFrame, words: Mapping[str, str]
) -> Rows:
    """Frame `site_categories`: the district's list and the built-in one.

    Args:
        rows: Of `site_categories.csv`.
        starter: `domain`, `category` and `source` of the built-in list.
        words: A list's own word in lower case -> the policy's word.
    """
    host = hosts_of(rows.frame["domain"])
    named = rows.frame.rename({"domain": "written"}).join(
        host, on="written", how="left", maintain_order="left"
    )
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
    return Rows(frame, (*rows.problems, *problems))


def category_word(category: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """The policy's word for a list's category; its own in lower case if none."""
    lower = category.str.to_lowercase()
    return lower.replace(list(words), list(words.values()))


def make(inputs: Inputs) -> dict[str, Rows]:
    """The district's list, then the built-in one, then those that it takes."""
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
