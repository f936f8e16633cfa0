"""Makes FortiGate traffic logs to measure with: seeded, a little damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

BEGIN = datetime(2026, 2, 25, 6, tzinfo=UTC)
CHUNK = 100_000
BROKEN = 0.001
CENTRAL = timedelta(hours=-6)


def write_fortigate(path: Path, count: int, *, seed: int = 1) -> None:
    """Write `count` lines of closed flows, 20 milliseconds apart on average."""
    random = np.random.default_rng(seed)
    clock = BEGIN.timestamp()
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            times = clock + np.cumsum(random.exponential(0.02, size))
            clock = float(times[-1])
            file.writelines(_lines(random, times, first))


def _lines(random, times, first):
    size = len(times)
    columns = zip(
        times.tolist(),
        random.integers(0, 3_000, size).tolist(),
        random.integers(0, 1 << 16, size).tolist(),
        random.integers(0, 1 << 24, size).tolist(),
        random.integers(0, 2_000, size).tolist(),
        random.random(size).tolist(),
        strict=True,
    )
    for number, (time, client, port, size_in, user, chance) in enumerate(columns, first):
        stamp = datetime.fromtimestamp(time, UTC) + CENTRAL
        begin = f'<189>date={stamp:%Y-%m-%d} time={stamp:%H:%M:%S} devname="fw01" '
        if chance < BROKEN:
            yield f"{begin}cut in the mid\n"
            continue
        yield (
            f'{begin}devid="FGT60F0000000001" logid="0000000013" type="traffic" '
            f'subtype="forward" level="notice" vd="root" eventtime={int(time * 1e9)} '
            f'tz="-0600" srcip=10.{client >> 8}.{client % 256}.7 srcport={port} '
            f'srcintf="lan1" srcintfrole="lan" dstip=198.51.100.{port % 250} '
            f'dstport=443 dstintf="wan1" dstintfrole="wan" srccountry="Reserved" '
            f'dstcountry="Reserved" sessionid={number} proto=6 action="close" '
            f'policyid=12 policytype="policy" policyname="staff out" '
            f'user="user{user}" group="staff" authserver="FSSO_dc1" service="HTTPS" '
            f'trandisp="snat" transip=203.0.113.23 transport={port} appid={port % 99} '
            f'app="HTTPS.BROWSER" appcat="Web.Client" apprisk="medium" '
            f'applist="default" duration={port % 600} sentbyte={size_in % 9_999} '
            f'rcvdbyte={size_in} sentpkt=113 rcvdpkt=70 utmaction="allow" countapp=1 '
            f'srchwvendor="Example" devtype="Computer" osname="Windows" '
            f'mastersrcmac="02:00:5e:00:53:01" srcmac="02:00:5e:00:53:01" '
            f"srcserver=0\n"
        )
