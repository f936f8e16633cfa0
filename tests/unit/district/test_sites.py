"""Which domain a host belongs to; which host some text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.registry.sites import canonical_host, registrable_domains


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.com", "example.com"),
        ("WWW.Example.COM.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("class.github.io", "class.github.io"),
        ("github.io", None),
        ("mail.sample.k12.ia.us", "sample.k12.ia.us"),
        ("com", None),
        ("localhost", None),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("bücher.example.org", "example.org"),
        ("www.bücher.com", "xn--bcher-kva.com"),
        ("a..example.com", None),
        ("-a.example.com", None),
        ("exa mple.com", None),
        ("", None),
        ("-", None),
        (None, None),
        ("x" * 64 + ".example.com", None),
        ("_dmarc.example.com", "example.com"),
    ],
)
def test_the_registrable_domain_of_a_host(host, domain):
    assert registrable_domains([host]) == [domain]


@given(st.text(max_size=300))
def test_any_text_is_a_host_or_null(text):
    host = canonical_host(text)
    assert host is None or canonical_host(host) == host
    registrable_domains([text])
