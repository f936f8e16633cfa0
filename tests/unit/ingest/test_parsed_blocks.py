"""Blocks parsed two at a time: in order, and with what those before them leave."""

from collections import deque
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.engines import open_engine
from pipelines.errors import SourceError
from pipelines.formats import Context, Parsed
from pipelines.ingest.blocks import Block
from pipelines.ingest.parser import BlockParser
from pipelines.ingest.portions import LocalExecutor, portions

MARK = None


def counted(batch, context):
    """Return a format whose blocks leave how many lines there were until now."""
    before = int(context.header or 0)
    rejects = batch.select(
        "file_id",
        "line_no",
        "byte_offset",
        pl.lit(f"after {before}").alias("reason"),
        "line",
    )
    return Parsed({}, rejects, 0, str(before + batch.height))


def kept(batch, context):
    """Return a format whose first block names what all others are read with."""
    name = context.header or batch["line"][0]
    rejects = batch.select(
        "file_id", "line_no", "byte_offset", pl.lit(name).alias("reason"), "line"
    )
    return Parsed({}, rejects, 0, name)


def blocks(count):
    for number in range(count):
        data = f"{number} a\n{number} b\n".encode()
        yield Block(data, number * 8), MARK


def read(parse, found):
    """Yield each portion with what it holds, two begun before one is ended."""
    fmt = SimpleNamespace(name="a test's", parse=parse, framing="blocks")
    progress = SimpleNamespace(format=fmt, record=SimpleNamespace(file_id=1))
    parser = BlockParser(Context())
    with open_engine("local", workers=2) as engine:
        work = LocalExecutor(engine)
        begun, error = deque(), None
        try:
            for one in portions(found, 1, 0):
                begun.append((one, parser.begin(work.job(progress, one, None))))
                if len(begun) > 2:
                    portion, parsed = begun.popleft()
                    yield portion, parsed()
        except SourceError as raised:
            error = raised
        for portion, parsed in begun:
            yield portion, parsed()
        if error is not None:
            raise error


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_each_block_is_read_with_what_the_one_before_left(count):
    rejects = [parsed.rejects for _, parsed in read(counted, blocks(count))]
    said = [frame["reason"].unique().to_list() for frame in rejects]
    assert said == [[f"after {2 * number}"] for number in range(count)]
    places = [place for frame in rejects for place in frame["line_no"]]
    assert places == list(range(1, 2 * count + 1))


def test_columns_named_in_the_first_block_hold_for_all():
    found = [parsed.rejects["reason"][0] for _, parsed in read(kept, blocks(5))]
    assert found == ["0 a"] * 5


def test_what_was_found_before_damage_is_given_out_first():
    def found():
        yield from blocks(3)
        raise SourceError("the stream ends here", remedy="")

    seen = []
    with pytest.raises(SourceError, match="ends here"):
        seen.extend(portion.lines for portion, _ in read(kept, found()))
    assert seen == [2, 2, 2]


def test_no_block_is_given_out_behind_one_that_failed():
    def fails(batch, context):
        if batch["line"][0].startswith("2"):
            raise MemoryError
        return kept(batch, context)

    seen = []
    with pytest.raises(MemoryError):
        seen.extend(portion.blocks[0].first_byte for portion, _ in read(fails, blocks(5)))
    assert seen == [0, 8]
