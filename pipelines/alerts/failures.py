"""What may be announced of jobs that failed and checks that do not hold. Pure."""

from collections.abc import Sequence
from datetime import datetime

from pipelines.alerts.news import News, one_line

RUN, CHECK = "run:", "check:"
SHOWN = 3


def run_key(job: str) -> str:
    """The key of what is told of a job; one for all its runs."""
    return f"{RUN}{job}:"


def run_failed(
    job: str, run_id: str, steps: Sequence[tuple[str, str]], now: datetime
) -> News:
    """A job ended before it was done.

    Args:
        steps: Each step that failed, and the class of the error. Never its message:
            that may hold a line of a log.
    """
    said = ", ".join(f"{step} ({error})" for step, error in steps[:SHOWN])
    more = f" and {len(steps) - SHOWN} more" if len(steps) > SHOWN else ""
    where = f" at {said}{more}" if said else " before any step began"
    return News(
        key=run_key(job),
        about="health",
        severity="high",
        confidence="C3",
        line=one_line(f"the job {job} did not end well: it stopped{where}"),
        since=now,
        reference=run_id,
        group="runs",
    )


def check_key(asset: str, check: str) -> str:
    """The key of what is told of a check."""
    return f"{CHECK}{asset}:{check}:"


def check_failed(asset: str, check: str, run_id: str, now: datetime) -> News:
    """A check that warns does not hold."""
    return News(
        key=check_key(asset, check),
        about="health",
        severity="medium",
        confidence="C3",
        line=one_line(f"the check {check} of {asset} does not hold"),
        since=now,
        reference=run_id,
        group="runs",
    )
