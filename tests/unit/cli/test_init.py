"""`schoolbell init` asks little, and writes only what can be read again."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import init
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

MAIL = ("--mail-host", "mail.school.example", "--mail-to", "director@school.example")


def test_flags_say_everything(tmp_path):
    home = tmp_path / "home"
    done = schoolbell(
        "init",
        home,
        "--name",
        'The "Sample" Schools',
        "--zone",
        "America/Denver",
        "--account-domain",
        "SAMPLE",
        *MAIL,
        "--roles",
    )
    assert done.code == 0, done.err
    settings = load_settings(DistrictHome(home))
    assert settings.district.name == 'The "Sample" Schools'
    assert settings.district.zone == "America/Denver"
    assert settings.district.account_domains == ("SAMPLE",)
    channel = settings.alerts.channels["director"]
    assert settings.alerts.recipients == ("director@school.example",)
    assert channel.settings["sender"] == "schoolbell@school.example"
    assert settings.roles.custodian == ("schoolbell-records",)
    # channels are checked too, against the addresses that may be written to
    assert schoolbell("check", "--home", home).code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--zone", "America/Chicgo"), "America/Chicago"),
        (("--mail-host", "mail.school.example"), "--mail-to"),
        (("--account-domain", "@school"), "account_domains"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(words, told, tmp_path):
    done = schoolbell("init", tmp_path / "home", *words)
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "home").exists()


def test_the_machine_knows_its_zone(tmp_path, monkeypatch):
    link = tmp_path / "localtime"
    monkeypatch.setattr(init, "LOCALTIME", link)
    for place, zone in (
        ("Europe/Paris", "Europe/Paris"),
        ("Etc/UTC", "America/Chicago"),
    ):
        link.symlink_to(f"/usr/share/zoneinfo/{place}")
        schoolbell("init", tmp_path / zone)
        settings = load_settings(DistrictHome(tmp_path / zone))
        assert settings.district.zone in (zone, "America/Chicago")
        link.unlink()


def test_on_a_terminal_it_asks(tmp_path):
    home = tmp_path / "home"
    ours, theirs = pty.openpty()
    answers = "Sample Schools\n\nSAMPLE, sample.example\n\n"
    command = [Path(sys.executable).parent / "schoolbell", "init", home]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, text=True, cwd=REPO_ROOT
    ) as asked:
        os.write(ours, answers.encode())
        said, _ = asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "Time zone" in said
    district = load_settings(DistrictHome(home)).district
    assert district.name == "Sample Schools"
    assert district.account_domains == ("SAMPLE", "sample.example")
