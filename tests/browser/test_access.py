"""Who cannot see, hold a mouse or load a script can read every page as well."""

import os

import pytest

from tests.browser.looking import CHROMIUM, MODES, Visit, looked_at, page_types

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
TYPES = (
    "report", "quiet week", "week without data", "hostile week", "pictures",
    "data quality", "rules", "case", "finding", "carried case", "number",
    "removed finding", "archive", "month", "principal",
    "superintendent", "board",
    "public", "mail",
)  # fmt: skip
BY_NAME = {mode.name: mode for mode in MODES}


SOME = (
    ("report", "dark"), ("case", "print"), ("pictures", "320 px"),
    ("number", "200 % zoom"), ("mail", "light"),
)  # fmt: skip


def pairs():
    """Some pages, each mode at least once; all of them in all modes in the long run."""
    if os.environ.get("SCHOOLBELL_LONG"):
        return [(kind, mode.name) for kind in TYPES for mode in MODES]
    return SOME


@pytest.mark.parametrize(("kind", "mode"), pairs())
def test_axe_finds_nothing(browser, archive, kind, mode):
    assert looked_at(browser, page_types(archive)[kind], BY_NAME[mode]) == []


def test_the_types_are_all_there(archive):
    found = page_types(archive)
    assert tuple(found) == TYPES
    assert all(path.is_file() for path in found.values())


@pytest.mark.parametrize("kind", TYPES)
def test_pictures_are_kept_and_no_page_is_wider_than_a_phone(browser, archive, pictures, kind):
    view = {"width": 360, "height": 740}
    with Visit(browser, page_types(archive)[kind], viewport=view) as visit:
        assert visit.said == []
        assert not [url for url in visit.asked if not url.startswith("file://")]
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        picture = pictures / f"{kind.replace(' ', '-')}.png"
        visit.page.screenshot(path=picture)
        assert picture.stat().st_size > 5_000
