"""Looks whether findings can be checked: their lines, and what was ruled out.

It reads the landing files by itself, not with the code that copied the lines.
"""

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines.findings.grading import alternatives
from pipelines.warehouse.library import rules


def incomplete(
    findings: Iterable[Mapping[str, Any]],
    evidence: Iterable[Mapping[str, Any]],
    landing: Path,
) -> dict[str, str]:
    """What is missing, by finding; complete findings are absent.

    Args:
        findings: Stored findings, each with its record.
        evidence: Stored lines, with source, path and place in the file.
    """
    copies: dict[str, list[Mapping[str, Any]]] = {}
    for row in evidence:
        copies.setdefault(row["finding_id"], []).append(row)
    files = _Files(landing)
    lacks = {
        one["finding_id"]: _lacking(one, copies.get(one["finding_id"], []), files)
        for one in findings
    }
    return {name: said for name, said in lacks.items() if said}


def _lacking(
    finding: Mapping[str, Any], lines: list[Mapping[str, Any]], files: "_Files"
) -> str:
    record = finding["record"]
    named = [one["name"] for one in record["alternatives"]]
    header = rules()[finding["rule"]].header
    wanted = [one.name for one in alternatives(header, record["details"])]
    if not wanted or named[: len(wanted)] != wanted:
        return "not every other explanation was tested"
    if len(lines) != len(set(record["evidence"])):
        return f"{len(lines)} of {len(set(record['evidence']))} cited lines were kept"
    differing = sum(not files.holds(line) for line in lines)
    if differing:
        return f"{differing} cited lines are not in their files as copied"
    return ""


class _Files:
    """The landed files, each read once."""

    def __init__(self, landing: Path) -> None:
        self._landing = landing
        self._read: dict[Path, bytes] = {}

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether the copied line stands at its place, byte for byte."""
        path = self._landing / row["source"] / row["path"]
        if path not in self._read:
            data = path.read_bytes() if path.is_file() else b""
            self._read[path] = gzip.decompress(data) if path.suffix == ".gz" else data
        data, first = self._read[path], row["byte_offset"]
        line = row["line"].encode()
        last = first + len(line)
        begins = first == 0 or data[first - 1 : first] == b"\n"
        return begins and data[first:last] == line and data[last : last + 1] in b"\r\n"
