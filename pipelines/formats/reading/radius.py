"""Login data of RADIUS servers: account, access path, and whether it is a person.

The name is what the client sent. Windows computers log in as `host/name.domain` or `NAME$`. The
calling station is a MAC on a wireless network or port, and an address if the client uses a VPN
gateway.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.events import LOGON_KINDS
from pipelines.formats.reading.fields import address, mac, name, null_if_dash, one_of

REASONS = {
    "1": "internal error",
    "7": "no such domain",
    "8": "no such account",
    "16": "wrong name or password",
    "21": "refused by an extension",
    "22": "method of authentication not offered",
    "23": "error in the method of authentication",
    "34": "account disabled",
    "35": "account expired",
    "36": "account locked out",
    "48": "no policy matches",
    "65": "account may not dial in",
    "66": "method not allowed by the policy",
    "262": "incomplete message",
    "265": "certificate of no trusted authority",
    "300": "no certificate of the client",
}
"""Microsoft's reason codes of a refusal."""

NO_TEXT = pl.lit(None, pl.String)
COMPUTER = r"(?i)^host/([^/ ]+)$|^(?:.*\\)?([^\\@ ]+)\$(?:@.*)?$"


def is_computer(user: pl.Expr) -> pl.Expr:
    """Return whether it is a computer's account; null for none."""
    return user.str.contains(COMPUTER)


def computer_name(user: pl.Expr) -> pl.Expr:
    """Return the name of the computer whose account it is."""
    parts = user.str.extract_groups(COMPUTER).struct
    return name(pl.coalesce(parts.field("1"), parts.field("2")))


def caller(station: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return MAC and address of a calling station; one of them, or neither."""
    bare = null_if_dash(station).str.replace(r"^([0-9a-fA-F.:-]{12,17})(?::[^:]*)?$", "$1")
    return mac(bare), address(pl.when(mac(bare).is_null()).then(bare))


def proof(
    by_line: pl.Expr, options: Mapping[str, str], *, tunnel: pl.Expr | None = None
) -> pl.Expr:
    """Return how the name is known; `options.name_proof` may say that the server returns it.

    A client chooses the name in front of the tunnel that holds its identity, and network
    equipment has no other, unless the server returns the proven one (`User-Name` in its
    answer).

    Raises:
        SettingsError: The option is another word.
    """
    option = one_of(options, "name_proof", ("authenticated", "outer"))
    by_option = by_line if option is None else pl.lit(option)
    return (
        by_option if tunnel is None else pl.when(tunnel).then(pl.lit("tunnel")).otherwise(by_option)
    )


def kind(by_port: pl.Expr, station: tuple[pl.Expr, pl.Expr], options: Mapping[str, str]) -> pl.Expr:
    """Return `wifi` or `vpn`, from the port, the station or the settings.

    Args:
        by_port: `wifi`, `vpn` or null.
        station: From `caller`.
        options: The source's; `logon_kind` counts if the line does not show it.

    Raises:
        SettingsError: The kind does not exist.
    """
    option = one_of(options, "logon_kind", LOGON_KINDS)
    by_station = (
        pl.when(station[0].is_not_null())
        .then(pl.lit("wifi"))
        .when(station[1].is_not_null())
        .then(pl.lit("vpn"))
    )
    return pl.coalesce(by_port, by_station, pl.lit(option, pl.String))


def login(
    user: pl.Expr,
    station: tuple[pl.Expr, pl.Expr],
    logon_kind: pl.Expr,
    *,
    given_ip: pl.Expr = NO_TEXT,
) -> dict[str, pl.Expr]:
    """Return the kind, the device and the addresses of a login.

    Args:
        user: The account.
        station: From `caller`.
        logon_kind: From `kind`.
        given_ip: The address that the session was given: the client's own, or that inside a VPN.
    """
    is_vpn, computer = logon_kind == "vpn", computer_name(user)
    return {
        "logon_kind": logon_kind,
        "src_mac": station[0],
        "src_ip": pl.when(is_vpn).then(station[1]).otherwise(pl.coalesce(given_ip, station[1])),
        "assigned_ip": pl.when(is_vpn).then(given_ip),
        "host": computer,
        "src_hostname": computer,
        "is_machine": is_computer(user),
    }
