"""Manual exports of consoles, as CSV with a header line: one preset per export.

    Date,Event,Description,Actor,IP address,Login type   (Google, user log events)
    Date,Event,Device name,Device user,Event reason         (Google, Chrome log events)
    Date (UTC),Request ID,...,Username,...,IP address,...,Status,...   (Entra, sign-ins)
    timestamp,...,event_type,...,actor.alternate_id,...,client.ip_address   (Okta)
    Inspected Data,Destination,Action,Reason,User,IP Address,...,Time   (Lightspeed)

An export is recognized by its required columns, in any order, in uppercase or lowercase, with
others between them, and with an optional title above. A row that is not a login (a challenge, a
change of a password) is a system event.

- *Google*: *Reporting > Audit and investigation > User log events > Export all*, and *Chrome log
  events*, users of each ChromeOS device. Google does not document the console's exact names for
  logins: `identify` counts the other rows.
- *Entra*: *Sign-in logs > Download*, the interactive ones: the file of the others has the same
  columns and is recognized only by its name. `Interrupted` is neither success nor failure.
- *Okta*: *Reports > System Log > Download CSV*, or a table made of the API's answers.
- *Lightspeed*: *Web Filter Details > Activity Logs*. The vendor does not document its
  redirections: they count as neither allowed nor blocked.

A filter's export does not show whether a name is from a login or from the device's owner: its
names count as guesses.

Timestamps without an offset are in the source's zone (Entra's are UTC), the month first unless
`date_order = "day_first"` is set. Column names, except Entra's, are based on the vendors'
descriptions, and none was tried on an export from a district. Securly, GoGuardian, Linewize,
Blocksi and ContentKeeper publish no list of columns: `schoolbell identify` proposes how to
declare theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.events import EVENT_CLASSES
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import column_places, headed, width
from pipelines.formats.reading.declared import RULES, values
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.office import as_iso, order_of

Titles = tuple[str, ...]
"""Names of a column, in lower case; the first existing one counts."""

SUCCESS = {"success": "true", "failure": "false", "allow": "true", "deny": "false"}
CHROME_ACTIVITY = {
    "chromeos login": "logon", "chromeos login success": "logon",
    "chromeos login event": "logon", "chromeos login failure": "logon",
    "chromeos login failure event": "logon", "chromeos logout": "logoff",
    "chromeos logout event": "logoff", "chromeos lock success": "lock",
    "chromeos unlock success": "unlock", "chromeos unlock failure": "logon",
}  # fmt: skip
FIXED = "="
TALK = pl.lit("system_events")
REJECT_RULES = {
    "{columns} columns, not as many as the header line": pl.col("is_whole"),
    "no readable time; set date_order to show whether the day is first": pl.col(
        "time"
    ).is_not_null(),
    **RULES,
}
ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in ".()/"})


@dataclass(frozen=True, kw_only=True)
class Export:
    """One export of one console.

    Attributes:
        event_class: What its rows become.
        told_by: Columns that it must have, each by one of its names.
        columns: Our columns, each with what it may be called; `=word` is a fixed value.
        words: For our columns, what their words mean, in lower case.
        extras: Further columns that are kept.
        zone: Of stamps without an offset, where the export always has the same.
    """

    event_class: str
    told_by: Sequence[Titles]
    columns: Mapping[str, Titles]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    extras: Mapping[str, Titles] = field(default_factory=dict)
    zone: str = ""

    @property
    def titles(self) -> Mapping[str, Titles]:
        """Names of each of our columns, and of those that are kept."""
        return {**self.columns, **self.extras}


EXPORTS: Mapping[str, Export] = {
    "chrome": Export(
        event_class="logons",
        told_by=(
            ("date",), ("event", "event name"), ("device name",), ("device user",),
            ("event reason", "directory device id", "device platform"),
        ),
        columns={
            "time": ("date",),
            "user_name": ("device user",),
            "host": ("device name", "directory device id"),
            "reported_by": ("device name", "directory device id"),
            "src_hostname": ("directory device id",),
            "activity": ("event", "event name"),
            "is_success": ("event", "event name"),
            "event_code": ("event", "event name"),
            "failure_reason": ("login failure reason",),
            "logon_kind": ("=interactive",),
        },
        words={
            "activity": CHROME_ACTIVITY,
            "is_success": {
                word: str("failure" not in word).lower() for word in CHROME_ACTIVITY
            },
        },
        extras={"reason": ("event reason",), "org_unit": ("org unit name", "org unit")}
    ),
    "google": Export(
        event_class="logons",
        told_by=(
            ("date",), ("event", "event name"), ("actor", "user"), ("ip address",),
            ("login type", "challenge type", "is suspicious", "event description"),
        ),
        columns={
            "time": ("date",),
            "user_name": ("user", "actor"),
            "src_ip": ("ip address",),
            "activity": ("event", "event name"),
            "is_success": ("event", "event name"),
            "event_code": ("event", "event name"),
            "failure_reason": ("failure type", "login failure type"),
            "logon_kind": ("=cloud",),
        },
        words={
            "activity": {
                "successful login": "logon", "failed login": "logon",
                "login success": "logon", "login failure": "logon", "logout": "logoff",
            },
            "is_success": {
                "successful login": "true", "login success": "true",
                "failed login": "false", "login failure": "false",
            },
        },
        extras={"login_type": ("login type",), "challenge": ("challenge type",)}
    ),
    "entra": Export(
        event_class="logons",
        told_by=(("date (utc)",), ("request id",), ("username",), ("ip address",)),
        columns={
            "time": ("date (utc)",),
            "user_name": ("username", "sign-in identifier"),
            "src_ip": ("ip address",),
            "activity": ("=logon",),
            "is_success": ("status",),
            "failure_reason": ("failure reason",),
            "event_code": ("sign-in error code",),
            "event_uid": ("request id",),
            "logon_kind": ("=cloud",),
        },
        words={"is_success": SUCCESS},
        extras={
            "application": ("application",), "client": ("client app",),
            "location": ("location",), "device": ("device id",),
            "system": ("operating system",),
        },
        zone="UTC",
    ),
    "okta": Export(
        event_class="logons",
        told_by=(
            ("timestamp", "published"), ("event_type", "eventtype"),
            ("actor.alternate_id", "actor.alternateid"),
            ("client.ip_address", "client.ipaddress"),
            ("outcome.result",),
        ),
        columns={
            "time": ("timestamp", "published"),
            "user_name": ("actor.alternate_id", "actor.alternateid"),
            "src_ip": ("client.ip_address", "client.ipaddress"),
            "activity": ("event_type", "eventtype"),
            "is_success": ("outcome.result",),
            "failure_reason": ("outcome.reason",),
            "event_code": ("event_type", "eventtype"),
            "event_uid": ("uuid",),
            "logon_kind": ("event_type", "eventtype"),
            "is_machine": ("actor.type",),
        },
        words={
            "activity": {
                "user.session.start": "logon", "user.authentication.sso": "logon",
                "user.session.end": "logoff",
            },
            "is_success": SUCCESS,
            "logon_kind": {
                "user.session.start": "cloud", "user.session.end": "cloud",
                "user.authentication.sso": "network",
            },
            "is_machine": {"systemprincipal": "true"},
        },
        extras={
            "user_agent": (
                "client.user_agent.raw_user_agent", "client.useragent.rawuseragent",
            ),
        },
        zone="UTC",
    ),
    "lightspeed": Export(
        event_class="http_requests",
        told_by=(
            ("destination",), ("action",), ("reason",), ("user",), ("ip address",),
            ("time", "date", "date/time"),
        ),
        columns={
            "time": ("date/time", "time", "date"),
            "user_name": ("user",),
            "src_ip": ("ip address",),
            "src_hostname": ("computer",),
            "url": ("destination",),
            "disposition": ("action",),
            "category": ("category",),
        },
        extras={"reason": ("reason",), "user_ou": ("user ou",)}
    ),
}  # fmt: skip


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the columns of one of the exports."""
    return pl.any_horizontal(
        pl.all_horizontal(_has(line, titles) for titles in export.told_by)
        for export in EXPORTS.values()
    )


def _has(line: pl.Expr, titles: Titles) -> pl.Expr:
    names = "|".join(title.translate(ESCAPES) for title in titles)
    return line.str.contains(rf'(?i)(?:^\x{{feff}}?|,)"?(?:{names})"?(?:,|\s*$)')


def export_of(header: str | None) -> Export | None:
    """Return the export that has this header line."""
    names = column_places(header)
    for export in EXPORTS.values():
        if all(any(title in names for title in one) for one in export.told_by):
            return export
    return None


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `http_requests`; of `system_events` for others.

    Raises:
        SettingsError: The option for the order of a date has no meaning.
    """
    order = order_of(context.options)
    export = export_of(context.header) or EXPORTS["google"]
    cls = export.event_class
    reading = Reading(export.zone or context.reading.zone, context.reading.anchor)
    titles = {
        f"{column}_{number}": title
        for column, names in export.titles.items()
        for number, title in enumerate(names)
    }

    def stamp(text: pl.Expr) -> clock.Stamp:
        return clock.iso(as_iso(text, order), reading)

    texts = {column: _text(export, column) for column in EVENT_CLASSES[cls].names()}
    is_told = pl.lit(value=True) if cls != "logons" else pl.col("activity").is_not_null()
    return (
        headed(batch, context.header, titles)
        .with_columns(**values(cls, texts, stamp))
        .with_columns(event_class=pl.when(is_told).then("event_class").otherwise(TALK))
        .with_columns(
            kind=_text(export, "event_code"),
            message=pl.col("line"),
            is_success=pl.when(pl.col("activity") == "logon").then("is_success")
            if cls == "logons"
            else pl.lit(None, pl.Boolean),
        )
        .with_columns(
            failure_reason=pl.when(~pl.col("is_success")).then(_text(export, "failure_reason")),
            extras=pl.when(pl.col("event_class") != TALK).then(
                json_text(**{key: _text(export, key) for key in export.extras})
            ),
        )
    )


def _text(export: Export, column: str) -> pl.Expr:
    """Return the export's text of a column; the first name that it has."""
    names = export.titles.get(column, ())
    if not names:
        return pl.lit(None, pl.String)
    if names[0].startswith(FIXED):
        return pl.lit(names[0].removeprefix(FIXED))
    said = pl.coalesce(null_if_dash(pl.col(f"{column}_{number}")) for number in range(len(names)))
    words = export.words.get(column)
    if words is None:
        return said
    return said.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String)


FORMAT = Format(
    name="console_csv",
    product="Exports of Google, Entra, Okta and Lightspeed consoles",
    event_classes=("logons", "http_requests", "system_events"),
    looks_like=is_header,
    read=read,
    must=REJECT_RULES,
    framing="csv",
    name_proof="recorded",
    header=is_header,
    columns=width(),
    may_lack={"src_ip": pl.lit(value=True)},
)
