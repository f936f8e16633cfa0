"""Action on apps: what the district records about an app in `apps.csv`.

The row is previewed first, and can be taken back as a group of its own. It changes no
finding: a decision about the app's sites is an entry of the list of sites.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from pipelines.actions.action import Form, Input, Preview, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.district import PERSON_WAITS, only_writer
from pipelines.errors import SettingsError
from pipelines.findings.registry_rows import changed, checked, names_in
from pipelines.findings.review import required_reason
from pipelines.registry import canonical
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import is_formula
from pipelines.registry.tables.apps import APP_KINDS, FILE, apps
from pipelines.registry.taking_back import changes_between
from pipelines.state.accepted_groups import add_group
from pipelines.state.audit import Act

TOPIC = "apps"
"""Prefix of the group of an app's changed row."""


class AppInput(Input):
    """Facts about an app that the district records; an empty one does not change."""

    app: Annotated[str, Form("App"), typer.Argument(metavar="app", help="Name of the app.")]
    hosts: Annotated[
        str,
        Form("Hosts", hint="Between bars. Leave it empty for an app that the page lists."),
        typer.Option("--hosts", help="Hosts on which people open it, between bars."),
    ] = ""
    kind: Annotated[
        str,
        Form(
            "Kind", "choice", {"": "As it is"} | {one: one.replace("_", " ") for one in APP_KINDS}
        ),
        typer.Option("--kind", help="One of: " + ", ".join(APP_KINDS)),
    ] = ""
    vendor: Annotated[str, Form("Vendor"), typer.Option("--vendor", help="Its company.")] = ""
    agreement: Annotated[
        str,
        Form("Agreement", hint="Name or number of the document."),
        typer.Option("--agreement", help="Name or number of the document."),
    ] = ""
    ends: Annotated[
        date | None,
        Form("Agreement ends", "date"),
        typer.Option("--ends", help="Last day of the agreement."),
    ] = None
    asked: Annotated[
        date | None,
        Form("Vendor asked on", "date", hint="The day on which you asked for an agreement."),
        typer.Option("--asked", help="Day on which the vendor was asked for an agreement."),
    ] = None
    student_data: Annotated[
        str,
        Form("Data about students", "choice", {"": "As it is", "yes": "Yes", "no": "No"}),
        typer.Option("--student-data", help="yes or no."),
    ] = ""
    owner: Annotated[
        str,
        Form("Owner", hint="An office, not a person."),
        typer.Option("--owner", help="Office that answers for it."),
    ] = ""
    licenses: Annotated[
        str,
        Form("Licenses"),
        typer.Option("--licenses", help="Seats that the district pays for."),
    ] = ""
    reason: Reason


@action(
    name="app",
    command="sites app",
    right="sites",
    title="Record what you know about an app",
    button="Preview the row",
    confirm="Save it",
    is_preview_needed=True,
    back="/apps",
    hint="The next page shows the row. Nothing is saved yet.",
)
def app(context: ActionContext, given: AppInput) -> Preview:
    """Record owner, agreement and licenses of an app; without --save, only preview the row."""
    context.require("sites")
    why = required_reason(given.reason)
    cells = {
        name: str(value)
        for name, value in given.model_dump(exclude={"reason"}).items()
        if value not in (None, "")
    }
    if any(is_formula(value) for value in cells.values()):
        raise SettingsError("a spreadsheet would read a value as a formula", where=FILE.name)
    district = context.district
    checked(
        district.home,
        district.settings,
        district.registry,
        FILE.name,
        apps,
        lambda data: _with_row(context, data, cells),
    )

    def write(now: ActionContext) -> Result:
        _write(now, cells, why)
        text = f"{given.app} is recorded in {FILE.name}."
        return Result(text, {"saved": True, **cells}, (text,))

    return Preview(
        title=given.app,
        why=why,
        file=FILE.name,
        rows=[f"{name}: {value}" for name, value in cells.items()],
        differences=lambda: (),
        write=write,
        note="It changes no finding. You can take it back under Proposals.",
        facts=cells,
    )


def _with_row(context: ActionContext, data: bytes, cells: Mapping[str, str]) -> bytes:
    """Return the file with the cells in the app's row; without a row, with a new one."""
    document = CsvDocument(data, FILE, names_in(context.district.settings, FILE.name))
    name = canonical.lower(cells["app"].strip())
    for column in cells:
        document.add_column(column)
    for row in document.rows:
        if canonical.lower(document.value(row, "app")) == name:
            for column, value in cells.items():
                if column != "app":
                    document.set(row, column, value)
            return document.data()
    document.append(cells)
    return document.data()


def _write(context: ActionContext, cells: Mapping[str, str], why: str) -> None:
    """Write the row, and remember the change, so that it can be taken back."""
    district, file = context.district, FILE.name
    with only_writer(district.home, PERSON_WAITS):
        path = district.home.registry / file
        before = path.read_bytes() if path.exists() else b""
        after = _with_row(context, before, cells)
        if after == before:
            return
        rows = changes_between(before, after, file, names_in(district.settings, file))
        changes = ", ".join(f"{name} {value}" for name, value in cells.items() if name != "app")
        act = Act(
            actor=str(context.asker),
            action="app recorded",
            subject=cells["app"],
            reason=f"{changes}: {why}",
        )
        with changed(district, context.chain, file, apps, lambda _: after, act) as transaction:
            topic = f"{TOPIC}:{canonical.lower(cells['app'])}"
            add_group(transaction, topic, file, [asdict(one) for one in rows], act.actor)
