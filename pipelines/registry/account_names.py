"""One spelling for each account, whatever a product makes of it."""

from collections.abc import Sequence

import polars as pl

MACHINE_SERVICE = "host/"


def canonical(expr: pl.Expr, domains: Sequence[str]) -> pl.Expr:
    r"""An account in lower case, without a domain of the district.

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
    """In lower case, with what a product escaped."""
    return (
        expr.str.strip_chars(" \t\r\n\x00")
        .str.to_lowercase()
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
    host = (
        text.str.strip_prefix(MACHINE_SERVICE)
        .str.extract(r"^([^@]+)", 1)
        .str.strip_chars("$.")
    )
    short = host.str.extract(r"^([^.]+)", 1)
    suffix = host.str.extract(r"^[^.]+\.(.+)$", 1)
    local = suffix.is_null() | suffix.is_in(own)
    return pl.when(local).then(short).otherwise(host) + "$"
