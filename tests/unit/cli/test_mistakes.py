"""Sixty typical mistakes: each reported with its place, what is allowed, what to write."""

import json

import pytest

from pipelines.district import open_district
from pipelines.operations.settings_check import unknown_rules, wrong_in
from pipelines.registry.new_home import create
from pipelines.settings.problems import InvalidSettingsError
from pipelines.settings.toml_reader import parse_settings
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell
from tests.unit.cli.mistakes import FORM, HEAD, MEANING, NOTICES, REGISTRY, ROSTER


def written(text, problem):
    """Return the file with the line to paste in place of the one that is named."""
    lines = text.splitlines()
    at = problem.line - 1 if "missing" not in problem.what else problem.line
    lines[at : problem.line] = [problem.paste]
    return "\n".join(lines) + "\n"


def of_form(text):
    try:
        parse_settings(text.encode())
    except InvalidSettingsError as error:
        return error.problems
    return ()


def is_whole(problem):
    is_missing = "missing" in problem.what
    return problem.allowed and problem.paste and (problem.value or is_missing)


@pytest.mark.parametrize("text", FORM)
def test_a_mistake_of_form(text):
    line, key = FORM[text]
    problems = of_form(HEAD + text)
    (problem,) = [one for one in problems if (one.line, one.column) == (line, key)]
    assert problem.file == "district.toml"
    assert is_whole(problem), problem
    left = of_form(written(HEAD + text, problem))
    assert problem.what not in [one.what for one in left if one.column == key]
    assert "hunter2" not in str(problem)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = create(tmp_path_factory.mktemp("mistakes") / "home")
    (made.landing / "proxy").mkdir()
    return made


def of_meaning(home, text):
    home.settings_file.write_text(text)
    with open_district(home.path) as district:
        in_settings = [one for one in district.registry.problems if one.file == "district.toml"]
        return [*wrong_in(district), *in_settings]


@pytest.mark.parametrize("text", MEANING)
def test_a_mistake_of_meaning(text, home):
    line, key = MEANING[text]
    problems = of_meaning(home, HEAD + text)
    (problem,) = [one for one in problems if (one.line, one.column) == (line, key)]
    assert is_whole(problem), problem
    left = of_meaning(home, written(HEAD + text, problem))
    assert (key, problem.value) not in [(one.column, one.value) for one in left]
    assert "hunter2" not in str(problem)


def check(home):
    done = schoolbell("check", "--home", home.path, "--json")
    return done.code, [json.loads(line) for line in done.out.splitlines()]


def registry(home, files):
    home.settings_file.write_text(HEAD)
    (home.registry / "users.csv").write_text(ROSTER)
    for name, (text, _) in files.items():
        (home.registry / name).write_text(text)


def test_mistakes_in_the_registry(tmp_path):
    home = create(tmp_path / "home")
    registry(home, REGISTRY)
    code, told = check(home)
    found = {(one["file"], one["line"], one["column"]): one for one in told}
    assert code == 2
    for name, (text, mistakes) in REGISTRY.items():
        lines = text.splitlines()
        for (line, column), paste in mistakes.items():
            one = found[name, line, column]
            assert one["paste"].replace(",", ";") == paste.replace(",", ";")
            assert one["allowed"]
            lines[line - 1] = paste
        (home.registry / name).write_text("\n".join(lines) + "\n")
    again = {(one["file"], one["line"], one["column"]) for one in check(home)[1]}
    mended = {
        (name, *place)
        for name, (_, mistakes) in REGISTRY.items()
        for place in mistakes
        if (name, place) != ("calendar.csv", (4, "duty_start"))
    }
    assert not again & mended  # of two in one row, one at a time


def test_rows_that_come_to_nothing(tmp_path):
    home = create(tmp_path / "home")
    files = {"buildings.csv": ("org_id,building\norg-hs,HS\n", ()), **NOTICES}
    registry(home, files)
    code, told = check(home)
    found = {(one["file"], one["line"], one["column"]): one for one in told}
    assert code == 0
    for name, (_, (line, column, paste)) in NOTICES.items():
        assert found[name, line, column]["paste"] == paste
        assert found[name, line, column]["severity"] == "notice"
    file = home.registry / "exceptions.csv"
    file.write_text(
        file.read_text() + file.read_text().splitlines()[1].replace("X-1,SA-12", "X-2,SA-1")
    )
    home.settings_file.write_text(HEAD + "[detections.SA-1]\nenabled = false\n")
    with open_district(home.path) as district:  # a rule that is off is one all the same
        assert [one.value for one in unknown_rules(district.home, district.registry)] == ["SA-12"]


def test_the_table_is_long_enough():
    of_registry = sum(len(mistakes) for _, mistakes in REGISTRY.values())
    assert len(FORM) + len(MEANING) + of_registry + len(NOTICES) >= 80


def test_the_command_tells_a_mistake_of_form_to_machines(tmp_path):
    home = create(tmp_path / "home")
    home.settings_file.write_text(HEAD + '[report]\npdf = "yes"\n')
    code, told = check(home)
    assert code == 2
    assert told[0]["column"] == "report.pdf"
    assert told[0]["paste"] == "pdf = true"


SAMPLES = sorted((REPO_ROOT / "tests" / "formats").glob("*/options.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_options_that_a_format_takes_are_in_order_and_a_slip_is_told(home, path):
    given = json.loads(path.read_text()).get("options", {})
    assert faults(home, path.parent.name, given) == []
    slip = "x_" + next(iter(given), "option")
    assert faults(home, path.parent.name, given | {slip: "1"})


def faults(home, name, options):
    said = "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items())
    text = f'[sources.proxy]\nformat = "{name}"\n[sources.proxy.options]\n{said}'
    home.settings_file.write_text(HEAD + text)
    with open_district(home.path) as district:
        return [one.column for one in wrong_in(district)]
