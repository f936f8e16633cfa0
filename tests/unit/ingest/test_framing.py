"""Whole files are cut into records; nothing that states something is left out."""

import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import Framing
from pipelines.ingest import cutters
from pipelines.ingest.cutters import Piece, pieces
from pipelines.ingest.json_cuts import JsonCutter
from pipelines.ingest.record_cuts import (
    BLOCKS,
    CSV_ROWS,
    PARAGRAPHS,
    XML_EVENTS,
    parts,
    records,
)
from tests.conftest import LONG
from tests.formats.evtx_writer import event, evtx_file

WHOLE = ["evtx", "json_array", "xml_events", "csv", "paragraphs", "blocks"]


CUTTERS = {
    "json_array": JsonCutter,
    "xml_events": lambda: XML_EVENTS,
    "paragraphs": lambda: PARAGRAPHS,
    "blocks": lambda: BLOCKS,
    "csv": lambda: CSV_ROWS,
}
SCRAPS = [
    *['{"a":1}', '{"a":{"b":[1,2]}}', '"a\\"b"', "é", "1", "-", "true", "nul", '"k":'],
    *['{"items":[', '{"value":[', '],"n":"x"}', "[", "]", "{", "}", ",", '"', "\\"],
    *['}\n{"a":2}\n', "},\n  {", "\n", "  ", " \n", "\n\n", "\r\n", "\x00", "\ufeff"],
    *["<Event>", '<Event x="1">', "</Event>", "- ", "<!--", "-->"],
    *["lease 1 {", "name v;", "#c", 'a,"b', '",c\n', ",\n"],
]


def cut(data: bytes, framing: str) -> list[tuple[int, str]]:
    return records(data, framing).select("byte_offset", "line").rows()


def lines(data: bytes, framing: str) -> list[str]:
    return [text for _, text in cut(data, framing)]


def test_every_framing_of_a_format_is_known():
    assert set(Framing.__args__) == {"lines", *WHOLE}
    for framing in WHOLE:
        assert records(b"", framing).is_empty()


@pytest.mark.parametrize("framing", WHOLE)
@given(data=st.binary(max_size=500) | st.text(alphabet='{}[]",:\\ \n<Event/>-1a').map(str.encode))
def test_any_bytes_are_survived(framing, data):
    batch = records(data, framing, file_id=7)
    assert batch["line_no"].to_list() == list(range(1, batch.height + 1))
    assert set(batch["file_id"]) <= {7}
    assert all(0 <= offset <= len(data) for offset in batch["byte_offset"])


@pytest.mark.parametrize("name", CUTTERS)
@given(
    data=st.lists(st.sampled_from(SCRAPS), max_size=40).map(lambda x: "".join(x).encode())
    | st.binary(max_size=200),
    window=st.integers(1, 40),
)
def test_where_a_window_ends_changes_nothing(name, data, window):
    found = [
        list(pieces(io.BytesIO(data), CUTTERS[name](), window=size)) for size in (window, 1_000)
    ]
    assert found[0] == found[1]


GIANT, SCALE = (300 << 20, 0) if LONG else (300 << 10, 6)
"""In the short run, windows and limits are smaller as well: by a power of two."""


def giant(begin: bytes, filling: bytes, end: bytes) -> Iterator[bytes]:
    yield begin
    for _ in range(GIANT // len(filling)):
        yield filling
    yield end


class Stream:
    """Bytes that come one behind the other, and how many were asked for."""

    def __init__(self, data: Iterator[bytes]) -> None:
        self.data = data
        self.held = b""
        self.given = 0

    def read(self, size: int) -> bytes:
        self.held = self.held or next(self.data, b"")
        part, self.held = self.held[:size], self.held[size:]
        self.given += len(part)
        return part


TEXT = b"any text, " * 1_000
NESTED = b'{"b":["c",{}]},\n' * 600
DAMAGE = b"no such thing } \n  " * 500


@pytest.mark.parametrize(
    ("name", "begin", "filling", "end"),
    [
        ("json_array", b'[{"a":1},{"a":"', TEXT, b'\\""},{"a":3}]'),
        ("json_array", b'[{"a":1},{"a":[', NESTED, b'1]},{"a":3}]'),
        ("json_array", b'[\n {"a":1},\n {"a":"\n', DAMAGE, b'\n {"a":3}\n]'),
        ("xml_events", b"<Event>1</Event><Event>", TEXT, b"</Event><Event>3</Event>"),
        ("xml_events", b"<Event>1</Event><Event>", TEXT, b"<Event>3</Event>"),
        ("paragraphs", b"1\n\n", TEXT, b"\n\n3\n"),
        ("blocks", b"a 1 {}\nb 2 {", TEXT, b"\nc 3 {}\n"),
    ],
)
def test_a_giant_record_is_told_and_costs_no_neighbour(name, begin, filling, end, monkeypatch):
    longest, window = cutters.LONGEST >> SCALE, cutters.WINDOW >> SCALE
    monkeypatch.setattr(cutters, "LONGEST", longest)
    stream = Stream(giant(begin, filling, end))
    found: list[Piece] = []
    for piece in pieces(stream, CUTTERS[name](), window=window):
        found.append(piece)
        ahead = stream.given - piece.byte_offset
        assert piece.is_oversize or ahead <= 2 * window + longest
    assert [piece.is_oversize for piece in found] == [False, True, False]
    assert GIANT - len(filling) < found[2].byte_offset - found[1].byte_offset
    assert len(found[1].text) < 2_000
    assert "3" in found[2].text


def test_a_giant_record_is_a_part_of_its_own():
    text = b'[{"a":1},{"a":"%s"},{"a":3}]' % (b"x" * 5_000_000)
    found = list(parts(io.BytesIO(text), "json_array"))
    assert [(part.lines["line_no"].to_list(), part.is_oversize) for part in found] == [
        ([1], False),
        ([2], True),
        ([3], False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}\n{"a":2}\n',
        '[{"a":1},{"a":2}]',
        '[\n  {\n    "a": 1\n  },\n  {\n    "a": 2\n  }\n]\n',
        '[{"a":1}]\n[{"a":2}]',
        '{\n "a": 1\n}\n{\n "a": 2\n}',
        '{"kind":"x","etag":"y\\"z","items":[{"a":1},{"a":2}],"nextPageToken":"n"}',
        '{"value": [{"a": 1}, {"a": 2}]}\n',
        '{"@odata.context":"u","value":[{"a":1}],"@odata.nextLink":"l"}{"value":[{"a":2}]}',
        '\ufeff[{"a":1},{"a":2}]',
    ],
)
def test_objects_of_any_export(text):
    assert lines(text.encode(), "json_array") == ['{"a":1}', '{"a":2}']


def test_values_stay_as_written():
    text = '[{ "a" : 1.50, "b": -5603688340556821113, "c": "x \\"y\\" ,  z\\u00e9\\/" }]'
    expected = '{"a":1.50,"b":-5603688340556821113,"c":"x \\"y\\" ,  z\\u00e9\\/"}'
    assert lines(text.encode(), "json_array") == [expected]


def test_an_inner_array_is_not_taken_for_an_export():
    text = b'{"id":{"x":1},"events":[{"name":"login"}]}'
    assert lines(text, "json_array") == [text.decode()]


def test_offsets_count_bytes_even_behind_bytes_that_are_no_text():
    data = '{"a":"é"}'.encode() + b'\n{"a":"\xff"}\n{"a":3}'
    assert cut(data, "json_array") == [
        (0, '{"a":"é"}'),
        (11, '{"a":"\ufffd"}'),
        (21, '{"a":3}'),
    ]


def test_a_damaged_object_costs_no_neighbour():
    flat = b'{"a":1}\n{"a":\n{"a":3}\n'
    assert lines(flat, "json_array") == ['{"a":1}', '{"a":', '{"a":3}']
    pretty = b'[\n  {\n    "a": {\n  "b": 1\n  },\n  {\n    "a": 2\n  }\n]'
    found = lines(pretty, "json_array")
    assert found[0] == '{ "a": { "b": 1 },'
    assert found[-1] == '{"a":2}'
    inline = b'[{"a":1},{"a":x},{"a":3}]'
    assert lines(inline, "json_array")[0::2] == ['{"a":1}', '{"a":3}']


def test_an_export_cut_short_keeps_what_is_whole():
    found = lines(b'{"items":[{"a":1},{"a":2},{"a":', "json_array")
    assert found == ['{"a":1}', '{"a":2}', '{"a":']


@pytest.mark.parametrize("size", [16_300, 16_384, 16_390, 1_100_000])
def test_long_values_are_read_whole(size):
    first = json.dumps({"a": "x" * size, "n": [1, 2], "é": None}, separators=(",", ":"))
    assert (
        lines(f"[{first},{first}]".encode(), "json_array")
        == [json.dumps(json.loads(first), separators=(",", ":"))] * 2
    )


def test_deep_nesting_is_a_record_and_no_crash():
    deep = b"{" + b'"a":{' * 100_000
    assert len(lines(deep, "json_array")) == 1
    assert lines(b"[" * 100_000, "json_array") == []


def test_what_is_no_object_is_kept():
    data = b'some prose\nand more\n{"a":1} "text" 5 nul'
    expected = ["some prose and more", '{"a":1}', '"text"', "5", "nul"]
    assert lines(data, "json_array") == expected


def test_xml_events_whatever_stands_around_them():
    one = '<Event xmlns="x"><System><EventID>4624</EventID></System></Event>'
    text = f'<?xml version="1.0"?>\n<Events>\n{one}\n- {one}\r\n{one}{one}</Events>\n'
    assert lines(text.encode(), "xml_events") == [one, "- " + one, one, one]


def test_an_xml_event_over_several_lines_is_one_record():
    text = b"- <Event>\r\n  - <System>\r\n    <EventID>1</EventID>\n</System>\n</Event>"
    expected = "- <Event> - <System> <EventID>1</EventID> </System> </Event>"
    assert cut(text, "xml_events") == [(0, expected)]


def test_xml_that_is_no_event_or_has_no_end_is_kept():
    text = b"<Event>a<Event>b</Event>junk\n<EventID>9</EventID><Event>c"
    assert lines(text, "xml_events") == [
        "<Event>a",
        "<Event>b</Event>",
        "junk <EventID>9</EventID>",
        "<Event>c",
    ]


def test_paragraphs_with_any_line_ends():
    text = b"\n\nMon Mar  2\n\tUser = a\n\n \t\nTue\r\n\tUser = b\r\n\r\nWed"
    assert cut(text, "paragraphs") == [
        (2, "Mon Mar  2\n\tUser = a"),
        (27, "Tue\n\tUser = b"),
        (45, "Wed"),
    ]


def some_events(count: int) -> bytes:
    return evtx_file(
        [
            event(
                f"2026-03-02T14:00:{n:02d}+00:00",
                4624,
                "lab",
                {"TargetUserName": "ada"},
            )
            for n in range(count)
        ],
        first_id=41,
    )


def test_an_event_log_gives_its_records_in_order_with_their_places():
    data = some_events(3)
    found = cut(data, "evtx")
    assert [data[offset : offset + 4] for offset, _ in found] == [b"**\x00\x00"] * 3
    systems = [json.loads(text)["Event"]["System"] for _, text in found]
    assert [system["EventRecordID"] for system in systems] == ["41", "42", "43"]


def test_a_damaged_event_is_told_and_costs_no_neighbour():
    data = bytearray(some_events(3))
    second = cut(bytes(data), "evtx")[1][0]
    data[second + 40 : second + 60] = b"\xff" * 20
    found = cut(bytes(data), "evtx")
    assert [place for place, text in found if text.startswith("damaged")] == [second]
    assert "record number 42" in found[-1][1]
    assert len(found) == 3


def test_an_event_log_cut_short_keeps_what_is_whole():
    data = some_events(3)
    third = cut(data, "evtx")[2][0]
    *whole, broken, told = cut(data[: third + 60], "evtx")
    assert len(whole) == 2
    assert broken[0] == third
    assert told[1] == "damaged: the file ends inside a chunk"


def test_what_is_no_event_log_is_one_damaged_record():
    for data in (b"hello", b"ElfFile\x00", b"ElfFile\x00" + b"\xff" * 6_000):
        (told,) = lines(data, "evtx")
        assert told.startswith("damaged: ")


@given(
    place=st.integers(0, 8_000),
    damage=st.binary(min_size=1, max_size=40),
    end=st.integers(0, 9_000),
)
def test_any_damage_to_an_event_log_is_survived(place, damage, end):
    data = bytearray(some_events(4))
    data[place : place + len(damage)] = damage
    batch = records(bytes(data[:end] if end % 2 else data), "evtx")
    assert batch["line"].str.contains("^(?:damaged: |\\{)").all()


def test_json_text_is_one_line():
    batch = records(b'[{"a":\n1}]', "json_array")
    assert json.loads(batch["line"][0]) == {"a": 1}


def test_blocks_end_where_their_braces_pair():
    text = b'# note }\nname "a;{";\nlease 1 {\n  on x { y; }\n  uid "}";\n}\nlease 2 { a; }\n'
    assert cut(text, "blocks") == [
        (0, "# note }"),
        (9, 'name "a;{";'),
        (21, 'lease 1 {\n  on x { y; }\n  uid "}";\n}'),
        (58, "lease 2 { a; }"),
    ]


def test_block_that_was_cut_off_costs_itself_only():
    text = b'lease 1 {\n  uid "half\nlease 2 {\n  a;\n}\n'
    assert cut(text, "blocks") == [
        (0, 'lease 1 {\n  uid "half'),
        (22, "lease 2 {\n  a;\n}"),
    ]


ROWS = {
    "a cell with line ends": ('a,"x\ny",1\nb,2\n', ['a,"x\ny",1', "b,2"]),
    "blank rows count": ("a,b\n\n,\n", ["a,b", "", ","]),
    "a quote inside of a bare cell": ('5" tv,1\nx,"2"\n', ['5" tv,1', 'x,"2"']),
    "a quote that nothing closes": ('a,"b\nc,d\ne,f', ['a,"b', "c,d", "e,f"]),
    "doubled quotes": (
        '"say ""no""\nor ""yes""",1\r\n',
        ['"say ""no""\nor ""yes""",1'],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_a_table_end_outside_of_quotes(name):
    text, rows = ROWS[name]
    assert lines(text.encode(), "csv") == rows


def test_a_quote_that_nothing_closes_costs_its_own_line():
    rows = 'a,"b\n' + "c,d\n" * 40_000
    assert len(lines(rows.encode(), "csv")) == 40_001
