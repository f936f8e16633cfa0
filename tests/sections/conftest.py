"""Every fixture week's pages, made once."""

from functools import cache

import pytest

from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import MONDAY, WEEKS


@cache
def pages_of(week: str):
    return weekly_report(WEEKS[week](), MONDAY)


@pytest.fixture(params=sorted(WEEKS))
def week(request):
    return request.param


@pytest.fixture
def pages(week):
    return pages_of(week)
