"""Each channel at work: a file, standard output, a mail server on the loopback."""

import json
from email import message_from_bytes, policy

import pytest

from pipelines.alerts.channels import channels, prepared
from pipelines.alerts.messages import Message
from pipelines.errors import DeliveryError, SettingsError

NEWS = Message(
    "digest-1", "Network report: 2 items to review", "Two wait.\n\x1b", "digest"
)
ALLOWED = ("director@school.example", "office@school.example")


def deliver(kind, given, allowed=ALLOWED, message=NEWS):
    channel, settings = prepared("mine", kind, given)
    channel.deliver(message, settings, allowed)


def mail_settings(post, **changes):
    return {
        "host": "127.0.0.1",
        "port": post.port,
        "sender": "schoolbell@school.example",
        "recipients": ["director@school.example"],
        "timeout_seconds": 5,
    } | changes


def test_the_channels_that_are_there():
    assert {"file", "smtp", "stdout"} <= set(channels())


def test_a_file_gets_one_line_a_message(tmp_path):
    path = tmp_path / "out" / "alerts.jsonl"
    deliver("file", {"path": str(path)})
    deliver("file", {"path": str(path)})
    first, second = path.read_text(encoding="ascii").splitlines()
    assert first == second
    assert json.loads(first)["subject"] == NEWS.subject
    assert json.loads(first)["text"] == NEWS.text


def test_a_file_that_can_not_be_written_is_tried_again(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError) as error:
        deliver("file", {"path": str(tmp_path / "file" / "alerts.jsonl")})
    assert error.value.retryable


def test_standard_output_gets_plain_lines(capsys):
    deliver("stdout", {})
    assert capsys.readouterr().out == f"{NEWS.subject}\nTwo wait.\n\\x1b\n"


def test_a_mail_says_what_it_is(post):
    deliver("smtp", mail_settings(post, recipients=list(ALLOWED)))
    (envelope,) = post.mails
    assert envelope.rcpt_tos == list(ALLOWED)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == NEWS.subject
    assert mail["From"] == "schoolbell@school.example"
    assert mail["Message-ID"] == "<digest-1@school.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Two wait." in mail.get_content()


def test_the_same_message_has_the_same_id(post):
    deliver("smtp", mail_settings(post))
    deliver("smtp", mail_settings(post))
    ids = {message_from_bytes(one.content)["Message-ID"] for one in post.mails}
    assert len(post.mails) == 2
    assert len(ids) == 1


@pytest.mark.parametrize(
    "recipients", [["x@other.example"], ["director@school.example", "x@other.example"]]
)
def test_nobody_outside_the_list_gets_anything(post, recipients):
    with pytest.raises(DeliveryError) as error:
        deliver("smtp", mail_settings(post, recipients=recipients))
    assert not error.value.retryable
    assert "x@other.example" in str(error.value)
    assert post.mails == []


def test_an_empty_list_allows_nobody(post):
    with pytest.raises(DeliveryError):
        deliver("smtp", mail_settings(post), allowed=())
    assert post.mails == []


@pytest.mark.parametrize(
    ("answer", "retryable"), [("451 later", True), ("554 never", False)]
)
def test_what_the_mail_server_answers_decides(post, answer, retryable):
    post.answers.append(answer)
    with pytest.raises(DeliveryError) as error:
        deliver("smtp", mail_settings(post))
    assert error.value.retryable is retryable
    assert answer[:3] in str(error.value)


def test_a_mail_server_that_is_away_is_tried_again(post):
    with pytest.raises(DeliveryError) as error:
        deliver("smtp", mail_settings(post, port=1))
    assert error.value.retryable


def test_a_subject_adds_no_header(post):
    bad = Message("k", "one\r\nBcc: x@other.example", "text\n", "digest")
    with pytest.raises((DeliveryError, ValueError)):
        deliver("smtp", mail_settings(post), message=bad)
    assert post.mails == []


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    given = {"host": "mail.example", "sender": "a@school.example"}
    given |= {"recipients": ["b@school.example"], "user": "a"}
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    _, settings = prepared("m", "smtp", given | {"password": {"env": "MAIL_PASSWORD"}})
    assert settings.password == "hunter2"
    assert "hunter2" not in repr(settings)
    (tmp_path / "secret").write_text("hunter3\n")
    reference = {"file": str(tmp_path / "secret")}
    _, settings = prepared("m", "smtp", given | {"password": reference})
    assert settings.password == "hunter3"


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("pigeon", {}, "there is no channel"),
        ("file", {}, "path"),
        ("file", {"path": "x", "colour": "red"}, "colour"),
        ("stdout", {"password": {"env": "SCHOOLBELL_NOT_SET"}}, "SCHOOLBELL_NOT_SET"),
        ("stdout", {"password": {"file": "/no/such/file"}}, "can not be read"),
    ],
)
def test_a_wrong_setting_is_told(kind, given, words):
    with pytest.raises(SettingsError, match=words) as error:
        prepared("mine", kind, given)
    assert error.value.where.startswith("[alerts.channels.mine]")
