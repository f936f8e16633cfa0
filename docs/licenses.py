"""Lists the license of each part of a release, which uv's list of parts leaves out.

python -m docs.licenses SBOM prints one line per part: name, version, license as its own
metadata state it.
"""

import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

MAX_LENGTH = 60
"""A longer text is the license itself, not its name."""


def licenses(sbom: Path) -> Iterator[str]:
    """Yield a line for each part of a list in CycloneDX."""
    for part in json.loads(sbom.read_text(encoding="utf-8"))["components"]:
        try:
            license_name = _license(metadata(part["name"]))
        except PackageNotFoundError:
            license_name = "not installed here"
        yield f"{part['name']} {part['version']}: {license_name}"


def _license(about: PackageMetadata) -> str:
    """Return the expression, otherwise the classifiers, otherwise the first words."""
    values = about.get_all("Classifier") or []
    marks = [one.rpartition(" :: ")[2] for one in values if one.startswith("License :: ")]
    expression, text = (
        (about.get_all(key) or [""])[0].strip() for key in ("License-Expression", "License")
    )
    first_line = text.partition("\n")[0][:MAX_LENGTH]
    return expression or ", ".join(marks) or first_line or "not stated"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in licenses(Path(sys.argv[1])))
