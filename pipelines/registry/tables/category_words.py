"""Words of products and lists for the policy's categories."""

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import RegistryFrame, category_keys
from pipelines.registry.table import Inputs, Table, Words, text

COLUMNS = {
    "word": text("category as a product or list writes it, as used for the lookup"),
    "category": text("the policy's word for it"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the district's words for categories before the built-in ones."""
    categories = inputs.settings.registry.categories
    built_in = dict(domain_lists.category_words().iter_rows())
    listed = dict(
        pair
        for words in (built_in, categories)
        for pair in zip(category_keys(words), words.values(), strict=True)
    )
    words = pl.DataFrame(
        {"word": list(listed), "category": list(listed.values())},
        {"word": pl.String, "category": pl.String},
    )
    return {"category_words": RegistryFrame(words, ())}


TABLE = Table(name="category_words", frames={"category_words": COLUMNS}, make=make, touches=Words())
