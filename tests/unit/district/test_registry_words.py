"""Words of the registry: found however written, reported where no one knows them."""

import polars as pl
import pytest

from pipelines.registry.csv_files import key_of, word_key
from pipelines.registry.frames import FILES
from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import export_of


@pytest.mark.parametrize(
    "written",
    ["proxy_avoidance", "Proxy Avoidance", "proxy-avoidance", "PROXY/avoidance"],
)
def test_signs_between_words_are_spaces(written):
    assert word_key(written) == "proxy avoidance"
    assert pl.select(key_of(pl.lit(written))).item() == "proxy avoidance"


@pytest.mark.parametrize("written", ["proxy_avoidance", "Proxy-Avoidance"])
def test_a_category_is_found_however_it_is_written(load, written):
    registry = load({"site_categories.csv": f"domain,category,source\nb.example,{written},x\n"})
    frame = registry.frames["site_categories"].filter(domain="b.example")
    assert frame["category"].to_list() == ["circumvention"]
    assert not [one for one in registry.problems if one.file == "site_categories.csv"]


def test_an_unknown_category_is_told_once_with_its_rows_and_the_nearest(load):
    rows = "".join(f"b{n}.example,streeming,x\n" for n in range(30))
    registry = load({"site_categories.csv": f"domain,category,source\n{rows}"})
    (told,) = [one for one in registry.problems if one.file == "site_categories.csv"]
    assert told.severity == "notice"
    assert "(30 rows)" in told.what
    assert "did you mean streaming?" in told.allowed
    assert registry.frames["site_categories"].filter(category="streeming").height == 30


def test_a_word_of_another_meaning_is_no_guess(load):
    """ "Society" was offered as "social": it made the union's site a social network."""
    registry = load({"site_categories.csv": "domain,category,source\nb.example,Society,x\n"})
    (told,) = [one for one in registry.problems if one.file == "site_categories.csv"]
    assert "did you mean" not in told.allowed
    assert "Say it under [registry.categories]" in told.allowed


def test_a_closed_word_is_read_with_other_signs(load):
    registry = load(
        {"accounts.csv": "username,account_type,approved_shared\nfront,Role-Shared,true\n"}
    )
    assert not registry.errors
    assert "role_shared" in registry.frames["accounts"]["account_type"].to_list()


def test_an_unknown_role_is_told_once_with_its_rows_and_the_nearest(load):
    header = "sourcedId,status,orgSourcedIds,role,username,givenName,familyName\n"
    rows = "".join(f"p{n},active,o-1,teecher,u{n},A,B\n" for n in range(30))
    registry = load({"users.csv": header + rows})
    (told,) = [one for one in registry.problems if one.column == "role"]
    assert "(30 rows)" in told.what
    assert "did you mean teacher?" in told.allowed


def test_a_role_is_read_with_other_signs(load):
    header = "sourcedId,status,orgSourcedIds,role,username,givenName,familyName\n"
    registry = load({"users.csv": f"{header}p1,active,o-1,District Administrator,u1,A,B\n"})
    assert registry.frames["people"]["is_staff"].to_list() == [True]


@pytest.mark.parametrize("name", sorted(FILES))
def test_setup_recognizes_the_skeleton_of_each_registry_file(name):
    header = tuple(column for column, cell in FILES[name].columns.items() if cell.shipped)
    found = export_of(Sheet(f"exports/{name}", header, ()), {})
    assert found is not None
    assert found.into == name
