"""Brings a state on PostgreSQL to the present layout, in one transaction.

The tables of before are put aside as a schema of their own and stay there; new ones
are filled from them and compared, row by row. PostgreSQL takes all of it back unless
the whole of it succeeds, so that a kill at any instant leaves the old state or the
new one.
"""

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from pipelines.state.engines import engine_of, only_one_writes
from pipelines.state.history import FORMER_NAMES, LEFT_BEHIND
from pipelines.state.layout import FACT, every_table, mark
from pipelines.state.moving import counting_on
from pipelines.state.store import remember
from pipelines.state.upgrade import Upgraded, UpgradeError, copied_table


def upgrade_server(url: str, stamp: str) -> Upgraded:
    """Bring one database to the present layout; no run may be at work.

    Args:
        stamp: Goes into the name of the schema that keeps the tables of before.

    Raises:
        UpgradeError: It can not be done, or the copy differs; nothing was changed.
    """
    engine = engine_of(url)
    kept = f"before_{stamp.lower()}"
    try:
        with engine.begin() as connection:
            only_one_writes(connection)
            return _renewed(connection, kept)
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise UpgradeError(
            f"can not be upgraded: {said}",
            where=engine.url.render_as_string(),
            remedy="Nothing was changed. The account needs the right to make a "
            "schema: grant create on database NAME to ACCOUNT.",
        ) from error
    finally:
        engine.dispose()


def _renewed(connection: Connection, kept: str) -> Upgraded:
    seen = inspect(connection)
    own = every_table().tables.keys() | set(FORMER_NAMES.values()) | LEFT_BEHIND.keys()
    there = set(seen.get_table_names())
    held, place = sorted(own & there), str(seen.default_schema_name)
    quoted = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"create schema {quoted(kept)}"))
    for name in held:
        connection.execute(
            text(f"alter table {quoted(name)} set schema {quoted(kept)}")
        )
    every_table().create_all(connection)
    rows = {
        table.name: copied_table(connection, table, held, kept)
        for table in every_table().sorted_tables
    }
    counting_on(connection)
    remember(connection, FACT, mark())
    left = {name: LEFT_BEHIND[name] for name in held if name in LEFT_BEHIND}
    return Upgraded(rows, left, kept, _way_back(place, kept, is_alone=own >= there))


def _way_back(place: str, kept: str, *, is_alone: bool) -> str:
    """What to give to psql; with tables of others beside ours, in words alone."""
    if not is_alone:
        return f"move the tables of schema {kept} back into {place}, over the new ones"
    return (
        f'psql -c "begin; drop schema {place} cascade; '
        f'alter schema {kept} rename to {place}; commit"'
    )
