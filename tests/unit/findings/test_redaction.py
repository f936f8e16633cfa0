"""Names of sensitive sites: withheld wherever a finding spells them, and only there."""

import pytest

from pipelines.privacy.pseudonyms import copied
from pipelines.privacy.redaction import redacted

RECORD = {
    "claim": "Account {account} used jobs.example for about 12 minutes.",
    "sites": ["jobs.example", "myjobs.example"],
    "withheld": ["jobs.example"],
    "details": {"sites": ["jobs.example"], "categories": "jobs, news", "days": 2},
    "alternatives": [{"name": "An embed", "test": "www.jobs.example, 2 requests"}],
}


def test_each_spelling_of_the_site_and_its_kind_goes():
    shown = redacted(RECORD, {"jobs.example": "fjord-12"}.__getitem__)
    assert shown["claim"] == "Account {account} used fjord-12 for about 12 minutes."
    assert shown["sites"] == ["fjord-12", "myjobs.example"]
    assert shown["details"] == {
        "sites": ["fjord-12"],
        "categories": "withheld, news",
        "days": 2,
    }
    assert shown["alternatives"][0]["test"] == "fjord-12, 2 requests"
    assert "withheld" not in shown
    assert RECORD["sites"][0] == "jobs.example"


def test_other_findings_are_told_as_they_are():
    record = RECORD | {"withheld": []}
    told = {key: value for key, value in RECORD.items() if key != "withheld"}
    assert redacted(record, pytest.fail) == told


def test_an_international_site_goes_in_both_its_spellings():
    record = {
        "claim": "www.xn--mller-kva.example, and Müller.example beside müller.example2",
        "withheld": ["xn--mller-kva.example"],
        "details": {},
    }
    shown = redacted(record, lambda _site: "fjord-12")
    assert shown["claim"] == "fjord-12, and fjord-12 beside müller.example2"


def test_a_finding_of_before_sites_were_marked_spells_none():
    record = {key: value for key, value in RECORD.items() if key != "withheld"}
    shown = redacted(record, {"jobs.example": "a-1", "myjobs.example": "b-2"}.get)
    assert shown["sites"] == ["a-1", "b-2"]
    assert "jobs" not in str(shown)


@pytest.mark.parametrize("kind", ["account", "site", "sites", "category", None])
def test_a_value_without_a_name_goes_only_where_all_have_one(kind):
    text, join = copied(3, "value", kind)
    stays = kind in ("site", "sites", "category", None)
    assert ("rows.value" in text) == stays
    assert ("main.pseudonyms" in join) == (kind not in ("category", None))
