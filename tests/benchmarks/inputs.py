"""Makes Squid logs to measure with: seeded, heavy-tailed, a little damaged."""

from pathlib import Path

import numpy as np

HOSTS = 40_000
USERS = 3_000
CHUNK = 250_000
BEGIN = 1_772_000_000
TUNNELS = 0.6
BROKEN = 0.001


def write_squid(path: Path, count: int, *, seed: int = 1) -> None:
    """Write `count` lines, 20 milliseconds apart on average."""
    random = np.random.default_rng(seed)
    hosts = [
        f"h{number}.example.{end}"
        for number in range(HOSTS // 4)
        for end in ("org", "com", "net", "edu")
    ]
    users = ["-"] * 300 + [f"user{number}" for number in range(USERS)]
    clock = float(BEGIN)
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            times = clock + np.cumsum(random.exponential(0.02, size))
            clock = float(times[-1])
            file.writelines(_lines(random, times, hosts, users))


def _lines(random, times, hosts, users):
    size = len(times)
    columns = zip(
        times.tolist(),
        random.integers(0, 3_000, size).tolist(),
        random.integers(0, 60_000, size).tolist(),
        random.integers(0, 1 << 20, size).tolist(),
        (random.zipf(1.3, size) % HOSTS).tolist(),
        random.integers(0, len(users), size).tolist(),
        random.integers(0, 1 << 40, size).tolist(),
        random.random(size).tolist(),
        strict=True,
    )
    for time, elapsed, client, amount, host, user, query, chance in columns:
        begin = f"{time:.3f} {elapsed:6d} {_address(client)}"
        end = f"{users[user]} HIER_DIRECT/192.0.2.{client % 250}"
        name = hosts[host]
        if chance < BROKEN:
            yield f"{time:.3f} broken line {query}\n"
        elif chance < TUNNELS:
            yield f"{begin} TCP_TUNNEL/200 {amount} CONNECT {name}:443 {end} -\n"
        else:
            url = f"http://{name}/a/{query:x}/page.html?session={query * 7:x}"
            yield f"{begin} TCP_MISS/200 {amount} GET {url} {end} text/html\n"


def _address(number: int) -> str:
    if number % 50 == 0:
        return f"2001:db8::{number:x}"
    return f"10.{number >> 8}.{number % 256}.7"
