"""Seals: an answer counts only if each part of it is right, and stays so offline."""

import json
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from pipelines.registry.new_home import create
from pipelines.settings.model import Seal
from pipelines.state import seals
from pipelines.state.audit import Act, kept_heads, open_chain
from pipelines.state.connections import open_store
from pipelines.state.seals import (
    SealError,
    authority_of,
    record_text,
    stamped,
    verified_seals,
)
from tests.journey.commands import schoolbell
from tests.unit.state.authority import Authority, served, wait_for_next_second

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
LINES = {"lines": 12, "events": 11, "rejects": 1}


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "of_time")


@pytest.fixture
def authority(issued, tmp_path):
    """A copy that a test may change."""
    folder = tmp_path / "of_time"
    shutil.copytree(issued.folder, folder)
    (folder / "openssl.cnf").write_text(
        (folder / "openssl.cnf").read_text().replace(str(issued.folder), str(folder))
    )
    made = object.__new__(Authority)
    vars(made).update(vars(issued), folder=folder, certificates=folder / "authority.pem")
    made.requests, made.respond = [], made.right
    with served(made):
        yield made


@pytest.fixture
def home(tmp_path, authority):
    made = create(tmp_path / "home")
    store = open_store(made.state_db)
    for number in range(3):
        act = Act(actor="ada (1000)", action="verdict", subject=f"f-{number}", reason="leave")
        with open_chain(store, made).recording(act):
            pass
    store.close()
    return made


def head_of(home):
    store = open_store(home.state_db)
    try:
        return open_chain(store, home).head()
    finally:
        store.close()


def given(authority, **changes):
    return Seal(url=authority.url, certificates=str(authority.certificates), **changes)


def record(home, lines=LINES):
    return record_text("0" * 32, "2026-12-02", head_of(home), lines, None)


def sealed(home, authority, now=None, **changes):
    return seals.seal(home, given(authority, **changes), record(home), now or datetime.now(UTC))


def refused(home, authority, **changes):
    """Return why a seal was refused; nothing may be stored then."""
    with pytest.raises(SealError) as refusal:
        sealed(home, authority, **changes)
    assert not home.seals.exists()
    return str(refusal.value)


def results(home, authority):
    return list(verified_seals(home, authority_of(home, given(authority))))


def test_a_seal_names_authority_time_and_entry_and_stays_valid_offline(home, authority):
    before = datetime.now(UTC) - timedelta(seconds=2)
    result = sealed(home, authority)
    assert before <= result.stamp.time <= datetime.now(UTC)
    authority.url = "http://127.0.0.1:9/gone"
    (again,) = results(home, authority)
    assert again == result
    assert again.line == (
        f"On {result.stamp.time:%B} {result.stamp.time.day}, {result.stamp.time:%Y} at "
        f"{result.stamp.time:%H:%M} UTC, Example Time Authority time-stamped a record in which "
        "the audit chain ends at entry 3."
    )


def test_the_authority_gets_a_hash_alone(home, authority):
    sealed(home, authority)
    ((kind, request),) = authority.requests
    assert kind == "application/timestamp-query"
    assert len(request) < 150
    for part in (record(home), head_of(home).hash.encode(), b"ada", b"2026-12-02"):
        assert part not in request


def test_a_record_that_was_changed_later_is_not_valid(home, authority):
    path = home.seals / f"{sealed(home, authority).name}.json"
    path.write_bytes(record(home, {**LINES, "lines": 13}))
    (result,) = results(home, authority)
    assert result.stamp is None
    assert "Mismatch between messages" in result.line


def test_every_changed_byte_of_an_answer_is_seen_or_means_nothing(home, authority):
    """No byte of an answer can change the time, the record or the signer."""
    sealed(home, authority)
    trusted, text = authority_of(home, given(authority)), record(home)
    (right,) = {one.stamp for one in results(home, authority)}
    for place in range(len(authority.answer)):
        data = bytearray(authority.answer)
        data[place] ^= 0x01
        with suppress(SealError):
            assert stamped(text, bytes(data), trusted) == right, place


@pytest.mark.parametrize("data", [b"", b"0", b"<html>", b"\x30\x80", os.urandom(4_000)])
def test_what_is_no_answer_is_refused(home, authority, data):
    authority.respond = lambda _request: (200, {}, data)
    assert "cannot be verified" in refused(home, authority)


def test_a_token_of_another_authority_is_forged(home, authority, tmp_path):
    other = Authority(tmp_path / "other")
    authority.respond = other.right
    assert "certificate" in refused(home, authority)


def test_the_answer_to_another_request_is_refused_by_its_nonce(home, authority):
    authority.right(request_of(record(home)))
    earlier = authority.answer
    authority.respond = lambda _request: (200, {}, earlier)
    assert "Nonce mismatch" in refused(home, authority)


def request_of(data):
    from rfc3161_client import TimestampRequestBuilder

    return TimestampRequestBuilder().data(data).build().as_bytes()


def test_the_answer_for_another_record_is_refused(home, authority):
    from rfc3161_client import TimestampRequestBuilder

    made = TimestampRequestBuilder().data(b"another").build()
    authority.right(made.as_bytes())
    trusted = authority_of(home, given(authority))
    with pytest.raises(SealError, match="Mismatch between messages"):
        stamped(record(home), authority.answer, trusted, made.nonce)


def test_an_expired_certificate_is_refused(home, authority):
    authority.certify(end="20250101000000Z")
    assert "expired" in refused(home, authority)


def test_a_certificate_of_a_web_server_is_no_time_authority(home, authority):
    """`openssl ts` itself refuses to sign with it, so that another answer is signed again."""
    authority.right(request_of(record(home)))
    authority.certify("of_pages")
    token = authority.openssl("ts", "-reply", "-in", "answer.tsr", "-token_out")
    (authority.folder / "token.der").write_bytes(token)
    authority.openssl(
        *("cms", "-verify", "-inform", "DER", "-in", "token.der", "-noverify"),
        *("-out", "info.der", "-nosigs"),
    )
    authority.openssl(
        *("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "info.der"),
        *("-signer", "time.pem", "-inkey", "time.key", "-md", "sha256"),
        *("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-out", "signed.der"),
    )
    signed = (authority.folder / "signed.der").read_bytes()
    answer = b"\x30\x82" + (len(signed) + 5).to_bytes(2) + b"\x30\x03\x02\x01\x00" + signed
    with pytest.raises(SealError, match=r"purpose|EKU"):
        stamped(record(home), answer, authority_of(home, given(authority)))


@pytest.mark.parametrize(
    ("reason", "is_valid"), [("superseded", True), ("keyCompromise", False), ("", False)]
)
def test_a_revocation_ends_earlier_stamps_unless_its_reason_does_not(
    home, authority, reason, is_valid
):
    sealed(home, authority)
    wait_for_next_second()
    authority.revoke(*(("-crl_reason", reason) if reason else ()))
    (result,) = results(home, authority)
    assert (result.stamp is not None) == is_valid
    assert is_valid or "was revoked on" in result.line
    shutil.rmtree(home.seals)
    wait_for_next_second()
    assert "was revoked on" in refused(home, authority)


def test_another_policy_is_refused(home, authority):
    assert "Policy ID mismatch" in refused(home, authority, policy="1.3.6.1.4.1.32473.2")
    assert sealed(home, authority, policy="1.3.6.1.4.1.32473.1").stamp


def test_a_redirect_is_not_followed(home, authority):
    with served(Authority(authority.folder / "elsewhere")) as other:
        authority.respond = lambda _request: (307, {"Location": other.url}, b"")
        assert "a redirect, which is not followed" in refused(home, authority)
        assert other.requests == []


def test_an_answer_of_30_megabytes_is_not_read(home, authority):
    authority.respond = lambda _request: (200, {}, b"0" * (30 << 20))
    assert "more than 65,536 bytes" in refused(home, authority)


def test_an_answer_that_never_ends_is_given_up(home, authority, monkeypatch):
    monkeypatch.setattr(seals, "SECONDS", 0.5)
    authority.respond = lambda _request: (200, {}, None)
    assert "no whole answer" in refused(home, authority)


def test_an_authority_that_is_gone_is_a_problem_in_words(home, authority):
    authority.url = "http://127.0.0.1:9/tsr"
    assert "no whole answer: ConnectionError" in refused(home, authority)


def test_an_error_page_is_no_answer(home, authority):
    authority.respond = lambda _request: (503, {}, b"later")
    assert "it answers 503" in refused(home, authority)


def test_a_clock_that_is_off_is_refused(home, authority):
    late = datetime.now(UTC) + timedelta(hours=2)
    assert "Compare both clocks" in refused(home, authority, now=late)


def test_a_file_without_certificates_is_named(home, authority):
    authority.certificates.write_text("none")
    assert f"{authority.certificates}" in refused(home, authority)


@pytest.mark.parametrize(
    "url",
    [
        "http://time.example.org/tsr",
        "https://169.254.169.254/tsr",
        "https://user@time.example.org",
        "ftp://time.example.org",
        "time.example.org",
    ],
)
def test_an_address_that_is_not_safe_is_refused(url):
    with pytest.raises(ValidationError, match="https://"):
        Seal(url=url)


def test_a_chain_that_was_shortened_after_the_seal_is_seen(home, authority):
    """Without the copies in the house, the record in the seal still has the entry."""
    import sqlite3

    sealed(home, authority)
    with sqlite3.connect(home.state_db) as state:
        state.execute("delete from audit where number = 3")
        state.execute("update facts set value = '2' where name = 'audit_entries'")
    store = open_store(home.state_db)
    try:
        chain = open_chain(store, home)
        chain._put(chain.head())  # the head file is changed too, with the key
        assert chain.verify() is None
        (broken,) = {chain.verify(kept_heads(store, home))}
    finally:
        store.close()
    assert broken.number == 3
    assert str(home.seals) in broken.what


def test_audit_verify_prints_the_seal_and_fails_for_a_wrong_one(home, authority, tmp_path):
    text = home.settings_file.read_text()
    home.settings_file.write_text(text.replace("[seal]", f'[seal]\nurl = "{authority.url}"'))
    sealed(home, authority)
    words = ("audit", "verify", "--home", home.path)
    done = schoolbell(*words)
    assert done.code == 0
    assert "Seals were not verified" in done.out  # the file of the settings is missing
    done = schoolbell(*words, "--authority", authority.certificates)
    assert done.code == 0, done.err
    assert "Example Time Authority time-stamped a record" in done.out
    assert "Of 1 seals, 1 are valid." not in done.out
    other = Authority(tmp_path / "other")
    done = schoolbell(*words, "--authority", other.certificates, "--json")
    assert done.code == 1
    shown = json.loads(done.out)
    assert not shown["holds"]
    assert "is not valid" in shown["seals"][0]
