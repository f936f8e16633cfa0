"""External sites that many people open and nobody has reviewed."""

from typing import Any

from pipelines.operations.suggestions.proposal import Evidence, Proposal

FEWEST = 3
MOST = 50

_SITES = """
select
    requests.site,
    count(distinct requests.account) as accounts,
    count(distinct case when requests.is_staff then requests.account end) as staff,
    count(distinct case when accounts.is_student then requests.account end) as pupils,
    count(distinct requests.event_date) as days,
    count(*) as requests
from built.core.engaged_requests as requests
inner join built.core.site_verdicts as verdicts
    on
        requests.account = verdicts.account
        and requests.url_hostname = verdicts.url_hostname
        and requests.event_date = verdicts.event_date
inner join built.identity.accounts as accounts
    on
        requests.account = accounts.account
        and requests.event_date = accounts.event_date
where verdicts.verdict = 'external' and requests.site is not null
group by requests.site
having count(distinct requests.account) >= $fewest
order by accounts desc, requests desc, requests.site
limit $most
"""


def reach(evidence: Evidence) -> list[Proposal]:
    """A row for each site, widest reach first; accepting one approves it for all."""
    found = evidence.frame(_SITES, fewest=FEWEST, most=MOST)
    return [
        Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"N-{number:03d}",
                "pattern": row["site"],
                "match": "domain",
                "roles": _roles(row),
            },
            f"{row['accounts']} accounts, {row['staff']} of staff, {row['pupils']} of "
            f"pupils, on {row['days']} days, {row['requests']} requests; review before "
            "you approve",
        )
        for number, row in enumerate(found.iter_rows(named=True), start=1)
    ]


def _roles(row: dict[str, Any]) -> str:
    """For whom: those who used it, if they are all of a kind."""
    for role, count in (("staff", row["staff"]), ("student", row["pupils"])):
        if count == row["accounts"]:
            return role
    return "all"
