"""Pseudonyms: keyed tokens, and names that people can say.

A token represents a value for one school year and cannot be reversed without
the key. A name such as `falcon-27` is assigned to a token, never derived from the
value, so names are state: keep the assignments.

A column's name defines its content; a column with a personal-data mark and
no rule here is left out, so that a forgotten new column cannot leak.
Students have separate keys and names, so that readers see that it is a student.
"""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pipelines.district import Reading
from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store, fact, remember
from pipelines.state.privacy_records import assigned_name, assigned_names
from pipelines.state.rows import FindingRow
from pipelines.warehouse.models import Model, subject_kind
from pipelines.weeks import SCHOOL_YEAR_STARTS, school_year

if TYPE_CHECKING:  # Polars and DuckDB take a third of a second each to import
    import polars as pl

    from pipelines.registry.registry import Registry
    from pipelines.registry.roster import Students
    from pipelines.warehouse.database import Database

Kind = Literal["account", "device", "address", "person", "pupil", "pupil_person", "site"]
"""Kinds of names. `pupil` is an account of a student, `pupil_person` the student: both
have separate keys and recognizable names. Keys and stored names contain these two words,
so they stay.
"""

WITHHELD = "withheld"
"""Replacement for such a kind."""
NAME_NOBODY = ("sites", "buildings", "verdicts", "day_type", "part", "category")
"""Measures of a finding that are words, and that anyone may read."""
TOKEN_LENGTH = 16  # base32 letters: 80 bits
MIN_KEY = 32
SALT = b"schoolbell pseudonyms 1"
FIRST_NUMBER, LAST_NUMBER = 10, 99
FULLEST = 0.5
"""Share of the names in use above which numbers get another digit."""

_NOUNS: Mapping[Kind, str] = {
    "account": """
        albatross antelope auklet avocet badger barbet bittern bluebird bobcat bunting
        buzzard caracal caribou chamois cheetah chipmunk condor cormorant coyote crane
        curlew dipper dolphin dormouse dotterel dunlin eagle egret eider elk ermine
        falcon finch firefinch flicker gannet gazelle godwit goldfinch goshawk grebe
        grosbeak grouse gyrfalcon hare harrier hawk heron hobby hoopoe ibex ibis impala
        jacamar jackdaw jaguar jay junco kestrel kingbird kingfisher kinglet kite kiwi
        kudu lapwing lark leopard linnet lynx magpie mallard manatee marlin marmot
        marten martin merlin moose murre narwhal nightjar nuthatch ocelot oriole orca
        oryx osprey otter ouzel owl panther partridge pelican penguin petrel phoebe
        pintail pipit plover puffin puma quail quetzal rail raven redpoll redstart robin
        roller sable sandpiper scoter seal serval shearwater siskin skylark snipe
        sparrow spoonbill starling stilt stork sunbird swallow swan swift tanager teal
        tern thrush tiger toucan treecreeper trogon turnstone vireo wagtail walrus
        warbler waxbill waxwing weaver wheatear whimbrel whinchat whistler wigeon
        willet wolf wombat woodcock wren yellowhammer zebra
    """,
    "device": """
        acacia alder almond apple apricot ash aspen banyan baobab bamboo beech birch
        boxwood buckeye butternut cacao camphor catalpa cedar cherry chestnut coconut
        cypress damson dogwood ebony elder elm fig fir ginkgo guava gum hawthorn hazel
        hemlock hickory holly hornbeam ironwood jacaranda juniper larch laurel lemon
        lime linden locust magnolia mahogany mango maple medlar mesquite mulberry myrtle
        oak olive orange palm papaya peach pear pecan pine pistachio plane plum poplar
        quince redbud redwood rowan sandalwood sassafras sequoia spruce sumac sycamore
        tamarack teak tupelo walnut wattle willow yew
    """,
    "address": """
        agate amber amethyst aquamarine azurite basalt beryl bronze calcite cobalt
        copper coral corundum diamond dolomite emerald feldspar flint fluorite galena
        garnet gneiss granite graphite gypsum hematite iolite iron jade jasper kyanite
        larimar limestone magnetite malachite marble mica nickel obsidian olivine onyx
        opal pearl peridot platinum porphyry pumice pyrite quartz rhodonite rhyolite
        ruby sandstone sapphire schist silver slate spinel sunstone tanzanite tin
        titanium topaz tourmaline travertine tungsten turquoise zinc zircon
    """,
    "person": """
        accordion adagio allegro anthem aria ballad banjo baritone bassoon bolero bugle
        cadence canon cantata castanet celesta cello chime chorale chord clarinet
        clavichord concerto cornet cymbal dulcimer etude euphonium fanfare fiddle flute
        fugue gavotte glockenspiel gong guitar harmonica harp harpsichord horn interlude
        lute lyre madrigal mandolin maraca marimba mazurka melody minuet nocturne oboe
        ocarina octave opera oratorio organ overture piano piccolo polka prelude
        psaltery quartet recorder refrain rondo saxophone scherzo serenade sitar sonata
        soprano spinet symphony tambourine tenor timpani toccata trio trombone trumpet
        tuba ukulele viola violin waltz xylophone zither
    """,
    "pupil": """
        amaryllis anemone aster azalea begonia bluebell buttercup camellia campion
        carnation celandine chicory clematis clover columbine coneflower cornflower
        cosmos cowslip crocus cyclamen daffodil dahlia daisy foxglove freesia fuchsia
        gardenia gentian geranium gladiolus harebell heather hellebore hibiscus
        hollyhock hyacinth hydrangea iris jasmine jonquil larkspur lavender lilac lily
        lobelia lotus lupine marigold mimosa narcissus nasturtium orchid oxeye pansy
        peony petunia phlox poppy primrose rose rosemary saffron sage snapdragon
        snowdrop speedwell sunflower sweetpea tansy thistle thyme trillium tulip verbena
        violet wallflower wisteria yarrow zinnia
    """,
    "pupil_person": """
        aurora blizzard breeze cirrus cloud comet crescent cumulus dawn dew drizzle dusk
        eclipse equinox equator flurry fog frost gale galaxy gust hail halo haze horizon
        icicle lagoon lightning meadow meridian mesa meteor mist monsoon moon nebula
        nimbus nova orbit planet prairie quasar rain rainbow ripple river shower sky
        sleet snowflake solstice star stratus stream summit sun sunrise sunset tempest
        thunder tide tornado tundra twilight valley wave whirlwind zenith zephyr
    """,
    "site": """
        atoll bay bluff brook butte canyon cape cavern cliff cove crater creek delta
        dune esker estuary fen fjord ford geyser glacier glade glen gorge grotto gulf
        headland heath hillock inlet island isthmus knoll lake ledge moor
        moraine oasis outcrop pass peak peninsula plateau pond rapids ravine
        reef ridge sandbar savanna shoal shore sound spring steppe strait
        swamp tarn terrace waterfall wetland
    """,
}
_PREFIX: Mapping[Kind, str] = {"pupil": "student-", "pupil_person": "student-"}

RULES: Mapping[str, Kind] = {
    "account": "account",
    "subject": "account",
    "other_account": "account",
    "device": "device",
    "other_device": "device",
    "host": "device",
    "src_ip": "address",
    "ip": "address",
    "person_id": "person",
    "device_owner": "person",
}
Mask = Literal["site", "sites", "category"]

MASKED: Mapping[str, Mask] = {
    "url_hostname": "site",
    "site": "site",
    "before_site": "site",
    "service": "site",
    "destination": "site",
    "registrable_domain": "site",
    "unicode_hostname": "site",
    "resembles": "site",
    "sites": "sites",
    "non_work_sites": "sites",
    "category": "category",
    "categories": "category",
}
"""Columns in which only sites of a sensitive kind get a name, and their kind goes."""
KEY_FACT = "pseudonym_key"
"""A fact that identifies the key, without information about it."""
WHICH_KEY = b"schoolbell: which key"
ONE_DAY = timedelta(days=1)
STUDENTS: Mapping[Kind, Kind] = {"account": "pupil", "person": "pupil_person"}
PUBLISHED = ("core", "marts", "identity")
"""Schemas of the warehouse that analysts may read."""

INTERNAL = (
    "core.background_traffic",
    "core.candidate_requests",
    "core.expected_logs",
    "core.expected_traffic",
    "core.logons",
    "core.outside_places",
    "core.regular_calls",
    "core.site_sequences",
    "identity.account_names",
    "identity.places",
)
"""Tables of these that are used inside the pipeline only."""


@cache
def sensitive_kinds() -> tuple[str, ...]:
    """Return kinds of sites whose names are private without a case."""
    from pipelines.registry.domain_lists import sensitive_categories

    return tuple(sensitive_categories()["category"])


def nouns(kind: Kind) -> list[str]:
    """Return the nouns from which names of a kind are made."""
    prefix = _PREFIX.get(kind, "")
    return [prefix + noun for noun in _NOUNS[kind].split()]


def derived_key(key: bytes, kind: Kind, year: int) -> bytes:
    """Derive the key of one kind and school year (HKDF, RFC 5869, one block).

    Args:
        key: The district's key, at least 32 bytes.
        kind: Type of the values.
        year: Calendar year in which the school year began.

    Raises:
        ValueError: The key is too short to protect anything.
    """
    if len(key) < MIN_KEY:
        message = f"the key must have {MIN_KEY} bytes, it has {len(key)}"
        raise ValueError(message)
    extracted = hmac.new(SALT, key, hashlib.sha256).digest()
    info = f"pseudonym.{kind}|{year}".encode()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def tokens(values: Iterable[str], *, key: bytes, kind: Kind, year: int) -> dict[str, str]:
    """Return a token for each value, the same for the same value, kind, year and key.

    Values are not normalized: pass canonical, distinct ones; a
    token takes a few microseconds.
    """
    own = derived_key(key, kind, year)
    return {value: _token(own, value) for value in values}


def assign_names(existing: Mapping[str, str], new: Iterable[str], kind: Kind) -> dict[str, str]:
    """Return a name for each new token, different from every name in use.

    Args:
        existing: Token -> name, as assigned before; not changed.
        new: Tokens; those that have a name are skipped.
        kind: Kind of the names.

    Returns:
        The assignments to add. The order of the tokens decides between two that
        reach for one name, not the order of the arguments.
    """
    if kind not in get_args(Kind):
        message = f"no kind of pseudonym: {kind!r}"
        raise ValueError(message)
    taken = set(existing.values())
    added: dict[str, str] = {}
    for token in sorted(set(new) - set(existing)):
        name = next(name for name in _names(token, kind, len(taken)) if name not in taken)
        added[token] = name
        taken.add(name)
    return added


def _token(own_key: bytes, value: str) -> str:
    digest = hmac.digest(own_key, value.encode(), "sha256")
    return b32encode(digest).decode("ascii")[:TOKEN_LENGTH].lower()


def _names(token: str, kind: Kind, in_use: int) -> Iterator[str]:
    """Yield names from a place that the token chooses, onwards; longer numbers if full."""
    words = nouns(kind)
    start = int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big")
    first, count = FIRST_NUMBER, LAST_NUMBER - FIRST_NUMBER + 1
    while len(words) * count * FULLEST <= in_use:
        first, count = first * 10, count * 10
    size = len(words) * count
    for step in range(size):
        place = (start + step) % size
        yield f"{words[place % len(words)]}-{first + place // len(words)}"


@dataclass
class Pseudonyms:
    """Names of values, the same for the whole school year.

    Attributes:
        key: The district's secret.
        year: Calendar year in which the school year began.
        students: Accounts and persons that are students' in that year.
    """

    store: Store
    key: bytes
    year: int
    students: "Students"
    _names: dict[Kind, dict[str, str]] = field(default_factory=dict)
    _held: dict[Kind, Mapping[str, str]] = field(default_factory=dict)

    def names(self, kind: Kind, values: Iterable[str]) -> Mapping[str, str]:
        """Return the name of each value; new ones are assigned and stored."""
        wanted = set(values)
        theirs = {value for value in wanted if self.is_student(kind, value)}
        own = self._kept(kind, wanted - theirs)
        return {**own, **self._kept(STUDENTS[kind], theirs)} if theirs else own

    def is_student(self, kind: Kind, value: str) -> bool:
        """Return whether an account or a person belongs to a student, and to no one else."""
        known = {"account": self.students.accounts, "person": self.students.persons}
        return value in known.get(kind, ())

    def given(self, kind: Kind, value: str) -> tuple[str, ...]:
        """Return every name that a value has in this school year, assigned before now.

        Two, where an account was staff's first and a student's later, or the reverse.
        """
        kinds = [kind, *([STUDENTS[kind]] if kind in STUDENTS else [])]
        found = [
            assigned_name(
                self.store,
                f"{scope_kind}|{self.year}",
                tokens([value], key=self.key, kind=scope_kind, year=self.year).values(),
            )
            for scope_kind in kinds
        ]
        return tuple(name for name in found if name)

    def _kept(self, kind: Kind, values: Iterable[str]) -> Mapping[str, str]:
        known = self._names.setdefault(kind, {})
        wanted = sorted({value for value in values if value not in known})
        if wanted:
            known.update(self._assigned(kind, wanted))
        return known

    def _assigned(self, kind: Kind, values: list[str]) -> dict[str, str]:
        found = tokens(values, key=self.key, kind=kind, year=self.year)
        if not self._held.get(kind, {}).keys() >= set(found.values()):
            self._held[kind] = assigned_names(
                self.store,
                f"{kind}|{self.year}",
                lambda existing: assign_names(existing, found.values(), kind),
            )
        return {value: self._held[kind][token] for value, token in found.items()}


def home_key(home: DistrictHome, store: Store) -> bytes:
    """Return the key behind the pseudonyms, if it is the one that was used before.

    Raises:
        SettingsError: It is missing, too short, or another one: every account would
            get another name.
    """
    key = _read_key(home.key_file)
    with store.reading() as transaction:
        used = fact(transaction, KEY_FACT)
    if used is None:
        with store.writing() as transaction:
            remember(transaction, KEY_FACT, _fingerprint(key))
    elif used != _fingerprint(key):
        raise _wrong_key(home.key_file, "is another one than was used before")
    return key


def accept_key(home: DistrictHome, store: Store, actor: str) -> None:
    """Accept the current key, and record that in the audit chain."""
    key = _read_key(home.key_file)
    act = Act(actor=actor, action="accept key", subject=home.key_file.name)
    with open_chain(store, home).recording(act) as transaction:
        remember(transaction, KEY_FACT, _fingerprint(key))


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise _wrong_key(path, "is missing") from error
    if len(key) < MIN_KEY:
        raise _wrong_key(path, f"has {len(key)} bytes")
    return key


def _fingerprint(key: bytes) -> str:
    return hmac.new(key, WHICH_KEY, hashlib.sha256).hexdigest()[:32]


def _wrong_key(path: Path, what: str) -> SettingsError:
    home = path.parents[1]
    return SettingsError(
        f"the key behind the pseudonyms {what}; with another one every account gets another name",
        where=str(path),
        remedy="Put it back from the copy of the keys that `schoolbell backup --keys` "
        f"made.\n  If it is lost for good: schoolbell init {home} makes a new one, and "
        f"schoolbell recover --accept-key --home {home} goes on with it.",
    )


def pseudonyms(registry: "Registry", store: Store, home: DistrictHome, day: date) -> Pseudonyms:
    """Return the pseudonyms of the school year that a day belongs to."""
    from pipelines.registry.roster import students

    year = school_year(day)
    frames = registry.frames
    first = date(year, SCHOOL_YEAR_STARTS, 1)
    last = first.replace(year=year + 1) - ONE_DAY
    found = students(frames["people"], frames["accounts"], first, last)
    return Pseudonyms(store, home_key(home, store), year, found)


def about_students(
    store: Store, home: DistrictHome, reading: Reading
) -> Callable[[FindingRow], bool]:
    """Return a predicate that is true for findings about a student's account."""
    years: dict[int, Pseudonyms] = {}
    noted = reading.noted.is_student if reading.noted else {}
    if noted:
        home_key(home, store)  # a missing key is reported anyway

    def is_about(finding: FindingRow) -> bool:
        if finding.get("finding_id") in noted:
            return noted[finding["finding_id"]]
        day = date.fromisoformat(finding["event_date"])
        year = school_year(day)
        if year not in years:
            years[year] = pseudonyms(reading.registry, store, home, day)
        kind = subject_kind(finding["rule"])
        return years[year].is_student(kind, finding["subject"])

    return is_about


def kept_columns(model: Model) -> Mapping[str, Kind | Mask | None]:
    """Return the columns that a reader may see, with the kind of pseudonym where needed."""
    return {
        name: RULES.get(name) or MASKED.get(name)
        for name, note in model.header.columns.items()
        if name in RULES or note.pii == "none"
    }


def is_published(model: Model) -> bool:
    """Return whether analysts may read a table at all."""
    return model.schema_name in PUBLISHED and model.name not in INTERNAL


def published_tables(models: Mapping[str, Model]) -> Mapping[str, Mapping[str, Kind | Mask | None]]:
    """Return the tables that analysts may read, each with the columns that they may."""
    return {name: kept_columns(model) for name, model in models.items() if is_published(model)}


def renamed(values: "pl.Series", kind: Kind, names: Pseudonyms) -> "pl.Series":
    """Return a text column with each value replaced by its name."""
    import polars as pl

    distinct = values.drop_nulls().unique().to_list()
    mapping = names.names(kind, distinct)
    chosen = {value: mapping[value] for value in distinct}
    return values.replace_strict(chosen, default=None, return_dtype=pl.String).alias(values.name)


def name_everything(
    database: "Database",
    tables: Mapping[str, Mapping[str, object]],
    names: Pseudonyms,
    sensitive: frozenset[str],
) -> None:
    """Give every value in the published tables its name, as `main.pseudonyms`."""
    import polars as pl

    named: dict[object, list[tuple[str, str]]] = {}
    for table, columns in tables.items():
        for column, kind in columns.items():
            if kind is not None and kind in RULES.values():
                named.setdefault(kind, []).append((table, column))
    values: dict[Any, Collection[str]] = {
        "site": sensitive,
        **{kind: database.values(columns) for kind, columns in named.items()},
    }
    rows = [
        {"kind": kind, "value": value, "name": known[value]}
        for kind, wanted in sorted(values.items())
        for known in [names.names(kind, wanted)]
        for value in sorted(wanted)
    ]
    schema = {"kind": pl.String, "value": pl.String, "name": pl.String}
    database.replace("main.pseudonyms", pl.DataFrame(rows, schema=schema))


def copied(number: int, name: str, kind: str | None) -> tuple[str, str]:
    """Return how a column goes into a snapshot, and the join that it needs."""
    if kind is None:
        return f"rows.{name}", ""
    if kind == "category":
        words = "|".join(sensitive_kinds())
        pattern = rf"\b({words})\b"
        return (
            f"regexp_replace(rows.{name}, '{pattern}', '{WITHHELD}', 'g') as {name}",
            "",
        )
    if kind == "sites":
        shown = f"coalesce(named_{number}.names[one], one)"
        join = (
            "cross join (select map(list(value), list(name)) as names"
            f" from main.pseudonyms where kind = 'site') as named_{number}"
        )
        return f"list_transform(rows.{name}, lambda one: {shown}) as {name}", join
    other = f", rows.{name}" if kind == "site" else ""
    join = (
        f"left join main.pseudonyms as names_{number}"
        f" on rows.{name} = names_{number}.value and names_{number}.kind = '{kind}'"
    )
    return f"coalesce(names_{number}.name{other}) as {name}", join
