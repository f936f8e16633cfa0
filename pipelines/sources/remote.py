"""Lists and opens deliveries that lie on another machine, through fsspec.

SFTP needs the extra `sftp`, an object store the fsspec package of its maker.
Nothing is fetched but what is read; the files are never changed.
"""

import stat
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

import fsspec

from pipelines.errors import SourceError
from pipelines.sources.delivery import Delivery, Listing, Refused, readable, waits

REMEDY = (
    "Check the address, the account and the network; for SFTP install the extra: "
    "pip install 'schoolbell[sftp]'."
)


def is_remote(folder: object) -> bool:
    """A folder given as a URL."""
    return isinstance(folder, str) and "://" in folder


def remote_deliveries(url: str, source: str) -> Listing:
    """Everything below a URL, oldest first.

    Raises:
        SourceError: It can not be listed.
    """
    try:
        store, root = fsspec.url_to_fs(url, use_listings_cache=False)
        entries = store.find(root, detail=True)
    except FileNotFoundError:
        return Listing([], [])
    except Exception as error:
        raise SourceError(
            f"can not be listed: {error}", where=f"[sources.{source}]", remedy=REMEDY
        ) from error
    found: list[Delivery] = []
    refused: list[Refused] = []
    for path, told in entries.items():
        name = readable(path.removeprefix(root).lstrip("/"))
        if told.get("type", "file") != "file" or stat.S_ISLNK(told.get("mode", 0)):
            refused.append(Refused(name, "not a regular file"))
        elif ".." in name.split("/"):
            refused.append(Refused(name, "its path leaves the landing folder"))
        elif not waits(name):
            found.append(_delivery(source, name, store.unstrip_protocol(path), told))
    found.sort(key=lambda delivery: (delivery.raw_mtime_ns, delivery.path))
    return Listing(found, refused)


def open_remote(url: str) -> BinaryIO:
    """A remote file's bytes, fetched as they are read."""
    return cast("BinaryIO", fsspec.open(url, "rb").open())


def _delivery(source: str, name: str, url: str, told: dict[str, Any]) -> Delivery:
    return Delivery(
        source=source,
        path=name,
        file=url,
        raw_bytes=int(told.get("size") or 0),
        raw_mtime_ns=_changed_ns(told),
    )


def _changed_ns(told: dict[str, Any]) -> int:
    """When it last changed, under whichever name the store tells it."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = told.get(name)
        if isinstance(value, datetime):
            known = value if value.tzinfo else value.replace(tzinfo=UTC)
            return int(known.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return 0
