"""Proposes registry rows that the logs suggest; a person accepts or refuses them.

Each module knows one kind of proposal and gives the rows of one file of the
registry, each with its reason. Nothing is written into the registry.
"""

import csv
import hashlib
import io
import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.health.readiness import undecided
from pipelines.privacy.redaction import sensitive_names
from pipelines.registry.csv_files import is_formula
from pipelines.registry.frames import FILES
from pipelines.registry.sites import registrable_domain
from pipelines.settings.model import EVERY_JOB
from pipelines.settings.toml_text import toml
from pipelines.state.source_records import noted_domains
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.snapshots import looking
from pipelines.weeks import school_year


@dataclass(frozen=True)
class Proposal:
    """One row for a file of the registry; cells that are not named stay empty.

    Attributes:
        group: Rows of one group are accepted together.
        clears: Cells that would be emptied.
        is_withheld: It is about a site of a kind that no list of sites spells.
        topic: What it is about, as `computers`; a topic is accepted as a whole.
        doubt: Why a person has to look at it first; it is not accepted with its topic.
        is_taken: Its cells replace what the row has.
    """

    file: str
    cells: Mapping[str, str]
    reason: str
    group: str = ""
    clears: tuple[str, ...] = ()
    is_withheld: bool = False
    topic: str = ""
    doubt: str = ""
    is_taken: bool = False

    @property
    def is_note(self) -> bool:
        """It names a device that a person has to look at, and would write nothing."""
        return bool(self.doubt) and not {*self.cells} - {*NAMES}

    @property
    def comment(self) -> str:
        """What stands above its row in a file: the reason, and the doubt."""
        doubt = f" (look at it first: {self.doubt})" if self.doubt else ""
        return " ".join(f"{self.reason}{doubt}".split())


@dataclass(frozen=True)
class Offer:
    """What is accepted or left at once: a row, or rows that belong together.

    Attributes:
        offer_id: Made of what it says, so that another offer never has it.
    """

    offer_id: str
    file: str
    proposals: tuple[Proposal, ...]

    @property
    def reason(self) -> str:
        """What in the logs speaks for it."""
        return self.proposals[0].reason

    @property
    def topic(self) -> str:
        """The group with which it is accepted."""
        return self.proposals[0].topic

    @property
    def doubt(self) -> str:
        """Why it is not accepted with its group; empty where nothing is in doubt."""
        return self.proposals[0].doubt

    @property
    def is_withheld(self) -> bool:
        """Its site has a code name here, and is decided by who knows its name."""
        return any(one.is_withheld for one in self.proposals)

    @property
    def is_plain(self) -> bool:
        """It is accepted with its group."""
        return bool(self.topic) and not (self.doubt or self.is_withheld)


def offers(found: Mapping[str, Sequence[Proposal]]) -> list[Offer]:
    """Proposals by what is accepted at once."""
    grouped: dict[tuple[str, str], list[Proposal]] = {}
    for file, proposals in found.items():
        for proposal in proposals:
            own = proposal.group or repr(sorted(proposal.cells.items()))
            grouped.setdefault((file, own), []).append(proposal)
    made = []
    for (file, _), rows in grouped.items():
        # the id of an entry is given when it is accepted
        cells = [{**one.cells, "entry_id": ""} for one in rows]
        said = repr([file, *(sorted(one.items()) for one in cells)])
        digest = hashlib.sha256(said.encode()).hexdigest()[:6]
        made.append(Offer(f"P-{digest}", file, tuple(rows)))
    return made


@dataclass(frozen=True)
class Evidence:
    """What proposals are made from: the warehouse as `built`, raw lines as `raw`.

    Attributes:
        own_domains: Registrable domains of the district's mail.
        has_usual_duty: The settings state hours of all staff.
    """

    database: Database
    zone: str
    own_domains: frozenset[str] = frozenset()
    has_usual_duty: bool = False

    def frame(self, query: str, **values: Any) -> pl.DataFrame:
        """A query of our own as a frame."""
        return self.database.frame(query, values)


def is_plain(proposal: Proposal) -> bool:
    """No cell is a formula or hides a line break; logs are not to be trusted."""
    return not any(is_formula(cell) or not cell.isprintable() for cell in proposal.cells.values())


SETTINGS = "district.toml"


def account_domains(district: District) -> list[Proposal]:
    """Domains of account names that are not applied by themselves.

    All of the setting, as it would be: what it holds now stays in it.
    """
    own = district.settings.district.account_domains
    return [
        Proposal(
            SETTINGS,
            {"account_domains": toml((*own, domain.name))},
            f"account names {domain}; set it only if no one else has such a name there",
        )
        for domain in undecided(noted_domains(district.store))
        if domain.name not in own
    ]


def as_text(file: str, proposals: Sequence[Proposal]) -> str:
    """Return proposals as the file is written."""
    return as_toml(proposals) if file == SETTINGS else as_csv(file, proposals)


def as_toml(proposals: Sequence[Proposal]) -> str:
    """Return lines of `[district]`, each under a comment with its reason."""
    lines = ["[district]"]
    for proposal in proposals:
        lines.append(f"# {proposal.comment}")
        lines += [f"{name} = {value}" for name, value in proposal.cells.items()]
    return "\n".join(lines) + "\n"


def as_csv(file: str, proposals: Sequence[Proposal]) -> str:
    """Return a file as the registry reads it: each row under a comment with its reason."""
    columns = list(FILES[file].columns)
    lines = [",".join(columns)]
    for proposal in proposals:
        lines.append(f"# {proposal.comment}")
        lines.append(_row([proposal.cells.get(name, "") for name in columns]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


FEWEST_DISPUTES = 1
"""Days on which a lease gave the address to another device."""

_DISPUTED = """
with disputed as (
    select
        conflicts.ip,
        conflicts.other_device as device,
        any_value(conflicts.device) as leased_to,
        count(distinct conflicts.event_date) as days,
        max(conflicts.event_date) as last_day
    from built.identity.device_conflicts as conflicts
    where conflicts.binding = 'lease' and conflicts.other_binding = 'static'
    group by conflicts.ip, conflicts.other_device
    having count(distinct conflicts.event_date) >= $fewest
)

select
    devices.*,
    disputed.ip,
    disputed.leased_to,
    disputed.days,
    disputed.last_day
from disputed
inner join built.registry.devices as devices
    on disputed.device = devices.device and disputed.ip = devices.static_ip
order by devices.device, disputed.ip
"""

NAMES = ("hostname", "serial", "asset_tag", "directory_id")
KEPT = (*NAMES, "mac", "device_class", "assigned_to", "building", "pool")


def fixed(evidence: Evidence) -> list[Proposal]:
    """Return the device's row without its fixed address, for each that is leased away."""
    return [
        Proposal(
            "devices.csv",
            {name: row[name] or "" for name in KEPT},
            f"{row['ip']} is fixed for {row['device']} in the registry, and a lease "
            f"gave it to {row['leased_to']} on {row['days']} days, last on "
            f"{row['last_day']}; while both claim it, it is neither's",
            clears=("static_ip",),
        )
        for row in evidence.frame(_DISPUTED, fewest=FEWEST_DISPUTES).iter_rows(named=True)
    ]


FEWEST_LOGONS = 5
"""Logons that make a habit."""

_SERVICES = """
select
    names.account,
    count(*) as logons,
    count(distinct logons.event_date) as days,
    count(distinct logons.host) as hosts
from raw.logons as logons
inner join built.identity.account_names as names on logons.user_name = names.user_name
left join built.registry.accounts as accounts on names.account = accounts.account
where
    logons.activity = 'logon'
    and coalesce(logons.is_success, true)
    and not coalesce(logons.is_machine, false)
    and coalesce(accounts.account_type, 'person') = 'person'
group by names.account
having
    count(*) >= $fewest
    and count_if(logons.logon_kind in ('service', 'batch')) >= $fewest
    and count_if(
        coalesce(logons.logon_kind, 'interactive')
        not in ('service', 'batch', 'network')
    ) = 0
    and names.account not in (
        select account from built.core.http_requests where attribution_grade = 'A'
    )
order by names.account
"""


def services(evidence: Evidence) -> list[Proposal]:
    """A row for each account that nobody ever typed."""
    return [
        Proposal(
            "accounts.csv",
            {"username": row["account"], "account_type": "service"},
            f"{row['logons']} logons on {row['days']} days at {row['hosts']} hosts, "
            "none at a keyboard",
        )
        for row in evidence.frame(_SERVICES, fewest=FEWEST_LOGONS).iter_rows(named=True)
    ]


FEWEST_ADDRESSES = 3
"""Addresses that make a network; fewer are strays."""
PREFIXES = {4: 24, 6: 64}
BLOCKS = {4: 16, 6: 48}
REMOTE = "remote"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TUNNEL_SHARE = 0.5
"""Of the addresses of a network: tunnels from outside gave them out."""
RANDOM_SHARE = 0.3
"""Share of randomized cards above which a network is taken for Wi-Fi."""

FEWEST_COMPUTERS = 3
BUILDING_SHARE = 0.95
"""Of the computers on a network: they are of one building, and so is it."""

_UNPLACED = """
with known as (
    select device, building from built.identity.devices
    where building is not null
    qualify event_date = max(event_date) over ()
)

select
    seen.ip,
    any_value(holders.mac) as mac,
    coalesce(bool_or(holders.binding = 'tunnel'), false) as is_tunnel,
    list(distinct known.device || ' ' || known.building)
        filter (where known.device is not null) as computers
from (
    select distinct ip from built.identity.address_holders
    where binding in ('lease', 'tunnel')
    union
    select distinct src_ip from built.core.http_requests where net_kind is null
) as seen
left join built.identity.places on seen.ip = places.ip
left join built.identity.address_holders as holders on seen.ip = holders.ip
left join known on holders.device = known.device
where places.ip is null and seen.ip is not null
group by seen.ip
order by seen.ip
"""


def networks(evidence: Evidence) -> Iterator[Proposal]:
    """Yield a row for each network of addresses without a place; neighbors are one."""
    found = defaultdict(list)
    for row in evidence.frame(_UNPLACED).iter_rows(named=True):
        network = _network(row["ip"])
        if network is not None:
            found[network].append(row)
    # around what tunnels give out, where no network is known, there is more of it
    outside = {_block(network) for network, rows in found.items() if _kind(rows) == REMOTE} - {
        _block(one) for one in map(_network, _placed(evidence)) if one is not None
    }
    alike: dict[tuple[int, str, str], list[Any]] = defaultdict(list)
    for network, rows in found.items():
        if len(rows) >= FEWEST_ADDRESSES:
            is_outside = _block(network) in outside and not any(row["mac"] for row in rows)
            kind = REMOTE if is_outside else _kind(rows)
            alike[network.version, kind, _building(rows)].append(network)
    for (_, kind, building), several in sorted(alike.items()):
        for network in ipaddress.collapse_addresses(several):
            count = sum(len(found[one]) for one in several if one.subnet_of(network))
            why = (
                "tunnels gave them or their neighbors out, and no lease did"
                if kind == REMOTE
                else "the kind is a guess from their network cards"
            )
            yield Proposal(
                "subnets.csv",
                {"cidr": str(network), "building": building, "kind": kind},
                f"{count} addresses here have no place; {why}",
            )


def _placed(evidence: Evidence) -> list[str]:
    return evidence.frame("select ip from built.identity.places")["ip"].to_list()


def _block(network: Network) -> Network:
    """The block of which a network is a part, as districts number them."""
    return network.supernet(new_prefix=BLOCKS[network.version])


def _building(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the one building of the computers on a network; empty if there is none."""
    found = {one for row in rows for one in row["computers"] or ()}
    places = Counter(one.rpartition(" ")[2] for one in found)
    if len(found) < FEWEST_COMPUTERS:
        return ""
    building, count = places.most_common(1)[0]
    return building if count >= BUILDING_SHARE * len(found) else ""


def _network(address: str) -> Network | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return ipaddress.ip_network(f"{ip}/{PREFIXES[ip.version]}", strict=False)


def _kind(rows: Sequence[Mapping[str, Any]]) -> str:
    """Phones hide their cards behind random ones; computers on a wire do not."""
    if sum(row["is_tunnel"] for row in rows) > TUNNEL_SHARE * len(rows):
        return REMOTE
    random = [row["mac"] for row in rows if row["mac"] and row["mac"][1:2] in "26ae"]
    return "wifi" if len(random) > RANDOM_SHARE * len(rows) else "wired"


PERSONAL_DAYS = 4
PERSONAL_SHARE = 0.9
SHARED_ACCOUNTS = 4
SHARED_SHARE = 0.5
RANDOM_CARD = "^mac:[0-9a-f][26ae]"
"""A card that a phone made up; another network, or another day, and it has another."""

_USE = """
with used as (
    select distinct device, account, is_student, event_date
    from built.core.http_requests
    where
        attribution_grade = 'A' and account_type = 'person' and device is not null
        and net_kind is distinct from 'vdi'
),

by_account as (
    select
        device,
        used.account,
        count(*) as days,
        min(accounts.owner_person_id) as person_id,
        max(used.is_student) as is_pupil
    from used
    left join built.registry.accounts as accounts on used.account = accounts.account
    group by device, used.account
),

known as (
    select * from built.identity.devices
    qualify event_date = max(event_date) over ()
),

-- the one name that a lease gives a card, if it is no other's and a computer writes
-- its log under it: what a phone calls itself is no name
cards as (
    select
        'mac:' || leases.mac as device,
        min(split_part(leases.hostname, '.', 1)) as hostname
    from raw.leases as leases
    where
        leases.hostname is not null
        and split_part(leases.hostname, '.', 1) in (
            select split_part(logons.host, '.', 1)
            from raw.logons as logons
            where logons.host is not null and logons.reported_by = logons.host
        )
    group by leases.mac
    having count(distinct split_part(leases.hostname, '.', 1)) = 1
    qualify count(*) over (partition by min(split_part(leases.hostname, '.', 1))) = 1
)

select
    by_account.device,
    coalesce(min(devices.hostname), min(cards.hostname)) as hostname,
    min(devices.serial) as serial,
    min(devices.asset_tag) as asset_tag,
    min(devices.directory_id) as directory_id,
    min(devices.mac) as mac,
    min(devices.device_class) as device_class,
    min(devices.building) as building,
    min(devices.static_ip) as static_ip,
    count(*) as accounts,
    max_by(by_account.person_id, by_account.days) as person_id,
    max_by(by_account.is_pupil, by_account.days) as is_pupil,
    max(by_account.days) as days,
    max(by_account.days) / sum(by_account.days) as share
from by_account
left join known as devices on by_account.device = devices.device
left join cards on by_account.device = cards.device
where
    devices.assigned_to is null
    and devices.pool is null
    -- what the registry does not know is told by its card, if that is its own
    and (devices.device is not null or not regexp_matches(by_account.device, $random))
group by by_account.device
order by by_account.device
"""


def machines(evidence: Evidence) -> list[Proposal]:
    """A row for each device whose use is plain; the others stay as they are."""
    found = []
    for row in evidence.frame(_USE, random=RANDOM_CARD).iter_rows(named=True):
        days = f"{row['share']:.0%} of its account days, {row['days']} days"
        if (
            row["days"] >= PERSONAL_DAYS
            and row["share"] >= PERSONAL_SHARE
            and row["person_id"] is not None
        ):
            more = {"assigned_to": row["person_id"]}
            whose = "one student's account" if row["is_pupil"] else "one account"
            found.append(_proposal(row, more, f"{whose} has {days}"))
        elif row["accounts"] >= SHARED_ACCOUNTS and row["share"] < SHARED_SHARE:
            reason = f"{row['accounts']} accounts use it; the busiest has {days}"
            found.append(_proposal(row, {"pool": "shared"}, reason))
    return found


def _proposal(row: dict[str, str | None], more: dict[str, str], reason: str) -> Proposal:
    """What the registry has of the device, and what the logs add."""
    device = row["device"] or ""
    is_card = device.startswith("mac:")
    known = {name: row[name] or "" for name in NAMES} | {
        "hostname": row["hostname"] or ("" if is_card or row["serial"] else device),
        "mac": row["mac"] or (device.removeprefix("mac:") if is_card else ""),
        "device_class": row["device_class"] or "",
        "building": row["building"] or "",
        "static_ip": row["static_ip"] or "",
    }
    return Proposal("devices.csv", known | more, reason)


_LEARNED_DEVICES = """
with listed as (
    select * from built.registry.devices
    where valid_to is null
    qualify count(*) over (partition by device) = 1
)

select
    listed.*,
    learned.mac as learned_mac,
    learned.other_mac,
    learned.device_class as learned_class,
    learned.building as learned_building,
    learned.sighting_count,
    learned.keyboard_count,
    learned.problem
from built.identity.learned_devices as learned
inner join listed on learned.device = listed.device
qualify learned.event_date = max(learned.event_date) over ()
order by listed.device
"""


def computers(evidence: Evidence) -> Iterator[Proposal]:
    """Card, class and building of each listed computer, as leases and logons show."""
    for row in evidence.frame(_LEARNED_DEVICES).iter_rows(named=True):
        names = {name: row[name] for name in NAMES if row[name]}
        learned = {
            "mac": row["learned_mac"],
            "ethernet_mac": row["other_mac"],
            "device_class": row["learned_class"],
            "building": row["learned_building"],
        }
        cells = {name: cell for name, cell in learned.items() if cell}
        if cells:
            facts = {"mac": "card", "device_class": "class", "building": "building"}
            what = [word for name, word in facts.items() if name in cells]
            yield Proposal(
                "devices.csv",
                names | cells,
                f"{', '.join(what) or 'card'} from {row['sighting_count']:,} leases "
                f"and network logins and {row['keyboard_count']:,} sign-ins",
                # a class `other` says nothing, and is in the way of one that does
                is_taken=row["device_class"] == "other" and "device_class" in cells,
            )
        if row["problem"]:
            yield Proposal("devices.csv", names, "no card was learned", doubt=row["problem"])


FEWEST_PERSON_DAYS = 20
"""Person days of a building that tell its hours."""
QUARTER = 15

_HOURS = """
with marked as (
    select
        person_id,
        building,
        event_date,
        date_diff('day', date '2000-01-03', event_date) % 7 as weekday,
        timezone($zone, start_time) as local_time
    from built.core.engaged_requests
    where is_staff and has_location and building is not null and is_district_device
),

days as (
    select
        building,
        person_id,
        event_date,
        date_diff('minute', event_date::timestamp, min(local_time)) as first_minute,
        date_diff('minute', event_date::timestamp, max(local_time)) as last_minute
    from marked
    where weekday < 5
    group by building, person_id, event_date
)

select
    building,
    quantile_disc(first_minute, 0.25) as first_minute,
    quantile_disc(last_minute, 0.75) as last_minute,
    count(*) as person_days,
    min(event_date) as first_day,
    max(event_date) as last_day
from days
group by building
having count(*) >= $fewest
order by building
"""

_WITHOUT = """
select distinct people.person_id, people.building
from built.registry.people as people
left join built.registry.duty_windows as duty
    on people.person_id = duty.person_id and not duty.is_usual
where
    people.is_staff and people.building is not null and duty.person_id is null
    -- where no one has hours, those of all staff come first: `usual_hours`
    and exists (select 1 from built.registry.duty_windows where not is_usual)
order by people.building, people.person_id
"""


def hours(evidence: Evidence) -> list[Proposal]:
    """Return the hours of their building, Monday to Friday, for staff without any."""
    known = {
        row["building"]: row
        for row in evidence.frame(_HOURS, zone=evidence.zone, fewest=FEWEST_PERSON_DAYS).iter_rows(
            named=True
        )
    }
    found = []
    for person in evidence.frame(_WITHOUT).iter_rows(named=True):
        row = known.get(person["building"])
        if row is None:
            continue
        first = row["first_minute"] // QUARTER * QUARTER
        last = -(-row["last_minute"] // QUARTER) * QUARTER
        reason = (
            f"most staff of {row['building']} work from {_clock(first)} to "
            f"{_clock(last)}, by {row['person_days']} days of work"
        )
        cells = {
            "person_id": person["person_id"],
            "date_from": row["first_day"].isoformat(),
            "date_to": _year_end(row["last_day"]).isoformat(),
            "start_local": _clock(first),
            "end_local": _clock(last),
            "building": row["building"],
            "kind": "contract",
        }
        found += [
            Proposal(
                "staff_duty.csv",
                cells | {"weekday": str(day)},
                reason,
                group=f"hours {row['building']}",
            )
            for day in range(5)
        ]
    return found


FEWEST_ALIKE = 3
"""People of one job in a building: one person's habit is not the job's duty."""
OTHER_MINUTES = 90
"""Minutes by which a job's day must differ to get its own hours."""

_USUAL = """
with marked as (
    select
        requests.person_id,
        requests.event_date,
        lower(requests.job_title) as job,
        date_diff(
            'minute', requests.event_date::timestamp,
            timezone($zone, requests.start_time)
        ) as minute
    from built.core.engaged_requests as requests
    where
        requests.is_staff
        and requests.has_location
        and requests.is_district_device
        and requests.event_date in (
            select date from built.registry.calendar_days
            where day_type in ('school', 'pd_day')
        )
),

days as (
    select
        person_id,
        event_date,
        min(job) as job,
        min(minute) as first_minute,
        max(minute) as last_minute
    from marked
    group by person_id, event_date
)

select
    job,
    grouping(job) = 1 as is_all,
    quantile_disc(first_minute, 0.25) as first_minute,
    quantile_disc(last_minute, 0.75) as last_minute,
    count(*) as person_days,
    count(distinct person_id) as people
from days
where not exists (select 1 from built.registry.duty_windows where not is_usual)
group by grouping sets ((), (job))
having count(*) >= $fewest and (is_all or job is not null)
order by is_all desc, job
"""


def usual_hours(evidence: Evidence) -> Iterator[Proposal]:
    """Yield the usual hours of all staff, and of jobs with other hours, as one setting."""
    if evidence.has_usual_duty:
        return
    rows = evidence.frame(_USUAL, zone=evidence.zone, fewest=FEWEST_PERSON_DAYS)
    hours: dict[str, str] = {}
    usual: tuple[int, int] | None = None
    for row in rows.iter_rows(named=True):
        first = row["first_minute"] // QUARTER * QUARTER
        last = -(-row["last_minute"] // QUARTER) * QUARTER
        text = f"{_clock(first)}-{_clock(last)}"
        if row["is_all"]:
            usual, hours[EVERY_JOB] = (first, last), text
            said = f"{row['people']} of staff on {row['person_days']} days of work"
        elif (
            usual is not None
            and row["people"] >= FEWEST_ALIKE
            and max(abs(first - usual[0]), abs(last - usual[1])) >= OTHER_MINUTES
        ):
            hours[row["job"]] = text
    if usual is not None:
        words = ", ".join(f"{job} {text}" for job, text in hours.items())
        yield Proposal(
            SETTINGS,
            {USUAL_DUTY: toml(hours)},
            f"most staff use the district's devices from {words}, by {said}",
        )


USUAL_DUTY = "usual_duty"


def _year_end(day: date) -> date:
    """Return the last day of its school year."""
    return date(school_year(day) + 1, 6, 30)


def _clock(minutes: int) -> str:
    minutes = min(max(minutes, 0), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


BEYOND_MINUTES = 60
BEYOND_SHARE = 0.6

_BEYOND = """
with used as (
    select
        requests.person_id,
        requests.event_date,
        date_diff(
            'minute', requests.event_date::timestamp,
            max(timezone($zone, requests.start_time))
        ) as last_minute
    from built.core.engaged_requests as requests
    where is_staff and has_location and is_district_device
    group by requests.person_id, requests.event_date
),

duty as (
    select
        person_id,
        event_date,
        min(building) as building,
        date_diff(
            'minute', event_date::timestamp, max(timezone($zone, end_time))
        ) as duty_end
    from built.registry.duty_windows
    where kind in ('contract', 'extra')
    group by person_id, event_date
),

jobs as (
    select person_id, min(job_title) as job_title
    from built.registry.people
    where is_staff and job_title is not null
    group by person_id
)

select
    jobs.job_title,
    duty.building,
    count(distinct used.person_id) as people,
    count(*) as days,
    avg((used.last_minute > duty.duty_end + $beyond)::int) as share,
    quantile_disc(used.last_minute, 0.75) as last_minute,
    quantile_disc(duty.duty_end, 0.5) as duty_end,
    min(used.event_date) as first_day,
    max(used.event_date) as last_day,
    list(distinct used.person_id order by used.person_id) as persons
from used
inner join duty
    on used.person_id = duty.person_id and used.event_date = duty.event_date
inner join jobs on used.person_id = jobs.person_id
group by jobs.job_title, duty.building
having count(distinct used.person_id) >= $fewest and share >= $share
order by jobs.job_title, duty.building
"""


def later_hours(evidence: Evidence) -> list[Proposal]:
    """Evening hours of a job whose people mostly work past what the registry says."""
    found = evidence.frame(
        _BEYOND,
        zone=evidence.zone,
        beyond=BEYOND_MINUTES,
        fewest=FEWEST_ALIKE,
        share=BEYOND_SHARE,
    )
    return [
        Proposal(
            "staff_duty.csv",
            {
                "person_id": person,
                "date_from": row["first_day"].isoformat(),
                "date_to": _year_end(row["last_day"]).isoformat(),
                "weekday": str(day),
                "start_local": _clock(row["duty_end"]),
                "end_local": _clock(-(-row["last_minute"] // QUARTER) * QUARTER),
                "building": row["building"] or "",
                "kind": "extra",
            },
            f"{row['people']} of {row['job_title']} at {row['building']} worked more than "
            f"{BEYOND_MINUTES} minutes after {_clock(row['duty_end'])} on {row['share']:.0%} "
            f"of {row['days']} days; only if they are paid for it",
            group=f"later {row['job_title']} {row['building']}",
        )
        for row in found.iter_rows(named=True)
        for person in row["persons"]
        for day in range(5)
    ]


HARDLY, MOSTLY = 0.1, 0.5
"""Shares of the staff of a usual working day: of a closure, and of a day at work."""
FEWEST_STAFF = 10
OPEN_HOURS = 8
"""Hours from seven to five with lines, so that a silent log is no closed school."""

_WORKED = """
with staff as (
    select event_date, count(distinct person_id) as people
    from built.core.engaged_requests
    where is_staff and has_location and is_district_device
    group by event_date
),

logged as (
    select
        event_date,
        count(distinct hour(timezone($zone, start_time))) filter (
            where hour(timezone($zone, start_time)) between 7 and 16
        ) as hours
    from built.core.http_requests
    group by event_date
),

days as (
    select date as event_date, min(day_type) as day_type
    from built.registry.calendar_days
    group by date
    having count(distinct day_type) = 1
),

counted as (
    select
        days.event_date,
        days.day_type,
        logged.hours,
        coalesce(staff.people, 0) as people,
        days.day_type in ('school', 'early_out', 'late_start', 'pd_day') as is_working
    from days
    inner join logged on days.event_date = logged.event_date
    left join staff on days.event_date = staff.event_date
    -- the newest day may not be over
    where days.event_date < (select max(event_date) from logged)
),

usual as (
    select median(people) as people
    from counted
    where is_working
)

select counted.*, usual.people::int as usual
from counted
cross join usual
where
    usual.people >= $fewest
    and counted.hours >= $hours
    and (
        (counted.is_working and counted.people <= $hardly * usual.people)
        or (not counted.is_working and counted.people >= $mostly * usual.people)
    )
order by counted.event_date
"""


def days_off(evidence: Evidence) -> list[Proposal]:
    """Days on which the district did not do what its calendar says."""
    found = evidence.frame(
        _WORKED,
        zone=evidence.zone,
        fewest=FEWEST_STAFF,
        hours=OPEN_HOURS,
        hardly=HARDLY,
        mostly=MOSTLY,
    )
    return [
        Proposal(
            "calendar.csv",
            {
                "date": f"{row['event_date']}",
                "day_type": "closure" if row["is_working"] else "pd_day",
                "declared_at": f"{row['event_date']} 00:00",
                "note": "by the logs",
            },
            f"the calendar lists {row['day_type'].replace('_', ' ')}, and {row['people']} "
            f"staff used a district device on site; {row['usual']} do on a working day",
        )
        for row in found.iter_rows(named=True)
    ]


FEWEST_ACCOUNTS = 3
MOST = 50
"""Sites in doubt that are listed, widest reach first."""
WIDE_SHARE = 0.1
"""Of the staff, or of the students: what so many use at length serves the school."""
READ_SECONDS = 120
READ_DAYS = 2
JOB_SHARE = 0.5
"""Of the accounts that use a site have the job for which it would be approved."""
HABIT_SHARE = 0.5
"""Of the days at work: nearly every day, as a person does whose job it is."""
HABIT_DAYS = 5
SMALL_JOB = 8
"""People of a job in which what one of them uses nearly every day is the job."""
NEVER = frozenset(
    {
        "adult",
        "advertising",
        "circumvention",
        "dating",
        "gambling",
        "infrastructure",
        "link_shortener",
        "malware",
        "paste",
        "remote_access",
    }
)
"""Categories of which no site is accepted with others, however many use it."""
DISTRICT = "district"
SANCTIONED = "sanctioned"
"""The class of a site that staff or students use for work; others: `sites decide`."""
UNKNOWN = "uncategorized"

_SITES = """
with kinds as (
    select
        hosts.site,
        list(distinct categories.category order by categories.category) as categories,
        min(categories.category) filter (where categories.is_non_work) as leisure
    from built.core.host_categories as categories
    inner join built.identity.hosts as hosts
        on categories.url_hostname = hosts.url_hostname
    group by hosts.site
),

asked as (
    select
        requests.account,
        requests.site,
        requests.event_date,
        bool_or(requests.is_staff) as is_staff,
        bool_or(accounts.is_student) as is_student,
        count(*) as requests,
        count(distinct epoch(requests.start_time)::bigint // 300) as spans
    from built.core.engaged_requests as requests
    inner join built.core.site_verdicts as verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    inner join built.identity.accounts as accounts
        on
            requests.account = accounts.account
            and requests.event_date = accounts.event_date
    where
        verdicts.verdict in ('external', 'no_list', 'leisure')
        and requests.site is not null
        -- a host goes by the site that it serves
        and requests.url_hostname not in (
            select url_hostname from built.core.served_hosts
        )
    group by requests.account, requests.site, requests.event_date
),

used as (
    select
        site,
        count(distinct account) as accounts,
        count(distinct case when is_staff then account end) as staff,
        count(distinct case when is_student then account end) as pupils,
        count(distinct event_date) as days,
        min(event_date) as first_day,
        sum(requests)::bigint as requests
    from asked
    group by site
),

-- of leisure only what was read counts: not what a page embeds, a mail links to
at_length as (
    select
        asked.site,
        asked.account,
        asked.is_staff,
        asked.event_date
    from asked
    left join kinds on asked.site = kinds.site
    where kinds.leisure is null and asked.requests >= 3 and asked.spans >= 2
    union
    select
        evidence.site,
        evidence.account,
        true,
        evidence.event_date
    from built.core.site_evidence as evidence
    inner join kinds on evidence.site = kinds.site
    where
        kinds.leisure is not null
        and evidence.is_page_read
        and evidence.request_count >= 3
        and evidence.longest_seconds >= $seconds
),

people as (
    select
        account,
        is_staff,
        is_student,
        coalesce(lower(job_title), lower(role)) as job
    from built.identity.accounts
    where account_type = 'person' and is_valid
    qualify event_date = max(event_date) over ()
),

jobs as (
    select
        job,
        count(*) as people
    from people
    where is_staff and job is not null
    group by job
),

work_days as (
    select
        account,
        count(distinct event_date) as days
    from built.core.engaged_requests
    where is_staff
    group by account
),

readers as (
    select
        at_length.site,
        at_length.account,
        bool_or(at_length.is_staff) as is_staff,
        count(distinct at_length.event_date) as days
    from at_length
    group by at_length.site, at_length.account
    having count(distinct at_length.event_date) >= $days
),

by_every_job as (
    select
        readers.site,
        people.job,
        jobs.people,
        count(*) as readers,
        count_if(
            readers.days >= $habit_days
            and readers.days >= $habit_share * work_days.days
        ) as daily
    from readers
    inner join people on readers.account = people.account
    inner join jobs on people.job = jobs.job
    left join work_days on readers.account = work_days.account
    group by readers.site, people.job, jobs.people
),

-- most of the people with a job; where few have it and hardly anyone is there to
-- compare with, one who uses the site nearly every day, or all if another job does
most_of_a_job as (
    select *
    from by_every_job
    where people > 2 and readers > 0.5 * people
),

by_job as (
    select *
    from by_every_job
    where
        (people > 2 and readers > 0.5 * people)
        or (people <= $small_job and daily >= 1)
        or (readers = people and site in (select site from most_of_a_job))
),

wide as (
    select
        site,
        count_if(is_staff) as staff_readers,
        count_if(not is_staff) as pupil_readers
    from readers
    group by site
),

totals as (
    select
        count_if(is_staff)::bigint as staff_total,
        count_if(is_student)::bigint as pupil_total
    from people
)

select
    used.*,
    kinds.categories,
    kinds.leisure,
    coalesce(wide.staff_readers, 0)::bigint as staff_readers,
    coalesce(wide.pupil_readers, 0)::bigint as pupil_readers,
    totals.staff_total,
    totals.pupil_total,
    (
        select list(by_job.job order by by_job.job)
        from by_job
        where by_job.site = used.site
    ) as jobs,
    (
        select coalesce(sum(by_job.readers), 0)::bigint
        from by_job
        where by_job.site = used.site
    ) as job_readers
from used
cross join totals
left join kinds on used.site = kinds.site
left join wide on used.site = wide.site
where used.accounts >= $fewest or used.site in (select site from by_job)
order by used.accounts desc, used.requests desc, used.site
"""


def reach(evidence: Evidence) -> Iterator[Proposal]:
    """A row for each site that many use, by kind; accepting one approves it.

    What serves the school is found by its use: a tenth of the staff or of the students
    use it at length, or most people of one job do, for whom alone it is then approved.
    All others are in doubt.
    """
    found = evidence.frame(
        _SITES,
        fewest=FEWEST_ACCOUNTS,
        seconds=READ_SECONDS,
        days=READ_DAYS,
        habit_days=HABIT_DAYS,
        small_job=SMALL_JOB,
        habit_share=HABIT_SHARE,
    )
    doubtful = 0
    for number, row in enumerate(found.iter_rows(named=True), start=1):
        roles, doubt = _whose(row)
        kind = _site_kind(row, evidence.own_domains)
        doubtful += bool(doubt)
        if doubt and doubtful > MOST:
            continue
        yield Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"N-{number:03d}",
                "pattern": row["site"],
                "match": "domain",
                "roles": roles,
                "valid_from": row["first_day"].isoformat(),
                "class": DISTRICT if kind == DISTRICT else SANCTIONED,
            },
            f"{row['accounts']} accounts, {row['staff']} of staff, {row['pupils']} of "
            f"students, on {row['days']} days, {row['requests']:,} requests",
            topic=f"sites:{kind}",
            doubt=doubt,
        )


def _site_kind(row: dict[str, Any], own: frozenset[str]) -> str:
    """The group of a site: the district's own, else its category."""
    if row["site"] in own:
        return DISTRICT
    word = row["leisure"] or next(iter(row["categories"] or ()), UNKNOWN)
    return re.sub("[^a-z]+", "-", word.lower()).strip("-") or UNKNOWN


def _whose(row: dict[str, Any]) -> tuple[str, str]:
    """For whom a site would be approved, and why a person has to look at it first."""
    if never := sorted(NEVER.intersection(row["categories"] or ())):
        return _roles(row), f"lists call it {', '.join(never).replace('_', ' ')}"
    is_wide = row["staff_readers"] >= max(WIDE_SHARE * row["staff_total"], 2)
    is_taught = row["pupil_readers"] >= max(WIDE_SHARE * row["pupil_total"], 2)
    if row["leisure"] is None and (is_wide or is_taught):
        return _roles(row), ""
    jobs = [job for job in row["jobs"] or () if "|" not in job]
    if row["leisure"] is None:
        # an approval for a job says that all others have none
        if jobs and row["job_readers"] >= JOB_SHARE * row["accounts"]:
            return "|".join(jobs), ""
        return _roles(row), "few use it at length"
    # what several jobs work with is for all: an approval says that others have none
    if is_wide and len(jobs) != 1:
        return "staff", ""
    if jobs:
        return "|".join(jobs), ""
    return _roles(row), f"lists call it {row['leisure'].replace('_', ' ')}, few read it"


def _roles(row: dict[str, Any]) -> str:
    """For whom: those who used it, if they are all of a kind."""
    for role, count in (("staff", row["staff"]), ("student", row["pupils"])):
        if count == row["accounts"]:
            return role
    return "all"


_LEARNED = """
with learned as (
    select * from built.core.learned_services
    qualify event_date = max(event_date) over (partition by site)
),

entries as (
    select hosts.site, min(approved.entry_id) as entry_id
    from built.registry.approved_sites as approved
    inner join built.identity.hosts as hosts
        on split_part(approved.pattern, '/', 1) = hosts.url_hostname
    where approved.match <> 'deny'
    group by hosts.site
)

select learned.*, entries.entry_id
from learned
inner join entries on learned.service = entries.site
where
    learned.site not in (
        select site from built.registry.service_hosts
        union all
        select site from entries
    )
order by learned.session_count desc, learned.site
"""


def serving(evidence: Evidence) -> list[Proposal]:
    """Return a row for each site that was learned to serve one of the list, naming its entry.

    It is judged so already; the row keeps what was learned, whatever logs show later.
    """
    return [
        Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"S-{number:03d}",
                "pattern": row["site"],
                "match": "domain",
                "purpose": f"serves {row['service']}",
                "supports": row["entry_id"],
            },
            f"{row['share']:.0%} of {row['session_count']} sessions of "
            f"{row['account_count']} accounts on {row['day_count']} days began right "
            f"after {row['service']}",
        )
        for number, row in enumerate(evidence.frame(_LEARNED).iter_rows(named=True), start=1)
    ]


KINDS: Mapping[str, Callable[[Evidence], Iterable[Proposal]]] = {
    "computers": computers,
    "networks": networks,
    "usual-hours": usual_hours,
    "sites": reach,
    "sites:hosts": serving,
    "holders": machines,
    "service-accounts": services,
    "fixed-addresses": fixed,
    "hours": hours,
    "later-hours": later_hours,
    "calendar": days_off,
}
"""Groups, each accepted as a whole, and what finds its rows."""


def proposed(district: District) -> Mapping[str, Sequence[Proposal]]:
    """Proposals by file of the registry; files without any are left out.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is at work.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    days = files.days()
    if not days:
        raise ModelError(
            "no log was read yet",
            where=str(district.home.path),
            remedy="Run: schoolbell run --home HOME",
        )
    found: dict[str, list[Proposal]] = {}
    if domains := account_domains(district):
        found[SETTINGS] = domains
    with looking(district.home.warehouse) as database:
        inputs.show_raw(database, files, ("leases", "logons"), (days[0], days[-1]))
        evidence = Evidence(
            database,
            district.zone,
            frozenset(filter(None, map(registrable_domain, _own(district)))),
            has_usual_duty=bool(district.settings.district.usual_duty),
        )
        sensitive = sensitive_names(database)
        for topic, kind in KINDS.items():
            for proposal in filter(is_plain, kind(evidence)):
                hidden = proposal.cells.get("pattern") in sensitive
                made = replace(proposal, is_withheld=hidden, topic=proposal.topic or topic)
                found.setdefault(proposal.file, []).append(made)
    return found


def _own(district: District) -> Iterable[str]:
    """Yield the district's own domains, of its accounts and of its mail."""
    return (*district.settings.district.account_domains, *district.outline.mail_domains)
