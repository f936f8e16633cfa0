"""Reports at the desk: who reads them, what is sent, and that nothing else is."""

import re

import pytest

from pipelines.settings.toml_reader import load_settings


@pytest.fixture
def week(fresh):
    """The folder of a published week, as the desk serves it."""
    folder = max(fresh.home.home.reports.glob("20*-W*"))
    return f"/reports/{folder.name}"


def test_the_director_reads_and_decides_from_the_report(fresh, week):
    director = fresh.by_proxy("director")
    page = director.get(f"{week}/index.html")
    assert page.status == 200
    assert '<a href="/">Review desk</a>' in page.text
    assert "data-case" not in page.text
    assert page.headers["content-security-policy"].startswith("frame-ancestors 'none'")
    case = re.search(r'class="decide" href="(/cases/c-[0-9a-f]+)">Decide case', page.text)
    assert director.get(case[1]).status == 200
    assert 'href="/reports"' in director.get("/").text
    script = re.search(r'src="\.\./(assets/[^"]+js)"', director.get(f"{week}/pictures.html").text)
    assert director.get(f"/reports/{script[1]}").status == 200


def test_a_case_that_is_read_in_the_report_is_recorded(fresh, week):
    director = fresh.by_proxy("director")
    page = director.get(f"{week}/index.html").text
    case = re.search(r"evidence/(c-[0-9a-f]+)\.html", page)[1]
    assert director.get(f"{week}/evidence/{case}.html").status == 200
    acts = director.get("/acts").text
    assert f'href="/cases/{case}"' in acts
    assert "read case" in acts


@pytest.mark.parametrize(
    "path",
    [
        "../state.db",
        "%2e%2e/state.db",
        "../district.toml",
        "%2e%2e%2fdistrict.toml",
        "..%2f..%2fetc/passwd",
        "nothing.html",
        "",
    ],
)
def test_only_files_of_the_reports_are_sent(fresh, path):
    answer = fresh.by_proxy("director").get(f"/reports/{path}")
    assert answer.status in (303, 404)
    assert "zone =" not in answer.text


def test_a_link_out_of_the_folder_is_not_followed(fresh):
    out = fresh.home.home.reports / "out.html"
    out.symlink_to(fresh.home.home.path / "district.toml")
    assert fresh.by_proxy("director").get("/reports/out.html").status == 404


def test_reports_are_for_those_who_see_findings(fresh, week):
    assert fresh.by_proxy("operator").get(f"{week}/index.html").status == 403
    assert fresh.by_proxy("superintendent").get(f"{week}/index.html").status == 200


def test_an_operator_begins_on_a_page_about_the_system(fresh):
    """An operator's sign-in ended on a refusal."""
    operator = fresh.by_proxy("operator")
    assert operator.get("/").headers["location"] == "/system"
    page = operator.get("/system")
    assert page.status == 200
    for word in ("Weeks with a report", "proxy", "Free disk space (GB)"):
        assert word in page.text
    assert "cases to decide" not in page.text.casefold()
    assert fresh.by_proxy("analyst").get("/system").status == 403


def test_a_missing_landing_folder_is_a_sentence_for_the_operator(fresh):
    """The page about the system ended in an unexpected error."""
    landing = fresh.home.home.landing
    landing.rename(landing.with_name("away"))
    page = fresh.by_proxy("operator").get("/system")
    assert page.status == 422
    assert "cannot be read" in page.text
    assert str(landing) in page.text


def test_mail_leads_to_the_desk_if_it_has_an_address(fresh):
    home = fresh.home.home
    assert load_settings(home).reports_address == ""
    path = home.path / "district.toml"
    path.write_text(
        path.read_text().replace("[desk]\n", '[desk]\naddress = "https://desk.example.org"\n', 1)
    )
    assert load_settings(home).reports_address == "https://desk.example.org/reports"
