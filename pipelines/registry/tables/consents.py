"""Consents: the grantor, the permission, and whether they could grant it.

A consent counts only from its lawful grantor (see the policy), and no one can
grant one to themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.events import Column
from pipelines.registry import canonical
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import (
    FROM,
    TO,
    TO_CELL,
    Dates,
    Inputs,
    KnownNames,
    Table,
    conform,
    holders,
    identifier,
    strangers,
    text,
)
from pipelines.settings.problems import Problem

FILE = File(
    "consents.csv",
    {
        "consent_id": identifier("C-001"),
        "type": Cell("c", "word", required=True, allowed=tuple("abcdefgh")),
        "grantor": identifier("p-1000"),
        "grantor_role": Cell("superintendent", "word", required=True),
        "subject": identifier("p-1001"),
        "what": identifier("band program page"),
        "why": Cell("concert announcements"),
        "clause": Cell("cl.46"),
        "valid_from": Cell("2026-08-24", "date", required=True),
        "valid_to": TO_CELL,
        "review_by": Cell("2027-01-15", "date"),
        "document": Cell(""),
    },
    "no consent is known; findings say that none could be looked up",
    key=("consent_id",),
)
COLUMNS = {
    "consent_id": text("id of the consent"),
    "type": text("a to g, see the policy; h: agency staff may see persons"),
    "grantor": text("who granted it", "direct"),
    "grantor_role": text("in which office"),
    "subject": text("whom it is for", "direct"),
    "what": text("what it permits"),
    "why": text("reason given", "indirect"),
    "clause": text("clause it rests on"),
    "valid_from": FROM,
    "valid_to": TO,
    "review_by": Column(pl.Date, "day by which it is looked at again"),
    "document": text("hash or place of the document"),
}

_SUPERINTENDENT = ("superintendent",)
_DESIGNEE = (*_SUPERINTENDENT, "designee", "superintendent's designee")

_ADMINISTRATION = (
    *_DESIGNEE, "administration", "administrator", "principal", "assistant principal",
    "director", "technology director", "associate superintendent",
    "assistant superintendent",
)  # fmt: skip

_DISTRICT = (*_ADMINISTRATION, "district", "school board", "board")

LAWFUL: Mapping[str, Sequence[str]] = {
    "a": _SUPERINTENDENT,
    "b": _SUPERINTENDENT,
    "c": _DESIGNEE,
    "d": _ADMINISTRATION,
    "e": _ADMINISTRATION,
    "f": _DISTRICT,
    "g": (),
    "h": _SUPERINTENDENT,
}
"""Consent type -> offices that may grant it; empty: the district decides."""

AGENCY_GRANT = "h"


def consents(
    rows: RegistryFrame,
    people: pl.DataFrame | None = None,
    accounts: pl.DataFrame | None = None,
    known: KnownNames | None = None,
) -> RegistryFrame:
    """Return the frame `consents`; what was not lawfully granted is set aside.

    Args:
        people: The roster, in which grantors are looked up, if there is one.
        accounts: Frame `accounts`: a consent to one's own account is one to oneself.
        known: The names of the registry: persons and accounts get their spelling.
    """
    named = [holders(rows.frame[column], known) for column in ("grantor", "subject")]
    login = canonical.mapped(pl.col("subject"), canonical.person)
    is_agency = pl.col("type") == AGENCY_GRANT  # compared with logins of no account here
    frame = rows.frame.with_columns(_login=login).with_columns(named)
    frame = frame.with_columns(subject=pl.when(is_agency).then("_login").otherwise("subject"))
    unlawful = pl.any_horizontal(
        (pl.col("type") == kind) & ~pl.col("grantor_role").is_in(offices)
        for kind, offices in LAWFUL.items()
        if offices
    )
    owners = _owners(accounts)
    to_self = pl.col("grantor").replace(owners) == pl.col("subject").replace(owners)
    good = frame.filter(~unlawful & ~to_self)
    problems = [
        *_unlawful(frame.filter(unlawful)),
        *tell(
            FILE.name,
            "grantor",
            frame.filter(to_self).select(LINE, pl.col("grantor").alias("value")),
            what="grants to themselves",
            allowed="another person",
        ),
        *_offices(good, people),
        *(_strange(good, known) if known else ()),
    ]
    return RegistryFrame(conform(COLUMNS, good), (*rows.problems, *problems))


def is_granted(consents: pl.DataFrame, login: str, today: date) -> bool:
    """Return whether the superintendent grants an agency employee access to names today.

    A grant without a last day grants nothing.
    """
    own = pl.col("subject") == canonical.person(login)
    in_force = pl.lit(today).is_between(pl.col("valid_from"), pl.col("valid_to"))
    kind = pl.col("type") == AGENCY_GRANT
    return consents.filter(kind & own & in_force).height > 0


def _owners(accounts: pl.DataFrame | None) -> dict[str, str]:
    """Return account -> its owner, if there is exactly one."""
    if accounts is None:
        return {}
    named = accounts.select("account", "owner_person_id")
    single = named.drop_nulls().unique().group_by("account").agg(pl.col.owner_person_id)
    return {name: people[0] for name, people in single.iter_rows() if len(people) == 1}


def _strange(frame: pl.DataFrame, known: KnownNames) -> Iterator[Problem]:
    """Yield notices of people and accounts that nothing else in the registry names.

    Employees of an agency are not in the roster.
    """
    every = known.people | {*known.directory.exact}
    of_district = frame.filter(pl.col("type") != AGENCY_GRANT)
    for column, rows in (("grantor", frame), ("subject", of_district)):
        yield from strangers(
            FILE.name,
            column,
            rows.select(LINE, value=column),
            every,
            what="is neither a person nor an account of the registry",
            allowed="a sourcedId or username of users.csv, or an account of accounts.csv",
        )


def _offices(frame: pl.DataFrame, people: pl.DataFrame | None) -> Iterator[Problem]:
    """Yield notices about grantors with another office in the roster.

    The roster has its own words for offices, so the row remains.
    """
    if people is None or people.is_empty():
        return
    titles = people.select(
        pl.col("person_id").alias("_grantor"),
        pl.coalesce("job_title", "role").alias("value"),
    ).unique("_grantor", keep="last", maintain_order=True)
    known = frame.with_columns(_grantor=pl.col("grantor")).join(titles, on="_grantor")
    office = canonical.mapped(pl.col("grantor_role"), canonical.role)
    fits = pl.col("value").str.contains(office, literal=True)
    yield from tell(
        FILE.name,
        "grantor_role",
        known.filter(~fits & (pl.col("type") != "g")).select(LINE, "value"),
        what="is not the office in which the roster knows the grantor",
        allowed="the office that they held when they granted it",
        severity="notice",
    )


def _unlawful(frame: pl.DataFrame) -> Iterator[Problem]:
    for kind, offices in LAWFUL.items():
        wrong = frame.filter(pl.col("type") == kind)
        yield from tell(
            FILE.name,
            "grantor_role",
            wrong.select(LINE, pl.col("grantor_role").alias("value")),
            what=f"may not grant a consent of type {kind}",
            allowed=", ".join(offices),
        )


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `consents`."""
    people, accounts = inputs.frame("people"), inputs.frame("accounts")
    return {"consents": consents(inputs.rows[FILE.name], people, accounts, inputs.known)}


TABLE = Table(
    name="consents",
    file=FILE,
    frames={"consents": COLUMNS},
    make=make,
    touches=Dates(),
    is_built=False,
)
