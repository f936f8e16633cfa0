"""A column more or less is refused or changes nothing; no value moves to another's.

Each event line of the golden logs of a positional format is read again with each of
its columns left out, and with a column put in at each place. What is still an event
must say what the line stated, or less.
"""

import re
from collections.abc import Iterator

import polars as pl
import pytest

from tests.formats.test_formats import FORMATS, HERE, batch_of, context_of

SEPARATORS = {
    "cisco_umbrella": ",", "cisco_wsa": " ", "declared_csv": ",", "e2guardian": " ",
    "kea_leases": ",", "lease_csv": ",", "paloalto": ",",
    "pfsense_filterlog": ",", "squid_access": " ", "squid_logformat": " ",
    "squidguard": " ", "w3c_elff": " ", "windows_dhcp": ",", "windows_nps": ",",
    "zeek_conn": "\t", "zeek_dhcp": "\t", "zeek_dns": "\t", "zeek_http": "\t",
    "zeek_ssl": "\t",
}  # fmt: skip
DECISIVE = [
    "src_ip", "dst_ip", "src_port", "dst_port", "user_name", "url_hostname",
    "query_name", "bytes_in", "bytes_out", "disposition", "mac", "ip", "hostname",
    "is_success", "nat_ip", "assigned_ip", "logon_kind", "activity", "protocol",
    "status_code", "host",
]  # fmt: skip
ALIKE = {
    ("cisco_umbrella", "status_code"),
    ("cisco_umbrella", "bytes_in"),
    ("cisco_umbrella", "bytes_out"),
}
"""Neighbours that nothing tells apart: four numbers in a row."""
PUT_IN = ("", "x")
FEWEST = 80


def cut(line: str, mark: str) -> list[str]:
    """Return the columns of a line, quotes kept."""
    if mark != "," or '"' not in line:
        return line.split(mark)
    return re.findall(r'(?:^|,)((?:"(?:[^"]|"")*"|[^,])*)', line)


def changed(line: str, mark: str) -> Iterator[str]:
    """Yield the line without each of its columns, and with one more at each place."""
    columns = cut(line, mark)
    for place in range(len(columns) + 1):
        before, after = columns[:place], columns[place:]
        yield from (mark.join([*before, more, *after]) for more in PUT_IN)
        if after:
            yield mark.join([*before, *after[1:]])


def mark_of(line: str, usual: str) -> str:
    """Return the text between the columns of a line; some logs are of several layouts."""
    if line.startswith('"'):
        return ","
    return "\t" if "\t" in line else usual


def told(name: str, lines: list[str]) -> dict[int, dict]:
    """Return the events of some lines, by number of line, from 0."""
    parsed = FORMATS[name].parse(batch_of(name, "\n".join(lines).encode()), context_of(name))
    return {
        row["line_no"] - 1: row
        for cls, frame in parsed.events.items()
        if cls != "system_events"
        for row in frame.iter_rows(named=True)
    }


@pytest.mark.parametrize("name", SEPARATORS)
def test_no_value_moves_to_the_place_of_another(name):
    tried, moved = 0, []
    for log in sorted((HERE / name).glob("*.log")):
        lines = [line.rstrip("\r") for line in log.read_text("utf-8").split("\n")]
        own = told(name, lines)
        tries: list[tuple[int, str]] = []
        for number, line in enumerate(lines):
            mark = mark_of(line, SEPARATORS[name])
            made = changed(line, mark) if number in own else [line]
            tries += [(number, text) for text in made if not line.startswith("{")]
        for at, row in told(name, [text for _, text in tries]).items():
            said = own[tries[at][0]]
            differs = [
                key
                for key in DECISIVE
                if row.get(key) is not None
                and row[key] != said.get(key)
                and (name, key) not in ALIKE
            ]
            moved += [f"{key} of {tries[at][1]}" for key in differs]
        tried += len(tries)
    assert tried >= FEWEST
    assert not moved


def test_reason_says_how_many_columns_there_were():
    lines = pl.read_ndjson(HERE / "paloalto" / "damaged.expected.jsonl")
    reasons = lines["reason"].drop_nulls().to_list()
    assert any(re.match(r"[0-9]+ columns, not those of this log", reason) for reason in reasons)
