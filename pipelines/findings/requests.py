"""What needs a second person: one asks, another approves, it is done once.

Both must be known to the operating system by different user ids. A request that
nobody approved, or that lies too long, lets nothing happen.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.errors import SettingsError
from pipelines.settings.roles import Asker, RefusedError
from pipelines.state.audit import Act, Chain
from pipelines.state.database import now_text
from pipelines.state.reviews import add_request, change_request, requests

VALID = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to do with names, for which case and why.

    Attributes:
        subject: To what, under its pseudonym; the case itself if not given.
    """

    action: str
    case_id: str
    reason: str
    subject: str = ""


def granted(chain: Chain, wish: Wish, by: Asker) -> None:
    """Let an act go on that another person approved, once; else ask for it.

    A home with one operator has no second person: there the chain alone tells.

    Raises:
        RefusedError: Nobody has approved it yet; the request is written down.
    """
    if by.is_alone:
        with chain.recording(_act(wish, by, f"{wish.action}, alone")):
            return
    row = _open(chain, wish, by)
    if row is None:
        request_id = _ask(chain, wish, by)
        raise RefusedError(
            "this needs a second person",
            where=f"request {request_id}",
            remedy=f"Another one runs: schoolbell findings approve {request_id}\n"
            "  Then give the same command again, within 24 hours.",
        )
    if row["approved_by"] is None:
        raise RefusedError(
            "nobody has approved it yet",
            where=f"request {row['request_id']}",
            remedy="Another one runs: schoolbell findings approve "
            + str(row["request_id"]),
        )
    with chain.recording(_act(wish, by, wish.action)) as transaction:
        change_request(transaction, row["request_id"], used_time=now_text())


def granted_for(chain: Chain, wish: Wish, by: Asker, lasting: timedelta) -> None:
    """Like `granted`, and for some time after it again; each time is noted.

    Raises:
        RefusedError: Nobody has approved it, or the time is over.
    """
    if by.is_alone or not _is_running(chain, wish, by, lasting):
        granted(chain, wish, by)
        return
    with chain.recording(_act(wish, by, wish.action)):
        return


def _is_running(chain: Chain, wish: Wish, by: Asker, lasting: timedelta) -> bool:
    """A request of theirs for the case was approved, and used not long ago."""
    used = [row["used_time"] for row in _requests(chain, wish, by) if row["used_time"]]
    return any(
        datetime.now(UTC) - datetime.fromisoformat(time) <= lasting for time in used
    )


def approve(chain: Chain, request_id: str, by: Asker) -> Mapping[str, Any]:
    """Approve what another person asked for; the request.

    Raises:
        SettingsError: There is no such request that still waits.
        RefusedError: They asked for it themselves.
    """
    row = next(iter(requests(chain.store, request_id=request_id)), None)
    if row is None or row["approved_by"] is not None or not _is_fresh(row):
        raise SettingsError(
            f"no request {request_id} waits for approval",
            remedy="It may have been approved, or be older than 24 hours: ask again.",
        )
    if row["asked_by"] == by.uid:
        raise RefusedError("nobody approves their own request", where=request_id)
    act = Act(
        actor=str(by),
        action=f"approve {row['action']}",
        subject=request_id,
        case=row["case_id"],
        reason=row["reason"],
    )
    with chain.recording(act) as transaction:
        change_request(
            transaction, request_id, approved_by=by.uid, approved_time=now_text()
        )
    return row


def _open(chain: Chain, wish: Wish, by: Asker) -> Mapping[str, Any] | None:
    """The newest request of theirs for the same thing that is still good."""
    unused = [row for row in _requests(chain, wish, by) if row["used_time"] is None]
    return next((row for row in unused if _is_fresh(row)), None)


def _requests(chain: Chain, wish: Wish, by: Asker) -> Sequence[Mapping[str, Any]]:
    """What they asked for, for that case; the newest first."""
    return requests(
        chain.store, action=wish.action, case_id=wish.case_id, asked_by=by.uid
    )


def _is_fresh(row: Mapping[str, Any]) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(row["asked_time"]) <= VALID


def _ask(chain: Chain, wish: Wish, by: Asker) -> str:
    request_id = f"r-{secrets.token_hex(4)}"
    with chain.recording(_act(wish, by, f"ask {wish.action}")) as transaction:
        request = {
            "request_id": request_id,
            "action": wish.action,
            "case_id": wish.case_id,
            "reason": wish.reason,
            "asked_by": by.uid,
        }
        add_request(transaction, request)
    return request_id


def _act(wish: Wish, by: Asker, action: str) -> Act:
    return Act(
        actor=str(by),
        action=action,
        subject=wish.subject or wish.case_id,
        case=wish.case_id,
        reason=wish.reason,
    )
