"""The page of missing logs and lists is one click away, for reviewers and for operators."""

import pytest


@pytest.mark.parametrize("role", ["director", "analyst", "custodian", "superintendent"])
def test_the_queue_leads_to_the_page(desk, role):
    visitor = desk.by_proxy(role)
    assert "/missing" in visitor.get("/").links()
    page = visitor.get("/missing")
    assert page.status == 200
    assert "need a decision" in page.text


def test_an_operator_gets_there_from_the_system_page_and_opens_no_case(desk):
    operator = desk.by_proxy("operator")
    assert "/missing" in operator.get("/system").links()
    page = operator.get("/missing")
    assert page.status == 200
    assert not [link for link in page.links() if link.startswith("/cases")]


def test_another_office_does_not_see_it(desk):
    assert desk.by_proxy("office", "hr@school.example").get("/missing").status == 403
