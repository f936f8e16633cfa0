"""What the comparison of two commits calls a difference."""

import time

from tests.same.__main__ import _timeless, differences, words_of

PAGE = '<title>A</title><style>x{}</style><p>Two  <a href="b.html">words</a></p><script>1</script>'


def test_a_page_is_its_words_and_links():
    assert words_of(PAGE).splitlines() == ["A", "Two", "-> b.html", "words"]


def test_records_that_differ_are_listed_with_their_lines():
    before = {"same": "1", "other": "a\nb", "gone": "1"}
    after = {"same": "1", "other": "a\nc", "new": "1"}
    assert differences(before, after) == [
        "gone: only before",
        "new: only after",
        "other: 1 lines gone, 1 new",
        "  - b",
        "  + c",
    ]


def test_times_of_today_and_random_identities_are_no_difference():
    now = time.time()
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    one = f"n-0736795b at {today}T08:00:01Z in 2.1 s"
    other = f"n-1840639f at {today}T09:30:00Z in 12.0 s"
    assert _timeless(one, now) == _timeless(other, now)
    assert _timeless("2026-03-02T08:00:00Z", now) == "2026-03-02T08:00:00Z"
