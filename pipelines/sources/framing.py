"""Cuts whole files into records, for formats whose record is not one line."""

import polars as pl

from pipelines.sources.lines import batch


def records(data: bytes, framing: str, *, file_id: int = 0) -> pl.DataFrame:
    """The records of a whole file's bytes, as a batch.

    Args:
        data: The file, decompressed.
        framing: One of `formats.Framing`.
        file_id: Written into the batch.
    """
    if framing == "lines":
        return batch(data, file_id=file_id)
    raise NotImplementedError(framing)
