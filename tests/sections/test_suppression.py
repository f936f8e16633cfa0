"""What a wide edition holds back cannot be worked out from what it shows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.privacy.suppression import Grid, band, determined, held_back, with_totals

LEAST = 5


def grid_of(rows):
    counts = with_totals(rows)
    return Grid(counts, counts)


def another(grid, hidden, place):
    """Return whether other numbers in the hidden cells, `place` included, fit as well.

    Moves of one around: what is added to one cell of a row or column is taken
    from another of it, or added to its total.
    """
    unknown = sorted(hidden)
    lines = [
        [(one, -1 if one == line[-1] else 1) for one in line if one in hidden]
        for line in grid.lines
    ]
    lines = [line for line in lines if line]

    def fits(change):
        return all(sum(change.get(one, 0) * sign for one, sign in line) == 0 for line in lines)

    def search(change, rest):
        if not rest:
            return change[place] != 0 and fits(change)
        one, *others = rest
        for step in (0, 1, -1):
            if one == place and step == 0:
                continue
            if grid.count(one) + step >= 0 and search(change | {one: step}, others):
                return True
        return False

    return len(unknown) > 9 or search({}, unknown)


cells = st.integers(0, 9)
tables = st.integers(1, 3).flatmap(
    lambda across: st.lists(
        st.lists(cells, min_size=across, max_size=across), min_size=1, max_size=3
    )
)


@given(tables)
@settings(max_examples=60, deadline=None)
def test_nothing_small_is_shown_and_nothing_hidden_can_be_computed(rows):
    grid = grid_of(rows)
    hidden = held_back(grid, LEAST)
    shown = {grid.count(place) for place in grid.places if place not in hidden}
    assert not shown & set(range(1, LEAST))
    whole = [line for line in grid.lines if set(line) <= hidden]
    assert not determined(grid, hidden)
    for line in grid.lines:
        inside = [place for place in line if place in hidden and place != line[-1]]
        if inside and line[-1] not in hidden and line not in whole:
            assert sum(grid.count(place) for place in inside) >= LEAST
    for place in hidden:
        if 0 < grid.count(place) < LEAST:
            assert another(grid, hidden, place), (rows, place)


def test_one_small_cell_takes_three_others_with_it():
    hidden = held_back(grid_of([[2, 20, 30], [40, 9, 60], [70, 80, 90]]), LEAST)
    assert hidden == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_table_without_small_counts_is_shown_whole():
    assert held_back(grid_of([[0, 20], [40, 9]]), LEAST) == frozenset()


def test_few_accounts_behind_many_items_are_small_too():
    counts = with_totals([[12, 20], [40, 30]])
    people = with_totals([[1, 20], [40, 30]])
    assert (0, 0) in held_back(Grid(counts, people), LEAST)


def test_a_rough_count():
    assert [band(n, LEAST) for n in (0, 4, 5, 19, 20, 49, 50)] == [
        "fewer than 5",
        "fewer than 5",
        "5 to 9",
        "10 to 19",
        "20 to 49",
        "20 to 49",
        "50 or more",
    ]
