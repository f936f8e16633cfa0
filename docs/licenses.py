"""Completes the lists of parts of a release: what uv leaves out, and what differs by build.

python -m docs.licenses SBOM SECONDS gives a list in CycloneDX the license of each part, and the
time of the release instead of that of the build. It prints one line per part: name, version,
license as its own metadata state it. With --texts it prints the texts of the licenses, too.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import (
    Distribution,
    PackageMetadata,
    PackageNotFoundError,
    distribution,
    metadata,
)
from pathlib import Path

MAX_LENGTH = 60
"""A longer text is the license itself, not its name."""
LICENSE_FILES = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
UNKNOWN = "not installed here"


def licenses(sbom: Path) -> Iterator[str]:
    """Yield a line for each part of a list in CycloneDX."""
    for part in json.loads(sbom.read_text(encoding="utf-8"))["components"]:
        yield f"{part['name']} {part['version']}: {_license_of(part['name'])}"


def texts(sbom: Path) -> Iterator[str]:
    """Yield each part's line, followed by the texts of its licenses and notices."""
    parts = json.loads(sbom.read_text(encoding="utf-8"))["components"]
    for part, line in zip(parts, licenses(sbom), strict=True):
        yield f"{'=' * 72}\n{line}\n"
        try:
            yield from _texts_of(distribution(part["name"]))
        except PackageNotFoundError:
            continue


def complete(sbom: Path, seconds: int) -> None:
    """Add licenses to a list in CycloneDX, and make it the same in each build of one commit."""
    listed = json.loads(sbom.read_text(encoding="utf-8"))
    for part in listed["components"]:
        name = _license_of(part["name"])
        if name != UNKNOWN:
            part["licenses"] = [{"license": {"name": name}}]
    listed["metadata"]["timestamp"] = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    listed.pop("serialNumber", None)
    content = json.dumps(listed, sort_keys=True)
    listed["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    sbom.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")


def _license_of(name: str) -> str:
    try:
        return _license(metadata(name))
    except PackageNotFoundError:
        return UNKNOWN


def _license(about: PackageMetadata) -> str:
    """Return the expression, otherwise the classifiers, otherwise the first words."""
    values = about.get_all("Classifier") or []
    marks = [one.rpartition(" :: ")[2] for one in values if one.startswith("License :: ")]
    expression, text = (
        (about.get_all(key) or [""])[0].strip() for key in ("License-Expression", "License")
    )
    first_line = text.partition("\n")[0][:MAX_LENGTH]
    return expression or ", ".join(marks) or first_line or "not stated"


def _texts_of(part: Distribution) -> Iterator[str]:
    for file in sorted(part.files or ()):
        is_text = file.suffix not in {".py", ".pyc"} and file.name.upper().startswith(LICENSE_FILES)
        if is_text and ".dist-info" in str(file):
            yield f"--- {file.name}\n{Path(str(file.locate())).read_text('utf-8', 'replace')}"


if __name__ == "__main__":
    path, seconds, *options = sys.argv[1:]
    complete(Path(path), int(seconds))
    lines = texts if "--texts" in options else licenses
    sys.stdout.writelines(f"{line}\n" for line in lines(Path(path)))
