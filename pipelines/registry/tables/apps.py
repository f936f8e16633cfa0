"""Apps of the district: what they are, who owns them, and which agreement covers them."""

import polars as pl

from pipelines.events import Column
from pipelines.registry import canonical, domain_lists
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.sites import registrable_domain
from pipelines.registry.table import Inputs, NoDay, Table, conform, identifier, text

APP_KINDS = (
    "generative_ai", "learning", "classroom", "creative", "office", "administration", "other",
)  # fmt: skip

FILE = File(
    "apps.csv",
    {
        "app": identifier("Reading Room"),
        "hosts": Cell("read.example.org|readingroom.example"),
        "kind": Cell("learning", "word", allowed=APP_KINDS),
        "vendor": Cell("Example Press"),
        "agreement": Cell("contract 2026-14"),
        "ends": Cell("2027-06-30", "date"),
        "student_data": Cell("yes", "boolean"),
        "owner": Cell("curriculum office"),
        "licenses": Cell("400", "integer"),
        "asked": Cell("", "date"),
    },
    "the page of apps shows no agreement, owner or license of an app",
    key=("app",),
)
COLUMNS = {
    "app": text("name of the app"),
    "hosts": text("hosts on which people open it, between bars"),
    "kind": text("kind of app: " + ", ".join(APP_KINDS)),
    "vendor": text("company that offers it"),
    "agreement": text("document of the agreement; null: none is on file"),
    "ends": Column(pl.Date, "last day of the agreement; null: it has no end"),
    "student_data": Column(pl.Boolean, "whether it receives data about students"),
    "owner": text("office that answers for it"),
    "licenses": Column(pl.Int64, "seats that the district pays for; null: none"),
    "asked": Column(pl.Date, "day on which the vendor was asked for an agreement"),
    "is_in_file": Column(pl.Boolean, "a row of apps.csv; else of the built-in list"),
}


def app_key(name: pl.Expr) -> pl.Expr:
    """Return the one spelling of an app's name, as two rows about one app share it."""
    return canonical.lowered(name)


def apps(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `apps`: rows of the file, then the built-in apps that it lacks.

    A row about a built-in app needs neither hosts nor kind nor vendor.
    """
    key = app_key(pl.col("app")).alias("key")
    listed = domain_lists.known_apps().with_columns(key)
    own = rows.frame.with_columns(key).join(
        listed.select("key", "hosts", "kind", "vendor"), on="key", how="left", suffix="_listed"
    )
    filled = own.with_columns(
        pl.coalesce("hosts", "hosts_listed"),
        pl.coalesce("kind", "kind_listed", pl.lit("other")).alias("kind"),
        pl.coalesce("vendor", "vendor_listed"),
        is_in_file=pl.lit(value=True),
    )
    problems = [*rows.problems]
    good = filled
    for what, allowed, fault in (
        ("is not on the built-in list and has no hosts", "hosts between bars", "no_host"),
        ("is not a host name", "learn.example.org", "bad_host"),
    ):
        is_wrong = _fault(fault)
        wrong = good.filter(is_wrong)
        value = "app" if fault == "no_host" else "hosts"
        problems += tell(
            FILE.name, "hosts", wrong.select(LINE, value=value), what=what, allowed=allowed
        )
        good = good.filter(~is_wrong)
    rest = listed.join(good, on="key", how="anti").with_columns(is_in_file=pl.lit(value=False))
    both = pl.concat([conform(COLUMNS, good), conform(COLUMNS, rest)])
    return RegistryFrame(both, tuple(problems))


def _fault(name: str) -> pl.Expr:
    if name == "no_host":
        return pl.col("hosts").is_null()
    return pl.col("hosts").map_elements(_has_bad_host, return_dtype=pl.Boolean)


def _has_bad_host(written: str) -> bool:
    hosts = [canonical.host(one) for one in canonical.parts(written)]
    return not hosts or any(one is None or registrable_domain(one) is None for one in hosts)


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `apps`."""
    return {"apps": apps(inputs.rows[FILE.name])}


TABLE = Table(
    name="apps",
    file=FILE,
    frames={"apps": COLUMNS},
    make=make,
    touches=NoDay(),
    is_built=False,
)
