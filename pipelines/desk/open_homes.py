"""A home that remains open: reread only where it changed, shared by all pages."""

import gc
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import is_
from pathlib import Path
from threading import RLock
from typing import Any

from pipelines.actions.context import ActionContext, Put, nowhere
from pipelines.district import District, Reading
from pipelines.errors import ModelError
from pipelines.findings.cases import Case, Standing, cases
from pipelines.privacy.pseudonyms import Pseudonyms, pseudonyms
from pipelines.registry.registry import load_registry
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.snapshot_inputs import report_inputs
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal
from pipelines.settings.toml_reader import load_settings
from pipelines.state.connections import Store, Transaction
from pipelines.state.desk_users import state_version
from pipelines.state.kept_roles import keep_roles
from pipelines.state.opened_state import open_state
from pipelines.state.published_reports import published_weeks
from pipelines.warehouse.snapshots import current, reading
from pipelines.weeks import school_year

OF_CONTEXT = ("_years", "_proposed", "is_student", "people")
"""Properties that contexts share, so that each is computed once."""
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class ListedCase:
    """A case with its columns for lists.

    Attributes:
        is_student: One of its accounts belongs to a student.
    """

    case: Case
    standing: Standing
    weight: tuple[int, int, str]
    is_student: bool


def _same(case: Case, before: Mapping[str, Case]) -> Case:
    """Return the earlier object of a case if nothing in it changed."""
    earlier = before.get(case.case_id)
    if (
        earlier is not None
        and earlier.assignee == case.assignee
        and len(earlier.findings) == len(case.findings)
        and all(map(is_, earlier.findings, case.findings))
    ):
        return earlier
    return case


class OpenHome:
    """A district home behind the desk; each page gets the current data.

    Attributes:
        home: Its folder.
        writing: Lock of an action: one at a time.
    """

    def __init__(self, path: Path) -> None:
        self.home = DistrictHome(path.resolve())
        self.writing = RLock()
        self._lock = RLock()
        self._store: Store | None = None
        self._district: tuple[Stamp, District] | None = None
        self._cases: tuple[object, dict[str, Case]] | None = None
        self._known: dict[str, tuple[Case, date, ListedCase]] = {}
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
                keep_roles(store, self.home, settings)
                reading = Reading.of(registry)
                district = District(self.home, settings, reading, store)
                self._district = (stamp, district)
                self._shared, self._cases = {}, None
            return self._district[1]

    def context(
        self,
        asker: Principal,
        guard: Callable[[Transaction], None] | None = None,
        put: Put = nowhere,
    ) -> ActionContext:
        """Return the context of a user's action or page."""
        with self._lock:
            context = ActionContext(self.district, asker, guard, put)
            # code names and who is a student are the same for everyone
            if "people" not in self._shared:
                for name in ("_years", "_proposed"):
                    self._shared.setdefault(name, {})
                self._shared |= {"is_student": context.is_student, "people": context.people}
            shared = {name: self._shared[name] for name in OF_CONTEXT}
            context.__dict__.update(shared, cases=self.cases)
            return context

    @property
    def cases(self) -> list[Case]:
        """Every case; unchanged findings are not reread."""
        with self._lock:
            store = self.district.store
            version = state_version(store)
            if self._cases is None or self._cases[0] != version:
                before = {} if self._cases is None else self._cases[1]
                earlier = {
                    row["finding_id"]: row for case in before.values() for row in case.findings
                }
                fresh = [_same(case, before) for case in cases(store, earlier)]
                self._cases = (version, {case.case_id: case for case in fresh})
            return list(self._cases[1].values())

    def week(self, context: ActionContext) -> date:
        """Return the Monday from which reports, mail and `status` count waiting cases."""
        weeks = published_weeks(self.district.store)
        newest = [date.fromisoformat(week) for week in weeks]
        newest = newest or [case.monday for case in context.cases]
        return max(newest, default=context.today)

    def has_report(self) -> bool:
        """Return whether a week has a report."""
        return bool(published_weeks(self.district.store))

    def known(self, context: ActionContext, week: date) -> list[ListedCase]:
        """Return the list columns of each case; only changed cases are recomputed."""
        with self._lock:
            listed = []
            for case in context.cases:
                stored = self._known.get(case.case_id)
                if stored is None or stored[0] is not case or stored[1] != week:
                    is_student = any(map(context.is_student, case.findings))
                    made = ListedCase(case, case.standing(week), case.weight, is_student)
                    stored = self._known[case.case_id] = (case, week, made)
                listed.append(stored[2])
            return listed

    def text(self, case: Case, build: Callable[[Case], str]) -> str:
        """Return the text of a case for searches; only changed cases are recomputed."""
        with self._lock:
            texts: dict[str, tuple[Case, str]] = self._shared.setdefault("texts", {})
            stored = texts.get(case.case_id)
            if stored is None or stored[0] is not case:
                stored = texts[case.case_id] = (case, build(case))
            return stored[1]

    @property
    def device_buildings(self) -> Mapping[str, str]:
        """The building of each device of the registry that has one."""
        with self._lock:
            if "device_buildings" not in self._shared:
                frame = self.district.registry.frames["devices"].drop_nulls("building")
                pairs = frame.select("device", "building").iter_rows()
                self._shared["device_buildings"] = dict(pairs)
            buildings: Mapping[str, str] = self._shared["device_buildings"]
            return buildings

    def base(self) -> ReportInputs:
        """Return the newest snapshot's data about logs and rules.

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
        # it stays: to look through it for garbage would take longer than a page
        gc.collect()
        gc.freeze()

    def names(self, case: Case) -> Pseudonyms:
        """Return the code names of the school year of a case."""
        with self._lock:
            years: dict[int, Pseudonyms] = self._shared.setdefault("_years", {})
            year = school_year(case.monday)
            if year not in years:
                years[year] = pseudonyms(
                    self.district.registry, self.district.store, self.district.home, case.monday
                )
            return years[year]

    def close(self) -> None:
        """Close the state."""
        if self._store is not None:
            self._store.close()


def _stamp(home: DistrictHome) -> Stamp:
    """Return a value that changes when settings or registry are edited."""
    stamps = []
    folders = (home.registry, home.kept_registry, home.lists, home.own_rules)
    paths = [path for folder in folders for path in sorted(folder.rglob("*"))]
    for path in (home.settings_file, *paths):
        try:
            one = path.stat()
        except FileNotFoundError:
            continue
        stamps.append((str(path), one.st_size, one.st_mtime_ns))
    return tuple(stamps)
