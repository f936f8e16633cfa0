"""Each channel in use: a file, standard output, a mail server on the loopback."""

import hashlib
import hmac
import json
import re
import socket
import sys
import time
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from pipelines.alerts.channels import channels, prepared
from pipelines.alerts.message import Message
from pipelines.errors import DeliveryError, SettingsError

NEWS = Message("digest-1", "Network report: 2 items to review", "Two wait.\n\x1b", "digest")
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
        "tls": False,
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


AGAIN = replace(NEWS, may_repeat=True)


@pytest.mark.parametrize("kind", ["file", "ocsf"])
def test_a_file_is_looked_into_before_a_line_is_written_again(tmp_path, kind):
    path = tmp_path / "alerts.jsonl"
    path.write_text('not json\n["a list"]\n')
    deliver(kind, {"path": str(path)}, message=AGAIN)
    deliver(kind, {"path": str(path)}, message=AGAIN)
    deliver(kind, {"path": str(path)}, message=replace(AGAIN, key="digest-2"))
    assert len(path.read_text().splitlines()) == 2 + 2


@pytest.mark.parametrize("kind", ["file", "ocsf"])
def test_a_line_that_was_cut_off_is_none_and_spoils_no_other(tmp_path, kind):
    path = tmp_path / "alerts.jsonl"
    deliver(kind, {"path": str(path)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])  # all except its end
    deliver(kind, {"path": str(path)}, message=AGAIN)
    lines = path.read_text().splitlines()
    assert [json.loads(one) for one in lines]
    assert len(lines) == 2


def test_what_may_be_a_repeat_says_so(post, hook, monkeypatch, capsys):
    deliver("smtp", mail_settings(post), message=AGAIN)
    mail = message_from_bytes(post.mails[0].content, policy=policy.default)
    assert mail["Subject"] == f"{NEWS.subject} (may be a repeat)"
    assert mail["Message-ID"] == "<digest-1@school.example>"
    assert mail.get_content().startswith("This may be a repeat")
    deliver("webhook", hook_settings(hook, monkeypatch))
    deliver("webhook", hook_settings(hook, monkeypatch), message=AGAIN)
    (_, first, body), (_, second, again) = hook.posts
    assert body == again  # a receiver may compare them
    assert "X-Schoolbell-May-Repeat" not in first
    assert second["X-Schoolbell-May-Repeat"] == "yes"
    deliver("stdout", {}, message=AGAIN)
    assert "may be a repeat" in capsys.readouterr().out


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


@pytest.mark.parametrize(("answer", "retryable"), [("451 later", True), ("554 never", False)])
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
    assert not error.value.may_have_arrived


def test_a_server_that_says_no_good_bye_has_the_mail_all_the_same(post):
    post.good_bye = "421 too busy"
    deliver("smtp", mail_settings(post))
    assert len(post.mails) == 1


def test_a_server_that_dies_with_the_mail_may_have_it(post):
    post.after_taking = lambda: post.session.transport.abort()  # noqa: PLW0108
    with pytest.raises(DeliveryError, match="did not confirm") as error:
        deliver("smtp", mail_settings(post))
    assert error.value.retryable
    assert error.value.may_have_arrived


@pytest.mark.parametrize("code", [450, 550])
def test_a_recipient_that_is_refused_is_told(post, code):
    post.refused = {"office@school.example": f"{code} no"}
    with pytest.raises(DeliveryError, match=r"not for office@school\.example") as error:
        deliver("smtp", mail_settings(post, recipients=list(ALLOWED)))
    assert error.value.retryable is (code == 450)
    assert error.value.may_have_arrived
    with pytest.raises(DeliveryError, match="every recipient") as error:
        deliver("smtp", mail_settings(post, recipients=["office@school.example"]))
    assert error.value.retryable is (code == 450)


def test_a_subject_adds_no_header(post):
    bad = Message("k", "one\r\nBcc: x@other.example", "text\n", "digest")
    with pytest.raises(DeliveryError) as error:
        deliver("smtp", mail_settings(post), message=bad)
    assert not error.value.retryable
    assert post.mails == []


def test_a_mail_is_not_sent_in_clear_where_nobody_said_so(post):
    settings = mail_settings(post)
    del settings["tls"]
    with pytest.raises(DeliveryError, match="STARTTLS") as error:
        deliver("smtp", settings)
    assert not error.value.retryable
    assert post.mails == []


@pytest.mark.parametrize("given", [{"user": "a"}, {"password": "hunter2"}])
def test_a_password_needs_tls(post, given):
    with pytest.raises(SettingsError, match="tls = true") as error:
        prepared("m", "smtp", mail_settings(post, **given))
    assert "hunter2" not in str(error.value)
    prepared("m", "smtp", mail_settings(post, **given, tls=True))


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "[fe80::1]", "2852039166", "metadata.google.internal",
        "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "0xA9.254.169.254",
        "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::1]",
        "instance-data", "[::]", "0.0.0.0",
    ],
)  # fmt: skip
def test_a_webhook_goes_to_no_metadata_service(host):
    given = {"url": f"http://{host}/latest", "secret": "0123456789abcdef"}
    with pytest.raises(SettingsError, match="link-local"):
        prepared("hook", "webhook", given)


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
        ("pigeon", {}, "not a type of channel"),
        ("file", {}, "path"),
        ("file", {"path": "x", "colour": "red"}, "colour"),
        ("stdout", {"password": {"env": "SCHOOLBELL_NOT_SET"}}, "SCHOOLBELL_NOT_SET"),
        ("stdout", {"password": {"file": "/no/such/file"}}, "cannot be read"),
    ],
)
def test_a_wrong_setting_is_told(kind, given, words):
    with pytest.raises(SettingsError, match=words) as error:
        prepared("mine", kind, given)
    assert error.value.where.startswith("[alerts.channels.mine]")


SECRET = "0123456789abcdef"


def hook_settings(hook, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return {"url": hook.url, "secret": {"env": "HOOK_SECRET"}, "timeout_seconds": 5}


def test_a_webhook_gets_signed_json(hook, monkeypatch):
    deliver("webhook", hook_settings(hook, monkeypatch))
    ((path, headers, body),) = hook.posts
    assert path == "/hook"
    assert json.loads(body)["subject"] == NEWS.subject
    assert headers["Idempotency-Key"] == NEWS.key
    signed = headers["X-Schoolbell-Timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Schoolbell-Signature"] == f"sha256={digest}"


@pytest.mark.parametrize(
    ("code", "retryable"), [(503, True), (429, True), (400, False), (302, False)]
)
def test_what_the_webhook_answers_decides(hook, monkeypatch, code, retryable):
    hook.answers.append(code)
    with pytest.raises(DeliveryError, match=str(code)) as error:
        deliver("webhook", hook_settings(hook, monkeypatch))
    assert error.value.retryable is retryable
    assert len(hook.posts) == 1  # a redirect is not followed


def test_a_webhook_that_is_away_is_tried_again(monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    given = {"url": "http://127.0.0.1:1/", "secret": {"env": "HOOK_SECRET"}}
    with pytest.raises(DeliveryError) as error:
        deliver("webhook", given)
    assert error.value.retryable
    assert not error.value.may_have_arrived
    assert SECRET not in str(error.value)


def test_a_webhook_that_does_not_answer_may_have_it(hook, monkeypatch):
    hook.after_taking = lambda: time.sleep(0.3)
    given = hook_settings(hook, monkeypatch) | {"timeout_seconds": 0.1}
    with pytest.raises(DeliveryError) as error:
        deliver("webhook", given)
    assert error.value.retryable
    assert error.value.may_have_arrived


def chat_settings(monkeypatch, urls):
    monkeypatch.setenv("CHAT_URLS", urls)
    return {"urls": {"env": "CHAT_URLS"}}


def test_a_chat_service_gets_subject_and_text(hook, monkeypatch):
    url = hook.url.replace("http://", "json://")
    deliver("chat", chat_settings(monkeypatch, url))
    ((_, _, body),) = hook.posts
    said = json.loads(body)
    assert said["title"] == NEWS.subject
    assert "Two wait." in said["message"]


@pytest.mark.parametrize(
    ("code", "retryable"), [(500, True), (429, True), (401, False), (404, False)]
)
def test_what_a_chat_service_answers_decides(hook, monkeypatch, code, retryable):
    hook.answers.append(code)
    url = hook.url.replace("http://", "json://")
    with pytest.raises(DeliveryError, match=f"JSON answered {code}") as error:
        deliver("chat", chat_settings(monkeypatch, url))
    assert error.value.retryable is retryable
    assert not error.value.may_have_arrived
    assert hook.url.partition("://")[2] not in str(error.value)


def test_a_chat_service_beside_one_that_took_it_is_tried_again(hook, monkeypatch):
    urls = f"{hook.url.replace('http://', 'json://')} json://127.0.0.1:1/x"
    with pytest.raises(DeliveryError, match="did not answer") as error:
        deliver("chat", chat_settings(monkeypatch, urls))
    assert error.value.retryable
    assert error.value.may_have_arrived


@pytest.mark.parametrize(
    ("url", "words"),
    [("mailto://a:b@example.org", "smtp"), ("pigeon://coop", "not one that Apprise")],
)
def test_chat_sends_no_mail_past_the_list(monkeypatch, url, words):
    with pytest.raises(DeliveryError, match=words) as error:
        deliver("chat", chat_settings(monkeypatch, url))
    assert not error.value.retryable
    assert "a:b" not in str(error.value)


def test_chat_without_its_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=r"schoolbell\[chat\]"):
        deliver("chat", chat_settings(monkeypatch, "json://127.0.0.1"))


def test_chat_rings_phones_and_nothing_else_does():
    ringing = {name for name, one in channels().items() if one.rings_phones}
    assert ringing == {"chat"}


HOSTILE = Message("a-1", "one|two\\three\r\n<134>x", "a=b\nBcc: x\u2028y\x1b[2J", "notice", "high")


@pytest.fixture
def siem():
    """A receiver of datagrams and one of streams on the loopback."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    streams = socket.create_server(("127.0.0.1", 0))
    for one in (datagrams, streams):
        one.settimeout(10)
    datagrams.bind(("127.0.0.1", 0))
    yield datagrams, streams
    datagrams.close()
    streams.close()


def fields_of(line):
    """Header and extension of a CEF line."""
    header, cef = line.split(" CEF:0|", 1)
    return header, re.split(r"(?<!\\)\|", cef, maxsplit=6)


def test_a_siem_gets_one_line_whatever_the_message_holds(siem):
    datagrams, _ = siem
    host, port = datagrams.getsockname()
    given = {"host": host, "port": port}
    deliver("syslog", given, message=HOSTILE)
    line = datagrams.recv(65_535).decode("ascii")
    assert line.isprintable()
    header, fields = fields_of(line)
    assert re.fullmatch(r"<107>1 \S+Z - schoolbell - notice -", header)
    assert fields[:2] == ["Schoolbell", "Schoolbell"]
    assert fields[3:6] == ["notice", r"one\|two\\three\r\n<134>x", "8"]
    assert fields[6].startswith(r"externalId=a-1 cat=notice msg=a\=b\nBcc: x")


def test_a_stream_says_how_long_the_line_is(siem):
    _, streams = siem
    host, port = streams.getsockname()
    deliver("syslog", {"host": host, "port": port, "protocol": "tcp"}, message=HOSTILE)
    connection, _ = streams.accept()
    with connection, connection.makefile("rb") as stream:
        received = stream.read()
    length, _, line = received.partition(b" ")
    assert int(length) == len(line)
    assert b"\n" not in line


def test_a_siem_that_is_away_is_tried_again():
    given = {"host": "127.0.0.1", "port": 1, "protocol": "tcp"}
    with pytest.raises(DeliveryError) as error:
        deliver("syslog", given)
    assert error.value.retryable


def test_ocsf_lines_are_detection_findings(tmp_path):
    path = tmp_path / "ocsf.jsonl"
    deliver("ocsf", {"path": str(path)}, message=HOSTILE)
    event = json.loads(path.read_text(encoding="ascii"))
    assert (event["class_uid"], event["type_uid"]) == (2004, 200401)
    assert event["severity_id"] == 4
    assert event["finding_info"]["uid"] == event["metadata"]["uid"] == "a-1"
    assert event["finding_info"]["title"] == HOSTILE.subject


def test_a_path_begins_at_the_home(tmp_path):
    channel, settings = prepared("m", "file", {"path": "out.jsonl"}, tmp_path)
    channel.deliver(NEWS, settings, ())
    assert (tmp_path / "out.jsonl").is_file()
