"""Pseudonyms: stable, keyed, different for each purpose and year, collision free."""

import random

import pytest

from pipelines.privacy.pseudonyms import assign_names, nouns, tokens

KEY = bytes(range(32))
OTHER = bytes(32)


def token(value="ada", key=KEY, kind="account", year=2026):
    return tokens([value], key=key, kind=kind, year=year)[value]


def test_a_token_is_stable_and_says_nothing():
    assert token() == token()
    assert len(token()) == 16
    assert token().isalnum()
    assert "ada" not in token()


def test_key_kind_year_and_value_all_matter():
    found = {
        token(),
        token(value="bob"),
        token(key=OTHER),
        token(kind="device"),
        token(year=2027),
    }
    assert len(found) == 5


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        token(key=b"short")


def test_names_are_unique_and_keep_what_was_assigned():
    values = [f"user{number}" for number in range(3_000)]
    all_tokens = list(tokens(values, key=KEY, kind="account", year=2026).values())
    first = assign_names({}, all_tokens[:1_500], "account")
    second = assign_names(first, all_tokens, "account")
    both = first | second
    assert not set(first) & set(second)
    assert len(set(both.values())) == len(both) == 3_000
    assert all(name.split("-")[0] in nouns("account") for name in both.values())


def test_the_order_of_arrival_changes_no_name():
    found = list(tokens(map(str, range(500)), key=KEY, kind="person", year=1).values())
    shuffled = found.copy()
    random.Random(7).shuffle(shuffled)
    assert assign_names({}, found, "person") == assign_names({}, shuffled, "person")


def test_names_do_not_run_out():
    found = tokens(map(str, range(20_000)), key=KEY, kind="address", year=1).values()
    names = assign_names({}, found, "address")
    assert len(set(names.values())) == 20_000


def test_kinds_share_no_noun():
    kinds = ("account", "device", "address", "person")
    every = [noun for kind in kinds for noun in nouns(kind)]
    assert len(every) == len(set(every)) == 400


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind"):
        assign_names({}, [], "planet")
