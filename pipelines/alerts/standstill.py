"""What stands still: nobody looks for new files, days wait, the disk is full.

It is judged from `state.db` and the disk alone, so that a watch can ask whatever
else hangs.
"""

from datetime import datetime, timedelta
from shutil import disk_usage

from pipelines.alerts.news import News
from pipelines.district import District
from pipelines.state.days import oldest_dirty
from pipelines.state.runs import last_look

LEAST_FREE_BYTES = 2_000_000_000
KEYS = ("runs", "days", "disk", "registry:")
"""The keys of what is looked at, as they begin."""


def standstill(district: District, now: datetime) -> list[News]:
    """Every such fact that is true now."""
    return [
        *_runs(district, now),
        *_waiting_days(district, now),
        *_disk(district, now),
    ]


def shrunk_files(district: District, now: datetime) -> list[News]:
    """Registry files that shrank and are not taken: an export may have failed."""
    return [
        _health(
            f"registry:{one.name}",
            f"registry/{one.name} shrank from {one.kept.rows:,} rows to {one.rows:,} "
            "and is not taken",
            datetime.fromisoformat(one.kept.refused_time or now.isoformat()),
            "schoolbell check",
            now,
        )
        for one in district.registry.refused
    ]


def _runs(district: District, now: datetime) -> list[News]:
    """Nobody looked at the landing folders for longer than it should be."""
    last = last_look(district.store)
    hours = district.settings.alerts.quiet_run_hours
    if last is None or now - last < timedelta(hours=hours):
        return []
    line = f"nobody looked for new log files for more than {hours} hours"
    return [_health("runs", line, last, "schoolbell run", now)]


def _waiting_days(district: District, now: datetime) -> list[News]:
    """Days whose events changed wait to be built: runs begin and do not end."""
    since = oldest_dirty(district.store)
    hours = district.settings.alerts.quiet_run_hours
    if since is None or now - since < timedelta(hours=hours):
        return []
    line = f"new events wait to be judged for more than {hours} hours"
    return [_health("days", line, since, "schoolbell run", now)]


def _disk(district: District, now: datetime) -> list[News]:
    """Soon nothing can be written any more."""
    free = disk_usage(district.home.path).free
    if free >= LEAST_FREE_BYTES:
        return []
    line = f"only {free / 1e9:,.1f} GB are free on the disk of the home"
    return [_health("disk", line, now, str(district.home.path), now)]


def _health(
    key: str, line: str, since: datetime, reference: str, now: datetime
) -> News:
    return News(
        key=key,
        about="health",
        severity="high",
        confidence="C3",
        line=line,
        since=since,
        reference=reference,
        lasting=min(9, max(0, int((now - since) / timedelta(days=1)))),
        group="runs",
    )
