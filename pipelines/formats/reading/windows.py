"""The Windows Security log, whatever carries it: logons, logoffs, tickets, locks.

A carrier (winlogbeat JSON, EVTX, XML) names its fields as in `FIELDS`; `events`
turns them into `logons`, and every other event id into `system_events`.

Most 4624 are not people: services, batch jobs, computers. So the logon type
decides the kind, and built-in accounts are told by their security id, since
their names are translated. A domain controller reports what happens elsewhere:
there, and for network logons, the account was used on the workstation that the
event names, or on one that it does not name.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats.reading.fields import (
    account,
    address,
    before,
    known,
    name,
    port,
    whole,
)
from pipelines.formats.reading.json import json_text

REASONS = {
    "0xc0000064": "no such user",
    "0xc000006a": "wrong password",
    "0xc000006d": "wrong user name or password",
    "0xc000006f": "outside the hours allowed for the account",
    "0xc0000070": "not from this workstation",
    "0xc0000071": "password expired",
    "0xc0000072": "account disabled",
    "0xc0000193": "account expired",
    "0xc0000224": "password must be changed",
    "0xc0000234": "account locked out",
    "0xc000015b": "logon type not granted",
    "0x6": "no such user",
    "0x12": "account disabled, expired or locked out",
    "0x17": "password expired",
    "0x18": "wrong password",
    "0x25": "clocks differ too much",
}
"""NT status and Kerberos codes; what is not listed is given as the bare code."""


DATA = {
    "target_user": "TargetUserName",
    "target_domain": "TargetDomainName",
    "target_sid": "TargetUserSid",
    "ticket_sid": "TargetSid",
    "target_logon_id": "TargetLogonId",
    "kind_of_logon": "LogonType",
    "ip": "IpAddress",
    "ip_port": "IpPort",
    "workstation_name": "WorkstationName",
    "workstation": "Workstation",
    "subject_user": "SubjectUserName",
    "status": "Status",
    "sub_status": "SubStatus",
    "service_name": "ServiceName",
    "target_server": "TargetServerName",
    "process": "ProcessName",
}
"""Our name of each field, and its name in the event's data."""

SYSTEM = ["event_id", "computer", "record_id", "stamp", "channel"]
"""Fields of the event's head, which every carrier names in its own way."""

LOGON, LOGON_FAILED, LOGOFF, LOGOFF_ASKED = "4624", "4625", "4634", "4647"
OTHER_CREDENTIALS, LOCK, UNLOCK = "4648", "4800", "4801"
TICKETS = ["4768", "4769", "4771", "4776"]
ACTIVITY = {
    LOGON: "logon",
    LOGON_FAILED: "logon",
    OTHER_CREDENTIALS: "logon",
    LOGOFF: "logoff",
    LOGOFF_ASKED: "logoff",
    LOCK: "lock",
    UNLOCK: "unlock",
    **dict.fromkeys(TICKETS, "ticket"),
}
LOGON_KIND = {
    "2": "interactive",
    "7": "interactive",
    "3": "network",
    "8": "network",
    "9": "network",
    "4": "batch",
    "5": "service",
    "10": "remote",
    "11": "cached",
    "13": "cached",
}
FROM_ELSEWHERE = ["3", "8"]
"""Logon types whose user sits at another device than the one that reports."""

BUILT_IN_SID = r"^S-1-5-(?:7|18|19|20)$|^S-1-5-(?:80|82|83|90|94|96)-"
BUILT_IN_NAME = (
    r"(?i)^(?:system|anonymous logon|local service|network service|"
    r"(?:dwm|umfd)-[0-9]+)$|\$(?:@.*)?$"
)

MUST = {
    "the event has no id": pl.col("event_id").str.contains("^[0-9]{1,5}$"),
    "the time of the event cannot be read": pl.col("time").is_not_null(),
    "the event names no computer": pl.col("reported_by").is_not_null(),
}


def events(batch: pl.LazyFrame, reading: Reading) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`.

    Args:
        batch: Text columns named as in `SYSTEM` and `DATA`.
        reading: For stamps without an offset.
    """
    asked_from = pl.coalesce("workstation_name", "workstation")
    return (
        batch.with_columns(
            read_stamp=clock.iso_pair(pl.col("stamp"), reading),
            full_name=name(pl.col("computer")),
            reporter=name(pl.col("computer").str.strip_chars_start("\\")),
            asked_from=name(asked_from.str.strip_chars_start("\\")),
            found_ip=address(pl.col("ip")),
            asker=known(pl.col("subject_user")),
        )
        .with_columns(
            time=pl.col("read_stamp").struct.field("time"),
            time_quality=pl.col("read_stamp").struct.field("quality"),
            event_class=event_class(),
            event_uid=pl.concat_str(
                pl.col("computer").str.to_lowercase(), "record_id", separator=":"
            ),
            event_code=pl.col("event_id"),
            kind=pl.col("event_id"),
            message=pl.col("line"),
            **who(),
            **what(),
        )
        .with_columns(
            src_port=pl.when(pl.col("src_ip").is_not_null()).then(
                port(pl.col("ip_port"))
            ),
            host=host(),
            is_machine=is_machine(),
            failure_reason=failure_reason(),
        )
        .with_columns(extras=extras())
    )


def event_class() -> pl.Expr:
    """A number means a logon in the Security log only."""
    is_security = (pl.col("channel") == "Security").fill_null(value=True)
    is_logon = pl.col("event_id").is_in(list(ACTIVITY)) & is_security
    return pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events"))


def who() -> dict[str, pl.Expr]:
    """The account, where it came from, and who says so."""
    return {
        "reported_by": short(pl.col("reporter")),
        "src_hostname": short(pl.col("asked_from")),
        "src_ip": elsewhere(pl.col("found_ip")),
        "user_name": account(pl.col("target_user")),
        "user_domain": known(pl.col("target_domain")),
        "logon_uid": logon_uid(pl.col("target_logon_id")),
    }


def what() -> dict[str, pl.Expr]:
    """What happened, and whether somebody was let in."""
    return {
        "activity": _told(pl.col("event_id"), ACTIVITY),
        "logon_kind": kind(),
        "logon_type": whole(pl.col("kind_of_logon"), 4).cast(pl.Int16),
        "is_success": is_success(),
    }


def short(full: pl.Expr) -> pl.Expr:
    """`lab-07` of `lab-07.example.org`; an address stays whole."""
    # what does not begin like an address and holds no colon can be none
    is_doubtful = full.str.contains(r"^[0-9\[\] ]|:")
    is_address = address(pl.when(is_doubtful).then(full)).is_not_null()
    return pl.when(is_address).then(full).otherwise(before(full, "."))


def elsewhere(found: pl.Expr) -> pl.Expr:
    """The address, unless it is the device's own loopback or none at all."""
    is_own = found.str.contains(r"^127\.|^::1?$|^0\.0\.0\.0$")
    return pl.when(~is_own).then(found)


def logon_uid(text: pl.Expr) -> pl.Expr:
    """The id of a logon session, unique until that computer restarts."""
    found = known(text).str.to_lowercase()
    return pl.when(found != "0x0").then(found)


def kind() -> pl.Expr:
    """From the logon type; a screen is locked and unlocked at its keyboard."""
    code = pl.col("event_id")
    return (
        pl.when(code.is_in([LOCK, UNLOCK]))
        .then(pl.lit("interactive"))
        .when(code.is_in([LOGON, LOGON_FAILED, LOGOFF]))
        .then(_told(pl.col("kind_of_logon"), LOGON_KIND))
    )


def is_success() -> pl.Expr:
    """Null for events that do not say whether somebody was let in."""
    code = pl.col("event_id")
    return (
        pl.when(code == LOGON)
        .then(pl.lit(value=True))
        .when(code.is_in([LOGON_FAILED, "4771"]))
        .then(pl.lit(value=False))
        .when(code.is_in(TICKETS))
        .then(_is_zero(pl.col("status")))
    )


def host() -> pl.Expr:
    """The device the account was used on, which is often not the reporter.

    A web or mail server that logs on for a client names itself as the
    workstation; with an address beside it that is not the user's device.
    """
    named = pl.col("src_hostname")
    is_itself = (named == pl.col("reported_by")) & pl.col("src_ip").is_not_null()
    away = pl.col("event_id").is_in(TICKETS) | (
        pl.col("event_id").is_in([LOGON, LOGON_FAILED, LOGOFF])
        & pl.col("kind_of_logon").is_in(FROM_ELSEWHERE)
    ).fill_null(value=False)
    workstation = pl.when(~is_itself.fill_null(value=False)).then(named)
    return pl.when(away).then(workstation).otherwise(pl.col("reported_by"))


def is_machine() -> pl.Expr:
    """By security id where the event has one, else by name."""
    by_sid = pl.coalesce("target_sid", "ticket_sid").str.contains(BUILT_IN_SID)
    by_name = pl.col("user_name").str.contains(BUILT_IN_NAME)
    return by_name | (by_sid & by_name.is_not_null()).fill_null(value=False)


def failure_reason() -> pl.Expr:
    """The more exact code in words, with the code behind it."""
    exact = pl.col("sub_status").str.to_lowercase()
    code = pl.coalesce(
        pl.when(~_is_zero(exact)).then(exact), pl.col("status").str.to_lowercase()
    )
    words = _told(code, REASONS) + " (" + code + ")"
    return pl.when(~pl.col("is_success")).then(pl.coalesce(words, known(code)))


def extras() -> pl.Expr:
    """What has no column: full names, who asked, for which service."""
    full, subject = pl.col("full_name"), pl.col("asker")
    # that the computer itself asked says nothing
    is_person = (subject != pl.col("user_name")) & ~subject.str.ends_with("$")
    return pl.when(pl.col("event_class") == "logons").then(
        json_text(
            computer_name=pl.when(full != pl.col("reported_by")).then(full),
            subject_user_name=pl.when(is_person).then(subject),
            service_name=known(pl.col("service_name")),
            target_server=known(pl.col("target_server")),
            process=known(pl.col("process")),
        )
    )


def _told(code: pl.Expr, words: dict[str, str]) -> pl.Expr:
    return code.replace_strict(words, default=None, return_dtype=pl.String)


def _is_zero(status: pl.Expr) -> pl.Expr:
    return status.str.contains("^0x0+$")
