"""A secret is looked up where its reference says, and never repeated."""

import sys
import types

import pytest

from pipelines.errors import SettingsError
from pipelines.settings.secrets import is_reference, looked_up

WORD = "canary-word"


def test_each_place_is_looked_into(tmp_path, monkeypatch):
    (tmp_path / "smtp").write_text(WORD + "\n")
    monkeypatch.setenv("SMTP", WORD)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    held = {("schoolbell", "smtp"): WORD}
    errors = types.SimpleNamespace(KeyringError=RuntimeError)
    ring = types.ModuleType("keyring")
    ring.get_password = lambda *place: held.get(place)
    ring.errors = errors
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    for reference in (
        {"env": "SMTP"},
        {"file": str(tmp_path / "smtp")},
        {"credential": "smtp"},
        {"keyring": "smtp"},
    ):
        assert is_reference(reference)
        assert looked_up(reference, "x") == WORD
    with pytest.raises(SettingsError, match="no other"):
        looked_up({"keyring": "other"}, "x")


@pytest.mark.parametrize(
    "reference",
    [{"env": "NO_SUCH_NAME"}, {"file": "/no/such"}, {"credential": "../x"}],
)
def test_what_is_not_there_is_told_with_what_to_do(reference, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/")
    with pytest.raises(SettingsError) as caught:
        looked_up(reference, "[alerts.channels.mail] password")
    assert caught.value.remedy
    assert "[alerts.channels.mail] password" in str(caught.value)


@pytest.mark.parametrize("value", ["word", 3, {}, {"env": "A", "file": "b"}, {"x": "y"}])
def test_anything_else_is_no_reference(value):
    assert not is_reference(value)
