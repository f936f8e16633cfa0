"""One spelling for each account."""

import polars as pl
import pytest

from pipelines.registry.account_names import canonical

DOMAINS = ["EXAMPLE", "school.example"]


@pytest.mark.parametrize(
    ("written", "account"),
    [
        ("ada", "ada"),
        (" Ada ", "ada"),
        ("EXAMPLE\\Ada", "ada"),
        ("example\\\\ada", "ada"),
        ("EXAMPLE%5CAda", "ada"),
        ("example%5cada", "ada"),
        ("EXAMPLE/ada", "ada"),
        ("ada@school.example", "ada"),
        ("ada@SCHOOL.EXAMPLE", "ada"),
        ("ada%40school.example", "ada"),
        ("EXAMPLE\\ada@school.example", "ada"),
        ("ada@other.example", "ada@other.example"),
        ("OTHER\\ada", "other\\ada"),
        ("OTHER/ada", "other/ada"),
        ("ada@evilschool.example", "ada@evilschool.example"),
        ("ada.b-c_d", "ada.b-c_d"),
        ("HS-PC-017$", "hs-pc-017$"),
        ("EXAMPLE\\HS-PC-017$", "hs-pc-017$"),
        ("host/hs-pc-017.school.example", "hs-pc-017$"),
        ("host/HS-PC-017$", "hs-pc-017$"),
        ("host/pc.other.example", "pc.other.example$"),
        ("-", None),
        ("", None),
        (None, None),
    ],
)
def test_an_account_has_one_spelling(written, account):
    frame = pl.DataFrame({"user": [written]}, {"user": pl.String})
    assert frame.select(canonical(pl.col("user"), DOMAINS)).item() == account


def test_without_domains_nothing_is_cut():
    frame = pl.DataFrame({"user": ["EXAMPLE\\Ada", "ada@school.example"]})
    found = frame.select(canonical(pl.col("user"), []))["user"].to_list()
    assert found == ["example\\ada", "ada@school.example"]
