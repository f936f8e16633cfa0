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
    shown, rows = counts("pfSense", "firewall")
    (text,) = shown_by("pfsense_filterlog", ["connections"])
    assert text.startswith(f"pfSense, Firewalls: shows {shown} of {rows} tested stories; ")
    fact = "its lines have no bytes of each direction, so not "
    assert text.split(fact, 1)[1].count('", "') == 2
    shown, rows = counts("BIND", "dns")
    (text,) = shown_by("bind_queries", ["dns_queries"])
    assert (shown, rows) == (0, 4)
    assert text.endswith('"A denied site, then another" and 1 more')


def test_leads_are_counted_apart():
    shown, rows = counts("Cloudflare", "web")
    (text,) = shown_by("cloudflare_gateway", ["http_requests"])
    assert f"shows {shown} of {rows} tested stories, {shown} of them as a lead; " in text


def test_only_roles_whose_events_arrived_are_named():
    assert len(list(shown_by("cisco_asa", ["logons", "connections"]))) == 2
    assert not list(shown_by("cisco_asa", ["leases"]))
    held = [("logons", "cisco_asa"), ("http_requests", "squid_access"), ("dns_queries", "okta")]
    products = [text.split(",")[0] for text in shown_by_logs(held)]
    assert products == ["AnyConnect", "Squid"]


def test_a_declared_export_is_not_judged_by_another_one():
    assert not list(shown_by("declared_csv", ["http_requests"]))
