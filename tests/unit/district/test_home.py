"""A home is made once, and completed without touching what is there."""

import tomllib

from pipelines.registry.frames import FILES
from pipelines.registry.new_home import create
from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings


def test_a_new_home_loads_without_a_problem(tmp_path):
    home = create(tmp_path / "home", name='The "Sample" Schools', zone="UTC")
    settings = load_settings(home)
    registry = load_registry(home, settings)
    assert settings.district.name == 'The "Sample" Schools'
    assert not registry.problems
    assert set(FILES) | {"users.csv", "orgs.csv"} == set(registry.missing)


def test_every_example_row_is_a_good_row(tmp_path):
    home = create(tmp_path / "home", account_domains=("EXAMPLE", "school.example"))
    for path in home.registry.glob("*.csv"):
        path.write_text(path.read_text().replace("\n# ", "\n"))
    registry = load_registry(home, load_settings(home))
    assert not registry.problems
    assert not registry.missing
    empty = {name for name, frame in registry.frames.items() if frame.is_empty()}
    # rules state their own clauses; one approved site is no complete list; lists are fetched
    assert empty == {"bad_hosts", "detection_clauses", "site_list"}


def test_every_shown_setting_may_be_switched_on(tmp_path):
    home = create(tmp_path / "home")
    text = home.settings_file.read_text()
    lines = [
        line.removeprefix("# ") if " = " in line or "[" in line else line
        for line in text.splitlines()
    ]
    meaning = [line for line in lines if line.startswith("# ")]
    said = "\n".join(line for line in lines if line not in meaning)
    kept = [line for line in said.splitlines() if "=" in line or line.startswith("[")]
    home.settings_file.write_text("\n".join(_toml_only(kept)))
    settings = load_settings(home)
    assert settings.sources["proxy"].format == "squid_access"
    assert settings.detections["SA-1"].parameters == {"gap_minutes": 30}
    assert settings.alerts.channels["director"].type == "smtp"


def _toml_only(lines):
    """Drop sentences that happen to hold a sign of TOML."""
    for line in lines:
        try:
            tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            continue
        yield line


def test_a_second_run_changes_nothing(tmp_path):
    home = create(tmp_path / "home")
    key = home.key_file.read_bytes()
    home.settings_file.write_text("# mine")
    (home.registry / "leave.csv").unlink()
    again = create(tmp_path / "home", name="Another")
    assert again == DistrictHome(tmp_path / "home")
    assert again.key_file.read_bytes() == key
    assert again.settings_file.read_text() == "# mine"
    assert (again.registry / "leave.csv").is_file()


def test_keys_and_logs_are_for_the_owner_alone(tmp_path):
    home = create(tmp_path / "home")
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (home.path, home.keys, home.key_file, home.landing, home.lake)
    }
    assert len(home.key_file.read_bytes()) == 32
    assert modes == {
        "home": 0o750,
        "keys": 0o700,
        "pseudonyms.key": 0o600,
        "landing": 0o700,
        "lake": 0o700,
    }
