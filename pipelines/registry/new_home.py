"""Makes a district home: folders, settings, empty registry files, keys."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypedDict, Unpack

from pipelines.registry.csv_document import csv_line, empty_text
from pipelines.registry.frames import FILES
from pipelines.settings.home import (
    PLAIN_FILE,
    PRIVATE,
    SECRET_FILE,
    DistrictHome,
    make_file,
    make_folder,
    shared_folder,
)
from pipelines.settings.model import Settings
from pipelines.settings.roles import Roles
from pipelines.settings.toml_text import documented, toml

_USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,"
    "userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password,metadata.jobTitle\n"
    "# p-1001,active,2026-08-01,true,org-hs,teacher,asample,,Ada,Sample,,,"
    "asample@school.example,,,,,,science teacher\n"
    "# p-1000,active,2026-08-01,true,org-hs,administrator,bsample,,Bo,Sample,,,"
    "bsample@school.example,,,,,,superintendent\n"
    "# p-1044,active,2026-08-01,true,org-hs,teacher,csample,,Cy,Sample,,,"
    "csample@school.example,,,,,,substitute\n"
)
_ORGS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "# org-hs,active,2026-08-01,Sample High School,school,HS,\n"
)

KEY_BYTES = 32


def registry_files() -> Mapping[str, str]:
    """Return each registry file with its header and one example, commented out."""
    texts = {"users.csv": _USERS, "orgs.csv": _ORGS}
    for name, file in FILES.items():
        shipped = {key: cell for key, cell in file.columns.items() if cell.shipped}
        example = csv_line([cell.example for cell in shipped.values()])
        texts[name] = f"{empty_text(file)}# {example}\n"
    return texts


@dataclass(frozen=True)
class Answers:
    """Answers to `schoolbell init`; everything else has its default.

    Attributes:
        name: The district's name.
        zone: Its IANA time zone.
        account_domains: Domains that its account names may have.
        mail_host: Mail server for alerts; empty for none.
        mail_to: Their receivers.
        has_roles: Groups of the operating system share the work.
    """

    name: str = "Example Community School District"
    zone: str = "America/Chicago"
    account_domains: tuple[str, ...] = ()
    mail_host: str = ""
    mail_to: tuple[str, ...] = ()
    has_roles: bool = False


class GivenAnswers(TypedDict, total=False):
    """The same, without those that have their default."""

    name: str
    zone: str
    account_domains: tuple[str, ...]
    mail_host: str
    mail_to: tuple[str, ...]
    has_roles: bool


def settings_text(answers: Answers) -> str:
    """Return a `district.toml` with every setting and its meaning."""
    known = {
        "district.name": toml(answers.name),
        "district.zone": toml(answers.zone),
        "district.account_domains": toml(answers.account_domains),
    }
    if answers.mail_host:
        known |= _mail(answers)
    if answers.has_roles:
        known |= {
            f"roles.{role}": toml(field.examples[0])
            for role, field in Roles.model_fields.items()
            if field.examples
        }
    return documented(Settings, known)


def _mail(answers: Answers) -> Mapping[str, str]:
    """Return the channel `director`, with a sender of the first recipient's domain."""
    to = list(answers.mail_to)
    domain = to[0].rpartition("@")[2] if to else "localhost"
    settings = {
        "host": answers.mail_host,
        "sender": f"schoolbell@{domain}",
        "recipients": to,
    }
    return {
        "alerts.recipients": toml(to),
        "alerts.channels.director.type": toml("smtp"),
        "alerts.channels.director.settings": toml(settings),
    }


def create(path: Path, **said: Unpack[GivenAnswers]) -> DistrictHome:
    """Make a district home, or complete one; existing files are not changed.

    Args:
        path: The directory.
        said: The district's answers, see `Answers`.
    """
    home = DistrictHome(path)
    for folder in (home.path, home.reports, home.snapshots):
        shared_folder(folder)
    for folder in (
        home.registry,
        home.landing,
        home.lake,
        home.keys,
        home.openings,
    ):
        make_folder(folder, PRIVATE)
    settings = settings_text(Answers(**said))
    make_file(home.settings_file, settings.encode(), PLAIN_FILE)
    for name, text in registry_files().items():
        make_file(home.registry / name, text.encode(), PLAIN_FILE)
    policy = resources.files("pipelines.registry").joinpath("policy.toml")
    make_file(home.registry / "policy.toml", policy.read_bytes(), PLAIN_FILE)
    make_file(home.key_file, secrets.token_bytes(KEY_BYTES), SECRET_FILE)
    return home
