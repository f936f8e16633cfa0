"""Commands about cases that are with another office."""

from typing import Any

import typer

from pipelines.actions import referral_access
from pipelines.actions import referrals as actions
from pipelines.cli.commands import add
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit
from pipelines.state.reviews import grants, referrals

app = typer.Typer(help="Cases that another office has.", no_args_is_help=True)


@app.command("list")
def list_referrals(home: Home, as_json: AsJson = False) -> None:
    """List referrals, returned ones included."""
    with open_context(home, "findings") as context:
        held = grants(context.district.store)
        rows = [
            {
                **row,
                "grants": [
                    one
                    for one in held
                    if one["referral_id"] == row["referral_id"]
                    and referral_access.is_in_force(one, context.today)
                ],
            }
            for row in referrals(context.district.store)
        ]
    emit(rows, _line, as_json=as_json, empty="No cases are referred.")


def _line(row: dict[str, Any]) -> str:
    state = "acknowledged" if row["acknowledged_time"] else "referred"
    if row["returned_time"]:
        state = f"returned {row['returned_time'][:10]}: {row['outcome']}"
    since = row["referred_time"][:10]
    return "".join(
        (
            f"{row['referral_id']}: {row['case_id']} to {row['office']}, {since}, {state}",
            *(
                f"\n  {one['grant_id']}: {one['login']} until {one['last_day']}"
                for one in row["grants"]
            ),
        )
    )


add(app, "referrals", actions, referral_access)
