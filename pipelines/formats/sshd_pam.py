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

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, to_int, word_of
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header, written_by
from pipelines.formats.reading.table import is_of, value, with_groups

PROGRAMS = (
    r"sshd(?:-session|-auth)?|sudo|su|runuser|CRON|cron|crond|anacron|atd|login|pam"
    r"|systemd-logind|systemd-user|lightdm|sddm|sddm-helper|xrdp-sesman|polkitd"
    r"|passwd|chpasswd|useradd|userdel|usermod|groupadd|groupdel|groupmod|chfn|chage"
)
PAM = r"^pam_[a-z0-9_]+\((?<service>[^:()]+):[a-z]+\): "
OLD_PAM = r"^([a-z]+)\(pam_unix\)$"
"""Old systems name the module with the program: `sshd(pam_unix)[812]: `."""

ORPHANED = r"^gdm-[a-z-]+\]: "  # gdm's tag lost its `[`, the body keeps the rest
REPEATED = r"^(?:--- )?last message repeated (?<times>[0-9]+) times?\b"
WRAPPED = r"^message repeated (?<wrapped_times>[0-9]+) times: \[ (?<wrapped>.*)\]$"

ANY_USER = "(?:(?:invalid|illegal) user )?"
OF_SSHD = (
    (
        r"^(?<tried>Accepted|Failed) (?<method>[a-z]+[^ ]*) (?:for|user) "
        rf"{ANY_USER}(?<tried_user>.*) from (?<tried_ip>[^ ]+) port (?<tried_port>[0-9]+)"
    ),
    (
        r"^(?:Invalid|Illegal) user (?<unknown_user>.*) from (?<unknown_ip>[^ ]+)"
        r"(?: port (?<unknown_port>[0-9]+))?$"
    ),
    r"^User (?<barred_user>.*) from (?<barred_ip>[^ ]+) not allowed because (?<barred_why>.*)$",
    rf"^error: PAM: (?<pam_why>.*) for {ANY_USER}(?<pam_user>.*) from (?<pam_ip>[^ ]+)",
)
OF_PAM = (
    r"^session opened for user (?<opened>[^ (]+)",
    r"^session closed for user (?<closed>[^ (]+)",
    r"^authentication failure; .*?[ ]user=(?<refused>.+)$",
)
STARTS_TRY = r"^(?:Accepted|Failed) [a-z]+(?:[/-][^ ]*)? for "

SCREENS = r"^(?:login|gdm(?:-password|-fingerprint|-smartcard|-autologin)?|lightdm|sddm)$"
REMOTE_SCREENS = "xrdp-sesman"
FAMILY = "^([a-z]+)"
"""The part of a name that a program and its PAM service share: `gdm`, `sddm`, `sshd`."""

BEFORE_ASKING = ["none", "publickey", "hostbased"]

BODY, SYSLOG_BODY, PROGRAM = pl.col("body"), pl.col("syslog_body"), pl.col("syslog_program")
BY_SSHD = PROGRAM.str.starts_with("sshd").fill_null(value=False)
"""Anyone on the machine may write a line with `logger`, under another name."""

SERVICE, VERB = pl.col("pam_service"), pl.col("verb")
RHOST = pl.when(value("refused").is_not_null()).then(BODY.str.extract(r" rhost=([^ ]+)", 1))
SOURCE = pl.coalesce(value("tried_ip", "unknown_ip", "barred_ip", "pam_ip"), RHOST)

IS_ASKING = value("method").is_in(BEFORE_ASKING) & (VERB == "Failed")
ON_SCREEN = SERVICE.str.contains(SCREENS) | (SERVICE == REMOTE_SCREENS)
IS_END = VERB == "session closed"
IS_OWNER = pl.coalesce(PROGRAM, SYSLOG_BODY.str.extract(ORPHANED, 0)).str.extract(
    FAMILY, 1
) == SERVICE.str.extract(FAMILY, 1)
IS_LOGIN = VERB.is_not_null() & (
    pl.when(SERVICE.is_null())
    .then(~IS_ASKING.fill_null(value=False))
    .otherwise(IS_OWNER & (ON_SCREEN | (IS_END & (SERVICE == "sshd"))))
)
"""One of the lines that report the same login."""

KIND = pl.coalesce(
    PROGRAM,
    SYSLOG_BODY.str.extract(r"^(gdm-[a-z-]+)\]: ", 1),
    word_of(
        ("last message repeated", SYSLOG_BODY.str.contains(REPEATED)),
        ("pam", SERVICE.is_not_null()),
    ),
)
IS_SUCCESS = VERB.is_in(["Accepted", "session opened"])


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of a sign-in program, or of PAM."""
    of_pam = line.str.contains(rf"{BEFORE_TAG}[^ :]+: pam_[a-z0-9_]+\([^:() ]+:[a-z]+\): ")
    return written_by(line, rf"(?:{PROGRAMS})(?:\(pam_unix\))?") | of_pam


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut what is around a sentence, and each sentence into its words; adds `body` and `verb`."""
    del names
    message = pl.col("message_text")
    lines = with_header(batch, context.reading).with_columns(
        message_text=SYSLOG_BODY.str.strip_chars(" ").str.replace(ORPHANED, "")
    )
    lines = with_groups(with_groups(lines, message, WRAPPED), message, REPEATED)
    whole = pl.coalesce(value("wrapped").str.strip_chars(" "), message)
    lines = with_groups(lines, whole, PAM).with_columns(
        body=whole.str.replace(PAM, ""),
        pam_service=pl.coalesce(value("service"), PROGRAM.str.extract(OLD_PAM, 1)),
    )
    for shape in OF_SSHD:
        lines = with_groups(lines, pl.when(BY_SSHD & SERVICE.is_null()).then(BODY), shape)
    for shape in OF_PAM:
        lines = with_groups(lines, pl.when(SERVICE.is_not_null()).then(BODY), shape)
    verbs = {
        "Invalid user": "unknown_ip",
        "not allowed": "barred_ip",
        "PAM": "pam_ip",
        "session opened": "opened",
        "session closed": "closed",
        "authentication failure": "refused",
    }
    verb = word_of(*((word, value(field).is_not_null()) for word, field in verbs.items()))
    return lines.with_columns(verb=pl.coalesce(value("tried"), verb))


FORMAT = Format(
    name="sshd_pam",
    product="OpenSSH, PAM",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "user_name": value(
            "tried_user", "unknown_user", "barred_user", "pam_user", "opened", "closed", "refused"
        ),
        "src_ip": SOURCE,
        "src_hostname": pl.when(address(SOURCE).is_null()).then(SOURCE),
        "src_port": value("tried_port", "unknown_port"),
        "event_code": VERB,
        "host": pl.col("syslog_host"),
        "reported_by": pl.col("syslog_host"),
        "kind": KIND,
    },
    classes={"logons": IS_LOGIN},
    more={
        "activity": word_of(("logoff", IS_END), otherwise="logon"),
        "logon_kind": word_of(("interactive", SERVICE.str.contains(SCREENS)), otherwise="remote"),
        "is_success": pl.when(~IS_END).then(IS_SUCCESS),
        "failure_reason": pl.when(~IS_END & ~IS_SUCCESS).then(
            pl.coalesce(value("barred_why", "pam_why"), VERB + " " + value("method"), VERB)
        ),
        "logon_uid": pl.concat_str(["syslog_host", "syslog_process"], separator=":"),
        "extras": json_text(
            method=pl.when(is_of("logons")).then(value("method")),
            service=pl.when(is_of("logons")).then(SERVICE),
            key=pl.when(is_of("logons")).then(
                BODY.str.extract(r": ([A-Z0-9-]+ (?:SHA256:)?[^ ]+)$", 1)
            ),
            repeated=to_int(value("wrapped_times", "times"), 6).cast(pl.String),
        ),
    },
    must={
        "no program in the syslog header": KIND.is_not_null(),
        "a login whose words cannot be read": VERB.is_not_null()
        | ~BODY.str.contains(STARTS_TRY)
        | ~BY_SSHD,
        "a login from no address": pl.col("src_ip").is_not_null()
        | pl.col("src_hostname").is_not_null()
        | SERVICE.is_not_null()
        | is_of("system_events"),
    },
)
