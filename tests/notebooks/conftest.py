"""The small district, for the tests of this folder."""

import pytest

from tests.journey.small import small


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return small(tmp_path_factory.getbasetemp())
