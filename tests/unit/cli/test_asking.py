"""Who is asking comes from the operating system, and from nowhere else."""

import grp
import os

from pipelines.cli import options
from pipelines.cli.options import who_asks
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from tests.journey.commands import schoolbell


def test_the_login_is_asked_before_the_user_that_runs(tmp_path, monkeypatch, home):
    logged_in = tmp_path / "loginuid"
    monkeypatch.setattr(options, "LOGIN_UID", logged_in)
    logged_in.write_text("4000000001")
    settings = load_settings(DistrictHome(home))
    place = DistrictHome(home)
    assert who_asks(place, settings).uid == 4000000001
    assert who_asks(place, settings).user_name == "uid 4000000001"
    logged_in.write_text("4294967295")
    assert who_asks(place, settings).uid == os.getuid()
    logged_in.unlink()
    assert who_asks(place, settings).uid == os.getuid()


def test_the_environment_says_nothing(monkeypatch, home):
    for name in ("USER", "LOGNAME", "SUDO_USER", "SUDO_UID"):
        monkeypatch.setenv(name, "0" if name.endswith("UID") else "superintendent")
    place = DistrictHome(home)
    assert who_asks(place, load_settings(place)).user_name != "superintendent"


def test_a_command_refuses_by_the_groups_of_the_settings(home):
    # a temporary owner of the process has at least its own group
    mine = [grp.getgrgid(gid).gr_name for gid in os.getgroups() or [os.getgid()]]
    settings_file = DistrictHome(home).settings_file
    text = settings_file.read_text(encoding="utf-8")

    def verified(groups):
        said = f"\n[roles]\noperator = {groups}\n".replace("'", '"')
        settings_file.write_text(text.replace("\n[roles]\n", said, 1))
        return schoolbell("audit", "verify", "--home", home)

    assert verified(mine).code == 0
    refused = verified(["nobody-has-this"])
    assert refused.code == 77
    assert "no role" in refused.err
