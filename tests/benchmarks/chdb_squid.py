"""Takes a Squid log into a table of chDB, typed, as a district might do without us.

    python chdb_squid.py LOG FOLDER

Run by a Python that has chDB (`pip install chdb`), which the project's own need not.
It makes no record of what could not be read, nor of where a row came from.
"""

import sys
from importlib import import_module
from typing import Any

COLUMNS = {
    "time": ("DateTime64(3)", "toDateTime64OrZero(word[1], 3)"),
    "duration_ms": ("UInt32", "toUInt32OrZero(word[2])"),
    "client": ("String", "word[3]"),
    "result": ("LowCardinality(String)", "splitByChar('/', word[4])[1]"),
    "status": ("UInt16", "toUInt16OrZero(splitByChar('/', word[4])[2])"),
    "bytes_in": ("UInt64", "toUInt64OrZero(word[5])"),
    "method": ("LowCardinality(String)", "word[6]"),
    "url": ("String", "word[7]"),
    "account": ("String", "word[8]"),
    "peer": ("String", "word[9]"),
    "content_type": ("LowCardinality(String)", "word[10]"),
    "host": (
        "String",
        "domain(if(word[6] = 'CONNECT', concat('https://', word[7]), word[7]))",
    ),
}


def main() -> None:
    log, folder = sys.argv[1:]
    chdb: Any = import_module("chdb.session")
    session = chdb.Session(folder)
    types = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    session.query("create database district")
    session.query(f"create table district.requests ({types}) engine = MergeTree order by time")
    values = ", ".join(expression for _, expression in COLUMNS.values())
    session.query(
        f"insert into district.requests select {values} from ("
        "select splitByWhitespace(line) as word "
        f"from file('{log}', 'LineAsString', 'line String'))"
    )


if __name__ == "__main__":
    main()
