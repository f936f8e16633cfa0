"""Frames that wait in memory for their commit, and how much memory that is."""

import polars as pl

VIEW_BYTES = 16
"""What Polars keeps of each text beside its bytes."""


class Holding:
    """Frames by event class, in the order in which they came.

    Attributes:
        rows: Rows of all frames.
        bytes: Memory that they take.
    """

    def __init__(self) -> None:
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self.rows = 0
        self.bytes = 0

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Hold a frame, without the block of lines that its texts were cut from."""
        if not frame.height:
            return
        kept, size = on_its_own(frame)
        self._frames.setdefault(name, []).append(kept)
        self.rows += kept.height
        self.bytes += size

    def taken(self, file_id: int) -> "Holding":
        """The rows of a file, which are not held here any more."""
        own, others = Holding(), Holding()
        is_own = pl.col("file_id") == file_id
        for name, parts in self._frames.items():
            for part in parts:
                own.add(name, part.filter(is_own))
                others.add(name, part.filter(~is_own))
        self._frames, self.rows, self.bytes = others._frames, others.rows, others.bytes
        return own

    def whole(self) -> dict[str, pl.DataFrame]:
        """One frame for each event class."""
        return {name: pl.concat(parts) for name, parts in self._frames.items()}

    def clear(self) -> None:
        """Hold nothing."""
        self._frames.clear()
        self.rows = self.bytes = 0


def on_its_own(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The same rows, holding no memory but their own, and how many bytes that is.

    Polars cuts texts out of a block as views that keep all of the block alive; in
    Arrow's older layout a column has its bytes to itself.
    """
    copied = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    texts = frame.height * sum(dtype == pl.String for dtype in frame.dtypes)
    size = copied.nbytes + texts * VIEW_BYTES
    return pl.DataFrame(copied, schema=frame.schema), size
