"""Districts drawn from the space of facts: draws, lines, and what the oracle makes of them."""

from dataclasses import replace

import pytest

from tests.benchmarks.strangers import Draw, drawn_stories, hold, worst_tenth


def test_the_worst_tenth_is_what_nine_in_ten_reach():
    assert worst_tenth([0.9] * 27 + [0.5, 0.3, 0.1]) == 0.5
    assert worst_tenth([0.9] * 9 + [0.1]) == 0.1
    assert worst_tenth([0.9] * 10 + [0.1]) == 0.9
    assert worst_tenth([]) is None


def test_a_seed_draws_the_same_district_each_time_and_another_one_others():
    assert Draw.of(5) == Draw.of(5)
    assert Draw.of(5) != Draw.of(6)
    assert drawn_stories(Draw.of(5), 40) == drawn_stories(Draw.of(5), 40)


EASY = replace(
    Draw.of(1),
    uses={
        "web": "Squid",
        "dns": "BIND",
        "firewall": "FortiGate",
        "windows": "winlogbeat",
        "network": "ISE",
        "vpn": "GlobalProtect",
        "leases": "ISC dhcpd",
        "cloud": "Entra",
    },
    form="mail",
    holes=frozenset(),
    unlisted=0,
    pause=30,
    page_bytes=60_000,
    use_times=1,
)


@pytest.fixture(scope="module")
def easy(tmp_path_factory):
    return hold(tmp_path_factory.mktemp("easy") / "home", EASY, 80)


def test_where_everything_is_delivered_the_oracle_changes_nothing(easy):
    differing = [one for one in easy if one.due != one.story.verdict]
    # a story is of one day: usual hours and usual amounts need others
    assert {
        one.story.act.title for one in differing if one.story.facts.get("duty") != "off_usual"
    } <= {"A large upload to an outside site"}
    assert len(differing) < len(easy) / 20


def test_without_a_log_less_is_due(easy, tmp_path):
    uses = {role: one for role, one in EASY.uses.items() if role not in ("network", "windows")}
    # the stories are those of the products that are there
    poor = hold(tmp_path / "home", replace(EASY, uses=uses), 80)
    assert [one.story.facts for one in poor] == [one.story.facts for one in easy]
    unnamed = [one for one in poor if one.story.facts["who"].startswith(("network", "keyboard"))]
    assert unnamed
    assert not any(one.is_provable for one in unnamed)
    assert sum(one.is_provable for one in poor) < sum(one.is_provable for one in easy)
    assert not any(one.is_false for one in (*easy, *poor))
