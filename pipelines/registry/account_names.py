r"""One spelling for each account, and which domains of names are the district's. Pure.

A log writes `PBCSD\ada` or `ada@school.example` where the registry has `ada`. A domain
is applied without a setting where its names are the registry's and nothing speaks
against it. What could be two people stays apart: a name that the registry has for
several persons, a domain whose names another domain has too.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from pipelines.registry.account_domains import (
    AMBIGUOUS,
    APPLIED,
    MAX_STRANGE,
    MIN_NAMES,
    PROPOSED,
    UNKNOWN,
    Domain,
)
from pipelines.registry.canonical import lowered

MACHINE_SERVICE = "host/"
REALMS = frozenset(("ldap", "local", "radius"))
"""Prefixes with which a gateway names the server that it asked; they are not domains."""

KNOWN_SHARE = 0.8
"""Share of a domain's names that the registry knows; a neighbor's has few."""
REGISTRY_SHARE = 0.5
"""Or share of the registry's people that a domain has: the rest may be students."""
PROPOSED_SHARE = 0.5
MAX_DOUBTFUL = 0.05
"""Share of names that several persons have; with more than that, and more than one,
none is trusted."""

PUBLIC_MAIL = frozenset(
    (
        "aol.com",
        "comcast.net",
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "yahoo.com",
    )
)
"""Mail providers open to anyone: such a name is not an account here."""
_PREFIX = re.compile(r"^([^\\/@]+)(?:\\+|/)([^\\/]+)$")
_SUFFIX = re.compile(r"^([^\\/@]+)@([^\\/@]+?)\.?$")


def canonical(expr: pl.Expr, domains: Sequence[str]) -> pl.Expr:
    r"""Return an account in lower case, without a domain of the district.

    `EXAMPLE\Ada`, `ada@school.example` and `EXAMPLE%5Cada` all become `ada` where
    `domains` holds both. A name of another domain stays whole: it may be someone
    else. `host/pc-17.school.example` is the machine `pc-17$`.

    Args:
        expr: Account names as written.
        domains: NetBIOS names and DNS suffixes of the district.
    """
    own = sorted({domain.lower().strip("@.\\ ") for domain in domains})
    text = written_out(expr)
    machine = text.str.starts_with(MACHINE_SERVICE)
    bare = _without_domain(text, own)
    name = pl.when(machine).then(_machine(text, own)).otherwise(bare)
    return pl.when(~name.is_in(["", "-"])).then(name)


def written_out(expr: pl.Expr) -> pl.Expr:
    """Return the name in lower case, as `lowered`, with a product's escapes decoded."""
    return (
        lowered(expr.str.strip_chars(" \t\r\n\x00"))
        .str.replace_all("%5c", "\\", literal=True)
        .str.replace_all("%40", "@", literal=True)
    )


def _without_domain(text: pl.Expr, own: list[str]) -> pl.Expr:
    prefix = text.str.extract(r"^([^\\/@]+)(?:\\+|/)[^\\/]+$", 1)
    after = text.str.extract(r"^[^\\/@]+(?:\\+|/)([^\\/]+)$", 1)
    bare = pl.when(prefix.is_in(own)).then(after).otherwise(text)
    suffix = bare.str.extract(r"^[^\\/@]+@([^\\/@]+?)\.?$", 1)
    before = bare.str.extract(r"^([^\\/@]+)@", 1)
    return pl.when(suffix.is_in(own)).then(before).otherwise(bare)


def _machine(text: pl.Expr, own: list[str]) -> pl.Expr:
    host = text.str.strip_prefix(MACHINE_SERVICE).str.extract(r"^([^@]+)", 1).str.strip_chars("$.")
    short = host.str.extract(r"^([^.]+)", 1)
    suffix = host.str.extract(r"^[^.]+\.(.+)$", 1)
    local = suffix.is_null() | suffix.is_in(own)
    return pl.when(local).then(short).otherwise(host) + "$"


class Spelling(NamedTuple):
    """A name with a domain, as written and in parts."""

    name: str
    form: str
    domain: str
    local: str


def bare(account: str) -> str:
    """Return a name without any domain."""
    return re.split(r"[\\/]", account)[-1].split("@")[0]


class Directory:
    """Accounts and aliases of the registry, found by their names without a domain."""

    def __init__(self, accounts: pl.DataFrame, aliases: pl.DataFrame) -> None:
        """Read the frames `accounts` and `account_aliases`."""
        owners: dict[str, str] = {}
        for account, owner in accounts.select("account", "owner_person_id").iter_rows():
            owners[account] = owner or f"account {account}"
        self.exact: dict[str, str] = {account: account for account in owners}
        self.exact |= dict(aliases.select("alias", "account").iter_rows())
        self.people = set(accounts.filter(account_type="person")["account"])
        self.mails = [
            (match, account)
            for alias, account in aliases.select("alias", "account").iter_rows()
            if (match := _SUFFIX.match(alias))
        ]
        self._by_bare: dict[str, dict[str, str]] = defaultdict(dict)
        for spelling, account in sorted(self.exact.items()):
            found = self._by_bare[bare(spelling)]
            owner = owners.get(account, f"account {account}")
            # the account that needs no stripping is the one that is meant
            if owner not in found or spelling == account == bare(spelling):
                found[owner] = account

    def account_of(self, local: str) -> str | None:
        """Return the only account of this bare name, or null."""
        found = self._by_bare.get(local, {})
        return next(iter(found.values())) if len(found) == 1 else None

    def is_doubtful(self, local: str) -> bool:
        """Return whether several persons have this bare name."""
        return len(self._by_bare.get(local, {})) > 1


def spelled(names: Iterable[str]) -> Iterable[Spelling]:
    """Return the domains of names as logs write them; without computers' names."""
    texts = pl.Series("name", sorted(set(names)), pl.String).to_frame()
    both = texts.select("name", written_out(pl.col("name")).alias("text"))
    for name, text in both.iter_rows():
        if not text or text.startswith(MACHINE_SERVICE) or text.endswith("$"):
            continue
        rest = text
        if match := _PREFIX.match(text):
            rest = match[2]
            yield Spelling(name, "prefix", match[1], rest.split("@")[0])
        if match := _SUFFIX.match(rest):
            yield Spelling(name, "suffix", match[2], match[1])


def mail_domains(directory: Directory) -> set[str]:
    """Return domains at which people of `users.csv` have their account as mail address."""
    held: dict[str, set[str]] = defaultdict(set)
    for match, account in directory.mails:
        if match[1] == bare(account):
            held[match[2]].add(account)
    return {
        domain
        for domain, accounts in held.items()
        if len(accounts) >= MIN_NAMES and domain not in PUBLIC_MAIL
    }


def derive(
    names: Iterable[str], accounts: pl.DataFrame, aliases: pl.DataFrame, own: Collection[str]
) -> tuple[Domain, ...]:
    """Return every domain that names carry and the settings do not hold, by its name.

    Args:
        names: User names as the logs wrote them.
        accounts: The registry's frame `accounts`.
        aliases: Its frame `account_aliases`.
        own: Domains of the settings.
    """
    directory = Directory(accounts, aliases)
    configured = {domain.lower().strip("@.\\ ") for domain in own}
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for _, form, domain, local in spelled(names):
        seen[domain][form].add(local)
    backed = mail_domains(directory) - configured
    for domain in backed:
        seen[domain]["suffix"] |= set()
    judged = {
        domain: _judged(directory, domain, forms, is_backed=domain in backed)
        for domain, forms in seen.items()
        if domain not in configured and domain not in REALMS
    }
    eligible = [name for name, domain in judged.items() if domain.state == APPLIED]
    for name in eligible:
        others = [one for one in (*eligible, *configured) if one != name]
        other = _sharing(seen, name, others)
        if other is not None and name not in backed:
            why = f"not applied: {other} has some of the same names, which may be other people"
            judged[name] = _with(judged[name], AMBIGUOUS, why)
    return tuple(judged[name] for name in sorted(judged))


def _sharing(
    seen: Mapping[str, Mapping[str, set[str]]], name: str, others: Sequence[str]
) -> str | None:
    """Return another domain of the same form that has one of the names too."""
    for other in sorted(others):
        for form, locals_of in seen[name].items():
            if locals_of & seen.get(other, {}).get(form, set()):
                return other
    return None


def _judged(
    directory: Directory, name: str, forms: Mapping[str, set[str]], *, is_backed: bool
) -> Domain:
    names = set().union(*forms.values())
    known = {
        local
        for local in names
        if directory.account_of(local) or f"{local}@{name}" in directory.exact
    }
    doubtful = {local for local in names if directory.is_doubtful(local)}
    strange = sorted(names - known)
    found = Domain(
        name,
        tuple(sorted(forms)),
        len(names),
        len(known),
        UNKNOWN,
        "",
        tuple(strange if len(strange) <= MAX_STRANGE else ()),
    )
    if name in PUBLIC_MAIL:
        return _with(found, UNKNOWN, "anyone may have a name there")
    if len(doubtful) > max(1, MAX_DOUBTFUL * len(known)):
        why = f"not applied: {len(doubtful):,} of these names belong to several people"
        return _with(found, AMBIGUOUS, why)
    if is_backed:
        return _with(found, APPLIED, "applied: users.csv has it in mail addresses")
    if len(known) < MIN_NAMES:
        return _with(found, UNKNOWN, "too few known names to decide")
    if (
        len(known) >= KNOWN_SHARE * len(names)
        or len(known & directory.people) >= REGISTRY_SHARE * len(directory.people) > 0
    ):
        return _with(found, APPLIED, "applied: its names are the registry's")
    if len(known) >= PROPOSED_SHARE * len(names):
        return _with(found, PROPOSED, "not applied: many of its names are unknown")
    return _with(found, UNKNOWN, "most of its names are unknown")


def _with(domain: Domain, state: str, reason: str) -> Domain:
    return replace(domain, state=state, reason=reason)


def account_names(
    values: Sequence[str], own: Collection[str], derived: Collection[str], directory: Directory
) -> pl.DataFrame:
    r"""Return `user_name` as a log wrote it, and its `account_name`.

    A spelling that the registry contains is not changed. A name without its domain that
    several persons have remains whole: it may be any of them. A gateway's word for the
    server that it asked (`LOCAL\ada` of a Cisco ASA) is removed if the registry has
    the account.

    Args:
        values: User names.
        own: Domains of the settings.
        derived: Domains that are applied without a setting.
        directory: The registry's accounts.
    """
    names = pl.DataFrame({"user_name": values}, schema={"user_name": pl.String})
    user = pl.col("user_name")
    both = names.select(
        user,
        canonical(user, sorted(own)).cast(pl.String).alias("whole"),
        canonical(user, sorted({*own, *derived})).cast(pl.String).alias("stripped"),
    )
    accounts = [_meant(whole, stripped, directory) for _, whole, stripped in both.iter_rows()]
    return names.with_columns(account_name=pl.Series(accounts, dtype=pl.String))


def accounts_meant(
    values: Iterable[str], own: Collection[str], directory: Directory
) -> Mapping[str, str]:
    r"""Return each name that a person wrote, and the account that it means.

    `EXAMPLE\Ada`, `Ada` and an alias of hers are her account. A name that the registry does
    not contain remains, in its canonical spelling.
    """
    names = account_names(sorted(set(values)), own, (), directory)
    return {
        name: directory.exact.get(account, account)
        for name, account in names.with_columns(
            pl.col("account_name").fill_null(pl.col("user_name"))
        ).iter_rows()
    }


def _meant(whole: str | None, stripped: str | None, directory: Directory) -> str | None:
    if whole and whole not in directory.exact and (match := _PREFIX.match(whole)):
        local = match[2].split("@")[0]
        if match[1] in REALMS and not directory.is_doubtful(local):
            return directory.account_of(local) or whole
    if whole == stripped or stripped is None or whole in directory.exact:
        return whole
    if directory.is_doubtful(stripped):
        return whole
    return directory.account_of(stripped) or stripped
