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

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import elff as _elff
from pipelines.formats.reading import elff as _elff_flows
from pipelines.formats.reading.elff import field
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    port,
    to_int,
)
from pipelines.formats.reading.web import VERDICT_OF_CISCO_W3C, unless_challenged

WEB_EXTRAS = {
    "action": "s-action",
    "exception": "x-exception-id",
    "rule": "rule",
    "forwarded_for": "x-forwarded-for",
    "threat": "x-virus-id",
    "risk": "cs-threat-risk",
    "group": "cs-auth-group",
    "site": "s-sitename",
    "proxy": "s-computername",
    "policy": "x-acltag",
}
WHOLE_URL = ("cs-uri", "cs-url")
RESULT_OF_CISCO = "x-resultcode-httpstatus"
KIND_OF_CISCO = ("x-webcat-code-full", "x-webcat-code-abbr")
METHOD = r"[ \t](?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|PROPFIND)[ \t]"
DATED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
IS_FLOW = pl.col("event_class") == "connections"

REJECT_RULES = {
    "no #Fields line above": pl.col("has_header"),
    "{columns} columns, not as many as #Fields names": pl.col("is_whole"),
    "no host in the URL": pl.col("url_hostname").is_not_null() | pl.col("host_text").is_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match its header, or a date and a time in two columns and what proxies write."""
    request = rf"^{DATED} [0-9:]{{8}} [^\[]*{METHOD}"
    packet = rf"^{DATED} [0-9:]{{8}} (?:ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND) [A-Z0-9]+ "
    tabs = rf"^(?:[^\t]*\t){{0,3}}{DATED}\t[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\t"
    cisco = r"^[0-9]{9,10}\.[0-9]{3} +[0-9]+ [^ ]+ [A-Z_]+/[0-9]{3} "
    return (
        (line.str.contains(cisco) & line.str.contains(VERDICT_OF_CISCO_W3C))
        | line.str.contains(_elff.HEADER + r"[ \t].*(?:\bc-ip|src-ip|source)\b")
        | line.str.contains(request)
        | line.str.contains(packet)
        | line.str.contains(tabs)
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns that the `#Fields` line above has."""
    names = _elff.names_of(context)
    stamp = _elff.stamp(names, context)
    web, flow = _elff.is_web(names), _elff.is_flow(names)
    told = _elff.with_cells(batch, context).with_columns(
        has_header=pl.lit(value=bool(names)),
        time=stamp.time,
        time_quality=stamp.quality,
        **_nothing(),
    )
    if web:
        return _web(told, names)
    if flow:
        return _elff_flows.flows(told, names)
    return told.with_columns(
        event_class=pl.lit("system_events"), kind=pl.lit("w3c"), message=pl.col("line")
    )


def _nothing() -> dict[str, pl.Expr]:
    """Return the columns that the rules look at."""
    columns = ["src_ip", "dst_ip", "url_hostname", "host_text"]
    return {column: pl.lit(None, pl.String) for column in columns}


def _web(told: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    own = _elff.is_of_web_server(names)
    agent = field(names, "cs(user-agent)", "c-agent")
    target = ("r-ip", "s-supplier-ip", "cs-uri-address", *(("s-ip",) if own else ()))
    return (
        told.with_columns(
            event_class=pl.when(field(names, "c-ip").is_not_null())
            .then(pl.lit("http_requests"))
            .otherwise(pl.lit("system_events")),
            kind=pl.lit("no client"),
            message=pl.col("line"),
            src_ip=address(field(names, "c-ip")),
            src_port=port(field(names, "c-port")),
            user_name=account(field(names, "cs-username", "cs-userdn")).str.replace(
                r"^([^\\]+\\.+)@[^@]*$", "$1"
            ),
            method=field(names, "cs-method", "s-operation").str.to_uppercase(),
            dst_ip=address(field(names, *target)),
            status_text=pl.coalesce(
                field(names, "sc-status", "sc-http-status"),
                field(names, RESULT_OF_CISCO).str.extract("/([0-9]{3})$", 1),
            ),
            bytes_in=to_int(field(names, "sc-bytes")),
            bytes_out=to_int(field(names, "cs-bytes")),
            content_type=media_type(
                field(names, "rs(content-type)", "cs-mime-type", "sc(content-type)")
            ),
            referrer_hostname=hostname(field(names, "cs(referer)", "cs-referred")),
            user_agent=agent.str.replace_all("+", " ", literal=True) if own else agent,
            category=field(names, "cs-categories", "cs-category", "urlcategory", *KIND_OF_CISCO),
            start_time=pl.col("time") - _elff.taken(field(names, "time-taken", "x-elapsed-time")),
            extras=_elff.extras(names, WEB_EXTRAS),
            whole_url=field(names, *WHOLE_URL),
            host_text=_host_text(names),
        )
        .with_columns(url_hostname=hostname(pl.col("host_text")))
        .with_columns(**_asked(names))
        .with_columns(status_code=_status(pl.col("status_text")), disposition=_disposition(names))
    )


def _host_text(names: Sequence[str]) -> pl.Expr:
    """Return the text with the host, unparsed; a path contains none."""
    uri = field(names, *WHOLE_URL, "cs-uri-stem")
    in_uri = pl.when(~uri.str.contains("^[/*?]")).then(uri)
    host = field(names, "cs-host", "cs(host)", "r-host")
    if {*WHOLE_URL} & {*names}:
        return pl.coalesce(in_uri, host)
    return pl.coalesce(host, in_uri)


def _asked(names: Sequence[str]) -> dict[str, pl.Expr]:
    """Return URL, scheme, host and port, combined where they are separate."""
    host = pl.col("url_hostname")
    scheme = field(names, "cs-uri-scheme").str.to_lowercase()
    if _elff.is_of_web_server(names):
        by_port = {"80": "http", "443": "https"}
        scheme = field(names, "s-port").replace_strict(
            by_port, default=None, return_dtype=pl.String
        )
    said_port = field(names, "cs-uri-port", "r-port", "s-port")
    at_port = pl.when(said_port != "0").then(said_port)
    path = field(names, "cs-uri-path", "cs-uri-stem")
    query = field(names, "cs-uri-query")
    rest = path + ("?" + query.str.strip_prefix("?")).fill_null("")
    odd = pl.when(~at_port.is_in(["80", "443"])).then(":" + at_port).fill_null("")
    joined = pl.coalesce(scheme + "://" + host + odd + rest, rest)
    is_tunnel = (pl.col("method") == "CONNECT").fill_null(value=False)
    uri = pl.col("whole_url")
    in_uri = uri.str.extract(r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)
    tunnel = pl.coalesce(host + ":" + pl.coalesce(in_uri, at_port), host)
    url = pl.coalesce(uri, pl.when(is_tunnel).then(tunnel).otherwise(joined), host)
    said = pl.coalesce(scheme, uri.str.extract("^([A-Za-z][A-Za-z0-9+.-]*)://", 1))
    return {
        "url": url.str.slice(0, MAX_URL),
        "url_scheme": pl.when(~is_tunnel).then(said.str.to_lowercase()),
        "dst_port": port(pl.coalesce(in_uri, at_port)),
    }


def _status(text: pl.Expr) -> pl.Expr:
    """Return the status; codes of ISA and of Windows do not count."""
    code = to_int(text, 5)
    return pl.when(code.is_between(100, 599)).then(code).cast(pl.Int16)


def _disposition(names: Sequence[str]) -> pl.Expr:
    status = pl.col("status_text")
    action = field(names, "action").str.to_lowercase()
    step = field(names, "s-action", RESULT_OF_CISCO, "sc-result-code").str.to_uppercase()
    result = field(names, "sc-filter-result").str.to_uppercase()
    exception = field(names, "x-exception-id").str.to_lowercase()
    denied = pl.any_horizontal(
        result == "DENIED",
        step.str.contains("DENIED", literal=True),
        action == "denied",
        exception.str.contains("denied", literal=True),
        field(names, "x-acltag").str.contains("^(?:BLOCK|DROP)_"),
        status.is_in(_elff.DENIED_BY_ISA),
    )
    answered = pl.any_horizontal(
        to_int(status, 5).is_between(100, 599), action == "allowed", result.is_not_null()
    )
    outcome = pl.when(denied).then(pl.lit("blocked")).when(answered).then(pl.lit("allowed"))
    did = unless_challenged(
        status,
        outcome,
        status == _elff.ASKED_BY_ISA,
        step.str.starts_with("TCP_AUTH"),
        exception.str.starts_with("authentication"),
    )
    return pl.when(pl.col("url").is_not_null()).then(did)


FORMAT = Format(
    name="w3c_elff",
    product="Blue Coat ProxySG, Cisco WSA, ISA, TMG, IIS, Windows firewall",
    event_classes=("http_requests", "connections", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=pl.col("columns"),
    comment=_elff.is_comment,
    header=_elff.is_header,
    required={"connections": ("dst_ip",)},
    may_lack={"url_hostname": pl.col("host_text").is_null()},
)
