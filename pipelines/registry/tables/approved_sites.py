"""Sites that are approved, for whom, and in which class."""

import polars as pl

from pipelines.registry import canonical, roster
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.sites import registrable_domain
from pipelines.registry.table import (
    FROM,
    FROM_CELL,
    TO,
    UNKNOWN_PERSON,
    Inputs,
    Sites,
    Table,
    conform,
    identifier,
    known_roles,
    strangers,
    text,
)
from pipelines.settings.problems import Problem

SITE_CLASSES = ("district", "sanctioned", "approved_non_business", "work_system")

FILE = File(
    "approved_sites.csv",
    {
        "entry_id": identifier("E-001"),
        "pattern": identifier("learn.example.org"),
        "match": Cell(
            "domain", "word", required=True, allowed=("domain", "host", "path_prefix", "deny")
        ),
        "roles": Cell("all"),
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
    "role": text("all, staff, student, a role or job title in its one spelling, or person:<id>"),
    "purpose": text("what it is for"),
    "site_class": text("district, sanctioned, approved_non_business, work_system, prohibited"),
    "consent_by": text("who approved it"),
    "valid_from": FROM,
    "valid_to": TO,
    "supports": text("entry_id of the site that this host serves"),
    "clause": text("clause it rests on"),
}


def approved_sites(rows: RegistryFrame, people: pl.DataFrame | None = None) -> RegistryFrame:
    """Return the frame `approved_sites`, one row per role.

    Args:
        people: Frame `people`: its roles and persons are those that a row may name.
    """
    known = known_roles(people) if people is not None else frozenset()
    shaped = _shaped(rows.frame)
    faults = _faults()
    problems: list[Problem] = []
    for (what, allowed), fault in faults.items():
        told = shaped.filter(fault).select(LINE, pl.col("written").alias("value"))
        problems += tell(FILE.name, "pattern", told, what=what, allowed=allowed)
    good = shaped.filter(~pl.any_horizontal(faults.values()))
    is_denied = pl.col("match") == "deny"
    everyone = pl.lit(canonical.EVERYONE)
    spread = good.with_columns(
        role=_roles(pl.coalesce("roles", everyone), known),
        site_class=pl.when(is_denied)
        .then(pl.lit("prohibited"))
        .otherwise(pl.coalesce("class", pl.lit("sanctioned"))),
    ).explode("role")
    strange = _strange_roles(spread, people, known)
    frame = conform(COLUMNS, spread)
    return RegistryFrame(frame, (*rows.problems, *problems, *_strange_support(good), *strange))


def _roles(written: pl.Expr, known: frozenset[str]) -> pl.Expr:
    """Return the roles of a cell; one that contains only separators means no one."""
    joined = canonical.mapped(written, lambda text: "|".join(canonical.roles(text, known)))
    return joined.str.split("|")


def _strange_roles(
    spread: pl.DataFrame, people: pl.DataFrame | None, known: frozenset[str]
) -> list[Problem]:
    """Return notices of roles that no one has, and of persons outside the roster."""
    if people is None or people.is_empty():
        return []
    is_person = pl.col("role").str.starts_with(canonical.PERSON)
    persons = spread.filter(is_person).select(
        LINE, value=pl.col("role").str.strip_prefix("person:")
    )
    what, allowed = UNKNOWN_PERSON
    return [
        *strangers(
            FILE.name,
            "roles",
            spread.filter(~is_person).select(LINE, value="role"),
            {*canonical.GROUPS, *roster.ROLE_WORDS, *known},
            what="is a role that no one in the roster has",
            allowed="all, staff, student, a role or job title of users.csv, or person:ID",
        ),
        *strangers(FILE.name, "roles", persons, people["person_id"], what=what, allowed=allowed),
    ]


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    """Split people's patterns into `host`, `path`, `pattern`."""
    pattern = pl.col("pattern")
    # `www.` is part of a host; people who write it before a domain mean the domain
    spelled = pl.when(pl.col("match") == "domain").then(canonical.mapped(pattern, canonical.site))
    parts = frame.with_columns(
        pattern.alias("written"),
        spelled.otherwise(canonical.mapped(pattern, canonical.host)).alias("host"),
        pattern.str.replace(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", "")
        .str.extract(r"^[^/]*(/.+)$", 1)
        .alias("path"),
    )
    return parts.with_columns(
        domain=canonical.mapped(pl.col("host"), registrable_domain),
        pattern=pl.concat_str("host", pl.col("path").fill_null("")),
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


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `approved_sites`."""
    return {"approved_sites": approved_sites(inputs.rows[FILE.name], inputs.frame("people"))}


TABLE = Table(
    name="approved_sites",
    file=FILE,
    frames={"approved_sites": COLUMNS},
    make=make,
    touches=Sites("pattern", is_imitated=True),
)
