r"""Reads systemd's journal export format as JSON, one entry a line.

    __CURSOR=s=...                      {"__CURSOR":"s=...","__REALTIME_TIMESTAMP":
    __REALTIME_TIMESTAMP=1793628900123456    "1793628900123456","MESSAGE":"..."}
    MESSAGE=...

Entries end with an empty line. A value that holds line ends follows its name and its
length, eight bytes, the lowest first. Of a field that comes twice the first counts. The
line is that of `journalctl -o json`, which the envelopes know.
"""

import json

from pipelines.ingest.compression import CorruptError, Reads

BEGINS = b"__CURSOR="
STEP = 1 << 16
LARGEST = 4 << 20
LENGTH = 8


class FromJournal:
    """The same entries as JSON lines."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._held = b""
        self._entry: dict[str, str] = {}
        self._ready = b""
        self._is_over = False

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end.

        Raises:
            CorruptError: A field is longer than any may be.
        """
        while not self._ready and not self._is_over:
            self._ready = self._next_line()
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def _next_line(self) -> bytes:
        """Goes on by one line of the export; the JSON of an entry that it ends."""
        line = self._up_to_newline()
        if line is None or line == b"":
            entry, self._entry = self._entry, {}
            # an entry that is not ended may go on, as a last line may
            end = "\n" if line is not None else ""
            return (json.dumps(entry) + end).encode() if entry else b""
        name, is_text, value = line.partition(b"=")
        if not is_text:
            value = self._binary()
        self._entry.setdefault(_text(name), _text(value))
        return b""

    def _up_to_newline(self) -> bytes | None:
        while b"\n" not in self._held and self._more():
            if len(self._held) > LARGEST:
                self._too_long(len(self._held))
        line, newline, self._held = self._held.partition(b"\n")
        self._is_over = not newline and not line
        return line if newline or line else None

    def _binary(self) -> bytes:
        head = self._exactly(LENGTH)
        size = int.from_bytes(head, "little")
        if size > LARGEST:
            self._too_long(size)
        return self._exactly(size + 1)[:size]

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size and self._more():
            pass
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _more(self) -> bool:
        data = self._stream.read(STEP)
        self._held += data
        return bool(data)

    def _too_long(self, size: int) -> None:
        message = f"a field of the journal has {size:,} bytes"
        raise CorruptError(message, trusted=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
