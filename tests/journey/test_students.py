"""Every output of a district with staff and students, walked: students are kept apart.

Someone of the demo became a student in the roster after the first run. From then on
each output shows that account, and its owner, under a student's name or not at all,
and no output counts it among staff.
"""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime

import duckdb
import polars as pl
import pytest

from pipelines.alerts.facts import noticed
from pipelines.alerts.message import MessageContext, weekly
from pipelines.district import open_district
from pipelines.findings.cases import cases, queue
from pipelines.privacy.pseudonyms import RULES, pseudonyms
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import current
from tests.benchmarks.attribution import planted
from tests.journey.changed import FOR_ALL
from tests.journey.commands import WHY, schoolbell
from tests.journey.small import findings_of, now

TOKEN = re.compile(r"student-[a-z]+-[0-9]+")
FOR_STAFF = {"NA", "OH"}
DAY = datetime(2026, 10, 20, tzinfo=UTC).date()


@pytest.fixture(scope="module")
def home(changed):
    return changed[0]


@pytest.fixture(scope="module")
def student(changed):
    """The account of the student whom a finding is about."""
    return changed[1]


@pytest.fixture(scope="module")
def names(home, student):
    """What the students are called, what they are not, and the one with a finding."""
    with open_district(home) as opened:
        known = pseudonyms(opened.registry, opened.store, opened.home, DAY)
        own = {
            kind: {known.names(kind, found)[one] for one in found}
            for kind, found in (
                ("account", known.students.accounts),
                ("person", known.students.persons),
            )
        }
        chosen = known.names("account", [student])[student]
        scope = f"account|{known.year}"
        with opened.store.reading() as connection:
            (before,) = connection.exec_driver_sql(
                "select name from pseudonyms where kind = ? and token = ?",
                (scope, token(known, student)),
            ).scalars()
    assert all(TOKEN.fullmatch(one) for one in own["account"] | own["person"])
    return own, chosen, before


def token(known, value):
    from pipelines.privacy.pseudonyms import tokens

    return tokens([value], key=known.key, kind="account", year=known.year)[value]


def said(*words):
    done = schoolbell(*words)
    assert done.code == 0, done.err
    return done.out


def test_rules_for_staff_let_go_of_who_is_a_student(home, student):
    mine = [f for f in findings_of(home) if f["subject"] == student]
    of_staff = [f for f in mine if f["rule"].split("-")[0] in FOR_STAFF]
    assert of_staff
    assert {f["status"] for f in of_staff} == {"withdrawn"}
    assert {f["status"] for f in mine if f["rule"] == FOR_ALL} == {"open"}


def test_every_table_of_a_snapshot(home, names):
    """Where a student is in a column of names, it is under a student's name."""
    own, chosen, before = names
    seen = set()
    path = current(DistrictHome(home).snapshots)
    with duckdb.connect(path, read_only=True) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, column_name, data_type"
            " from information_schema.columns where data_type like 'VARCHAR%'"
        ).fetchall()
        for table, column, kind in columns:
            values = f"select distinct {column} as value from {table}"
            if kind.endswith("[]"):
                values = f"select distinct unnest({column}) as value from {table}"
            found = {one for (one,) in connection.execute(values).fetchall() if one}
            assert before not in found, (table, column)
            theirs = {one for one in found if TOKEN.fullmatch(one)}
            name = column.removesuffix("_before").removesuffix("_now")
            assert not theirs or RULES.get(name) in own, (table, column)
            seen |= theirs
        assert own["account"] & seen
        assert chosen in seen
        staffed = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns"
            " where column_name = 'is_staff'"
        ).fetchall()
        for (table,) in staffed:
            rows = f"select count(*) from {table} where is_staff and account like"
            assert connection.execute(f"{rows} 'student-%'").fetchone() == (0,), table
        kinds = connection.execute(
            "select distinct is_student, starts_with(subject, 'student-') from findings.findings"
        ).fetchall()
        assert set(kinds) == {(True, True), (False, False)}


def rows_of(path):
    """The text of a published file, whatever it is."""
    if path.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(path) as book:
            return "\n".join(book.read(name).decode() for name in book.namelist())
    return path.read_text(encoding="utf-8") if path.suffix != ".pdf" else ""


def test_every_file_of_every_report(home, names, student):
    """Only the section of students, its files and its cases' pages name one."""
    mine = {f["finding_id"] for f in findings_of(home) if f["subject"] == student}
    with open_district(home) as opened:
        held = cases(opened.store)
    mine |= {case.case_id for case in held if mine & {row["finding_id"] for row in case.findings}}
    places = DistrictHome(home)
    files = [p for f in (places.reports, places.editions) for p in f.rglob("*")]
    naming = []
    for path in (one for one in files if one.is_file()):
        text = rows_of(path)
        assert names[2] not in text, path
        if not TOKEN.search(text):
            continue
        naming.append(path)
        if path.name == "index.html":
            before, _, rest = text.partition('id="student-cases-part"')
            assert not TOKEN.search(before + rest.partition("</section>")[2]), path
        else:
            assert path.name == "student-cases.csv" or any(one in path.name for one in mine), path
    assert len(naming) > 4


def test_findings_and_cases_stand_in_lists_of_their_own(home, names):
    _, chosen, _ = names
    for words in (("list",), ("cases",), ("export",)):
        rows = said("findings", *words, "--home", home, "--json").splitlines()
        kinds = [json.loads(row)["is_student"] for row in rows]
        assert kinds == sorted(kinds)
        assert set(kinds) == {True, False}
        for row, is_student in zip(rows, kinds, strict=True):
            assert bool(TOKEN.search(row)) == is_student
    rows = csv.DictReader(io.StringIO(said("findings", "export", "--home", home)))
    assert {row["is_student"] for row in rows if row["account"] == chosen} == {"True"}
    for words in ("list", "cases"):
        shown = schoolbell("findings", words, "--home", home).err
        staff, _, theirs = shown.partition("About students' accounts")
        assert "student-" not in staff
        assert "student-" in theirs


def test_a_finding_its_explanation_and_its_pack_say_so(home, names, tmp_path):
    _, chosen, _ = names
    rows = map(json.loads, said("findings", "cases", "--home", home, "--json").split("\n")[:-1])
    (case, *_) = [row for row in rows if row["is_student"]]
    shown = said("findings", "show", "--home", home, case["finding_ids"][0])
    assert chosen in shown
    assert "this is a student's account" in shown
    zipped = tmp_path / "case.zip"
    said(
        "findings",
        "pack",
        case["case_id"],
        "--home",
        home,
        "--to",
        zipped,
        "--reason",
        "walk through all outputs",
    )
    with zipfile.ZipFile(zipped) as pack:
        assert json.loads(pack.read("case.json"))["is_student"] is True
        assert "a student's account" in pack.read("README.txt").decode()
        texts = [pack.read(name).decode() for name in pack.namelist()]
    assert not any(names[2] in text for text in texts)


def test_who_says_so(home, names, district, student):
    bound = planted(home, district.truth.bindings)
    length = pl.col("end_time") - pl.col("start_time")
    held = bound.filter(pl.col("account") == student, length > pl.duration(minutes=5))
    asked = {
        (row["ip"], (row["start_time"] + (row["end_time"] - row["start_time"]) / 2))
        for row in held.iter_rows(named=True)
    }
    answers = [
        json.loads(said("who", "--home", home, *WHY, "--json", ip, when.isoformat()))
        for ip, when in sorted(asked)[:4]
    ]
    told = [one for one in answers if one["account"]]
    assert told
    for one in told:
        assert one["is_student"] == bool(TOKEN.fullmatch(one["account"]))
    assert any(one["account"] == names[1] for one in told)


def test_alerts_count_them_apart(home, student):
    with open_district(home) as opened:
        told = [one for one in noticed(opened, now()).news if one.key[:5] == "case:"]
        waits = queue(opened.store, opened.home, opened.reading)
    theirs = [one for one in told if one.group == "pupil"]
    subjects = {row["subject"] for case in waits.of_students for row in case.findings}
    assert subjects == {student}
    assert {one.reference for one in theirs} <= {c.case_id for c in waits.of_students}
    text = weekly(told, 0, MessageContext(str, str, "-", queue=waits)).text
    size = len(waits.of_students)
    assert re.search(rf"^{size} cases? about students' accounts", text, re.MULTILINE)


def test_proposals_tell_staff_from_students(home):
    for line in said("propose", "--home", home).splitlines():
        if "accounts, " in line and " of staff" in line:
            assert " of students" in line
