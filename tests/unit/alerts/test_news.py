"""What may be announced of findings and files, and when it is the same again."""

from datetime import UTC, datetime

from pipelines.alerts.news import of_cases, of_files
from pipelines.settings.alert_settings import Alerts, routes_of
from tests.unit.alerts.facts import finding, news, waiting_of

NOW = datetime(2026, 11, 3, 16, tzinfo=UTC)
ALERTS = Alerts(security_rules=("AN-1", "AN-5"), administration_rules=("AN-13",))


def test_one_fact_a_case():
    found = [
        finding(1),
        finding(2, event_date="2026-11-04", confidence="C3"),
        finding(3, event_date="2026-11-10"),
        finding(4, subject="bob"),
        finding(5, rule="AN-7", kind="anomaly"),
    ]
    made = of_cases(waiting_of(*found), ALERTS)
    assert len(made) == 4
    (both,) = [one for one in made if "on 2 days" in one.line]
    assert (both.confidence, both.about) == ("C3", "conduct")
    assert both.key == f"case:{both.reference}"
    assert not any("ada" in one.line or "bob" in one.line for one in made)


def test_what_is_decided_or_on_trial_is_no_news():
    trial = {"stage": "trial"}
    found = [
        finding(1, status="explained"),
        finding(2, status="withdrawn"),
        finding(3, status="confirmed"),
        finding(4, record=trial),
    ]
    assert of_cases(waiting_of(*found), ALERTS) == []


def test_only_the_named_rules_are_security():
    (spray,) = of_cases(waiting_of(finding(1, rule="AN-1", kind="anomaly")), ALERTS)
    assert spray.about == "security"
    (other,) = of_cases(waiting_of(finding(1, rule="AN-7", kind="anomaly")), ALERTS)
    assert other.about == "conduct"


def test_what_administrators_may_have_done_goes_to_the_superintendent():
    cut = finding(1, rule="AN-13", kind="anomaly", subject="dc1")
    (one,) = of_cases(waiting_of(cut), ALERTS)
    assert one.about == "administration"
    (route,) = [each for each in routes_of(ALERTS) if each.about == one.about]
    assert route.audience == ("superintendent",)
    assert route.when == "at_once"


def test_files_of_a_source_are_one_fact_until_they_change():
    def trouble(*paths):
        return [{"source": "proxy", "path": path} for path in paths]

    (first,) = of_files(trouble("b.log", "a.log"), NOW)
    (same,) = of_files(trouble("a.log", "b.log"), NOW)
    (more,) = of_files(trouble("a.log", "b.log", "c.log"), NOW)
    assert first.key == same.key != more.key
    assert "2 delivered files" in first.line
    assert first.line.index("proxy/a.log") < first.line.index("proxy/b.log")
    (many,) = of_files(trouble(*(f"{number:02d}" for number in range(25))), NOW)
    assert "and 15 more" in many.line
    (hostile,) = of_files(trouble("a.log\nBcc: x@example.org\r\n\x1b[2J"), NOW)
    assert hostile.line.isprintable()


def test_worse_is_a_higher_step():
    steps = [
        news(severity="low", confidence="C3", lasting=9).step,
        news(severity="medium", confidence="C2").step,
        news(severity="medium", confidence="C3").step,
        news(severity="medium", confidence="C3", lasting=1).step,
    ]
    assert steps == sorted(set(steps))
