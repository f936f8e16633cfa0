"""Files that somebody should look at."""

from collections.abc import Iterable, Mapping

from pipelines.state.ledger import DAMAGED, FAILED, FileRecord


def in_trouble(
    files: Iterable[FileRecord], reject_share: float
) -> list[Mapping[str, str]]:
    """Files that somebody should look at: source, path and message of each.

    Args:
        reject_share: From 0 to 1; a file of whose lines a larger share could not
            be read is among them, though it was read to its end.
    """
    wrong = ((one, _wrong_with(one, reject_share)) for one in files)
    return [
        {"source": one.source, "path": one.path, "message": message}
        for one, message in wrong
        if message is not None
    ]


def _wrong_with(file: FileRecord, reject_share: float) -> str | None:
    if file.state in (FAILED, DAMAGED):
        return file.message or file.state
    # a product, not a quotient: a file without lines has no share
    if file.rejects <= reject_share * file.lines:
        return None
    return (
        f"{file.rejects:,} of {file.lines:,} lines could not be read, a larger "
        f"share than {reject_share:g}, which is [limits] reject_share"
    )
