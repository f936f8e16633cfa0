"""How an ingest's costs grow with its input, and how they stand to their goals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.figures import Figure, least, most

MAX_MIB = 1_024
MAX_GROWTH = 1.5
"""Of memory, from the smallest to the largest size."""

MAX_RESOLVING = 1.0
"""Whose the requests of a log were costs no more than taking the log in."""

PEERS: Mapping[str, float] = {"GoAccess": 7.0, "decompress and count": 0.75}
"""The speed that is aimed at, in times that of others on the same file."""

Told = Mapping[str, float]


@dataclass
class Growth:
    """What each ingest of a run was reported to cost, smallest input first."""

    ingests: dict[str, list[Told]] = field(default_factory=dict)
    speeds: dict[tuple[str, str], float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, told: Told) -> None:
        """One ingest: lines, cpu, wall, rss."""
        self.ingests.setdefault(what, []).append(told)

    def compared(self, what: str, peer: str, times: float) -> None:
        """How many times as fast as a peer; the largest size counts."""
        self.speeds[what, peer] = times

    def figures(self) -> list[Figure]:
        """Growth of CPU time and memory, and the speed next to others."""
        found = []
        for what, told in self.ingests.items():
            first, last = told[0], told[-1]
            times = last["lines"] / first["lines"]
            cpu = last["cpu"] / first["cpu"]
            found.append(most(f"{what}: CPU of {times:.0f} times the lines", cpu, times))
            rss = max(one["rss"] for one in told)
            found.append(most(f"{what}: memory", round(rss), MAX_MIB, "MiB"))
            grown = last["rss"] / first["rss"]
            found.append(most(f"{what}: memory, times as much", grown, MAX_GROWTH))
        for (what, peer), times in self.speeds.items():
            if peer in PEERS:
                found.append(least(f"{what}: times as fast as {peer}", times, PEERS[peer]))
        if "resolve" in self.shares:
            what = "resolving, share of the CPU of taking in"
            found.append(most(what, self.shares["resolve"], MAX_RESOLVING))
        return found
