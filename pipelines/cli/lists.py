"""Commands about lists of domains: take them again, say what is kept.

This is the one place that fetches a list, and only those with a `url` in the
settings.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import typer

from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.errors import ModelError, SettingsError, SourceError
from pipelines.registry import domain_lists
from pipelines.registry.bad_lists import read_bad_list
from pipelines.registry.csv_files import category_keys
from pipelines.registry.domain_lists import TakenList, keep, kept, read_list
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import ListSource
from pipelines.settings.toml_reader import load_settings
from pipelines.warehouse.models import query_text
from pipelines.warehouse.snapshots import current, reading
from pipelines.web import within

LARGEST = 200_000_000
"""Bytes of a list, all its files together."""
TIMEOUT_SECONDS = 60
HANDFUL = 5
"""More inside addresses that ask for bad hosts on one day are rather a wrong entry."""
MAX_SECONDS = 600.0
"""Seconds for downloading a list."""

app = typer.Typer(help="Site lists from other publishers.", no_args_is_help=True)


@app.command()
def update(
    home: Home,
    name: Annotated[str, typer.Argument(help="Only this list; all by default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Update the lists of [lists] from their files or URLs."""
    place = DistrictHome(home.resolve())
    settings = load_settings(place)
    chosen = {key: one for key, one in settings.lists.items() if name in ("", key)}
    if name and not chosen:
        raise SettingsError(
            f"there is no list {name!r}",
            where="[lists]",
            remedy=f"It has: {', '.join(settings.lists) or 'none'}",
        )
    for key, one in chosen.items():
        with working(f"downloading {key}"):
            taken = _take(place, key, one)
        said = f"{key}: {taken.names:,} names, {taken.skipped:,} left out"
        print_facts(asdict(taken), said, as_json=as_json)


@app.command()
def show(home: Home, as_json: AsJson = False) -> None:
    """Show which lists are configured, which are stored, and in which version."""
    place = DistrictHome(home.resolve())
    listed = load_settings(place).lists
    met = _met(place) if any(one.bad for one in listed.values()) else {}
    for key, one in listed.items():
        taken = kept(place.lists, key)
        state = "on" if one.enabled else "off"
        facts = asdict(taken) if taken is not None else {"name": key}
        said = "not downloaded yet" if taken is None else _kept_list(taken)
        facts = {**facts, "is_taken": taken is not None, "is_on": one.enabled}
        lines = [f"{key} ({state}): {said}"]
        if key in met:
            facts |= {"latest_week": met[key]}
            lines += _met_in_words(met[key])
        print_facts(facts, *lines, as_json=as_json)


def _met(place: DistrictHome) -> dict[str, dict[str, Any]]:
    """Return what the latest week's lines met of each list of bad hosts, by its name."""
    try:
        with reading(current(place.snapshots)) as database:
            if not database.has("marts.bad_host_lists"):
                return {}
            rows = database.frame(query_text("lookups/bad_host_lists")).iter_rows(named=True)
            return {row.pop("list_name"): row for row in rows}
    except ModelError:
        return {}  # nothing was published yet


def _met_in_words(met: Mapping[str, Any]) -> Iterator[str]:
    """Yield the contacts of the latest week, and whether to doubt the list."""
    yield (
        f"  latest week: {met['allowed']:,} requests and flows let through, "
        f"{met['refused']:,} refused"
    )
    if met["most_addresses"] > HANDFUL:
        yield (
            f"  {met['most_addresses']:,} addresses of the district on {met['on_day']}: check "
            "whether an entry of the list is wrong"
        )


def _kept_list(taken: TakenList) -> str:
    terms = taken.license or "no license named"
    return (
        f"{taken.names:,} names of {taken.origin}, version {taken.version[:12]}, {terms}, "
        f"downloaded {taken.taken_time}"
    )


@app.command()
def doubts(home: Home, as_json: AsJson = False) -> None:
    """List sites used in the newest week on which the lists disagree."""
    with reading(current(DistrictHome(home.resolve()).snapshots)) as database:
        has = database.has("marts.category_disagreements")
        rows = (
            list(database.frame(query_text("lookups/disputed_categories")).iter_rows(named=True))
            if has
            else []
        )
    for row in rows:
        mark = "on which the lists disagree: " if row["is_work_disputed"] else ""
        days = "day" if row["days"] == 1 else "days"
        said = f"{row['site']} ({row['days']} {days}): {mark}{row['said']}"
        print_facts(row, said, as_json=as_json)
    if not rows and not as_json:
        typer.echo("The lists agree on every site of the latest week.")


@app.command()
def words(home: Home, as_json: AsJson = False) -> None:
    """List categories in the newest week's lines that are not known, with their requests."""
    place = DistrictHome(home.resolve())
    with reading(current(place.snapshots)) as database:
        used = list(database.frame(query_text("lookups/category_words_used")).iter_rows(named=True))
    categories = load_settings(place).registry.categories
    known = dict(domain_lists.category_words().iter_rows()) | dict(categories)
    keys = {*category_keys(known), *category_keys(known.values())}
    unknown = [
        row
        for row, key in zip(used, category_keys(row["word"] for row in used), strict=True)
        if key not in keys
    ]
    for row in unknown:
        sites = "site" if row["sites"] == 1 else "sites"
        said = f"{row['word']}: {row['requests']:,} requests to {row['sites']:,} {sites}"
        print_facts(row, said, as_json=as_json)
    if unknown and not as_json:
        typer.echo("No rule counts these as work or non-work. Name them in [registry.categories].")
    if not unknown and not as_json:
        typer.echo("Every category in the lines of the latest week is known.")


def _take(place: DistrictHome, name: str, one: ListSource) -> TakenList:
    files, first = _fetched(one.url) if one.url else _local(place, one)
    texts = {path: data.decode("utf-8", "replace") for path, data in files.items()}
    if one.bad and first not in texts:
        raise SettingsError("is a folder", where=one.origin, remedy="Name one file in [lists].")
    if one.bad:
        listed = read_bad_list(one.format, texts[first], first)
    else:
        listed = read_list(one.format, texts, first, one.category or one.background)
    if listed.rows.is_empty():
        raise SourceError(
            "the list is empty; the earlier copy is still used",
            where=one.origin,
            remedy=f"Check that its format is {one.format}.",
        )
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + files[path])
    taken = TakenList(
        name=name,
        origin=one.origin,
        form=one.format,
        version=digest.hexdigest(),
        license=one.license,
        taken_time=datetime.now(UTC).isoformat(timespec="seconds"),
        names=listed.rows.height,
        skipped=listed.skipped,
    )
    keep(place.lists, taken, listed.rows)
    return taken


def _local(place: DistrictHome, one: ListSource) -> tuple[Mapping[str, bytes], str]:
    """Return the files of a list, and the one to begin with."""
    path = place.path / one.origin
    if path.is_file():
        # lists of domain-list-community include their neighbors
        beside = path.parent.iterdir() if one.format == "v2fly" else [path]
        return _read([file for file in beside if file.is_file()], path.parent), path.name
    if path.is_dir():
        return _read([file for file in path.rglob("domains") if file.is_file()], path), ""
    raise SettingsError(
        ("this file or folder does not exist"), where=str(path), remedy="Check [lists]."
    )


def _read(files: list[Path], folder: Path) -> Mapping[str, bytes]:
    total = sum(file.stat().st_size for file in files)
    if total > LARGEST:
        raise _too_large(str(folder))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _fetched(url: str) -> tuple[Mapping[str, bytes], str]:
    """Download one file that the settings name."""
    request = Request(url, headers={"User-Agent": "schoolbell"})  # noqa: S310

    def read() -> bytes:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            if urlsplit(answer.url).scheme not in ("http", "https"):
                raise SourceError("was redirected to a non-HTTP address", where=url)
            data: bytes = answer.read(LARGEST + 1)
            return data

    try:
        data = within(MAX_SECONDS, read)
    except (URLError, OSError) as error:
        raise SourceError(
            (f"cannot be downloaded: {error}; the earlier copy is still used"), where=url
        ) from error
    if len(data) > LARGEST:
        raise _too_large(url)
    return {"list": data}, "list"


def _too_large(where: str) -> SourceError:
    return SourceError(f"is larger than {LARGEST:,} bytes; not changed", where=where)
