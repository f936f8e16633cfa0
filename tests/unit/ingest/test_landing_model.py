"""Whatever happens in the landing folder, the lake holds what a model says.

The model writes numbered lines to growing files, rotates, compresses, copies,
cuts, renames and deletes them, steps the clock, and runs the ingest in between,
sometimes killed. A line may be missing only when it was gone before it was seen.
"""

import gzip
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipelines.ingest import lake_writer
from tests.conftest import LONG
from tests.faults.home import Home, line

LOGS = st.sampled_from(["a.log", "b.log"])


class Killed(BaseException):
    """The process ends here."""


class Landing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home = Home(self.folder)
        self.written = 0
        self.content: dict[str, bytes] = {}
        self.unseen: dict[str, set[int]] = {}
        self.lost: set[int] = set()
        self.clock = 0
        self.cut_line: dict[str, int] = {}

    def teardown(self) -> None:
        self.run()
        self.home.run()
        self.settled()
        self.home.store.close()
        shutil.rmtree(self.folder)

    def put(self, name: str, data: bytes) -> None:
        self.content[name] = data
        path = self.home.put(name, data)
        self.clock += 1
        stamp = 1_772_000_000_000_000_000 + self.clock * 1_000_000_000
        os.utime(path, ns=(stamp, stamp))

    def free(self, name: str) -> str:
        turn = 1
        while {f"{name}.{turn}", f"{name}.{turn}.gz"} & self.content.keys():
            turn += 1
        return f"{name}.{turn}"

    @rule(name=LOGS, count=st.integers(1, 5), cut=st.integers(0, 60))
    def grow(self, name: str, count: int, cut: int) -> None:
        """More lines; the last one may be written in part only."""
        held = self.content.get(name, b"")
        done = held[: held.rfind(b"\n") + 1]
        if done != held:  # the line that was cut is ended first
            number = self.cut_line[name]
            held = done + line(number)
        new = range(self.written, self.written + count)
        self.written += count
        data = held + b"".join(line(number) for number in new)
        if cut:
            data = data[:-cut]
        self.cut_line[name] = new[-1]
        self.unseen.setdefault(name, set()).update(new)
        self.put(name, data)

    @rule(name=LOGS)
    def rotate_by_rename(self, name: str) -> None:
        if name not in self.content:
            return
        self.finish(name)
        new = self.free(name)
        (self.home.landing / name).rename(self.home.landing / new)
        self.content[new] = self.content.pop(name)
        self.unseen[new] = self.unseen.pop(name, set())

    def finish(self, name: str) -> None:
        """A writer ends its line before its file is rotated."""
        held = self.content[name]
        if held and not held.endswith(b"\n"):
            done = held[: held.rfind(b"\n") + 1]
            self.put(name, done + line(self.cut_line[name]))

    @rule(name=LOGS)
    def rotate_by_copy(self, name: str) -> None:
        if name not in self.content:
            return
        self.finish(name)
        new = self.free(name)
        self.put(new, self.content[name])
        self.unseen[new] = self.unseen.pop(name, set())
        self.put(name, b"")

    @rule(pick=st.randoms(use_true_random=False))
    def compress(self, pick) -> None:
        old = self.pick_rotated(pick)
        if old:
            packed = gzip.compress(self.content[old])
            (self.home.landing / old).unlink()
            self.home.put(f"{old}.gz", packed)
            self.content[f"{old}.gz"] = self.content.pop(old)
            self.unseen[f"{old}.gz"] = self.unseen.pop(old, set())

    @rule(pick=st.randoms(use_true_random=False), part=st.floats(0, 1))
    def send_again(self, pick, part: float) -> None:
        """A copy, whole or cut short, under another name."""
        old = self.pick_rotated(pick)
        if old:
            data = self.content[old]
            kept = data[: data.rfind(b"\n", 0, int(len(data) * part) + 1) + 1]
            self.put(self.free("copy"), kept if part < 0.8 else data)

    @rule(pick=st.randoms(use_true_random=False))
    def delete(self, pick) -> None:
        old = self.pick_rotated(pick)
        if old:
            (self.home.landing / old).unlink()
            gone = self.unseen.pop(old, set())
            del self.content[old]
            elsewhere = set().union(*self.unseen.values(), set())
            self.lost |= gone - elsewhere

    def pick_rotated(self, pick) -> str | None:
        rotated = [n for n in sorted(self.content) if n not in ("a.log", "b.log")]
        plain = [name for name in rotated if not name.endswith(".gz")]
        return pick.choice(plain) if plain else None

    @rule()
    def run(self) -> None:
        self.home.run(settle=10**9)
        self.unseen = {
            name: set() if data.endswith(b"\n") or not data else {self.cut_line[name]}
            for name, data in self.content.items()
        }

    @rule(after=st.integers(0, 3))
    def run_killed(self, after: int) -> None:
        real = lake_writer.ledger.commit
        left = after

        def commit(*args):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            real(*args)

        lake_writer.ledger.commit = commit
        lake_writer.FILES_PER_COMMIT, before = 1, lake_writer.FILES_PER_COMMIT
        try:
            self.home.run(settle=10**9)
        except Killed:
            pass
        finally:
            lake_writer.ledger.commit = real
            lake_writer.FILES_PER_COMMIT = before

    @invariant()
    def nothing_twice(self) -> None:
        self.home.check_books()
        numbers = self.home.numbers()
        assert not numbers or max(numbers.values()) == 1, numbers
        assert set(numbers) <= set(range(self.written))

    def settled(self) -> None:
        numbers = set(self.home.numbers())
        cut = {
            self.cut_line[name]
            for name, data in self.content.items()
            if data and not data.endswith(b"\n") and name in ("a.log", "b.log")
        }
        missing = set(range(self.written)) - numbers - self.lost - cut
        assert not missing, missing


Landing.TestCase.settings = settings(
    max_examples=2_000 if LONG else 12,
    stateful_step_count=40 if LONG else 20,
    deadline=None,
)
TestLanding = Landing.TestCase
