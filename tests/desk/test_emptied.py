"""A home whose retention has deleted every day: its pages open, and say so."""

from datetime import timedelta

from pipelines.run.run import run
from tests.desk.conftest import with_settings
from tests.desk.visiting import open_desk
from tests.journey.test_retention import end_of, noon, purged, with_retention


def test_every_page_opens_after_the_last_day_was_deleted(district, tmp_path, sockets, secret):
    home = with_retention(district.copy(tmp_path), "\n[retention]\nevent_days = 60\n")
    with_settings(home.path)
    purged(home, noon(end_of(home) + timedelta(days=90)))
    run(home.path, settle_seconds=0)
    with open_desk(home.path, sockets / "emptied") as desk:
        visitor = desk.by_proxy("director")
        waiting, opened, failed = ["/start"], set(), []
        while waiting and len(opened) < 80:
            path = waiting.pop(0)
            if path in opened:
                continue
            opened.add(path)
            page = visitor.get(path)
            if page.status >= 400:
                failed.append((path, page.status))
            elif page.status == 200:
                waiting += page.links()
    assert failed == []
    assert any(path.startswith("/cases/") for path in opened)
