"""A home whose services are asked in this process."""

import json
from datetime import UTC, datetime

import pytest

from pipelines.district import open_outlined
from pipelines.fetch.fetching import fetch
from pipelines.registry.new_home import create
from tests.fetch.vendors import KINDS_OF_SERVICE, settings_of

NOW = datetime(2026, 11, 4, 15, tzinfo=UTC)


@pytest.fixture(scope="session")
def google_key():
    """A service account's key that exists nowhere else."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "private_key": pem.decode(),
            "client_email": "logs@project.example",
            "token_uri": "https://elsewhere.example/token",
        }
    )


class FetchedHome:
    """A home with one service, and what its files hold."""

    def __init__(self, path, kind):
        self.home = path
        self.kind = kind

    def fetch(self, ask, now=NOW, **more):
        """Ask the service once."""
        with open_outlined(self.home.path) as district:
            return fetch(
                district.home,
                district.settings,
                district.store,
                now,
                ask=ask,
                sleep=more.pop("sleep", lambda _seconds: None),
                **more,
            )

    def one(self, ask, now=NOW, **more):
        """Ask once; return the result of the log that the tests use."""
        stream = KINDS_OF_SERVICE[self.kind].stream
        return next(one for one in self.fetch(ask, now, **more) if one.stream in (stream, ""))

    @property
    def folder(self):
        return self.home.landing / self.kind

    def lines(self):
        """Return every delivered event, as the service sent it."""
        import gzip

        return [
            json.loads(line)
            for path in sorted(self.folder.glob("*.json.gz"))
            if not path.name.startswith(".")
            for line in gzip.decompress(path.read_bytes()).splitlines()
        ]

    def ids(self):
        return sorted(KINDS_OF_SERVICE[self.kind].id_of(one) for one in self.lines())


@pytest.fixture
def fetched_home(tmp_path, monkeypatch, google_key):
    """Return a function that makes a home with one service."""

    def made(kind="okta", **more):
        place = create(tmp_path / "home")
        given = dict(settings_of(kind))
        if kind == "google":
            given["key_secret"] = google_key
        lines = [f"[fetch.{kind}]", f'service = "{kind}"']
        for name, value in (given | more).items():
            if any(word in name for word in ("token", "secret", "api_key")):
                monkeypatch.setenv(f"TEST_{name.upper()}", value)
                lines.append(f'{name} = {{ env = "TEST_{name.upper()}" }}')
            else:
                lines.append(f"{name} = {json.dumps(value)}")
        with place.settings_file.open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")
        return FetchedHome(place, kind)

    return made
