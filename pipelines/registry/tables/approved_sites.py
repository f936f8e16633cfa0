"""Sites that are approved, for whom, and in which class."""

import polars as pl

from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.sites import hosts_of, registrable_domain
from pipelines.registry.table import FROM, FROM_CELL, TO, Sites, Table, conform, identifier, text
from pipelines.settings.problems import Problem

SITE_CLASSES = ("district", "sanctioned", "approved_non_business")

FILE = File(
    "approved_sites.csv",
    {
        "entry_id": identifier("E-001"),
        "pattern": identifier("learn.example.org"),
        "match": Cell(
            "domain", "word", required=True, allowed=("domain", "host", "path_prefix", "deny")
        ),
        "roles": Cell("all", "list"),
        "purpose": Cell("learning platform"),
        "consent_by": Cell("technology director"),
        "valid_from": FROM_CELL,
        "valid_to": Cell("", "date"),
        "class": Cell("sanctioned", "word", allowed=SITE_CLASSES),
        "clause": Cell("cl.24"),
        "supports": Cell(""),
        "document": Cell("", shipped=False),
    },
    "use of sites, on duty and off (NA-1, NA-2, NA-4, OH-1): the list of approved sites is empty",
    key=("entry_id",),
)
COLUMNS = {
    "entry_id": text("id of the entry; one row a role"),
    "pattern": text("domain, host or host/path, lower case host"),
    "match": text("domain, host, path_prefix or deny"),
    "role": text("all, staff, student, a job title or person:<id>, in lower case"),
    "purpose": text("what it is for"),
    "site_class": text("district, sanctioned, approved_non_business, prohibited"),
    "consent_by": text("who approved it"),
    "valid_from": FROM,
    "valid_to": TO,
    "supports": text("entry_id of the site that this host serves"),
    "clause": text("clause it rests on"),
}

PERSON_PREFIX = "person:"


def approved_sites(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `approved_sites`, one row per role."""
    shaped = _shaped(rows.frame)
    faults = _faults()
    problems: list[Problem] = []
    for (what, allowed), fault in faults.items():
        told = shaped.filter(fault).select(LINE, pl.col("written").alias("value"))
        problems += tell(FILE.name, "pattern", told, what=what, allowed=allowed)
    good = shaped.filter(~pl.any_horizontal(faults.values()))
    is_denied = pl.col("match") == "deny"
    spread = good.with_columns(
        role=pl.when(pl.col("roles").list.len() > 0).then("roles").otherwise(pl.lit(["all"])),
        site_class=pl.when(is_denied)
        .then(pl.lit("prohibited"))
        .otherwise(pl.coalesce("class", pl.lit("sanctioned"))),
    ).explode("role")
    frame = conform(
        COLUMNS,
        spread.with_columns(
            role=pl.col("role")
            .str.to_lowercase()
            .str.replace(r"^person: +", PERSON_PREFIX)
            .replace({"students": "student", "everybody": "all", "everyone": "all"})
        ),
    )
    return RegistryFrame(frame, (*rows.problems, *problems, *_strange_support(good)))


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    """Split people's patterns into `host`, `path`, `pattern`."""
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
    hosts = hosts_of(parts["_name"]).rename({"written": "_name"})
    domains = [registrable_domain(host) for host in hosts["host"].to_list()]
    known = hosts.with_columns(pl.Series("domain", domains, pl.String))
    return parts.join(known, on="_name", how="left", maintain_order="left").with_columns(
        pattern=pl.concat_str("host", pl.col("path").fill_null(""))
    )


def _faults() -> dict[tuple[str, str], pl.Expr]:
    """Return possible problems of a pattern, and the allowed values."""
    has_path = pl.col("path").is_not_null()
    match = pl.col("match")
    covers_below = match.is_in(["domain", "deny"]) & ~has_path
    return {
        ("is not a host name", "learn.example.org"): pl.col("host").is_null(),
        ("has a path", "a host only, or match path_prefix"): (
            match.is_in(["domain", "host", "deny"]) & has_path
        ),
        ("has no path", "host/path such as example.org/maps"): (
            (match == "path_prefix") & ~has_path
        ),
        (
            "is a public suffix, under which anyone may have a site",
            "a domain below it",
        ): covers_below & pl.col("host").is_not_null() & pl.col("domain").is_null(),
    }


def _strange_support(good: pl.DataFrame) -> list[Problem]:
    ids = good["entry_id"].to_list()
    strange = good.filter(~pl.col("supports").is_in(ids).fill_null(value=True))
    return tell(
        FILE.name,
        "supports",
        strange.select(LINE, pl.col("supports").alias("value")),
        what="is not an entry of this file",
        allowed="the entry_id of the site that this host serves",
        severity="notice",
    )


TABLE = Table(
    name="approved_sites",
    file=FILE,
    frames={"approved_sites": COLUMNS},
    make=lambda inputs: {"approved_sites": approved_sites(inputs.rows[FILE.name])},
    touches=Sites("pattern", is_imitated=True),
)
