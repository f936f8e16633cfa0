"""The result of each list of the table: the facts that it fills, and what it leaves unused."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from pipelines.cli.setup import by_reason
from pipelines.registry.imports.lists import TABLE, ExportedList, exported_lists
from tests.lists.importing import EXPECTED, FOLDER, ZONE, Imported, added, facts_of, imported

ROSTER = (FOLDER / "roster" / "users.csv", FOLDER / "roster" / "orgs.csv")


def files_of(one: ExportedList) -> tuple[Path, tuple[Path, ...]]:
    """Return the list, and the lists that it completes."""
    return FOLDER / one.file, (FOLDER / one.completes,) if one.completes else ()


@cache
def outcome(one: ExportedList) -> tuple[Imported, Imported]:
    """Return the registry before and after the list."""
    path, others = files_of(one)
    with TemporaryDirectory() as folder:
        before = imported(Path(folder) / "before", [[*ROSTER, *others]])
        after = imported(Path(folder) / "after", [[*ROSTER, *others], [path]])
        if not facts_of(before, after):  # next to a roster it may hold nothing new
            before, after = Imported(), imported(Path(folder) / "alone", [[*others, path]])
    return before, after


def lines_of(one: ExportedList) -> Iterator[str]:
    """Yield the rows that a list gives, and the sentences of setup about it."""
    today = str(datetime.now(ZoneInfo(ZONE)).date())  # the last day of an account closed there
    yield from (line.replace(today, "TODAY") for line in _lines(*outcome(one)))


def _lines(before: Imported, after: Imported) -> Iterator[str]:
    for name, row in added(before, after):
        yield f"{name}: " + ", ".join(f"{column} {cell}" for column, cell in row)
    plan = after.plan
    for taken in plan.taken:
        yield from (f"left out: {line}" for line in taken.said)
        yield from (f"note: {line}" for line in taken.notes)
        yield from (f"not read: {line}" for line in by_reason(taken.unread))
        if taken.export.why:
            yield f"not used: {taken.export.why}"
    for calendar in plan.calendars:
        kinds = ", ".join(f"{count} {kind}" for kind, count in calendar.days.items())
        yield f"calendar: {kinds}"
    yield from (f"not read: {unread.why}" for unread in plan.unread)


def result_of(one: ExportedList) -> Mapping[str, str]:
    """Return the cells of the table that the product decides."""
    before, after = outcome(one)
    plan = after.plan
    names = [taken.export.name for taken in plan.taken] + ["calendar"] * len(plan.calendars)
    why = [taken.export.why for taken in plan.taken] + [unread.why for unread in plan.unread]
    unused = [line for taken in plan.taken for line in by_reason(taken.unread)]
    left = [line for taken in plan.taken for line in taken.said]
    return {
        "export": ", ".join(dict.fromkeys(names)),
        "fills": ", ".join(facts_of(before, after)),
        "not_used": "; ".join(
            filter(None, [*why, *unused, *(f"left out: {line}" for line in left)])
        ),
    }


def main() -> None:
    """Write the table and the expected results again; read the difference."""
    rows = []
    EXPECTED.mkdir(exist_ok=True)
    for one in exported_lists():
        rows.append({**one.row, **result_of(one)})
        (EXPECTED / f"{one.file}.txt").write_text("\n".join(lines_of(one)) + "\n")
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
