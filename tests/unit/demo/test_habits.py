"""A seed draws how a district does things, apart from the rules that judge it."""

import ast
from dataclasses import replace

import polars as pl
import pytest

from pipelines.formats import Context, formats
from pipelines.synthetic import browsing_sessions
from pipelines.synthetic.generate import generate
from pipelines.synthetic.habits import (
    FRIENDLY,
    RANGES,
    USUAL_PAUSE_SECONDS,
    BuildingHabits,
)
from pipelines.synthetic.places import BUILDINGS
from pipelines.warehouse.models import models
from tests.conftest import REPO_ROOT
from tests.unit.test_demo import READING, lines_of

UNITS = {
    "bytes": ("bytes", 1),
    "MB": ("bytes", 1_000_000),
    "MB sent": ("bytes", 1_000_000),
    "seconds": ("seconds", 1),
    "minutes": ("seconds", 60),
    "hours": ("seconds", 3_600),
    "": ("share", 1),
}
"""Unit of a number -> what it is measured in, and how many of those it is."""


LEAST = {"bytes": 1_000, "seconds": 60, "share": 0}
"""Smaller numbers, such as twenty seconds, meet by chance."""


def thresholds():
    """Return every threshold of a header that is a size, a time or a share."""
    found = {}
    for model in models().values():
        for name, param in model.header.params.items():
            if param.unit in UNITS and isinstance(param.default, int | float):
                base, times = UNITS[param.unit]
                if param.default * times >= LEAST[base]:
                    found[base, param.default * times] = f"{model.name}.{name}"
    return found


def habits():
    """Yield every number in the table of habits, by what it is measured in."""
    for name, drawn in RANGES.items():
        base, times = UNITS.get(drawn.unit, (drawn.unit, 1))
        yield f"{name}, least", base, drawn.least * times
        yield f"{name}, most", base, drawn.most * times
    usual = BuildingHabits()
    yield "page", "bytes", usual.page_bytes
    yield "pause", "seconds", usual.pause_seconds
    for size in (*FRIENDLY.handshake_bytes, FRIENDLY.least_page_bytes):
        yield "friendly size", "bytes", size
    for pace, (median, *_) in browsing_sessions.PACES.items():
        yield f"pace {pace}", "seconds", median
    for timer in browsing_sessions.TIMERS:
        yield f"size of {timer.host}", "bytes", timer.size


def test_no_number_of_a_habit_is_a_threshold_of_a_rule():
    known = thresholds()
    assert known["bytes", 45_000]  # else nothing is compared
    assert known["seconds", 240]
    shared = {
        f"{name} is {known[base, value]}"
        for name, base, value in habits()
        if (base, value) in known
    }
    assert shared == set()


@pytest.mark.parametrize("module", ["browsing_sessions", "habits", "writers/squid"])
def test_no_size_in_the_making_of_lines_is_a_threshold(module):
    sizes = {value for base, value in thresholds() if base == "bytes"}
    path = REPO_ROOT / "pipelines" / "synthetic" / f"{module}.py"
    written = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    }
    assert not sizes & written


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def module_file(name):
    path = REPO_ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_what_makes_a_district_reads_nothing_of_the_product():
    waiting, seen = ["pipelines.synthetic.generate"], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        source = module_file(name)
        assert "sql/" not in source.read_text()
        waiting += [one for one in imports(source) if one.startswith("pipelines.")]
    assert len(seen) > 20
    assert {name for name in seen if not name.startswith("pipelines.synthetic")} == set()


HARD = replace(
    FRIENDLY,
    buildings={
        "HS": BuildingHabits(page_bytes=160_000, name_form="domain"),
        "MS": BuildingHabits(page_bytes=9_000, decrypts=True, name_form="address"),
        "ES": BuildingHabits(pause_seconds=120, name_form="plain"),
        "DO": BuildingHabits(name_form="plain"),
    },
    pauses_end=False,
    tunnels_logged=0.0,
    firewall="filter",
    dhcp_server="windows",
    devices_unlisted=0.1,
    wrong_buildings=1,
    films_apart=True,
    lists_assets=False,
    sites_in_lists=0.6,
    spelling="underscores",
)


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    home = tmp_path_factory.mktemp("hard")
    generate(home, 7, weeks=1, people=60, habits=HARD)
    return home


@pytest.fixture(scope="module")
def friendly(tmp_path_factory):
    home = tmp_path_factory.mktemp("friendly")
    generate(home, 7, weeks=1, people=60)
    return home


PROXY = (
    r"^(?<seen>\d+)\.\d+ +\d+ 10\.(?<building>\d+)\.\S+ (?<result>\S+) (?<size>\d+)"
    r" (?<method>\S+) (?<url>\S+) (?<user>\S+) \S+ (?<mime>\S+)$"
)
NUMBERS = {"11": "HS", "12": "MS", "13": "ES", "14": "DO", "99": "away"}


def proxy_lines(home):
    files = sorted((home / "landing" / "proxy").iterdir())
    lines = pl.concat([lines_of(path).select("line") for path in files])
    fields = lines.select(pl.col("line").str.extract_groups(PROXY)).unnest("line")
    return fields.drop_nulls().with_columns(
        pl.col("building").replace_strict(NUMBERS), pl.col("size").cast(pl.Int64)
    )


def test_a_building_has_sizes_names_and_a_proxy_of_its_own(hard):
    lines = proxy_lines(hard)
    people = lines.filter(pl.col("user") != "-", ~pl.col("user").str.contains(r"\$"))
    names = {code: people.filter(pl.col("building") == code)["user"] for code in ("HS", "MS", "ES")}
    assert names["HS"].str.starts_with("SAMPLETON%5C").all()
    assert names["MS"].str.ends_with("@sampleton.example").all()
    assert not names["ES"].str.contains(r"[@%]").any()
    answered = people.filter(pl.col("result") != "TCP_DENIED/403")
    secret = answered.filter(pl.col("url").str.starts_with("https://"))
    assert set(secret["building"]) == {"MS"}
    inside = answered.filter(pl.col("building") == "MS")
    assert (inside["method"] == "GET").mean() > 0.99
    documents = answered.filter(pl.col("url").str.contains("docs.google.com"))
    size = dict(documents.group_by("building").agg(pl.col("size").median()).rows())
    assert size["HS"] > 4 * size["MS"]


def test_pauses_are_longer_where_they_are_and_do_not_end(hard, friendly):
    def pause(home, building):
        lines = proxy_lines(home).filter(pl.col("building") == building, pl.col("user") != "-")
        times = lines.with_columns(pl.col("seen").cast(pl.Int64)).sort("user", "seen")
        gaps = times.select(pl.col("seen").diff().over("user")).to_series().drop_nulls()
        return gaps.filter(gaps.is_between(5, 1_500)).median()

    assert pause(hard, "ES") > 1.5 * pause(friendly, "ES")


def rows_of(home, file):
    return pl.read_csv(home / "registry" / file, infer_schema=False)


def test_the_registry_lacks_and_errs_as_it_is_told_to(hard, friendly):
    listed, whole = (rows_of(home, "devices.csv") for home in (hard, friendly))
    assert 0.8 < listed.height / whole.height < 0.99
    both = listed.join(whole, on="hostname", suffix="_true")
    assert both.filter(pl.col("building") != pl.col("building_true")).height == 1
    assert rows_of(hard, "approved_sites.csv")["supports"].drop_nulls().is_empty()
    assert not rows_of(friendly, "approved_sites.csv")["supports"].drop_nulls().is_empty()
    few, all_sites = (rows_of(home, "site_categories.csv") for home in (hard, friendly))
    assert 0.4 < few["domain"].n_unique() / all_sites["domain"].n_unique() < 0.8
    assert "social_networks" in set(few["category"])
    assert "social_networks" not in set(all_sites["category"])


def test_what_is_not_logged_is_in_no_file(hard, friendly, tmp_path):
    def firewall(home):
        files = sorted((home / "landing" / "firewall").iterdir())
        return pl.concat([lines_of(path).select("line") for path in files])["line"]

    bare, full = firewall(hard), firewall(friendly)
    for kind, is_there in (("webfilter", True), ("forward", False), ("vpn", False)):
        marked = f'subtype="{kind}"'
        assert full.str.contains(marked, literal=True).any()
        assert bare.str.contains(marked, literal=True).any() is is_there
    silent = replace(HARD, firewall="none")
    generate(tmp_path, 7, weeks=1, people=60, habits=silent)
    assert not (tmp_path / "landing" / "firewall").exists()
    assert "firewall" not in (tmp_path / "registry" / "expected_traffic.csv").read_text()


def test_addresses_are_handed_out_by_another_product(hard, friendly):
    files = sorted((hard / "landing" / "dhcp").iterdir())
    assert files
    for path in files:
        lines = lines_of(path)
        parsed = formats()["windows_dhcp"].parse(lines, Context(reading=READING))
        assert parsed.rejects.height <= 3
        assert lines.height - parsed.rejects.height > 100
    isc = [path.read_text() for path in (friendly / "landing" / "dhcp").iterdir()]
    acknowledged = sum(text.count("DHCPACK on") for text in isc)
    assigned = sum(path.read_text().count(",Assign,") for path in files)
    assert 0.5 < assigned / acknowledged < 1.5


def test_films_come_from_their_media_host(hard, friendly):
    def films(home):
        lines = proxy_lines(home).filter(pl.col("size") > 400_000)
        return lines["url"].str.contains("googlevideo.com", literal=True).sum()

    assert films(friendly) == 0
    assert films(hard) > 3


def test_uses_are_shorter_where_they_are_and_never_nothing():
    short = replace(FRIENDLY, use_times=0.3, shortest_use_minutes=3.2)
    assert short.use_minutes(40) == pytest.approx(12)
    assert short.use_minutes(5) == 3.2
    assert FRIENDLY.use_minutes(17) == 17
    assert FRIENDLY.buildings["HS"].pause_times * USUAL_PAUSE_SECONDS == 26
    assert set(FRIENDLY.buildings) == set(BUILDINGS)
