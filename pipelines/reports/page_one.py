"""The five lines that open a report: a sentence, a number, a comparison, a link."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from pipelines.reports.comparisons import change
from pipelines.reports.gaps import (
    NOT_YET,
    NotJudged,
    days_not_judged,
    not_judged_at,
    not_yet,
    of_rules,
    say_days,
    say_hours,
    unjudged_days,
)
from pipelines.reports.headline import (
    KINDS,
    Coverage,
    compare,
    coverage,
    has_list,
    history,
    issue_kinds,
    open_sites,
    sites_asked_about,
    source_issues,
    this_week,
    work,
)
from pipelines.reports.language import plural, text
from pipelines.reports.report_rows import Number, WeekNumbers
from pipelines.reports.text_tables import total
from pipelines.reports.view import View
from pipelines.reports.words import count, day, listed, number, share

SATURDAY = 6  # ISO weekday
WEEKDAYS = 5
AS_ABOVE = "The gaps above apply here too."
"""A sentence for two lines is shown once."""
YET_AS_ABOVE = f"{NOT_YET.removesuffix(':')}, for the same reason."
OTHER_YET = "Other use can't be checked yet:"
"""Of a kind of which something was seen."""
NOTHING_ARRIVED = "Unknown: no log lines arrived."
NOT_JUDGED = "Unknown: the rules could not judge it; see the note above."
WELL, CHECK = "OK", "Check"
"""Words of the line on trust, in place of a number."""
MAX_ACTIONS = 2
ACTIONS: Mapping[str, str] = {
    "silent": "find out why {source} stopped sending",
    "thin": "check whether {source} still sends everything",
    "late": "find out why lines from {source} arrive late",
    "skewed": "set the clock of {source}",
    "off_clock": "set the clock of {source}",
    "drifting": "find out what changed in the log settings of {source}",
    "rejecting": "check the log format of {source}",
    "forged": "find out who writes names of others into {source}",
    "not_come": "find out where the expected traffic in {source} went",
    "let_through": "check the block list of {source}",
    "not_fetched": "find out why {source} cannot be fetched",
    "fewer": "find out why the service of {source} gives fewer events",
    "blind": "find out why the {source} log leaves out accounts or sites",
}
"""The action for each kind of issue; the reader's technology office does it."""
DARK = (
    ("shared-accounts", "Shared accounts", "shared-accounts"),
    ("new-sites", "Not on the list", "sites"),
    ("off-hours-accounts", "Outside hours", "off-hours"),
)


@dataclass(frozen=True)
class Line:
    """One of the five.

    Attributes:
        key: File name of the evidence page, and anchor.
        label: Two words before the line.
        value: The number; None if no countable data arrived.
        rest: The sentence after the number, or the whole of it.
        comparison: Its comparison.
        anchor: The section of the report with details.
        history: The number in earlier weeks and now, for a small drawing.
        is_least: Hours are missing that could have made the number larger.
        figures: Numbers within the sentence: evidence page, number, and the text after it.
        more: Sentences after them.
        word: Shown in place of a number.
        action: What to do about it.
        chip: The change since last week, as short as possible.
        is_amber: Problems of the sources make the other numbers less certain.
    """

    key: str
    label: str
    value: int | None
    rest: str
    comparison: str
    anchor: str
    history: tuple[int | None, ...] = ()
    is_least: bool = False
    is_amber: bool = False
    figures: tuple[tuple[str, int, str], ...] = ()
    more: str = ""
    word: str = ""
    action: str = ""
    chip: str = ""

    @property
    def whole(self) -> str:
        """The sentence as plain text, with the numbers that the page links."""
        held = [f"{number(size)} {text}" for _, size, text in self.figures]
        return " ".join(filter(None, (self.rest, *held, self.more, self.action)))


def lines(view: View) -> list[Line]:
    """Return the five lines, in their order."""
    arrived, now = coverage(view), this_week(view)
    first = [needs_you(view), trust(view, arrived)]
    if not arrived.has_data:
        return first + [dark(view, *part) for part in DARK]
    told = (shared, not_listed, outside_hours)
    gaps = [not_judged_at(view, KINDS[key], is_brief=True) for key in KINDS]
    return first + [
        dark(view, *part, rest=why_not(view, key))
        if now[key] is None
        else limited(as_minimum(view, say(view, now), arrived), gap, is_above=gap in gaps[:place])
        for place, (part, key, say, gap) in enumerate(zip(DARK, KINDS, told, gaps, strict=True))
    ]


def why_not(view: View, key: Number) -> str:
    """Return why a number is not known."""
    gap = not_yet(view, KINDS[key])
    return gap.sentence if gap else NOT_JUDGED


def as_minimum(view: View, line: Line, arrived: Coverage) -> Line:
    """Mark the number as a minimum if logs or judging have gaps."""
    return replace(line, is_least=arrived.missing > 0 or bool(days_not_judged(view)))


def limited(line: Line, gap: NotJudged | None, *, is_above: bool) -> Line:
    """Add what could not be judged to what was seen; or replace a zero with it.

    A zero is not stated if no log could have shown it.

    Args:
        is_above: A line above has the same gap.
    """
    if gap is None:
        return line
    sentence = gap.sentence
    if is_above:
        sentence = YET_AS_ABOVE if gap.is_early else AS_ABOVE
    elif line.value and gap.is_early:
        sentence = f"{OTHER_YET} {gap.reasons}."
    if line.value:
        return replace(line, rest=f"{line.rest} {sentence}", is_least=True, is_amber=True)
    return replace(line, value=None, rest=sentence, chip="", is_amber=True, is_least=False)


def dark(view: View, key: str, label: str, anchor: str, *, rest: str = NOTHING_ARRIVED) -> Line:
    """Return a line for a week that could not be judged: not a zero, but not known."""
    return Line(key, label, None, rest, compare_or_nothing(view), anchor)


def compare_or_nothing(view: View) -> str:
    """Return the comparison, or a short text if there is nothing to compare."""
    return "Not comparable." if view.earlier else "No earlier week to compare with."


def needs_you(view: View) -> Line:
    """Return cases that wait for a decision, new and carried over."""
    size = len(view.waiting)
    if not size:
        rest = "cases need a decision."
    else:
        noun = "case needs" if size == 1 else "cases need"
        rest = f"{noun} a decision: {split(view)}. {due(view)}"
    past = trail(view, "needs_review", size)
    compared = compare(view, "needs_review")
    changed = change(view, "needs_review", size)
    return Line("needs-you", "Needs you", size, rest, compared, "cases", past, chip=changed)


def split(view: View) -> str:
    """Return how many are new, how many older, and the day of the oldest."""
    carried = [case for case in view.waiting if not view.is_new(case)]
    new = len(view.waiting) - len(carried)
    if not carried:
        return "all new" if new > 1 else "new this week"
    first = min(case.first_day for case in carried)
    held = f"{number(len(carried))} older (oldest: {day(first)})"
    return f"{number(new)} new, {held}" if new else held


def due(view: View) -> str:
    """Return how many are overdue, and until when the others are to be decided."""
    made = view.inputs.generated_time.astimezone(view.zone).date()
    days = [case.due for case in view.waiting]
    late = sum(one < made for one in days)
    if late == len(days):
        return "It is overdue." if late == 1 else f"All {number(late)} are overdue."
    by = f"Due {day(max(days))}"
    return f"{by}; {number(late)} overdue." if late else f"{by}."


def trust(view: View, arrived: Coverage) -> Line:
    """Return the line about what arrived and was readable, before any conclusion."""
    absent, days = arrived.missing, view.of_week(view.inputs.source_days)
    came, aside = total(days, "lines"), total(days, "rejects")
    issues, actions = source_issues(view), actions_of(view, arrived)
    if arrived.expected:
        said = "" if absent else f"All {count(arrived.expected, 'source hour')} arrived."
    elif arrived.has_data:
        said = "Lines arrived. There are too few days to know how many to expect."
    else:
        said = "No source was expected to send lines."
    read = "Every line was read." if came and not aside else "" if came else "No lines arrived."
    gaps = days_not_judged(view)
    is_amber = bool(issues or gaps) or arrived.is_partial
    word = CHECK if is_amber or actions else WELL
    return Line(
        "hours-missing",
        "Trust",
        None,
        " ".join(filter(None, (said, read))),
        last_coverage(view) if arrived.expected else compare_or_nothing(view),
        "source-coverage",
        is_amber=is_amber,
        figures=(
            *([("hours-missing", absent, hours_said(view, arrived))] if absent else []),
            *([("lines-set-aside", aside, lines_said(came, aside))] if aside else []),
        ),
        more=" ".join([*issues, *([say_days(of_rules(gaps))] if of_rules(gaps) else [])]),
        word=word if arrived.has_data else "",
        action=f"Next: {listed(actions)}." if actions else "",
    )


def hours_said(view: View, arrived: Coverage) -> str:
    """Return the text after the number of missing hours."""
    longest = min(arrived.gaps, key=lambda gap: (-gap.lost, gap.source))
    named = "longest gap: " if len(arrived.gaps) > 1 else ""
    verb = "is" if arrived.missing == 1 else "are"
    return (
        f"of {number(arrived.expected)} source hours {verb} missing "
        f"({named}{say_hours(longest, view)})."
    )


def lines_said(came: int, aside: int) -> str:
    """Return the text after the number of rejected lines."""
    return f"of {count(came, 'line')} {'was' if aside == 1 else 'were'} unreadable."


def actions_of(view: View, arrived: Coverage) -> list[str]:
    """Return what the technology office should do about sources, missing hours first."""
    silent = dict.fromkeys(gap.source for gap in arrived.gaps) if arrived.is_partial else {}
    found = [("silent", source) for source in silent] + issue_kinds(view)
    said = [ACTIONS[kind].format(source=source) for kind, source in found if kind in ACTIONS]
    return list(dict.fromkeys(said))[:MAX_ACTIONS]


def last_coverage(view: View) -> str:
    """Return the coverage of the week before."""
    last = view.last_week
    if not view.earlier:
        return "No earlier week to compare with."
    if last is None or (part := last.get("coverage")) is None:
        return "Last week is not known."
    whole = share(round(part * 10_000), 10_000)
    return f"Last week {whole} of hours arrived."


def shared(view: View, now: WeekNumbers) -> Line:
    """Return the line about accounts in use that one owner may not explain."""
    value = now["shared_accounts"]
    noun = "account was" if value == 1 else "accounts were"
    settled = view.seen("shared_account").filter(pl.col("status") == "explained")
    explained = settled["subject"].n_unique()
    more = f", {number(explained)} explained since" if explained else ""
    return Line(
        "shared-accounts",
        "Shared accounts",
        value,
        f"{noun} used in two places, on others' devices, or during leave{more}.",
        compare(view, "shared_accounts"),
        "shared-accounts",
        trail(view, "shared_accounts", value),
        chip=change(view, "shared_accounts", value),
    )


def not_listed(view: View, now: WeekNumbers) -> Line:
    """Return the line about new sites that are not on the list."""
    value = now["new_sites"]
    noun = "new site" if value == 1 else "new sites"
    older = open_sites(view).height - (value or 0)
    more = f"; {number(older)} older in use" if older else ""
    said = f"{noun}{more}."
    if not has_list(view):
        used = "new site was" if value == 1 else "new sites were"
        said = f"{used} used. There is no list of approved sites yet."
    return Line(
        "new-sites",
        "Not on the list",
        value,
        said,
        compare(view, "new_sites"),
        "sites",
        trail(view, "new_sites", value),
        chip=change(view, "new_sites", value),
    )


def outside_hours(view: View, now: WeekNumbers) -> Line:
    """Return accounts that used outside sites outside duty hours."""
    value = now["off_hours_accounts"]
    noun = "account" if value == 1 else "accounts"
    return Line(
        "off-hours-accounts",
        "Outside hours",
        value,
        f"{noun} used non-work sites at length off duty.",
        compare(view, "off_hours_accounts"),
        "off-hours",
        trail(view, "off_hours_accounts", value),
        chip=change(view, "off_hours_accounts", value),
    )


def trail(view: View, key: Number, now: int | None) -> tuple[int | None, ...]:
    """Return the number in earlier weeks, then now."""
    return (*(week.get(key) for week in history(view)), now)


def opening(view: View, five: list[Line], *, has_corrections: bool = True) -> dict[str, object]:
    """Return the headline, and the notes that come before any number.

    Args:
        has_corrections: The page has the section about corrections.
    """
    return {
        "headline": headline(view, five),
        "notices": notices_of(view, has_corrections=has_corrections),
        "school_days": school_days(view),
    }


def notices_of(view: View, *, has_corrections: bool = True) -> list[str]:
    """Return the notes that come before any number.

    Args:
        has_corrections: The page has the section about corrections.
    """
    arrived = coverage(view)
    whole = arrived.expected - arrived.missing
    notices = []
    if not view.is_over:
        notices.append(text("The week is not over: these numbers will change."))
    if arrived.has_data and arrived.is_partial:
        part = share(whole, arrived.expected)
        notices.append(text("Partial week: {part} of hours arrived. Do not compare.", part=part))
    unknown = text("We don't know what happened there.")
    notices += [f"{one} {unknown}" for one in unjudged_days(view)]
    if students := len(view.of_students.waiting):
        notices.append(
            plural(
                "{students} case about students' accounts waits listed in a separate section, "
                "outside these numbers.",
                "{students} cases about students' accounts wait listed in a separate section, "
                "outside these numbers.",
                students,
                students=number(students),
            )
        )
    notices += [
        text("{name} shrank and was not used: its rows of {day} were used instead.", **one)
        for one in view.inputs.not_believed
    ]
    if view.inputs.revision > 1 and not view.inputs.is_set_up_today:
        said = text("Corrected report, revision {number}.", number=number(view.inputs.revision))
        where = text("See Corrections.")
        notices.append(f"{said} {where}" if has_corrections else said)
    return notices


def school_days(view: View) -> str:
    """Count the school days, and the weekdays that the calendar does not know."""
    days = view.of_week(view.inputs.school_days)
    if days.is_empty():
        return "school days not known"
    said = count(view.school_day_count, "school day")
    if remote := view.school_day_count - len(view.on_site_dates):
        said = f"{said}, {number(remote)} of them remote learning"
    weekdays = days.filter(pl.col("event_date").dt.weekday() < SATURDAY)
    if unknown := WEEKDAYS * view.weeks - weekdays["event_date"].n_unique():
        said = f"{said}, {count(unknown, 'weekday')} of unknown kind"
    return said


def headline(view: View, five: list[Line]) -> str:
    """Return the week in a few words."""
    arrived = coverage(view)
    if not arrived.has_data:
        return "No log lines arrived"
    if five[0].value:
        items = len(work(view))
        if items < five[0].value:
            return f"{count(items, 'item')} on your list: {count(five[0].value, 'case')}"
        verb = "needs" if five[0].value == 1 else "need"
        return f"{count(five[0].value, 'case')} {verb} you"
    if view.of_students.waiting:
        return "Nothing needs your decision except cases about students' accounts"
    if sites := sites_asked_about(view).filter(pl.col("cases") > 0).height:
        return f"No case needs you; {count(sites, 'site needs', 'sites need')} your decision"
    if any(line.value for line in five):
        return "Nothing needs your decision"
    if days_not_judged(view) or any(not_judged_at(view, kind) for kind in KINDS.values()):
        return "No findings in the data that could be judged"
    return f"A quiet week, and {came(arrived)}"


def came(arrived: Coverage) -> str:
    """Return whether every source arrived."""
    if arrived.missing:
        return f"{count(arrived.missing, 'source hour is', 'source hours are')} missing"
    if len(arrived.sources) <= 2:
        return f"{listed(arrived.sources)} arrived in full"
    return f"all {number(len(arrived.sources))} sources arrived"
