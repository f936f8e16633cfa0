"""A source in the wrong zone is found from raw lines, whatever its product."""

import pytest

from pipelines.health.arrival import off_clocks
from tests.scenarios.places import ZONE
from tests.scenarios.running import rows_of
from tests.scenarios.scenario import TUESDAY
from tests.scenarios.story import WORK
from tests.stories.district import District
from tests.stories.telling import uses_of

SEATS = (
    ("avega", "hs-avega"), ("bsun", "hs-bsun"), ("gnova", "hs-gnova"),
    ("fito", "hs-fito"), ("cpark", "es-cpark"), ("dkim", "do-dkim"),
    ("ehart", "nb-ehart"),
)  # fmt: skip


def a_day_at_seven_desks(story: District) -> None:
    """Each person comes, and comes back twice; a page follows within a minute."""
    for number, (account, device) in enumerate(SEATS):
        for hour, every in ((7, 7), (10, 11), (13, 5)):
            minute = 3 + number * every % 50
            story.logon(account, device, f"{hour:02d}:{minute:02d}")
            start = f"{hour:02d}:{minute:02d}:{20 + number}"
            story.surf(account, device, start, WORK, minutes=6)
            story.lock(account, device, f"{hour:02d}:{minute + 7:02d}")


def clocks(tmp_path, role: str, product: str, zones: dict[str, str]):
    import polars as pl

    uses = uses_of(role, product)
    story = District(TUESDAY, uses=uses, zones=zones)
    a_day_at_seven_desks(story)
    rows = rows_of(tmp_path, story, "marts.source_clocks")
    return list(off_clocks(pl.DataFrame(rows), {"web": ZONE, "windows": ZONE, **zones}))


@pytest.mark.parametrize("product", ["Zscaler", "Squid", "a filter's export"])
def test_clocks_that_agree_are_no_issue(product, tmp_path):
    assert clocks(tmp_path, "web", product, {}) == []


@pytest.mark.parametrize("product", ["Zscaler", "e2guardian", "a filter's export"])
def test_a_filter_that_is_read_in_the_wrong_zone_names_the_right_one(product, tmp_path):
    found = clocks(tmp_path, "web", product, {"web": "UTC"})
    said = {one.source: one.detail for one in found}
    assert said["web"].startswith("6.0 hours behind windows")
    assert f'set zone = "{ZONE}"' in said["web"]


def test_computers_that_are_read_in_the_wrong_zone_are_found_too(tmp_path):
    found = clocks(tmp_path, "windows", "NXLog", {"windows": "America/Denver"})
    said = {one.source: one.detail for one in found}
    assert said["windows"].startswith("1.0 hours ahead of web")
    assert f'set zone = "{ZONE}"' in said["windows"]
