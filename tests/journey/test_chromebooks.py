"""The whole way on a district of Chromebooks: Google, Palo Alto, 802.1X, no domain.

Sites and bytes are in two lines there. Who is at a keyboard is in Google's audit,
and where there is none, in the logins to Wi-Fi and ports.
"""

import shutil

import duckdb
import polars as pl

from pipelines.district import open_district
from pipelines.health.readiness import carried, not_delivered
from pipelines.health.rule_coverage import noted_coverage
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME
from pipelines.synthetic.habits import CHROMEBOOKS, CHROMEBOOKS_BY_NETWORK
from pipelines.synthetic.scored_district import hold_trial
from tests.benchmarks.variations import VARIATIONS, findings_of, shown_findings
from tests.conftest import only_long
from tests.journey.grades import assert_same_grades

KINDS = {"SA-1", "SA-3", "OH-1", "NA-1", "NA-4", "AN-2"}
"""Rules that such a district must be able to ask."""
BY_NETWORK = {"SA-3", "OH-1", "NA-1", "NA-4", "AN-5"}
"""Those of which the network's own logins are enough for some."""
SAID_OF_REGISTRY = {
    "a device that can be carried": "Use at two keyboards cannot be judged at",
    "no line records it": "on keyboards judge nothing there",
}
"""What registry and formats tell beforehand, where the lines cannot."""


def trial_of(home, habits):
    trial = hold_trial(home, 31, people=60, weeks=1, violations=True, weeks_before=0, habits=habits)
    false = trial.findings.filter(~pl.col("is_true"))
    assert false.height == 0, false
    return trial.cases.filter(~pl.col("is_lead"))


def assert_said_beforehand(home, cases):
    """What the logs cannot prove is stated of rules and buildings, not of the case."""
    with open_district(home) as district:
        blind = {one.filter for one in noted_coverage(district.store).blind}
        said = "\n".join(
            (
                *not_delivered(district.store, district.settings, district.outline),
                *carried(district.outline),
            )
        )
    for why in cases["unproven"].unique().to_list():
        assert not why or why in blind or SAID_OF_REGISTRY[why] in said, (why, blind)


PRESENCES = """
with truth as (
    select
        device,
        account,
        start_utc::timestamptz as began,
        end_utc::timestamptz as ended
    from read_csv($path, all_varchar = true)
)
select
    count(*),
    count_if(truth_end is null),
    sum(epoch(end_time) - epoch(start_time)),
    sum(greatest(0, epoch(end_time) - epoch(coalesce(truth_end, start_time))))
from (
    select presences.start_time, presences.end_time, max(truth.ended) as truth_end
    from core.presences as presences
    left join truth
        on presences.device = truth.device
        and presences.account = truth.account
        and presences.start_time <= truth.ended
        and presences.end_time >= truth.began
    where presences.presence = $presence and presences.is_of_day
    group by presences.event_id, presences.start_time, presences.end_time
)
"""


def assert_somebody_was_there(home, presence):
    """What is mistaken for someone at a device, against who sat there."""
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as warehouse:
        path = str(home / "truth" / "sittings.csv")
        values = {"path": path, "presence": presence}
        found, nobody, seconds, beyond = warehouse.execute(PRESENCES, values).fetchone()
    assert found > 50
    assert nobody <= 0.02 * found
    assert beyond <= 0.05 * seconds


TOLD_OTHERWISE = (
    "every file comes twice",
    "computers are listed in capitals",
    "lists write another maker's words",
)


def assert_same_told_otherwise(home):
    """The findings are the same of the same days in other files and other words."""
    again = home / "again"
    create(again, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    for part in ("registry", "landing"):
        shutil.copytree(home / part, again / part, dirs_exist_ok=True)
    for variation in TOLD_OTHERWISE:
        VARIATIONS[variation](again)
    assert findings_of(again) == shown_findings(home)


def test_what_was_planted_is_found_and_nothing_else(tmp_path):
    cases = trial_of(tmp_path, CHROMEBOOKS).filter(pl.col("intensity") == "3")
    found = cases.filter("is_found")["expected_rule"]
    assert set(found) >= KINDS & set(cases["expected_rule"])
    provable = cases.filter(pl.col("unproven") == "")
    assert provable["is_found"].mean() >= 0.9, provable
    assert_said_beforehand(tmp_path, cases)
    assert_same_grades(tmp_path, "A", "B", "D")


@only_long
def test_without_googles_audit_the_network_tells_who_is_there(tmp_path):
    cases = trial_of(tmp_path, CHROMEBOOKS_BY_NETWORK)
    assert set(cases.filter("is_found")["expected_rule"]) >= BY_NETWORK
    provable = cases.filter(pl.col("unproven") == "")
    assert provable["is_found"].mean() >= 0.8, provable
    assert_said_beforehand(tmp_path, cases)
    assert_somebody_was_there(tmp_path, "use")
    assert_somebody_was_there(tmp_path, "wifi")
    assert_same_told_otherwise(tmp_path)
    assert_same_grades(tmp_path, "A", "B", "C", "D")
