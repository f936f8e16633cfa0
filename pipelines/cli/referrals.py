"""Commands about cases that are with another office."""

from typing import Annotated

import typer

from pipelines.actions import referrals as actions
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.findings.review import VERDICTS
from pipelines.state.reviews import referrals
from pipelines.state.rows import ReferralRow

app = typer.Typer(help="Cases that another office has.", no_args_is_help=True)
ReferralId = Annotated[str, typer.Argument(help="ID that `referrals list` shows.")]


@app.command("list")
def list_referrals(home: Home, as_json: AsJson = False) -> None:
    """List referrals, returned ones included."""
    with open_context(home, "findings") as context:
        rows = referrals(context.district.store)
    emit(rows, _line, as_json=as_json, empty="No cases are referred.")


def _line(row: ReferralRow) -> str:
    state = "acknowledged" if row["acknowledged_time"] else "referred"
    if row["returned_time"]:
        state = f"returned {row['returned_time'][:10]}: {row['outcome']}"
    since = row["referred_time"][:10]
    return f"{row['referral_id']}: {row['case_id']} to {row['office']}, {since}, {state}"


@app.command("acknowledge")
def acknowledge(home: Home, referral_id: ReferralId, as_json: AsJson = False) -> None:
    """Record that the office received the case."""
    with open_context(home, "refer") as context:
        row = actions.acknowledge(context, referral_id)
    facts = {"referral_id": referral_id, "office": row["office"]}
    print_facts(facts, f"{referral_id} is acknowledged by {row['office']}.", as_json=as_json)


@app.command("return")
def give_back(
    home: Home,
    referral_id: ReferralId,
    code: Annotated[str, typer.Argument(help="One of: " + ", ".join(VERDICTS))],
    as_json: AsJson = False,
) -> None:
    """Record that a case was returned; only the code of the outcome is kept."""
    with open_context(home, "refer") as context:
        actions.give_back(context, referral_id, code)
    facts = {"referral_id": referral_id, "outcome": code}
    print_facts(facts, f"{referral_id} came back: {code}.", as_json=as_json)
