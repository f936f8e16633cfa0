"""Tells a place outside that a run ended well.

Whoever watches that place notices when nothing runs any more, which nothing that
does not run can tell.
"""

from datetime import datetime
from pathlib import Path

import requests

from pipelines.errors import DeliveryError
from pipelines.state.database import now_text

WEB = ("https://", "http://")
TIMEOUT_SECONDS = 10


def beat(where: str, home: Path, now: datetime) -> None:
    """Ask a url, or write the time into a file.

    Args:
        where: Of the settings; a path that is not absolute lies in the home.

    Raises:
        DeliveryError: The place can not be reached.
    """
    try:
        if where.startswith(WEB):
            answer = requests.get(where, timeout=TIMEOUT_SECONDS, allow_redirects=False)
            answer.raise_for_status()
        else:
            beat = home / where
            is_new = not beat.exists()
            beat.write_text(now_text(now) + "\n", encoding="ascii")
            if is_new:
                beat.chmod(0o644)  # whoever watches may be another user
    except (OSError, requests.RequestException) as error:
        reason = type(error).__name__
        raise DeliveryError(
            f"the heartbeat did not arrive: {reason}", retryable=True
        ) from error
