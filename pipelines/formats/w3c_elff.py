r"""W3C extended logs of Blue Coat, Cisco WSA, ISA, TMG and IIS, and of the Windows firewall.

    #Fields: date time time-taken c-ip cs-username sc-filter-result cs-host ...
    2026-11-02 14:15:00 45 192.0.2.17 ada OBSERVED www.example.org ...

Each `#Fields` line replaces the one before; a row with more or fewer columns is
rejected. Where it is missing, set `options.fields`. Times are UTC by the
standard (`options.times = "local"` for a product that writes local time; the Windows
firewall always does) and are the end of a request, which began `time-taken`
earlier.

- A proxy that first asks for a login logs that as 407, as ISA's 12209 or as
  Blue Coat's `authentication_...`: challenged, neither a visit nor a block.
- ISA's `sc-status` may be a Windows error (5, 10061) instead of an HTTP status:
  `action` shows a denied request, or 12202 if there is no `action`.
- `s-ip` is the answering server in IIS, the proxy itself elsewhere.
- Cisco's appliance stamps in seconds since 1970 (`timestamp`), writes result and status in one
  column (`TCP_MISS/200`), and its verdict in `x-acltag`: `BLOCK_...` and `DROP_...` refuse. The
  realm behind an account, `EXAMPLE\ada@ad1`, is the appliance's own name.
- IIS records visits to the district's own servers, by path; it has a host only
  if `cs-host` is turned on.
- A request without a client is the proxy's own, for its cache: a system event.
- The firewalls' `CLOSE` repeats the facts of `OPEN`: a system event. ISA logs the
  beginning and the end of a connection, both with its `connection_uid`.
"""

from collections.abc import Sequence
from functools import partial

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    null_if_dash,
    one_of,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import not_of_windows, somewhere
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.table import PREFIX, value
from pipelines.formats.reading.web import (
    PORT_OF_URL,
    VERDICT_OF_CISCO_W3C,
    is_tunnel,
    unless_challenged,
)

HEADER = r"^[\x{feff} ]*#Fields:"
METHOD = r"[ \t](?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|PROPFIND)[ \t]"
DATED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

SOURCES, TARGETS = ("src-ip", "source-ip", "source"), ("dst-ip", "destination-ip", "destination")
WINDOWS_FIREWALL = {"src-ip", "dst-ip", "tcpflags"}
PROXY_ONLY = {"cs-uri-scheme", "sc-filter-result", "s-action", "cs-uri", "r-host"}
WHOLE_URL = ("cs-uri", "cs-url")
REQUESTED = {*WHOLE_URL, "cs-uri-stem", "cs-uri-path", "cs-host", "r-host"}
HOSTS = ("cs-host", "cs(host)", "r-host")
TIMES = ("utc", "local")
CHALLENGED_BY_ISA = "12209"
"""ISA's own status where its proxy asks for credentials."""

DENIED_BY_ISA = ["12202", "12204", "12210", "12213", "12233"]
RESULT_OF_CISCO = "x-resultcode-httpstatus"
WEB_EXTRAS = {
    "action": "s-action",
    "exception": "x-exception-id",
    "rule": "rule",
    "forwarded_for": "x-forwarded-for",
    "risk": "cs-threat-risk",
    "group": "cs-auth-group",
    "site": "s-sitename",
    "proxy": "s-computername",
    "policy": "x-acltag",
}
FLOW_EXTRAS = {
    "action": "action",
    "rule": "rule",
    "result": "status",
    "path": "path",
    "flags": "tcpflags",
    "computer": "computer",
    "agent": "agent",
    "original_client": "original client ip",
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match its header, or a date and a time in two columns and what proxies write."""
    request = rf"^{DATED} [0-9:]{{8}} [^\[]*{METHOD}"
    packet = rf"^{DATED} [0-9:]{{8}} (?:ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND) [A-Z0-9]+ "
    tabs = rf"^(?:[^\t]*\t){{0,3}}{DATED}\t[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\t"
    cisco = r"^[0-9]{9,10}\.[0-9]{3} +[0-9]+ [^ ]+ [A-Z_]+/[0-9]{3} "
    return (
        (line.str.contains(cisco) & line.str.contains(VERDICT_OF_CISCO_W3C))
        | line.str.contains(HEADER + r"[ \t].*(?:\bc-ip|src-ip|source)\b")
        | line.str.contains(request)
        | line.str.contains(packet)
        | line.str.contains(tabs)
    )


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the line that names the columns."""
    return line.str.contains(HEADER)


def is_comment(line: pl.Expr) -> pl.Expr:
    """`#Software`, `#Version`, `#Date` and the like."""
    return line.str.contains(r"^[\x{feff} ]*#") & ~is_header(line)


def host_text(titles: set[str]) -> pl.Expr:
    """Return the text with the host, unparsed; a path contains none."""
    titled = value(*HOSTS)
    uri = value(*WHOLE_URL, "cs-uri-stem")
    in_uri = pl.when(~uri.str.contains("^[/*?]")).then(uri)
    if log_kind(titles) != "web":
        return pl.lit(None, pl.String)
    return pl.coalesce(in_uri, titled) if {*WHOLE_URL} & titles else pl.coalesce(titled, in_uri)


def titles_of(context: Context) -> list[str]:
    """Return lower-case names of the columns: from the header, or from the settings."""
    text = header_of(context)
    rest = text[text.find(":") + 1 :] if "#Fields:" in text else text
    titles = rest.split("\t") if "\t" in rest.strip() else rest.split()
    return [title.strip(' "').lower() for title in titles]


def header_of(context: Context) -> str:
    """Return the line that names the columns."""
    return (context.header or context.options.get("fields", "")).strip("\r\n\x00")


def is_web_server(titles: set[str]) -> bool:
    """Return whether it is IIS, which answers itself: `s-ip` is the target, without a verdict."""
    return "cs-uri-stem" in titles and not PROXY_ONLY & titles


def log_kind(titles: set[str]) -> str:
    """Return `web` (a client, and a requested object), `flow` (two ends) or `other`."""
    if "c-ip" in titles and REQUESTED & titles:
        return "web"
    return "flow" if {*SOURCES} & titles and {*TARGETS} & titles else "other"


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut a line by the titles above it; of two columns with one title the first counts.

    Values are in quotes if they contain blanks, except in IIS, which writes `+` for blanks
    and leaves quotes unescaped.
    """
    titles = titles_of(context)
    named, mark = set(titles), "\t" if "\t" in header_of(context).strip() else " "
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    line = line if mark == "\t" else line.str.strip_chars_end(" ")
    is_plain = mark == "\t" or is_web_server(named)
    count = pl.col("cells").list.len()
    has_end = (count == len(titles) + 1) & (pl.col("cells").list.last() == "")
    wanted = (*names, *WHOLE_URL, *HOSTS, "cs-uri-stem")
    texts = {name: pl.lit(None, pl.String) for name in wanted} | {
        title: null_if_dash(pl.col("cells").list.get(place, null_on_oob=True))
        for place, title in reversed(list(enumerate(titles)))
    }
    return (
        batch.with_columns(cells=line.str.split(mark) if is_plain else cells(line, mark))
        .with_columns(
            is_whole=(count == len(titles)) | has_end if titles else pl.lit(value=False),
            columns=count,
            has_header=pl.lit(value=bool(titles)),
            log_kind=pl.lit(log_kind(named)),
            is_web_server=pl.lit(value=is_web_server(named)),
            is_windows_firewall=pl.lit(value=named >= WINDOWS_FIREWALL),
            **{f"{PREFIX}{name}": text for name, text in texts.items()},
        )
        .with_columns(host_text=host_text(named))
        .drop("cells")
    )


def stamp(context: Context) -> Stamp:
    """Parse as UTC by the standard; the Windows firewall, and sources set so, write local time."""
    titles = set(titles_of(context))
    is_local = titles >= WINDOWS_FIREWALL or one_of(context.options, "times", TIMES) == "local"
    reading = context.reading if is_local else Reading("UTC")
    # only what is there: a stamp costs time to look for even where it is null
    if titles >= {"date", "time"}:
        return clock.iso(value("date") + " " + value("time"), reading)
    bracketed = value("gmttime", "localtime").str.strip_chars("[]")
    if "gmttime" in titles:
        return clock.civil(bracketed, "%d/%m/%Y:%H:%M:%S GMT", Reading("UTC"))
    if "localtime" in titles:
        return clock.worded(bracketed, reading)
    return clock.epoch(value("x-timestamp-unix", "timestamp"))


def lasted(text: pl.Expr) -> pl.Expr:
    """Return milliseconds, or seconds where there is a point; at most eleven days."""
    is_seconds = text.str.contains(r"^[0-9]{1,6}\.[0-9]+$")
    count = pl.when(text.str.contains(r"^[0-9]{1,9}$")).then(text)
    parts = pl.when(is_seconds).then(text).cast(pl.Float64, strict=False) * 1_000
    whole = count.cast(pl.Int64, strict=False)
    return pl.duration(
        milliseconds=pl.coalesce(whole, parts.cast(pl.Int64)).fill_null(0), time_unit="us"
    )


def by_log(kind: str, *, web: pl.Expr, flow: pl.Expr) -> pl.Expr:
    """Return the expression of a request, or that of a connection."""
    return web if kind == "web" else flow


def further(kind: str, titles: set[str]) -> pl.Expr:
    """Return the columns that the log has and no event has, as JSON text."""
    extras = {"web": WEB_EXTRAS, "flow": FLOW_EXTRAS}.get(kind, {})
    there = [value(title).alias(key) for key, title in extras.items() if title in titles]
    return json_of(there) if there else pl.lit(None, pl.String)


IS_WEB, IS_FLOW = pl.col("log_kind") == "web", pl.col("log_kind") == "flow"
IS_SERVER = pl.col("is_web_server")

URI, METHOD_TEXT = value(*WHOLE_URL), value("cs-method", "s-operation").str.to_uppercase()
HOST_TEXT = pl.col("host_text")
HOST = pl.col("url_hostname")
SCHEME = (
    pl.when(IS_SERVER)
    .then(
        value("s-port").replace_strict(
            {"80": "http", "443": "https"}, default=None, return_dtype=pl.String
        )
    )
    .otherwise(value("cs-uri-scheme").str.to_lowercase())
)
PORT_TITLED = value("cs-uri-port", "r-port", "s-port").replace("0", None)
PORT_IN_URI = URI.str.extract(PORT_OF_URL, 1)
URL_PORT = pl.coalesce(PORT_IN_URI, PORT_TITLED)
QUERY = ("?" + value("cs-uri-query").str.strip_prefix("?")).fill_null("")
REST = value("cs-uri-path", "cs-uri-stem") + QUERY
ODD_PORT = pl.when(~PORT_TITLED.is_in(["80", "443"])).then(":" + PORT_TITLED).fill_null("")
URL = pl.coalesce(
    URI,
    pl.when(is_tunnel(METHOD_TEXT))
    .then(pl.coalesce(HOST + ":" + URL_PORT, HOST))
    .otherwise(pl.coalesce(SCHEME + "://" + HOST + ODD_PORT + REST, REST)),
    HOST,
)
"""The URL, combined where its parts are separate."""

STATUS = pl.coalesce(
    value("sc-status", "sc-http-status"), value(RESULT_OF_CISCO).str.extract("/([0-9]{3})$", 1)
)
IS_HTTP_STATUS = to_int(STATUS, 5).is_between(100, 599)
ACTION = value("action").str.to_lowercase()
STEP = value("s-action", RESULT_OF_CISCO, "sc-result-code").str.to_uppercase()
RESULT = value("sc-filter-result").str.to_uppercase()
EXCEPTION = value("x-exception-id").str.to_lowercase()
IS_DENIED = pl.any_horizontal(
    RESULT == "DENIED",
    STEP.str.contains("DENIED", literal=True),
    ACTION == "denied",
    EXCEPTION.str.contains("denied", literal=True),
    value("x-acltag").str.contains("^(?:BLOCK|DROP)_"),
    STATUS.is_in(DENIED_BY_ISA),
)
IS_ANSWERED = pl.any_horizontal(IS_HTTP_STATUS, ACTION == "allowed", RESULT.is_not_null())

FLOW_ACTION = value("action", "filter-rule").str.to_lowercase()
SOURCE, TARGET = value(*SOURCES), value(*TARGETS)
IS_REPEATED = FLOW_ACTION.is_in(["close", "info-events-lost"]) & pl.col("is_windows_firewall")
COUNTED = pl.when(~FLOW_ACTION.str.starts_with("initiat").fill_null(value=False))
BARE, PORT = r"^([0-9.]+):[0-9]+$", r"^[0-9.]+:([0-9]+)$"
"""Address and port of `192.0.2.17:50112`."""


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what a request or a connection shows, by the kind of log."""
    titles = set(titles_of(context))
    kind = log_kind(titles)
    of_log = partial(by_log, kind)
    return {
        "start_time": pl.col("time")
        - lasted(
            of_log(
                web=value("time-taken", "x-elapsed-time"),
                flow=pl.when(FLOW_ACTION == "terminated").then(value("connection time")),
            )
        ),
        "src_ip": of_log(
            web=address(value("c-ip")), flow=somewhere(address(SOURCE.str.replace(BARE, "$1")))
        ),
        # the realm behind an account with a domain is the appliance's own name
        "user_name": of_log(
            web=account(value("cs-username", "cs-userdn")).str.replace(
                r"^([^\\]+\\.+)@[^@]*$", "$1"
            ),
            flow=account(not_of_windows(value("username"))),
        ),
        "dst_ip": of_log(
            web=address(
                pl.coalesce(
                    value("r-ip", "s-supplier-ip", "cs-uri-address"),
                    pl.when(IS_SERVER).then(value("s-ip")),
                )
            ),
            flow=somewhere(address(TARGET.str.replace(BARE, "$1"))),
        ),
        "dst_port": port(
            of_log(
                web=URL_PORT,
                flow=pl.coalesce(TARGET.str.extract(PORT, 1), value("dst-port", "param#2")),
            )
        ),
        "dst_hostname": hostname(value("destination name")),
        "url": URL.str.slice(0, MAX_URL),
        "url_scheme": pl.when(~is_tunnel(METHOD_TEXT)).then(
            pl.coalesce(
                SCHEME, URI.str.extract("^([A-Za-z][A-Za-z0-9+.-]*)://", 1)
            ).str.to_lowercase()
        ),
        "status_code": pl.when(IS_HTTP_STATUS).then(to_int(STATUS, 5)),
        "bytes_in": of_log(
            web=to_int(value("sc-bytes")), flow=COUNTED.then(to_int(value("bytes received")))
        ),
        "bytes_out": of_log(
            web=to_int(value("cs-bytes")),
            flow=pl.coalesce(
                COUNTED.then(to_int(value("bytes sent"))),
                to_int(value("size").replace("0", None)),
            ),
        ),
        "user_agent": pl.when(IS_SERVER)
        .then(value("cs(user-agent)", "c-agent").str.replace_all("+", " ", literal=True))
        .otherwise(value("cs(user-agent)", "c-agent")),
        "disposition": of_log(
            web=pl.when(URL.is_not_null()).then(
                unless_challenged(
                    STATUS,
                    word_of(("blocked", IS_DENIED), ("allowed", IS_ANSWERED)),
                    STATUS == CHALLENGED_BY_ISA,
                    STEP.str.starts_with("TCP_AUTH"),
                    EXCEPTION.str.starts_with("authentication"),
                )
            ),
            flow=word_of(
                ("blocked", FLOW_ACTION.str.contains("^(?:denied|drop|blocked)")),
                (
                    "allowed",
                    FLOW_ACTION.str.contains("^(?:allow|open|initiat|establish|terminat|interm)"),
                ),
            ),
        ),
        "kind": pl.lit("w3c")
        if kind == "other"
        else of_log(web=pl.lit("no client"), flow=FLOW_ACTION.str.to_uppercase()),
        "extras": further(kind, titles),
    }


FORMAT = Format(
    name="w3c_elff",
    product="Blue Coat ProxySG, Cisco WSA, ISA, TMG, IIS, Windows firewall",
    event_classes=("http_requests", "connections", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_port": (
            "c-port",
            pl.coalesce(SOURCE.str.extract(PORT, 1), value("src-port", "param#1")),
        ),
        "method": METHOD_TEXT,
        "url_hostname": HOST_TEXT,
        "content_type": value("rs(content-type)", "cs-mime-type", "sc(content-type)"),
        "referrer_hostname": value("cs(referer)", "cs-referred"),
        "threat": value("x-virus-id"),
        "category": value(
            "cs-categories",
            "cs-category",
            "urlcategory",
            "x-webcat-code-full",
            "x-webcat-code-abbr",
        ),
        "protocol": value("ip protocol", "protocol"),
        "application": "application protocol",
        "connection_uid": value("connection id").replace("0", None),
        "reported_by": "computer",
    },
    classes={
        "http_requests": IS_WEB & value("c-ip").is_not_null(),
        "connections": IS_FLOW & ~IS_REPEATED.fill_null(value=False),
    },
    more=more,
    must={
        "no #Fields line above": pl.col("has_header"),
        "{columns} columns, not as many as #Fields names": pl.col("is_whole"),
    },
    required={"connections": ("dst_ip",)},
    may_lack={"url_hostname": HOST_TEXT.is_null()},
    columns=pl.col("columns"),
    comment=is_comment,
    header=is_header,
)
