"""What a message says: how many, of which kind, where to look. Never who."""

from datetime import date

import pytest

from pipelines.alerts.messages import counted, digest, health


def finding(number, **changes):
    return {
        "finding_id": f"f-{number}",
        "kind": "shared_account",
        "status": "open",
        "confidence": "C2",
        "record": {"stage": "proven"},
        "subject": "ada",
    } | changes


NONE = frozenset()


def test_a_digest_counts_by_kind():
    found = [
        finding(1),
        finding(2, kind="off_hours_external"),
        finding(3, confidence="C3"),
    ]
    message = digest(found, NONE, "reports/index.html")
    assert message.subject == "Network report: 3 items to review"
    assert "2 about accounts in use in two places" in message.text
    assert "1 about use of outside sites outside duty hours" in message.text
    assert "reports/index.html" in message.text
    assert "ada" not in message.subject + message.text
    assert message.class_name == "digest"


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": "C1"},
        {"status": "explained"},
        {"status": "withdrawn"},
        {"status": "confirmed"},
        {"record": {"stage": "trial"}},
    ],
)
def test_what_is_never_announced(changes):
    assert digest([finding(1, **changes)], NONE, "") is None
    assert counted([finding(1, **changes)]) == []


def test_only_news_is_announced():
    found = [finding(1), finding(2)]
    assert digest(found, frozenset({"f-1", "f-2"}), "") is None
    one = digest(found, frozenset({"f-1"}), "")
    assert one.subject == "Network report: 1 item to review"


def test_the_same_news_has_the_same_key():
    found = [finding(1), finding(2)]
    assert digest(found, NONE, "").key == digest(found[::-1], NONE, "other").key
    assert digest(found, NONE, "").key != digest(found[:1], NONE, "").key


def trouble(*paths):
    return [{"source": "proxy", "path": path} for path in paths]


def test_bad_files_are_told_once_a_day():
    day = date(2026, 11, 2)
    message = health(trouble("b.log", "a.log"), day)
    assert message.subject == "Schoolbell: 2 files need attention"
    assert message.text.index("proxy/a.log") < message.text.index("proxy/b.log")
    assert "schoolbell status" in message.text
    assert message.key == health(trouble("a.log", "b.log"), day).key
    assert message.key != health(trouble("a.log", "b.log"), date(2026, 11, 3)).key
    assert health([], day) is None


def test_many_bad_files_are_cut():
    message = health(
        trouble(*(f"{number:02d}" for number in range(25))), date(2026, 11, 2)
    )
    assert "and 15 more" in message.text
    assert "proxy/11" not in message.text


def test_a_file_name_begins_no_line():
    message = health(trouble("a.log\nBcc: x@example.org\r\n\x1b[2J"), date(2026, 11, 2))
    (line,) = [line for line in message.text.splitlines() if "a.log" in line]
    assert "Bcc" in line
    assert "\x1b" not in message.text
