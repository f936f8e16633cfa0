"""Logins to Linux and BSD machines: sshd, PAM, sudo, su and cron in `auth.log`.

    Nov  2 08:15:00 lab-7 sshd[812]: Accepted password for ada from 192.0.2.17 port 50112 ssh2
    Nov  2 08:15:00 lab-7 gdm-password]: pam_unix(gdm-password:session): session opened for user ada

One login writes several lines, and one of them counts: sshd's own `Accepted` and
`Failed` (PAM repeats them in other words), PAM's lines for the screen, where no
others exist, and PAM's end of either session. sudo, su, cron and all other messages
become system events: a command run as root is not a login.

- A rejected key or `none` is a client trying its credentials before it asks for a
  password; only other refusals are failed logins. `Invalid user` comes before its
  `Failed`, and is the only line of a server that accepts keys only.
- `last message repeated 2 times` hides logins and does not name the user, so the count
  is kept with a system event. `message repeated 2 times: [ ... ]` names the user and
  is one login, with the count in `extras`.
- The user is the text that the client sent, including spaces and `from`; the last
  `from` counts. The source is a name if the server resolves names.
- The old timestamp has neither year nor zone.
- PAM's lines count from the program that owns the service (`gdm...` for `gdm-password`): another
  program writes them about anyone.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, name, port, to_int
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header, written_by

PROGRAMS = (
    r"sshd(?:-session|-auth)?|sudo|su|runuser|CRON|cron|crond|anacron|atd|login|pam"
    r"|systemd-logind|systemd-user|lightdm|sddm|sddm-helper|xrdp-sesman|polkitd"
    r"|passwd|chpasswd|useradd|userdel|usermod|groupadd|groupdel|groupmod|chfn|chage"
)
PAM = r"^pam_[a-z0-9_]+\(([^:()]+):([a-z]+)\): "
OLD_PAM = r"^([a-z]+)\(pam_unix\)$"
"""Old systems name the module with the program: `sshd(pam_unix)[812]: `."""

ORPHANED = r"^gdm-[a-z-]+\]: "  # gdm's tag lost its `[`, the body keeps the rest
REPEATED = r"^(?:--- )?last message repeated ([0-9]+) times?\b"
WRAPPED = r"^message repeated ([0-9]+) times: \[ (.*)\]$"

WHO = r" (?:for|user) (?:(?:invalid|illegal) user )?(.*) from ([^ ]+)"
TRIED = rf"^(Accepted|Failed) ([a-z]+[^ ]*){WHO} port ([0-9]+)"
UNKNOWN = r"^(?:Invalid|Illegal) user (.*) from ([^ ]+)(?: port ([0-9]+))?$"
BARRED = r"^User (.*) from ([^ ]+) not allowed because (.*)$"
BY_PAM = r"^error: PAM: (.*) for (?:(?:invalid|illegal) user )?(.*) from ([^ ]+)"
OPENED = r"^session opened for user ([^ (]+)"
CLOSED = r"^session closed for user ([^ (]+)"
REFUSED = r"^authentication failure; .*?[ ]user=(.+)$"
STARTS_TRY = r"^(?:Accepted|Failed) [a-z]+(?:[/-][^ ]*)? for "

SCREENS = r"^(?:login|gdm(?:-password|-fingerprint|-smartcard|-autologin)?|lightdm|sddm)$"
REMOTE_SCREENS = "xrdp-sesman"
FAMILY = "^([a-z]+)"
"""The part of a name that a program and its PAM service share: `gdm`, `sddm`, `sshd`."""

BEFORE_ASKING = ["none", "publickey", "hostbased"]

BODY = pl.col("body")
BY_SSHD = pl.col("syslog_program").str.starts_with("sshd").fill_null(value=False)
"""Anyone on the machine may write a line with `logger`, under another name."""

IS_LOGON = pl.col("event_class") == "logons"

REJECT_RULES = {
    "no syslog stamp that can be read": pl.col("time").is_not_null(),
    "no program in the syslog header": pl.col("kind").is_not_null(),
    "a login whose user or source cannot be read": pl.any_horizontal(
        pl.col("verb").is_not_null(), ~BODY.str.contains(STARTS_TRY), ~BY_SSHD
    ),
    "a login from no address": pl.any_horizontal(
        pl.col("src_ip").is_not_null(),
        pl.col("src_hostname").is_not_null(),
        pl.col("service").is_not_null(),
        ~IS_LOGON,
    ),
}

OF_SSHD = {"tried": TRIED, "unknown": UNKNOWN, "barred": BARRED, "by_pam": BY_PAM}
OF_PAM = {"opened": OPENED, "closed": CLOSED, "refused": REFUSED}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of a sign-in program, or of PAM."""
    of_pam = line.str.contains(rf"{BEFORE_TAG}[^ :]+: pam_[a-z0-9_]+\([^:() ]+:[a-z]+\): ")
    return written_by(line, rf"(?:{PROGRAMS})(?:\(pam_unix\))?") | of_pam


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for all other talk."""
    said, inner = pl.col("said"), pl.col("inner").struct
    return (
        with_header(batch, context.reading)
        .with_columns(said=pl.col("syslog_body").str.strip_chars(" ").str.replace(ORPHANED, ""))
        .with_columns(inner=said.str.extract_groups(WRAPPED))
        .with_columns(
            whole=pl.coalesce(inner.field("2").str.strip_chars(" "), said),
            repeated=pl.coalesce(inner.field("1"), said.str.extract(REPEATED, 1)),
        )
        .with_columns(
            service=pl.coalesce(
                pl.col("whole").str.extract(PAM, 1),
                pl.col("syslog_program").str.extract(OLD_PAM, 1),
            ),
            body=pl.col("whole").str.replace(PAM, ""),
        )
        .with_columns(**_shapes())
        .with_columns(**_words())
        .with_columns(event_class=_event_class())
        .with_columns(**_logon(), **_place())
        .with_columns(extras=_extras())
    )


def _shapes() -> dict[str, pl.Expr]:
    """Return each sentence of a known shape, parsed once for all uses."""
    of_sshd = pl.when(BY_SSHD & pl.col("service").is_null()).then(BODY)
    of_pam = pl.when(pl.col("service").is_not_null()).then(BODY)
    groups = {key: of_sshd.str.extract_groups(shape) for key, shape in OF_SSHD.items()}
    return groups | {key: of_pam.str.extract(shape, 1) for key, shape in OF_PAM.items()}


def _words() -> dict[str, pl.Expr]:
    """Return the words of the sentence: verb, method, user, source, reason."""
    tried, unknown, barred, by_pam = (pl.col(key).struct for key in OF_SSHD)
    opened, closed, refused = map(pl.col, OF_PAM)
    verbs = {
        "Invalid user": unknown.field("2"),
        "not allowed": barred.field("2"),
        "PAM": by_pam.field("3"),
        "session opened": opened,
        "session closed": closed,
        "authentication failure": refused,
    }
    told = [pl.when(found.is_not_null()).then(pl.lit(verb)) for verb, found in verbs.items()]
    return {
        "verb": pl.coalesce(tried.field("1"), *told),
        "method": tried.field("2"),
        "user": pl.coalesce(
            tried.field("3"),
            unknown.field("1"),
            barred.field("1"),
            by_pam.field("2"),
            opened,
            closed,
            refused,
        ),
        "source": pl.coalesce(
            tried.field("4"),
            unknown.field("2"),
            barred.field("2"),
            by_pam.field("3"),
            pl.when(refused.is_not_null()).then(BODY.str.extract(r" rhost=([^ ]+)", 1)),
        ),
        "at_port": pl.coalesce(tried.field("5"), unknown.field("3")),
        "said_why": pl.coalesce(barred.field("3"), by_pam.field("1")),
    }


def _event_class() -> pl.Expr:
    """Choose one of the lines that report the same login."""
    verb, service = pl.col("verb"), pl.col("service")
    asks = pl.col("method").is_in(BEFORE_ASKING) & (verb == "Failed")
    on_screen = service.str.contains(SCREENS) | (service == REMOTE_SCREENS)
    ends = (verb == "session closed") & (service == "sshd")
    program = pl.coalesce("syslog_program", pl.col("syslog_body").str.extract(ORPHANED, 0))
    is_owner = program.str.extract(FAMILY, 1) == service.str.extract(FAMILY, 1)
    is_logon = pl.when(service.is_null()).then(verb.is_not_null() & ~asks)
    taken = is_logon.otherwise(verb.is_not_null() & is_owner & (on_screen | ends))
    return (
        pl.when(taken.fill_null(value=False))
        .then(pl.lit("logons"))
        .otherwise(pl.lit("system_events"))
    )


def _logon() -> dict[str, pl.Expr]:
    verb, source = pl.col("verb"), pl.col("source")
    ends = verb == "session closed"
    is_success = verb.is_in(["Accepted", "session opened"])
    by_screen = pl.col("service").str.contains(SCREENS).fill_null(value=False)
    user = account(pl.col("user"))
    ip = address(source)
    why = pl.coalesce("said_why", verb + " " + pl.col("method"), verb)
    return {
        "user_name": user,
        "src_ip": ip,
        "src_hostname": pl.when(ip.is_null()).then(name(source)),
        "src_port": port(pl.col("at_port")),
        "activity": pl.when(ends).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(by_screen).then(pl.lit("interactive")).otherwise(pl.lit("remote")),
        "is_success": pl.when(~ends).then(is_success),
        "failure_reason": pl.when(~ends & ~is_success).then(why),
        "event_code": verb,
        "logon_uid": pl.concat_str(["syslog_host", "syslog_process"], separator=":"),
        "is_machine": is_machine(user),
    }


def _place() -> dict[str, pl.Expr]:
    """Return time and reporter, and the columns of a system event."""
    said = pl.col("syslog_body").str.extract(f"({REPEATED})", 1)
    repeated = pl.when(said.is_not_null()).then(pl.lit("last message repeated"))
    gdm = pl.col("syslog_body").str.extract(r"^(gdm-[a-z-]+)\]: ", 1)
    of_pam = pl.when(pl.col("service").is_not_null()).then(pl.lit("pam"))
    return {
        "time": pl.col("syslog_time"),
        "time_quality": pl.col("syslog_time_quality"),
        "host": pl.col("syslog_host"),
        "reported_by": pl.col("syslog_host"),
        "kind": pl.coalesce("syslog_program", gdm, repeated, of_pam),
        "message": pl.col("line"),
    }


def _extras() -> pl.Expr:
    """Return the method of proof, and the number of repeats that the line represents."""
    count = to_int(pl.col("repeated"), 6).cast(pl.String)
    return json_of(
        [
            pl.when(IS_LOGON).then("method").alias("method"),
            pl.when(IS_LOGON).then("service").alias("service"),
            pl.when(IS_LOGON)
            .then(BODY.str.extract(r": ([A-Z0-9-]+ (?:SHA256:)?[^ ]+)$", 1))
            .alias("key"),
            count.alias("repeated"),
        ]
    )


FORMAT = Format(
    name="sshd_pam",
    product="OpenSSH, PAM",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
