"""The command that moves the state to PostgreSQL, and back."""

from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError
from pipelines.operations.upgrade import move_back, move_out
from pipelines.settings.home import DistrictHome


def move_state(
    home: Home,
    env: Annotated[str, typer.Option(help="Environment variable that holds the URL.")] = "",
    file: Annotated[str, typer.Option(help="File that holds the URL.")] = "",
    back: Annotated[
        bool, typer.Option("--back", help="Move it back into state.db of the home.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move the state to PostgreSQL, or back.

    The URL names the driver: postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE. It is
    looked up at each start and stored in no file of the home. Each home needs its
    own database, empty at first.
    """
    given = {key: value for key, value in (("env", env), ("file", file)) if value}
    if len(given) + back != 1:
        raise SettingsError(
            "use one of --env, --file and --back",
            where="move-state",
            remedy="schoolbell move-state --env SCHOOLBELL_STATE_URL",
        )
    place = DistrictHome(home.resolve())
    rows = move_back(place) if back else move_out(place, given)
    where = str(place.state_db) if back else "the database"
    print_facts(rows, f"{sum(rows.values()):,} rows are in {where}, all counted.", as_json=as_json)
