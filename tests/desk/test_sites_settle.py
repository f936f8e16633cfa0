"""A site that is put on the list settles its past use: at the desk, then by a run."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.actions.context import ActionContext
from pipelines.district import open_district
from tests.browser.looking import CHROMIUM
from tests.desk.conftest import with_settings
from tests.desk.test_acts import REASON, run
from tests.desk.visiting import PEOPLE, open_desk

RULE = re.compile(r"\b(NA|OH|SA|AN)-\d")
EFFECT = "section[aria-labelledby='effect']"


def statuses(home, site):
    """Return the findings that name a site: by rule, whether they are open."""
    with open_district(home) as district:
        rows = [row for case in ActionContext(district, None).cases for row in case.findings]
        return sorted(
            (row["rule"], row["status"])
            for row in rows
            if row["kind"] == "non_approved_site"
            and row["record"]["details"].get("sites") == [site]
        )


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_a_site_put_on_the_list_settles_it(browser, district, tmp_path, sockets, secret, pictures):
    home = with_settings(district.copy(tmp_path))
    assert statuses(home, "twitch.tv") == [("NA-1", "open")]
    headers = {
        "X-Remote-User": PEOPLE["director"],
        "X-Remote-Groups": "directors",
        "X-Schoolbell-Proxy": secret,
    }
    with open_desk(home, sockets / "settles") as desk:
        context = browser.new_context(extra_http_headers=headers)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{desk.port}/sites")
        waiting = int(re.search(r"(\d+) needs? your", page.inner_text("h1"))[1])
        page.get_by_role("link", name="twitch.tv").click()
        page.get_by_label("Reason").fill(REASON)
        page.get_by_role("button", name="Preview the effect").click()
        page.get_by_role("button", name="Put it on the list").wait_for()
        effect = page.inner_text(EFFECT)
        assert "The case about 38 minutes on Tue, Oct 20 closes." in effect
        assert not RULE.search(effect)
        assert "covers all earlier use" in page.inner_text("main")
        page.screenshot(path=pictures / "desk-site-trial.png")
        page.get_by_role("button", name="Put it on the list").click()
        page.locator(".told").wait_for()
        assert "Closes with tonight's run: twitch.tv" in page.inner_text("main")
        assert f"{waiting - 1} need your decision" in page.inner_text("h1")
        assert not page.get_by_role("link", name="twitch.tv").count()
        page.screenshot(path=pictures / "desk-site-settled.png")
        context.close()
    run(home, "run")
    # withdrawn, and no "approval does not cover it" in its place
    assert statuses(home, "twitch.tv") == [("NA-1", "withdrawn")]


def test_the_command_covers_past_use_too(district, tmp_path):
    """An approval from today on leaves earlier use as it is, and the command says so."""
    home = district.copy(tmp_path)
    sites = ("facebook.com", "198.51.100.60")
    assert all(statuses(home, site) for site in sites)
    later = str((datetime.now(UTC) + timedelta(days=2)).date())
    late = ("sites", "decide", "twitch.tv", "--from", later, "--reason", REASON)
    effect = run(home, *late).out
    assert "does not cover earlier use.\nNo case would change." in effect
    for site in sites:
        words = ("sites", "decide", site, "--reason", REASON)
        said = run(home, *words).out
        assert "covers all earlier use" in said
        assert "closes." in said
        assert not RULE.search(said)
        run(home, *words, "--save")
        assert f"{site}: 1 account" in run(home, "sites", "list").out
    assert run(home, "sites", "list").out.count("closes with the next run") == 2
    run(home, "run")
    for site in sites:
        assert [one for one in statuses(home, site) if one[1] == "open"] == []
    listed = run(home, "sites", "list").out
    assert not any(site in listed for site in sites)


def test_a_list_that_has_just_begun_says_so(district, tmp_path):
    """The tenth approved site turned the uses of all other leisure sites into violations."""
    home = district.copy(tmp_path)
    file = home / "registry" / "approved_sites.csv"
    header, *rows = file.read_text().splitlines()
    known = dict.fromkeys(row.split(",")[1] for row in rows if ",deny," not in row)
    ours = [next(row for row in rows if row.split(",")[1] == site) for site in known]
    decide = ("sites", "decide", "twitch.tv", "--reason", REASON)
    file.write_text("\n".join([header, *ours[:3]]) + "\n")
    run(home, "check", "--accept", "approved_sites.csv")
    assert "The list has 4 sites and does not count as complete" in run(home, *decide).out
    file.write_text("\n".join([header, *ours[:9]]) + "\n")
    assert "With it the list has 10 sites and counts as complete" in run(home, *decide).out
    settings = home / "district.toml"
    text = settings.read_text()
    settings.write_text(
        text.replace("[district]\n", "[district]\nsite_list_complete_from = 2090-01-01\n", 1)
    )
    assert "counts as complete from Sun, Jan 1" in run(home, *decide).out
