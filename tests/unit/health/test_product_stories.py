"""`identify`, `check` and `setup` quote what the tests found with a district's products."""

from pipelines.health.product_stories import FINDING, LEAD, product_stories, shown_by, shown_by_logs


def counts(product, role):
    rows = [one for one in product_stories() if (one.product, one.role) == (product, role)]
    return sum(one.result in (FINDING, LEAD) for one in rows), len(rows)


def test_a_product_with_every_fact_is_counted_alone():
    shown, rows = counts("AnyConnect", "vpn")
    assert shown == rows
    (text,) = shown_by("cisco_asa", ["logons"])
    assert text == f"AnyConnect, VPN: shows {shown} of {rows} tested stories"


def test_a_missing_fact_names_three_stories_and_counts_the_others():
    shown, rows = counts("Cloudflare", "web")
    (text,) = shown_by("cloudflare_gateway", ["http_requests"])
    assert text.startswith(f"Cloudflare, Web filters and proxies: shows {shown} of {rows} ")
    assert "neither bytes nor media types of requests, so not " in text
    named, rest = text.split("so not ", 1)[1].split("; ", 1)[0].rsplit(" and ", 1)
    assert named.count('", "') == 2
    assert rest == f"{rows - shown - 3 - 1} more"


def test_only_roles_whose_events_arrived_are_named():
    assert len(list(shown_by("cisco_asa", ["logons", "connections"]))) == 2
    assert not list(shown_by("cisco_asa", ["leases"]))
    held = [("logons", "cisco_asa"), ("http_requests", "squid_access"), ("dns_queries", "okta")]
    products = [text.split(",")[0] for text in shown_by_logs(held)]
    assert products == ["AnyConnect", "Squid"]


def test_a_declared_export_is_not_judged_by_another_one():
    assert not list(shown_by("declared_csv", ["http_requests"]))
