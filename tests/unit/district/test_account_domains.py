"""Which domains of account names need no setting, and what never becomes one person."""

import polars as pl
import pytest

from pipelines.registry.account_domains import applied
from pipelines.registry.account_names import (
    AMBIGUOUS,
    APPLIED,
    PROPOSED,
    UNKNOWN,
    Directory,
    account_names,
    derive,
)
from pipelines.registry.frames import schema

STAFF = [f"person{n}" for n in range(10)]
ALIASES = pl.DataFrame(schema=schema("account_aliases"))


def accounts(*rows: tuple[str, str]) -> pl.DataFrame:
    """`accounts` of the staff, and further rows: account and owner."""
    pairs = [*((name, f"p-{name}") for name in STAFF), *rows]
    frame = pl.DataFrame(pairs, ["account", "owner_person_id"], orient="row")
    return frame.with_columns(account_type=pl.lit("person"))


def aliases(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, ["alias", "account"], orient="row")


def states(names, held=None, other=ALIASES, own=()):
    found = derive(names, accounts() if held is None else held, other, own)
    return {domain.name: domain.state for domain in found}


def resolved(names, held=None, other=ALIASES, own=()):
    held = accounts() if held is None else held
    derived = applied(derive(names, held, other, own))
    frame = account_names(sorted(names), own, derived, Directory(held, other))
    return dict(frame.iter_rows())


@pytest.mark.parametrize(
    "spell",
    [r"DIST\{}", "{}@dist.example", "{}@staff.dist.example", "DIST/{}", "DIST%5C{}"],
)
def test_each_spelling_of_the_registrys_names_is_theirs(spell):
    names = {spell.format(name): name for name in STAFF}
    assert resolved(names) == names


def test_a_name_that_a_settled_domain_has_and_the_registry_not_is_stripped_too():
    names = [*(rf"DIST\{name}" for name in STAFF), r"DIST\guest"]
    assert resolved(names)[r"DIST\guest"] == "guest"


@pytest.mark.parametrize("realm", ["LOCAL", "RADIUS", "LDAP"])
def test_a_gateways_word_for_its_server_is_removed_from_known_accounts(realm):
    directory = [rf"DIST\{name}" for name in STAFF]
    names = [rf"{realm}\{STAFF[0]}", rf"{realm}\{STAFF[0]}@dist.example"]
    found = resolved([*names, rf"{realm}\stranger", *directory], own=("DIST",))
    assert {found[name] for name in names} == {STAFF[0]}
    assert found[rf"{realm}\stranger"] == rf"{realm}\stranger".lower()


def test_a_name_of_two_people_keeps_the_gateways_word():
    two = ("ada@north.example", "p-north"), ("ada@south.example", "p-south")
    assert resolved([r"LOCAL\ada"], accounts(*two)) == {r"LOCAL\ada": r"local\ada"}


def test_few_names_may_be_chance():
    names = [rf"PC-17\{name}" for name in STAFF[:4]]
    assert states(names) == {"pc-17": UNKNOWN}
    assert resolved(names)[names[0]] == names[0].lower()


def test_a_neighbors_domain_shares_a_few_names():
    strangers = [f"stranger{n}@neighbor.example" for n in range(300)]
    names = [*strangers, *(f"{name}@neighbor.example" for name in STAFF)]
    held = accounts(*((f"more{n}", f"p-more{n}") for n in range(30)))
    assert states(names, held) == {"neighbor.example": UNKNOWN}


def test_students_whom_the_registry_lacks_do_not_hide_the_staff():
    students = [rf"DIST\student{n}" for n in range(500)]
    names = [*students, *(rf"DIST\{name}" for name in STAFF)]
    assert resolved(names)[r"DIST\person3"] == "person3"


def test_what_is_half_known_is_proposed():
    names = [rf"DIST\{name}" for name in [*STAFF[:5], *"abcde"]]
    held = accounts(*((f"more{n}", f"p-more{n}") for n in range(30)))
    assert states(names, held) == {"dist": PROPOSED}


def test_two_domains_with_the_same_name_may_be_two_people():
    names = [rf"{d}\{name}" for d in ("STAFF", "STUDENT") for name in STAFF]
    assert states(names) == {"staff": AMBIGUOUS, "student": AMBIGUOUS}
    assert resolved(names)[r"STUDENT\person1"] == r"student\person1"


def test_a_domain_of_the_settings_and_another_with_the_same_name():
    names = [rf"{d}\{name}" for d in ("STAFF", "STUDENT") for name in STAFF]
    assert states(names, own=("STAFF",)) == {"student": AMBIGUOUS}


def test_two_forms_of_one_domain_are_the_same_people():
    names = {spell.format(n): n for n in STAFF for spell in (r"DIST\{}", "{}@d.example")}
    assert resolved(names) == names


def test_accounts_of_two_owners_stay_apart():
    held = accounts(("ada@x.example", "p-1"), ("ada@y.example", "p-2"))
    names = [
        *(rf"DIST\{name}" for name in STAFF),
        r"DIST\ada",
        "ada@x.example",
        "ada@y.example",
    ]
    found = resolved(names, held)
    assert found["ada@x.example"] == "ada@x.example"
    assert found["ada@y.example"] == "ada@y.example"
    # one of the two, no one knows which
    assert found[r"DIST\ada"] == r"dist\ada"
    assert found[r"DIST\person1"] == "person1"


def test_a_mail_address_that_is_somebody_elses_account_without_its_domain():
    held = accounts(("lee", "p-lee"), ("alee", "p-alee"))
    mails = aliases(("alee@dist.example", "lee"))
    names = [*(f"{name}@dist.example" for name in STAFF), r"DIST\alee"]
    names += [rf"DIST\{name}" for name in STAFF]
    assert resolved(names, held, mails)[r"DIST\alee"] == r"dist\alee"


def test_a_domain_most_of_whose_names_are_doubtful_is_not_applied():
    held = accounts(*((f"{name}@y.example", "p-other") for name in STAFF))
    names = [rf"DIST\{name}" for name in STAFF]
    assert states(names, held) == {"dist": AMBIGUOUS}


def test_mail_addresses_of_the_roster_need_no_logs():
    mails = aliases(*((f"{name}@dist.example", name) for name in STAFF))
    assert states([], other=mails) == {"dist.example": APPLIED}


def test_a_private_mailbox_is_no_account():
    names = [f"{name}@gmail.com" for name in STAFF]
    assert states(names) == {"gmail.com": UNKNOWN}


def test_a_registry_that_writes_mail_addresses_as_user_names():
    held = accounts(*((f"more{n}@dist.example", f"p-more{n}") for n in range(12)))
    names = [rf"DIST\more{n}" for n in range(12)]
    assert resolved(names, held)[r"DIST\more7"] == "more7@dist.example"


def test_a_computer_is_no_person():
    assert states(["host/pc-17.dist.example", r"DIST\PC-17$"]) == {}


def test_an_empty_registry_knows_no_domain():
    names = [rf"DIST\{name}" for name in STAFF]
    assert states(names, accounts().clear()) == {"dist": UNKNOWN}


def test_the_few_names_that_the_registry_lacks_are_named():
    """A count of 302 and 301 left a renamed account to be searched for."""
    names = [*(rf"DIST\{name}" for name in STAFF), r"DIST\old.name"]
    (domain,) = derive(names, accounts(), ALIASES, ())
    assert domain.strange == ("old.name",)
    assert "old.name" not in str(domain)  # reports show the line
    many = [*names, *(rf"DIST\guest{n}" for n in range(6))]
    assert derive(many, accounts(), ALIASES, ())[0].strange == ()
