"""Commands about a home: it is made once, and what is wrong in it is reported."""

import re

import pytest

from tests.journey.commands import schoolbell


def test_a_new_home_is_in_order(tmp_path):
    made = schoolbell("init", tmp_path / "home", "--name", "Sample Schools")
    assert made.code == 0
    assert "schoolbell run" in made.out
    assert "Sample Schools" in (tmp_path / "home" / "district.toml").read_text()
    checked = schoolbell("check", "--home", tmp_path / "home")
    assert checked.code == 0
    assert "rows are valid" in checked.out


ONE = {
    "users.csv": "sourcedId,username,role\np-1,jpark,teacher\n",
    "subnets.csv": "cidr,building,kind\n10.0.0.0/24,HS,wired\n",
}


def test_a_home_with_one_of_each_is_told_in_the_singular(tmp_path):
    home = tmp_path / "home"
    schoolbell("init", home, "--yes")
    for name, text in ONE.items():
        (home / "registry" / name).write_text(text)
    (home / "landing" / "proxy").mkdir()
    (home / "landing" / "proxy" / "notes.txt").write_text("hello\n")
    assert schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0).code < 2
    said = schoolbell("doctor", "--home", home).out
    assert "1 account is known" in said
    assert "1 network is known" in said
    assert "not read completely: 1 file; proxy/notes.txt: " in said
    assert said.count("proxy/notes.txt: ") == 1
    assert "\\n" not in said
    assert not re.findall(r"\b1 \w+s (?:are|were|wait|have|name)\b", said)


def test_init_keeps_what_is_there(home):
    settings = home / "district.toml"
    settings.write_text(settings.read_text() + "# ours\n")
    key = (home / "keys" / "pseudonyms.key").read_bytes()
    assert schoolbell("init", home).code == 0
    assert settings.read_text().endswith("# ours\n")
    assert (home / "keys" / "pseudonyms.key").read_bytes() == key


def test_a_home_in_the_place_of_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    done = schoolbell("init", tmp_path / "file")
    assert done.code == 1
    assert str(tmp_path / "file") in done.err
    assert "Check the path" in done.err


@pytest.mark.parametrize("command", ["check", "run", "status", "ingest"])
def test_a_home_that_is_not_there(tmp_path, command):
    done = schoolbell(command, "--home", tmp_path / "nowhere")
    assert done.code == 2
    assert str(tmp_path / "nowhere" / "district.toml") in done.err
    assert "schoolbell init" in done.err
    assert not (tmp_path / "nowhere").exists()


def test_no_home_given(monkeypatch):
    monkeypatch.delenv("SCHOOLBELL_HOME", raising=False)
    done = schoolbell("run")
    assert done.code == 2
    assert "SCHOOLBELL_HOME" in done.err


def test_a_broken_registry_row(home):
    with (home / "registry" / "subnets.csv").open("a") as file:
        file.write("10.4.0.0/16,HS,wired\nnot-a-network,HS,wired\n")
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert "subnets.csv:4: cidr" in done.out
    assert "'not-a-network'" in done.out
    assert "allowed: 10.20.0.0/16" in done.out


SETTINGS = {
    "an_unknown_key": (
        ("[report]\n", "[report]\ntitel = 'x'\n"),
        ("report.titel", "did you mean title?"),
    ),
    "no_toml": (("[report]\n", "[report\n"), ("is not TOML",)),
    "a_value_out_of_bounds": (
        ("[limits]\n", "[limits]\nmemory_mb = 1\n"),
        ("limits.memory_mb", "must be a whole number from 256", "found"),
    ),
    "a_secret_in_the_clear": (
        (
            "[limits]\n",
            '[alerts.channels.mail]\ntype = "smtp"\npassword = "hunter2"\n[limits]\n',
        ),
        ("alerts.channels.mail", "reference"),
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_broken_setting(home, name, command):
    (before, after), told = SETTINGS[name]
    settings = home / "district.toml"
    assert before in settings.read_text()
    settings.write_text(settings.read_text().replace(before, after))
    done = schoolbell(command, "--home", home)
    assert done.code == 2
    assert "district.toml:" in done.err
    for words in told:
        assert words in done.err
    assert "hunter2" not in done.err


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_section_that_does_not_exist(home, command):
    settings = home / "district.toml"
    said = settings.read_text()
    before = "[report]\n"
    settings.write_text(said.replace(before, f'{before}sections_off = ["trend", "trends"]\n'))
    done = schoolbell(command, "--home", home)
    told = done.out + done.err
    assert done.code == 2
    assert "there is no section 'trends'" in told
    assert "sections_off" in told
    assert "trend, " in told
    assert "Traceback" not in told
    settings.write_text(said.replace(before, f'{before}sections_off = ["trend"]\n'))
    assert schoolbell("check", "--home", home).code == 0


def test_a_rule_is_named_by_its_code_or_its_name(home):
    settings = home / "district.toml"
    before = settings.read_text()
    for name in ("SA-1", "account_on_two_campuses"):
        settings.write_text(f"{before}\n[detections.{name}]\nturns = 6\n")
        assert schoolbell("check", "--home", home).code == 0


def test_the_version():
    done = schoolbell("--version")
    assert done.code == 0
    assert done.out.strip()[0].isdigit()


def test_a_mail_password_without_tls_is_told_with_the_line_to_write(home, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    settings = home / "district.toml"
    text = settings.read_text() + (
        '\n[alerts.channels.post]\ntype = "smtp"\nhost = "mail.school.example"\n'
        'sender = "a@school.example"\nrecipients = ["b@school.example"]\n'
        'user = "a"\ntls = false\n'
        f'password = {{ file = "{secret}" }}\n'
    )
    settings.write_text(text)
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert "would be sent over the network unencrypted" in done.out
    assert "\n  tls = true\n" in done.out
    assert "hunter2" not in done.out
