"""The Windows Security log in any carrier: logons, logoffs, tickets, locks.

A carrier (winlogbeat JSON, EVTX, XML) names its fields as in `FIELDS`; `events` turns them into
`logons`, and every other event id into `system_events`. A RADIUS server (NPS) logs its Wi-Fi and
tunnel logins here too.

Most 4624 are not people: services, batch jobs, computers. So the logon type decides the kind,
and built-in accounts are recognized by their security id, because their names are translated. A
domain controller reports what happens elsewhere: there, and for network logons, the account was
used on the workstation that the event names, or on an unnamed one.
"""

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import (
    account,
    address,
    name,
    null_if_dash,
    port,
    split_before,
    to_int,
    where_rare,
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
LET_IN, KEPT_OUT = "6272", "6273"
RESUMED, LEFT = "4778", "4779"
RARE = [LET_IN, KEPT_OUT, RESUMED, LEFT]
"""Events whose data has special names; see `_rare`."""
ACTIVITY = {
    LOGON: "logon",
    LOGON_FAILED: "logon",
    OTHER_CREDENTIALS: "logon",
    LOGOFF: "logoff",
    LOGOFF_ASKED: "logoff",
    LOCK: "lock",
    UNLOCK: "unlock",
    LET_IN: "logon",
    KEPT_OUT: "logon",
    RESUMED: "unlock",
    LEFT: "lock",
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
    "12": "remote",
    "13": "cached",
}
UNLOCKS = ["7", "13"]
"""Logon types of an unlock; from an address, remote desktop resumed the session."""

FROM_ELSEWHERE = ["3", "8"]
"""Logon types whose user sits at another device than the one that reports."""

OF_RARE = {
    "SubjectUserName": "Account Name",
    "SubjectDomainName": "Account Domain",
    "CallingStationID": "Calling Station Identifier",
    "CalledStationID": "Called Station Identifier",
    "NASPortType": "NAS Port-Type",
    "NASIdentifier": "NAS Identifier",
    "NASIPv4Address": "NAS IPv4 Address",
    "ClientName": "Client(?: Friendly)? Name",
    "NetworkPolicyName": "Network Policy Name",
    "AccountSessionIdentifier": "Account Session Identifier",
    "ReasonCode": "Reason Code",
    "AccountName": "Account Name",
    "AccountDomain": "Account Domain",
    "LogonID": "Logon ID",
    "SessionName": "Session Name",
    "ClientAddress": "Client Address",
}
"""Fields of `RARE` events, and what an English message calls them."""

ANYTHING = "(?s:.*?)"
VALUE = r"[ \t]*([^\r\n\t]+)"
WHOSE = (
    r"\n(?:New Logon|Account For Which Logon Failed|Account Information"
    r"|Account Whose Credentials Were Used):"
)
"""The part of an English message that is about the account; else it is `Subject`."""

SUBJECT = rf"\nSubject:{ANYTHING}"
IN_MESSAGE: Mapping[str, tuple[str, ...]] = {
    "target_user": (
        rf"{WHOSE}{ANYTHING}Account Name:{VALUE}",
        rf"Logon Account:{VALUE}",
    ),
    "target_domain": (rf"{WHOSE}{ANYTHING}(?:Account Domain|Supplied Realm Name):{VALUE}",),
    "target_sid": (rf"{WHOSE}{ANYTHING}(?:Security|User) ID:{VALUE}",),
    "target_logon_id": (rf"\nNew Logon:{ANYTHING}Logon ID:{VALUE}",),
    "kind_of_logon": (r"\n\t?Logon Type:[ \t]*([0-9]+)",),
    "ip": (
        rf"(?:Source Network|Client) Address:{VALUE}",
        rf"\n\tNetwork Address:{VALUE}",
    ),
    "ip_port": (r"\n\t(?:Source |Client )?Port:[ \t]*([0-9]+)",),
    "workstation_name": (rf"Workstation Name:{VALUE}",),
    "workstation": (rf"Source Workstation:{VALUE}",),
    "subject_user": (rf"{SUBJECT}Account Name:{VALUE}",),
    "status": (r"(?:Result Code|Failure Code|Error Code|\tStatus):[ \t]*(0x[0-9A-Fa-f]+)",),
    "sub_status": (r"Sub Status:[ \t]*(0x[0-9A-Fa-f]+)",),
    "service_name": (rf"\tService Name:{VALUE}",),
    "target_server": (rf"Target Server Name:{VALUE}",),
    "process": (rf"\tProcess Name:{VALUE}",),
}
"""Position of the fields of `DATA` in an English message."""

OF_SUBJECT: Mapping[str, str] = {
    "target_user": rf"{SUBJECT}Account Name:{VALUE}",
    "target_domain": rf"{SUBJECT}Account Domain:{VALUE}",
    "target_sid": rf"{SUBJECT}Security ID:{VALUE}",
    "target_logon_id": rf"{SUBJECT}Logon ID:{VALUE}",
}
"""The same in a message about its subject only, such as of a logoff."""

JSON_ESCAPED = {"\\\\": "\\", '\\"': '"'}
XML_ESCAPED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
IS_LOGON = pl.col("event_class") == "logons"

BUILT_IN_SID = r"^S-1-5-(?:7|18|19|20)$|^S-1-5-(?:80|82|83|90|94|96)-"
BUILT_IN_NAME = (
    r"(?i)^(?:system|anonymous logon|local service|network service|"
    r"(?:dwm|umfd)-[0-9]+)$|\$(?:@.*)?$"
)

REJECT_RULES = {
    "the event has no id": pl.col("event_id").str.contains("^[0-9]{1,5}$"),
    "the event names no computer": pl.col("reported_by").is_not_null(),
}


def events(batch: pl.LazyFrame, reading: Reading, *, needs_name: bool = False) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`.

    Args:
        batch: Text columns named as in `SYSTEM` and `DATA`.
        reading: For timestamps without an offset.
        needs_name: Fields come from a message; one without a name, such as one
            in another language, is a system event.
    """
    asked_from = pl.coalesce("workstation_name", "workstation")
    return (
        batch.with_columns(
            read_stamp=clock.iso_pair(pl.col("stamp"), reading),
            full_name=name(pl.col("computer")),
            reporter=name(pl.col("computer").str.strip_chars_start("\\")),
            asked_from=name(asked_from.str.strip_chars_start("\\")),
            found_ip=address(pl.col("ip")),
            asker=null_if_dash(pl.col("subject_user")),
        )
        .with_columns(
            time=pl.col("read_stamp").struct.field("time"),
            time_quality=pl.col("read_stamp").struct.field("quality"),
            event_class=event_class(needs_name=needs_name),
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
            src_port=pl.when(pl.col("src_ip").is_not_null()).then(port(pl.col("ip_port"))),
            host=host(),
            is_machine=is_machine(),
            failure_reason=failure_reason(),
        )
        .with_columns(extras=extras(), src_mac=pl.lit(None, pl.String))
        .map_batches(_with_rare)
    )


def of_message(message: pl.Expr) -> dict[str, pl.Expr]:
    """Return the fields of `DATA` from an English message, for carriers without them.

    With `is_named`: the message names its account, even if it is none.
    """
    text = message.str.replace_all("\r\n", "\n", literal=True)
    alone = pl.when(~text.str.contains(WHOSE)).then(text)
    found = {
        field: pl.coalesce(text.str.extract(shape, 1) for shape in shapes)
        for field, shapes in IN_MESSAGE.items()
    }
    for field, shape in OF_SUBJECT.items():
        found[field] = pl.coalesce(found[field], alone.str.extract(shape, 1))
    nothing = pl.lit(None, pl.String)
    return {
        "is_named": found["target_user"].is_not_null(),
        **{field: null_if_dash(found.get(field, nothing)) for field in DATA},
    }


def _with_rare(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the same, with the data of `RARE` events; most logs have none."""
    if not lines["event_id"].is_in(RARE).any():
        return lines
    return (
        lines.with_columns(**{key: _rare(key) for key in OF_RARE})
        .with_columns(**_radius_login())
        .with_columns(**_resumed())
        .select(lines.columns)
    )


def _rare(key: str) -> pl.Expr:
    """Return a field of few events, in the data of any carrier or in an English message."""
    of_few = pl.when(pl.col("event_id").is_in(RARE)).then(pl.col("line"))
    text = r'((?:[^"\\]|\\.)*)'
    in_json = rf'"{key}"\s*:\s*(?:"{text}"|([0-9]+))'
    in_xml = rf"Name=[\"']{key}[\"']\s*>([^<]*)<"
    in_words = rf"{OF_RARE[key]}:(?:\\t|[ \t])*([^\\\r\n\t]+)"
    return where_rare(
        of_few,
        lambda line: null_if_dash(
            pl.coalesce(
                line.str.extract(in_json, 1).str.replace_many(JSON_ESCAPED),
                line.str.extract(in_json, 2),
                line.str.extract(in_xml, 1).str.replace_many(XML_ESCAPED),
                line.str.extract(in_words, 1),
            )
        ),
    )


def _radius_login() -> dict[str, pl.Expr]:
    """Return the user of 802.1X or a gateway, and the card or address."""
    is_radius = pl.col("event_id").is_in([LET_IN, KEPT_OUT]) & IS_LOGON
    user = account(pl.col("SubjectUserName"))
    station = radius.caller(pl.col("CallingStationID"))
    medium = pl.col("NASPortType")
    by_port = (
        pl.when(medium.str.contains("802.11|Wireless|Ethernet"))
        .then(pl.lit("wifi"))
        .when(medium.str.starts_with("Virt"))
        .then(pl.lit("vpn"))
    )
    reason = pl.col("ReasonCode")
    computer = short(radius.computer_name(user))
    nas = pl.coalesce("ClientName", "NASIdentifier", "NASIPv4Address")
    said = {
        "event_class": pl.when(user.is_null())
        .then(pl.lit("system_events"))
        .otherwise("event_class"),
        "user_name": user,
        "user_domain": null_if_dash(pl.col("SubjectDomainName")),
        "logon_kind": radius.kind(by_port, station, {}),
        "is_success": pl.col("event_id") == LET_IN,
        "failure_reason": pl.when(pl.col("event_id") == KEPT_OUT).then(
            pl.coalesce(_told(reason, radius.REASONS), "reason " + reason)
        ),
        "logon_uid": pl.col("AccountSessionIdentifier"),
        "src_mac": station[0],
        "src_ip": station[1],
        "is_machine": radius.is_computer(user),
        "host": computer,
        "src_hostname": computer,
        "extras": json_text(
            nas=nas, policy=pl.col("NetworkPolicyName"), called=pl.col("CalledStationID")
        ),
    }
    return {
        column: pl.when(is_radius).then(value).otherwise(column) for column, value in said.items()
    }


def _resumed() -> dict[str, pl.Expr]:
    """Return a resumed session, at the console or from elsewhere."""
    is_resumed = pl.col("event_id").is_in([RESUMED, LEFT]) & IS_LOGON
    user = account(pl.col("AccountName"))
    is_remote = pl.col("SessionName").str.starts_with("RDP")
    said = {
        "user_name": user,
        "user_domain": pl.col("AccountDomain"),
        "logon_uid": logon_uid(pl.col("LogonID")),
        "logon_kind": pl.when(is_remote).then(pl.lit("remote")).otherwise(pl.lit("interactive")),
        "src_hostname": pl.when(is_remote).then(
            short(name(pl.col("ClientName").str.strip_chars_start("\\")))
        ),
        "src_ip": elsewhere(address(pl.col("ClientAddress"))),
        "is_machine": user.str.contains(BUILT_IN_NAME),
    }
    return {
        column: pl.when(is_resumed).then(value).otherwise(column) for column, value in said.items()
    }


def event_class(*, needs_name: bool) -> pl.Expr:
    """Return a number means a logon in the Security log only."""
    is_security = (pl.col("channel") == "Security").fill_null(value=True)
    is_logon = pl.col("event_id").is_in(list(ACTIVITY)) & is_security
    if needs_name:
        is_logon &= pl.col("is_named") | pl.col("event_id").is_in(RARE)
    return pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events"))


def who() -> dict[str, pl.Expr]:
    """Return the account, its origin, and the reporting computer."""
    return {
        "reported_by": short(pl.col("reporter")),
        "src_hostname": short(pl.col("asked_from")),
        "src_ip": elsewhere(pl.col("found_ip")),
        "user_name": account(pl.col("target_user")),
        "user_domain": null_if_dash(pl.col("target_domain")),
        "logon_uid": logon_uid(pl.col("target_logon_id")),
    }


def what() -> dict[str, pl.Expr]:
    """Return the activity and whether the sign-in succeeded."""
    return {
        "activity": _told(pl.col("event_id"), ACTIVITY),
        "logon_kind": kind(),
        "logon_type": to_int(pl.col("kind_of_logon"), 4).cast(pl.Int16),
        "is_success": is_success(),
    }


def short(full: pl.Expr) -> pl.Expr:
    """`lab-07` of `lab-07.example.org`; an address stays whole."""
    # what does not begin like an address and holds no colon can be none
    is_doubtful = full.str.contains(r"^[0-9\[\] ]|:")
    is_address = address(pl.when(is_doubtful).then(full)).is_not_null()
    return pl.when(is_address).then(full).otherwise(split_before(full, "."))


def elsewhere(found: pl.Expr) -> pl.Expr:
    """Return the address, unless it is the device's own loopback or none at all."""
    is_own = found.str.contains(r"^127\.|^::1?$|^0\.0\.0\.0$")
    return pl.when(~is_own).then(found)


def logon_uid(text: pl.Expr) -> pl.Expr:
    """Return the id of a logon session, unique until that computer restarts."""
    found = null_if_dash(text).str.to_lowercase()
    return pl.when(found != "0x0").then(found)


def kind() -> pl.Expr:
    """Derive it from the logon type; an unlock from an address is one by remote desktop."""
    code = pl.col("event_id")
    return (
        pl.when(code.is_in([LOCK, UNLOCK]))
        .then(pl.lit("interactive"))
        .when(
            (code == LOGON)
            & pl.col("kind_of_logon").is_in(UNLOCKS)
            & elsewhere(pl.col("found_ip")).is_not_null()
        )
        .then(pl.lit("remote"))
        .when(code.is_in([LOGON, LOGON_FAILED, LOGOFF]))
        .then(_told(pl.col("kind_of_logon"), LOGON_KIND))
    )


def is_success() -> pl.Expr:
    """Return success; null for events that are not about a sign-in."""
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
    """Return the device that the account was used on, which is often not the reporter.

    A web or mail server that logs on for a client names itself as the
    workstation; with an address next to it, that is not the user's device.
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
    """Decide by security id if the event has one; otherwise by name."""
    by_sid = pl.coalesce("target_sid", "ticket_sid").str.contains(BUILT_IN_SID)
    by_name = pl.col("user_name").str.contains(BUILT_IN_NAME)
    return by_name | (by_sid & by_name.is_not_null()).fill_null(value=False)


def failure_reason() -> pl.Expr:
    """Return the more exact code in words, with the code behind it."""
    exact = pl.col("sub_status").str.to_lowercase()
    code = pl.coalesce(pl.when(~_is_zero(exact)).then(exact), pl.col("status").str.to_lowercase())
    words = _told(code, REASONS) + " (" + code + ")"
    return pl.when(~pl.col("is_success")).then(pl.coalesce(words, null_if_dash(code)))


def extras() -> pl.Expr:
    """Return fields without a column: full names, requester, service."""
    full, subject = pl.col("full_name"), pl.col("asker")
    # the computer's own requests carry no information
    is_person = (subject != pl.col("user_name")) & ~subject.str.ends_with("$")
    return pl.when(pl.col("event_class") == "logons").then(
        json_text(
            computer_name=pl.when(full != pl.col("reported_by")).then(full),
            subject_user_name=pl.when(is_person).then(subject),
            service_name=null_if_dash(pl.col("service_name")),
            target_server=null_if_dash(pl.col("target_server")),
            process=null_if_dash(pl.col("process")),
        )
    )


def _told(code: pl.Expr, words: dict[str, str]) -> pl.Expr:
    return code.replace_strict(words, default=None, return_dtype=pl.String)


def _is_zero(status: pl.Expr) -> pl.Expr:
    return status.str.contains("^0x0+$")
