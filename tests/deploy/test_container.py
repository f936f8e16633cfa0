"""The image and compose files, as far as they can be read without an engine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "deploy" / "container"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
each_service = pytest.mark.parametrize("name", COMPOSE["services"])


HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent)


@pytest.mark.skipif(not HADOLINT, reason="no hadolint for this machine")
def test_hadolint_has_nothing_to_say():
    done = subprocess.run(
        [HADOLINT, FOLDER / "Containerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_what_is_copied_is_there_and_is_let_through():
    let = [
        line.removeprefix("!")
        for line in (REPO_ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for words in re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        for name in words.split():
            assert (REPO_ROOT / name).exists(), name
            assert name in let, name


def test_it_runs_as_nobody_special_and_is_pinned():
    stages = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert all(re.search(r":\d", stage) for stage in stages)
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE) == ["10001:10001"]
    version = re.search(r"uv==([\d.]+)", CONTAINERFILE)[1]
    assert f"uv=={version}" in (REPO_ROOT / "Makefile").read_text()


@each_service
def test_a_service_is_locked_down(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["logging"]["options"]["max-size"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "privileged" not in service


@each_service
def test_a_volume_of_a_service_is_declared(name):
    for volume in COMPOSE["services"][name]["volumes"]:
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or source.startswith("$")


def test_landing_is_only_read():
    mounts = COMPOSE["services"]["daemon"]["volumes"]
    assert next(one for one in mounts if "/landing:" in one).endswith(":ro")


def test_programs_of_the_services_are_in_the_wheel():
    programs = {one["entrypoint"][0] for one in COMPOSE["services"].values()}
    assert programs == {"dagster-daemon", "dagster-webserver"}
    assert "--extra webserver" in CONTAINERFILE
