"""The image and compose files, as far as they can be read without an engine."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from docs.licenses import complete, licenses, texts
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
            assert name.partition("/")[0] in let, name  # a folder lets its files through


def test_it_runs_as_nobody_special_and_is_pinned():
    stages = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert stages == ["${BASE}"] * 2
    assert re.search(r"^ARG BASE=\S+:\d", CONTAINERFILE, re.MULTILINE)
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE) == ["10001:10001"]


def test_uv_is_installed_by_its_hash_alone():
    pinned = (FOLDER / "uv.txt").read_text()
    assert re.match(r"uv==[\d.]+ \\\n", pinned)
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", pinned)) > 1
    makefile = (REPO_ROOT / "Makefile").read_text()
    for text in (CONTAINERFILE, makefile):
        words = re.sub(r"\\\n\s*", "", text)
        installed = re.findall(r"pip install (.+)", words)
        assert len(installed) == 1
        assert "--require-hashes --no-deps -r " in installed[0]


def test_the_list_of_parts_names_every_extra_and_what_the_image_has(tmp_path):
    makefile = (REPO_ROOT / "Makefile").read_text()
    assert "$(SBOM) --all-extras -o $(DIST)/schoolbell.cdx.json" in makefile
    extras = re.search(r"^IMAGE_EXTRAS := (.+)$", makefile, re.MULTILINE)[1]
    assert CONTAINERFILE.count(extras) == 2
    path = tmp_path / "parts.json"
    parts = [{"name": "polars"}, {"name": "x-wr-timezone"}, {"name": "of-another-machine"}]
    path.write_text(json.dumps({"components": [one | {"version": "9"} for one in parts]}))
    lines = list(licenses(path))
    assert [line.split()[0] for line in lines] == ["polars", "x-wr-timezone", "of-another-machine"]
    assert "MIT" in lines[0]
    assert "LGPL" in lines[1] or "Lesser" in lines[1]
    assert lines[2].endswith("not installed here")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in "".join(texts(path)).upper()


def test_two_builds_of_one_commit_have_equal_lists_of_parts(tmp_path):
    files = []
    for number in (1, 2):
        path = tmp_path / f"{number}.json"
        build = {"timestamp": f"2026-12-0{number}T00:00:00Z"}
        parts = [{"name": "polars", "version": "9"}, {"name": "of-another-machine", "version": "9"}]
        listed = {"serialNumber": f"urn:uuid:{number}", "metadata": build, "components": parts}
        path.write_text(json.dumps(listed))
        complete(path, 1_796_000_000)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    listed = json.loads(files[0])
    assert listed["metadata"]["timestamp"] == "2026-11-30T00:53:20Z"
    assert "MIT" in listed["components"][0]["licenses"][0]["license"]["name"]
    assert "licenses" not in listed["components"][1]
    complete(path, 1_796_000_001)
    assert json.loads(path.read_text())["serialNumber"] != listed["serialNumber"]


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
def test_a_service_has_a_health_check(name):
    check = COMPOSE["services"][name]["healthcheck"]
    assert check["test"][0].startswith("CMD")
    assert "HEALTHCHECK" in CONTAINERFILE


def engine(folder, name, *, works):
    """A program that notes how it was called, and answers `info` as one that works or not."""
    path = folder / name
    path.write_text(
        f'#!/bin/sh\necho "{name} $*" >> "{folder}/calls"\n'
        f'if [ "$1" = info ]; then exit {0 if works else 1}; fi\n'
        'if [ "$1" = save ]; then echo an image; fi\n'
    )
    path.chmod(0o755)


def built(folder, *options):
    """Run the build with no other engines than those of a folder."""
    for name in ("sh", "sed", "gzip", "dirname", "env"):
        (folder / name).symlink_to(shutil.which(name))
    command = [FOLDER / "build.sh", folder, *options]
    done = subprocess.run(
        command, env={"PATH": str(folder)}, capture_output=True, text=True, check=True
    )
    calls = folder / "calls"
    return done.stderr, calls.read_text().splitlines() if calls.exists() else []


VERSION = tomllib.loads((REPO_ROOT / "pyproject.toml").read_text())["project"]["version"]
BUILD = f"-f deploy/container/Containerfile -t schoolbell:{VERSION} -t schoolbell ."


def test_a_release_has_an_image_where_an_engine_works(tmp_path):
    engine(tmp_path, "podman", works=False)
    engine(tmp_path, "docker", works=True)
    said, calls = built(tmp_path, "--pull")
    assert said == ""
    assert calls == [
        "podman info", "docker info", f"docker build --pull {BUILD}",
        f"docker save schoolbell:{VERSION}",
    ]  # fmt: skip
    saved = tmp_path / f"schoolbell-{VERSION}-image.tar.gz"
    assert gzip.decompress(saved.read_bytes()) == b"an image\n"


def test_podman_keeps_the_health_check(tmp_path):
    engine(tmp_path, "podman", works=True)
    _, calls = built(tmp_path)
    assert calls[1] == f"podman build --format docker {BUILD}"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "neither podman nor docker is installed"),
        (["docker"], 'docker is installed, but "docker info" fails'),
    ],
)
def test_a_release_without_an_engine_states_why_there_is_no_image(tmp_path, names, reason):
    for name in names:
        engine(tmp_path, name, works=False)
    said, calls = built(tmp_path)
    assert reason in said
    assert not any("build" in call for call in calls)


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
