"""The page on the lab lists every package that the lab needs."""

from tests.conftest import REPO_ROOT
from tests.lab.__main__ import MORE_PACKAGES, PACKAGES, UNPACK

PAGE = (REPO_ROOT / "docs" / "reference" / "lab.md").read_text(encoding="utf-8")


def test_the_page_lists_the_packages():
    small, more = PAGE.split("More for `make lab`")
    for package in PACKAGES.split():
        assert f" {package}" in small, package
    for package in MORE_PACKAGES.split():
        assert f" {package}" in more, package


def test_the_page_states_how_to_unpack_syslog_ng():
    for command in UNPACK.partition(": ")[2].split(" && "):
        assert command in PAGE, command
