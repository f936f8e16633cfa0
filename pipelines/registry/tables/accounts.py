"""Accounts: from `accounts.csv`, and from the roster for the others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

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
    "approved_shared": Column(
        pl.Boolean, "several persons may use it; null for a role's account without a decision"
    ),
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
    once, again = _without_overlap(listed)
    roster, shared = _of_roster(logins.join(once, on="account", how="anti"))
    accounts = pl.concat([conform(ACCOUNTS, once), conform(ACCOUNTS, roster)])
    spellings, earlier = _by_owner(_spellings(listed, logins, domains), accounts)
    accounts = pl.concat([accounts, conform(ACCOUNTS, earlier)])
    is_role = (pl.col("account_type") == "role_shared").fill_null(value=False)
    accounts = accounts.with_columns(
        # an empty cell of a role's account is not a refusal
        approved_shared=pl.col("approved_shared").fill_null(
            pl.when(~is_role).then(pl.lit(value=False))
        ),
        is_admin=pl.col("is_admin").fill_null(value=False),
    )
    aliases, doubtful = _aliases(spellings, accounts)
    problems = tell(
        FILE.name,
        "username",
        again.select(LINE, pl.col("username").alias("value")),
        what="is an account of another row on the same days; two persons own it on none of them",
        allowed="one row per account and day, spellings under aliases",
    )
    return Directory(accounts, aliases, (*rows.problems, *problems, *shared, *doubtful))


def _without_overlap(listed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows of one account that follow each other, and the rows that overlap them.

    Of two that overlap the first counts; on the days on which they name two persons, the
    account has no owner.
    """
    ordered = listed.sort("account", "valid_from", LINE, nulls_last=False)
    reached = pl.col("valid_to").fill_null(date.max)
    before = reached.cum_max().shift(1).over("account")
    overlaps = (pl.col("valid_from").fill_null(date.min) <= before).fill_null(value=False)
    again = ordered.filter(overlaps)
    others = {
        account: list(rows.select("owner_person_id", "valid_from", "valid_to").iter_rows())
        for (account,), rows in again.group_by("account")
    }
    kept = ordered.filter(~overlaps)
    pieces = [
        {**row, "owner_person_id": owner, "valid_from": first_day, "valid_to": last_day}
        for row in kept.filter(pl.col("account").is_in(list(others))).iter_rows(named=True)
        for owner, first_day, last_day in _undisputed(row, others[row["account"]])
    ]
    whole = kept.filter(~pl.col("account").is_in(list(others)))
    return pl.concat([whole, pl.DataFrame(pieces, kept.schema)]).sort(LINE), again.sort(LINE)


def _undisputed(
    row: Mapping[str, Any], others: Sequence[tuple[str | None, date | None, date | None]]
) -> Iterator[tuple[str | None, date | None, date | None]]:
    """Yield owner, first and last day of the parts of a row; none is the owner of a dispute."""
    first_day = row["valid_from"] or date.min
    last_day = row["valid_to"] or date.max
    for owner, other_first, other_last in sorted(others, key=lambda other: other[1] or date.min):
        begins = max(other_first or date.min, first_day)
        ends = min(other_last or date.max, last_day)
        if owner == row["owner_person_id"] or begins > ends:
            continue
        if begins > first_day:
            yield row["owner_person_id"], _open(first_day), begins - timedelta(days=1)
        yield None, _open(begins), _open(ends)
        if ends == last_day:
            return
        first_day = ends + timedelta(days=1)
    yield row["owner_person_id"], _open(first_day), _open(last_day)


def _open(day: date) -> date | None:
    return None if day in {date.min, date.max} else day


def _by_owner(spellings: pl.DataFrame, accounts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return aliases of accounts, and those of an earlier owner as separate accounts.

    An alias belongs to the person of its row, not to a name that another person has now.
    """
    reached = pl.col("valid_to").fill_null(date.max)
    holders = (
        accounts.filter(reached == reached.max().over("account"))
        .group_by("account")
        .agg(pl.col("owner_person_id").first().alias("holder"))
    )
    owned = spellings.join(holders, on="account", how="left", maintain_order="left")
    is_holders = (
        pl.col("owner_person_id").is_null()
        | (pl.col("owner_person_id") == pl.col("holder"))
        | ~pl.col("account").is_in(_accounts_of_several(spellings, accounts))
    ).fill_null(value=False)
    earlier = owned.filter(~is_holders & ~pl.col("alias").is_in(accounts["account"].to_list()))
    alone = earlier.filter(pl.col("owner_person_id").n_unique().over("alias") == 1)
    return owned.filter(is_holders), alone.unique(
        "alias", keep="first", maintain_order=True
    ).select(
        pl.col("alias").alias("account"),
        "owner_person_id",
        "valid_from",
        "valid_to",
        account_type=pl.lit("person"),
    )


def _accounts_of_several(spellings: pl.DataFrame, accounts: pl.DataFrame) -> list[str]:
    """Return accounts that rows of the list or the roster give to several persons."""
    owners = pl.concat(
        [table.select("account", "owner_person_id") for table in (spellings, accounts)]
    )
    count = owners.drop_nulls().group_by("account").agg(pl.col("owner_person_id").n_unique())
    return count.filter(pl.col("owner_person_id") > 1)["account"].to_list()


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


def _aliases(spellings: pl.DataFrame, accounts: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    """Return other spellings; one that could mean two accounts means none."""
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
    """`alias`, `account` and owner as the list and the roster's mail addresses say."""
    own = listed.explode("aliases").select(
        LINE,
        canonical(pl.col("aliases"), domains).alias("alias"),
        "account",
        "owner_person_id",
        "valid_from",
        "valid_to",
    )
    # a mail address of the district, without its @ and the rest
    mail = logins.filter(~pl.col("email").str.contains("@", literal=True)).select(*_mail_columns())
    return (
        pl.concat([own.drop_nulls("alias"), mail, _whole_mail(logins)])
        .filter(pl.col("alias") != pl.col("account"))
        .unique(["alias", "account", "owner_person_id"], keep="first", maintain_order=True)
    )


def _mail_columns() -> tuple[pl.Expr, ...]:
    return (
        pl.col(LINE),
        pl.col("email").alias("alias"),
        pl.col("account"),
        pl.col("owner_person_id"),
        pl.lit(None, pl.Date).alias("valid_from"),
        pl.col("valid_to"),
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
    return alone.filter(~pl.col("local").is_in(others["local"].to_list())).select(*_mail_columns())


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
