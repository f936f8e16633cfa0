"""The lists that come with Schoolbell are well formed and hide no visit."""

from pipelines.registry import domain_lists
from pipelines.registry.policy import default_policy, read_policy
from pipelines.registry.sites import canonical_host, registrable_domains
from pipelines.warehouse.models import rules

NON_WORK = {
    "social", "shopping", "streaming", "sports", "gambling", "jobs", "dating", "games",
    "adult", "real_estate", "file_sharing", "circumvention",
}  # fmt: skip


def test_starter_sites_are_registrable_domains_listed_once():
    sites = domain_lists.starter_categories()
    domains = sites["domain"].to_list()
    assert registrable_domains(domains) == domains
    assert sites["domain"].is_unique().all()
    assert sites.height >= 2_000


def test_every_category_has_a_word_and_the_policys_are_all_there():
    categories = set(domain_lists.starter_categories()["category"])
    words = domain_lists.category_words()
    assert NON_WORK <= categories <= set(words["category"])
    assert words["word"].is_unique().all()
    assert (words["word"] == words["word"].str.to_lowercase()).all()


def test_background_hosts_are_hosts_and_none_that_people_open():
    hosts = domain_lists.background_hosts()
    written = hosts["host"].to_list()
    assert [canonical_host(host) for host in written] == written
    assert hosts["host"].is_unique().all()
    opened = {"google.com", "apple.com", "microsoft.com", "bing.com", "facebook.com"}
    assert not opened & set(written)
    assert {"misp", "schoolbell-starter"} <= {s.split()[0] for s in hosts["source"]}


def test_no_site_with_a_non_work_category_is_background():
    sites = domain_lists.starter_categories()
    doubtful = set(sites["domain"]) & set(domain_lists.background_hosts()["host"])
    assert not doubtful & set(sites.filter(sites["category"].is_in(list(NON_WORK)))["domain"])


def test_the_default_policy_is_whole():
    policy = read_policy(default_policy())
    assert not policy.problems
    assert policy.clauses["clause_id"].is_unique().all()
    assert policy.clauses.null_count().sum_horizontal().item() == 0
    # what each detection serves is in its own header
    assert policy.detection_clauses.is_empty()
    # a detection about persons must not rest on a clause that logs cannot show
    strength = dict(policy.clauses.select("clause_id", "strength").iter_rows())
    for model in rules().values():
        assert model.header.clauses
        assert all(strength[name] != "0" for name in model.header.clauses)
