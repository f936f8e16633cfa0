"""Web requests: the meaning of a 407, and requests with separate host and path."""

import polars as pl

from pipelines.formats.reading.fields import MAX_URL, hostname, null_if_dash, port

IS_PATH = r"^[/*?]"
PORT_OF_URL = r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)"
SCHEME_OF_URL = "^([a-z][a-z0-9+.-]*)://"
VERDICT_OF_CISCO = r" [A-Z][A-Z0-9_]*(?:-[^ <]*){3,} <[^ ]*,"
"""Behind the fields of Squid, in the log of Cisco's appliance."""

VERDICT_OF_CISCO_W3C = r" [A-Z][A-Z0-9_]*(?:-[^ <]+){4,}(?: [^<]*)?$"
"""The same in the appliance's W3C logs, without angle brackets."""


def is_tunnel(method: pl.Expr) -> pl.Expr:
    """Match a CONNECT: what follows is not to be seen."""
    return (method.str.to_uppercase() == "CONNECT").fill_null(value=False)


def whole_url(host: pl.Expr, at_port: pl.Expr, asked: pl.Expr) -> pl.Expr:
    """Return the URL, put together where the request named a path only.

    Args:
        host: From the Host header; it may hold a port.
        at_port: Port of the server, to be named unless it is 80.
        asked: A path, or the whole URL in a request to a proxy.
    """
    is_v6 = host.str.contains(r"^[^\[]*:.*:")
    bracketed = pl.when(is_v6).then("[" + host + "]").otherwise(host)
    says_port = host.str.contains(r"^[^:]+:[0-9]+$|\]:[0-9]+$")
    named = pl.when((at_port != "80") & ~says_port).then(":" + at_port)
    joined = "http://" + bracketed + named.fill_null("") + asked
    url = pl.when(asked.str.contains(IS_PATH)).then(pl.coalesce(joined, asked))
    return null_if_dash(url.otherwise(asked)).str.slice(0, MAX_URL)


def host_asked(method: pl.Expr, host: pl.Expr, asked: pl.Expr) -> pl.Expr:
    """Return the target of a tunnel, or the Host header, or the host in the URL."""
    in_url = pl.when(~asked.str.contains(IS_PATH)).then(asked)
    first = pl.when(is_tunnel(method)).then(in_url)
    return pl.coalesce(hostname(null_if_dash(text)) for text in (first, host, in_url))


def port_asked(method: pl.Expr, asked: pl.Expr, at_port: pl.Expr) -> pl.Expr:
    """Return the port of a tunnel's target, or the server's."""
    target = pl.when(is_tunnel(method)).then(asked.str.extract(r":([0-9]+)$", 1))
    return port(pl.coalesce(target, at_port))


def unless_challenged(status: pl.Expr, outcome: pl.Expr, *signs: pl.Expr) -> pl.Expr:
    """Return a control's action; a proxy that requests credentials has none.

    Such a request is neither a use nor a block: the browser repeats it with them.

    Args:
        status: The HTTP status, as a number or as text; 407 requests credentials.
        outcome: The disposition of a request without such a challenge.
        signs: Other ways in which the product shows a challenge.
    """
    asks = pl.any_horizontal(status.cast(pl.String) == "407", *signs)
    return pl.when(asks).then(pl.lit("challenged")).otherwise(outcome)


def seen(status: pl.Expr) -> pl.Expr:
    """Return a sensor's view of a request: an answer means that it was allowed."""
    answered = pl.when(status.is_not_null()).then(pl.lit("allowed"))
    return unless_challenged(status, answered)
