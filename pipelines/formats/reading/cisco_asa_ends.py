"""Which end of an ASA message opened the connection, and what each is called."""

import polars as pl

from pipelines.formats.reading.cisco_asa import said
from pipelines.formats.reading.fields import address, name, port
from pipelines.formats.reading.flows import somewhere

NAME = r"^[A-Za-z0-9_.-]*[A-Za-z][A-Za-z0-9_.-]*$"
SERVICE_PORTS = (1, 1_023)
ACTIVE_FTP = 20  # opened by the server
FAMILY = pl.col("family")
HAS_PORTS = said("transport").str.to_lowercase().is_in(["tcp", "udp", "sctp"])
IS_ENDED = (FAMILY == "ended").fill_null(value=False)
IS_BUILT = FAMILY.is_in(["built", "ping"]).fill_null(value=False)
ANSWERED_FIRST = (said("way") == "outbound").fill_null(value=False)


def ends() -> dict[str, pl.Expr]:
    """Both ends as the line has them, and whether the second one opened it."""
    a, b = port(said("a_port")), port(said("b_port"))
    serves_a, serves_b = (
        p.is_between(*SERVICE_PORTS) & (p != ACTIVE_FTP) for p in (a, b)
    )
    is_free_a, is_free_b = (p > SERVICE_PORTS[1] for p in (a, b))
    return {
        "port_a": a,
        "port_b": b,
        "is_end_a": _is_end(said("a")),
        "is_end_b": _is_end(said("b")),
        "b_opened": pl.when(IS_ENDED)
        .then(
            pl.when(serves_a & is_free_b)
            .then(pl.lit(value=True))
            .when(serves_b & is_free_a)
            .then(pl.lit(value=False))
        )
        .otherwise(IS_BUILT & ANSWERED_FIRST),
    }


def _is_end(text: pl.Expr) -> pl.Expr:
    return text.str.contains(NAME) | address(text).is_not_null()


def placed() -> dict[str, pl.Expr]:
    """Source and target; null where a teardown does not show which is which."""
    opened = pl.col("b_opened")

    def pick(first: pl.Expr, second: pl.Expr) -> pl.Expr:
        return pl.when(opened).then(second).when(~opened).then(first)

    a, b = said("a"), said("b")
    both = HAS_PORTS.fill_null(value=False)
    ports = [pl.when(both).then(pl.col(at)) for at in ("port_a", "port_b")]
    worn = pick(said("a_worn"), said("b_worn"))
    worn_port = pick(said("a_worn_port"), said("b_worn_port"))
    source = address(pick(a, b))
    is_worn = somewhere(address(worn)) != source
    return {
        "src_ip": source,
        "dst_ip": address(pick(b, a)),
        "src_hostname": _named(pick(a, b)),
        "dst_hostname": _named(pick(b, a)),
        "src_port": pick(ports[0], ports[1]),
        "dst_port": pick(ports[1], ports[0]),
        "source_if": pick(said("a_if"), said("b_if")),
        "target_if": pick(said("b_if"), said("a_if")),
        "source_user": pick(said("a_user"), said("b_user")),
        "source_account": pick(said("a_account"), said("b_account")),
        "nat_ip": pl.when(is_worn).then(address(worn)),
        "nat_port": pl.when(is_worn).then(port(worn_port)),
    }


def _named(text: pl.Expr) -> pl.Expr:
    return pl.when(address(text).is_null()).then(name(text))
