"""The command that shows the roles of a home, and accepts other ones."""

import os
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, who_asks
from pipelines.cli.output import print_facts
from pipelines.findings.review import required_reason
from pipelines.settings.home import DistrictHome, owner_of
from pipelines.settings.roles import RefusedError
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import newest_subject
from pipelines.state.kept_roles import ACTION, NONE, note_roles, roles_text
from pipelines.state.opened_state import open_state


def roles(
    home: Home,
    is_accepted: Annotated[
        bool,
        typer.Option("--accept", help="Accept the roles of district.toml."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show or accept the roles of a home.

    They are those in district.toml, and those that the audit chain recorded last. A
    change of groups is recorded by the next command. Settings without roles are
    refused where the chain has some, until the account that owns the home accepts them.
    """
    place = DistrictHome(home.resolve())
    settings = load_settings(place)
    if not is_accepted:
        who_asks(place, settings).require("audit")
    elif hasattr(os, "geteuid") and os.geteuid() != owner_of(place):
        raise RefusedError(
            "only the account that owns the home can accept new roles", where=str(place.path)
        )
    store = open_state(place)
    try:
        if is_accepted:
            note_roles(store, place, settings, required_reason(reason))
        kept = newest_subject(store, ACTION) or NONE
    finally:
        store.close()
    now = roles_text(settings)
    same = "the same" if kept == now else kept
    text = f"district.toml: {now}\nAudit chain: {same}"
    print_facts({"settings": now, "chain": kept}, text, as_json=as_json)
