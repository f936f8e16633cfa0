"""Proposes rows of `accounts.csv`: accounts that no one types."""

from pipelines.proposals.offers import Evidence, Proposal

FEWEST_LOGONS = 5
"""Logons that make a habit."""

_SERVICES = """
select
    names.account,
    count(*) as logons,
    count(distinct logons.event_date) as days,
    count(distinct logons.host) as hosts
from raw.logons as logons
inner join built.identity.account_names as names on logons.user_name = names.user_name
left join built.registry.accounts as accounts on names.account = accounts.account
where
    logons.activity = 'logon'
    and coalesce(logons.is_success, true)
    and not coalesce(logons.is_machine, false)
    and coalesce(accounts.account_type, 'person') = 'person'
group by names.account
having
    count(*) >= $fewest
    and count_if(logons.logon_kind in ('service', 'batch')) >= $fewest
    and count_if(
        coalesce(logons.logon_kind, 'interactive')
        not in ('service', 'batch', 'network')
    ) = 0
    and names.account not in (
        select account from built.core.http_requests where attribution_grade = 'A'
    )
order by names.account
"""


def services(evidence: Evidence) -> list[Proposal]:
    """A row for each account that nobody ever typed."""
    return [
        Proposal(
            "accounts.csv",
            {"username": row["account"], "account_type": "service"},
            f"{row['logons']} logons on {row['days']} days at {row['hosts']} hosts, "
            "none at a keyboard",
        )
        for row in evidence.frame(_SERVICES, fewest=FEWEST_LOGONS).iter_rows(named=True)
    ]
