"""What an agency says is below what each district says itself."""

import grp
import json
import os

import pytest

from pipelines.district import open_district
from pipelines.errors import SettingsError
from pipelines.operations.agency_layer import sound_layer
from pipelines.registry.new_home import create
from pipelines.registry.policy import default_policy
from tests.journey.commands import schoolbell

HEAD = "entry_id,pattern,match,roles,consent_by,valid_from,class\n"
SHARED = "A-1,learn.example.org,domain,all,agency,2026-08-01,sanctioned\n"
BOTH = "A-2,maps.example.org,domain,all,agency,2026-08-01,sanctioned\n"


@pytest.fixture
def layer(tmp_path):
    folder = tmp_path / "layer"
    folder.mkdir()
    (folder / "layer.toml").write_text('name = "Example Agency"\nversion = "2026-11"\n')
    (folder / "rules.toml").write_text(
        '[detections.SA-1]\nturns = 5\nregulation = "R-1"\n[detections.NA-1]\nenabled = false\n'
    )
    (folder / "approved_sites.csv").write_text(HEAD + SHARED + BOTH)
    return folder


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home").path


def test_a_districts_own_words_stand(home, layer):
    own = home / "district.toml"
    named = "\n[detections.account_on_two_campuses]\nturns = 7\n"
    own.write_text(own.read_text() + named)
    sites = home / "registry" / "approved_sites.csv"
    sites.write_text(HEAD + BOTH.replace("agency", "district"))
    assert schoolbell("layer", "take", layer, "--home", home).code == 0
    with open_district(home) as district:
        said = district.said_of_rules
        assert district.parameters["SA-1"]["turns"] == 7
        assert said["SA-1"].regulation == "R-1"
        assert said["NA-1"].enabled is False
        rows = district.registry.frames["approved_sites"]
        granted = dict(rows.select("entry_id", "consent_by").iter_rows())
        assert granted == {"A-1": "agency", "A-2": "district"}
        assert not district.registry.errors
    told = schoolbell("layer", "diff", "--home", home).out
    assert "A-2: consent_by: agency 'agency', here 'district'" in told


def test_it_is_taken_once_and_noted_in_the_chain(home, layer):
    for _ in range(2):
        assert schoolbell("layer", "take", layer, "--home", home).code == 0
    shown = schoolbell("audit", "show", "--home", home, "--json").out.splitlines()
    acts = [json.loads(line)["action"] for line in shown]
    assert acts.count("agency layer") == 1
    with open_district(home) as district:
        before = district.settings_hash, district.registry.version
    (layer / "rules.toml").unlink()
    assert schoolbell("layer", "take", layer, "--home", home).code == 0
    with open_district(home) as district:
        assert not district.settings.agency
        assert district.settings_hash != before[0]
    assert schoolbell("layer", "drop", "--home", home).code == 0
    assert "no layer" in schoolbell("layer", "show", "--home", home).out
    with open_district(home) as district:
        assert district.registry.frames["approved_sites"].is_empty()


def test_what_was_cut_off_is_finished_by_taking_it_again(home, layer, monkeypatch):
    from pipelines.operations import agency_layer as module

    put, left = module.put, 2

    def cut(*given):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        put(*given)

    monkeypatch.setattr(module, "put", cut)
    with open_district(home) as district, pytest.raises(KeyboardInterrupt):
        module.take(district.store, district.home, layer, "somebody")
    monkeypatch.undo()
    assert schoolbell("layer", "take", layer, "--home", home).code == 0
    with open_district(home) as district:
        held = module.read_layer(district.home.agency)
    assert held.digest == sound_layer(layer).digest


def test_a_shipped_policy_gives_way_and_a_districts_own_does_not(home, layer):
    (layer / "policy.toml").write_bytes(
        default_policy().replace(b'title = "', b'title = "Agency: ', 1)
    )
    schoolbell("layer", "take", layer, "--home", home)
    with open_district(home) as district:
        titles = district.registry.frames["clauses"]["title"]
    assert titles[0].startswith("Agency: ")
    own = home / "registry" / "policy.toml"
    own.write_bytes(default_policy().replace(b'paraphrase = "', b'paraphrase = "X ', 1))
    with open_district(home) as district:
        clauses = district.registry.frames["clauses"]
    assert not clauses["title"][0].startswith("Agency: ")
    assert "policy.toml: " in schoolbell("layer", "diff", "--home", home).out


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("people.csv", "a\n", "is not a file of an overlay"),
        ("rules.toml", "[detections.ZZ-9]\nturns = 1\n", "this rule does not exist"),
        ("rules.toml", "[detections.SA-1]\nturns = 10000\n", "must be a whole number, at least"),
        ("rules.toml", "[detections.SA-1]\nspeed = 1\n", "not have this parameter"),
        ("rules.toml", "[detections\n", "is not TOML"),
        ("rules.toml", "[roles]\n", "rules.toml"),
        ("layer.toml", 'name = "A"\n', "version"),
        ("policy.toml", "[[clauses]]\n", "clause ?"),
        ("approved_sites.csv", HEAD + "A,x.example,none,,,2026-08-01,\n", "match"),
    ],
)
def test_a_layer_with_a_mistake_is_not_taken(home, layer, name, text, told):
    (layer / name).write_text(text)
    refused = schoolbell("layer", "take", layer, "--home", home)
    assert refused.code == 2
    assert told in refused.err
    assert not (home / "registry" / "agency").exists()


def test_agency_staff_see_persons_by_a_grant_that_is_in_force(home):
    mine = [grp.getgrgid(gid).gr_name for gid in os.getgroups() or [os.getgid()]]
    own = home / "district.toml"
    text = own.read_text().replace(
        "\n[roles]\n",
        f"\n[roles]\ndirector = {json.dumps(mine)}\nagency = {json.dumps(mine)}\n",
        1,
    )
    own.write_text(text)
    from pipelines.cli.options import whose_login

    login = whose_login().split(" ")[0]
    consents = home / "registry" / "consents.csv"
    head = "consent_id,type,grantor,grantor_role,subject,what,valid_from,valid_to\n"

    def asked(last, kind="h", office="superintendent"):
        row = f"C-1,{kind},p-1,{office},{login},help with findings,2026-01-01,{last}\n"
        consents.write_text(head + row)
        return schoolbell("findings", "list", "--home", home).code

    assert asked("2100-01-01") == 0
    assert asked("2020-01-01") == 77
    assert asked("") == 77
    assert asked("2100-01-01", kind="g") == 77
    assert asked("2100-01-01", office="director") == 77
    assert schoolbell("audit", "verify", "--home", home).code == 0


def test_no_folder_is_told(tmp_path):
    with pytest.raises(SettingsError, match="folder does not exist"):
        sound_layer(tmp_path / "nowhere")
