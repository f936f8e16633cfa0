"""Deliveries on a real SFTP server and a real object store, both in this process."""

import asyncio
import gzip
import threading
import zipfile
from contextlib import contextmanager

import pytest

from pipelines.errors import SourceError
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Source
from pipelines.landing import remote
from pipelines.landing.remote import remote_deliveries, shown
from pipelines.landing.streams import opened
from tests.faults.home import Home, line, lines, once

USER, PASSWORD = "logs", "letters-for-a-test"


@contextmanager
def sftp_server(folder, monkeypatch, *, breaks_at=None, is_known=True):
    """Provide an SSH server that shows one folder; its port.

    Its connection breaks at a read from `breaks_at` on.
    """
    import asyncssh

    class Door(asyncssh.SSHServer):
        def begin_auth(self, _username):
            return True

        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            return (username, password) == (USER, PASSWORD)

    class Shows(asyncssh.SFTPServer):
        def __init__(self, channel):
            super().__init__(channel, chroot=str(folder).encode())
            self._channel = channel

        def read(self, file, offset, size):
            if breaks_at is not None and offset >= breaks_at:
                self._channel.get_connection().abort()
            return super().read(file, offset, size)

    loop = asyncio.new_event_loop()
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def start():
        return await asyncssh.create_server(
            Door, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Shows
        )

    # the tests' own thread may have a running loop: Playwright leaves one there
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=30)
    try:
        port = begun.sockets[0].getsockname()[1]
        known = folder.parent / "known_hosts"
        public = key.export_public_key().decode() if is_known else ""
        known.write_text(f"[127.0.0.1]:{port} {public}")
        monkeypatch.setattr(remote, "KNOWN_HOSTS", (known,))
        yield port
    finally:
        loop.call_soon_threadsafe(begun.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)


@contextmanager
def object_store(monkeypatch):
    """Provide an S3 server with one bucket, and a client of it."""
    import boto3
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()  # one of an earlier test has that server's address
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="drop")
    try:
        yield client
    finally:
        server.stop()


def take_in(home, url):
    source = Source(name="proxy", folder=url, format="squid_access", zone="UTC")
    options = IngestOptions(
        store=home.store,
        lake=home.lake,
        zone="UTC",
        settle_seconds=0,
        least_free_bytes=0,
    )
    outcomes = ingest_source(options, source)
    home.check_books()
    return {one.record.path: one for one in outcomes}


def test_an_sftp_server(tmp_path, monkeypatch):
    home, there = Home(tmp_path / "home"), tmp_path / "there"
    (there / "deep").mkdir(parents=True)
    (there / "access.log").write_bytes(lines(0, 20) + line(20)[:-5])
    (there / "deep/b #1?.gz").write_bytes(gzip.compress(lines(40, 60)))
    (there / "c.part").write_bytes(lines(90, 99))
    (tmp_path / "secret.log").write_bytes(lines(200, 210))
    (there / "link.log").symlink_to(tmp_path / "secret.log")
    with sftp_server(there, monkeypatch) as port:
        url = f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}/"
        listing = remote_deliveries(url, "proxy")
        assert {one.path for one in listing.deliveries} == {
            "access.log",
            "deep/b #1?.gz",
        }
        assert [one.path for one in listing.refused] == ["link.log"]
        take_in(home, url)
        # it grows, is rotated and compressed, and the name is used again
        (there / "access.log.1.gz").write_bytes(gzip.compress(lines(0, 40)))
        (there / "access.log").write_bytes(lines(60, 80))
        with zipfile.ZipFile(there / "more.zip", "w") as archive:
            archive.writestr("a.log", lines(80, 90))
            archive.writestr("b.log", lines(90, 100))
        for _ in range(2):
            take_in(home, url)
    assert home.numbers() == once(0, 100)


def test_an_sftp_server_that_refuses_or_lacks_the_file(tmp_path, monkeypatch):
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.log").write_bytes(lines(0, 20))
    with sftp_server(there, monkeypatch) as port:
        wrong = f"sftp://{USER}:guess@127.0.0.1:{port}/"
        with pytest.raises(SourceError, match="cannot be listed") as refused:
            remote_deliveries(wrong, "proxy")
        assert "guess" not in str(refused.value)
        url = f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}/"
        (delivery,) = remote_deliveries(url, "proxy").deliveries
        (there / "a.log").unlink()
        with pytest.raises(SourceError, match="no longer there"), opened(delivery):
            pass
        with pytest.raises(SourceError, match="this folder does not exist"):
            remote_deliveries(f"{url}nowhere", "proxy")


def test_a_connection_that_breaks_loses_nothing(tmp_path, monkeypatch):
    home, there = Home(tmp_path / "home"), tmp_path / "there"
    there.mkdir()
    (there / "a.log").write_bytes(lines(0, 30_000))
    for breaks_at in (1_000_000, None):
        with sftp_server(there, monkeypatch, breaks_at=breaks_at) as port:
            url = f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}/"
            outcome = take_in(home, url)["a.log"]
            is_whole = breaks_at is None
            assert (outcome.record.state == "finished") is is_whole
    assert home.numbers() == once(0, 30_000)


def test_a_server_whose_key_is_not_known_is_not_believed(tmp_path, monkeypatch):
    there = tmp_path / "there"
    there.mkdir()
    stranger = sftp_server(there, monkeypatch, is_known=False)
    with stranger as port, pytest.raises(SourceError, match="is not known here"):
        remote_deliveries(f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}/", "proxy")


def test_a_password_in_an_address_is_not_shown():
    assert shown("sftp://a:b@host/logs") == "sftp://a:***@host/logs"
    assert shown("s3://drop/logs") == "s3://drop/logs"


def test_an_object_store(tmp_path, monkeypatch):
    home = Home(tmp_path)
    with object_store(monkeypatch) as client:

        def put(key, data):
            client.put_object(Bucket="drop", Key=key, Body=data)

        put("fw/a.log", lines(0, 20))
        put("fw/deep/b.gz", gzip.compress(lines(20, 40)))
        put("fw/c.part", lines(90, 99))
        put("other/d.log", lines(90, 99))
        take_in(home, "s3://drop/fw")
        put("fw/a.log", lines(0, 20) + lines(40, 60))
        put("fw/again.log", lines(20, 40))
        seen = take_in(home, "s3://drop/fw")
        assert seen["again.log"].kind == "copy"
        seen = {path: one.kind for path, one in take_in(home, "s3://drop/fw").items()}
        assert seen.pop("c.part") == "waiting"
        assert {*seen.values()} == {"unchanged"}
    assert home.numbers() == once(0, 60)


def test_an_object_store_without_such_a_bucket(tmp_path, monkeypatch):
    home = Home(tmp_path)
    missing = pytest.raises(SourceError, match="this folder does not exist")
    with object_store(monkeypatch), missing:
        take_in(home, "s3://nowhere/fw")
