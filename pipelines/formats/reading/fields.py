"""Small expressions that several formats share: words, numbers, hosts, addresses."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import polars as pl

from pipelines.errors import SettingsError

AUTHORITY = r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?([^/?#]*)"
HOST = r"^(\[[0-9a-fA-F:.]+\]|[\w.-]+)\.?(?::[0-9]+)?$"
SCHEME = r"^[a-zA-Z][a-zA-Z0-9+.-]*://"
PLAIN_HOST = r"^([a-zA-Z0-9_.-]+)(?::[0-9]+)?(?:[/?#]|$)"
OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"(?:{OCTET}\.){{3}}{OCTET}"

PLACEHOLDERS = [
    "",
    "-",
    "--",
    "N/A",
    "n/a",
    "NA",
    "none",
    "None",
    "(null)",
    "null",
    "unknown",
    "Unknown",
    "anonymous",
]

NOBODY = (
    r"(?i)^(?:[^\\]*\\)?(?:|-+|n/?a|none|\(?null\)?|unknown(?: \(.*\))?|\*+"
    r"|anonymous|\(unidentified\).*|no authentication required)$"
    r"|^(?:anonymous)?@"
)
"""Products' values for no account, also after a domain, or in front of a realm.

A client of 802.1X may show `anonymous@example.org` or `@example.org` outside of the
tunnel that contains its identity (RFC 7542, 2.4).
"""
MAX_URL = 8_192
OLDEST = pl.CompatLevel.oldest()
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
_SHORT = rf"^{IPV4}$"
_NOT_CANONICAL = r"(?:^|:)0:(?:0(?::|$)|:)|::0(?::|$)|^::ffff:[0-9a-f:]*$"
_ADDRESS_BEGINS = r"^[ \[\]]*(?:[0-9.]{7}|[0-9a-fA-F]{0,4}:)"
_DOTTED_TAIL = rf"^([0-9a-f:]*:){IPV4}$"
_MAPPED = "^::ffff:[0-9a-f]+:[0-9a-f]+$"
_ZEROS = ":0" * 8
_ZERO_RUNS = [rf"(?:^|:)0(?::0){{{size - 1}}}(?::|$)" for size in range(8, 1, -1)]
_HEX = {str(byte): f"{byte:02x}" for byte in range(256)}
_DECIMAL = {written: byte for byte, written in _HEX.items()}


def one_of(options: Mapping[str, str], name: str, words: Iterable[str]) -> str | None:
    """Return an option that is one of some words; null where the source does not set it.

    Raises:
        SettingsError: It is another word.
    """
    said, known = options.get(name), tuple(words)
    if said is None or said in known:
        return said
    raise SettingsError(
        f"{said!r} is not one of the words of {name}",
        where=f"options.{name}",
        remedy=f"Say {', '.join(known[:-1])} or {known[-1]}.",
    )


def cut(frame: Frame, text: pl.Expr, names: list[str], separator: str = " ") -> Frame:
    """Add a text cut at single separators; the last field keeps what is left over."""
    parts = text.str.splitn(separator, len(names)).struct.rename_fields(names)
    # in a separate step: unnested as an expression, the text is cut once per field
    return frame.with_columns(_cut=parts).unnest("_cut")


def null_if_dash(field: pl.Expr) -> pl.Expr:
    """Return null for what products write when they know nothing."""
    bare = field.str.strip_chars(" \t\r\n\x00")
    return pl.when(~bare.is_in(PLACEHOLDERS)).then(bare)


def account(field: pl.Expr) -> pl.Expr:
    """Return an account as written; null for products' values for no account."""
    bare = field.str.strip_chars(" \t\r\n\x00")
    return pl.when(~bare.str.contains(NOBODY)).then(bare)


def word_of(*cases: tuple[str, pl.Expr], otherwise: str | pl.Expr | None = None) -> pl.Expr:
    """Return the word of the first case that holds; where none does, `otherwise` or null."""
    done = pl.lit(otherwise) if isinstance(otherwise, str) or otherwise is None else otherwise
    for word, holds in reversed(cases):
        done = pl.when(holds).then(pl.lit(word)).otherwise(done)
    return done


def to_int(field: pl.Expr, digits: int = 18) -> pl.Expr:
    """Return a count; null unless it is plain digits, at most `digits` of them."""
    # a cast accepts a sign too, which sorts before the digits in every order of characters
    fits = (field >= "0") & (field.str.len_bytes() <= digits)
    return pl.when(fits).then(field).cast(pl.Int64, strict=False)


def port(field: pl.Expr) -> pl.Expr:
    """Return a port number, 0 to 65535."""
    number = to_int(field, 5)
    return pl.when(number <= 65_535).then(number).cast(pl.Int32)


def where_rare(field: pl.Expr, read: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Apply `read` to a text that few lines have; the others cost nothing.

    Args:
        field: Text; null where there is nothing to read.
        read: Reads one value at a time and returns text.
    """
    return field.map_batches(
        lambda values: _of_few(values, read), return_dtype=pl.String, is_elementwise=True
    )


def _of_few(values: pl.Series, read: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    there = values.is_not_null()
    few = values.filter(there).to_frame("value")
    if not few.height:
        return values.cast(pl.String)
    found = few.select(read(pl.col("value"))).to_series()
    place = pl.DataFrame({"there": there}).select(
        pl.when("there").then(pl.col("there").cum_sum() - 1)
    )
    return found.gather(place.to_series()).rename(values.name)


def map_unique(frame: Frame, field: str, /, **said: pl.Expr) -> Frame:
    """Add expressions of a text with few distinct values, computed once for each.

    Args:
        frame: Any lines.
        field: The column of the text; `word` in the expressions.
        said: Expressions of one value at a time, by column.
    """
    word = pl.LazyFrame(schema={"word": pl.String})
    kind = pl.Struct(word.select(**said).collect_schema())

    def read(values: pl.Series) -> pl.Series:
        told = values.to_arrow(compat_level=OLDEST).dictionary_encode()
        words = pl.Series("word", told.dictionary, dtype=pl.String).to_frame()
        found = words.select(**said).to_struct()
        return found.gather(pl.Series(told.indices))

    one = pl.col(field).map_batches(read, return_dtype=kind, is_elementwise=True)
    return frame.with_columns(_said=one).unnest("_said")


def hostname(url: pl.Expr) -> pl.Expr:
    """Return the host asked for, in lower case, without user, port and brackets.

    Nearly all hosts are plain; only the others take the slow way.
    """
    has_scheme = url.str.contains(SCHEME)
    rest = pl.when(has_scheme).then(split_after(url, "://")).otherwise(url)
    plain = rest.str.extract(PLAIN_HOST, 1).str.to_lowercase()
    odd = where_rare(pl.when(plain.is_null()).then(url), _odd_hostname)
    return pl.coalesce(plain, odd).str.strip_suffix(".")


def _odd_hostname(url: pl.Expr) -> pl.Expr:
    authority = url.str.extract(AUTHORITY).str.split("@").list.last()
    return authority.str.extract(HOST).str.strip_chars("[]").str.to_lowercase()


def split_before(text: pl.Expr, separator: str) -> pl.Expr:
    """Return the text before the first separator, or all of it."""
    return text.str.splitn(separator, 2).struct.field("field_0")


def split_after(text: pl.Expr, separator: str) -> pl.Expr:
    """Return the text after the first separator, or null."""
    return text.str.splitn(separator, 2).struct.field("field_1")


def name(field: pl.Expr) -> pl.Expr:
    """Return a host name as a product gives it: lower case, no final dot."""
    return null_if_dash(field).str.to_lowercase().str.strip_chars_end(".")


def address(field: pl.Expr) -> pl.Expr:
    """Return an IP address in canonical form, or null.

    IPv4 with octets in range and no leading zeros. IPv6 as RFC 5952 has it, without
    its zone; v4-mapped IPv6, in either spelling, becomes IPv4.
    """
    is_short = field.str.contains(_SHORT)
    others = where_rare(pl.when(~is_short).then(field), _longer_address)
    return pl.when(is_short).then(field).otherwise(others)


def _longer_address(field: pl.Expr) -> pl.Expr:
    plain = field.str.contains(_CANONICAL) & ~field.str.contains(_NOT_CANONICAL)
    may_be_one = ~plain & field.str.contains(_ADDRESS_BEGINS)
    odd = where_rare(pl.when(may_be_one).then(field), _odd_address)
    return pl.when(plain).then(field.str.strip_prefix("::ffff:")).otherwise(odd)


def _ipv6(group: str, most: int) -> str:
    """Return a pattern of eight groups, or at most this many and `::` for the others."""
    cut = [f"(?:{group}:){{{front}}}(?::{group}){{1,{most - front}}}" for front in range(1, most)]
    ends = [f"(?:{group}:){{1,{most}}}:", f":(?::{group}){{1,{most}}}", "::"]
    return "|".join([f"{group}(?::{group}){{7}}", *cut, *ends])


_CANONICAL = rf"^(?:(?:::ffff:)?{IPV4}|{_ipv6('(?:0|[1-9a-f][0-9a-f]{0,3})', 6)})$"
_ADDRESS = rf"^(?:{IPV4}|{_ipv6('[0-9a-f]{1,4}', 7)})$"


def _odd_address(field: pl.Expr) -> pl.Expr:
    """Return an address in any other spelling, with its groups rewritten."""
    bare = split_before(field.str.strip_chars(" []").str.to_lowercase(), "%")
    return bare.map_batches(_spelled, return_dtype=pl.String, is_elementwise=True)


def _spelled(values: pl.Series) -> pl.Series:
    """Return canonical addresses of those in lower case; null for what is none."""
    text, groups = pl.col("text"), pl.col("groups")
    found = values.to_frame("text")
    if found.select(text.str.contains(_DOTTED_TAIL).any()).item():
        found = found.select(pl.coalesce(_in_hex(text), text))
    gap = 8 - text.str.count_matches("[0-9a-f]+")
    zeros = pl.lit(_ZEROS).str.head(2 * gap) + ":"
    filled = text.str.replace("::", zeros, literal=True)
    bare = filled.str.strip_chars(":").str.replace_all(r"\b0+([0-9a-f])", "$1")
    shortest = pl.coalesce(
        *(
            pl.when(groups.str.contains(run)).then(groups.str.replace(run, "::"))
            for run in _ZERO_RUNS
        ),
        groups,
    )
    found = (
        found.select(pl.when(text.str.contains(_ADDRESS)).then(text))
        .select("text", groups=pl.when(text.str.contains(":", literal=True)).then(bare))
        .select(text=pl.coalesce(shortest, "text"))
    )
    if found.select(text.str.contains(_MAPPED).any()).item():
        found = found.select(pl.coalesce(_mapped(text), text))
    return found.to_series().rename(values.name)


def _in_hex(text: pl.Expr) -> pl.Expr:
    """Return an IPv6 address whose last part is written as IPv4, in groups; else null."""
    front = text.str.extract(_DOTTED_TAIL, 1)
    octets = text.str.slice(front.str.len_bytes()).str.split(".")
    one, two, three, four = (_looked_up(octets.list.get(at), _HEX) for at in range(4))
    return pl.concat_str(front, one, two, pl.lit(":"), three, four)


def _mapped(short: pl.Expr) -> pl.Expr:
    """Return the IPv4 address that an IPv6 one holds; else null."""
    is_mapped = short.str.contains(_MAPPED)
    pair = pl.when(is_mapped).then(short).str.slice(7).str.split(":")
    octets = [
        _looked_up(pair.list.get(at).str.zfill(4).str.slice(begin, 2), _DECIMAL)
        for at in (0, 1)
        for begin in (0, 2)
    ]
    return pl.concat_str(octets, separator=".")


def _looked_up(value: pl.Expr, names: Mapping[str, str]) -> pl.Expr:
    return value.replace_strict(names, default=None, return_dtype=pl.String)


def mac(field: pl.Expr) -> pl.Expr:
    """Return a MAC address as lower-case pairs with colons, from any separators."""
    is_plain = field.str.contains("^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$")
    odd = where_rare(pl.when(~is_plain).then(field), _odd_mac)
    return pl.when(is_plain).then(field).otherwise(odd)


def _odd_mac(field: pl.Expr) -> pl.Expr:
    bare = field.str.to_lowercase().str.replace_all(r"[^0-9a-f]", "")
    shaped = field.str.contains(
        r"^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$|^[0-9a-fA-F]{12}$|^(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$"
    )
    pairs = pl.concat_str([bare.str.slice(start, 2) for start in range(0, 12, 2)], separator=":")
    return pl.when(shaped).then(pairs)


def media_type(field: pl.Expr) -> pl.Expr:
    """`text/html` of `Text/HTML; charset=utf-8`."""
    return null_if_dash(split_before(field, ";").str.to_lowercase())
