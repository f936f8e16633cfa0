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

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, Parsed
from pipelines.formats.reading import radius
from pipelines.formats.reading.csv import cell, cells, is_wide, width
from pipelines.formats.reading.fields import address, null_if_dash, to_int, word_of
from pipelines.formats.reading.flows import seconds, somewhere
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.table import PREFIX, value

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
OF_QUESTION = ["station", "port_type", "called", "nas", "nas_ip", "client_ip", "client"]

PACKET, REASON, USER = value("packet"), value("reason"), pl.col("user_name")
PATH = value("full_name").str.extract_groups(r"^([A-Za-z0-9.-]+)/(?:.*/)?([^/]+)$").struct
IS_PATH = ~value("full_name").str.to_lowercase().str.starts_with("host/")
"""`EXAMPLE\\ada`, or the last part of `example.org/Staff/ada`."""

STATUS = value("status").replace_strict(STATUSES, default=None, return_dtype=pl.String)
ACTIVITY = word_of(
    ("logon", PACKET.is_in(["2", "3"])), otherwise=pl.when(PACKET == "4").then(STATUS)
)
GIVEN_IP = somewhere(address(value("framed_ip")))
IS_IDLE = (ACTIVITY == "mapping") & GIVEN_IP.is_null()
IS_REFUSED = PACKET == "3"
WHY = REASON.replace_strict(radius.REASONS, default=None, return_dtype=pl.String)
BY_PORT = word_of(
    ("vpn", value("port_type") == "5"),
    ("wifi", value("port_type").is_in(["15", "19"])),
    ("vpn", value("service") == "RAS"),
)
IS_QUESTION = pl.when(PACKET == "1")


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
        questions = _in_front(batch, context.header)
        whole = pl.concat([questions, batch])
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
        waiting_of_file = {int(part["file_id"][0]): self._waiting(part) for part in last}
        return {file_id: waiting for file_id, waiting in waiting_of_file.items() if waiting}

    def _waiting(self, lines: pl.DataFrame) -> str | None:
        waiting = self.open_questions(lines.tail(NEAR))["line"].tail(MOST)
        return "\n".join(waiting) or None


def _in_front(batch: pl.DataFrame, header: str | None) -> pl.DataFrame:
    """Return the lines handed on, as lines of the batch's file in front of its first."""
    lines = header.split("\n") if header else []
    place = pl.int_range(-len(lines), 0, dtype=pl.Int64)
    waiting = pl.DataFrame({"line": lines}, schema={"line": pl.String})
    return waiting.select(
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


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns; an answer has those of its question that name the device."""
    del context, names
    return (
        batch.with_columns(cells=cells(pl.col("line")))
        .with_columns(
            is_whole=is_wide(*WIDTHS),
            is_in_place=_in_place(),
            **{f"{PREFIX}{name}": null_if_dash(cell(place)) for name, place in PLACES.items()},
        )
        .with_columns(_of_question(name) for name in OF_QUESTION)
    )


def _of_question(name: str) -> pl.Expr:
    """Return the line's value, or that of the answer's question, which has the same class."""
    text, question_class = value(name), value("class")
    is_sound = pl.col("is_whole") & pl.col("is_in_place")
    questions = text.filter((PACKET == "1") & is_sound).drop_nulls()
    device = (
        pl.when(questions.n_unique() == 1).then(questions.first()).over("file_id", f"{PREFIX}class")
    )
    is_answer = PACKET.is_in(["2", "3"]) & question_class.is_not_null()
    return pl.coalesce(text, pl.when(is_answer).then(device)).alias(f"{PREFIX}{name}")


def _in_place() -> pl.Expr:
    """Return the class and the accounting session, where there are any, are in their columns.

    Only a server's own numbers look like its class (`311 1 192.0.2.2 ...`).
    """
    is_class = r"^311 [0-9]+ "
    has_class = pl.col("line").str.contains(r',"?311 [0-9]+ [0-9a-fA-F.:]+ ')
    classed = ~has_class | cell(26).str.contains(is_class).fill_null(value=False)
    is_counted = cell(4) == "4"
    return classed & (~is_counted | (cell(31).str.contains("^[0-9]{1,2}$") & (cell(35) != "")))


def stamp(context: Context) -> Stamp:
    """Return when the packet's event was, before its delay."""
    written = clock.civil(
        value("date") + " " + value("clock"), "%m/%d/%Y %H:%M:%S", context.reading
    )
    delay = seconds(value("delay")).fill_null(pl.duration(seconds=0, time_unit="us"))
    return Stamp(written.time - delay, written.quality)


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    card, far_ip = radius.caller(value("station"))
    logon_kind = radius.kind(BY_PORT, (card, far_ip), context.options)
    station = card, pl.coalesce(far_ip, address(value("tunnel_ip")))
    # the directory resolves the name of an answer, not that of accounting
    is_sent = (PACKET == "4") | value("full_name").is_null()
    return {
        **radius.login(USER, station, logon_kind, given_ip=GIVEN_IP),
        "name_proof": radius.proof(pl.when(is_sent).then(pl.lit("said")), context.options),
        "activity": ACTIVITY,
        "is_success": pl.when(ACTIVITY == "logon").then(~IS_REFUSED),
        "failure_reason": pl.when(IS_REFUSED).then(
            pl.coalesce(WHY, "reason " + REASON, pl.lit("refused"))
        ),
        "extras": json_of(
            [
                value("client", "nas", "client_ip", "nas_ip").alias("nas"),
                *(value(name).alias(name) for name in ("policy", "method", "called")),
                *(
                    to_int(value(name)).cast(pl.String).alias(key)
                    for key, name in {
                        "seconds": "seconds", "bytes_out": "octets_in", "bytes_in": "octets_out",
                    }.items()
                ),
                IS_QUESTION.then(value("sent_name", "full_name")).alias("asked_for"),
                IS_QUESTION.then(value("station")).alias("asked_from"),
                IS_QUESTION.then(value("class")).alias("class"),
            ]
        ),
    }  # fmt: skip


def open_questions(lines: pl.DataFrame) -> pl.DataFrame:
    """Return questions whose class appears in no answer."""
    packets = lines.with_columns(cells=cells(pl.col("line"))).with_columns(
        packet=cell(PLACES["packet"]), question=null_if_dash(cell(PLACES["class"]))
    )
    answered = packets.filter(pl.col("packet").is_in(["2", "3"]))["question"].implode()
    is_open = (pl.col("packet") == "1") & pl.col("question").is_not_null()
    return packets.filter(is_open & ~pl.col("question").is_in(answered)).select(lines.columns)


FORMAT = Questioned(
    name="windows_nps",
    open_questions=open_questions,
    product="Windows NPS, IAS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": pl.coalesce(
            pl.when(IS_PATH).then(PATH.field("2")), value("full_name", "sent_name")
        ),
        "user_domain": pl.coalesce(
            value("full_name").str.extract(r"^([^\\]+)\\", 1),
            pl.when(IS_PATH).then(PATH.field("1")),
        ),
        "event_code": PACKET.replace(PACKETS),
        "logon_uid": value("class", "session"),
        "kind": PACKET.replace(PACKETS),
        "reported_by": "computer",
    },
    classes={"logons": ACTIVITY.is_not_null() & ~IS_IDLE & USER.is_not_null()},
    more=more,
    must={
        "{columns} columns, not those of this log": pl.col("is_whole"),
        "{columns} columns, not in the places of this log": pl.col("is_in_place"),
        "the packet has no type": PACKET.str.contains("^[0-9]{1,3}$"),
    },
    columns=width(),
)
