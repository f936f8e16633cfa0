"""The types of rows: one key for each column of the table."""

from dataclasses import fields

import pytest

from pipelines.findings.record import Finding
from pipelines.state import rows, tables

TABLES = {
    rows.FindingRow: tables.FINDINGS,
    rows.FindingText: tables.FINDINGS,
    rows.EvidenceRow: tables.EVIDENCE,
    rows.HistoryRow: tables.FINDING_HISTORY,
    rows.ReviewRow: tables.REVIEWS,
    rows.RequestRow: tables.REQUESTS,
    rows.ReferralRow: tables.REFERRALS,
    rows.QuestionRow: tables.QUESTIONS,
    rows.StatementRow: tables.STATEMENTS,
    rows.CommentRow: tables.COMMENTS,
    rows.InquiryRow: tables.INQUIRIES,
    rows.MessageRow: tables.OUTBOX,
    rows.NewsRow: tables.NEWS,
    rows.AnswerRow: tables.ANSWERS,
    rows.DecisionRow: tables.DECISIONS,
    rows.IssueRow: tables.SOURCE_ISSUES,
    rows.ReleaseRow: tables.RECORD_RELEASES,
    rows.AcceptedGroup: tables.ACCEPTED_GROUPS,
    rows.AccountRow: tables.DESK_ACCOUNTS,
}


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_a_row_has_the_columns_of_its_table(kind):
    assert kind.__annotations__.keys() == set(TABLES[kind].c.keys())


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_an_optional_column_may_be_none(kind):
    optional = {column.name for column in TABLES[kind].c if column.nullable}
    none = {name for name, hint in kind.__annotations__.items() if "None" in str(hint)}
    assert none == optional


def test_a_record_has_the_fields_of_a_finding():
    assert rows.FindingRecord.__annotations__.keys() == {one.name for one in fields(Finding)}
