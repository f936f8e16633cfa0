"""A home that stays open: read again only where it changed, shared by all pages."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from pipelines.acts.context import ActContext
from pipelines.clock import school_year
from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.findings.cases import Case, Queue, cases, owners, place_all, queue_of
from pipelines.privacy.editions import Pseudonyms, pseudonyms
from pipelines.registry.registry import load_registry
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.snapshot_inputs import report_inputs
from pipelines.settings.home import DistrictHome
from pipelines.settings.reader import load_settings
from pipelines.settings.roles import Asker
from pipelines.state.database import Store, Transaction
from pipelines.state.desk import state_version
from pipelines.state.opening import open_state
from pipelines.state.published_reports import published_weeks
from pipelines.warehouse.snapshots import current, reading

Stamp = tuple[tuple[str, int, int], ...]


class OpenHome:
    """A district home behind the desk; each page gets what is there now.

    Attributes:
        home: Its folder.
        writing: Held by whoever acts: one act at a time.
    """

    def __init__(self, path: Path) -> None:
        self.home = DistrictHome(path.resolve())
        self.writing = RLock()
        self._lock = RLock()
        self._store: Store | None = None
        self._district: tuple[Stamp, District] | None = None
        self._cases: tuple[Any, list[Case]] | None = None
        self._base: tuple[Path, ReportInputs] | None = None
        self._shared: dict[str, Any] = {}

    @property
    def district(self) -> District:
        """Settings and registry as they are now, over one open state."""
        with self._lock:
            stamp = _stamp(self.home)
            if self._district is None or self._district[0] != stamp:
                settings = load_settings(self.home)
                registry = load_registry(self.home, settings)
                store = self._store or open_state(self.home)
                self._store = store
                district = District(self.home, settings, registry, store)
                self._district = (stamp, district)
                self._shared, self._cases = {}, None
            return self._district[1]

    def context(
        self, asker: Asker, guard: Callable[[Transaction], None] | None = None
    ) -> ActContext:
        """What an act or a page of somebody is given."""
        with self._lock:
            context = ActContext(self.district, asker, guard)
            # code names and who is a student are the same for everybody
            if not self._shared:
                self._shared = {"_years": {}, "is_pupil": context.is_pupil}
            context.__dict__.update(self._shared, cases=self.cases)
            return context

    @property
    def cases(self) -> list[Case]:
        """Every case; findings that did not change are not read again."""
        with self._lock:
            store = self.district.store
            version = state_version(store)
            if self._cases is None or self._cases[0] != version:
                if self._cases is None:
                    place_all(store, owners(self.district))
                self._cases = (version, cases(store, self._findings()))
            return self._cases[1]

    def _findings(self) -> Mapping[str, Mapping[str, Any]]:
        known = self._cases[1] if self._cases else []
        return {row["finding_id"]: row for case in known for row in case.findings}

    def queue(self, context: ActContext) -> Queue:
        """What waits, as reports, mail and `status` count it."""
        weeks = published_weeks(self.district.store)
        newest = [datetime.fromisoformat(week).date() for week in weeks]
        newest = newest or [case.monday for case in context.cases]
        of_students = {
            case.case_id
            for case in context.cases
            if any(map(context.is_pupil, case.findings))
        }
        week = max(newest, default=datetime.now(UTC).date())
        return queue_of(context.cases, week, of_students)

    def base(self) -> ReportInputs:
        """What the newest snapshot says of logs and rules.

        Raises:
            ModelError: There is no snapshot yet.
        """
        with self._lock:
            path = current(self.home.snapshots)
            if self._base is None or self._base[0] != path:
                with reading(path) as database:
                    now = datetime.now(UTC)
                    made = report_inputs(database, self.district, now, path.stem)
                self._base = (path, made)
            return self._base[1]

    def warm(self) -> None:
        """Read all that the first page would wait for."""
        _ = self.cases, self.district.detections
        with suppress(ModelError):  # nothing was built yet: the pages say so
            self.base()

    def names(self, case: Case) -> Pseudonyms:
        """The code names of the school year of a case."""
        with self._lock:
            years: dict[int, Pseudonyms] = self._shared.setdefault("_years", {})
            year = school_year(case.monday)
            if year not in years:
                years[year] = pseudonyms(self.district, case.monday)
            return years[year]

    def close(self) -> None:
        """Let go of the state."""
        if self._store is not None:
            self._store.close()


def _stamp(home: DistrictHome) -> Stamp:
    """Changes when somebody edits settings or registry."""
    found = []
    folders = (home.registry, home.kept_registry, home.lists)
    paths = [path for folder in folders for path in sorted(folder.rglob("*"))]
    for path in (home.settings_file, *paths):
        try:
            one = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), one.st_size, one.st_mtime_ns))
    return tuple(found)
