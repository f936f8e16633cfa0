"""A fresh home, and the small district for commands about findings."""

import pytest

from pipelines.registry.new_home import create
from tests.journey import small as made


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home").path


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def two_days(tmp_path_factory):
    return made.two_days(tmp_path_factory.getbasetemp())
