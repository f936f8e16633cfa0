"""Checks an evidence pack with nothing but Python.

    python3 verify.py PACK.zip

It needs no network and no other program, and changes nothing. With
--sha256 HASH it also compares the whole file with the hash that the district's
audit record holds. With --log FILE --as SOURCE/PATH it compares the copied lines
with an original log file (plain, or .gz). With --authority CERTIFICATES.pem it
verifies the time stamp of the audit record, for which it calls the program openssl.

Exit code 0: all holds. 1: something was changed; each difference is printed.
"""

import argparse
import calendar
import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "MANIFEST.sha256"
LINES = "lines.csv"
RECORD, ANSWER = "seal/record.json", "seal/answer.tsr"


def sha256(data: bytes) -> str:
    """Return the SHA-256 hash of some bytes."""
    return hashlib.sha256(data).hexdigest()


def differences(pack: bytes, seal: str = "") -> Iterator[str]:
    """Yield every fault of a pack, in words."""
    if seal and sha256(pack) != seal.lower():
        yield f"the file's hash is {sha256(pack)}, not {seal}"
    try:
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            names = archive.namelist()
            members = {name: archive.read(name) for name in names}
    except Exception as error:  # noqa: BLE001 - a damaged archive fails in many ways
        yield f"the archive cannot be read: {error}"
        return
    if len(names) != len(members):
        yield "a name occurs twice in the archive"
    yield from changed(members)
    yield from lines_differ(members)


def changed(members: dict[str, bytes]) -> Iterator[str]:
    """Yield members that differ from the manifest."""
    manifest = members.get(MANIFEST, b"").decode("utf-8", "replace")
    pairs = [line.split("  ", 1) for line in manifest.splitlines() if "  " in line]
    listed = {name: digest for digest, name in pairs}
    for name in sorted({*listed, *members} - {MANIFEST}):
        if name not in members:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} was added"
        elif sha256(members[name]) != listed[name]:
            yield f"{name} was changed"
    exact = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
    if not listed or exact != manifest:
        yield f"{MANIFEST} was changed after it was written"


def cited(members: dict[str, bytes]) -> list[dict[str, str]]:
    """Return the rows of the table of cited lines."""
    text = members.get(LINES, b"").decode("utf-8", "replace")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lines_differ(members: dict[str, bytes]) -> Iterator[str]:
    """Yield copied lines whose hash differs from the recorded one."""
    for row in cited(members):
        name = row.get("member", "")
        if name and sha256(members.get(name, b"")) != row["line_sha256"]:
            yield f"{name}: not the line that finding {row['finding_id']} cites"


def log_differs(members: dict[str, bytes], log: bytes, place: str) -> Iterator[str]:
    """Yield copied lines that are not at their place in an original log."""
    rows = [row for row in cited(members) if f"{row['source']}/{row['path']}" == place]
    if not rows:
        yield f"no line of {place} is cited"
    for row in rows:
        if not row["member"] or row["framing"] != "lines":
            continue  # no text in this edition, or records that are not lines
        rest = log[int(row["byte_offset"]) :].split(b"\n", 1)[0].removesuffix(b"\r")
        # bytes that are not UTF-8 were copied as U+FFFD
        if rest.decode("utf-8", "replace").encode() != members[row["member"]]:
            yield f"{place}:{row['line_no']}: the log contains something else at this line"
    for wanted in sorted({row["file_sha256"] for row in rows}):
        if not begins_with(log, wanted):
            yield f"{place}: no beginning of this log has the hash {wanted}"


def begins_with(log: bytes, wanted: str) -> bool:
    """Return whether a prefix of the log has a hash: the log may have grown."""
    digest = hashlib.sha256()
    for line in log.splitlines(keepends=True):
        digest.update(line)
        if digest.copy().hexdigest() == wanted:
            return True
    return False


def time_stamp(members: dict[str, bytes], authority: Path) -> tuple[str, str]:
    """Return what a time stamp shows, and why it is not valid; one of them is empty."""
    if RECORD not in members or ANSWER not in members:
        return "", "the pack contains no time stamp"
    with tempfile.TemporaryDirectory() as folder:
        record, answer = Path(folder, "record.json"), Path(folder, "answer.tsr")
        record.write_bytes(members[RECORD])
        answer.write_bytes(members[ANSWER])
        given = ["-in", str(answer)]
        try:
            text = _openssl(["-reply", *given, "-text"])
            stamp = next(one for one in text.splitlines() if one.startswith("Time stamp: "))
            # openssl prints a fraction of a second only if there is one
            words = stamp.removeprefix("Time stamp: ").removesuffix(" GMT").split()
            words[2] = words[2].split(".")[0]
            made = time.strptime(" ".join(words), "%b %d %H:%M:%S %Y")
            # a certificate has to be valid at the time of the stamp, not today
            at = ["-attime", str(calendar.timegm(made)), "-CAfile", str(authority)]
            _openssl(["-verify", *given, "-data", str(record), *at])
            number = str(json.loads(members[RECORD])["audit_head"]).split(":")[0]
        except FileNotFoundError:
            return "", "the time stamp was not verified: the program openssl is missing"
        except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
            return "", f"the time stamp is not valid: {error}"
    at_time = time.strftime("%Y-%m-%d %H:%M UTC", made)
    return f"On {at_time} the authority time-stamped: the audit record ends at entry {number}.", ""


def _openssl(arguments: list[str]) -> str:
    """Return what `openssl ts` prints.

    Raises:
        ValueError: It refuses.
    """
    command = ["openssl", "ts", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = [one.split(":")[-2:] for one in done.stderr.splitlines() if "error:" in one]
        raise ValueError(" ".join(reason[-1]).strip() if reason else "openssl refuses it")
    return done.stdout


def main() -> int:
    """Check the pack that the command line names."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("pack", type=Path)
    asked.add_argument("--sha256", default="", help="hash of the audit record")
    asked.add_argument("--log", type=Path, help="an original log file")
    asked.add_argument("--as", dest="place", default="", help="SOURCE/PATH of it")
    asked.add_argument("--authority", type=Path, help="certificates of the time authority")
    given = asked.parse_args()
    pack = given.pack.read_bytes()
    found = list(differences(pack, given.sha256))
    shown = ""
    if not found:
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if given.log:
            log = given.log.read_bytes()
            log = gzip.decompress(log) if log.startswith(b"\x1f\x8b") else log
            found += log_differs(members, log, given.place)
        if given.authority:
            shown, problem = time_stamp(members, given.authority)
            found += [problem] if problem else []
    for fault in found:
        sys.stdout.write(ascii(fault)[1:-1] + "\n")
    if shown:
        sys.stdout.write(ascii(shown)[1:-1] + "\n")
    sys.stdout.write("CHANGED\n" if found else f"All holds. Hash: {sha256(pack)}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
