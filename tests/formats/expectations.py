"""What other parsers made of the sample lines, in ECS names, line by line.

The corpora keep five shapes of expected output; here each becomes the fields that
belong to the number of a record in its file. It is another parser's opinion.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conftest import CORPORA, corpus

Fields = Mapping[str, Any]
Expectation = tuple[int, Fields]
"""Number of the record in its file, from 1, and what is said of it."""

ASSERTION = re.compile(
    r'results\["(?P<stage>[^"]+)"\]\["(?P<parser>[^"]+)"\]\[(?P<number>[0-9]+)\]'
    r'\.Evt\.(?:Parsed|Meta)\["(?P<key>[^"]+)"\]\)? == (?P<value>".*")$'
)
METRON = {
    "ip_src_addr": "source.ip",
    "ip_src_port": "source.port",
    "ip_dst_addr": "destination.ip",
    "ip_dst_port": "destination.port",
    "protocol": "network.transport",
    "method": "http.request.method",
    "code": "http.response.status_code",
    "bytes": "http.response.bytes",
    "full_hostname": "url.domain",
    "url": "url.full",
}
CROWDSEC = {
    "source_ip": "source.ip",
    "src_ip": "source.ip",
    "sshd_client_ip": "source.ip",
    "src_port": "source.port",
    "source_port": "source.port",
    "sshd_client_port": "source.port",
    "dst_ip": "destination.ip",
    "dst_port": "destination.port",
    "proto": "network.transport",
    "username": "user.name",
    "user": "user.name",
    "target_user": "user.name",
    "sshd_invalid_user": "user.name",
    "sshd_auth_user": "user.name",
    "action": "event.action",
}
CROWDSEC_WINDOWS = {
    "EventID": "winlog.event_id",
    "Computer": "winlog.computer_name",
    "timestamp": "@timestamp",
}
PYLOGSPARSER = {
    "source_ip": "source.ip",
    "url": "url.full",
    "method": "http.request.method",
    "status": "http.response.status_code",
    "len": "http.response.bytes",
    "mime_type": "http.response.mime_type",
    "user": "user.name",
}


def expectations(family: str, path: Path, data: bytes) -> Iterator[Expectation]:
    """Yield what is expected of the records of a sample file; nothing where nothing is.

    Args:
        family: The family in the manifest.
        path: The sample file.
        data: The log inside it.
    """
    shape = path.relative_to(CORPORA).parts[1]
    reader = SHAPES.get(shape)
    said = _said(family).get(path.relative_to(CORPORA).as_posix(), "")
    if reader and said:
        yield from reader(path, CORPORA / said, data)


def _said(family: str) -> dict[str, str]:
    return {row["file"]: row["expected_output_file"] for row in corpus(family)}


def _beats(path: Path, said: Path, data: bytes) -> Iterator[Expectation]:
    """Yield an array of flat documents that name the offset of their line."""
    if not said.is_file():
        return
    documents = json.loads(said.read_text("utf-8"))
    if path.suffix == ".evtx":
        yield from ((n, flat(each)) for n, each in enumerate(documents, 1))
        return
    starts = [0, *(found.end() for found in re.finditer(rb"\n", data))]
    numbers = {start: number for number, start in enumerate(starts, 1)}
    for document in documents:
        if number := numbers.get(document.get("log.offset", -1)):
            yield number, document


def _sekoia(path: Path, _said: Path, _data: bytes) -> Iterator[Expectation]:
    """Yield the sample and one nested document in the same file."""
    yield 1, flat(json.loads(path.read_text("utf-8"))["expected"])


def _pylogsparser(path: Path, _said: Path, _data: bytes) -> Iterator[Expectation]:
    """Yield a sample and its fields on each line."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        yield number, renamed(json.loads(line)["expected"], PYLOGSPARSER)


def _metron(_path: Path, said: Path, data: bytes) -> Iterator[Expectation]:
    """Yield one document a line, which quotes the line it is about."""
    lines = [line.decode("utf-8", "replace") for line in data.splitlines()]
    for text in said.read_text("utf-8").splitlines():
        document = json.loads(text)
        if document.get("original_string") in lines:
            number = lines.index(document["original_string"]) + 1
            yield number, renamed(document, METRON)


def _crowdsec(_path: Path, said: Path, data: bytes) -> Iterator[Expectation]:
    """Assertions about the fields of a numbered result, which quotes its message."""
    if not said.is_file():
        return
    results: dict[tuple[str, str, str], dict[str, str]] = {}
    for line in said.read_text("utf-8").splitlines():
        if found := ASSERTION.search(line.strip()):
            stage, parser, number, key, value = found.groups()
            fields = results.setdefault((stage, parser, number), {})
            fields[key] = json.loads(value)
    lines = [line.decode("utf-8", "replace") for line in data.splitlines()]
    for (_, _, number), fields in results.items():
        message = fields.get("message", "")
        where = [n for n, line in enumerate(lines, 1) if message and message in line]
        if len(where) == 1:
            yield where[0], renamed(fields, CROWDSEC)
        elif "EventID" in fields and not message:  # of Windows, one result a record
            yield int(number) + 1, renamed(fields, CROWDSEC_WINDOWS)


SHAPES: Mapping[str, Callable[[Path, Path, bytes], Iterator[Expectation]]] = {
    "dparkerelastic_beats": _beats,
    "SEKOIA-IO_intake-formats": _sekoia,
    "wallix_pylogsparser": _pylogsparser,
    "apache_metron": _metron,
    "crowdsecurity_hub": _crowdsec,
}


def flat(document: Fields, above: str = "") -> dict[str, Any]:
    """Return a nested document with dotted names."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{above}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def renamed(fields: Fields, names: Mapping[str, str]) -> dict[str, Any]:
    """Fields under their ECS names; those without one are left out."""
    return {names[key]: value for key, value in fields.items() if key in names}
