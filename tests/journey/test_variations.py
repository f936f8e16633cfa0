"""The same district reported otherwise: the findings stay, or a run shows what it misses.

No truth is needed for it, and no rule is trusted. The quick run shows two days in a
few ways; the long one shows a week in every way.
"""

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.warehouse.models import rules
from tests.benchmarks.variations import VARIATIONS, compared, shown_findings
from tests.conftest import LONG
from tests.journey.small import small, two_days

QUICK = (
    "accounts have a domain that no setting names",
    "computers are listed in capitals",
    "lists write another maker's words",
)
CONSENT = "sites are approved for one other person"


def cases():
    for name in VARIATIONS:
        marks = [] if LONG or name in QUICK else [pytest.mark.skip("in the long run")]
        yield pytest.param(name, marks=marks, id=name.replace(" ", "-"))


def said(home):
    """Return what the product says of the state it is in."""
    told = [
        CliRunner().invoke(app, [command, "--home", str(home)]).output
        for command in ("check", "status", "doctor")
    ]
    return "\n".join(told)


def unmatched(keys, others):
    """Those of which no other is of the same kind, account and day."""
    known = {(rules()[rule].header.kind, *rest) for rule, *rest in others}
    return {key for key in keys if (rules()[key[0]].header.kind, *key[1:]) not in known}


@pytest.mark.parametrize("variation", list(cases()))
def test_the_findings_stay_or_the_run_says_what_it_misses(variation, tmp_path, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    district = small(base) if LONG else two_days(base)
    before = shown_findings(district.home)
    assert len(before) > 10  # else nothing is compared
    home = district.copy(tmp_path, of="delivered")
    lost, new = compared(variation, before, home)
    if variation == CONSENT:  # what was unapproved is now approved for others
        lost, new = unmatched(lost, new), unmatched(new, lost)
    assert new == set(), "findings that came of the telling"
    words = said(home) if lost else ""
    unsaid = {key for key in lost if key[0] not in words}
    assert unsaid == set(), "findings that were lost, and nothing says so"
