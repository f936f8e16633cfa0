"""The web as this district sees it: sites, their hosts, and tastes for them.

Most sites are invented, under `.example`. A few domains of real companies are
used where category lists contain them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.school_days import FIRST_BOOKCREATOR_DAY, LAST_QUIZLET_DAY

THIRD_PARTIES = (
    "www.gstatic.com", "fonts.googleapis.com", "fonts.gstatic.com",
    "ajax.googleapis.com", "www.googletagmanager.com", "cdn.jsdelivr.net",
)  # fmt: skip
ADVERTS = (
    "securepubads.g.doubleclick.net", "stats.g.doubleclick.net",
    "pagead2.googlesyndication.com", "www.google-analytics.com",
    "sb.scorecardresearch.com", "ib.adnxs.com",
)  # fmt: skip
BACKGROUND = (
    "v10.events.data.microsoft.com", "settings-win.data.microsoft.com",
    "ctldl.windowsupdate.com", "download.windowsupdate.com", "ocsp.digicert.com",
    "outlook.office.com", "assets.msn.com", "www.msftconnecttest.com",
    "update.googleapis.com", "clients4.google.com", "mask.icloud.com",
    "nav.smartscreen.microsoft.com", f"agent.{DOMAIN}",
)  # fmt: skip

_FIRST = [
    "algebra",
    "atlas",
    "cell",
    "fraction",
    "grammar",
    "history",
    "lab",
    "map",
    "number",
    "poem",
    "rhyme",
    "verse",
]
_LAST = ["barn", "grove", "harbor", "nest", "quarry"]
LEARNING = tuple(f"{a}{b}.example" for a in _FIRST for b in _LAST)
"""Invented learning sites; the first two thirds are approved."""
APPROVED_LEARNING = LEARNING[:40]
OPEN_LEARNING = LEARNING[40:56]
MISLABELLED = LEARNING[56]
LESSON_BLOG = "chalkdustnotes.example"

_PASTIMES: Mapping[str, tuple[str, ...]] = {
    "shopping": ("cartlane", "shelfmart", "shoebarrel", "toolpantry", "giftattic"),
    "social": ("pondchat", "gatherly", "snaplark", "porchtalk", "wavefeed"),
    "sports": ("goalpost", "dunktable", "puckline", "bleacherbuzz", "trackside"),
    "games": ("gemtumble", "tanklane", "cardcrypt", "puzzlepit", "dicedale"),
    "streaming": ("reelbarn", "showstack", "clipcreek", "tunetower", "castcave"),
    "gambling": ("betbarrow", "oddsorchard", "spinshack", "luckledge", "jackjunction"),
    "jobs": ("hirehollow", "careercove", "workwander", "skillshore", "jobjetty"),
    "dating": ("sparksquare", "matchmeadow", "cupidcourt", "duodock", "tandemtime"),
    "real_estate": ("housebluff", "porchlist", "acreage", "roomroute", "lofthaven"),
    "travel": ("farecliff", "staystation", "tripterrace", "cabincay", "roamroost"),
    "circumvention": ("veilhop", "maskmule", "unblockbay", "proxypeak", "tunnelturn"),
}
PASTIMES = tuple(
    (f"{name}.example", category) for category, names in _PASTIMES.items() for name in names
)
NEWS = tuple(f"{name}.example" for name in ("prairiepost", "dailyplain", "skyledger"))
Taste = Mapping[str, float]
"""Sites by domain, with the share of pages each gets."""
_WORK: Taste = {
    "google.com": 30, DOMAIN: 16, "office.com": 14, "wikipedia.org": 4,
    "khanacademy.org": 5, **dict.fromkeys(APPROVED_LEARNING, 0.7),
}  # fmt: skip

TASTES: Mapping[str, Taste] = {
    "teach": {**_WORK, **dict.fromkeys(OPEN_LEARNING, 0.12), "weather.com": 0.4},
    "approved": _WORK,
    "office": {"office.com": 40, DOMAIN: 30, "google.com": 15,
               "supplycrate.example": 3, "weather.com": 1, NEWS[0]: 1},
    "student": {"google.com": 34, DOMAIN: 8, "wikipedia.org": 6, "khanacademy.org": 10,
                **dict.fromkeys(APPROVED_LEARNING, 0.9), "gemtumble.example": 1},
    "phone": {"google.com": 4, "instagram.com": 2, "youtube.com": 1, NEWS[1]: 3,
              "snaplark.example": 3, "weather.com": 2},
    "glance_news": {NEWS[0]: 1, NEWS[2]: 1, "weather.com": 1},
    "glance_shop": {"amazon.com": 1},
    "glance_sport": {"espn.com": 1},
    "mixed_leisure": {
        "amazon.com": 3,
        "instagram.com": 3,
        "reddit.com": 1,
        "google.com": 1,
        "porchtalk.example": 1,
    },
    "shopping": {"amazon.com": 4, "ebay.com": 2, "cartlane.example": 1},
    "evening_supplies": {"supplycrate.example": 4, DOMAIN: 3, NEWS[0]: 1},
    "search": {"google.com": 1},
    "open_learning": dict.fromkeys(OPEN_LEARNING, 1) | {"google.com": 6},
}  # fmt: skip

APPROVALS: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    (DOMAIN, "domain", "all", "district site", "2026-07-01", "", "district"),
    ("docs.google.com", "host", "all", "documents", "2026-07-01", "", "sanctioned"),
    ("drive.google.com", "host", "all", "documents", "2026-07-01", "", "sanctioned"),
    ("classroom.google.com", "host", "all", "classes", "2026-07-01", "", "sanctioned"),
    ("mail.google.com", "host", "all", "mail", "2026-07-01", "", "sanctioned"),
    ("www.google.com", "host", "all", "search", "2026-07-01", "", "sanctioned"),
    ("sites.google.com/sampleton", "path_prefix", "all", "class pages",
     "2026-07-01", "", "sanctioned"),
    ("office.com", "domain", "all", "mail and office", "2026-07-01", "", "sanctioned"),
    ("wikipedia.org", "domain", "all", "reference", "2026-07-01", "", "sanctioned"),
    ("khanacademy.org", "domain", "all", "lessons", "2026-07-01", "", "sanctioned"),
    ("linkshield.example", "domain", "all", "mail protection",
     "2026-07-01", "", "sanctioned"),
    ("supplycrate.example", "domain", "staff", "orders", "2026-07-01", "",
     "sanctioned"),
    ("quizlet.com", "domain", "all", "quizzes, license ends", "2026-07-01",
     LAST_QUIZLET_DAY.isoformat(), "sanctioned"),
    ("bookcreator.com", "domain", "all", "books by classes",
     FIRST_BOOKCREATOR_DAY.isoformat(), "2027-06-30", "sanctioned"),
    ("youtube.com", "domain", "teacher|art teacher|librarian|counselor",
     "lesson video", "2026-07-01", "", "sanctioned"),
    ("facebook.com", "domain", "communications secretary",
     "district page", "2026-07-01", "", "sanctioned"),
    ("pinterest.com", "domain", "art teacher", "examples for classes",
     "2026-07-01", "2027-06-30", "sanctioned"),
    *((domain, "domain", "all", "lessons", "2026-07-01", "", "sanctioned")
      for domain in APPROVED_LEARNING),
)  # fmt: skip
"""Pattern, match, roles, purpose, first day, last day, class."""
SUPPORTS = (
    ("wikimedia.org", "wikipedia.org"),
    ("kastatic.org", "khanacademy.org"),
    ("ytimg.com", "youtube.com"),
    ("googlevideo.com", "youtube.com"),
)
"""Domains that serve an approved site, and that site's pattern."""


@dataclass(frozen=True, slots=True)
class Site:
    """One site.

    Attributes:
        category: Its true category; empty if no list has it.
        hosts: Hosts of its pages, the main one first.
        assets: Hosts that its pages load besides the usual third parties.
        weight: Typical bytes of a page tunnel.
    """

    domain: str
    category: str
    hosts: tuple[str, ...]
    assets: tuple[str, ...] = ()
    weight: float = 40_000
    has_ads: bool = False
    is_plain: bool = False


def _site(domain: str, category: str, *hosts: str, **more: object) -> Site:
    return Site(domain, category, hosts or (f"www.{domain}",), **more)  # type: ignore[arg-type]


_KNOWN = (
    _site(DOMAIN, "education", f"www.{DOMAIN}", f"portal.{DOMAIN}", f"grades.{DOMAIN}"),
    _site("google.com", "search", "docs.google.com", "classroom.google.com",
          "drive.google.com", "mail.google.com", "www.google.com"),
    _site("office.com", "business", "www.office.com", "outlook.office.com"),
    _site("wikipedia.org", "education", "en.wikipedia.org",
          assets=("upload.wikimedia.org",)),
    _site("khanacademy.org", "education", assets=("cdn.kastatic.org",)),
    _site("quizlet.com", "education", "quizlet.com", has_ads=True),
    _site("bookcreator.com", "education", "app.bookcreator.com"),
    _site("youtube.com", "streaming", "www.youtube.com", weight=2_500_000,
          assets=("i.ytimg.com", "rr3---sn.googlevideo.com")),
    _site("facebook.com", "social", "www.facebook.com", "edge-chat.facebook.com",
          assets=("static.xx.fbcdn.net", "scontent.xx.fbcdn.net"), weight=90_000),
    _site("instagram.com", "social", assets=("static.cdninstagram.com",),
          weight=90_000),
    _site("snapchat.com", "social", "web.snapchat.com", weight=60_000),
    _site("reddit.com", "social", "www.reddit.com", "gql.reddit.com",
          assets=("i.redd.it", "www.redditstatic.com"), has_ads=True),
    _site("pinterest.com", "social", assets=("i.pinimg.com",), weight=120_000),
    _site("amazon.com", "shopping", assets=("m.media-amazon.com",), has_ads=True),
    _site("ebay.com", "shopping", assets=("i.ebayimg.com",), has_ads=True),
    _site("etsy.com", "shopping", assets=("i.etsystatic.com",)),
    _site("espn.com", "sports", "www.espn.com", "site.api.espn.com",
          assets=("a.espncdn.com",), has_ads=True),
    _site("netflix.com", "streaming", "www.netflix.com", weight=9_000_000,
          assets=("assets.nflxext.com",)),
    _site("twitch.tv", "streaming", "www.twitch.tv", "video-weaver.twitch.tv",
          weight=7_000_000),
    _site("zillow.com", "real_estate", has_ads=True),
    _site("anydesk.com", "remote_access", "relay.anydesk.com"),
    _site("weather.com", "news", has_ads=True),
    _site(LESSON_BLOG, "", LESSON_BLOG),
    _site("linkshield.example", "business", "go.linkshield.example"),
    _site("supplycrate.example", "business", "www.supplycrate.example"),
)  # fmt: skip


def make_sites() -> tuple[Site, ...]:
    """Return every site, in an order that does not change."""
    learning = [
        _site(
            domain,
            "education" if domain in APPROVED_LEARNING else "",
            f"www.{domain}",
            f"app.{domain}",
            is_plain=number % 9 == 0,
        )
        for number, domain in enumerate(LEARNING)
    ]
    pastimes = [
        _site(domain, category, f"www.{domain}", f"m.{domain}", has_ads=True)
        for domain, category in PASTIMES
    ]
    news = [_site(domain, "news", has_ads=True) for domain in NEWS]
    return (*_KNOWN, *learning, *pastimes, *news)


def taste(name: str) -> Taste:
    """Return a taste by name; a name with a dot is that site alone."""
    if "+" in name:
        return dict.fromkeys(name.split("+"), 1.0)
    return {name: 1.0} if "." in name else TASTES[name]
