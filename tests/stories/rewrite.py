"""Writes `product_stories.csv` again from raw lines.

    python -m tests.stories.rewrite
    python -m tests.stories.rewrite Sophos Snare

With names of products only their cells and those that have no row are told again.
"""

import csv
import sys
from collections.abc import Collection

from pipelines.health.product_stories import MATRIX, product_stories
from tests.stories.acts import STORIES
from tests.stories.products import PRODUCTS
from tests.stories.telling import stories_of, told_together, uses_of, what_came


def main(products: Collection[str]) -> None:
    """Tell the stories with each product; the old file stays if one is silent."""
    results = {(one.story, one.role, one.product): one.result for one in product_stories()}
    for role, of_role in PRODUCTS.items():
        for name in of_role:
            pairs = stories_of(role, name)
            is_known = all((pair.title, role, name) in results for pair in pairs)
            if pairs and not (is_known and products and name not in products):
                told = told_together(pairs, uses_of(role, name))
                for pair in pairs:
                    results[pair.title, role, name] = what_came(pair, told[pair.title, "act"])
    rows = [
        (pair.title, role, name, PRODUCTS[role][name].format, results[pair.title, role, name])
        for pair in STORIES
        for role in pair.roles
        for name in PRODUCTS[role]
        if pair in stories_of(role, name)
    ]
    with MATRIX.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("story", "role", "product", "format", "result"))
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
