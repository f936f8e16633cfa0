"""Words of products and lists for the policy's categories."""

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import Rows
from pipelines.registry.table import Inputs, Table, Words, text

COLUMNS = {
    "word": text("category as a product or list writes it, lower case"),
    "category": text("the policy's word for it"),
}


def make(inputs: Inputs) -> dict[str, Rows]:
    """The district's words for categories before the built-in ones."""
    categories = inputs.settings.registry.categories
    own = {word.lower(): ours for word, ours in categories.items()}
    listed = dict(domain_lists.category_words().iter_rows()) | own
    words = pl.DataFrame(
        {"word": list(listed), "category": list(listed.values())},
        {"word": pl.String, "category": pl.String},
    )
    return {"category_words": Rows(words, ())}


TABLE = Table(
    name="category_words",
    frames={"category_words": COLUMNS},
    make=make,
    touches=Words(),
)
