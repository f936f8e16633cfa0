"""Questions that were mailed to owners of accounts, and their answers."""

from sqlalchemy import ColumnElement, Connection, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import QuestionRow
from pipelines.state.tables import QUESTIONS


def add_question(connection: Connection, row: QuestionRow) -> None:
    """Add a question; earlier open ones about the same finding end."""
    end_questions(connection, row["finding_id"], row["asked_by"])
    connection.execute(insert(QUESTIONS).values(**row))


def end_questions(connection: Connection, finding_id: str, actor: str) -> int:
    """End the open questions about a finding, so that no link works; return their number."""
    here = QUESTIONS.c.finding_id == finding_id
    return connection.execute(
        update(QUESTIONS).where(here, *_open()).values(ended_time=now_text(), ended_by=actor)
    ).rowcount


def note_mail(connection: Connection, question_id: str, *, is_sent: bool) -> None:
    """Note whether the mail server accepted the mail of a question."""
    here = QUESTIONS.c.question_id == question_id
    column = "sent_time" if is_sent else "failed_time"
    connection.execute(update(QUESTIONS).where(here).values({column: now_text()}))


def take_answer(connection: Connection, question_id: str, answer: str) -> bool:
    """Store the one answer of a question; return whether it was still open."""
    here = QUESTIONS.c.question_id == question_id
    changed = connection.execute(
        update(QUESTIONS)
        .where(here, *_open(), QUESTIONS.c.expires_time > now_text())
        .values(answered_time=now_text(), answer=answer)
    )
    return changed.rowcount == 1


def open_question(store: Store, token_sha256: str) -> QuestionRow | None:
    """Return the question of a link that can still be answered."""
    query = select(QUESTIONS).where(
        QUESTIONS.c.token_sha256 == token_sha256, *_open(), QUESTIONS.c.expires_time > now_text()
    )
    found = store.rows(QuestionRow, query)
    return found[0] if found else None


def questions(store: Store, case_id: str = "") -> list[QuestionRow]:
    """Return the questions on a case, or all, the oldest first."""
    query = select(QUESTIONS).order_by(QUESTIONS.c.asked_time)
    return store.rows(QuestionRow, query.filter_by(case_id=case_id) if case_id else query)


def _open() -> tuple[ColumnElement[bool], ...]:
    return QUESTIONS.c.answered_time.is_(None), QUESTIONS.c.ended_time.is_(None)
