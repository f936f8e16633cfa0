"""Pseudonyms: keyed tokens, and names that people can say.

A token stands for a value for one school year and cannot be turned back without
the key. A name such as `falcon-27` is given to a token, never drawn from the
value, so names are state: keep the assignments. Pure functions; who calls them
reads the key and stores the assignments.
"""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Literal, get_args

from pipelines.registry.domain_lists import sensitive_categories

Kind = Literal[
    "account", "device", "address", "person", "pupil", "pupil_person", "site"
]
"""What is named. `pupil` is an account of a student, `pupil_person` the student: both
have keys of their own and names that say so."""


@cache
def sensitive_kinds() -> tuple[str, ...]:
    """Kinds of sites whose names tell what is nobody's business without a case."""
    return tuple(sensitive_categories()["category"])


WITHHELD = "withheld"
"""Stands in place of such a kind."""
NAME_NOBODY = ("sites", "buildings", "verdicts", "day_type", "part", "category")
"""Measures of a finding that are words, and that anybody may read."""

TOKEN_LENGTH = 16  # base32 letters: 80 bits
SHORTEST_KEY = 32
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
_PREFIX: Mapping[Kind, str] = {"pupil": "pupil-", "pupil_person": "pupil-"}


def nouns(kind: Kind) -> list[str]:
    """The nouns from which names of a kind are made."""
    prefix = _PREFIX.get(kind, "")
    return [prefix + noun for noun in _NOUNS[kind].split()]


def derived_key(key: bytes, kind: Kind, year: int) -> bytes:
    """A key of its own for one kind and school year (HKDF, RFC 5869, one block).

    Args:
        key: The district's key, at least 32 bytes.
        kind: What the values are.
        year: Calendar year in which the school year began.

    Raises:
        ValueError: The key is too short to protect anything.
    """
    if len(key) < SHORTEST_KEY:
        message = f"the key must have {SHORTEST_KEY} bytes, it has {len(key)}"
        raise ValueError(message)
    extracted = hmac.new(SALT, key, hashlib.sha256).digest()
    info = f"pseudonym.{kind}|{year}".encode()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def tokens(
    values: Iterable[str], *, key: bytes, kind: Kind, year: int
) -> dict[str, str]:
    """A token for each value, the same for the same value, kind, year and key.

    Values are taken as they are: give canonical ones. Give distinct values; a
    token takes a few microseconds.
    """
    own = derived_key(key, kind, year)
    return {value: _token(own, value) for value in values}


def assign_names(
    existing: Mapping[str, str], new: Iterable[str], kind: Kind
) -> dict[str, str]:
    """A name for each new token, different from every name in use.

    Args:
        existing: Token -> name, as assigned before; stays as it is.
        new: Tokens; those that have a name are passed over.
        kind: Whose names.

    Returns:
        The assignments to add. Two tokens that reach for one name are settled by
        the order of the tokens, not by the order in which they come.
    """
    if kind not in get_args(Kind):
        message = f"no kind of pseudonym: {kind!r}"
        raise ValueError(message)
    taken = set(existing.values())
    added: dict[str, str] = {}
    for token in sorted(set(new) - set(existing)):
        name = next(
            name for name in _names(token, kind, len(taken)) if name not in taken
        )
        added[token] = name
        taken.add(name)
    return added


def _token(own_key: bytes, value: str) -> str:
    digest = hmac.new(own_key, value.encode(), hashlib.sha256).digest()
    return b32encode(digest).decode("ascii")[:TOKEN_LENGTH].lower()


def _names(token: str, kind: Kind, in_use: int) -> Iterator[str]:
    """Names from a place that the token chooses, onwards; longer numbers if full."""
    words = nouns(kind)
    start = int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big")
    first, count = FIRST_NUMBER, LAST_NUMBER - FIRST_NUMBER + 1
    while len(words) * count * FULLEST <= in_use:
        first, count = first * 10, count * 10
    size = len(words) * count
    for step in range(size):
        place = (start + step) % size
        yield f"{words[place % len(words)]}-{first + place // len(words)}"
