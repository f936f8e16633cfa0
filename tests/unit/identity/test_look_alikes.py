"""What a host's name looks like: other alphabets, digits, two letters for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.registry import domain_lists
from pipelines.registry.sites import registrable_domains
from pipelines.warehouse.inputs import hosts, site_label, skeleton, unicode_hostname


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("learnwe11", "learnwell"),  # digits
        ("sch00l", "school"),
        ("\u0441lassroom", "classroom"),  # a Cyrillic letter
        ("\u03b1rithmetic", "arithmetic"),  # a Greek one
        ("rnath", "math"),
        ("vvord", "word"),
    ],
)
def test_names_that_can_not_be_told_apart(label, other):
    assert skeleton(label) == skeleton(other)


@pytest.mark.parametrize(
    ("label", "other"), [("bücher", "bucher"), ("maths", "math"), ("abc", "abd")]
)
def test_names_that_can(label, other):
    assert skeleton(label) != skeleton(other)


def test_a_hosts_own_letters():
    assert unicode_hostname("www.xn--bcher-kva.example") == "www.bücher.example"
    assert unicode_hostname("www.example.com") is None
    assert unicode_hostname("xn--.example") is None
    assert site_label("xn--bcher-kva.example") == "bücher"
    assert site_label("example.co.uk") == "example"
    assert site_label("xn--\u00ff.example") == "xn--\u00ff"
    assert site_label(None) is None


@given(st.text(max_size=70))
def test_no_host_breaks_it(text):
    frame = hosts([text, f"xn--{text}.example"], {})
    assert frame.height == 2


def test_the_dimension_says_what_a_domain_looks_like():
    values = ["a.c1assroom.example", "xn--bcher-kva.example", "192.0.2.1", "com"]
    frame = hosts(values, {})
    seen = ["classroom", skeleton("bücher"), None, None]
    assert frame["site_skeleton"].to_list() == seen
    letters = [None, "bücher.example", None, None]
    assert frame["unicode_hostname"].to_list() == letters


def test_the_list_of_login_hosts_is_of_domains_listed_once():
    listed = domain_lists.login_hosts()["host"].to_list()
    assert registrable_domains(listed) == listed
    assert len(set(listed)) == len(listed) > 100
