"""Looks at how far a new home has come: logs, exports, first report, proposals.

Nothing is written and nothing is remembered: each step is judged by what is there, so
that a person who stops halfway goes on where it ended.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.gaps.logs import delivered, lacking_files, undelivered
from pipelines.gaps.week import JudgedWeek, noted_week
from pipelines.ingest.identification import examine, members_of
from pipelines.proposals.setup import remedies
from pipelines.registry.registry import Registry
from pipelines.state.ledger import source_files
from pipelines.warehouse import inputs
from pipelines.warehouse.detections import Detection

MAX_EXPORTS = ("users.csv", "accounts.csv", "devices.csv", "subnets.csv",
                "buildings.csv", "calendar.csv", "leave.csv")  # fmt: skip
"""Files that an hour of exports provides; the rest comes later."""


KINDS: Mapping[str, str] = {
    "shared_account": "shared accounts",
    "non_approved_site": "sites that are not approved",
    "off_hours_external": "use outside duty hours",
    "anomaly": "unusual use",
}
"""Kind of finding, as a person calls it."""


@dataclass(frozen=True)
class LogFolder:
    """One folder of `landing/`.

    Attributes:
        format: Format of its newest file; empty if unknown.
        note: Why it is not read, and what to do.
    """

    source: str
    files: int
    format: str
    note: str = ""


@dataclass(frozen=True)
class MissingExport:
    """A file of the registry without a row.

    Attributes:
        how: Where a person gets it.
        opens: Codes of the rules that wait for it.
        subjects: Their subjects, with the number of rules.
        is_first: An hour of exports gives it.
    """

    file: str
    disables: str
    how: str
    opens: Sequence[str]
    is_first: bool
    subjects: str = ""


@dataclass(frozen=True)
class FirstSteps:
    """Progress of a new home.

    Attributes:
        absent: Logs that no folder has, and the rules that wait for them.
        days: Days of logs that were read.
        report: The newest report; None before the first run.
    """

    logs: Sequence[LogFolder]
    absent: Sequence[str]
    missing: Sequence[MissingExport]
    days: int
    report: Path | None
    judged: JudgedWeek

    @property
    def is_read(self) -> bool:
        """A format knows at least one folder of logs."""
        return any(one.format for one in self.logs)


def first_steps(district: District) -> FirstSteps:
    """Look at what is there."""
    page = district.home.reports / "latest.html"
    held = inputs.lake_files(district.store, district.home.lake).days()
    return FirstSteps(
        logs=list(log_folders(district)),
        absent=[
            gap.line for gap in undelivered(district.store, district.settings, district.outline)
        ]
        if delivered(district.store, district.settings)
        else [],
        missing=list(_missing(district.detections, district.registry)),
        days=len(held),
        report=page.resolve() if page.exists() else None,
        judged=noted_week(district.store),
    )


def log_folders(district: District) -> Iterator[LogFolder]:
    """Yield each folder of `landing/`, with the format of its newest file.

    It is the one of the settings, or the one that the file was read with; the lines of a file
    are looked at only before they are read.
    """
    landing, sources = district.home.landing, district.settings.sources
    read_with = {(one.source, one.path): one.format or "" for one in source_files(district.store)}
    folders = sorted(landing.iterdir()) if landing.is_dir() else ()
    for folder in folders:
        files = [path for path in folder.rglob("*") if path.is_file()]
        if not files:
            continue
        newest = max(files, key=lambda path: (path.stat().st_mtime_ns, path.name))
        named = sources[folder.name].format if folder.name in sources else ""
        place = (folder.name, newest.relative_to(folder).as_posix())
        found = named or read_with.get(place) or format_of(newest)
        note = "" if found else f"unknown format: schoolbell identify {newest}"
        yield LogFolder(folder.name, len(files), found, note)


def format_of(file: Path) -> str:
    """Return the format of a log; empty where none knows it."""
    try:
        first = next(iter(members_of(file)), None)
        return (examine(first).format or "") if first else ""
    except SchoolbellError:
        return ""


def _missing(detections: Mapping[str, Detection], registry: Registry) -> Iterator[MissingExport]:
    lacking = lacking_files(detections, registry)
    found = []
    for file, disables, how in remedies(registry.missing):
        codes = [code for code, files in lacking.items() if file in files]
        kinds = Counter(detections[code].model.header.kind for code in codes)
        subjects = ", ".join(f"{KINDS.get(one, one)} ({count})" for one, count in kinds.items())
        found.append(
            MissingExport(file, disables, how, codes, file in MAX_EXPORTS, subjects=subjects)
        )
    return iter(sorted(found, key=lambda one: (not one.is_first, -len(one.opens))))
