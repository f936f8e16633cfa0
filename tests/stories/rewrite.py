"""Writes `product_stories.csv` again from raw lines: `python -m tests.stories.rewrite`."""

import csv

from pipelines.health.product_stories import MATRIX
from tests.stories.products import PRODUCTS
from tests.stories.telling import cells, uses_of, what_came


def main() -> None:
    """Tell each story with each product; the old file stays if one is silent."""
    rows = [
        (pair.title, role, name, PRODUCTS[role][name].format, what_came(pair, uses_of(role, name)))
        for pair, role, name in cells()
    ]
    with MATRIX.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("story", "role", "product", "format", "result"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
