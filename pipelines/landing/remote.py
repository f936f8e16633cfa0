"""Deliveries on another machine, listed and opened through fsspec.

SFTP needs the extra `sftp`, S3 the extra `s3`, another store the fsspec package of
its maker. Only what is read is fetched; the files are never changed. The
key of an SFTP server must be among those that this account knows.
"""

import io
import re
import stat
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import SourceError
from pipelines.landing.delivery import (
    Delivery,
    LeftOut,
    Listing,
    RemoteFile,
    opened_up,
    readable,
    waits,
)

# Trusted SFTP servers: only those in the account's `known_hosts`.
#
# Logs are evidence. A server that anyone on the network path can impersonate would let anyone write
# them.

KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))

REMEDY = (
    "Check the address, the account and the network; SFTP and S3 need an extra: "
    "pip install 'schoolbell[sftp]' or 'schoolbell[s3]'."
)
SFTP = ("sftp", "ssh")
STEP = 1 << 20


@cache
def known_hosts_only() -> object:
    """Return a paramiko policy that takes no key it does not know.

    Raises:
        ImportError: The extra `sftp` is not installed.
    """
    import paramiko

    class KnownHostsOnly(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: object, hostname: str, key: Any) -> None:
            if not _is_known(hostname, key):
                message = (
                    f"the key of {hostname} is not known here. Compare its "
                    f"fingerprint {key.fingerprint} with the server's, then run as "
                    "this account: ssh-keyscan HOST >> ~/.ssh/known_hosts"
                )
                raise paramiko.SSHException(message)

    return KnownHostsOnly()


def _is_known(hostname: str, key: object) -> bool:
    from paramiko.hostkeys import HostKeys

    for file in KNOWN_HOSTS:
        path = file.expanduser()
        if path.is_file() and HostKeys(str(path)).check(hostname, key):
            return True
    return False


def is_remote(folder: object) -> bool:
    """Return whether a folder is given as a URL."""
    return isinstance(folder, str) and "://" in folder


def remote_deliveries(url: str, source: str) -> Listing:
    """Return everything below a URL, oldest first.

    Raises:
        SourceError: It cannot be listed.
    """
    try:
        store, root = store_of(url, is_new=True)
        entries = store.find(root, detail=True)
        if not entries and _is_sftp(url) and not store.exists(root):
            raise FileNotFoundError(root)
    except FileNotFoundError as error:
        raise SourceError(
            "this folder does not exist", where=f"[sources.{source}]", remedy=REMEDY
        ) from error
    except Exception as error:
        raise SourceError(
            f"cannot be listed: {error}", where=f"[sources.{source}]", remedy=REMEDY
        ) from error
    found: list[Delivery] = []
    refused: list[LeftOut] = []
    waiting: list[LeftOut] = []
    for path, told in entries.items():
        name = readable(path.removeprefix(root).lstrip("/"))
        if told.get("type", "file") != "file" or stat.S_ISLNK(told.get("mode", 0)):
            refused.append(LeftOut(name, "not a regular file"))
        elif ".." in name.split("/"):
            refused.append(LeftOut(name, "its path leaves the landing folder"))
        elif reason := waits(name):
            waiting.append(LeftOut(name, reason))
        else:
            found += _deliveries(source, name, RemoteFile(url, path), told)
    found.sort(key=lambda delivery: (delivery.raw_mtime_ns, delivery.path))
    return Listing(found, refused, waiting)


def open_remote(file: RemoteFile) -> BinaryIO:
    """Return a remote file's bytes, fetched as they are read.

    Raises:
        OSError: It cannot be opened; while reading, that the connection broke.
    """
    try:
        store, _ = store_of(file.folder)
        return io.BufferedReader(_Fetched(store.open(file.path, "rb")), STEP)
    except OSError:
        raise
    except Exception as error:
        raise OSError(str(error) or type(error).__name__) from error


def shown(folder: str) -> str:
    """Return an address as people may see it: without a password."""
    return re.sub(r"(://[^/:@]*:)[^/@]*@", r"\1***@", folder)


class _Fetched(io.RawIOBase):
    """A remote file whose every failure is an `OSError`: the next run tries again.

    Some clients end a broken connection like the end of a truncated file, with
    an `EOFError`, and a truncated file would not be reread.
    """

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._inner.seek(offset, whence)
        return self._inner.tell()  # not every client's seek returns its position

    def tell(self) -> int:
        return self._inner.tell()

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._inner.read(len(buffer))
        except OSError:
            raise
        except Exception as error:
            message = f"the connection broke: {error or type(error).__name__}"
            raise OSError(message) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


def _is_sftp(url: str) -> bool:
    return url.partition("://")[0] in SFTP


def store_of(url: str, *, is_new: bool = False) -> tuple[Any, str]:
    """Return the store of a URL, and the path there; a new one connects again.

    A process that lives for weeks outlives its connections.
    """
    import fsspec

    if is_new:
        fsspec.get_filesystem_class(url.partition("://")[0]).clear_instance_cache()
    more = {"host_key_policy": known_hosts_only()} if _is_sftp(url) else {}
    store, root = fsspec.url_to_fs(url, **more)
    return store, root


def _deliveries(source: str, name: str, file: RemoteFile, told: dict[str, Any]) -> list[Delivery]:
    plain = Delivery(
        source=source,
        path=name,
        file=file,
        raw_bytes=int(told.get("size") or 0),
        raw_mtime_ns=_changed_ns(told),
    )
    return opened_up(plain, lambda: open_remote(file))


def _changed_ns(told: dict[str, object]) -> int:
    """Return its last change, under any name that the store uses for it."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = told.get(name)
        if isinstance(value, datetime):
            known = value if value.tzinfo else value.replace(tzinfo=UTC)
            return int(known.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return 0
