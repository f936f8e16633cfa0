"""Archives in bounds: whatever they hold, it is read or named, in little memory."""

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import zipfile

import pytest
import zstandard

from pipelines.landing import archives, delivery
from pipelines.landing.archives import Fault, members_of
from tests.conftest import LONG
from tests.faults.home import Home, line, lines, once


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path, fmt=None)


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(mode, fmt=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=fmt) as archive:
        for number in range(3):
            info = tarfile.TarInfo(f"{number}.log")
            data = lines(number * 100, number * 100 + 100)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_member_of_another_method_is_named_and_the_others_are_read(home, method):
    out = io.BytesIO(zipped({"a.log": lines(0, 30)}))
    with zipfile.ZipFile(out, "a", method) as archive:
        archive.writestr("b.log", lines(30, 60))
    home.put("x.zip", out.getvalue())
    told = home.run()["x.zip!b.log"].record
    assert told.state == "failed"
    assert "packed with" in told.message
    assert "deflate" in told.message
    assert home.numbers() == once(0, 30)
    home.put("x.zip", zipped({"a.log": lines(0, 30), "b.log": lines(30, 60)}))
    home.run()
    assert home.numbers() == once(0, 60)
    assert home.total("pending_lines") == 0


SECRETS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("method", SECRETS.values(), ids=SECRETS)
def test_stored_and_deflated_members_are_read_to_the_byte(home, method):
    members = {"empty": b"", "a": lines(0, 5), "b": b"\x00" * 70_000, "c": lines(5, 9)}
    home.put("x.zip", zipped(members, method))
    home.format = "squid_access"
    told = home.run()
    sizes = {path: one.record.consumed_bytes for path, one in told.items()}
    assert sizes == {f"x.zip!{name}": len(data) for name, data in members.items()}
    assert home.numbers() == once(0, 9)


def test_a_member_with_a_password_is_named(home):
    data = bytearray(zipped({"a.log": lines(0, 5)}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    home.put("x.zip", bytes(data))
    assert "password" in home.run()["x.zip!a.log"].record.message
    assert not home.numbers()


@pytest.mark.parametrize("place", range(0, 400, 3 if LONG else 29))
def test_a_damaged_archive_ends_as_whole_lines_or_as_a_message(tmp_path, place):
    home = Home(tmp_path)
    whole = zipped({"a.log": lines(0, 40), "b.log": lines(40, 80)})
    broken = bytearray(whole)
    broken[place * len(whole) // 400] ^= 0x5A
    home.put("x.zip", bytes(broken))
    told = home.run()
    numbers = home.numbers()
    whole_ones = [range(40), range(40, 80)]
    assert set(numbers) in [
        {n for one in kept for n in one}
        for kept in ([], whole_ones, whole_ones[:1], whole_ones[1:])
    ]
    if set(numbers) != set(range(80)):
        assert any(one.record.message for one in told.values())
    home.put("x.zip", whole)
    home.run()
    assert home.numbers() == once(0, 80)


def test_a_member_gives_no_more_than_the_archive_says(home):
    data = zipped({"a.log": lines(0, 400)})
    size = len(lines(0, 400)).to_bytes(4, "little")
    assert data.count(size) == 2
    home.put("x.zip", data.replace(size, (100).to_bytes(4, "little")))
    told = home.run()["x.zip!a.log"].record
    assert (told.state, told.events) == ("failed", 0)
    assert "more than the archive says" in told.message


def test_an_archive_out_of_bounds_is_named_as_a_whole(home, monkeypatch):
    home.put("many.zip", zipped({f"{n}": line(n) for n in range(9)}))
    home.put("good.log", lines(100, 120))
    monkeypatch.setattr(archives, "MAX_MEMBERS", 8)
    told = home.run()["many.zip"].record
    assert "9 members, more than 8" in told.message
    assert "in parts" in told.message
    monkeypatch.setattr(archives, "MAX_MEMBERS", 9)
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 50)
    assert "list of members exceeds" in home.run()["many.zip"].record.message
    monkeypatch.undo()
    home.run()
    assert home.numbers() == once(0, 9) + once(100, 120)


def test_an_archive_that_claims_too_much_is_a_bomb(monkeypatch):
    data = zipped({"a": bytes(9_000_000)})
    monkeypatch.setattr(archives, "ALLOWED_BYTES", 1_000_000)
    monkeypatch.setattr(archives, "ALLOWED_RATIO", 100)
    told = members_of(io.BytesIO(data), len(data))
    assert isinstance(told, Fault)
    assert "would unpack to 9,000,000" in told.what
    # members that share their bytes take more than there is
    overlapping = members_of(io.BytesIO(data), 1_000)
    assert isinstance(overlapping, Fault)


UNFIT = {
    "inner.zip": (zipped({"in.zip": zipped({"a": b"b"})}), "archive inside an archive"),
    "b.zip": (zipped({"in.tar.gz": tarred("w:gz")}), "tar archive"),
    "c.tar": (tarred("w:"), "tar archive"),
    "d.tar.gz": (tarred("w:gz"), "tar archive"),
    "e.log.gz": (tarred("w:gz", tarfile.USTAR_FORMAT), "archive inside an archive"),
    "f.tgz": (tarred("w:gz", tarfile.PAX_FORMAT), "tar archive"),
    "g.tar.xz": (tarred("w:xz"), "tar archive"),
    "h.xlsx": (zipped({"[Content_Types].xml": b"<Types/>"}), "not a readable workbook"),
    "i.zip": (zipped({"x": b"", "[Content_Types].xml": b"<Types/>"}), "Excel workbook"),
    "j.log": (zipped({"a": lines(0, 3)}), "name does not end in .zip"),
    "k.gz": (gzip.compress(gzip.compress(lines(0, 3))), "compressed twice"),
    "l.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(90), "7-Zip"),
    "m.rar": (b"Rar!\x1a\x07\x01\x00" + bytes(90), "RAR"),
    "n.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(900), "Excel workbook"),
    "o.log.zst": (zstandard.compress(lines(0, 300))[:-9], "cut"),
    "p.zip": (zipped({"a": lines(0, 300)})[:-30], "cut"),
    "q.zip": (b"PK\x03", "cut"),
}


@pytest.mark.parametrize("fmt", [None, "squid_access"])
def test_what_is_no_log_is_named_with_what_to_do_and_never_half_read(tmp_path, fmt):
    home = Home(tmp_path, fmt=fmt)
    for name, (data, _) in UNFIT.items():
        home.put(name, data)
    home.put("good.log", lines(500, 520))
    for _ in range(2):
        told = [one.record for one in home.run().values()]
        for name, (_, words) in UNFIT.items():
            said = [one.message or "" for one in told if one.path.startswith(name)]
            assert any(words in one for one in said), (name, said)
        assert home.total("rejects") == 0
        assert home.numbers().keys() <= once(0, 300).keys() | once(500, 520).keys()


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress])
def test_the_first_bytes_of_a_cut_stream_are_not_lost(home, pack):
    packed = pack(lines(0, 4))
    home.put("a.log", packed[:-4])
    record = home.run()["a.log"].record
    assert record.state in ("damaged", "failed")
    home.put("a.log", packed)
    home.run()
    assert home.numbers() == once(0, 4)


def test_the_directory_of_an_archive_is_read_once_a_run(home, monkeypatch):
    read = []
    real = delivery.members_of

    def counted(*told):
        read.append(1)
        return real(*told)

    monkeypatch.setattr(delivery, "members_of", counted)
    home.put("x.zip", zipped({f"{n}.log": line(n) for n in range(200)}))
    home.run()
    assert len(read) == 1
    assert home.numbers() == once(0, 200)


METHODS = ["ZIP_LZMA", "ZIP_BZIP2", "ZIP_DEFLATED"]


@pytest.mark.parametrize("method", METHODS if LONG else METHODS[:1])
def test_a_member_takes_no_memory_by_what_it_unpacks_to(tmp_path, method):
    made = f"""
import resource, sys, zipfile
from tests.faults.home import Home
home = Home(__import__("pathlib").Path({str(tmp_path)!r}))
with zipfile.ZipFile(home.landing / "x.zip", "w", zipfile.{method}) as archive:
    with archive.open("a.log", "w") as file:
        for _ in range(96):
            file.write(bytes(1 << 20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
home.source.listing()
home.run()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""
    done = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 90


def test_what_could_not_be_read_is_no_trouble_any_more_once_it_is_replaced(home):
    path = home.put("a.tar", tarred("w:"))
    home.put("b.zip", zipped({"x.log": lines(500, 520)}, zipfile.ZIP_LZMA))
    home.run()
    assert {one.state for one in home.records()} == {"failed"}
    path.unlink()
    home.put("a.zip", zipped({"0.log": lines(0, 100)}))
    home.put("b.zip", zipped({"x.log": lines(500, 520)}))
    home.run()
    states = {one.path: one.state for one in home.records()}
    assert states == {
        "a.tar": "gone",
        "b.zip!x.log": "finished",
        "a.zip!0.log": "finished",
    }
    assert home.numbers() == once(0, 100) + once(500, 520)
