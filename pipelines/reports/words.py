"""Wording of numbers, times and findings for readers.

Every phrase must be fit to be read aloud, under oath. A sentence about use has an
*account* or a *device* as its subject. `lint` finds forbidden words.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time, get_day_names

from pipelines.events import LOGON_ACTIVITIES
from pipelines.findings.grades import KINDS, SURE
from pipelines.findings.record import BY_DESIGN, FITS, RULED_OUT
from pipelines.reports.language import (
    AMERICAN,
    ENGLISH,
    LOCALE,
    cldr,
    in_locale,
    language,
    marked,
    plural,
    series,
    term,
    text,
)

__all__ = ["KINDS", "SURE", "in_locale"]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
NOT_KNOWN = marked("not known")

STEPS = {"C3": 3, "C2": 2}
REVIEW = {
    "open": "waiting for a decision",
    "explained": "explained",
    "confirmed": "confirmed by review",
    "withdrawn": "withdrawn",
}
STANDINGS = REVIEW | {
    "waiting": REVIEW["open"],
    "site": "a site to decide about",
    "trial": "low weight, from a rule on trial",
    "expired": "expired: low weight, and no decision within two weeks",
}
STRENGTHS = {
    "S": "logs can show it",
    "I": "logs can hint at it",
    "W": "logs give weak signs only",
    "0": "logs cannot show it",
    "n/a": "it requires nothing that logs could show",
}
OFFICES: Mapping[str, str] = {
    "hr": marked("Human resources"),
    "principal": marked("The principal"),
    "counsel": marked("Counsel"),
    "superintendent": marked("The superintendent"),
}
"""Offices that may receive a case or ask about an account, with their names in letters."""
VERDICTS = {
    "approved": "on the list",
    "external": "not on the list (yet)",
    "no_list": "no complete list yet",
    "leisure": "no complete list yet; known as leisure",
    "lapsed": "approval has ended",
    "approved_other_role": "approved for other roles",
    "undecidable": "the logs cannot show it",
}
USE_CLASSES = {
    "people": "people",
    "background": "devices without a user",
    "unknown": NOT_KNOWN,
}
LIMITS = (
    "Who was at the keyboard. A log names an account or a device, never a person.",
    "What was written, sent or said. Most pages are encrypted: only the host shows.",
    "Why a site was opened, or whether it served the job.",
    "Whether anyone was reading. Minutes of use are estimates.",
    "Whether two people agreed to share an account, and who knows whom.",
    "Use of logos, threats, harassment, or privacy settings on other sites.",
    "Which software is installed. We only see downloads.",
    "Whether someone saw or wrote down a password.",
    "Private devices on their own data plans; district devices that send no logs.",
    "Anything in an hour when a source sent no lines or its clock was wrong.",
    "Whether a backup can be restored, or a plan exists.",
    "Guilt or innocence. People decide that, after they have asked.",
)

BANNED = (
    "suspicious", "suspect", "suspects", "violator", "violators", "violation",
    "violations", "offender", "offenders", "guilty", "caught", "abuse", "abuser",
    "illegal", "culprit", "cheater", "cheating", "unauthorized user",
    "unauthorized user", "bad site", "at night", "no issues found", "urgent", "spent",
    "shared their password", "n/a", "nan", "none", "null", "0 visits",
)  # fmt: skip
RAW_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
RAW_ENUM = re.compile(r"\b[a-z]+_[a-z_]+\b")
KILOMETERS_PER_MILE = 1.609344
BRITISH = "en-GB"
DEVICE = "device "
MILES = marked("miles")
ACTIVITIES = (*LOGON_ACTIVITIES, "assign", "renew", "release", "expire", "decline")
"""Activities of logons and leases, as the log lines of a finding show them."""
LETTER_DAY = "EEEE, d 'de' MMMM"
"""A day in a Spanish letter, without the year."""
METRIC = (BRITISH, "en-CA")
VOWELS = re.compile(r"[aeiouy]+")


def weekday_name(at: int) -> str:
    """Return the short name of a day of the week, Monday first."""
    if language() == ENGLISH:
        return WEEKDAYS[at]
    return str(get_day_names("abbreviated", locale=cldr())[at])


def weekday_letter(at: int) -> str:
    """Return the letter of a day of the week, Monday first."""
    if language() == ENGLISH:
        return WEEKDAYS[at][:1]
    return str(get_day_names("narrow", locale=cldr())[at])


def _is_american() -> bool:
    return LOCALE.get() == AMERICAN


def day(when: date) -> str:
    """Return text such as "Tue, Nov 17"; "Tue 17 Nov" in Britain, "martes, 17 de noviembre"."""
    weekday, month = WEEKDAYS[when.weekday()], MONTHS[when.month - 1]
    if _is_american():
        return f"{weekday}, {month} {when.day}"
    if LOCALE.get() == BRITISH:
        return f"{weekday} {when.day} {month}"
    if language() == ENGLISH:
        return format_skeleton("MMMEd", when, locale=cldr())
    return format_date(when, LETTER_DAY, locale=cldr())


def day_with_year(when: date) -> str:
    """Return text such as "Tue, Nov 17, 2026", for days that can be far away."""
    if language() != ENGLISH:
        return format_date(when, "full", locale=cldr())
    return f"{day(when)}{',' if _is_american() else ''} {when.year}"


def day_range(start: date, end: date) -> str:
    """Return text such as "Mon, Nov 16 to Sun, Nov 22, 2026", naming each year once."""
    if _is_american() or LOCALE.get() == BRITISH:
        comma = "," if _is_american() else ""
        first = day(start) + (f"{comma} {start.year}" if start.year != end.year else "")
        return f"{first} to {day(end)}{comma} {end.year}"
    is_english = language() == ENGLISH
    first, last = (
        format_skeleton("yMMMEd", when, locale=cldr())
        if is_english
        else format_date(when, "full", locale=cldr())
        for when in (start, end)
    )
    if start.year == end.year:
        first = day(start)
    return text("{first} to {last}", first=first, last=last)


def day_ranges(days: Sequence[date]) -> list[str]:
    """Return days in order as ranges in words."""
    ranges: list[tuple[date, date]] = []
    for when in days:
        if ranges and ranges[-1][1] + timedelta(days=1) == when:
            ranges[-1] = (ranges[-1][0], when)
        else:
            ranges.append((when, when))
    return [day(first) if first == last else day_range(first, last) for first, last in ranges]


def clock(hour: int, minute: int = 0) -> str:
    """Return text such as "9:42 PM" and "7 AM"; "9:42 pm" in Britain, "9:42 p.m." in Canada."""
    if not _is_american() and LOCALE.get() != BRITISH:
        return format_time(time(hour % 24, minute), "short", locale=cldr())
    shown = hour % 12 or 12
    past = f":{minute:02d}" if minute else ""
    half = "am" if hour % 24 < 12 else "pm"
    return f"{shown}{past} {half.upper() if _is_american() else half}"


def distance(kilometers: float) -> str:
    """Return text such as "8 miles", or "13 km" in Britain and Canada."""
    is_metric = LOCALE.get() in METRIC
    size = kilometers if is_metric else kilometers / KILOMETERS_PER_MILE
    unit = "km" if is_metric else term(MILES)
    return f"{size:.1f} {unit}" if size < 10 else f"{number(round(size))} {unit}"


def moment(time: datetime, zone: ZoneInfo) -> str:
    """Return local weekday, day and minute; a repeated hour is numbered."""
    local = time.astimezone(zone)
    said = f"{day(local)}, {clock(local.hour, local.minute)}"
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        which = text("second") if local.fold else text("first")
        said += f" ({which})"
    return said


def span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return from and to, naming the day once if it is one day."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.replace(second=0, microsecond=0) == last.replace(second=0, microsecond=0):
        return moment(start, zone)
    if first.date() == last.date():
        return between(moment(start, zone), clock(last.hour, last.minute))
    return between(moment(start, zone), moment(end, zone))


def hours(first: datetime, last: datetime) -> str:
    """Return text such as "2:02 PM to 2:19 PM" of local times."""
    return between(clock(first.hour, first.minute), clock(last.hour, last.minute))


def between(first: str, last: str) -> str:
    """Return text such as "2 PM to 3 PM"."""
    return text("{low} to {high}", low=first, high=last)


def number(value: int) -> str:
    """Return a number with a comma at each thousand, as in every locale here."""
    return f"{value:,}"


def count(value: int, noun: str, many: str = "") -> str:
    """Return text such as "1 account" and "1,200 accounts"."""
    return f"{number(value)} {plural(noun, many or noun + 's', value)}"


def listed(items: Sequence[str], most: int = 4) -> str:
    """Return text such as "a, b and c"; beyond `most`, "a, b and 3 more"."""
    shown = list(items[:most])
    left = len(items) - len(shown)
    if left:
        shown.append(text("{left} more", left=left))
    return series(shown)


def share(part: int, whole: int) -> str:
    """Return a percentage rounded away from 0 and 100, so that neither is claimed falsely."""
    if whole <= 0:
        return text(NOT_KNOWN)
    if part in (0, whole):
        return "100%" if part else "0%"
    exact = 100 * part / whole
    if exact > 99:
        return f"{exact:.2f}%" if exact <= 99.99 else text("over 99.99%")
    if exact < 0.1:
        return text("under 0.1%")
    return f"{exact:.1f}%" if exact < 10 else f"{exact:.0f}%"


def duration(minutes: float) -> str:
    """Return an estimate and called one, as in "about 3 hours (estimate)"."""
    if minutes < 1:
        return text("under a minute (estimate)")
    if minutes < 90:
        return estimate(count(round(minutes), "minute"))
    return estimate(count(round(minutes / 60), "hour"))


def estimate(size: str) -> str:
    """Return a size that is called an estimate."""
    return text("about {size} (estimate)", size=size)


def how_sure(level: str, sources: int, results: Sequence[str]) -> str:
    """Return how well a finding is shown, from its own record.

    As in "Likely: 1 log source; 3 of 5 other explanations were tested and ruled out,
    2 could not be tested".

    Args:
        level: C2 or C3.
        sources: Log sources that the cited lines come from.
        results: What became of each other explanation.
    """
    tested = [result for result in results if result != BY_DESIGN]
    out, fits = tested.count(RULED_OUT), tested.count(FITS)
    parts = [
        plural(
            "{n} of {causes} was tested and ruled out",
            "{n} of {causes} were tested and ruled out",
            out,
            n=number(out),
            causes=count(len(tested), "other explanation"),
        )
    ]
    if untested := len(tested) - out - fits:
        parts.append(
            plural(
                "{n} could not be tested",
                "{n} could not be tested",
                untested,
                n=number(untested),
            )
        )
    if fits:
        parts.append(plural("{n} still fits", "{n} still fit", fits, n=number(fits)))
    said = count(sources, "log source") if sources else text("log lines no longer kept")
    return f"{term(SURE[level])}: {said}" + (f"; {', '.join(parts)}" if tested else "")


def device_name(token: str | None) -> str:
    """Return the code name of a device, as in "device cedar-04"; empty for an unknown one."""
    if not token:
        return ""
    name = token.removeprefix(DEVICE)
    return token if name == token else text("device {name}", name=name)


def activity_name(name: str | None) -> str:
    """Return what a logon or a lease did; the method of a request does not change."""
    return term(name) if name in ACTIVITIES else name or ""


def category(name: str) -> str:
    """Return a category of sites, in readers' words."""
    return term(name.replace("_", " "))


def categories(names: str | None) -> str | None:
    """Return categories in a row, in readers' words."""
    return ", ".join(category(one) for one in names.split(", ")) if names else names


def lint(text: str) -> list[str]:
    """Return forbidden text: banned words, raw stamps, raw enums."""
    lower = text.lower()
    found = [word for word in BANNED if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lower)]
    found += RAW_STAMP.findall(text)
    found += RAW_ENUM.findall(text)
    return found


def reading_grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of a text, with syllables counted as groups of vowels."""
    words = re.findall(r"[A-Za-z']+", text)
    sentences = [part for part in re.split(r"[.!?:\n]+", text) if part.strip()]
    if not words or not sentences:
        return 0.0
    syllables = sum(max(1, len(VOWELS.findall(word.lower()))) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
