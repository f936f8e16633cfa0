"""How an ingest's costs grow with its input, and how they stand to their goals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.figures import Figure, least, most

MAX_MIB = 1_024
MAX_GROWTH = 1.5
"""Of memory, from the smallest to the largest size."""

MAX_RESOLVING = 1.0
"""Whose the requests of a log were costs no more than taking the log in."""

PEERS: Mapping[tuple[str, str], tuple[str, float]] = {
    ("judge-squid", "GoAccess"): ("wall", 3.0),
    ("judge-squid", "the reference"): ("cpu", 0.45),
    ("judge-squid gz", "decompress and count"): ("wall", 0.25),
}
"""The speed that is aimed at, in times that of others on the same file of two million lines."""

MAX_FORTIGATE = 5.0
"""The CPU of a FortiGate line, in Squid lines: it has forty columns."""

Told = Mapping[str, float]


@dataclass
class Growth:
    """What each ingest of a run was reported to cost, smallest input first."""

    ingests: dict[str, list[Told]] = field(default_factory=dict)
    speeds: dict[tuple[str, str], Told] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, told: Told) -> None:
        """One ingest: lines, cpu, wall, rss."""
        self.ingests.setdefault(what, []).append(told)

    def compared(self, what: str, peer: str, times: Told) -> None:
        """How many times as fast as a peer, by wall and cpu; the largest size counts."""
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
        for pair, (measure, goal) in PEERS.items():
            if pair in self.speeds:
                text = f"{pair[0]}: times as fast as {pair[1]}, by {measure}"
                found.append(least(text, self.speeds[pair][measure], goal))
        lines = {kind: told[-1]["cpu"] / told[-1]["lines"] for kind, told in self.ingests.items()}
        if {"judge-squid", "judge-fortigate"} <= lines.keys():
            ratio = lines["judge-fortigate"] / lines["judge-squid"]
            found.append(most("a FortiGate line, in Squid lines", ratio, MAX_FORTIGATE))
        if "resolve" in self.shares:
            what = "resolving, share of the CPU of taking in"
            found.append(most(what, self.shares["resolve"], MAX_RESOLVING))
        return found
