"""The small districts, for the tests of this folder."""

import pytest

from tests.journey import small as made
from tests.journey.changed import changed as made_anew


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def two_days(tmp_path_factory):
    return made.two_days(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def changed(district, tmp_path_factory):
    """A home whose registry changed, and the account that is a student's now."""
    return made_anew(tmp_path_factory.getbasetemp(), district)
