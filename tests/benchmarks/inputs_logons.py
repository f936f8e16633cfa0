"""Makes Windows security events as JSON lines to measure with: seeded."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

BEGIN = datetime(2026, 2, 25, 6, tzinfo=UTC)
CHUNK = 100_000
BROKEN = 0.001


def write_windows_json(path: Path, count: int, *, seed: int = 1) -> None:
    """Write `count` logons and failures, 0.2 seconds apart on average."""
    random = np.random.default_rng(seed)
    clock = BEGIN.timestamp()
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            times = clock + np.cumsum(random.exponential(0.2, size))
            clock = float(times[-1])
            file.writelines(_lines(random, times, first))


def _lines(random, times, first):
    size = len(times)
    columns = zip(
        times.tolist(),
        random.integers(0, 2_000, size).tolist(),
        random.integers(0, 900, size).tolist(),
        random.integers(0, 8, size).tolist(),
        random.random(size).tolist(),
        strict=True,
    )
    for number, (time, user, host, kind, chance) in enumerate(columns, first):
        stamp = f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        if chance < BROKEN:
            yield f'{{"@timestamp":"{stamp}Z","event":{{"act\n'
            continue
        failed = kind == 0
        code, logon = ("4625", "3") if failed else ("4624", "2" if kind < 4 else "3")
        outcome = "Audit Failure" if failed else "Audit Success"
        yield (
            f'{{"@timestamp":"{stamp}Z","event":{{"action":"logged-in",'
            f'"code":"{code}","kind":"event"}},"host":{{"name":"pc-{host}"}},'
            f'"winlog":{{"api":"wineventlog","channel":"Security",'
            f'"computer_name":"PC-{host}.example.org","event_data":{{'
            f'"SubjectUserName":"PC-{host}$","SubjectDomainName":"EXAMPLE",'
            f'"SubjectLogonId":"0x3e7","TargetUserName":"user{user}",'
            f'"TargetDomainName":"EXAMPLE","TargetUserSid":"S-1-5-21-1-2-3-{user}",'
            f'"TargetLogonId":"{number:#x}","LogonType":"{logon}",'
            f'"WorkstationName":"PC-{host}","IpAddress":"10.20.{host >> 8}.'
            f'{host % 256}","IpPort":"0","ProcessName":"C:\\\\Windows\\\\System32\\\\'
            f'svchost.exe"}},"event_id":"{code}","keywords":["{outcome}"],'
            f'"provider_name":"Microsoft-Windows-Security-Auditing",'
            f'"record_id":"{number}"}}}}\n'
        )
