"""Progress on a terminal."""

import io
from pathlib import Path

from rich.console import Console

from pipelines.cli.console import watching
from pipelines.landing.delivery import Delivery


def delivered(name, size):
    return Delivery(source="proxy", path=name, file=Path(name), raw_bytes=size, raw_mtime_ns=0)


def test_a_packed_file_counts_as_it_is_delivered():
    """The bar of packed logs went on to "64.2/28.2 MB"."""
    written = io.StringIO()
    screen = Console(file=written, force_terminal=True, width=200)
    packed, plain = delivered("a.log.gz", 1_000_000), delivered("b.log", 2_000_000)
    with watching(screen, 3_000_000) as watchers:
        for _ in range(4):
            watchers.reading(packed, 4_000_000, 1)
        for _ in range(2):
            watchers.reading(plain, 1_000_000, 1)
    assert "3.0/3.0 MB" in written.getvalue()
    assert "16.0/3.0" not in written.getvalue()
