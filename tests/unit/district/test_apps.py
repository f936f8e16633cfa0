"""Apps: a row about a built-in app needs only what the district adds; a wrong host is told."""

import polars as pl

from pipelines.registry.csv_files import read_file
from pipelines.registry.domain_lists import known_apps
from pipelines.registry.sites import registrable_domain
from pipelines.registry.tables.apps import FILE, apps

HEADER = "app,hosts,kind,agreement,licenses\n"


def read(*lines):
    data = (HEADER + "\n".join(lines) + "\n").encode()
    return apps(read_file(data, FILE, {}, 1_000))


def test_a_row_adds_to_a_built_in_app():
    made = read("chatgpt,,,order 7,40")
    (row,) = made.frame.filter(pl.col("app").str.to_lowercase() == "chatgpt").rows(named=True)
    assert not made.problems
    assert row["hosts"] == "chatgpt.com|chat.openai.com"
    assert (row["kind"], row["vendor"], row["agreement"]) == ("generative_ai", "OpenAI", "order 7")
    assert row["is_in_file"]


def test_an_app_without_a_host_and_one_with_a_wrong_host_are_told():
    made = read("Reading Room,,learning,,", "Map Maker,not a host,creative,,", "Ok,ok.example,,,")
    assert [(one.line, one.column) for one in made.problems] == [(2, "hosts"), (3, "hosts")]
    assert made.frame.filter("is_in_file")["app"].to_list() == ["Ok"]
    assert made.frame.filter("is_in_file")["kind"].to_list() == ["other"]


def test_each_built_in_app_has_hosts_that_no_other_has():
    listed = known_apps()
    hosts = listed.select(pl.col("hosts").str.split("|")).explode("hosts")["hosts"]
    assert hosts.n_unique() == hosts.len()
    assert listed["app"].n_unique() == listed.height
    assert all(map(registrable_domain, hosts))
