"""The same stories in every product's words: what each product can show.

`pipelines/health/product_stories.csv` holds the result of each story with each product, in a
district whose other products no scenario uses; `docs/reference/products.md` shows it, and
`rewrite.py` writes it again.
"""

from itertools import combinations, product

import pytest

from pipelines.formats import formats
from pipelines.health.product_stories import ROLES, product_stories
from tests.stories.acts import STORIES
from tests.stories.district import AGENTS
from tests.stories.products import NOT_TOLD, PRODUCTS
from tests.stories.telling import (
    FOUND,
    LEAD,
    named,
    stories_of,
    told_together,
    uses_of,
    what_came,
)

TOLD = [
    (role, name) for role, of_role in PRODUCTS.items() for name in of_role if stories_of(role, name)
]
QUICK = TOLD[::16]


@pytest.mark.parametrize(
    ("role", "name"),
    [one if one in QUICK else pytest.param(*one, marks=pytest.mark.slow) for one in TOLD],
)
def test_a_product_shows_what_the_matrix_says_and_names_no_twin(role, name):
    pairs = stories_of(role, name)
    told = told_together(pairs, uses_of(role, name))
    results = {pair.title: what_came(pair, told[pair.title, "act"]) for pair in pairs}
    assert results == {
        one.story: one.result
        for one in product_stories()
        if (one.role, one.product) == (role, name)
    }
    twins = {pair.title: named(told[pair.title, "twin"]) for pair in pairs}
    assert not any(twins.values()), twins


def test_the_matrix_has_every_cell_and_no_other():
    cells = [(one.story, one.role, one.product) for one in product_stories()]
    assert cells == [
        (pair.title, role, name)
        for pair in STORIES
        for role in pair.roles
        for name in PRODUCTS[role]
        if pair in stories_of(role, name)
    ]


def test_the_matrix_names_the_format_of_each_product():
    for one in product_stories():
        product = PRODUCTS[one.role][one.product]
        assert one.format == product.format
        assert ROLES[one.role][1] in formats()[product.format].event_classes


def test_each_story_is_found_by_some_product():
    best = {}
    for one in product_stories():
        best.setdefault(one.story, set()).add(one.result)
    for pair in STORIES:
        assert (LEAD if pair.lead else FOUND) in best[pair.title], pair.title


def test_each_format_has_its_column_or_a_reason():
    told = {one.format for role in PRODUCTS.values() for one in role.values()}
    assert told | set(NOT_TOLD) == set(formats())
    assert not told & set(NOT_TOLD)


def covering() -> list[dict[str, str]]:
    """Return districts in which any two products of different roles meet at least once.

    A resolver is the product of a district that has no filter.
    """
    roles = [role for role in PRODUCTS if role != "dns"]
    left = {
        ((one, first), (other, second))
        for one, other in combinations(roles, 2)
        for first, second in product(PRODUCTS[one], PRODUCTS[other])
    }
    found = []
    while left:
        district: dict[str, str] = dict(min(left))
        for role in roles:
            if role not in district:
                district[role] = max(
                    PRODUCTS[role],
                    key=lambda name, role=role: sum(
                        tuple(sorted(((role, name), pair), key=lambda x: roles.index(x[0]))) in left
                        for pair in district.items()
                    ),
                )
        ordered = [(role, district[role]) for role in roles]
        left -= set(combinations(ordered, 2))
        found.append(dict(ordered))
    return found


DISTRICTS = covering()


def told_in(number):
    """Return a district's products, and the story that it tells."""
    uses = DISTRICTS[number]
    pair = STORIES[number % len(STORIES)]
    return (STORIES[0] if pair.is_agent and uses["web"] not in AGENTS else pair), uses


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(DISTRICTS)))
def test_any_two_products_together(number):
    """A result is one that one of the products allows, or a lead between two of them."""
    pair, uses = told_in(number)
    told = told_together([pair], uses)
    cells = {
        (one.role, one.product): one.result for one in product_stories() if one.story == pair.title
    }
    allowed = {cells[role, uses[role]] for role in pair.roles if role in uses}
    between = {LEAD} if FOUND in allowed and len(allowed) > 1 else set()
    result = what_came(pair, told[pair.title, "act"])
    assert result in allowed | between | {one.fact for one in pair.missing}
    assert named(told[pair.title, "twin"]) == []
