"""Whatever is done to the audit chain behind its back is found, and a restore is stated.

The reports and the newest backup carry heads of the chain that anyone who changes the
database does not change with it; `audit verify` and `doctor` compare by themselves.
"""

import hashlib
import hmac
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from pipelines.alerts.message import Message
from pipelines.alerts.outbox import enqueue
from pipelines.operations.check_questions import ACT, Installation
from pipelines.operations.checks import answered
from pipelines.operations.checks.copies import CHECKS
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import AUDIT_RECORD, Act, open_chain, verified
from pipelines.state.home_mark import NAME
from pipelines.state.opened_state import open_state
from tests.journey.commands import schoolbell

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def acted(home, count, first=1):
    store = open_state(home)
    chain = open_chain(store, home)
    for number in range(first, first + count):
        act = Act(actor="ada (1000)", action="verdict", subject=f"f-{number}")
        with chain.recording(act):
            pass
    head = chain.head()
    store.close()
    return head


def published(home, head, week="2026-W47"):
    """A page that prints a head as the weekly report does."""
    page = home.reports / week / "index.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(f"<div><dt>{AUDIT_RECORD}</dt> <dd>{head}</dd></div>")


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A home with eight entries, a report, a backup, and a copy of its first state."""
    folder = tmp_path_factory.mktemp("audited")
    home = create(folder / "home")
    open_state(home).close()
    shutil.copyfile(home.state_db, folder / "first.db")
    acted(home, 4)
    shutil.copyfile(home.state_db, folder / "fourth.db")
    shutil.copyfile(home.path / "audit.head", folder / "fourth.head")
    head = acted(home, 4, 5)
    published(home, head)
    copies = ("--to", folder / "backups", "--keys", folder / "keys")
    assert schoolbell("backup", "--home", home.path, *copies).code == 0
    return folder


@pytest.fixture
def home(audited, tmp_path):
    shutil.copytree(audited, tmp_path / "copy")
    return DistrictHome(tmp_path / "copy" / "home")


def sql(home, *statements):
    with closing(sqlite3.connect(home.state_db)) as state, state:
        for one in statements:
            state.execute(one)


def swap(home):
    sql(
        home,
        "update audit set number = 100 where number = 3",
        "update audit set number = 3 where number = 4",
        "update audit set number = 4 where number = 100",
    )


def rolled_back(home, name):
    """The state unchanged, with marks of the home that agree with it."""
    for path in home.path.glob("state.db*"):
        path.unlink()
    shutil.copyfile(home.path.parent / name, home.state_db)
    with closing(sqlite3.connect(home.state_db)) as state:
        (mark,) = state.execute("select value from facts where name='home'").fetchone()
    for folder in (home.path, home.lake):
        (folder / NAME).write_text(f"{mark}\n")


def cut(home, left):
    sql(home, f"delete from audit where number > {left}")


def head_of(home):
    with closing(sqlite3.connect(home.state_db)) as state:
        row = state.execute("select number, hash from audit order by 1 desc").fetchone()
    return "{}:{}".format(*row)


def cut_with_a_head(home, seal=""):
    cut(home, 5)
    (home.path / "audit.head").write_text(f"{head_of(home)}{seal}\n")


def cut_with_a_forged_seal(home):
    guess = hmac.new(b"guess" * 8, b"audit.head", hashlib.sha256).hexdigest()
    cut_with_a_head(home, f":{guess}")


def gone(home, *names):
    for name in names:
        (home.path / name).unlink()


def back_with_its_head(home):
    """Even the sealed head file of that day is put back."""
    rolled_back(home, "fourth.db")
    shutil.copyfile(home.path.parent / "fourth.head", home.path / "audit.head")


TAMPERED = {
    "edit": lambda home: sql(home, "update audit set actor = 'bob' where number = 2"),
    "delete in the middle": lambda home: sql(home, "delete from audit where number=3"),
    "cut tail": lambda home: cut(home, 5),
    "swap": swap,
    "delete all": lambda home: cut(home, 0),
    "roll back alone": lambda home: rolled_back(home, "fourth.db"),
    "head file gone": lambda home: gone(home, "audit.head"),
    "key gone": lambda home: gone(home, "keys/audit.key"),
    "tail and head file gone": lambda home: (cut(home, 5), gone(home, "audit.head")),
    "tail cut, head file rewritten": cut_with_a_head,
    "tail cut, seal of the head file guessed": cut_with_a_forged_seal,
    "roll back with the head file of that day": back_with_its_head,
    "roll back, head file gone": lambda home: (
        rolled_back(home, "first.db"), gone(home, "audit.head"),
    ),
    "roll back, head file and key gone": lambda home: (
        rolled_back(home, "first.db"), gone(home, "audit.head", "keys/audit.key"),
    ),
}  # fmt: skip


def chain_check(home):
    check = CHECKS.answers["chain"]
    return answered(check, Installation(home, MONDAY))


@pytest.mark.parametrize("way", TAMPERED)
def test_every_tampering_is_found_by_verify_and_doctor(home, way):
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    TAMPERED[way](home)
    done = schoolbell("audit", "verify", "--home", home.path)
    assert done.code == 1, done
    assert done.err
    asked = chain_check(home)
    assert asked.grade == ACT or "key of the audit chain is gone" in asked.message


ANCHORS = {
    "report": lambda home: shutil.rmtree(home.path.parent / "backups"),
    "backup": lambda home: shutil.rmtree(home.reports / "2026-W47"),
}


@pytest.mark.parametrize("left", ANCHORS)
def test_one_head_that_was_kept_elsewhere_is_enough(home, left):
    """The key is at hand here, so that nothing within the home shows it."""
    moved(home)
    ANCHORS[left](home)
    back_with_its_head(home)
    moved(home)
    done = schoolbell("audit", "verify", "--home", home.path)
    assert (done.code, "reached 8" in done.err) == (1, True)
    assert str(home.path.parent / "backups" if left == "backup" else home.reports) in (done.err)


def moved(home):
    """The copy of a test has its backups elsewhere than the fixture."""
    text = str(home.path.parent / "backups").replace("'", "''")
    sql(home, "delete from facts where name = 'backup_folder'")
    sql(home, f"insert into facts values ('backup_folder', '{text}')")


def test_a_sent_message_is_compared(home):
    store = open_state(home)
    text = f"Network report week 47\n{AUDIT_RECORD}: 12:{'ab' * 32}\n"
    enqueue(store, Message("r-1", "report", text, "report"), ["mail"])
    broken = verified(store, home)
    store.close()
    assert "reached 12, says the message r-1" in broken.what


def test_what_strangers_wrote_is_no_head(home):
    """A file may well be named like a line of a report; a page holds it escaped."""
    page = home.reports / "2026-W47" / "index.html"
    told = f"<td>{AUDIT_RECORD}: 99:{'ab' * 32}</td>"
    page.write_text(page.read_text() + told)
    assert schoolbell("audit", "verify", "--home", home.path).code == 0


def test_a_head_file_of_an_earlier_version_is_sealed_once(home):
    head = head_of(home)
    (home.path / "audit.head").write_text(f"{head}\n")
    for path in home.path.rglob(NAME):
        path.unlink()
    sql(home, "delete from facts where name = 'home'")
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    said = (home.path / "audit.head").read_text()
    assert said.startswith(f"{head}:")
    assert len(said) == len(head) + 1 + 64 + 1


def test_a_restore_in_place_is_said_and_the_chain_holds(home):
    (backup,) = (home.path.parent / "backups").iterdir()
    lost = acted(home, 3, 9)
    published(home, lost, "2026-W48")
    home.state_db.write_bytes(b"")
    done = schoolbell("restore", backup, "--to", home.path, "--in-place")
    assert done.code == 0, done.err
    done = schoolbell("audit", "verify", "--home", home.path)
    assert done.code == 0, done.err
    assert "Entry 9" in done.out
    assert "earlier entries 9 to 11 are not in it" in done.out
    acted(home, 1, 10)
    assert schoolbell("audit", "verify", "--home", home.path).code == 0
    # only what the restore gave up is excused
    published(home, f"12:{'ab' * 32}", "2026-W49")
    assert schoolbell("audit", "verify", "--home", home.path).code == 1
    (home.reports / "2026-W49" / "index.html").unlink()
    sql(home, "update audit set hash = 'x' where number = 9")
    assert schoolbell("audit", "verify", "--home", home.path).code == 1


def test_a_home_restored_elsewhere_has_a_chain_that_holds(home):
    folder = home.path.parent
    (backup,) = (folder / "backups").iterdir()
    keys = ("--keys", folder / "keys")
    done = schoolbell("restore", backup, "--to", folder / "new", *keys)
    assert done.code == 0, done.err
    told = schoolbell("audit", "verify", "--home", folder / "new", "--json")
    assert json.loads(told.out)["restored"] == []
    assert told.code == 0
