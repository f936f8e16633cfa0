"""Makes Squid logs to measure with: seeded, heavy-tailed, a little damaged."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

HOSTS = 40_000
USERS = 3_000
UNNAMED = 300
CLIENTS = 3_000
CHUNK = 250_000
BEGIN = 1_772_000_000
TUNNELS = 0.6
BROKEN = 0.001


def write_squid(path: Path, count: int, *, seed: int = 1, owned: bool = False) -> None:
    """Write `count` lines, 20 milliseconds apart on average.

    Args:
        owned: An address is one user's, as on a district's own computers; else every
            user comes from everywhere.
    """
    random = np.random.default_rng(seed)
    hosts = [
        f"h{number}.example.{end}"
        for number in range(HOSTS // 4)
        for end in ("org", "com", "net", "edu")
    ]
    users = ["-"] * UNNAMED + [f"user{number}" for number in range(USERS)]
    clock = float(BEGIN)
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            times = clock + np.cumsum(random.exponential(0.02, size))
            clock = float(times[-1])
            file.writelines(_lines(random, times, hosts, users, owned=owned))


def _lines(random, times, hosts, users, *, owned):
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
    for time, elapsed, number, amount, host, user, query, chance in columns:
        client = number % CLIENTS if owned else number
        begin = f"{time:.3f} {elapsed:6d} {address_of(client)}"
        who = user_of(client) if owned and user >= UNNAMED else users[user]
        end = f"{who} HIER_DIRECT/192.0.2.{client % 250}"
        name = hosts[host]
        if chance < BROKEN:
            yield f"{time:.3f} broken line {query}\n"
        elif chance < TUNNELS:
            yield f"{begin} TCP_TUNNEL/200 {amount} CONNECT {name}:443 {end} -\n"
        else:
            url = f"http://{name}/a/{query:x}/page.html?session={query * 7:x}"
            yield f"{begin} TCP_MISS/200 {amount} GET {url} {end} text/html\n"


def address_of(number: int) -> str:
    if number % 50 == 0:
        return f"2001:db8::{number:x}"
    return f"10.{number >> 8}.{number % 256}.7"


def user_of(client: int) -> str:
    """Return the user of a client's computer."""
    return f"user{client % USERS}"


def card_of(client: int) -> str:
    """Return the card in a client's computer."""
    return f"02:00:00:00:{client >> 8:02x}:{client % 256:02x}"


def write_leases(path: Path, hours: int) -> None:
    """Each client's lease, given and renewed every hour, as ISC dhcpd writes it."""
    with path.open("w", encoding="utf-8") as file:
        for hour in range(hours):
            stamp = datetime.fromtimestamp(BEGIN + 3_600 * hour - 60, UTC).isoformat()
            file.writelines(
                f"{stamp} dhcp1 dhcpd[812]: DHCPACK on {address_of(client)} to "
                f"{card_of(client)} (pc-{client}) via eth0 relay eth0 "
                "lease-duration 28800\n"
                for client in range(CLIENTS)
                if client % 50
            )


def write_logons(path: Path, hours: int) -> None:
    """Each user's logon at the keyboard, once in eight hours, with a pause between."""
    with path.open("w", encoding="utf-8") as file:
        for hour in range(0, hours, 8):
            for client in range(CLIENTS):
                for minute, code in ((0, 4624), (55, 4800), (60, 4801), (200, 4634)):
                    second = BEGIN + 3_600 * hour + 60 * minute + client % 60
                    stamp = datetime.fromtimestamp(second, UTC).isoformat()
                    file.write(_logon(stamp, code, client) + "\n")


def _logon(stamp: str, code: int, client: int) -> str:
    said = {"TargetUserName": user_of(client), "LogonType": "2", "IpAddress": "-"}
    winlog = {
        "channel": "Security",
        "computer_name": f"PC-{client}.school.example",
        "event_data": said,
        "event_id": str(code),
        "provider_name": "Microsoft-Windows-Security-Auditing",
        "record_id": f"{client}",
    }
    event = {"code": str(code), "kind": "event"}
    return json.dumps({"@timestamp": stamp, "event": event, "winlog": winlog})


def write_registry(folder: Path) -> None:
    """Devices, people and accounts of the clients; one network."""
    clients = range(CLIENTS)
    files = {
        "orgs.csv": ["sourcedId,name,type,identifier", "org-hs,High,school,HS"],
        "users.csv": ["sourcedId,enabledUser,primaryOrgSourcedId,role,username"]
        + [f"p-{one},true,org-hs,teacher,user{one}" for one in range(USERS)],
        "subnets.csv": ["cidr,building,kind", "10.0.0.0/8,HS,wired"],
        "devices.csv": ["hostname,mac,device_class,assigned_to"]
        + [f"pc-{one},{card_of(one)},desktop,p-{one % USERS}" for one in clients],
    }
    for name, rows in files.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
