"""Accounts: from `accounts.csv`, and from the roster for the others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from pipelines.events import Column
from pipelines.registry import canonical as spelling
from pipelines.registry.account_domains import MIN_NAMES
from pipelines.registry.account_names import PUBLIC_MAIL, canonical
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.roster import USERS
from pipelines.registry.table import (
    FROM,
    FROM_CELL,
    PERSON_CELL,
    TO,
    Inputs,
    Mentions,
    Table,
    conform,
    identifier,
    strangers,
    text,
)
from pipelines.settings.problems import Problem

FILE = File(
    "accounts.csv",
    {
        "username": identifier("office-hs"),
        "account_type": Cell(
            "role_shared",
            "word",
            required=True,
            allowed=("person", "service", "role_shared", "device"),
        ),
        "owner_person_id": PERSON_CELL,
        "approved_shared": Cell("true", "boolean"),
        "aliases": Cell("hsoffice|office.hs", "list"),
        "valid_from": FROM_CELL,
        "valid_to": Cell("", "date"),
        "note": Cell("front desk"),
        "used_in": Cell("HS", "list"),
        "is_admin": Cell("false", "boolean"),
    },
    "accounts then come from the roster's usernames; shared, service and "
    "device accounts are not known as such",
)
ACCOUNTS = {
    "account": text("canonical spelling", "direct"),
    "account_type": text("person, service, role_shared or device"),
    "owner_person_id": text("whose it is", "direct"),
    "approved_shared": Column(pl.Boolean, "several persons may use it"),
    "used_in": text(
        "building codes and pools where it belongs, joined by ;, null if one is unknown"
    ),
    "is_admin": Column(pl.Boolean, "kept for administration alone"),
    "valid_from": FROM,
    "valid_to": TO,
}
ACCOUNT_ALIASES = {
    "alias": text("an earlier or other spelling, canonical", "direct"),
    "account": text("the account that it represents", "direct"),
}


class Directory(NamedTuple):
    """Frames `accounts` and `account_aliases`, and what is wrong."""

    accounts: pl.DataFrame
    aliases: pl.DataFrame
    problems: tuple[Problem, ...]


def directory(rows: RegistryFrame, logins: pl.DataFrame, domains: Sequence[str]) -> Directory:
    """Put the district's own list and the roster's usernames together.

    Args:
        rows: Of `accounts.csv`.
        logins: `account`, `email`, `owner_person_id`, `valid_to` of the roster.
        domains: Domains of the district's accounts.
    """
    listed = rows.frame.with_columns(account=canonical(pl.col("username"), domains))
    once = _without_overlap(listed)
    again = listed.join(once.select(LINE), on=LINE, how="anti")
    roster, shared = _of_roster(logins)
    rest = roster.join(once, on="account", how="anti")
    accounts = pl.concat([conform(ACCOUNTS, once), conform(ACCOUNTS, rest)])
    accounts = accounts.with_columns(pl.col("approved_shared", "is_admin").fill_null(value=False))
    aliases, doubtful = _aliases(once, logins, accounts, domains)
    problems = tell(
        FILE.name,
        "username",
        again.select(LINE, pl.col("username").alias("value")),
        what="is an account of another row on the same days",
        allowed="one row per account and day, spellings under aliases",
    )
    return Directory(accounts, aliases, (*rows.problems, *problems, *shared, *doubtful))


def _without_overlap(listed: pl.DataFrame) -> pl.DataFrame:
    """Return rows of one account that follow each other; the first of two that overlap."""
    ordered = listed.sort("account", "valid_from", LINE, nulls_last=False)
    reached = pl.col("valid_to").fill_null(date.max)
    before = reached.cum_max().shift(1).over("account")
    overlaps = pl.col("valid_from").fill_null(date.min) <= before
    kept = ordered.filter(~overlaps.fill_null(value=False))
    return kept.sort(LINE)


def _of_roster(logins: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    """Return accounts of persons; one that two persons have belongs to neither."""
    grouped = logins.group_by("account", maintain_order=True).agg(
        pl.col(LINE).last(),
        pl.col("owner_person_id").unique(),
        # open for one of them means open
        pl.when(pl.col("valid_to").is_not_null().all())
        .then(pl.col("valid_to").max())
        .alias("valid_to"),
    )
    is_one = pl.col("owner_person_id").list.len() == 1
    accounts = grouped.with_columns(
        owner_person_id=pl.when(is_one).then(pl.col("owner_person_id").list.first()),
        account_type=pl.lit("person"),
    )
    told = tell(
        USERS.name,
        "username",
        grouped.filter(~is_one).select(LINE, pl.col("account").alias("value")),
        what="belongs to several persons; its owner is taken as unknown",
        allowed="a username of one person",
    )
    return accounts, told


def _aliases(
    listed: pl.DataFrame, logins: pl.DataFrame, accounts: pl.DataFrame, domains: Sequence[str]
) -> tuple[pl.DataFrame, list[Problem]]:
    """Return other spellings; one that could mean two accounts means none."""
    spellings = _spellings(listed, logins, domains)
    is_account = pl.col("alias").is_in(accounts["account"].to_list())
    is_doubtful = is_account | (pl.col("account").n_unique().over("alias") > 1)
    problems = tell(
        FILE.name,
        "aliases",
        spellings.filter(is_doubtful).select(LINE, pl.col("alias").alias("value")),
        what="could mean several accounts; it means none",
        allowed="a spelling of one account",
        severity="notice",
    )
    return conform(ACCOUNT_ALIASES, spellings.filter(~is_doubtful)), problems


def _spellings(listed: pl.DataFrame, logins: pl.DataFrame, domains: Sequence[str]) -> pl.DataFrame:
    """`alias` and `account` as the list and the roster's mail addresses say."""
    own = listed.explode("aliases").select(
        LINE, canonical(pl.col("aliases"), domains).alias("alias"), "account"
    )
    # a mail address of the district, without its @ and the rest
    mail = logins.filter(~pl.col("email").str.contains("@", literal=True)).select(
        LINE, pl.col("email").alias("alias"), "account"
    )
    return (
        pl.concat([own.drop_nulls("alias"), mail, _whole_mail(logins)])
        .filter(pl.col("alias") != pl.col("account"))
        .unique(["alias", "account"], keep="first", maintain_order=True)
    )


def _whole_mail(logins: pl.DataFrame) -> pl.DataFrame:
    """Return mail addresses of a domain that the settings do not name, from the roster.

    Only of the domain that most accounts of the roster have: a private mailbox is not an
    account here. One whose first part is another person's account is ambiguous.
    """
    domain = pl.col("email").str.extract(r"@([^@]+)$", 1)
    local = pl.col("email").str.extract(r"^([^@]+)@", 1)
    mails = logins.with_columns(domain=domain, local=local).drop_nulls("domain")
    held = (
        mails.group_by("domain")
        .len()
        .filter(pl.col("len") >= MIN_NAMES, pl.col("len") * 2 >= logins["email"].count())
    )
    kept = mails.join(held, on="domain", how="semi", maintain_order="left").filter(
        ~pl.col("domain").is_in(list(PUBLIC_MAIL))
    )
    accounts = logins.select(
        pl.col("account").str.extract(r"([^\\/]+)$", 1).str.extract(r"^([^@]+)", 1).alias("local"),
        pl.col("owner_person_id").alias("other"),
    )
    others = kept.join(accounts, on="local").filter(pl.col("other") != pl.col("owner_person_id"))
    alone = kept.filter(pl.col("account").n_unique().over("email") == 1)
    return alone.filter(~pl.col("local").is_in(others["local"].to_list())).select(
        LINE, pl.col("email").alias("alias"), "account"
    )


def placed(
    rows: RegistryFrame, buildings: Mapping[str, str], pools: Collection[str]
) -> RegistryFrame:
    """Return the rows with the places of `used_in` as codes and pools, joined by semicolons.

    A row with an unknown place has none: where the account may be used is not known.

    Args:
        buildings: Spelling of a building -> its code.
        pools: Pools of `devices.csv`.
    """
    known = {*buildings.values(), *pools}

    def place(written: str) -> str:
        pool = spelling.lower(written)
        return pool if pool in pools else spelling.building(written, buildings)

    column = pl.col("used_in")
    listed = rows.frame.explode("used_in").select(LINE, value=spelling.mapped(column, place))
    every = listed.drop_nulls().group_by(LINE, maintain_order=True).agg("value")
    is_known = pl.col("value").list.eval(pl.element().is_in(sorted(known))).list.all()
    resolved = every.with_columns(value=pl.when(is_known).then(pl.col("value").list.join(";")))
    frame = rows.frame.drop("used_in").join(
        resolved.rename({"value": "used_in"}), on=LINE, how="left", maintain_order="left"
    )
    strange = strangers(
        FILE.name,
        "used_in",
        listed,
        known,
        what="is neither a building nor a pool; use of the account there is not judged",
        allowed="a code or name of buildings.csv, or a pool of devices.csv",
    )
    return RegistryFrame(frame, (*rows.problems, *strange))


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return frames `accounts` and `account_aliases`."""
    domains = inputs.settings.district.account_domains
    pools = {*inputs.frame("devices")["pool"]} - {None}
    rows = placed(inputs.rows[FILE.name], inputs.buildings, pools)
    made = directory(rows, inputs.roster.logins, domains)
    return {
        "accounts": RegistryFrame(made.accounts, made.problems),
        "account_aliases": RegistryFrame(made.aliases, ()),
    }


TABLE = Table(
    name="accounts",
    file=FILE,
    frames={"accounts": ACCOUNTS, "account_aliases": ACCOUNT_ALIASES},
    make=make,
    touches=Mentions(),
)
