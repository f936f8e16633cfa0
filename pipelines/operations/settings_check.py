"""Checks of the settings beyond their form: formats, rules and so on.

Each result is a `Problem`, with its line in `district.toml`.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.alerts.channels import channel_faults, report_channels
from pipelines.alerts.tickets import ticket_faults
from pipelines.district import District, home_rules
from pipelines.engines import CLUSTERED
from pipelines.errors import SchoolbellError
from pipelines.fetch.faults import fetch_faults
from pipelines.formats import MIXED, Context
from pipelines.ingest.parser import readers
from pipelines.ingest.source import Source
from pipelines.landing.remote import is_remote
from pipelines.notebook.own_charts import chart_queries
from pipelines.operations.access_checks import access_faults
from pipelines.registry.registry import Registry
from pipelines.reports.charts import READABLE
from pipelines.reports.mail import mail_channels
from pipelines.reports.snapshot_inputs import known_sections, pale
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Detection, Scalar, Settings
from pipelines.settings.problems import NOT_ALLOWED, Fault, Problem, nearest
from pipelines.settings.roles import Desk
from pipelines.settings.toml_reader import NAME
from pipelines.settings.toml_text import Path, key_lines, line_of, toml
from pipelines.warehouse.headers import DETECTIONS, Param
from pipelines.warehouse.models import Model, models, within

_WORDS = {
    "int": "a whole number",
    "double": "a number",
    "varchar": "text in quotes",
    "boolean": "true or false",
    "date": "a day, in quotes",
}

EXCEPTIONS = "exceptions.csv"
EVERY_RULE = "*"
MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")

SYSTEM = frozenset(
    (
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/sys",
        "/usr",
        "/var",
    )
)
"""Folders of the machine that no source delivers into."""
A_LINE = {"file_id": [1], "line_no": [1], "byte_offset": [0], "line": ["x"]}


def rule_faults(
    said_of_rules: Mapping[str, Detection], own: Mapping[str, Model] | None = None
) -> Iterator[Fault]:
    """Yield rules that do not exist, parameters that they do not have, values not allowed.

    Args:
        own: The district's own rules.
    """
    known = _by_name() | {model.header.code: model for model in (own or {}).values()}
    codes = sorted({one.header.code for one in known.values() if one.header.code})
    for name, said in said_of_rules.items():
        if name not in known:
            guess = nearest(name, codes) or codes[0]
            where, paste = ("detections", name), f"[detections.{guess}]"
            yield Fault(where, "this rule does not exist", name, ", ".join(codes), paste)
            continue
        yield from _parameters(name, known[name], said.parameters)


def _by_name() -> dict[str, Model]:
    """Return every model under each name that settings may use for it."""
    named: dict[str, Model] = {}
    for name, model in models().items():
        for one in (name, model.table_name, model.header.code):
            if one:
                named[one] = model
    return named


def _parameters(rule: str, model: Model, given: Mapping[str, Scalar]) -> Iterator[Fault]:
    params = {name: one for name, one in model.header.params.items() if name != "event_date"}
    for key, value in given.items():
        path = ("detections", rule, key)
        if key not in params:
            guess = nearest(key, params)
            paste = f"{guess} = {toml(value)}" if guess else f"# {key} ="
            allowed = ", ".join(sorted(params)) or "nothing: it has no parameters"
            yield Fault(path, "the rule does not have this parameter", key, allowed, paste)
        elif not within(params[key], value):
            paste = f"{key} = {toml(params[key].default)}"
            found = toml(value)
            yield Fault(path, NOT_ALLOWED, found, _bounds(params[key]), paste)


def _bounds(param: Param) -> str:
    ends = [
        f"{word} {end:g}"
        for word, end in (("at least", param.min), ("at most", param.max))
        if end is not None
    ]
    why = [f"the default is {param.default}: {param.why}"]
    return "; ".join([", ".join([_WORDS[param.type], *ends]), *why])


def wrong_in(district: District) -> Iterator[Problem]:
    """Yield everything that a run would stumble over later."""
    text = district.home.settings_file.read_text(encoding="utf-8-sig")
    lines = key_lines(text)
    for fault in _faults(district):
        path: Path = tuple(fault.path)
        yield Problem(
            NAME,
            fault.what,
            line_of(path, lines),
            ".".join(map(str, path)),
            fault.found,
            fault.allowed,
            fault.severity,
            fault.paste,
        )


def own_chart_problems(home: DistrictHome) -> Iterator[Problem]:
    """Yield the district's own charts that the desk leaves out."""
    for error in chart_queries(home.queries).problems:
        what = f"{error.what}. {error.remedy} Until then the desk does not draw this chart"
        yield Problem(f"{error.folder}/{error.file}", what, error.line)


def own_rule_problems(settings: Settings) -> Iterator[Problem]:
    """Yield the district's own rules that are left out."""
    for error in home_rules(settings).problems:
        what = f"{error.what}. {error.remedy} Until then this rule does not run"
        yield Problem(f"{DETECTIONS}/{error.file}", what, error.line)


def unknown_rules(
    home: DistrictHome, registry: Registry, own: Mapping[str, Model] | None = None
) -> Iterator[Problem]:
    """Yield exceptions for a rule that does not exist, and so hide nothing."""
    # one that is switched off is a rule nevertheless
    headers = (model.header for model in (*models().values(), *(own or {}).values()))
    known = sorted(one.code for one in headers if one.code)
    said = registry.frames["exceptions"].select("exception_id", "rule")
    file = home.registry / EXCEPTIONS
    lines = file.read_text("utf-8-sig", "replace").splitlines() if said.height else []
    for number, rule in said.iter_rows():
        if rule in known or rule == EVERY_RULE:
            continue
        places = (at for at, one in enumerate(lines, 1) if number in one)
        line = next(places, None)
        guess = nearest(rule, known) or known[0]
        yield Problem(
            EXCEPTIONS,
            "is not a rule, so nothing is hidden",
            line,
            "rule",
            rule,
            f"{EVERY_RULE} or one of {', '.join(known)}",
            "notice",
            lines[line - 1].replace(rule, guess, 1) if line else "",
        )


def _faults(district: District) -> Iterator[Fault]:
    for name, source in district.settings.sources.items():
        yield from _format(name, source.format)
        yield from _options(name, source.format, source.options)
        yield from _folder(district.home, name, source.path)
    own = home_rules(district.settings).models
    yield from rule_faults(district.settings.detections, own)
    yield from _report(district.settings)
    yield from _capitals(district)
    yield from _engine(district.settings)
    yield from access_faults(district)
    yield from _desk(district.settings)
    yield from _sign_in(district.settings.desk)
    for address in district.settings.alerts.recipients:
        if not MAIL.fullmatch(address):
            yield Fault(
                ("alerts", "recipients"),
                "is not a mail address",
                address,
                "an address such as technology.director@school.example",
                'recipients = ["technology.director@school.example"]',
            )
    for name, one in district.settings.alerts.channels.items():
        if one.enabled:
            yield from channel_faults(district.home, district.settings, name, one)
    yield from fetch_faults(district.home, district.settings)
    yield from ticket_faults(district.settings)
    yield from _expected(district.sources(), district.settings)


def _capitals(district: District) -> Iterator[Fault]:
    """Yield folders that differ from a source of the settings in capitals alone."""
    given = {name.lower(): name for name in district.settings.sources}
    for folder in sorted(district.home.landing.iterdir()):
        name = folder.name
        if not folder.is_dir() or name == name.lower():
            continue
        meant = given.get(name.lower(), name.lower())
        yield Fault(
            ("sources", meant),
            "has capital letters: it is a separate source, to which no settings apply",
            f"landing/{name}",
            f"landing/{meant}; rename the folder",
            f"# mv landing/{name} landing/{meant}",
            severity="notice",
        )


def _engine(settings: Settings) -> Iterator[Fault]:
    """Yield a Spark engine that only a start by spark-submit can find."""
    engine = settings.engine
    if engine.kind in CLUSTERED and not engine.master:
        yield Fault(
            ("engine", "master"),
            "is missing: Spark is found only where spark-submit starts the run",
            "",
            "the address of Spark's master, or local[*]",
            'master = "spark://host.example:7077"',
            severity="notice",
        )


def _desk(settings: Settings) -> Iterator[Fault]:
    """Return logins that no account of several domains can have."""
    desk = settings.desk
    if len(desk.openid.domains) < 2 or desk.local_accounts or desk.proxy.addresses:
        return
    for role, names in desk.logins:
        for name in names:
            if "@" not in name:
                domains = ", ".join(desk.openid.domains)
                yield Fault(
                    ("desk", "logins", role),
                    "has no domain, but accounts of several domains may sign in",
                    name,
                    f"the whole address, in one of {domains}",
                    f'{role} = ["{name}@{desk.openid.domains[0]}"]',
                )


def _sign_in(desk: Desk) -> Iterator[Fault]:
    """Yield what a way of signing in lacks, without which no one signs in by it."""
    openid, proxy = desk.openid, desk.proxy
    wanted: list[tuple[tuple[str, ...], object, str]] = []
    if openid.issuer:
        wanted += [
            (("desk", "openid", "client_id"), openid.client_id, '"schoolbell"'),
            (
                ("desk", "openid", "client_secret"),
                openid.client_secret,
                '{ file = "/etc/schoolbell/client_secret" }',
            ),
            (("desk", "openid", "domains"), openid.domains, '["school.example"]'),
        ]
    if proxy.addresses:
        example = '{ file = "/etc/schoolbell/proxy_secret" }'
        wanted.append((("desk", "proxy", "secret"), proxy.secret, example))
    for path, value, example in wanted:
        if not value:
            what = "is missing: without it no one can sign in this way"
            paste = f"{path[-1]} = {example}"
            yield Fault(path, what, "", f"a value such as {example}", paste)
    for address in proxy.addresses:
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            yield Fault(
                ("desk", "proxy", "addresses"),
                "is not an address",
                address,
                "an address or a network such as 10.0.0.5 or 10.0.0.0/28",
                'addresses = ["127.0.0.1"]',
            )


def _format(source: str, name: str | None) -> Iterator[Fault]:
    if name is not None and name not in readers():
        guess = nearest(name, readers()) or "squid_access"
        yield Fault(
            ("sources", source, "format"),
            "this format does not exist",
            name,
            ", ".join(sorted(readers())),
            f'format = "{guess}"',
        )


class _Asked(dict[str, str]):
    """Options that note which of them a format asks for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, key: str, default: object = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.names |= self.keys()
        return super().__iter__()


def _options(source: str, name: str | None, given: Mapping[str, str]) -> Iterator[Fault]:
    """Yield options that a format refuses, and those that it never uses.

    A line is read with them: the format itself decides what it accepts.
    """
    if not given or name is None or name not in readers() or name == MIXED:
        return
    asked = _Asked(given)
    path = ("sources", source, "options")
    try:
        readers()[name].parse(pl.DataFrame(A_LINE), Context(options=asked, is_checked=True))
    except SchoolbellError as error:
        key = error.where.removeprefix("options.")
        found = given.get(key, "")
        paste = f"# {key} =" if key in given else "# options ="
        allowed = error.remedy or "see docs/reference/formats.md"
        yield Fault((*path, key), error.what, found, allowed, paste)
        return
    for key in given.keys() - asked.names:
        known = sorted(asked.names)
        guess = nearest(key, known)
        paste = f"{guess} = {toml(given[key])}" if guess else f"# {key} ="
        allowed = ", ".join(known) or "nothing: it has no options"
        yield Fault((*path, key), "the format does not have this option", key, allowed, paste)


def _folder(home: DistrictHome, source: str, path: str | None) -> Iterator[Fault]:
    if path is None or is_remote(path):
        return
    folder = (home.path / path).resolve()
    own = folder.is_relative_to(home.path) and not folder.is_relative_to(home.landing)
    if folder.is_dir() and not own and str(folder) not in SYSTEM:
        return
    yield Fault(
        ("sources", source, "path"),
        "is a folder of the home or of the machine; sources cannot deliver there"
        if folder.is_dir()
        else "this folder does not exist",
        path,
        "an existing folder, relative to the home or absolute",
        f'path = "landing/{source}"',
    )


def _report(settings: Settings) -> Iterator[Fault]:
    said = settings.report
    known = known_sections()
    for name in said.sections_off:
        if name not in known:
            path = ("report", "sections_off")
            paste = f'sections_off = ["{nearest(name, known) or known[0]}"]'
            what = f"there is no section {name!r} to leave out"
            yield Fault(path, what, name, ", ".join(known), paste)
    for name, color, measured in pale(said):
        ours = {"accent": "#1f5fbf", "accent_dark": "#8ab8f5"}[name]
        what = f"the contrast of the color with its background is {measured:.1f}"
        allowed = f"{READABLE} at least"
        yield Fault(("report", name), what, color, allowed, f'{name} = "{ours}"')
    channels = mail_channels(settings)
    if said.mail and said.mail not in channels:
        guess = nearest(said.mail, channels) or next(iter(channels), "")
        yield Fault(
            ("report", "mail"),
            f"there is no such channel of type {' or '.join(report_channels())}",
            said.mail,
            ", ".join(channels) or f'[alerts.channels.NAME] with type = "{report_channels()[0]}"',
            f'mail = "{guess}"' if guess else "# mail =",
        )


def _expected(sources: Sequence[Source], settings: Settings) -> Iterator[Fault]:
    known = [source.name for source in sources]
    for name, one in settings.alerts.expected.items():
        if one.source not in known:
            guess = nearest(one.source, known) or next(iter(known), "proxy")
            yield Fault(
                ("alerts", "expected", name, "source"),
                "there is no such source",
                one.source,
                ", ".join(known) or "a folder of landing/",
                f'source = "{guess}"',
            )
