"""Effects of a change in words: the cases that it closes, and what reviewers decided.

An entry settles a use that it covers: the site, the day and the role. Sentences name a
case by its minutes and its day, never by the id of a rule or by a person.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.actions.context import ActionContext
from pipelines.findings.cases import Case
from pipelines.findings.grades import KINDS
from pipelines.findings.record import Finding
from pipelines.findings.review import VERDICTS
from pipelines.refresh.trial import Difference
from pipelines.registry import canonical
from pipelines.registry.tables.site_list import MIN_SITES, approved_sites_of
from pipelines.reports.words import count, day
from pipelines.state.findings import CONFIRMED, EXPLAINED, WITHDRAWN
from pipelines.state.reviews import last_verdicts
from pipelines.state.rows import FindingColumns, FindingRow, number_in, texts_in
from pipelines.warehouse.snapshots import attach_warehouse

LEAD = "C1"
MAX_SENTENCES = 8
NO_CASE = "no case would change"

GONE = ("removed", "hidden")
EFFECTS: Mapping[tuple[str, ...], str] = {
    GONE: "go",
    ("added", "shown"): "be new",
    ("changed",): "be graded differently",
}
"""Effects of a change -> what would happen, in words."""
NOT_COVERED = "the entry does not cover that day or role"
CHANGES = {
    "added": "a case about {} opens",
    "shown": "the case about {} is no longer hidden",
    "changed": "the case about {} is graded differently",
}


def covers_site(pattern: str, match: str, site: str) -> bool:
    """Return whether an entry's pattern covers a whole site."""
    below = match == "domain" and site.endswith(f".{pattern}")
    return match in ("domain", "host") and (site == pattern or below)


def days_to_try(context: ActionContext, row: Mapping[str, str]) -> set[date]:
    """Return the days on which an entry can change a finding.

    Those are the days of findings about the site. An entry that leaves a role or an
    earlier day out can add findings too: then also all other days of its use.
    """
    pattern = row["pattern"]
    days = {
        _day(one)
        for case in context.cases
        for one in case.findings
        if one["status"] != WITHDRAWN
        and any(covers_site(pattern, "domain", site) for site in _sites(one))
    }
    if row["roles"] == "all" and not (row["valid_from"] or row["valid_to"]):
        return days
    query = "select distinct event_date from built.core.site_evidence where site = $site"
    with attach_warehouse(context.district.home.warehouse) as database:
        return days | {row[0] for row in database.rows(query, {"site": pattern})}


def settled_by(context: ActionContext, row: FindingColumns, site: str) -> str:
    """Return the id of the entry that covers a finding's use of a site, or nothing."""
    frames = context.district.registry.frames
    when = _day(row)
    roles = _roles(context, str(row["subject"]), when)
    for entry in frames["approved_sites"].iter_rows(named=True):
        if (
            covers_site(entry["pattern"], entry["match"], site)
            and entry["role"] in roles
            and (entry["valid_from"] or date.min) <= when
            and when <= (entry["valid_to"] or date.max)
        ):
            return str(entry["entry_id"])
    return ""


def _roles(context: ActionContext, account: str, when: date) -> set[str]:
    """Return the roles of an account that an entry may name, as the rules read them."""
    frames = context.district.registry.frames
    on_day = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= when)) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= when)
    )
    owned = frames["accounts"].filter(on_day & (pl.col("account") == account))
    people = frames["people"].filter(
        on_day & pl.col("person_id").is_in(owned["owner_person_id"].to_list())
    )
    roles = {"all"}
    for person in people.iter_rows(named=True):
        roles |= {
            "staff" if person["is_staff"] else "student",
            person["job_title"] or "all",
            person["role"] or "all",
            f"{canonical.PERSON}{person['person_id']}",
        }
    return roles


def span_in_words(row: Mapping[str, str], today: date) -> str:
    """Return from when an entry counts, and whether that covers past use."""
    if not row["valid_from"]:
        return "It has no first day and covers all earlier use."
    first = date.fromisoformat(row["valid_from"])
    past = "also covers earlier use" if first < today else "does not cover earlier use"
    return f"It counts from {day(first)} and {past}."


def list_in_words(frames: Mapping[str, pl.DataFrame], today: date, added: str = "") -> str:
    """Return whether the list of sites counts as complete, and the setting that decides it.

    Empty where it does, or where it is empty and stays so.

    Args:
        frames: The frames of the registry.
        today: The local day.
        added: A site that would be put on the list.
    """
    sites = approved_sites_of(frames["approved_sites"]) | ({added} if added else set())
    complete_from = frames["site_list"]["complete_from"].min()
    if isinstance(complete_from, date):
        later = f"The list of sites counts as complete from {day(complete_from)} on."
        return later if complete_from > today else ""
    if not sites:
        return ""
    decides = "`site_list_complete_from` in district.toml sets the day from which it is complete"
    if len(sites) >= MIN_SITES:
        return (
            f"With it the list has {count(len(sites), 'site')} and counts as complete: use of "
            f"other sites of a non-work kind is then judged. {decides}."
        )
    return (
        f"The list has {count(len(sites), 'site')} and does not count as complete: a use of other "
        f"sites is judged as without a list. {decides}; without it, the tenth site does."
    )


def in_words(context: ActionContext, differences: Iterable[Difference]) -> list[str]:
    """Return what would change, a sentence for each case; hints are counted."""
    cases = {row["finding_id"]: case for case in context.cases for row in case.findings}
    shown, hints = [], 0
    for one in differences:
        if one.finding.confidence == LEAD and (one.was is None or one.now is None):
            hints += 1
        else:
            shown.append(one)
    sentences = list(_about_cases(shown, cases))
    if len(sentences) > MAX_SENTENCES:
        left = len(sentences) - MAX_SENTENCES
        sentences = [
            *_counted(shown),
            *sentences[:MAX_SENTENCES],
            f"{count(left, 'more case')} would change",
        ]
    sentences = [*_decided(context, shown, cases), *sentences]
    if hints:
        sentences.append(f"{count(hints, 'hint')} for analysts would come or go")
    return sentences


def _counted(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield the number of findings of each effect."""
    for effects, words in EFFECTS.items():
        some = sum(one.effect in effects for one in differences)
        if some:
            yield f"{count(some, 'finding')} would {words}"


def _decided(
    context: ActionContext, differences: Sequence[Difference], cases: Mapping[str, Case]
) -> Iterator[str]:
    """Yield what reviewers decided about the cases that would change."""
    verdicts = last_verdicts(context.district.store)
    for effects, words in EFFECTS.items():
        outcomes: dict[str, set[str]] = {}
        for ident in (one.finding.finding_id for one in differences if one.effect in effects):
            case_id = cases[ident].case_id if ident in cases else ident
            verdict = verdicts[ident]["verdict"] if ident in verdicts else ""
            outcomes.setdefault(case_id, set()).add(VERDICTS.get(verdict, ""))
        confirmed = sum(CONFIRMED in one for one in outcomes.values())
        cleared = sum(EXPLAINED in one and CONFIRMED not in one for one in outcomes.values())
        if confirmed or cleared:
            yield (
                f"of {count(len(outcomes), 'case')} that would {words}, reviewers confirmed "
                f"{confirmed} and cleared {cleared}"
            )


def _about_cases(differences: Sequence[Difference], cases: Mapping[str, Case]) -> Iterator[str]:
    gone = [one.finding for one in differences if one.effect in GONE]
    gone_ids = {finding.finding_id for finding in gone}
    replaced = {_use(finding) for finding in gone} & {
        _use(one.finding) for one in differences if one.effect == "added"
    }
    done: set[str] = set()
    for one in differences:
        finding = one.finding
        case, what = cases.get(finding.finding_id), _what(finding)
        if _use(finding) in replaced:
            if one.effect != "added":
                yield f"the case about {what} stays open: {NOT_COVERED}"
        elif one.effect not in GONE:
            yield f"{CHANGES[one.effect].format(what)}"
        elif case is None or case.case_id not in done:
            done.add(case.case_id if case else "")
            if case is not None and case.status in (CONFIRMED, EXPLAINED):
                yield f"the decided case about {what} keeps its verdict"
                continue
            others = {row["finding_id"] for row in case.undecided} if case else set()
            left = others - gone_ids
            yield f"the case about {what} " + (
                f"stays open for {count(len(left), 'other finding')}" if left else "closes"
            )


def _use(finding: Finding) -> tuple[str, date, str]:
    return finding.subject, finding.event_date, finding.kind


def _what(finding: Finding) -> str:
    """Return the use as its minutes and its day, or what kind of case it is."""
    seconds, when = number_in(finding.details, "total_seconds"), day(finding.event_date)
    if finding.kind == "non_approved_site" and seconds:
        return f"{count(max(round(seconds / 60), 1), 'minute')} on {when}"
    return f"{when} ({KINDS[finding.kind]})"


def _sites(row: FindingRow) -> Sequence[str]:
    """Return the sites that a finding names; some rules record only their number."""
    return texts_in(row["record"].get("details", {}), "sites")


def _day(row: FindingColumns) -> date:
    return date.fromisoformat(str(row["event_date"]))
