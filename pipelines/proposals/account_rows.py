"""Proposes rows of `accounts.csv`: accounts that no one types."""

from pipelines.proposals.offers import Evidence, Proposal

MIN_LOGONS = 5
"""Logons that make a habit."""


def services(evidence: Evidence) -> list[Proposal]:
    """Return a row for each account that was never used at a keyboard."""
    return [
        Proposal(
            "accounts.csv",
            {"username": row["account"], "account_type": "service"},
            f"{row['logons']} logons on {row['days']} days at {row['hosts']} hosts, "
            "none at a keyboard",
        )
        for row in evidence.query("service_accounts", fewest=MIN_LOGONS).iter_rows(named=True)
    ]
