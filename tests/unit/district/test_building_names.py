"""Buildings go by their names in reports, and by codes everywhere before."""

import json
from dataclasses import replace

import polars as pl

from pipelines.registry.csv_files import read_file
from pipelines.registry.frames import FILES
from pipelines.registry.registry import Registry, building_names
from pipelines.registry.roster import ORGS
from pipelines.registry.tables.buildings import buildings
from pipelines.reports.editions import editions
from pipelines.reports.snapshot_inputs import with_building_names
from tests.sections.fixtures import busy

ROSTER = b"sourcedId,status,name,type,identifier,parentSourcedId\n"
ROSTER += b"o-1,active,Sample High,school,HS,\no-2,active,Sample Middle,school,MS,\n"
PLACES = b"org_id,building,name\no-1,HS,\no-2,MS,Middle School\n,BARN,\n"


def frame(places, roster=ROSTER):
    def read(data, file):
        return read_file(data, file, {}, 100)

    return buildings(read(places, FILES["buildings.csv"]), read(roster, ORGS)).frame


def test_a_name_comes_from_the_row_or_from_the_roster():
    found = dict(frame(PLACES).select("building", "name").iter_rows())
    assert found == {"HS": "Sample High", "MS": "Middle School", "BARN": None}
    alone = dict(frame(b"").select("building", "name").iter_rows())
    assert alone == {"HS": "Sample High", "MS": "Sample Middle"}


def test_two_of_one_name_keep_their_codes():
    twice = frame(PLACES.replace(b"Middle School", b"Sample High"))
    names = building_names(Registry({"buildings": twice}))
    assert names == {"HS": "Sample High (HS)", "MS": "Sample High (MS)"}


def test_every_frame_and_sentence_calls_them_so():
    plain = busy()
    codes = sorted(plain.school_days["building"].unique())
    names = {code: f"School {number}" for number, code in enumerate(codes)}
    record = json.loads(plain.findings["record"][0])
    record.setdefault("measures", {})["buildings"] = codes[:2]
    claim = f"Account falcon-27 was in use at {codes[0]} and {codes[1]} in turns."
    first = pl.arange(pl.len()) == 0
    given = with_building_names(said_of(plain, first, claim, json.dumps(record)), names)
    assert given.findings["claim"][0] == (
        "Account falcon-27 was in use at School 0 and School 1 in turns."
    )
    said = json.loads(given.findings["record"][0])
    assert said["measures"]["buildings"] == ["School 0", "School 1"]
    for frame in (given.school_days, given.evidence, given.daily_use, given.off_hours):
        assert not set(frame["building"].drop_nulls()) & set(codes)
    assert given.findings["claim"][1:].equals(plain.findings["claim"][1:])
    folders = {one.name for one in editions(given, ["principal"])}
    assert folders == {one.name for one in editions(plain, ["principal"])}
    labels = {one.label for one in editions(given, ["principal"])}
    assert any("School 0" in one for one in labels)


def said_of(inputs, where, claim, record):
    changed = inputs.findings.with_columns(
        claim=pl.when(where).then(pl.lit(claim)).otherwise("claim"),
        record=pl.when(where).then(pl.lit(record)).otherwise("record"),
    )
    return replace(inputs, findings=changed)


def test_what_no_network_places_is_in_no_known_building():
    plain = busy()
    away = plain.daily_use.with_columns(building=pl.lit("elsewhere"))
    given = with_building_names(replace(plain, daily_use=away), {})
    assert set(given.daily_use["building"]) == {"no known building"}
