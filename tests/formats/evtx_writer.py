"""Writes small Windows event log files (EVTX), for tests only.

Real files describe events through templates; here each event is written out,
which readers must understand as well.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

HEAD, CHUNK, FIRST_RECORD = 4_096, 65_536, 512
PER_CHUNK = 40
FILETIME_ZERO = datetime(1601, 1, 1, tzinfo=UTC)
PROVIDER = "Microsoft-Windows-Security-Auditing"


def event(
    time: str,
    event_id: int,
    computer: str,
    data: Mapping[str, str],
    *,
    channel: str = "Security",
) -> dict:
    """Return one event, as `evtx_file` takes it; `time` is ISO 8601 in UTC."""
    return {
        "time": time,
        "event_id": event_id,
        "computer": computer,
        "data": data,
        "channel": channel,
    }


def evtx_file(events: Sequence[Mapping], *, first_id: int = 1) -> bytes:
    """Return a whole file, `PER_CHUNK` events per chunk."""
    starts = range(0, max(len(events), 1), PER_CHUNK)
    chunks = [_chunk(events[start : start + PER_CHUNK], first_id + start) for start in starts]
    next_id = first_id + len(events)
    last, count = len(chunks) - 1, len(chunks)
    head = bytearray(HEAD)
    struct.pack_into(
        "<8sQQQIHHHH", head, 0, b"ElfFile\x00", 0, last, next_id, 128, 1, 3, HEAD, count
    )
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head) + b"".join(chunks)


def _chunk(events: Sequence[Mapping], first_id: int) -> bytes:
    chunk = bytearray(FIRST_RECORD)
    last = FIRST_RECORD
    for number, one in enumerate(events, first_id):
        last = len(chunk)
        chunk += _record(number, one, last)
    free = len(chunk)
    last_id = first_id + len(events) - 1
    body = zlib.crc32(bytes(chunk[FIRST_RECORD:free]))
    struct.pack_into(
        "<8sQQQQIIII",
        chunk,
        0,
        b"ElfChnk\x00",
        first_id,
        last_id,
        first_id,
        last_id,
        128,
        last,
        free,
        body,
    )
    struct.pack_into("<I", chunk, 124, zlib.crc32(bytes(chunk[:120] + chunk[128:512])))
    assert free <= CHUNK
    return bytes(chunk.ljust(CHUNK, b"\x00"))


def _record(number: int, one: Mapping, place: int) -> bytes:
    when = datetime.fromisoformat(one["time"]) - FILETIME_ZERO
    ticks = when // timedelta(microseconds=1) * 10
    out = bytearray(struct.pack("<4sIQQ", b"**\x00\x00", 0, number, ticks))
    out += b"\x0f\x01\x01\x00"
    _element(out, place, "Event", {}, _tree(number, one))
    out += b"\x00"
    size = len(out) + 4
    struct.pack_into("<I", out, 4, size)
    return bytes(out + struct.pack("<I", size))


def _tree(number: int, one: Mapping) -> list[tuple]:
    system = [
        ("Provider", {"Name": PROVIDER}, None),
        ("EventID", {}, str(one["event_id"])),
        ("TimeCreated", {"SystemTime": one["time"]}, None),
        ("EventRecordID", {}, str(number)),
        ("Channel", {}, one["channel"]),
        ("Computer", {}, one["computer"]),
    ]
    data = [("Data", {"Name": name}, value) for name, value in one["data"].items()]
    return [("System", {}, system), ("EventData", {}, data)]


def _element(out: bytearray, place: int, name: str, attributes: Mapping[str, str], content) -> None:
    out += b"\x41" if attributes else b"\x01"
    out += struct.pack("<I", 0)  # outside a template there is no dependency id
    size_at = len(out) - 4
    _name(out, place, name)
    if attributes:
        out += struct.pack("<I", 0)
        list_at = len(out)
        for key, value in attributes.items():
            out += b"\x06"
            _name(out, place, key)
            _value(out, value)
        struct.pack_into("<I", out, list_at - 4, len(out) - list_at)
    if content is None:
        out += b"\x03"
    else:
        out += b"\x02"
        if isinstance(content, str):
            _value(out, content)
        else:
            for child in content:
                _element(out, place, *child)
        out += b"\x04"
    struct.pack_into("<I", out, size_at, len(out) - size_at - 4)


def _name(out: bytearray, place: int, name: str) -> None:
    """A name where it is used; its offset counts from the chunk's begin."""
    text = name.encode("utf-16-le")
    hashed = 0
    for unit in struct.unpack(f"<{len(name)}H", text):
        hashed = (hashed * 65_599 + unit) & 0xFFFFFFFF
    out += struct.pack("<I", place + len(out) + 4)
    out += struct.pack("<IHH", 0, hashed & 0xFFFF, len(name)) + text + b"\x00\x00"


def _value(out: bytearray, value: str) -> None:
    text = value.encode("utf-16-le")
    out += struct.pack("<BBH", 0x05, 0x01, len(text) // 2) + text
