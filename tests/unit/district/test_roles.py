"""Roles: what each may do with findings and names."""

import pytest

from pipelines.settings.roles import MATRIX, MEANING, RefusedError, Roles, asker

GROUPS = Roles(
    director=("heads",),
    analyst=("lookers",),
    operator=("it",),
    custodian=("records",),
    superintendent=("office",),
)
ALLOWED = {
    "heads": "findings evidence verdict assign exception export names approve replay"
    " audit hold sign records sites refer inquire",
    "lookers": "findings evidence verdict export replay",
    "it": "replay audit purge accounts",
    "records": "findings evidence export names approve audit hold purge records refer inquire",
    "office": "findings evidence approve audit records",
    "students": "",
}


@pytest.mark.parametrize("group", ALLOWED)
def test_each_role_may_do_what_the_table_says(group):
    one = asker(GROUPS, 1000, "ada", [group, "users"], owner=1000)
    assert {right for right in MATRIX if one.may(right)} == set(ALLOWED[group].split())


def test_a_refusal_says_who_and_what_it_takes():
    one = asker(GROUPS, 1000, "ada", ["it"], owner=1000)
    with pytest.raises(
        RefusedError, match=r"director or custodian may.*ada \(1000\) has the role operator"
    ):
        one.require("names")
    assert set(MEANING) == set(MATRIX)


def test_without_roles_one_operator_may_do_everything():
    one = asker(Roles(), 1000, "ada", [], owner=1000)
    assert one.is_alone
    assert all(one.may(right) for right in MATRIX)


def test_one_role_that_is_set_is_enough_to_lock_the_others():
    one = asker(Roles(director=("heads",)), 1000, "ada", ["users"], owner=1000)
    assert not any(one.may(right) for right in MATRIX)
