"""Which names of sites are sensitive, in every spelling that a table may hold."""

from pathlib import Path

import polars as pl

from pipelines.privacy.redaction import sensitive_names
from pipelines.warehouse.database import writing
from pipelines.warehouse.inputs import hosts

PLAIN = "xn--mller-kva.example"
OWN = "müller.example"
CATEGORIES = {PLAIN: "health", "news.example": "news", "way.example": "circumvention"}


def test_an_international_name_is_sensitive_in_its_own_letters_too():
    rows = [{"url_hostname": one, "category": said} for one, said in CATEGORIES.items()]
    with writing(Path(":memory:"), threads=1) as database:
        database.replace("core.host_categories", pl.DataFrame(rows))
        database.replace("identity.hosts", hosts(sorted(CATEGORIES), {}))
        assert sensitive_names(database) == {PLAIN, OWN}
