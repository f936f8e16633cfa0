"""Every mistake in `district.toml` is reported at the same time, where it is and how to mend it."""

import pytest

from pipelines.alerts.channels import channels, prepared
from pipelines.errors import SettingsError
from pipelines.registry.new_home import Answers, settings_text
from pipelines.settings.alert_settings import Alerts, Channel
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import InvalidSettingsError
from pipelines.settings.toml_reader import load_settings, parse_settings
from pipelines.settings.toml_text import key_lines

HEAD = '[district]\nname = "Sample Schools"\nzone = "America/Chicago"\n'


def told(text):
    with pytest.raises(InvalidSettingsError) as caught:
        parse_settings(text.encode() if isinstance(text, str) else text)
    return caught.value.problems


def test_the_smallest_file_is_enough():
    settings = parse_settings(HEAD.encode())
    assert settings.district.zone == "America/Chicago"
    assert settings.sources == {}
    assert settings.limits.memory_mb == 512


def test_keys_that_only_others_know_are_gathered():
    settings = parse_settings(
        (
            HEAD
            + '[detections.SA-1]\nregulation = "713-R1"\ngap_minutes = 20\n'
            + '[alerts.channels.mail]\ntype = "smtp"\n'
            + 'host = "mail.school.example"\npassword = { env = "POST" }\n'
        ).encode()
    )
    assert settings.detections["SA-1"].parameters == {"gap_minutes": 20}
    mail = settings.alerts.channels["mail"]
    assert mail.settings["password"] == {"env": "POST"}


CASES = [
    # what is written below HEAD, line, key, part of the message, line to paste
    ("[district2]\n", 4, "district2", "did you mean district?", ""),
    (
        "[report]\ntitle = 3\n",
        5,
        "report.title",
        "text in quotes",
        'title = "Network use, week by week"',
    ),
    (
        "[report]\ntitel = 'x'\n",
        5,
        "report.titel",
        "did you mean title?",
        "title = 'x'",
    ),
    (
        "[alerts]\nrecipients = 'x'\n",
        5,
        "alerts.recipients",
        "a list",
        "recipients = [",
    ),
    (
        "[report]\nsections_off = [1]\n",
        5,
        "report.sections_off",
        "text",
        "sections_off",
    ),
    ("[limits]\nmemory_mb = 2000000\n", 5, "limits.memory_mb", "to 1,000,000", "512"),
    ("[limits]\nmemory_mb = 900.5\n", 5, "limits.memory_mb", "whole number", "512"),
    ("[limits]\nmemory_mb = '900'\n", 5, "limits.memory_mb", "whole number", "512"),
    ("[limits]\nreject_share = 2\n", 5, "limits.reject_share", "from 0 to 1", "0.05"),
    ("[limits]\nmemory_mb = 1\n", 5, "limits.memory_mb", "from 256", "512"),
    ("[limits]\nmemory = 900\n", 5, "limits.memory", "memory_mb", "memory_mb = 900"),
    (
        "[sources.p]\nfromat = 'x'\n",
        5,
        "sources.p.fromat",
        "mean format?",
        "format = 'x'",
    ),
    ("[sources.p]\nzone = 'CST'\n", 5, "sources.p.zone", "not a time zone", "America"),
    (
        "[sources.p]\npath = '../x'\n",
        5,
        "sources.p.path",
        "not a path",
        "landing/proxy",
    ),
    ("[sources.p]\npath = ''\n", 5, "sources.p.path", "not a path", "landing/proxy"),
    (
        "[sources.p]\noptions = { a = 1 }\n",
        5,
        "sources.p.options",
        "text in quotes",
        "",
    ),
    ("[sources]\np = 'landing'\n", 5, "sources.p", "a table", ""),
    ("sources = 3\n", 4, "district.sources", "unknown key", ""),
    ("[alerts]\nquiet = 1\n", 5, "alerts.quiet", "unknown key", ""),
    (
        "[alerts.channels.m]\nenabled = true\n",
        4,
        "alerts.channels.m.type",
        "missing",
        'type = "smtp"',
    ),
    (
        "[registry]\ncalendar_words = { Flex = 'off' }\n",
        5,
        "registry.calendar_words",
        '"school"',
        "calendar_words",
    ),
    ("[registry.columns]\n'devices.csv' = 'x'\n", 5, "registry.columns", "a table", ""),
    (
        "[detections.SA-1]\nenabled = 'no'\n",
        5,
        "detections.SA-1.enabled",
        "true or false",
        "enabled = true",
    ),
    (
        "[detections.SA-1]\napproved_on = '2026-08-01'\n",
        5,
        "detections.SA-1.approved_on",
        "without quotes",
        "approved_on = 2026-08-01",
    ),
    (
        "[detections.SA-1]\napprover = 'superintendent'\n",
        5,
        "detections.SA-1.approver",
        "requires a regulation",
        'regulation = "713-R1"',
    ),
    (
        "[detections.SA-1]\nturns = [5]\n",
        5,
        "detections.SA-1.turns",
        "must be one number",
        "# turns =",
    ),
]


@pytest.mark.parametrize(("text", "line", "key", "part", "paste"), CASES)
def test_a_mistake_is_told_with_its_place_and_remedy(text, line, key, part, paste):
    (problem,) = told(HEAD + text)
    assert (problem.line, problem.column) == (line, key)
    assert part in str(problem)
    assert paste in problem.paste
    assert problem.file == "district.toml"


GONE = [
    "[sources.p]\nencoding = 'utf-8'",
    "[report]\nrecipients = ['a@school.example']",
    "[limits]\nworkers = 2",
]


@pytest.mark.parametrize("text", GONE)
def test_a_key_that_would_do_nothing_is_unknown(text):
    whole = HEAD + text.removeprefix("[district]\n") + "\n"
    (problem,) = told(whole)
    assert "unknown key" in str(problem)


def test_the_example_of_a_channel_is_a_channel_that_exists():
    kind, given = (Channel.model_fields[one] for one in ("type", "settings"))
    channel = Channel(type=kind.examples[0], settings=given.examples[0])
    assert prepared("director", channel.type, channel.settings)
    named = kind.description.removeprefix("kind of channel: ").partition(" or ")[0]
    assert set(named.split(", ")) <= set(channels())
    allowed = Alerts.model_fields["recipients"].examples[0]
    assert channel.settings["recipients"] == allowed


def test_a_new_file_names_the_command_that_checks_it():
    text = settings_text(Answers(name="Sample"))
    assert "# Check: schoolbell check\n" in text


def test_what_is_missing_is_told():
    problems = told("[report]\n")
    assert [problem.column for problem in problems] == ["district"]
    (zone,) = told('[district]\nname = "x"\n')
    assert "zone" in str(zone)
    assert zone.paste == 'zone = "America/Chicago"'


WHO = "audience = ['director']\n"
CONDUCT = f"[alerts.routes.x]\nabout = 'conduct'\nwhen = 'at_once'\n{WHO}"
LEADS = f"[alerts.routes.x]\nabout = 'health'\nconfidence = 'C1'\nwhen = 'daily'\n{WHO}"
NOBODY = "[alerts.routes.x]\nabout = 'health'\nwhen = 'daily'\naudience = []\n"
CHAT = "[alerts.channels.m]\ntype = 'chat'\nurls = 'json://x'\n"
ALERTS = [
    (CONDUCT, "weekly list"),
    (LEADS, "C2"),
    (NOBODY, "audience"),
    ("[alerts]\nescalate_to = 'nobody'\n", "is not a channel of this district"),
    ("[alerts]\nsecurity_rules = ['SA-1']\n", "security_rules"),
    (CHAT, "must be a reference"),
]


@pytest.mark.parametrize(("text", "part"), ALERTS)
def test_what_no_alert_may_do(text, part):
    problems = told(HEAD + text)
    assert part in " ".join(map(str, problems))


def test_all_mistakes_come_at_once_in_order():
    text = HEAD + "[report]\ntitle = 1\ntitel = 1\n[limits]\nmemory_mb = 0\n"
    assert [problem.line for problem in told(text)] == [5, 6, 8]


def test_a_secret_in_the_file_is_refused_and_not_repeated():
    text = HEAD + '[alerts.channels.m]\ntype = "smtp"\npassword = "hunter2"\n'
    (problem,) = told(text)
    assert "must be a reference" in str(problem)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + "title = week\n", 4),
        (HEAD + "[report\n", 4),
        (HEAD + "a = 1\na = 2\n", 5),
        (HEAD + 'x = "no end\n', 4),
        (HEAD + "x = [1,\n", 4),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text, line):
    (problem,) = told(text)
    assert "is not TOML" in str(problem)
    assert problem.line == line


def test_another_encoding_is_told_with_its_line():
    (problem,) = told(HEAD.encode() + b"# caf\xe9\n")
    assert problem.line == 4
    assert "UTF-8" in str(problem)


def test_a_message_can_not_steer_a_terminal():
    text = HEAD + '[sources.p]\nzone = "\\u001b[2J\\u202e"\n'
    assert "\x1b" not in str(told(text)[0])
    assert "\u202e" not in str(told(text)[0])


def test_no_file_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="schoolbell init"):
        load_settings(DistrictHome(tmp_path))


def test_lines_of_dotted_and_quoted_keys_are_found():
    text = '[a."b.c"]\nd.e = 1\n"f g" = 2\n\n[x]\ny = 3\n'
    assert key_lines(text) == {
        ("a", "b.c"): 1,
        ("a", "b.c", "d", "e"): 2,
        ("a", "b.c", "f g"): 3,
        ("x",): 5,
        ("x", "y"): 6,
    }
