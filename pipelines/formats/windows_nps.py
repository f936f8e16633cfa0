r"""Windows NPS and IAS, database-compatible text log: one row per packet.

    "NPS1","IAS",11/02/2026,08:15:00,2,,"EXAMPLE\ada",,,,,,,,,,"WLAN",...

60 columns (IAS) to 66, without a header. Dates are US dates in local time, regardless of
the language of the server; names of methods are translated. Type 2 is a login, 3 a
refusal, 4 accounting (start, stop, interim); 1 and 11, request and challenge, are system
events. The answer contains the account, the request the device: both have the same
class (`logon_uid`), a number that the server assigns once. So an answer gets the
device of its request, if all requests of that class have the same one; they are
next to each other in the log, and a request at the end of the available lines waits for
its answer. Where the port is missing, as in answers, `options.logon_kind` specifies it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format, Parsed
from pipelines.formats.reading import radius as _radius
from pipelines.formats.reading.csv import cell, cells, is_wide, width
from pipelines.formats.reading.fields import account, address, name, null_if_dash, to_int
from pipelines.formats.reading.flows import seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of

# Formats whose answers take something from a question further up.
#
# A log is read in batches, as it grows. Where a batch ends between a question and its
# answer, the question's line is handed on with the batch, as a header is, and read
# once more in front of the next one; it becomes no event again.

NEAR = 64
"""Lines at the end of a batch among which a question may wait for its answer."""

MOST = 8
"""Questions that are handed on: a server answers within moments."""

WIDTHS = range(60, 67)
PLACES = {
    "computer": 0, "service": 1, "date": 2, "clock": 3, "packet": 4, "sent_name": 5,
    "full_name": 6, "called": 7, "station": 8, "framed_ip": 10, "nas": 11,
    "nas_ip": 12, "client_ip": 15, "client": 16, "port_type": 19, "policy": 24,
    "reason": 25, "class": 26, "method": 30, "status": 31, "delay": 32,
    "octets_in": 33, "octets_out": 34, "session": 35, "seconds": 37, "tunnel_ip": 46,
}  # fmt: skip

PACKETS = {
    "1": "Access-Request",
    "2": "Access-Accept",
    "3": "Access-Reject",
    "4": "Accounting-Request",
    "5": "Accounting-Response",
    "11": "Access-Challenge",
}
STATUSES = {"1": "logon", "2": "logoff", "3": "mapping"}
PORTS = {"5": "vpn", "15": "wifi", "19": "wifi"}
OF_QUESTION = ["station", "port_type", "called", "nas", "nas_ip", "client_ip", "client"]
REJECT_RULES = {
    "{columns} columns, not the 60 to 66 of the log": pl.col("is_whole"),
    "{columns} columns, not in the places of the log": pl.col("is_in_place"),
    "no date and time that can be read": pl.col("time").is_not_null(),
    "the packet has no type": pl.col("packet").str.contains("^[0-9]{1,3}$"),
}


@dataclass(frozen=True, kw_only=True)
class Questioned(Format):
    """A format that hands questions on.

    Attributes:
        open_questions: Of some lines those that no later one of them answers.
    """

    open_questions: Callable[[pl.DataFrame], pl.DataFrame]
    hands_on_lines: bool = True

    def parse(self, batch: pl.DataFrame, context: Context | None = None) -> Parsed:
        """Read a batch behind the questions that the one before it left open."""
        context = context or Context()
        if not batch.height:
            return super().parse(batch, context)._replace(header=context.header)
        asked = _in_front(batch, context.header)
        whole = pl.concat([asked, batch])
        parsed = super().parse(whole, context)
        is_own = pl.col("line_no") > 0
        events = {
            cls: own for cls, frame in parsed.events.items() if (own := frame.filter(is_own)).height
        }
        return Parsed(
            events=events,
            rejects=parsed.rejects.filter(is_own),
            blanks=parsed.blanks,
            header=self._waiting(whole),
        )

    def handed_on(self, lines: pl.DataFrame) -> dict[int, str]:
        """Return the questions that each of several files leaves open at its end."""
        last = lines.group_by("file_id").tail(NEAR).partition_by("file_id")
        told = {int(part["file_id"][0]): self._waiting(part) for part in last}
        return {file_id: said for file_id, said in told.items() if said}

    def _waiting(self, lines: pl.DataFrame) -> str | None:
        waiting = self.open_questions(lines.tail(NEAR))["line"].tail(MOST)
        return "\n".join(waiting) or None


def _in_front(batch: pl.DataFrame, header: str | None) -> pl.DataFrame:
    """Return the lines handed on, as lines of the batch's file in front of its first."""
    lines = header.split("\n") if header else []
    place = pl.int_range(-len(lines), 0, dtype=pl.Int64)
    said = pl.DataFrame({"line": lines}, schema={"line": pl.String})
    return said.select(
        pl.lit(batch["file_id"][0], pl.Int64).alias("file_id"),
        place.alias("line_no"),
        pl.lit(-1, pl.Int64).alias("byte_offset"),
        "line",
    )


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a computer, the service, a US date, a time and a number."""
    return line.str.contains(
        r'^"[^"]*","(?:IAS|RAS|NPS)[^"]*",[0-9]{2}/[0-9]{2}/[0-9]{4},[0-9:]{8},[0-9]+,'
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for talk."""
    stamp = clock.civil(
        pl.col("date") + " " + pl.col("clock"), "%m/%d/%Y %H:%M:%S", context.reading
    )
    delay = seconds(pl.col("delay")).fill_null(pl.duration(seconds=0, time_unit="us"))
    return (
        batch.with_columns(cells=cells(pl.col("line")))
        .with_columns(
            is_whole=is_wide(*WIDTHS),
            is_in_place=_in_place(),
            **{column: null_if_dash(cell(place)) for column, place in PLACES.items()},
        )
        .with_columns(_of_question(column) for column in OF_QUESTION)
        .with_columns(
            time=stamp.time - delay,
            time_quality=stamp.quality,
            **_account(),
            activity=_activity(),
            given=somewhere(address(pl.col("framed_ip"))),
        )
        .with_columns(**_logon(context))
        .with_columns(**_addresses(), extras=_extras())
    )


def _of_question(column: str) -> pl.Expr:
    """Return the line's value, or that of the answer's question, which has the same class."""
    own, packet, said = pl.col(column), pl.col("packet"), pl.col("class")
    is_sound = pl.col("is_whole") & pl.col("is_in_place")
    asked = own.filter((packet == "1") & is_sound).drop_nulls()
    only = pl.when(asked.n_unique() == 1).then(asked.first()).over("file_id", "class")
    is_answer = packet.is_in(["2", "3"]) & said.is_not_null()
    return pl.coalesce(own, pl.when(is_answer).then(only)).alias(column)


def _in_place() -> pl.Expr:
    """Return the class and the accounting session, where there are any, are in their columns.

    Only a server's own numbers look like its class (`311 1 192.0.2.2 ...`).
    """
    is_class = r"^311 [0-9]+ "
    has_class = pl.col("line").str.contains(r',"?311 [0-9]+ [0-9a-fA-F.:]+ ')
    classed = ~has_class | cell(26).str.contains(is_class).fill_null(value=False)
    is_counted = cell(4) == "4"
    return classed & (~is_counted | (cell(31).str.contains("^[0-9]{1,2}$") & (cell(35) != "")))


def _account() -> dict[str, pl.Expr]:
    r"""`EXAMPLE\ada`, or the last part of `example.org/Staff/ada`."""
    sent, full = pl.col("sent_name"), pl.col("full_name")
    path = full.str.extract_groups(r"^([A-Za-z0-9.-]+)/(?:.*/)?([^/]+)$").struct
    is_path = ~full.str.to_lowercase().str.starts_with("host/")
    user = pl.coalesce(pl.when(is_path).then(path.field("2")), full, sent)
    domain = pl.coalesce(
        full.str.extract(r"^([^\\]+)\\", 1), pl.when(is_path).then(path.field("1"))
    )
    return {"user_name": account(user), "user_domain": domain}


def _activity() -> pl.Expr:
    packet = pl.col("packet")
    status = pl.col("status").replace_strict(STATUSES, default=None, return_dtype=pl.String)
    return pl.when(packet.is_in(["2", "3"])).then(pl.lit("logon")).when(packet == "4").then(status)


def _logon(context: Context) -> dict[str, pl.Expr]:
    packet, reason = pl.col("packet"), pl.col("reason")
    user = pl.col("user_name")
    station = _radius.caller(pl.col("station"))
    by_service = pl.when(pl.col("service") == "RAS").then(pl.lit("vpn"))
    by_port = pl.col("port_type").replace_strict(PORTS, default=None, return_dtype=pl.String)
    is_idle = (pl.col("activity") == "mapping") & pl.col("given").is_null()
    refused = packet == "3"
    said = reason.replace_strict(_radius.REASONS, default=None, return_dtype=pl.String)
    return {
        "event_class": pl.when(pl.col("activity").is_not_null() & ~is_idle & user.is_not_null())
        .then(pl.lit("logons"))
        .otherwise(pl.lit("system_events")),
        "kind": packet.replace(PACKETS),
        "message": pl.col("line"),
        "logon_kind": _radius.kind(pl.coalesce(by_port, by_service), station, context.options),
        # the directory resolves the name of an answer, not that of accounting
        "name_proof": _radius.proof(
            pl.when((packet == "4") | pl.col("full_name").is_null()).then(pl.lit("said")),
            context.options,
        ),
        "is_success": pl.when(pl.col("activity") == "logon").then(~refused),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(said, "reason " + reason, pl.lit("refused"))
        ),
        "event_code": packet.replace(PACKETS),
        "logon_uid": pl.coalesce("class", "session"),
        "src_mac": station[0],
        "far_ip": pl.coalesce(station[1], address(pl.col("tunnel_ip"))),
        "host": _radius.computer_name(user),
        "src_hostname": _radius.computer_name(user),
        "reported_by": name(pl.col("computer")),
        "is_machine": _radius.is_computer(user),
    }


def _addresses() -> dict[str, pl.Expr]:
    """Return inside and outside addresses, which differ only on a VPN."""
    is_vpn = pl.col("logon_kind") == "vpn"
    return {
        "assigned_ip": pl.when(is_vpn).then("given"),
        "src_ip": pl.when(is_vpn).then("far_ip").otherwise(pl.coalesce("given", "far_ip")),
    }


def _extras() -> pl.Expr:
    """Return the device of the login; of a question also whom it was about."""
    asked = pl.when(pl.col("packet") == "1")
    counts = {"seconds": "seconds", "bytes_out": "octets_in", "bytes_in": "octets_out"}
    fields = [
        pl.coalesce("client", "nas", "client_ip", "nas_ip").alias("nas"),
        pl.col("policy"),
        pl.col("method"),
        pl.col("called"),
        *(to_int(pl.col(key)).cast(pl.String).alias(n) for n, key in counts.items()),
        asked.then(pl.coalesce("sent_name", "full_name")).alias("asked_for"),
        asked.then(pl.col("station")).alias("asked_from"),
        asked.then(pl.col("class")).alias("class"),
    ]
    return json_of(fields)


def open_questions(lines: pl.DataFrame) -> pl.DataFrame:
    """Return questions whose class appears in no answer."""
    told = lines.with_columns(cells=cells(pl.col("line"))).with_columns(
        packet=cell(PLACES["packet"]), said=null_if_dash(cell(PLACES["class"]))
    )
    answered = told.filter(pl.col("packet").is_in(["2", "3"]))["said"].implode()
    is_open = (pl.col("packet") == "1") & pl.col("said").is_not_null()
    return told.filter(is_open & ~pl.col("said").is_in(answered)).select(lines.columns)


FORMAT = Questioned(
    name="windows_nps",
    open_questions=open_questions,
    product="Windows NPS, IAS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
)
