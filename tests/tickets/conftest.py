"""A home with cases, and a ticket system that it sends to."""

import pytest

from tests.journey import small as made
from tests.tickets.systems import SETTINGS, TOKEN, System

ADDRESS = 'address = "https://desk.school.example"'


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


@pytest.fixture(params=sorted(SETTINGS))
def system(request):
    opened = System(request.param)
    yield opened
    opened.close()
    assert opened.wrong == []


@pytest.fixture
def jira():
    opened = System("jira")
    yield opened
    opened.close()
    assert opened.wrong == []


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return path


@pytest.fixture
def home_of(district, tmp_path, secret):
    """Make a home that sends tickets to a system."""

    def home(system, **more):
        path = district.copy(tmp_path / "home")
        file = path / "district.toml"
        kept = file.read_text(encoding="utf-8").replace("\n[desk.tickets]\n", "\n# tickets\n")
        kept = kept.replace("\n[desk]\n", f"\n[desk]\n{ADDRESS}\n")
        assert f"\n{ADDRESS}\n" in kept
        file.write_text(kept + system.table(secret, **more), encoding="utf-8")
        return path

    return home
