"""Every text of the two editions that a catalog of `locales` translates.

Three kinds: messages in the code and the templates, words of tables such as standings, and
the sentences that rules and findings keep.
"""

import ast
from collections.abc import Iterator

from jinja2 import nodes

from pipelines.day_kinds import DAY_KINDS
from pipelines.errors import capital
from pipelines.findings import grades
from pipelines.findings.attribution_words import every_set
from pipelines.findings.exceptions import NAMED_ASIDE
from pipelines.findings.judgment import CLOCK, DEMOTED
from pipelines.findings.record import BY_DESIGN, FITS, NOT_TESTABLE, RULED_OUT
from pipelines.findings.work_list import RULE_OF_GROUPING
from pipelines.gaps.explanations import TESTED_WITH
from pipelines.gaps.families import FAMILIES
from pipelines.gaps.relation import ABSENT, FILTERS, WHY
from pipelines.registry.device_classes import CLASSES
from pipelines.registry.domain_lists import starter_categories
from pipelines.registry.policy import default_policy, read_policy
from pipelines.reports import words
from pipelines.reports.cards import ASK_FIRST, MEASURES
from pipelines.reports.controls import CONTROLS
from pipelines.reports.editions import TRANSLATED
from pipelines.reports.headline import NUMBERS
from pipelines.reports.mail import LEFT_OUT
from pipelines.reports.pages import environment
from pipelines.reports.publication import FAILED, NO_BROWSER
from pipelines.reports.sections import glance, policy_map, sections, top_sites, unattributed
from pipelines.settings.model import NO_QUESTIONS, REPORT_TITLE, Referral
from pipelines.settings.problems import SEVERITIES
from pipelines.state.audit import AUDIT_RECORD
from pipelines.warehouse.models import every_model, shared_words
from tests.conftest import REPO_ROOT

REPORTS = REPO_ROOT / "pipelines" / "reports"
SHOWN = {one.name: {*TRANSLATED} & {*one.editions} for one in sections()}
DIRECTORS_ALONE = {
    "mail.py", "page_one.py", "publication.py", "rollups.py", "headline.py",
    "snapshot_inputs.py", "snapshot_tables.py", "controls.py", "evidence_pages.py", "weekly.py",
    *(f"{name.replace('-', '_')}.py" for name, kinds in SHOWN.items() if not kinds),
}  # fmt: skip
"""Files whose counts and labels are on the director's pages only."""
LETTERS = ("Latin", "Cyrillic", "Greek", "Armenian", "Hebrew", "Arabic", "Cjk", "Fullwidth")
ROLES = ("request", "logon", "lease", "event")
UNITS = (("minute", "minutes"),)
OF_CONTROLS = (
    "{n:count 1 entry|# entries}, each sealed",
    "approved by a second person",
    "roles are assigned; nothing has required two people yet",
    "{n:count 1 week|# weeks} signed",
    "a report for review",
    "{n:count 1 decision|# decisions} by clause, to plan training",
    "{n:count 1 rule|# rules} with a regulation",
    "{n:count 1 request|# requests}, {m} answered",
    "{n:count 1 hold|# holds}, {m} in force",
    "a backup was restored and compared",
    "{n:count 1 consent|# consents} from lawful grantors",
    "{n:count 1 site|# sites} with a kind",
    "every finding cites each relevant clause",
    "each lookup and its reason",
    "deletions are certified",
    "reach of the logs",
    (
        "{a} of {b} laptops and Chromebooks seen away from the district's networks, "
        "{n:count 1 device|# devices} not seen anywhere"
    ),
)
"""What a control proves, as `reports.controls` and `reports.snapshot_inputs` write it."""
OF_FINDINGS = (
    *grades.ALWAYS_LIMITS,
    grades.NOT_SAID,
    grades.STILL_FITS,
    "no lease and no registry row identifies the device that had the address",
    CLOCK,
    DEMOTED.name,
    DEMOTED.test,
    NAMED_ASIDE,
    "consent {name} (type {type}) is in words; a person has to compare it",
    "consent {name} (type {type}) covers {sites}, and not the rest",
    "the breaks of the day are not counted as time on duty",
    "for {n} of {m} requests, {facts}",
    "for the others, {names}",
    "{host} serves {site} (by the list of sites)",
    "{host} serves {site} (by the built-in list of services)",
    "{host} serves {site} ({share:percent} of {n:number} sessions in two weeks followed it)",
    "{host} serves {site} ({share:percent} of its requests followed it)",
    "{device}: card learned from {n:count 1 lease or network login|# leases and logins}",
    ASK_FIRST,
    NO_QUESTIONS,
    Referral().text,
    *(Referral().model_dump()[name] for name in ("shared_account", "non_approved_site")),
)


def messages() -> set[str | tuple[str, str]]:
    """Texts and words, without a context; a text with two forms is a pair."""
    found = {*in_code(), *in_templates(), *counted(), *labels(), *in_tables(), *UNITS}
    pairs = {one[0] for one in found if not isinstance(one, str)}
    return found - pairs


def in_code() -> Iterator[str | tuple[str, str]]:
    """Yield the texts of `text`, `translated`, `marked` and `plural`."""
    for path in sorted(REPORTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            known = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if known in ("text", "translated", "marked") and _constant(node.args[0]):
                yield _constant(node.args[0])
            elif known == "plural" and _constant(node.args[0]):
                yield _constant(node.args[0]), _constant(node.args[1])


def in_templates() -> Iterator[str | tuple[str, str]]:
    """Yield the texts of `_` and `_n` in the templates."""
    made = environment()
    for name in made.list_templates():
        tree = made.parse(made.loader.get_source(made, name)[0])
        for call in tree.find_all(nodes.Call):
            known = call.node.name if isinstance(call.node, nodes.Name) else ""
            texts = [one.value for one in call.args if isinstance(one, nodes.Const)]
            if known == "_":
                yield texts[0]
            elif known == "_n":
                yield texts[0], texts[1]


def calls(name: str) -> Iterator[ast.Call]:
    """Yield the calls of a function in the files that the two editions use."""
    for path in sorted(REPORTS.rglob("*.py")):
        if path.name in DIRECTORS_ALONE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield node


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def counted() -> Iterator[tuple[str, str]]:
    """Yield the nouns of `count`, one and many."""
    for call in calls("count"):
        noun, *many = [_constant(one) for one in call.args[1:]]
        if noun:
            yield noun, (many[0] if many and many[0] else f"{noun}s")


def labels() -> Iterator[str]:
    """Yield the labels of tables and of sections."""
    yield from filter(
        None,
        (
            _constant(one)
            for call in calls("table")
            for one in (call.args[1].elts if isinstance(call.args[1], ast.List) else ())
        ),
    )
    yield from (one.label for one in sections() if SHOWN[one.name])
    yield from (
        _constant(one)
        for path in ("evidence_pages.py",)
        for node in ast.walk(ast.parse((REPORTS / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "log_lines"
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and _is_label(one.value)
    )


def _is_label(value: object) -> bool:
    is_name = isinstance(value, str) and value[:1].isupper() and not value.endswith(".")
    return is_name or value == "No."


def in_tables() -> Iterator[str]:
    """Yield the words of closed lists."""
    yield from words.KINDS.values()
    yield from words.SURE.values()
    yield from words.STANDINGS.values()
    yield from words.STRENGTHS.values()
    yield from words.VERDICTS.values()
    yield from words.USE_CLASSES.values()
    yield from words.LIMITS
    yield from (label for label, _ in MEASURES.values())
    yield from (kind.label for kind in DAY_KINDS.values())
    yield from SEVERITIES
    yield from (FITS, NOT_TESTABLE, RULED_OUT, BY_DESIGN)
    yield from (*FAMILIES.values(), *WHY.values(), *FILTERS.values(), *ABSENT.values())
    yield from (one.plural for one in CLASSES.values())
    yield from TESTED_WITH.values()
    yield from glance.MEASURES
    yield from (capital(name) for *_, name in unattributed.GROUPS)
    yield from (name for *_, name in top_sites.SERIES)
    yield from top_sites.LISTED.values()
    yield from (status for _, status in policy_map.STATES.values())
    yield from policy_map.SHORT.values()
    yield from NUMBERS.values()
    yield from (RULE_OF_GROUPING, NO_BROWSER, FAILED, AUDIT_RECORD, LEFT_OUT)
    yield from LETTERS
    yield from (*ROLES, *words.ACTIVITIES, REPORT_TITLE)
    yield from (
        str(name).replace("_", " ") for name in starter_categories()["category"].unique().sort()
    )
    yield from (
        name.partition(".")[2].replace("_", " ")
        for name in every_model()
        if name.startswith("marts.")
    )
    yield from (
        name.replace("_", " ")
        for model in every_model().values()
        if model.header.code
        for name in model.header.params
        if name not in ("event_date", "zone")
    )


def kept() -> set[str]:
    """Sentences and templates that rules and findings keep, in the context `kept`."""
    found = [*OF_FINDINGS, *OF_CONTROLS, *every_set().values()]
    found += [control.label for control in CONTROLS.values()]
    for model in every_model().values():
        header = model.header
        if not header.code:
            continue
        found += [header.title, header.summary, header.triage, *header.false_positives]
        found += [*header.refuted_by, *(one.says for one in header.claim)]
        found += [param.why for param in header.params.values() if param.why]
        found += [said for one in header.explanations for said in said_of(one)]
    found += [one.name for one in shared_words().explanations.values()]
    limits = read_policy(default_policy()).clauses["cannot_show"].drop_nulls()
    found += limits.to_list()
    return {" ".join(one.split()) for one in found if one.strip() and one != "{why_no_break}"}


def said_of(one: object) -> list[str]:
    """Return the texts of an innocent explanation."""
    names = ("name", "says", "fits", "ruled_out", "not_testable", "by_design")
    return [getattr(one, name) for name in names if getattr(one, name)]
