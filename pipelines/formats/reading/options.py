"""What a source's options may say."""

from collections.abc import Iterable, Mapping

from pipelines.errors import SettingsError


def one_of(options: Mapping[str, str], name: str, words: Iterable[str]) -> str | None:
    """An option that is one of some words; null where the source does not set it.

    Raises:
        SettingsError: It is another word.
    """
    said, known = options.get(name), tuple(words)
    if said is None or said in known:
        return said
    raise SettingsError(
        f"{said!r} is not one of the words of {name}",
        where=f"options.{name}",
        remedy=f"Say {', '.join(known[:-1])} or {known[-1]}.",
    )
