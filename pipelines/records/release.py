"""Puts a release together: what is shown, an index of what is not, a seal.

The same scope with the same decisions gives the same bytes. Code names are keyed again
for each scope, so that two releases cannot be joined by them.
"""

import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.district import District
from pipelines.findings import verify_pack
from pipelines.findings.packs import csv_bytes, sealed_zip
from pipelines.records.scopes import CLASSES, NEVER_KEPT, RELATIONS, WHOLE_ROW, Record, columns_of
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import RecordClass, RecordSettings
from pipelines.state.records_requests import RecordDecision

PURPOSE = b"public records release\n"
ITEMS = b"public records item\n"
CODE_LENGTH, ITEM_LENGTH = 8, 10


@dataclass(frozen=True)
class Scope:
    """Scope of a request.

    Attributes:
        columns: Empty: all of the table.
        least: Fewest accounts behind a count that is shown; if a line names none,
            its device or address counts.
    """

    relation: str
    first: date
    last: date
    columns: tuple[str, ...]
    least: int

    @property
    def text(self) -> str:
        """The scope in one line."""
        return json.dumps(
            {
                "relation": self.relation,
                "from": str(self.first),
                "to": str(self.last),
                "columns": list(columns_of(self.relation, self.columns)),
                "least": self.least,
            },
            sort_keys=True,
        )


def scope_of(said: Mapping[str, Any]) -> Scope:
    """Parse a stored scope."""
    return Scope(
        said["relation"],
        date.fromisoformat(said["from"]),
        date.fromisoformat(said["to"]),
        tuple(said["columns"]),
        said["least"],
    )


@dataclass(frozen=True)
class Item:
    """One cell or row of a class, and what is done with it.

    Attributes:
        item: Names it for good; keyed, since a guessed site could else be confirmed.
        decision: keep, mask or withhold.
    """

    item: str
    row: int
    column: str
    of: RecordClass
    decision: str
    exemption: str


@dataclass(frozen=True)
class Draft:
    """A release before its approval.

    Attributes:
        rows: As they are shown, by column; withheld rows are left out.
        items: Everything of a class, in order.
        touched: Rows of the table, with withheld ones.
    """

    scope: Scope
    rows: Sequence[Mapping[str, str]]
    items: Sequence[Item]
    touched: int

    @property
    def withheld(self) -> list[Item]:
        """Items that are not shown unchanged."""
        return [one for one in self.items if one.decision != "keep"]

    def done(self) -> Counter[tuple[RecordClass, str, str]]:
        """Return items by class, what is done with them, and the exemption."""
        return Counter((one.of, one.decision, one.exemption) for one in self.items)

    def counted(self) -> Counter[RecordClass]:
        """Return items by class."""
        return Counter(one.of for one in self.items)


def draft(district: District, scope: Scope, decisions: Mapping[str, RecordDecision]) -> Draft:
    """Return the draft of a release.

    Args:
        decisions: By class or item; without one a class has its default.
    """
    records = list(RELATIONS[scope.relation].read(district, scope.first, scope.last, scope.least))
    code, said = _Codes(district.home, scope), district.settings.records
    order = RELATIONS[scope.relation].order
    placed: list[tuple[Any, dict[str, str], list[Item]]] = []
    items: list[Item] = []
    for record in records:
        row, found = _shown(record, scope, decisions, said, code)
        if row is None:
            items += found
            continue
        # among the others, a hidden cell would show by its place; a row of findings
        # would be the same row of another release by its number
        is_hidden = any(one.decision != "keep" for one in found)
        place = [row[name] for name in order if name in row]
        placed.append(((is_hidden, place, code.place(record.key)), row, found))
    placed.sort(key=lambda one: one[0])
    for number, (_, _, found) in enumerate(placed, 1):
        items += [replace(one, row=number) for one in found if one.column]
        items += [one for one in found if not one.column]
    items.sort(key=lambda one: (one.row, one.item))
    return Draft(scope, [row for _, row, _ in placed], items, len(records))


def _shown(
    record: Record,
    scope: Scope,
    decisions: Mapping[str, RecordDecision],
    settings: RecordSettings,
    code: "_Codes",
) -> tuple[dict[str, str] | None, list[Item]]:
    columns = columns_of(scope.relation, scope.columns)
    row = {name: record.values[name] for name in columns}
    items = []
    for column, of in record.marks.items():
        if column not in (*columns, WHOLE_ROW):
            continue
        name = code.item(record.key, column)
        decision, exemption = _decided(of, name, decisions, settings)
        if column == WHOLE_ROW:
            whole = Item(name, 0, "", of, decision, exemption)
            if decision != "keep":
                return None, [whole]
            items.append(whole)
            continue
        items.append(Item(name, 0, column, of, decision, exemption))
        if of == "names":
            row[column] = code(row[column])
        if decision == "withhold":
            row[column] = f"[withheld: {exemption}]"
        elif decision == "mask":
            row[column] = f"[{CLASSES[of]}]"
    return row, items


def _decided(
    of: RecordClass, item: str, decisions: Mapping[str, RecordDecision], settings: RecordSettings
) -> tuple[str, str]:
    said = decisions.get(item) or decisions.get(of)
    default = settings.exemption(of)
    if said is None or (of in NEVER_KEPT and said.decision == "keep"):
        return "withhold", default
    return said.decision, said.exemption or default


class _Codes:
    """Code names of one scope, unrelated to those of another."""

    def __init__(self, home: DistrictHome, scope: Scope) -> None:
        self._home = home.key_file.read_bytes()
        self._key = _keyed(self._home, PURPOSE + scope.text.encode())

    def __call__(self, value: str) -> str:
        return f"code-{_keyed(self._key, value.encode()).hex()[:CODE_LENGTH]}"

    def place(self, key: str) -> bytes:
        """Return the place of a row among others, which no other scope shares."""
        return _keyed(self._key, b"place\n" + key.encode())

    def item(self, key: str, column: str) -> str:
        """Return the name of a row or cell, the same in every scope."""
        named = f"{key}\n{column}".encode()
        return _keyed(self._home, ITEMS + named).hex()[:ITEM_LENGTH]


def _keyed(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, "sha256").digest()


def release(made: Draft, district_name: str) -> bytes:
    """Return the zip of a draft, sealed by its manifest."""
    return sealed_zip(dict(_members(made, district_name)))


def _members(made: Draft, district_name: str) -> Iterator[tuple[str, bytes]]:
    scope, relation = made.scope, RELATIONS[made.scope.relation]
    columns = columns_of(scope.relation, scope.columns)
    yield "README.txt", _readme(made, district_name).encode()
    yield "verify.py", Path(verify_pack.__file__).read_bytes()
    yield f"{scope.relation}.csv", csv_bytes(columns, made.rows)
    meanings = [{"column": name, "meaning": relation.columns[name]} for name in columns]
    yield "columns.csv", csv_bytes(("column", "meaning"), meanings)
    index = [
        {
            "item": one.item,
            "row": str(one.row or ""),
            "column": one.column or "(whole row)",
            "class": CLASSES[one.of],
            "done": one.decision,
            "exemption": one.exemption,
        }
        for one in made.withheld
    ]
    yield (
        "withheld.csv",
        csv_bytes(("item", "row", "column", "class", "done", "exemption"), index),
    )
    counts = Counter((one.exemption, CLASSES[one.of]) for one in made.withheld)
    yield (
        "exemptions.csv",
        csv_bytes(
            ("exemption", "class", "items"),
            [
                {"exemption": exemption, "class": of, "items": str(number)}
                for (exemption, of), number in sorted(counts.items())
            ],
        ),
    )


def _readme(made: Draft, district_name: str) -> str:
    scope = made.scope
    return (
        f"{RELATIONS[scope.relation].title}\n{district_name}\n\nFrom {scope.first} through "
        f"{scope.last}.\n{made.touched:,} rows, {len(made.rows):,} of them shown. "
        "withheld.csv lists each item that is not shown, with its exemption; exemptions.csv "
        f"lists the totals.\n\nA count of fewer than {scope.least} accounts (or devices or "
        "addresses, where a line has no username) is not shown. Code names are used in this "
        "release only. Rows with a hidden cell are last, and the order of rows shows nothing "
        "that the rows do not show.\n\nA log names an account or a device, never a person. "
        "It does not show who sat at a keyboard, and a request is not a visit: pages request "
        "other sites automatically.\n\nTo check that nothing was changed: python3 verify.py "
        "THIS_FILE.zip\n"
    )
