"""Writes `product_stories.csv` again from raw lines.

    python -m tests.stories.rewrite
    python -m tests.stories.rewrite Sophos Snare

With names of products only their cells and those that have no row are told again.
"""

import csv
import sys
from collections.abc import Collection

from pipelines.health.product_stories import MATRIX, product_stories
from tests.stories.products import PRODUCTS
from tests.stories.telling import cells, uses_of, what_came


def main(products: Collection[str]) -> None:
    """Tell each story with each product; the old file stays if one is silent."""
    kept = {
        (one.story, one.role, one.product): one.result
        for one in product_stories()
        if products and one.product not in products
    }
    rows = []
    for pair, role, name in cells():
        result = kept.get((pair.title, role, name)) or what_came(pair, uses_of(role, name))
        rows.append((pair.title, role, name, PRODUCTS[role][name].format, result))
    with MATRIX.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("story", "role", "product", "format", "result"))
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
