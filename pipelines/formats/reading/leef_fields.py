"""LEEF (QRadar's log format): a header cut by bars, then tab-separated `key=value`.

Version 1.0 separates by tab. Version 2.0 may name another separator after the
event id, as a sign or a code (`^`, `x5E`); without one it is the tab again. A
syslog relay may write a tab as `#011`, and may have taken the word `LEEF:` for a tag
and cut it off.
"""

import polars as pl

HEAD = r"^(?:.*?[ :>])?(?:LEEF: ?)?([12]\.0)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)$"
SEPARATOR = r"^(?:([^|\t=])|0?x([0-9A-Fa-f]{2}))?\|"
SHAPE = r"^(?:\t+[A-Za-z0-9_.-]+=[^\t]*)+$"
TAB = "\t"


def with_leef(batch: pl.LazyFrame, text: pl.Expr) -> pl.LazyFrame:
    """Add `vendor`, `product`, `event_id` and `fields`, each field behind a tab.

    All null where the text is no LEEF; `fields` is null where what stands behind
    the header is not made of pairs.
    """
    groups = text.str.strip_chars("\r\n\x00 ").str.extract_groups(HEAD)
    version, vendor, product, _, event_id, rest = (
        groups.struct.field(str(at)) for at in range(1, 7)
    )
    extension = pl.col("leef_rest")
    named = pl.when(pl.col("leef_version") == "2.0").then(
        extension.str.extract(SEPARATOR, 0)
    )
    sign = pl.coalesce(
        named.str.extract(SEPARATOR, 1),
        pl.when(named.str.to_lowercase().str.contains("x5e")).then(pl.lit("^")),
        pl.when(named.str.to_lowercase().str.contains("x7c")).then(pl.lit("|")),
    )
    body = extension.str.strip_prefix(named.fill_null(""))
    parted = pl.when(sign.is_null()).then(
        body.str.replace_all("#011", TAB, literal=True)
    )
    other = body.str.replace_all(TAB, " ", literal=True).str.split(sign).list.join(TAB)
    tight = pl.coalesce(parted, other).str.replace_all("\t +", TAB)
    fields = TAB + tight.str.strip_chars(TAB)
    return (
        batch.with_columns(
            vendor=vendor,
            product=product,
            event_id=event_id,
            leef_version=version,
            leef_rest=rest,
        )
        .with_columns(fields=fields)
        .with_columns(
            fields=pl.when(pl.col("fields").str.contains(SHAPE)).then("fields")
        )
    )


def with_fields(frame: pl.LazyFrame, *keys: str) -> pl.LazyFrame:
    """Add what each key holds; `keyvalue.value` names the column."""
    return frame.with_columns(
        pl.col("fields")
        .str.extract(rf"\t{key}=([^\t]*)", 1)
        .str.strip_chars(" ")
        .replace("", None)
        .alias(f"key_{key}")
        for key in keys
    )
