"""The Windows security log as winlogbeat writes it: one JSON object a line."""

from collections.abc import Mapping

import polars as pl

from pipelines.synthetic.columns import dotted
from pipelines.synthetic.places import DOMAIN, NETBIOS
from pipelines.synthetic.world import World

ACTIONS: Mapping[str, str] = {
    "1102": "Log clear",
    "4624": "Logon",
    "4625": "Logon",
    "4634": "Logoff",
    "4647": "Logoff",
    "4768": "Kerberos Authentication Service",
    "4728": "Security Group Management",
    "4769": "Kerberos Service Ticket Operations",
    "4776": "Credential Validation",
    "4800": "Other Logon/Logoff Events",
    "4801": "Other Logon/Logoff Events",
}
FAILED = ("4625",)
DOMAIN_ADMINS = "S-1-5-21-7-8-9-512"
WRONG_PASSWORD = "0xc000006a"  # noqa: S105


def windows_lines(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Return lines in order of true time, stamped by each host's own clock.

    Columns: seen, line.
    """
    devices = world.places.devices
    events = _of_windows(world, events)
    names = pl.DataFrame(
        {
            "number": pl.Series([d.number for d in devices], dtype=pl.Int32),
            "name": [d.hostname.upper() for d in devices],
            "error": pl.Series([d.clock_error_seconds * 1_000 for d in devices], dtype=pl.Int64),
        }
    )
    rows = (
        events.with_row_index("record")
        .join(names, left_on="reporter", right_on="number", how="left", maintain_order="left")
        .rename({"name": "host"})
        .join(
            names.drop("error"),
            left_on="device",
            right_on="number",
            how="left",
            maintain_order="left",
        )
    )
    stamp = pl.from_epoch(pl.col("time") + pl.col("error"), "ms").dt.strftime(
        "%Y-%m-%dT%H:%M:%S%.3fZ"
    )
    return rows.select(seen="time", line=_line(stamp))


def _of_windows(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Remove other devices' events, and those that no controller records."""
    others = pl.Series(
        [one.number for one in world.places.devices if one.runs_chromeos], dtype=pl.Int32
    )
    if others.is_empty():
        return events
    is_other = pl.any_horizontal(
        pl.col(name).is_in(others.implode()) for name in ("reporter", "device")
    )
    return events.filter(~is_other)


def _line(stamp: pl.Expr) -> pl.Expr:
    code = pl.col("code")
    host = pl.col("host") + f".{DOMAIN}"
    failed = code.is_in(FAILED) | ((code == "4776") & (pl.col("logon") == 1))
    outcome = pl.when(failed).then(pl.lit("failure")).otherwise(pl.lit("success"))
    action = code.replace_strict(ACTIONS, return_dtype=pl.String)
    return pl.concat_str(
        pl.lit('{"@timestamp":"'),
        stamp,
        pl.lit('","event":{"action":"'),
        action,
        pl.lit('","code":"'),
        code,
        pl.lit('","kind":"event","outcome":"'),
        outcome,
        pl.lit('","provider":"Microsoft-Windows-Security-Auditing"},"host":{"name":"'),
        host,
        pl.lit('"},"log":{"level":"information"},"winlog":{"channel":"Security","computer_name":"'),
        host,
        pl.lit('","event_data":{'),
        _data(failed),
        pl.lit('},"event_id":"'),
        code,
        pl.lit('","provider_name":"Microsoft-Windows-Security-Auditing","record_id":'),
        (pl.col("record") + 50_001).cast(pl.String),
        pl.lit("}}"),
    )


def _data(failed: pl.Expr) -> pl.Expr:
    code, domain = pl.col("code"), _domain()
    user = _pair("TargetUserName", pl.col("account"))
    whole = pl.concat_str(user, pl.lit(","), _pair("TargetDomainName", domain))
    address = pl.when(pl.col("address") > 0).then(dotted(pl.col("address")))
    return (
        pl.when(code.is_in(["4624", "4625"]))
        .then(pl.concat_str(whole, _logon(address, failed)))
        .when(code.is_in(["4634", "4647"]))
        .then(pl.concat_str(whole, _session()))
        .when(code.is_in(["4768", "4769"]))
        .then(pl.concat_str(whole, _ticket(address)))
        .when(code == "4776")
        .then(pl.concat_str(user, _credential(failed)))
        .when(code == "1102")
        .then(_pair("SubjectUserName", pl.col("account")))
        .when(code == "4728")
        .then(
            pl.concat_str(
                pl.lit(f'"TargetUserName":"Domain Admins","TargetSid":"{DOMAIN_ADMINS}",'),
                _pair("SubjectUserName", pl.col("account")),
            )
        )
        .otherwise(pl.concat_str(whole, _identifier()))
    )


def _domain() -> pl.Expr:
    is_system = pl.col("account") == "SYSTEM"
    return pl.when(is_system).then(pl.lit("NT AUTHORITY")).otherwise(pl.lit(NETBIOS))


def _pair(key: str, value: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f'"{key}":"'), value.cast(pl.String), pl.lit('"'))


def _more(*pairs: tuple[str, pl.Expr]) -> pl.Expr:
    parts = [part for key, value in pairs for part in (pl.lit(","), _pair(key, value))]
    return pl.concat_str(parts)


def _hexadecimal() -> pl.Expr:
    """Return the session's number, as the log writes it."""
    digits = pl.lit("0123456789abcdef")
    number = pl.col("logon")
    return pl.concat_str(
        pl.lit("0x"), *(digits.str.slice(number // 16**power % 16, 1) for power in range(7, -1, -1))
    )


def _logon(address: pl.Expr, failed: pl.Expr) -> pl.Expr:
    kind = pl.col("logon_type")
    is_remote = kind.is_in([3, 10])
    where = (
        pl.when(is_remote)
        .then(address)
        .when(kind.is_in([2, 7, 11]))
        .then(pl.lit("127.0.0.1"))
        .fill_null("-")
    )
    status = pl.when(failed).then(pl.lit(WRONG_PASSWORD)).otherwise(pl.lit("0x0"))
    return _more(
        ("LogonType", kind),
        ("TargetLogonId", _hexadecimal()),
        ("LogonProcessName", _process(kind)),
        ("AuthenticationPackageName", _package(kind)),
        ("WorkstationName", pl.col("name")),
        ("IpAddress", where),
        ("IpPort", pl.lit("0")),
        ("SubStatus", status),
    )


def _process(kind: pl.Expr) -> pl.Expr:
    return (
        pl.when(kind == 3)
        .then(pl.lit("Kerberos"))
        .when(kind.is_in([4, 5]))
        .then(pl.lit("Advapi"))
        .otherwise(pl.lit("User32"))
    )


def _package(kind: pl.Expr) -> pl.Expr:
    return pl.when(kind == 3).then(pl.lit("Kerberos")).otherwise(pl.lit("Negotiate"))


def _session() -> pl.Expr:
    kind = _more(("LogonType", pl.col("logon_type")))
    is_asked_for = pl.col("code") == "4647"  # the event of a user's wish has no type
    return pl.concat_str(
        pl.when(is_asked_for).then(pl.lit("")).otherwise(kind),
        _more(("TargetLogonId", _hexadecimal())),
    )


def _ticket(address: pl.Expr) -> pl.Expr:
    is_first = pl.col("code") == "4768"
    service = pl.when(is_first).then(pl.lit("krbtgt")).otherwise(pl.lit("DO-SRV-0002$"))
    return _more(
        ("ServiceName", service),
        ("IpAddress", ("::ffff:" + address).fill_null("::1")),
        ("IpPort", pl.lit("49711")),
        ("Status", pl.lit("0x0")),
    )


def _credential(failed: pl.Expr) -> pl.Expr:
    status = pl.when(failed).then(pl.lit(WRONG_PASSWORD)).otherwise(pl.lit("0x0"))
    return _more(("Workstation", pl.col("name")), ("Status", status))


def _identifier() -> pl.Expr:
    return _more(("TargetLogonId", _hexadecimal()), ("SessionId", pl.lit("1")))
