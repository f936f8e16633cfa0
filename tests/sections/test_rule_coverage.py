"""Nothing found is not said of what no rule could have seen."""

import re
from dataclasses import replace

import pytest

from pipelines.gaps.losses import coverage_rows, judged_requests, losses_of, remedied
from pipelines.reports.gaps import not_judged_at
from pipelines.reports.page_one import headline, lines
from pipelines.reports.pages import parts_of
from pipelines.reports.sections import sections
from pipelines.reports.sections.rule_coverage import SECTION
from pipelines.reports.view import View
from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import MONDAY, WEEKS, frame
from tests.sections.reading import Page

SECTIONS = {one.name: one for one in sections()}
FILTERS = {
    "sites": ("no account", "account unknown to the registry", "candidates"),
    "hours": (
        "no account",
        "account unknown to the registry",
        "no log shows who is at the device",
        "candidates",
    ),
    "presence": (
        "no account",
        "account unknown to the registry",
        "no log shows who is at the device",
        "candidates",
    ),
    "keyboards": (
        "device unknown to the registry",
        "the device writes no logons",
        "candidates",
    ),
    "property": ("device unknown to the registry", "candidates"),
}


def coverage(family, building, *dropped, came=1000, device_class="desktop"):
    """Return rows of one building and class of devices: what each filter dropped."""
    rows, left = [], came
    for place, name in enumerate(FILTERS[family]):
        lost = dropped[place] if place < len(dropped) else 0
        rows.append(
            {
                "event_date": MONDAY,
                "family": family,
                "source": "proxy",
                "building": building,
                "device_class": device_class,
                "position": place + 1,
                "filter": name,
                "is_loss": name != "candidates",
                "event_count": left,
                "dropped_count": lost,
            }
        )
        left -= lost
    return rows


def rows_of(rows):
    return coverage_rows(frame("rule_coverage", rows).to_dicts())


def view_of(week, rows):
    return View(replace(WEEKS[week](), rule_coverage=frame("rule_coverage", rows)), MONDAY)


def line(view, key):
    return next(one for one in lines(view) if one.key == key)


def titles(view):
    return {part.name: part.title for part in parts_of(view, sections())}


@pytest.mark.parametrize(
    ("dropped", "why"),
    [
        ((0, 480), "48% of requests have an account that is not in the registry"),
        ((300, 0), "30% of requests have no account"),
        (
            (0, 0, 1000),
            "100% of requests come from devices whose user no log shows",
        ),
    ],
)
def test_no_shared_account_is_not_said_where_none_could_be_seen(dropped, why):
    view = view_of("quiet", coverage("presence", "Oak Middle", *dropped))
    shared = line(view, "shared-accounts")
    assert shared.value is None
    assert shared.rest == f"We can't check all use at Oak Middle: {why}."
    assert titles(view)["shared-accounts"] == "We can't check all of this yet"
    assert shared.rest in Page(weekly_report(view.inputs, MONDAY)["2026-W47/pictures.html"]).text
    assert headline(view, lines(view)) == "No findings in the data that could be judged"


def test_no_use_outside_hours_is_not_said_where_none_could_be_seen():
    rows = [
        *coverage("sites", "Oak Middle", 0, 480),
        *coverage("hours", "Oak Middle", 0, 480),
        *coverage("sites", "Elm Elementary"),
    ]
    view = view_of("quiet", rows)
    outside = line(view, "off-hours-accounts")
    assert outside.value is None
    assert outside.rest == "The gaps above apply here too."
    assert outside.chip == ""
    said = line(view, "new-sites").rest
    assert said.startswith("We can't check all use at Oak Middle: 48% of requests")
    assert line(view, "shared-accounts").value == 0


def test_a_number_that_is_not_known_is_no_least_number_and_no_zero():
    """A tile said "0 minutes" after hours, a line "at least", of nothing seen."""
    rows = [
        one for name in ("sites", "hours") for one in coverage(name, "no known building", 0, 480)
    ]
    view = view_of("quiet", rows)
    outside = line(view, "off-hours-accounts")
    assert (outside.value, outside.is_least) == (None, False)
    assert "outside the buildings: 48% of requests" in line(view, "new-sites").rest
    page = weekly_report(view.inputs, MONDAY)["2026-W47/index.html"]
    value = page.partition('id="off-hours-accounts"')[2].partition("</li>")[0]
    assert "Unknown" in value
    assert "least" not in value
    glance = SECTIONS["glance"]
    labels = [tile.label for tile in glance.rows(view)]
    assert "Non-work use outside duty hours (estimate)" not in labels
    seen = [tile.label for tile in glance.rows(View(WEEKS["quiet"](), MONDAY))]
    assert "Non-work use outside duty hours (estimate)" in seen


def test_an_empty_registry_is_said_once_and_in_plain_words():
    """Three lines and two titles said "Could not be judged outside the buildings: 100%"."""
    rows = [
        one
        for name in ("presence", "sites", "hours")
        for one in coverage(name, "no known building", 0, 1000)
    ]
    view = view_of("quiet", rows)
    shared = line(view, "shared-accounts").rest
    assert (
        shared
        == "We can't check this yet: 100% of requests have an account that is not in the registry."
    )
    again = "We can't check this yet, for the same reason."
    assert {line(view, key).rest for key in ("new-sites", "off-hours-accounts")} == {again}
    bare = replace(view.inputs, site_use=view.inputs.site_use.clear())
    quality = weekly_report(bare, MONDAY)
    pictures = Page(quality["2026-W47/pictures.html"]).text
    assert "is on the list" not in pictures
    assert "was logged" not in pictures
    assert "at no known building" not in Page(quality["2026-W47/quality.html"]).text


def test_what_was_found_is_said_with_what_could_not_be_judged():
    view = view_of("busy", coverage("presence", "Oak Middle", 0, 480))
    shared = line(view, "shared-accounts")
    assert shared.value
    assert shared.is_least
    assert "We can't check all use at Oak Middle" in shared.rest


@pytest.mark.parametrize(
    ("dropped", "came"),
    [((200, 79), 1000), ((0, 100), 199), ((0, 100), 1000)],
    ids=["a fifth without an account", "too few events", "nine tenths"],
)
def test_what_is_judged_in_full_enough_is_said(dropped, came):
    view = view_of("quiet", coverage("presence", "Oak Middle", *dropped, came=came))
    assert line(view, "shared-accounts").value == 0


def test_less_than_nine_tenths_is_not_enough():
    view = view_of("quiet", coverage("presence", "Oak Middle", 0, 101))
    assert line(view, "shared-accounts").value is None


def test_the_section_lists_what_was_left_out():
    rows = coverage("sites", "Oak Middle", 0, 480)
    view = view_of("quiet", rows)
    found = SECTION.rows(view)
    assert SECTION.is_shown(found)
    assert SECTION.title(found) == "Some rules could not judge use at Oak Middle"
    (row,) = SECTION.table(found).rows
    assert [cell.value for cell in row][-2:] == [480, 1000]
    assert "no finding there" in SECTION.summary(found).lower()
    assert not SECTION.is_shown(SECTION.rows(view_of("quiet", [])))


def test_none_is_not_said_of_rules_that_ask_for_a_keyboard():
    rows = coverage("presence", "Oak Middle") + coverage("keyboards", "Oak Middle", 0, 101)
    shared = line(view_of("quiet", rows), "shared-accounts")
    assert shared.value is None
    assert shared.rest == (
        "We can't check all use at Oak Middle with rules that need the computer's own logon log: "
        "10% of requests come from devices that do not log logons."
    )
    told = line(view_of("quiet", coverage("keyboards", "Oak Middle", 100)), "off-hours-accounts")
    assert "can't check" not in told.rest


def test_no_use_off_hours_is_not_said_where_nothing_tells_who_is_there():
    rows = coverage("sites", "Oak Middle") + coverage("hours", "Oak Middle", 0, 0, 500)
    off = line(view_of("quiet", rows), "off-hours-accounts")
    assert off.value is None
    assert "50% of requests come from devices whose user no log shows" in off.rest


def test_what_could_not_be_judged_names_the_devices_that_it_is_about():
    """Of half the devices of a building nothing is known; the other half is judged."""
    rows = coverage("presence", "Oak Middle") + coverage(
        "presence", "Oak Middle", 0, 0, 900, device_class="chromebook"
    )
    view = view_of("quiet", rows)
    shared = line(view, "shared-accounts")
    assert shared.value is None
    why = "90% of requests come from devices whose user no log shows"
    assert shared.rest == f"We can't check all use at Oak Middle on Chromebooks: {why}."
    told = SECTION.table(SECTION.rows(view)).rows
    assert [row[1].text for row in told] == ["Oak Middle on Chromebooks"]


def test_page_one_names_the_largest_gap_and_counts_the_others():
    """Three lines of page one listed every school with every reason, in six rows each."""
    rows = [
        *coverage("presence", "Oak Middle", 0, 480),
        *coverage("presence", "Pine High", 0, 0, 900),
        *coverage("presence", "Elm Elementary", 300, 0),
    ]
    view = view_of("quiet", rows)
    said = line(view, "shared-accounts").rest
    assert said == (
        "We can't check all use at Pine High: 90% of requests come from devices whose user no "
        "log shows. 2 more gaps: see Data quality."
    )
    pictures = Page(weekly_report(view.inputs, MONDAY)["2026-W47/pictures.html"]).text
    for place in ("Oak Middle", "Pine High", "Elm Elementary"):
        assert f"at {place}: " in pictures


def test_a_device_that_is_not_known_has_no_class_that_loses_all():
    """What hides the device hides its class: of these alone 100% are always lost."""
    known = coverage("presence", "elsewhere", 0, 0, came=600)
    hidden = coverage("presence", "elsewhere", 400, came=400, device_class="unknown")
    (gap,) = losses_of(rows_of(known + hidden))
    assert (gap.devices, gap.share) == ((), 0.4)
    laptops = coverage("presence", "elsewhere", 0, 400, came=400, device_class="laptop")
    gap = losses_of(rows_of(known + laptops))[-1]
    assert (gap.devices, gap.share) == (("laptop",), 1.0)


def test_the_same_gap_at_several_places_is_one_sentence():
    """Seven lines asked for one log, and repeated the same schools in each."""
    chromebooks = {"device_class": "chromebook"}
    rows = [
        *coverage("keyboards", "Oak Middle", 0, 300, **chromebooks),
        *coverage("keyboards", "Pine High", 0, 400, **chromebooks),
        *coverage("presence", "Pine High", 0, 0, 390, **chromebooks),
        *coverage("keyboards", "elsewhere", 0, 500, **chromebooks),
    ]
    (gap,) = remedied(rows_of(rows))
    assert gap.line == (
        "Google's ChromeOS audit would let 6 rules judge 1,200 requests per week at Oak "
        "Middle and Pine High, and outside the buildings"
    )


def test_no_advice_is_given_that_is_followed_already():
    """The keyboards' log was asked for where most computers of the kind send it."""
    rows = [
        *coverage("keyboards", "Oak Middle", 0, 300),
        *coverage("presence", "Oak Middle", 300),
    ]
    for row in rows[:3]:
        if row["filter"] == "candidates":
            row["filter"] = "a device that can be carried"
    (gap,) = remedied(rows_of(rows))
    assert gap.line.startswith("The Security logs of the desktops that send no logs yet would")
    lost = coverage("presence", "Oak Middle", 300)
    lost[0]["filter"] = "no device"
    (gap,) = remedied(rows_of(lost))
    assert gap.line.startswith("DHCP and VPN logs would let")
    (gap,) = remedied(rows_of(lost), has_leases=True)
    assert gap.line.endswith(
        "rules cannot judge 300 requests per week at Oak Middle, which come from an "
        "address whose device is not known"
    )


def test_page_one_names_no_rule_by_its_code_and_each_school_once():
    """The line had 187 words, rule codes, and one school three times."""
    rows = [
        *coverage("presence", "Oak Middle", 0, 200),
        *coverage("keyboards", "Oak Middle", 0, 900),
        *coverage("keyboards", "Pine High", 0, 900),
    ]
    said = not_judged_at(view_of("quiet", rows), "shared_account").sentence
    assert said.count("Oak Middle") == said.count("Pine High") == 1
    assert not re.search(r"\b[A-Z]{2}-\w+", said)


def test_what_no_rule_is_about_is_no_part_of_the_judged_share():
    """Background requests counted as judged: the share was always 100%."""
    rows = coverage("sites", "Oak Middle", 0, 60)
    rows[-1] |= {"event_count": 90}
    judged, attributable = judged_requests(rows_of(rows * 2))
    assert (attributable, judged) == (300, 180)
