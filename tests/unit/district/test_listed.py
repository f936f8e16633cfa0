"""Lists of domains in the forms that their keepers write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import SettingsError
from pipelines.registry.domain_lists import FORMS, read_list

V2FLY = """
# sites for play
games.example.com
domain:Play.Example.org @ads   # and below
full:www.example.net
regexp:^game[0-9]+\\.example$
keyword:gambl
include:more
include:nowhere
"""
MORE = "include:games\nextra.example.com\n"


def pairs(listed):
    return listed.rows.rows()


def test_domain_list_community():
    files = {"games": V2FLY, "more": MORE}
    listed = read_list("v2fly", files, "games", "games")
    assert pairs(listed) == [
        ("games.example.com", "games"),
        ("play.example.org", "games"),
        ("www.example.net", "games"),
        ("extra.example.com", "games"),
    ]
    # a pattern, a word, a list that is not there, and a circle
    assert listed.skipped == 3


def test_a_hosts_file():
    text = (
        "127.0.0.1 localhost\n::1 localhost\n"
        "0.0.0.0 ads.example.com beacon.example.org # trackers\n"
        "plain.example.net\n\n# none.example\n0.0.0.0 0.0.0.0\n"
    )
    assert [one for one, _ in pairs(read_list("hosts", {"h": text}, "h", "ads"))] == [
        "ads.example.com",
        "beacon.example.org",
        "plain.example.net",
        "0.0.0.0",
    ]


def test_folders_of_domains():
    files = {
        "gambling/domains": "bet.example.com\n192.0.2.7\n",
        "games/domains": "bet.example.com\n",
        "games/urls": "x.example/y\n",
    }
    assert pairs(read_list("ut1", files, "", None)) == [
        ("bet.example.com", "gambling"),
        ("192.0.2.7", "gambling"),
        ("bet.example.com", "games"),
    ]


def test_a_csv_file():
    text = "# ours\ndomain,category\nA.example.com.,Social\nb.example.com,\n,games\n"
    listed = read_list("csv", {"f": text}, "f", "news")
    assert pairs(listed) == [("a.example.com", "Social"), ("b.example.com", "news")]
    assert listed.skipped == 1


def test_a_quote_that_never_ends_spoils_one_line():
    long = "x" * 200_000
    text = f'domain,category\n"a.example.com,games\n"{long}\nb.example.com,games\n'
    listed = read_list("csv", {"f": text}, "f", "games")
    assert pairs(listed) == [("b.example.com", "games")]
    assert listed.skipped == 2


def test_names_are_put_in_canonical_form_or_left_out():
    text = "bücher.example\nno_dots\n-bad-.example\nspa ce.example\nEXAMPLE.com\n"
    listed = read_list("v2fly", {"f": text}, "f", "x")
    assert [one for one, _ in pairs(listed)] == ["example.com", "xn--bcher-kva.example"]
    assert listed.skipped == 3


def test_a_list_that_says_nothing_of_its_names_needs_a_category():
    with pytest.raises(SettingsError, match="does not say"):
        read_list("hosts", {"f": "a.example.com"}, "f", None)


@given(st.text(), st.sampled_from(sorted(FORMS)))
def test_no_text_breaks_a_reader(text, form):
    listed = read_list(form, {"f": text, "x/domains": text}, "f", "x")
    for domain, _ in pairs(listed):
        assert domain == domain.lower()
        assert " " not in domain
