"""Proposes rows of `accounts.csv`: accounts that no one types."""

from pipelines.proposals.offers import Evidence, Proposal

FEWEST_LOGONS = 5
"""Logons that make a habit."""


def services(evidence: Evidence) -> list[Proposal]:
    """A row for each account that nobody ever typed."""
    return [
        Proposal(
            "accounts.csv",
            {"username": row["account"], "account_type": "service"},
            f"{row['logons']} logons on {row['days']} days at {row['hosts']} hosts, "
            "none at a keyboard",
        )
        for row in evidence.query("service_accounts", fewest=FEWEST_LOGONS).iter_rows(named=True)
    ]
