"""Every command teaches itself, fails in words, and shows machines what it found."""

import json
import os
import pwd
import shlex

import pytest
import typer

from pipelines.cli import console
from pipelines.cli.app import app
from pipelines.registry.new_home import create
from tests.journey.commands import schoolbell
from tests.unit.test_own_rules import FILE, RULE

WITHOUT_JSON: dict[str, str] = {"receive": "rsyslog reads its answers"}
"""Commands that tell machines nothing, with the reason."""


def walked(group, path=()):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from walked(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


COMMANDS = dict(walked(typer.main.get_command(app)))
each_command = pytest.mark.parametrize("name", COMMANDS)


@each_command
def test_help_teaches(name):
    command = COMMANDS[name]
    done = schoolbell(*name.split(), "--help")
    assert done.code == 0
    assert command.help
    assert command.help.strip()[0].isupper()
    assert "\x1b" not in done.out  # color is for terminals
    for option in command.params:
        if option.opts != ["--help"]:
            assert getattr(option, "help", ""), (name, option.opts)


@each_command
def test_an_option_that_is_none_is_told(name):
    done = schoolbell(*name.split(), "--no-such-option")
    assert done.code == 2
    assert "--no-such-option" in done.err


@each_command
def test_facts_come_as_json_too(name):
    options = {one for option in COMMANDS[name].params for one in option.opts}
    assert ("--json" in options) != bool(WITHOUT_JSON.get(name))


def test_the_help_of_a_group_ends_with_an_example_that_works(district, tmp_path):
    home = district.copy(tmp_path)
    (home / "sigma").mkdir()
    (home / "detections").mkdir(exist_ok=True)
    own_rule = home / "detections" / FILE
    fleet = tmp_path / "fleet.toml"
    one = f'[homes.one]\npath = "{home.name}"\naccount = "{pwd.getpwuid(os.getuid()).pw_name}"\n'
    fleet.write_text(f'[agency]\nname = "A"\n{one}', encoding="utf-8")
    case = json.loads(schoolbell("findings", "cases", "--home", home, "--json").out.split("\n")[0])
    groups = {
        name: one
        for name, one in typer.main.get_command(app).commands.items()
        if hasattr(one, "commands")
    }
    for name, group in groups.items():
        shown = schoolbell(name, "--help").out
        example = group.epilog.removeprefix("Example: schoolbell ")
        assert " ".join(example.split()) in " ".join(shown.split())
        words = shlex.split(
            example.replace("HOME", str(home))
            .replace("fleet.toml", str(fleet))
            .replace("46-17", case["case_id"])
        )
        assert words[0] == name
        if name == "rule":
            own_rule.write_text(RULE, encoding="utf-8")
        if name == "desk":  # it serves until it is stopped
            assert group.make_context(name, words[1:], resilient_parsing=True).params
        else:
            done = schoolbell(*words)
            # 1: something needs attention, as in the home of the fleet
            assert done.code in ((0, 1) if name == "fleet" else (0,)), (words, done)
        own_rule.unlink(missing_ok=True)  # a rule that was not run keeps others from comparing


def test_the_home_may_come_before_the_command_of_a_group(tmp_path):
    """`findings --home HOME list` ended with "No such option: --home"."""
    home = create(tmp_path / "home").path
    for words in (("findings", "list"), ("hold", "list"), ("desk", "account", "list")):
        group, *rest = words
        after = schoolbell(*words, "--home", home)
        assert schoolbell(group, "--home", home, *rest) == after
        assert schoolbell(group, f"--home={home}", *rest) == after
        assert after.code == 0, after
    assert schoolbell("report", "--home", home, "readers").code == 0


def test_the_exceptions_are_commands():
    assert set(COMMANDS) >= WITHOUT_JSON.keys()


NEED_PER_HOME = sorted(
    name
    for name, command in COMMANDS.items()
    if [one.name for one in command.params if one.required] == ["home"]
    # these need more, or make the home
    and name not in ("init", "protect", "move-state", "query", "replay", "start")
)


@pytest.mark.parametrize("name", NEED_PER_HOME)
def test_a_home_that_is_not_there_is_told(name, tmp_path):
    nowhere = tmp_path / "nowhere"
    done = schoolbell(*name.split(), "--home", nowhere)
    assert done.code in (1, 2), done.out
    assert "nowhere" in done.err + done.out
    assert not nowhere.exists()


AT_ONCE = {  # what a home without a log answers, by a key of it
    "doctor": "check", "status": "state", "check": "", "findings list": "",
    "audit verify": "holds", "run": "findings", "alerts send": "new",
    "hold list": "", "hold add": "hold_id", "query": "query", "units": "files",
}  # fmt: skip
MORE = {
    "hold add": ("--from", "2026-11-02", "--to", "2026-11-08", "--reason", "counsel"),
    "units": ("--to", "units"),
    "run": ("--quiet",),
}


def test_json_is_json(tmp_path, monkeypatch):
    home = create(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    for name, key in AT_ONCE.items():
        words = (*name.split(), *MORE.get(name, ()), "--json")
        done = schoolbell(*words, "--home", home.path)
        said = [json.loads(line) for line in done.out.splitlines()]
        rows = said[0] if said and isinstance(said[0], list) else said
        assert not key or key in rows[0], (name, done)


def test_the_root_tells_exit_codes_and_variables():
    said = " ".join(schoolbell("--help").out.split())
    for word in ("75", "77", "SCHOOLBELL_HOME", "NO_COLOR", "schoolbell start"):
        assert word in said


def test_a_shell_gets_its_completion(monkeypatch):
    monkeypatch.setenv("_SCHOOLBELL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "schoolbell find")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert schoolbell().out.split() == ["findings"]


def test_work_is_shown_on_a_terminal_alone(capsys):
    with console.working("copying"):
        pass
    assert capsys.readouterr() == ("", "")


SECRET = "canary-9f3b-word"
CHANNEL = """
[alerts]
recipients = ["director@school.example"]
[alerts.channels.mail]
type = "smtp"
host = "127.0.0.1"
port = 9
timeout_seconds = 1
user = "schoolbell"
sender = "schoolbell@school.example"
recipients = ["director@school.example"]
password = { file = "%s" }
"""


def test_no_output_and_no_file_holds_a_secret(tmp_path):
    home, word = create(tmp_path / "home"), tmp_path / "word"
    word.write_text(SECRET)
    word.chmod(0o600)
    home.settings_file.write_text('[district]\nname = "Sample"\nzone = "UTC"\n' + CHANNEL % word)
    said = ""
    for words in (("check",), ("doctor",), ("status", "--alert"), ("alerts", "test")):
        done = schoolbell(*words, "--home", home.path)
        said += done.out + done.err
    assert "alerts.channels" in said or "mail" in said
    assert SECRET not in said
    for path in home.path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_name_in_brackets_is_no_color():
    """`rich` takes `[records]` for a style, and leaves it out."""
    assert "the deadline in [records] starts" in schoolbell("records", "open", "--help").out
