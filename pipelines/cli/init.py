"""The command that makes a district home, asking little."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from pipelines.cli.options import AsJson, OptionalHome, named
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError
from pipelines.registry.new_home import Answers, create, settings_text
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import nearest
from pipelines.settings.toml_reader import parse_settings

LOCALTIME = Path("/etc/localtime")
DEFAULTS = Answers()


def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="HOME", help="Folder to create; or give --home.")
    ] = None,
    home: OptionalHome = None,
    name: Annotated[str, typer.Option(help="Name of the district in reports.")] = "",
    zone: Annotated[str, typer.Option(help="IANA time zone; without it, this machine's.")] = "",
    account_domain: Annotated[
        list[str] | None,
        typer.Option(help="Domain to strip from account names; repeatable."),
    ] = None,
    mail_host: Annotated[
        str,
        typer.Option(help="Mail server for alerts; without one, alerts are written to a file."),
    ] = "",
    mail_to: Annotated[list[str] | None, typer.Option(help="Who gets alerts; repeatable.")] = None,
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Assign roles to system groups."),
    ] = False,
    is_silent: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask questions (the default without a terminal)."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a district home. Existing files are not changed.

    On a terminal it asks for everything without an option: the name, the time zone, the
    domains of accounts, and where alerts go. You can change all of it later in
    district.toml, where every setting is explained.
    """
    said = Answers(
        name=name,
        zone=zone,
        account_domains=tuple(account_domain or ()),
        mail_host=mail_host,
        mail_to=tuple(mail_to or ()),
        has_roles=roles,
    )
    place = DistrictHome((folder or named(home)).resolve())
    is_asked = not is_silent and sys.stdin.isatty() and not place.settings_file.exists()
    _tell(made_home(place, said, is_asked=is_asked), as_json=as_json)


def made_home(place: DistrictHome, said: Answers, *, is_asked: bool) -> DistrictHome:
    """Make a home from answers given, asked for, or left to the machine."""
    answers = _checked(_asked(said) if is_asked else _filled(said))
    return create(place.path, **vars(answers))


def _tell(made: DistrictHome, *, as_json: bool) -> None:
    if as_json:
        names = ("path", "settings_file", "registry", "landing")
        print_facts({name: str(getattr(made, name)) for name in names}, as_json=True)
        return
    typer.echo(f"District home: {made.path}")
    typer.echo("Next:")
    typer.echo(f"  schoolbell start --home {made.path}")
    typer.echo("which guides you through these steps, or run them yourself:")
    typer.echo(f"  1. review {made.settings_file}")
    typer.echo(f"  2. put raw logs into {made.landing}/<source>/")
    typer.echo(f"  3. schoolbell setup --home {made.path}: fills {made.registry}")
    typer.echo(f"  4. schoolbell run --home {made.path}")
    typer.echo(f"  5. schoolbell propose --home {made.path}")


def _asked(said: Answers) -> Answers:
    """Ask for everything without an option; Enter accepts the offered answer."""
    typer.echo("Five questions. Press Enter to accept the answer in brackets.")
    name = said.name or typer.prompt("Name of the district", DEFAULTS.name)
    zone = said.zone or typer.prompt("Time zone", _own_zone())
    domains = said.account_domains or _listed(
        "Domains that appear before or after account names, such as SCHOOL school.example"
    )
    host = said.mail_host or typer.prompt(
        "Mail server for alerts (empty: write them to a file)", "", show_default=False
    )
    to = said.mail_to
    if host and not to:
        to = _listed("Email addresses that receive alerts")
    return replace(said, name=name, zone=zone, account_domains=domains, mail_host=host, mail_to=to)


def _listed(question: str) -> tuple[str, ...]:
    said: str = typer.prompt(question, "", show_default=False)
    return tuple(said.replace(",", " ").split())


def _filled(said: Answers) -> Answers:
    return replace(said, name=said.name or DEFAULTS.name, zone=said.zone or _own_zone())


def _own_zone() -> str:
    """Return the machine's zone by name; a default if it is only UTC."""
    path = os.path.realpath(LOCALTIME)
    name = path.partition("/zoneinfo/")[2]
    is_place = name in available_timezones() and "/" in name and name[:4] != "Etc/"
    return name if is_place else DEFAULTS.zone


def _checked(said: Answers) -> Answers:
    """Check the answers, so that nothing invalid is written into district.toml.

    Raises:
        SettingsError: The zone does not exist, a mail server has no recipient, or a
            value could not be read back.
    """
    if said.zone not in available_timezones():
        guess = nearest(said.zone, available_timezones()) or DEFAULTS.zone
        raise SettingsError(
            f"there is no time zone {said.zone!r}",
            where="--zone",
            remedy=f"Write its IANA name: --zone {guess}",
        )
    if bool(said.mail_host) != bool(said.mail_to):
        raise SettingsError(
            "email alerts need a server and a recipient",
            where="--mail-host, --mail-to",
            remedy="Give both: --mail-host mail.school.example "
            "--mail-to technology.director@school.example",
        )
    parse_settings(settings_text(said).encode())
    return said
