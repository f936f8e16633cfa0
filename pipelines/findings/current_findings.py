"""What the rules find on some days, as the district stands now; nothing is kept."""

from collections.abc import Mapping, Sequence
from datetime import date

from pipelines.district import District
from pipelines.findings.candidates import candidates
from pipelines.findings.cases import owners
from pipelines.findings.judgment import Circumstances, judge
from pipelines.findings.record import Finding
from pipelines.findings.rule_quality import demoted, qualities_of
from pipelines.privacy.redaction import sensitive_names
from pipelines.state.findings import fired_days
from pipelines.state.reviews import last_verdicts
from pipelines.warehouse.database import Database


def judged_findings(
    database: Database, district: District, judged: Mapping[str, Sequence[date]]
) -> list[Finding]:
    """What the rules find on some days; nothing is kept.

    Args:
        judged: Days by the code of the rule.
    """
    frames = district.registry.frames
    known = Circumstances(
        earlier=_outside(fired_days(district.store), judged),
        exceptions=frames["exceptions"],
        consents=frames["consents"],
        owner=owners(district),
        parameters=district.values,
        inputs={**district.judged_with, "settings": district.settings_hash},
        versions=district.versions,
        stages=district.stages,
        demoted=demoted(qualities_of(district)),
        settled=frozenset(last_verdicts(district.store)),
        sensitive=sensitive_names(database),
    )
    return [
        finding
        for code, detection in district.detections.items()
        for finding in judge(
            detection, candidates(database, detection, judged.get(code, ())), known
        )
    ]


def _outside(
    fired: Mapping[tuple[str, str], Sequence[date]],
    judged: Mapping[str, Sequence[date]],
) -> dict[tuple[str, str], list[date]]:
    """Days that this run does not judge again."""
    return {
        (rule, subject): [day for day in days if day not in set(judged.get(rule, ()))]
        for (rule, subject), days in fired.items()
    }
