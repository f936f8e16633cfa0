"""What needs a second person: one asks, another approves, it is done once.

Both must be known to the operating system by different user ids. A request that
nobody approved, or that lies too long, lets nothing happen.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pipelines.errors import SettingsError
from pipelines.settings.roles import Asker, RefusedError
from pipelines.state.audit import Act, Chain
from pipelines.state.review_schema import REQUESTS
from pipelines.state.store import now_text

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
    with chain.recording(_act(wish, by, wish.action)) as connection:
        _mark(connection, row["request_id"], used_time=now_text())


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
    query = select(REQUESTS.c.used_time).where(
        REQUESTS.c.action == wish.action,
        REQUESTS.c.case_id == wish.case_id,
        REQUESTS.c.asked_by == by.uid,
        REQUESTS.c.used_time.is_not(None),
    )
    with chain.store.reading() as connection:
        times = [datetime.fromisoformat(one) for one in connection.scalars(query)]
    return any(datetime.now(UTC) - one <= lasting for one in times)


def approve(chain: Chain, request_id: str, by: Asker) -> Mapping[str, Any]:
    """Approve what another person asked for; the request.

    Raises:
        SettingsError: There is no such request that still waits.
        RefusedError: They asked for it themselves.
    """
    query = select(REQUESTS).where(REQUESTS.c.request_id == request_id)
    with chain.store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    row = next(iter(rows), None)
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
    with chain.recording(act) as connection:
        _mark(connection, request_id, approved_by=by.uid, approved_time=now_text())
    return row


def _open(chain: Chain, wish: Wish, by: Asker) -> Mapping[str, Any] | None:
    """The newest request of theirs for the same thing that is still good."""
    query = (
        select(REQUESTS)
        .where(
            REQUESTS.c.action == wish.action,
            REQUESTS.c.case_id == wish.case_id,
            REQUESTS.c.asked_by == by.uid,
            REQUESTS.c.used_time.is_(None),
        )
        .order_by(REQUESTS.c.asked_time.desc())
    )
    with chain.store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return next((row for row in rows if _is_fresh(row)), None)


def _is_fresh(row: Mapping[str, Any]) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(row["asked_time"]) <= VALID


def _ask(chain: Chain, wish: Wish, by: Asker) -> str:
    request_id = f"r-{secrets.token_hex(4)}"
    with chain.recording(_act(wish, by, f"ask {wish.action}")) as connection:
        connection.execute(
            insert(REQUESTS).values(
                request_id=request_id,
                action=wish.action,
                case_id=wish.case_id,
                reason=wish.reason,
                asked_by=by.uid,
                asked_time=now_text(),
            )
        )
    return request_id


def _act(wish: Wish, by: Asker, action: str) -> Act:
    return Act(
        actor=str(by),
        action=action,
        subject=wish.subject or wish.case_id,
        case=wish.case_id,
        reason=wish.reason,
    )


def _mark(connection: Connection, request_id: str, **values: int | str) -> None:
    here = REQUESTS.c.request_id == request_id
    connection.execute(update(REQUESTS).where(here).values(**values))
