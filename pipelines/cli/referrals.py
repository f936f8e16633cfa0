"""Commands about cases that are with another office."""

from typing import Annotated, Any

import typer

from pipelines.actions import referral_access
from pipelines.actions import referrals as actions
from pipelines.actions.permits import day_of
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.findings.review import VERDICTS
from pipelines.state.reviews import grants, referrals

app = typer.Typer(help="Cases that another office has.", no_args_is_help=True)
ReferralId = Annotated[str, typer.Argument(help="ID that `referrals list` shows.")]


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


@app.command("grant")
def grant(
    home: Home,
    referral_id: ReferralId,
    login: Annotated[str, typer.Option(help="Login with the role office.")],
    until: Annotated[str, typer.Option(help="Last day, such as 2026-12-18.")],
    as_json: AsJson = False,
) -> None:
    """Let a person of the office read, answer and download a referral at the desk."""
    with open_context(home, "refer") as context:
        row = referral_access.grant(context, referral_id, login, day_of(until, "--until"))
    said = f"{row['grant_id']}: {row['login']} can read it until {row['last_day']}."
    print_facts(dict(row), said, as_json=as_json)


@app.command("end-access")
def end_access(
    home: Home,
    grant_id: Annotated[str, typer.Argument(help="ID that `referrals list` shows.")],
    as_json: AsJson = False,
) -> None:
    """End the access of a person of the office before its last day."""
    with open_context(home, "refer") as context:
        row = referral_access.end_access(context, grant_id)
    facts = {"grant_id": grant_id, "login": row["login"]}
    print_facts(facts, f"Access of {row['login']} ended.", as_json=as_json)
