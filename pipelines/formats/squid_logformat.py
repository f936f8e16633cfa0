"""Squid `access.log` in the district's custom layout, or `common`, `combined`.

    192.0.2.17 - ada [02/Nov/2026:08:15:00 -0600] "GET http://example.org/ HTTP/1.1" 200 5120 "-" "Agent/1.0" TCP_MISS:HIER_DIRECT

The source's option `logformat` contains the line of `squid.conf` (default: `combined`).
The timestamp is the end of a request, which began `%tr` milliseconds earlier, if the layout
includes it. `%tl` is local time; where its argument omits the offset, the source's zone
applies. A date such as 05/02/2026 is ambiguous: `date_order = "day_first"` or
`"month_first"` decides; without it the line is rejected. Codes without a column are
kept in `extras` under their name.
"""  # noqa: E501

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.errors import SettingsError
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    one_of,
    port,
    to_int,
)
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.web import unless_challenged

# Squid's `logformat` lines, made into one expression with a group for each code.
#
#     %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru "%{User-Agent}>h"
#
# A code is `%`, a quoting sign, a width and an argument that may each be missing,
# and its name. A value is what the code may write, up to the literal text that
# follows; a padded one may have blanks in front. A code that is not known here
# keeps its text under its own name.

NAMED = {
    "squid": "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %un %Sh/%<a %mt",
    "common": '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh',
    "combined": (
        '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh'
    ),
    "referrer": "%ts.%03tu %>a %{Referer}>h %ru",
    "useragent": '%>a [%tl] "%{User-Agent}>h"',
}
"""The layouts that Squid itself knows by name."""

NUMBER, WORD, REST = r"[0-9]+|-", r"\S+", r".*?"
SHAPES = {
    "ts": "[0-9]{9,10}", "tu": "[0-9]{3,6}", "tr": NUMBER, "dt": NUMBER,
    "tl": REST, "tg": REST, ">a": WORD, ">A": WORD, ">p": NUMBER, "<a": WORD,
    "<A": WORD, "<p": NUMBER, "la": WORD, "lp": NUMBER, ">la": WORD, ">lp": NUMBER,
    "<la": WORD, "<lp": NUMBER, "un": WORD, "ul": WORD, "ue": WORD, "us": WORD,
    "ui": WORD, "Ss": "[A-Z_]+", "Sh": "[A-Z_]+", "Hs": "[0-9]{3}|-",
    ">Hs": "[0-9]{1,3}|-", "<Hs": "[0-9]{1,3}|-", "st": NUMBER, "<st": NUMBER,
    ">st": NUMBER, "<sh": NUMBER, ">sh": NUMBER, "mt": r"[^\s\"]+(?:; ?[^\s\"]+)*",
    "rm": WORD, ">rm": WORD, "ru": WORD, ">ru": WORD, "<ru": WORD, "rp": WORD,
    ">rp": WORD, "rd": WORD, ">rd": WORD, ">rs": WORD, ">rP": NUMBER, "rv": r"[0-9.]+",
    ">rv": r"[0-9.]+", ">h": REST, "<h": REST, ">eui": WORD,
}  # fmt: skip
"""Possible output of each code; spaces in a URL or a name are sent as `%20`."""

OTHERS = {
    "sn", "err_code", "err_detail", "note", ">qos", ">nfmark", "<qos", "<nfmark", "tS",
    "busy_time", "request_attempts", "et", "ea", "credentials", ">ha", "<rm", "<rv",
    "<rp", "<rs", "<rd", "<rP", "rG", "<bs", "<pt", "<tt", "master_xaction",
    ">handshake",
}  # fmt: skip
FAMILIES = ("ssl::", "tls::", "adapt::", "icap::", "proxy_protocol::", "transport::")
"""Codes whose text is matched and not used, and families of such."""

CODES = "|".join(sorted(map(re.escape, SHAPES), key=len, reverse=True))
TOKEN = re.compile(
    r"%(?P<percent>%)"
    r"|%[\"\[#'/]?-?(?P<width>[0-9]*)(?:\.[0-9]+)?(?:\{(?P<before>[^}]*)\})?"
    rf"(?:http::)?(?P<code>(?:{CODES})(?![a-zA-Z:_])|[<>]?[a-zA-Z_]+(?:::[<>]?[a-zA-Z_]+)*)"
    r"(?:\{(?P<after>[^}]*)\})?"
    r"|(?P<literal>[^%]+|%)"
)

COMBINED = r'\] "[A-Za-z_-]+ [^ ]+ HTTP/[0-9.]+" [0-9]{3} (?:[0-9]+|-) .*[A-Z_]+:[A-Z_]+'
SLASHED = r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}[ :]"
ORDERS = {"day_first": "%d/%m/%Y %H:%M:%S", "month_first": "%m/%d/%Y %H:%M:%S"}
ASKED_NOTHING = pl.col("asked").str.starts_with("error:").fill_null(value=False)
OWN_COLUMNS = {
    "ts", "tu", "tr", "tl", "tg", ">a", ">p", "<a", "un", "ul", "ue", "us", "Ss",
    ">Hs", "Hs", "<st", ">st", "mt", "rm", ">rm", "ru", ">ru", "rv", ">rv",
}  # fmt: skip
OWN_HEADERS = {"referer", "user-agent"}

REJECT_RULES = {
    "not as the setting logformat says": pl.col("is_whole"),
    "the order of day and month is not set (date_order)": ~pl.col("is_unordered"),
}


@dataclass(frozen=True)
class Code:
    """One code of a layout: its name, its argument, and the group that holds it."""

    name: str
    argument: str
    group: str

    @property
    def label(self) -> str:
        """The name with its argument, as in `{Referer}>h`."""
        return f"{{{self.argument}}}{self.name}" if self.argument else self.name


@dataclass(frozen=True)
class Layout:
    """A layout: the expression that a whole line matches, and its codes in order."""

    pattern: str
    codes: tuple[Code, ...]

    def of(self, *names: str) -> list[Code]:
        """Return the codes of some names, in the order of the names."""
        return [code for name in names for code in self.codes if code.name == name]

    def header(self, *names: str) -> list[Code]:
        """Return the codes of a request header with one of these names."""
        wanted = {name.lower() for name in names}
        return [code for code in self.of(">h") if code.argument.lower() in wanted]


def layout(said: str, *, is_checked: bool = False) -> Layout:
    """Parse a `logformat` line.

    Args:
        said: A name that Squid knows, or the line; `logformat NAME` may come first.
        is_checked: A code that Squid does not know is an error, not skipped.

    Raises:
        SettingsError: It contains no code, or such a one.
    """
    text = re.sub(r"^\s*logformat\s+\S+\s+", "", said).strip()
    parts: list[str] = []
    codes: list[Code] = []
    for token in TOKEN.finditer(NAMED.get(text, text)):
        if token["code"]:
            argument = token["before"] or token["after"] or ""
            code = Code(token["code"], argument, f"code_{len(codes)}")
            codes.append(code)
            if is_checked:
                _refuse_unknown(token["code"])
            parts.append(_group(code, padded=bool(token["width"]), before=parts))
        else:
            parts.append(_literal(token["literal"] or "%"))
    if not codes:
        raise SettingsError(
            f"the layout {said!r} contains no code",
            where="options.logformat",
            remedy=f"Paste Squid's logformat line, or say one of {', '.join(NAMED)}.",
        )
    return Layout("^" + "".join(parts) + r"\s*$", tuple(codes))


def _refuse_unknown(code: str) -> None:
    known = {*SHAPES, *OTHERS}
    if code in known or code.startswith(FAMILIES):
        return
    guess = next(iter(get_close_matches(code, known, 1, 0.5)), "")
    raise SettingsError(
        f"Squid has no code %{code}",
        where="options.logformat",
        remedy=f"Did you mean %{guess}?" if guess else "Paste Squid's own line.",
    )


def _group(code: Code, *, padded: bool, before: list[str]) -> str:
    """Return a group for what a code writes; between quotes it may hold blanks."""
    shape = SHAPES.get(code.name, REST)
    if before and before[-1].endswith('"') and shape == REST:
        shape = r'(?:[^"\\]|\\.)*'
    return (" *" if padded else "") + f"(?P<{code.group}>{shape})"


def _literal(text: str) -> str:
    """Return a pattern of literal text.

    A run of blanks may be longer, because some codes are padded.
    """
    return re.sub(r"(?:\\ |\\\t|\s)+", r"\\s+", re.escape(text))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match `common` or `combined`; other layouts are set, not guessed."""
    return line.str.contains(r"^[^ ]+ [^ ]+ [^ ]+ \[[^\]]+" + COMBINED)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`.

    Raises:
        SettingsError: An option has no meaning.
    """
    said = context.options.get("logformat", "combined")
    plan = layout(said, is_checked=context.is_checked)
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    groups = line.str.extract_groups(plan.pattern)
    asked = _text(plan.of("ru", ">ru"))
    told = (
        batch.with_columns(groups=groups)
        .with_columns(
            is_whole=pl.col("groups").struct.field(plan.codes[0].group).is_not_null(),
            **{code.group: pl.col("groups").struct.field(code.group) for code in plan.codes},
        )
        .with_columns(asked=asked, result=_text(plan.of("Ss")))
    )
    return (
        told.with_columns(**_when(plan, context))
        .with_columns(**_who(plan), **_what(plan))
        .with_columns(
            disposition=_disposition(has_result=bool(plan.of("Ss"))), extras=_extras(plan)
        )
    )


def _text(codes: Sequence[Code]) -> pl.Expr:
    """Return the first known value of some codes; null where the layout has none."""
    found = [null_if_dash(pl.col(code.group)) for code in codes]
    return pl.coalesce(found) if found else pl.lit(None, pl.String)


def _when(plan: Layout, context: Context) -> dict[str, pl.Expr]:
    """Return the end, its quality, and the beginning."""
    stamp, unordered = _stamp(plan, context)
    elapsed = to_int(_text(plan.of("tr")), 9).fill_null(0)
    return {
        "time": stamp.time,
        "time_quality": stamp.quality,
        "start_time": stamp.time - pl.duration(milliseconds=elapsed, time_unit="us"),
        "is_unordered": unordered.fill_null(value=False),
    }


def _stamp(plan: Layout, context: Context) -> tuple[Stamp, pl.Expr]:
    """Return the timestamp, and whether its day and month may be in either order."""
    seconds = plan.of("ts")
    if seconds:
        part = _text(plan.of("tu"))
        both = _text(seconds) + pl.coalesce("." + part, pl.lit(""))
        return clock.epoch(both), pl.lit(value=False)
    local = plan.of("tl", "tg")
    text = _text(local)
    reading = Reading("UTC") if plan.of("tg") else context.reading
    shape = local[0].argument if local else ""
    if shape and "%z" not in shape:
        return clock.civil(text, shape, reading), pl.lit(value=False)
    order = date_order(context)
    slashed = text.str.contains(SLASHED)
    if order is None:
        return clock.first(clock.worded(text, reading), clock.iso(text, reading)), slashed
    plain = text.str.replace(r"^([0-9/]+):", "$1 ")
    ordered = clock.civil(plain, ORDERS[order], reading)
    return clock.first(ordered, clock.worded(text, reading)), pl.lit(value=False)


def date_order(context: Context) -> str | None:
    """`day_first`, `month_first`, or None where it is not said.

    Raises:
        SettingsError: It is another word.
    """
    return one_of(context.options, "date_order", ORDERS)


def _who(plan: Layout) -> dict[str, pl.Expr]:
    client = _text(plan.of(">a", ">A"))
    ip = address(client)
    return {
        "src_ip": ip,
        "src_hostname": pl.when(ip.is_null()).then(name(client)),
        "src_port": port(_text(plan.of(">p"))),
        "user_name": account(_text(plan.of("ul", "un", "ue", "us"))),
        "user_agent": _text(plan.header("User-Agent")),
        "referrer_hostname": hostname(_text(plan.header("Referer"))),
    }


def _what(plan: Layout) -> dict[str, pl.Expr]:
    asked, method = pl.col("asked"), _text(plan.of("rm", ">rm"))
    status = to_int(_text(plan.of(">Hs", "Hs")), 3).cast(pl.Int16)
    scheme = asked.str.extract("^([a-z][a-z0-9+.-]*)://", 1)
    host = hostname(pl.coalesce(asked, _text(plan.of(">rd", "rd"))))
    at_port = asked.str.extract(r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)
    is_tunnel = (method == "CONNECT").fill_null(value=False)
    return {
        "method": method.str.to_uppercase(),
        "url": asked.str.slice(0, MAX_URL),
        "url_scheme": pl.when(~is_tunnel & ~ASKED_NOTHING).then(scheme),
        "url_hostname": pl.when(~ASKED_NOTHING).then(host),
        "dst_ip": address(_text(plan.of("<a"))),
        "dst_port": port(pl.coalesce(at_port, _text(plan.of(">rP")))),
        "status_code": pl.when(status > 0).then(status),
        "bytes_in": to_int(_text(plan.of("<st"))),
        "bytes_out": to_int(_text(plan.of(">st"))),
        "content_type": media_type(_text(plan.of("mt"))),
    }


def _disposition(*, has_result: bool) -> pl.Expr:
    """Return the disposition; without `%Ss`, a 403 may be from the site or the proxy: unknown."""
    result, status = pl.col("result"), pl.col("status_code")
    by_status = pl.when(status.is_not_null() & (status != 403)).then(pl.lit("allowed"))
    outcome = (
        pl.when(result.str.starts_with("TCP_DENIED"))
        .then(pl.lit("blocked"))
        .otherwise(pl.lit("allowed") if has_result else by_status)
    )
    did = unless_challenged(status, outcome)
    return pl.when(ASKED_NOTHING).then(None).otherwise(did)


def _extras(plan: Layout) -> pl.Expr:
    """Return the layout's fields without a column."""
    others = {
        code.label: null_if_dash(pl.col(code.group)).alias(code.label)
        for code in plan.codes
        if code.name not in OWN_COLUMNS
        and not (code.name == ">h" and code.argument.lower() in OWN_HEADERS)
    }
    return json_of(list(others.values())) if others else pl.lit(None, pl.String)


FORMAT = Format(
    name="squid_logformat",
    product="Squid",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    may_lack={
        "src_ip": pl.col("src_hostname").is_not_null(),
        "url_hostname": pl.col("asked").is_null() | ASKED_NOTHING,
    },
)
