"""Differences between districts, except their people.

`FRIENDLY` is the demonstration's: it does not change, so that its findings do not.
A benchmark draws others within `RANGES`. The numbers are from published
measurements of networks; none of them is, or may be, a threshold of a rule.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.synthetic.places import BUILDINGS, DOMAIN, NETBIOS

NameForm = Literal["mixed", "plain", "domain", "address"]
"""A proxy's spelling of an account: as the device sends it, `u`, `D\\u` or `u@d`."""

Firewall = Literal["all", "filter", "none"]
"""Logs of a firewall: traffic and web filter, the filter alone, or neither."""

DhcpServer = Literal["isc", "windows"]

Products = Literal["windows", "chromebooks"]
"""A Windows domain behind Squid and FortiGate; or Chromebooks, Google accounts, a Palo
Alto firewall and 802.1X, with Windows in the district office alone."""

USUAL_PAGE_BYTES = 40_000.0
"""Median page size for which the weights of sites are defined."""
USUAL_PAUSE_SECONDS = 26.0
"""Median pause for which the paces are defined."""


SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "ours": {},
    "capitals": {
        "social": "Social Networking",
        "shopping": "Shopping",
        "streaming": "Streaming Media and Download",
        "sports": "Sports",
        "gambling": "Gambling",
        "jobs": "Job Search",
        "dating": "Dating",
        "games": "Games",
        "real_estate": "Real Estate",
        "travel": "Travel",
        "news": "News and Media",
        "circumvention": "Proxy Avoidance",
        "remote_access": "Remote Access",
    },
    "hyphens": {
        "social": "social-networking",
        "shopping": "shopping",
        "streaming": "streaming-media",
        "sports": "sports",
        "gambling": "gambling",
        "jobs": "job-search",
        "dating": "dating",
        "games": "games",
        "real_estate": "real-estate",
        "travel": "travel",
        "news": "news",
        "circumvention": "proxy-avoidance-and-anonymizers",
        "remote_access": "remote-access",
    },
    "underscores": {
        "social": "social_networks",
        "shopping": "online_shopping",
        "streaming": "streaming_media",
        "sports": "sports_and_recreation",
        "gambling": "gambling",
        "jobs": "job_search",
        "dating": "dating_personals",
        "games": "online_games",
        "real_estate": "real_estate",
        "travel": "travel",
        "news": "news_media",
        "circumvention": "proxy_avoidance",
        "remote_access": "remote_access",
    },
}
"""Names of the policy's categories in lists of several publishers."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range from which a value is drawn.

    Attributes:
        unit: bytes, seconds or times.
    """

    least: float
    most: float
    unit: str

    def draw(self, rng: random.Random) -> float:
        """Return one value; each doubling is equally likely."""
        return math.exp(rng.uniform(math.log(self.least), math.log(self.most)))


RANGES: Mapping[str, Range] = {
    "page_bytes": Range(5_200, 310_000, "bytes"),
    "pause_seconds": Range(11, 185, "seconds"),
    "use_times": Range(0.28, 1, "times"),
}
"""Ranges from which a benchmark draws the habits of a district."""


@dataclass(frozen=True, kw_only=True)
class BuildingHabits:
    """Web lines of a building.

    Attributes:
        page_bytes: Median of a page.
        pause_seconds: Median pause between two pages of a working person.
        decrypts: Its proxy opens TLS and writes whole addresses, not CONNECT.
    """

    page_bytes: float = USUAL_PAGE_BYTES
    pause_seconds: float = USUAL_PAUSE_SECONDS
    decrypts: bool = False
    name_form: NameForm = "mixed"

    @property
    def size_times(self) -> float:
        """Factor by which pages are larger than usual."""
        return self.page_bytes / USUAL_PAGE_BYTES

    @property
    def pause_times(self) -> float:
        """Factor by which pauses are longer than usual."""
        return self.pause_seconds / USUAL_PAUSE_SECONDS


def _usual() -> Mapping[str, BuildingHabits]:
    return dict.fromkeys(BUILDINGS, BuildingHabits())


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Habits of a district's people, products and administrator.

    Attributes:
        pauses_end: No pause is longer than its pace allows; otherwise some are very long.
        handshake_bytes: Least and most of a connection without a page.
        least_page_bytes: Minimum bytes of a connection with a page, besides the page.
        says_account_domains: The settings name the domains of accounts.
        tunnels_logged: Share of VPN sessions with a line.
        devices_unlisted: Share of the computers that the registry lacks.
        wrong_buildings: Rows of computers with a wrong building.
        films_apart: Films come from another host than the pages around them.
        lists_assets: Hosts that serve an approved site are listed with it.
        sites_in_lists: Share of the sites whose category is on a list.
        spelling: The vendor whose words the lists of categories use.
        use_times: Factor on the length of planted uses.
        has_keyboard_log: Google's audit shows who is at a Chromebook's keyboard.
        has_wired_logins: Ports require a login (802.1X) as access points do.
    """

    people: int = 240
    products: Products = "windows"
    buildings: Mapping[str, BuildingHabits] = field(default_factory=_usual)
    pauses_end: bool = True
    handshake_bytes: tuple[int, int] = (2_900, 5_900)
    least_page_bytes: int = 5_000
    says_account_domains: bool = True
    tunnels_logged: float = 1.0
    firewall: Firewall = "all"
    dhcp_server: DhcpServer = "isc"
    devices_unlisted: float = 0.0
    wrong_buildings: int = 0
    films_apart: bool = False
    lists_assets: bool = True
    sites_in_lists: float = 1.0
    spelling: str = "ours"
    shortest_use_minutes: float = 0.0
    use_times: float = 1.0
    has_keyboard_log: bool = True
    has_wired_logins: bool = False

    @property
    def account_domains(self) -> tuple[str, ...]:
        """The administrator's answer to `init`."""
        return (NETBIOS, DOMAIN) if self.says_account_domains else ()

    def use_minutes(self, told: float) -> float:
        """Return the length of a use, for the scene's length."""
        return max(self.shortest_use_minutes, told * self.use_times)


FRIENDLY = Habits()
"""The demonstration's: all logged, listed and spelled as the product likes it."""

CHROMEBOOKS = Habits(products="chromebooks")
"""The second demonstration's: the same people, on Chromebooks."""

CHROMEBOOKS_BY_NETWORK = Habits(
    products="chromebooks", has_keyboard_log=False, has_wired_logins=True
)
"""Chromebooks without Google's audit: only the network shows who is where."""

WORLDS: Mapping[str, Habits] = {
    "windows": FRIENDLY,
    "chromebooks": CHROMEBOOKS,
    "chromebooks-by-network": CHROMEBOOKS_BY_NETWORK,
}
