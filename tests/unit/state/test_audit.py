"""The audit chain: any entry changed, taken out, put in or cut off is found."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, update

from pipelines.errors import SettingsError
from pipelines.registry.new_home import create
from pipelines.state.audit import (
    NOTHING_BEFORE,
    Act,
    AuditError,
    Entry,
    Head,
    first_broken,
    open_chain,
    parsed_head,
    seal,
)
from pipelines.state.connections import StoreError, fact, open_store, remember
from pipelines.state.tables import AUDIT
from tests.conftest import LONG
from tests.journey.commands import schoolbell

KEY = b"k" * 32
TRIES = 100_000 if LONG else 10_000


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home")


@pytest.fixture
def chain(home):
    store = open_store(home.state_db)
    yield open_chain(store, home)
    store.close()


def act(number=1, **changes):
    said = {"actor": "ada (1000)", "action": "verdict", "subject": f"f-{number}"}
    return Act(**{**said, "reason": "looked at the leave file", **changes})


def acted(chain, count=3):
    for number in range(1, count + 1):
        with chain.recording(act(number)):
            pass
    return chain.entries()


def linked(count):
    """A chain made manually, as `Chain` makes it."""
    entries, previous = [], NOTHING_BEFORE
    for number in range(1, count + 1):
        time = f"2026-08-24T15:00:{number:02}.000000+00:00"
        said = (number, time, "ada", "verdict", f"f-{number}", "", "r")
        entry = Entry(*said, previous)
        entries.append(replace(entry, hash=seal(KEY, entry)))
        previous = entries[-1].hash
    return entries


def damaged(entries, chance):
    """One edit, deletion, insertion, swap or cut, whichever chance takes."""
    rows, place = list(entries), chance.randrange(len(entries))
    kind = chance.choice(["edit", "delete", "insert", "swap", "cut"])
    if kind == "edit":
        name = chance.choice(list(Entry.__dataclass_fields__))
        was = getattr(rows[place], name)
        now = was + 1 if name == "number" else was + "x"
        rows[place] = replace(rows[place], **{name: now})
    elif kind == "delete":
        del rows[place]
    elif kind == "insert":
        rows.insert(place, chance.choice(entries))
    elif kind == "swap":
        other = (place + 1) % len(rows)
        rows[place], rows[other] = rows[other], rows[place]
    else:
        rows = rows[: chance.randrange(len(rows))]
    return kind, rows


def test_what_is_written_holds(chain):
    entries = acted(chain)
    assert [one.number for one in entries] == [1, 2, 3]
    assert [one.subject for one in entries] == ["f-1", "f-2", "f-3"]
    assert chain.head() == Head(3, entries[-1].hash)
    assert chain.verify([chain.head(), Head(2, entries[1].hash)]) is None


def test_every_single_damage_is_found():
    chance = random.Random(2026)
    entries = linked(8)
    head = Head(8, entries[-1].hash)
    assert first_broken(entries, KEY, [head]) is None
    missed = []
    for _ in range(TRIES):
        kind, rows = damaged(entries, chance)
        if first_broken(rows, KEY, [head]) is None:
            missed.append((kind, rows))
    assert not missed
    print(f"R28: {TRIES:,} of {TRIES:,} changes found")


def test_whoever_lacks_the_key_can_not_forge():
    entries = linked(3)
    forged = replace(entries[2], reason="another")
    forged = replace(forged, hash=seal(b"guess" * 8, forged))
    broken = first_broken([*entries[:2], forged], KEY, [])
    assert broken is not None
    assert broken.number == 3


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (update(AUDIT).where(AUDIT.c.number == 2).values(reason="none"), 2),
        (delete(AUDIT).where(AUDIT.c.number == 2), 2),
        (delete(AUDIT).where(AUDIT.c.number == 3), 3),
        (delete(AUDIT), 1),
    ],
)
def test_a_row_changed_in_the_database_is_named(chain, statement, number):
    acted(chain)
    with chain.store.writing() as connection:
        connection.execute(statement)
    assert chain.verify().number == number


def test_a_cut_tail_with_the_head_file_gone_shows_against_a_report(chain):
    acted(chain)
    printed = chain.head()
    with chain.store.writing() as connection:
        connection.execute(delete(AUDIT))
    chain.head_file.unlink()
    assert chain.verify().number == 1
    chain.key_file.unlink()
    # the state itself knows how many entries there were
    assert "the state once held 3 entries" in chain.verify().what
    assert chain.verify([printed]).number == 1


def test_a_head_file_that_is_gone_or_garbled_is_told(chain):
    acted(chain)
    chain.head_file.write_text("17")
    assert "cannot be compared" in chain.verify().what
    chain.head_file.unlink()
    assert "gone" in chain.verify().what


def test_an_act_that_fails_leaves_no_entry(chain):
    with pytest.raises(StoreError), chain.recording(act()) as connection:
        connection.exec_driver_sql("insert into no_such_table values (1)")
    assert chain.entries() == []
    assert chain.verify() is None


def test_the_act_and_its_entry_are_one(chain):
    with chain.recording(act()) as connection:
        remember(connection, "decided", "yes")
    with chain.store.reading() as connection:
        assert fact(connection, "decided") == "yes"
    assert len(chain.entries()) == 1


def test_a_crash_before_the_head_file_is_no_damage(chain):
    for number in (1, 2):
        with chain.recording(act(number)):
            pass
    with chain.store.writing() as connection:
        chain.append(connection, act(3))
    assert chain.verify() is None


def test_a_lost_key_stops_acts(chain):
    acted(chain)
    chain.key_file.unlink()
    with pytest.raises(AuditError, match="is gone"), chain.recording(act()):
        pass
    assert len(chain.entries()) == 3


def test_a_kill_before_the_first_entry_leaves_no_key_and_no_alarm(chain, monkeypatch):
    monkeypatch.setattr(type(chain), "_drop_unused_key", lambda _self: None)
    with pytest.raises(KeyboardInterrupt), chain.recording(act()):
        raise KeyboardInterrupt
    assert not chain.key_file.exists()
    assert chain.verify() is None
    with chain.recording(act()):
        pass
    assert chain.verify() is None
    assert chain.key_file.exists()
    assert len(chain.entries()) == 1


def test_a_kill_behind_the_first_entry_keeps_its_key(chain, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(chain), "_note", lambda _self, _head: None)
        with chain.recording(act()):
            pass
    assert not chain.key_file.exists()
    with chain.recording(act()):
        pass
    assert chain.verify() is None
    assert len(chain.entries()) == 2


def test_the_key_is_for_its_owner_alone(chain):
    acted(chain, 1)
    assert chain.key_file.stat().st_mode & 0o777 == 0o600


def test_what_a_database_refuses_is_kept_readable(chain):
    with chain.recording(act(reason="a\x00b\udcff")):
        pass
    assert chain.entries()[0].reason == "a\ufffdb?"
    assert chain.verify() is None


@pytest.mark.parametrize("text", ["", "1", "x:" + "0" * 64, "0:" + "0" * 64, "1:zz"])
def test_what_is_no_head(text):
    with pytest.raises(SettingsError, match="head of an audit chain"):
        parsed_head(text)


def test_the_command_verifies(home, chain):
    assert schoolbell("audit", "verify", "--home", home.path).out == "No entries yet.\n"
    acted(chain)
    done = schoolbell("audit", "verify", "--home", home.path, "--head", chain.head())
    assert done.code == 0
    assert str(chain.head()) in done.out
    shown = schoolbell("audit", "show", "--home", home.path, "--json").out
    assert [f'"f-{number}"' in shown for number in (1, 2, 3)] == [True] * 3
    values = {**chain.entries()[2].__dict__, "number": 4}
    with chain.store.writing() as connection:
        connection.execute(insert(AUDIT).values(**values))
    done = schoolbell("audit", "verify", "--home", home.path)
    assert done.code == 1
    assert done.err == "entry 4 does not follow from the entry before\n"
