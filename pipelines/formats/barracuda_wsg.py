r"""Barracuda Web Security Gateway (Web Filter), web traffic syslog: one line per request.

    <22>Nov  2 08:15:00 wsg1 http_scan[675]: 1793628900 1 192.0.2.17 198.51.100.7 text/html
    192.0.2.17 http://www.example.org/ 5120 BYF ALLOWED CLEAN  2 0 0 0 0 (-) 0 - 0 - 0
    www.example.org education [ada]   http://search.example.org/ search.example.org search 0

(one line). The stamp after the header is in seconds since 1970. `ALLOWED CLEAN` is the result of
the virus scan alone; the fourth number after it is the policy's action: 1 denied and 2 redirected
block the request, 0 allowed it, and 5 only monitored it. `[ANON]` is a request without a login.
Method, status and duration are not logged. The user may be the one whom an agent on a domain
controller mapped to the address. Lines of other programs are system events.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import word_of
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import value, with_groups
from pipelines.formats.reading.web import PORT_OF_URL, SCHEME_OF_URL

PROGRAM = "http_?scan"
REQUEST = (
    r"^(?<time>[0-9]{9,10}) [0-9]+ (?<client>[^ ]+) (?<server>[^ ]+) (?<mime>[^ ]+) [^ ]+ "
    r"(?<url>[^ ]+) (?<size>[^ ]+) BYF (?<scan>ALLOWED|BLOCKED|DETECTED) (?<threat>[A-Z]+) "
    r"(?<details>.*?) ?[0-9]+ [01] [01] (?<policy>[0-9]) [0-9]+ "
    r"\([^)]*\) [0-9]+ (?<rule>[^ ]+) [0-9] (?<spyware>[^ ]+) [0-9]+ [^ ]+ "
    r"(?<categories>[^ ]+) \[(?<user>[^\]]*)\](?: +(?<referrer>[^ ]+) [^ ]+ [^ ]+ [0-9]+)? *$"
)
STOPPED_BY_POLICY = ["1", "2"]
IS_STOPPED = value("policy").is_in(STOPPED_BY_POLICY) | (value("scan") == "BLOCKED")
USER = value("user").str.replace(r"^(?:ldap|ntlm|krb)[0-9]*:", "")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the program of the scanner, and the words of its verdict."""
    return written_by(line, PROGRAM) & line.str.contains(" BYF ", literal=True)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns of a request behind the syslog header."""
    del names
    return with_groups(with_header(batch, context.reading), pl.col("syslog_body"), REQUEST)


FORMAT = Format(
    name="barracuda_wsg",
    product="Barracuda Web Security Gateway, Web Filter",
    name_proof="recorded",
    event_classes=("http_requests", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.first(clock.epoch(value("time")), of_header(context)),
    fields={
        "src_ip": "client",
        "user_name": pl.when(value("user").str.to_uppercase() != "ANON").then(USER),
        "dst_ip": "server",
        "dst_port": value("url").str.extract(PORT_OF_URL, 1),
        "url": "url",
        "url_scheme": value("url").str.extract(SCHEME_OF_URL, 1),
        "bytes_in": "size",
        "content_type": "mime",
        "category": "categories",
        "threat": value("threat").replace("CLEAN", None),
        "referrer_hostname": "referrer",
        "kind": pl.col("syslog_program"),
        "reported_by": pl.col("syslog_host"),
    },
    classes={"http_requests": pl.col("syslog_program").str.contains(f"^{PROGRAM}$")},
    more={"disposition": word_of(("blocked", IS_STOPPED), otherwise="allowed")},
    extras={
        "details": "details",
        "policy_action": value("policy").replace("0", None),
        "rule": "rule",
        "spyware": "spyware",
    },
    must={
        "not the columns of this log": value("url").is_not_null()
        | ~pl.col("syslog_program").str.contains(f"^{PROGRAM}$").fill_null(value=False)
    },
    required={"http_requests": ("bytes_in",)},
)
