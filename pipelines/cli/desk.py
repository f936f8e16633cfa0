"""The command that opens the review desk, and its accounts with a password."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, OptionalHome, named, open_context
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError

app = typer.Typer(invoke_without_command=True)
account = typer.Typer(
    help="Accounts that sign in to the desk with a password.", no_args_is_help=True
)
app.add_typer(account, name="account")
MIN_PASSWORD = 12
PORT = 8420

Login = Annotated[str, typer.Argument(help="Login, as in [desk.logins].")]


@app.callback()
def group(
    chosen: typer.Context,
    home: OptionalHome = None,
    host: Annotated[str, typer.Option(help="Address of this machine to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=1, max=65_535)] = PORT,
    path: Annotated[
        Path | None, typer.Option("--socket", help="Also listen on this Unix socket.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the review desk for browsers until you stop it."""
    if chosen.invoked_subcommand:
        return
    place = named(home)
    try:
        from pipelines.desk.server import listening, serve
    except ImportError as error:
        raise SettingsError(
            "the desk's libraries are not installed", remedy="pip install 'schoolbell[desk]'"
        ) from error
    sockets = [listening(host, port, None)]
    if path is not None:
        sockets.append(listening("", 0, path))
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    facts = {"address": where, "socket": str(path) if path else None}
    more = f"; also on {path}" if path else ""
    print_facts(facts, f"{where} (press Ctrl+C to stop){more}", as_json=as_json)
    sys.stdout.flush()
    serve(place, *sockets)


@account.command("add")
def add(home: Home, login: Login, as_json: AsJson = False) -> None:
    """Create an account, or change its password, which is read from standard input."""
    from pipelines.actions.context import put
    from pipelines.desk.signin import Passwords

    with open_context(home, "accounts") as context:
        password = _password()
        name = put(context, login, Passwords().hashed(password))
    print_facts(
        {"login": name}, f"{name} can sign in, with the role in [desk.logins].", as_json=as_json
    )


@account.command("end")
def end(home: Home, login: Login, as_json: AsJson = False) -> None:
    """End an account; its sessions end with the next restart."""
    from pipelines.actions.context import end as ended

    with open_context(home, "accounts") as context:
        name = ended(context, login)
    print_facts({"login": name}, f"{name} can no longer sign in.", as_json=as_json)


@account.command("accept")
def accept(home: Home, login: Login, as_json: AsJson = False) -> None:
    """Accept that an address has another account at the OpenID provider."""
    from pipelines.actions.context import accept as accepted

    with open_context(home, "accounts") as context:
        name = accepted(context, login)
    print_facts(
        {"login": name}, f"The next account that signs in as {name} keeps it.", as_json=as_json
    )


@account.command("list")
def list_accounts(home: Home, as_json: AsJson = False) -> None:
    """List accounts, ended ones included."""
    from pipelines.state.desk_users import accounts

    with open_context(home, "accounts") as context:
        rows = accounts(context.district.store)
    for row in rows:
        shown = {name: row[name] for name in ("login", "created_time", "ended_time")}
        state = f"ended {row['ended_time'][:10]}" if row["ended_time"] else "active"
        line = f"{row['login']}: since {row['created_time'][:10]}, {state}"
        print_facts(shown, line, as_json=as_json)


def _password() -> str:
    """Read a password twice at a terminal; one line of a pipe."""
    if sys.stdin.isatty():
        given = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != given:
            raise SettingsError("the passwords do not match")
    else:
        given = sys.stdin.readline().rstrip("\n")
    if len(given) < MIN_PASSWORD:
        raise SettingsError(f"a password needs at least {MIN_PASSWORD} characters", where="input")
    return given
