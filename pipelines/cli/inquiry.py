"""Commands of the way in: an office asks first, and is answered last."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.inquiries import inquire, release_inquiry
from pipelines.actions.referrals import OFFICES
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts, write_private
from pipelines.state.reviews import inquiries

app = typer.Typer(
    help="Inquiries from offices about an account.",
    no_args_is_help=True,
)


@app.command("open")
def open_inquiry(
    home: Home,
    account: Annotated[str, typer.Option(help="Account in question.")],
    first: Annotated[str, typer.Option("--from", help="First day.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
    office: Annotated[str, typer.Option("--for", help="One of: " + ", ".join(OFFICES))],
    authorized_by: Annotated[
        str, typer.Option("--by", help="Name and office of who authorized it.")
    ],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    as_json: AsJson = False,
) -> None:
    """Record an office's inquiry; report whether the logs could answer it.

    No result is shown. A second person must approve the answer before its release.
    """
    with open_context(home, "inquire") as context:
        row = inquire(context, account, (first, last), office, authorized_by, reason)
    names = ("inquiry_id", "first_day", "last_day", "office", "days", "days_held")
    lines = (
        f"{row['inquiry_id']}: {row['days_held']} of {row['days']} days are held",
        f"Then: schoolbell inquiry release {row['inquiry_id']} --out answer.zip",
    )
    print_facts({name: row[name] for name in names}, *lines, as_json=as_json)


@app.command("list")
def list_inquiries(home: Home, as_json: AsJson = False) -> None:
    """List inquiries, answered ones included; accounts under code names."""
    with open_context(home, "inquire") as context:
        rows = inquiries(context.district.store)
        today = context.today.isoformat()
        names = [context.named("account", row["account"], today) for row in rows]
    shown = (row | {"account": name} for row, name in zip(rows, names, strict=True))
    emit(shown, _line, as_json=as_json, empty="No inquiries.")


def _line(row: Mapping[str, object]) -> str:
    state = "released" if row["released_time"] else "open"
    days = f"{row['first_day']} to {row['last_day']}"
    return f"{row['inquiry_id']}: {row['account']}, {days}, for {row['office']}, {state}"


@app.command("release")
def release(
    home: Home,
    inquiry_id: Annotated[str, typer.Argument(help="ID that `inquiry open` printed.")],
    out: Annotated[Path, typer.Option(help="New file to write, such as answer.zip.")],
    as_json: AsJson = False,
) -> None:
    """Release the answer to an inquiry that a second person approved."""
    with open_context(home, "inquire") as context:
        row = release_inquiry(context, inquiry_id, partial(write_private, out))
    facts = {"inquiry_id": inquiry_id, "file": str(out), "sha256": row["sha256"]}
    print_facts(facts, f"{out}: sha256 {row['sha256']}", as_json=as_json)
