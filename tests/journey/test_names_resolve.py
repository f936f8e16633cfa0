"""However a product writes account names, the findings are the same; or a run shows why.

The same two days of the small district, its proxy's names written in other ways and no
domain in the settings; then without a registry of accounts, and without logons.
"""

import gzip
import re
import shutil

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.district import open_district
from pipelines.gaps.week import noted_week
from pipelines.registry.account_domains import APPLIED
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import noted_domains
from tests.conftest import only_long
from tests.journey.small import findings_of

OWN = re.compile(rb"^(\S+ +\S+ \S+ \S+ \S+ \S+ \S+ )(\S+)( )", re.MULTILINE)
PREFIX, SUFFIX = rb"^[^\\/@]+(%5C|\\|/)", rb"(@|%40).*$"


def call(*args):
    return CliRunner().invoke(app, [str(part) for part in args])


def found(home):
    return {
        (row["finding_id"], row["rule"], row["subject"], row["confidence"])
        for row in findings_of(home)
    }


def without_domains(home):
    path = DistrictHome(home).settings_file
    text = path.read_text()
    changed = re.sub(r"(?m)^account_domains = .*$", "account_domains = []", text)
    assert changed != text
    path.write_text(changed)


def respelled(home, spell):
    """Write each name of the proxy's log in one way."""
    count = 0
    for path in (home / "landing" / "proxy").glob("*.gz"):

        def written(line):
            nonlocal count
            bare = re.sub(SUFFIX, b"", re.sub(PREFIX, b"", line[2]))
            if bare == b"-":
                return line[0]
            count += 1
            return line[1] + spell.replace(b"{}", bare) + line[3]

        text = OWN.sub(written, gzip.decompress(path.read_bytes()))
        path.write_bytes(gzip.compress(text))
    assert count > 1000


SPELLINGS = {
    "prefix": b"SAMPLETON\\{}",
    "subdomain": b"{}@staff.sampleton.example",
    "bare": b"{}",
    "suffix": b"{}@sampleton.example",
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@only_long
def test_respelled_accounts_give_the_same_findings(two_days, tmp_path, spell):
    home = two_days.copy(tmp_path, of="delivered")
    without_domains(home)
    respelled(home, spell)
    run(home)
    assert found(home) == found(two_days.home)
    with open_district(home) as district:
        assert noted_week(district.store).is_enough


def test_names_that_only_later_days_explain_open_the_earlier_ones(two_days, tmp_path):
    """A day on which few names carry a domain is rebuilt once many do."""
    home = two_days.copy(tmp_path, of="delivered")
    without_domains(home)
    respelled(home, b"DIST\\{}")
    aside = tmp_path / "later"
    shutil.copytree(home / "landing", aside)
    first = home / "landing" / "proxy" / "access-2026-10-19.log.gz"
    lines = gzip.decompress(first.read_bytes()).splitlines(keepends=True)
    (name, *_) = re.findall(rb" (DIST\\\S+) ", b"".join(lines))
    few = [line for line in lines if b"DIST" not in line or name in line]
    first.write_bytes(gzip.compress(b"".join(few)))
    for path in (home / "landing").rglob("*10-20*"):
        path.unlink()
    run(home)
    with open_district(home) as district:
        assert APPLIED not in {
            one.state for one in noted_domains(district.store) if one.name == "dist"
        }
    for path in aside.rglob("*10-20*"):
        shutil.copy(path, home / "landing" / path.relative_to(aside))
    done = run(home, settle_seconds=0)
    assert "domains of account names" in done.built.reasons
    with open_district(home) as district:
        assert APPLIED in {one.state for one in noted_domains(district.store) if one.name == "dist"}


def test_an_empty_registry_is_said_by_every_command(two_days, tmp_path):
    home = two_days.copy(tmp_path, of="delivered")
    without_domains(home)
    for name in ("users.csv", "roles.csv", "accounts.csv"):
        path = home / "registry" / name
        if path.is_file():
            path.write_text(path.read_text().splitlines()[0] + "\n")
    done = call("run", "--home", home, "--quiet")
    assert done.exit_code == 1, done.output
    assert "have an account that is not in the registry" in done.output
    assert "staff requests with a name can be judged" in done.output
    status = call("status", "--home", home)
    assert status.exit_code >= 1
    assert "an account that is not in the registry" in status.output
    assert "an account that is not in the registry" in call("doctor", "--home", home).output
    assert "an account that is not in the registry" in call("check", "--home", home).output
    page = next((home / "reports").rglob("2026-W43/index.html")).read_text()
    assert "No account was used in two places" not in page
    assert "No use of outside sites was logged outside duty hours" not in page
    assert "We can&#39;t check this yet: no rows in accounts.csv" in page


def test_without_logons_no_shared_account_can_be_judged(two_days, tmp_path):
    home = two_days.copy(tmp_path, of="delivered")
    for source in ("directory", "firewall"):
        shutil.rmtree(home / "landing" / source)
    run(home)
    shown = call("check", "--home", home).output
    (line,) = [one for one in shown.splitlines() if "Shared-account rules cannot be judged" in one]
    assert re.search(r"no logons .* arrive \([0-9]+ rules\)", line)  # a number in place of ids
    assert "Rules on uploads and beacons cannot be judged: no connections" in shown
    page = next((home / "reports").rglob("2026-W43/index.html")).read_text()
    assert "No account was used in two places" not in page
    assert "devices whose user no log shows" in page
