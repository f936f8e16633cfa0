"""Lint the language of code and documents: python -m docs.language [PATH ...]."""

import sys
from pathlib import Path

from docs.language.lint import files, findings
from docs.language.names import renamed
from docs.language.sections import stale

FOLDERS = ("pipelines", "sql", "notebooks", "docs", "deploy", "README.md", "CONTRIBUTING.md")

if __name__ == "__main__":
    paths = [Path(one) for one in sys.argv[1:] or FOLDERS]
    read = list(files(paths))
    found = [*findings(paths), *renamed(read), *stale(read)]
    sys.stdout.writelines(f"{one}\n" for one in found)
    sys.exit(f"{len(found)} phrases or names to rewrite" if found else 0)
