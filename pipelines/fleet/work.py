"""One command in every home of a fleet, each in a separate process.

A child knows one home alone: its folder from `--home`, its account from the operating
system, nothing from its environment. Its output goes to the user who runs the fleet and
into no file, because an error may quote a line of a log.

One such command asks for each home's health: versions, age of its data, counts;
never a finding, and no count below five: in a small district, a small number identifies a
person. The reasons for a bad state remain in that home, because they may quote a log.
"""

import ctypes
import json
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Thread
from time import monotonic, sleep
from typing import IO, Any, NamedTuple

from pipelines.engines import EngineError, Kind
from pipelines.fleet.settings import Budget, Fleet, Member
from pipelines.settings.model import MIN_COUNT

PROGRAM = (
    "from pipelines.fleet.work import die_with_parent; die_with_parent(); "
    "from pipelines.cli import main; main()"
)
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "NO_COLOR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Environment variables that a home's process gets."""
NOT_STARTED = 3
"""The exit code of a home that was not touched."""
BUSY = 75
"""The exit code of a command that found another run in progress."""
STOPPED = 124
"""The exit code of a command that took too long, as `timeout` has it."""
MAX_LETTERS = 1_000_000
"""Maximum characters of a child's output."""
GRACE_SECONDS = 30
PR_SET_PDEATHSIG = 1
LINES_KEPT = 200

Arguments = Callable[[Member], Sequence[str]]
"""The command's words for one home, without `--home`."""
WORDS = {0: "well", 1: "look", 2: "act", NOT_STARTED: "not asked"}
COLUMNS = (
    "home", "state", "version", "newest line", "last run", "cases to decide",
    "files in trouble", "layer", "disk free GB",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Result of a command in one home.

    Attributes:
        exit_code: Of the command; `NOT_STARTED`; `STOPPED`; negative for a signal.
        what: Why it was not started or was stopped; otherwise empty.
        out: The last lines of its output.
        err: The last lines of its messages.
    """

    member: Member
    exit_code: int
    seconds: float
    what: str = ""
    out: str = ""
    err: str = ""

    @property
    def is_well(self) -> bool:
        """Nothing needs attention."""
        return self.exit_code == 0


class Visit(NamedTuple):
    """A command to run in one home.

    Attributes:
        is_away: On another machine: what it prints stays there, and a home is waited
            for whose process on a machine that was lost is still ending.
    """

    member: Member
    arguments: Sequence[str]
    budget: Budget
    is_away: bool


def in_every_home(
    fleet: Fleet, arguments: Arguments, kind: Kind | None = None
) -> Iterator[Outcome]:
    """Run a command in each home, as many at the same time as the budget allows.

    Args:
        kind: The engine that visits the homes; None for this machine.

    Yields:
        Outcomes in the order in which the homes end.

    Raises:
        EngineError: A requirement of the engine is missing.
    """
    with fleet.engine(kind or "local") as engine:
        is_away = not engine.shares_memory
        asked = {
            engine.submit(visit, Visit(one, arguments(one), fleet.budget, is_away)): one
            for one in fleet.members
        }
        for done in as_completed(asked):
            try:
                yield done.result()
            except EngineError as error:
                yield Outcome(asked[done], NOT_STARTED, 0.0, str(error))


def visit(task: Visit) -> Outcome:
    """Run a command in one home, wherever this process is."""
    member, arguments, budget, is_away = task
    outcome = run_in(member, arguments, budget)
    if not is_away:
        return outcome
    until = monotonic() + GRACE_SECONDS
    while outcome.exit_code == BUSY and monotonic() < until:
        sleep(1)
        outcome = run_in(member, arguments, budget)
    if outcome.is_well or outcome.what:
        return replace(outcome, out="", err="")
    ask = f"schoolbell status --home {member.path}"
    return replace(outcome, out="", err=f"Its output is not included here: {ask}")


def die_with_parent() -> None:
    """End this process when its parent ends, in any way.

    A process in a home keeps its lock, and no other could continue.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_in(member: Member, arguments: Sequence[str], budget: Budget) -> Outcome:
    """Run a command in one home; whatever goes wrong is an outcome, never an error."""
    began = monotonic()
    try:
        if reason := _in_the_way(member, budget):
            return Outcome(member, NOT_STARTED, 0.0, reason)
        child = _started(member, arguments)
    except (OSError, KeyError, ValueError) as error:
        return Outcome(member, NOT_STARTED, 0.0, f"cannot be started: {error}")
    _bound(child, budget)
    tails = [_Tail(stream) for stream in filter(None, (child.stdout, child.stderr))]
    what = ""
    try:
        child.wait(timeout=budget.minutes * 60)
    except subprocess.TimeoutExpired:
        what = f"was stopped after {budget.minutes} minutes; the next run goes on"
        _stop(child)
    out, err = (tail.text() for tail in tails)
    code = STOPPED if what else child.returncode
    return Outcome(member, code, monotonic() - began, what or _ended(code), _last(out), _last(err))


def _in_the_way(member: Member, budget: Budget) -> str:
    """Return why a home is not touched; empty if nothing prevents it."""
    if not member.path.is_dir():
        return f"there is no folder {member.path}"
    free = shutil.disk_usage(member.path).free / 1e9
    if free < budget.free_gb:
        return f"only {free:.1f} GB are free on its disk, under {budget.free_gb}"
    size = _size(member) / 1e9
    if size > budget.disk_gb:
        return f"it holds {size:.1f} GB, over its {budget.disk_gb}"
    return ""


def _size(member: Member) -> int:
    """Sum the bytes below a home, without files that vanish meanwhile."""
    total = 0
    for folder, _, names in os.walk(member.path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
            except FileNotFoundError:
                continue
    return total


def _started(member: Member, arguments: Sequence[str]) -> "subprocess.Popen[str]":
    user, group, groups = _account(member)
    program = [sys.executable, "-P", "-c", PROGRAM]
    return subprocess.Popen(  # noqa: S603 - our own program, no shell
        [*program, *arguments, "--home", str(member.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd=member.path,
        env=_environment(member),
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=groups,
    )


def _account(member: Member) -> tuple[int, int, list[int]] | tuple[None, None, None]:
    """Return the account of a home's process; only root can choose another one.

    Raises:
        ValueError: Root owns the home, and no account is named.
        KeyError: The account does not exist.
    """
    if os.geteuid() != 0:
        return None, None, None
    if member.account:
        entry = pwd.getpwnam(member.account)
    else:
        entry = pwd.getpwuid(member.path.stat().st_uid)
        if entry.pw_uid == 0:
            what = "root owns the home; name its account in fleet.toml"
            raise ValueError(what)
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return entry.pw_uid, entry.pw_gid, groups


def _environment(member: Member) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"HOME": str(member.path), "PYTHONDONTWRITEBYTECODE": "1"}


def _bound(child: "subprocess.Popen[str]", budget: Budget) -> None:
    """Limit the memory that the process allocates; mapped files are not counted."""
    most = budget.memory_mb * 1_000_000
    try:
        resource.prlimit(child.pid, resource.RLIMIT_DATA, (most, most))
        os.setpriority(os.PRIO_PROCESS, child.pid, 10)
    except (ProcessLookupError, PermissionError):
        return


class _Tail:
    """The end of what a child writes; the rest is read and not kept."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._kept = stream, ""
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            while text := self._stream.read(MAX_LETTERS):
                self._kept = (self._kept + text)[-MAX_LETTERS:]

    def text(self) -> str:
        """Return what was kept, once the child has ended."""
        self._thread.join(GRACE_SECONDS)
        return self._kept


def _stop(child: "subprocess.Popen[str]") -> None:
    for way in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, way)
        try:
            child.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _ended(code: int) -> str:
    if code >= 0:
        return ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"was ended by {name}; the next run goes on where it was"


def _last(text: str) -> str:
    return "\n".join((text or "").splitlines()[-LINES_KEPT:])


@dataclass(frozen=True)
class Row:
    """One home.

    Attributes:
        state: A word of `WORDS`.
        newest: The newest line that was read, UTC; None where none was.
        cases: As text: nothing, `under 5`, or a number.
        layer: Version of the agency's layer that it holds; empty without one.
        note: Why it could not be asked; empty where it could.
    """

    name: str
    state: str
    version: str = ""
    newest: datetime | None = None
    last_run: str = ""
    cases: str = ""
    files_in_trouble: int = 0
    layer: str = ""
    disk_free_gb: float | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[object, ...]:
        """The cells, in the order of `COLUMNS`."""
        newest = f"{self.newest:%Y-%m-%d %H:%M}" if self.newest else "never"
        free = "" if self.disk_free_gb is None else f"{self.disk_free_gb:.1f}"
        if self.note:
            return (self.name, f"{self.state}: {self.note}", *[""] * 7)
        return (
            self.name,
            self.state,
            self.version,
            newest,
            self.last_run,
            self.cases,
            self.files_in_trouble,
            self.layer,
            free,
        )


def overview(fleet: Fleet) -> list[Row]:
    """Ask each home for its status, the homes that need attention first."""
    outcomes = in_every_home(fleet, lambda _: ("status", "--json"))
    return sorted((_row(one) for one in outcomes), key=_by_need)


def _by_need(row: Row) -> tuple[int, str]:
    order = [WORDS[NOT_STARTED], WORDS[2], WORDS[1], WORDS[0]]
    return order.index(row.state), row.name


def _row(outcome: Outcome) -> Row:
    try:
        return _told(outcome, json.loads(outcome.out.splitlines()[-1]))
    # what a home answers is its own: an odd answer is that home's fault alone
    except (IndexError, KeyError, TypeError, ValueError, AttributeError):
        return Row(outcome.member.name, WORDS[NOT_STARTED], note=_why(outcome))


def _told(outcome: Outcome, said: Mapping[str, Any]) -> Row:
    newest = [
        datetime.fromisoformat(one["newest_event"]).astimezone(UTC)
        for one in said["sources"]
        if one.get("newest_event")
    ]
    return Row(
        name=outcome.member.name,
        state=WORDS.get(outcome.exit_code, WORDS[2]),
        version=said["versions"].get("schoolbell", ""),
        newest=max(newest, default=None),
        last_run=said["last_run"][:16].replace("T", " "),
        cases=counted(said["cases_to_decide"]),
        files_in_trouble=said["files_in_trouble"],
        layer=said.get("agency_layer", ""),
        disk_free_gb=said["disk_free_gb"],
    )


def _why(outcome: Outcome) -> str:
    if outcome.what:
        return outcome.what
    return f"did not answer; run: schoolbell status --home {outcome.member.path}"


def counted(number: int) -> str:
    """Return a count of personal matters as an agency may see it."""
    if number == 0:
        return "none"
    return f"{number:,}" if number >= MIN_COUNT else f"under {MIN_COUNT}"


def shown(fleet: Fleet, rows: Sequence[Row], now: datetime) -> Mapping[str, object]:
    """Return the content of the agency's page."""
    return {
        "agency": fleet.agency,
        "made": f"{now:%Y-%m-%d %H:%M} UTC",
        "columns": COLUMNS,
        "rows": [row.cells for row in rows],
        "sums": list(_sums(rows)),
    }


def _sums(rows: Sequence[Row]) -> Iterator[tuple[str, int]]:
    for word in WORDS.values():
        yield word, sum(row.state == word for row in rows)
