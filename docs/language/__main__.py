"""Lint the language of code and documents: python -m docs.language [PATH ...]."""

import sys
from pathlib import Path

from docs.language.lint import files, findings
from docs.language.names import renamed

FOLDERS = ("pipelines", "docs", "deploy", "README.md", "CONTRIBUTING.md")
# only spelling and names are checked here
QUERIES = ("sql", "notebooks")

if __name__ == "__main__":
    paths = [Path(one) for one in sys.argv[1:] or FOLDERS]
    queries = [Path(one) for one in ([] if sys.argv[1:] else QUERIES)]
    found = [
        *findings(paths),
        *findings(queries, ["spelling.toml"]),
        *renamed(files([*paths, *queries])),
    ]
    sys.stdout.writelines(f"{one}\n" for one in found)
    sys.exit(f"{len(found)} phrases or names to rewrite" if found else 0)
