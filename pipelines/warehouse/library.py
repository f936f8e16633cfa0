"""Finds `sql/`: beside the package in a checkout, inside it in a wheel."""

from functools import cache
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.warehouse.headers import DETECTIONS, Header, Shared, shared_of
from pipelines.warehouse.models import Model, read_macros, read_model, read_models


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


@cache
def macros() -> dict[str, str]:
    """Every macro that queries may use, those that others use first."""
    return read_macros(sql_folder())


def shared_words() -> Shared:
    """What the detections have in common."""
    return shared_of(sql_folder() / DETECTIONS)


@cache
def rule_headers() -> dict[str, Header]:
    """The header of every detection by its code, at a tenth of `rules`'s time."""
    files = sorted((sql_folder() / DETECTIONS).glob("*.sql"))
    return {(header := read_model(file).header).code: header for file in files}


@cache
def rules() -> dict[str, Model]:
    """Every detection by its code, those that a district switched off too."""
    found = {model.header.code: model for model in models().values()}
    return {code: model for code, model in found.items() if code}
