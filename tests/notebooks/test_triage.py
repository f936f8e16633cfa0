"""The app for triage runs from top to bottom; it needs the group `notebooks`."""

import sys

import pytest

from tests.conftest import REPO_ROOT

marimo = pytest.importorskip("marimo", reason="the group `notebooks` is not installed")


def test_the_app_shows_the_best_shown_finding(district, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_HOME", str(district.home))
    monkeypatch.syspath_prepend(str(REPO_ROOT / "notebooks"))
    monkeypatch.delitem(sys.modules, "triage", raising=False)
    import triage

    outputs, shown = triage.app.run()
    assert shown["finding"]["confidence"] == shown["findings"]["confidence"].max()
    assert shown["evidence"].height
    assert shown["finding"]["rule"] in shown["steps"].filter(what="finding")["detail"]
    assert set(shown["holders"]) == set(shown["finding"]["devices"])
    texts = [one.text for one in outputs if hasattr(one, "text")]
    assert sum("showSendToCloud" in text for text in texts) >= 3
    # marimo's own element for a chart asks the internet for a library
    assert not [text for text in texts if "marimo-plotly" in text or 'src="http' in text]
    assert shown["tested"].columns == ["name", "test", "result"]
