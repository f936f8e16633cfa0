"""Finds `sql/`: beside the package in a checkout, inside it in a wheel."""

from functools import cache
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.warehouse.models import Model, read_models


def sql_folder() -> Path:
    """The folder with the models.

    Raises:
        ModelError: The installation lacks it.
    """
    package = Path(__file__).parents[1]
    for folder in (package.parent / "sql", package / "_sql"):
        if (folder / "core").is_dir():
            return folder
    raise ModelError(
        "the SQL models are missing from this installation",
        where=str(package),
        remedy="Install Schoolbell again.",
    )


@cache
def models() -> dict[str, Model]:
    """Every model, inputs before what reads them."""
    return read_models(sql_folder())
