"""The plan of the lab: who does what when, in stories and their innocent twins.

One minute of the plan is one minute of the lab. The programs keep the machine's clock: no
library stands between them and the time, and the kernel's stamps agree with theirs. The
district's zone is the one in which it is about ten in the morning when the lab begins, and
what is an evening or a last day depends on the registry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.lab.district import FILTERED, OWNERS, RARE_SITES, WORK_SITES

PACE = (1.0, 0.35, 1.9, 0.6, 1.4, 0.8, 2.2, 0.5, 1.1, 1.6, 0.4, 0.9)
RARE_VISITS = 8
DRIFT_AT = 0.55
"""Part of the time after which the filter's clock is wrong."""
PAGES = ("p2", "p4", "p0", "p3", "p6", "p1", "p5", "p0", "p4")


@dataclass(frozen=True, order=True)
class Step:
    """One thing that a person or a device does.

    Attributes:
        at: Seconds after the lab began.
        act: A function of `tests.lab.acts`.
        target: A host, a building, a network or a page.
    """

    at: float
    device: str
    act: str
    account: str = ""
    target: str = ""
    page: str = "p3"
    story: str = ""


@dataclass
class Day:
    """Steps of every device, as stories add them."""

    steps: list[Step] = field(default_factory=list)
    story: str = ""

    def do(
        self,
        minute: float,
        device: str,
        act: str,
        account: str = "",
        target: str = "",
        page: str = "p3",
    ) -> None:
        self.steps.append(Step(minute * 60, device, act, account, target, page, self.story))

    def surf(
        self,
        account: str,
        device: str,
        sites: Sequence[str],
        start: float,
        end: float,
        every: float = 45,
    ) -> None:
        """Open pages of the sites in turn, with uneven pauses and sizes."""
        at, number = start * 60, len(account)
        while at < end * 60:
            host, page = sites[number % len(sites)], PAGES[number % len(PAGES)]
            self.do(at / 60, device, "browse", account, host, page)
            at += every * PACE[number % len(PACE)]
            number += 1

    def works(self, account: str, start: float, end: float, every: float = 55) -> None:
        """Join the network with the own laptop, log on to the domain, and do the job."""
        self.do(start, f"nb-{account}", "join", account)
        self.do(start + 0.12, f"nb-{account}", "logon", account)
        self.surf(account, f"nb-{account}", WORK_SITES, start + 0.3, end, every)
        if OWNERS[account].building != FILTERED:
            self.wander(account, f"nb-{account}", start + 0.6, end)

    def wander(
        self, account: str, device: str, start: float, end: float, *, sites_of: str = ""
    ) -> None:
        """Open some sites that no one else opens, once each."""
        first = RARE_VISITS * [*OWNERS].index(sites_of or account)
        for number, host in enumerate(RARE_SITES[first : first + RARE_VISITS]):
            at = start + (end - start) * number / RARE_VISITS
            self.do(at, device, "browse", account, host, PAGES[number])

    def opens_portal(self, account: str, first: float, end: float) -> None:
        """Open the district's page, which embeds a social site, in a browser."""
        for number in range(3):
            minute = first + (end - first) / 3 * number
            self.do(minute, f"nb-{account}", "chromium", account, "www.school.example", "portal")


@dataclass(frozen=True)
class Pair:
    """A story and its innocent twin.

    Attributes:
        rules: One of them has to report it.
        subject: Account, device or address that a finding may name.
        twin_subject: It must not be named by the rules.
        expected: `found`, `lead`, or `nothing`.
        why: The reason if it is not found.
        is_small: It is part of `make lab-small`.
    """

    title: str
    act: Callable[[Day, float], None]
    rules: tuple[str, ...]
    subject: str
    twin: str
    twin_act: Callable[[Day, float], None]
    twin_subject: str
    expected: str = "found"
    why: str = ""
    is_small: bool = False


def after_drift(end: float) -> tuple[float, float]:
    """Return minutes in which the filter's clock is wrong: rare requests then show it."""
    return end * DRIFT_AT + 0.5, end - 0.5


def two_schools(day: Day, end: float) -> None:
    day.works("avega", 0, end)
    day.do(1.5, "nb-nreed", "join", "avega")
    day.surf("avega", "nb-nreed", WORK_SITES, 1.9, end - 0.5, 45)
    day.wander("avega", "nb-nreed", *after_drift(end), sites_of="nreed")


def drives_over(day: Day, end: float) -> None:
    day.works("ehart", 0, 6.5)
    day.do(7, "nb-ehart", "move", target="CE")
    day.do(12.5, "nb-ehart", "join", "ehart")
    day.surf("ehart", "nb-ehart", WORK_SITES, 12.8, end, 45)


def _joins(day: Day, account: str, devices: Sequence[str]) -> None:
    for number, device in enumerate(devices):
        day.do(0.4 + number * 0.3, device, "join", account)
        day.surf("", device, WORK_SITES[:1], 0.6 + number * 0.3, 1.5, 30)


def role_account(day: Day, end: float) -> None:
    del end
    _joins(day, "coach", ("nb-oquin", "nb-rtodd", "nb-qshaw"))


def approved_account(day: Day, end: float) -> None:
    del end
    _joins(day, "bh-office", ("nb-pruiz", "nb-sward", "nb-tyoun"))


def on_leave(day: Day, end: float) -> None:
    day.works("bsun", 0.5, end)


def leave_called_off(day: Day, end: float) -> None:
    day.works("dkim", 0.5, end)
    day.opens_portal("dkim", 2.5, end - 1)


SHOPS = ("shop.example", "www.friends.example", "www.scores.example")


def _after_duty(day: Day, account: str, end: float) -> None:
    day.do(0.8, f"nb-{account}", "join", account)
    day.surf(account, f"nb-{account}", SHOPS, 1.2, end - 1, 35)


def evening(day: Day, end: float) -> None:
    _after_duty(day, "fito", end)


def extra_duty(day: Day, end: float) -> None:
    day.do(0.8, "nb-gnova", "join", "gnova")
    day.surf("gnova", "nb-gnova", (*WORK_SITES, "news.example"), 1.2, end - 1, 35)


def leisure(day: Day, end: float) -> None:
    day.works("hrios", 0, 3)
    day.surf("hrios", "nb-hrios", ("www.friends.example", "www.friends.example"), 3, end - 3, 30)
    for minute in range(5, int(end) - 4, 3):
        day.do(minute + 0.1, "nb-hrios", "stream", "hrios", "media.friends.example")


def embed(day: Day, end: float) -> None:
    day.do(0, "nb-ijung", "join", "ijung")
    day.wander("ijung", "nb-ijung", *after_drift(end))
    at = 0.4
    for number in range(40):
        day.do(at, "nb-ijung", "browse_embed", "ijung", "www.school.example", PAGES[number % 9])
        at += (41, 88, 23, 67, 120)[number % 5] / 60
        if at > end:
            break


def denied_then_another(day: Day, end: float) -> None:
    day.works("jlowe", 0, 2)
    day.wander("jlowe", "nb-jlowe", *after_drift(end))
    for number in range(5):
        day.do(2.2 + number * 0.35, "nb-jlowe", "browse", "jlowe", "bets.example")
    day.surf("jlowe", "nb-jlowe", ("wagers.example",), 4.5, end - 3, 28)


def denied_only(day: Day, end: float) -> None:
    day.works("kmoss", 0, end)
    day.opens_portal("kmoss", 4.3, end - 1)
    for number in range(5):
        day.do(2.2 + number * 0.35, "nb-kmoss", "browse", "kmoss", "bets.example")


def web_proxy(day: Day, end: float) -> None:
    day.works("lnash", 0, 1)
    day.surf("lnash", "nb-lnash", ("unblock.example",), 1, end - 0.5, 20)


def glance(day: Day, end: float) -> None:
    day.works("tyoun", 2, end)
    for minute in (2.6, 3.3):
        day.do(minute, "nb-tyoun", "browse", "tyoun", "unblock.example")


def vpn_client(day: Day, end: float) -> None:
    day.works("cpark", 0, end)
    day.wander("cpark", "nb-cpark", *after_drift(end))
    for minute in (2, 2.2, 2.4):
        day.do(minute, "nb-cpark", "browse", "cpark", "api.tunnel.example")
    day.do(2.6, "nb-cpark", "busy_tunnel", target="nl3.tunnel.example")


def phones_vpn(day: Day, end: float) -> None:
    del end
    day.do(2.6, "phone-1", "busy_tunnel", target="nl3.tunnel.example")


def near_and_far(day: Day, end: float) -> None:
    day.works("moday", 0.2, end)
    day.do(4.5, "home-pc-1", "tunnel", "moday")
    day.surf("moday", "home-pc-1", WORK_SITES, 5, end, 30)


def hotspot(day: Day, end: float) -> None:
    day.works("sward", 2, end)
    day.do(2.5, "home-pc-2", "tunnel", "sward")
    day.surf("sward", "home-pc-2", WORK_SITES, 3.2, end, 40)


def near_and_far_at_once(day: Day, end: float) -> None:
    day.works("uvoss", 2.2, end)
    day.do(3, "home-pc-3", "tunnel", "uvoss")
    day.surf("uvoss", "home-pc-3", WORK_SITES, 3.5, end, 35)


def idle_tunnel(day: Day, end: float) -> None:
    day.works("wyatt", 2.2, end)
    day.do(3.2, "home-pc-4", "tunnel", "wyatt")
    for minute in range(4, int(end), 4):
        day.do(minute, "home-pc-4", "browse", "wyatt", "mail.example", "p0")


def upload(day: Day, end: float) -> None:
    day.works("qshaw", 2, end)
    for minute in (4, 6, 8):
        day.do(minute, "nb-qshaw", "upload", target="up.lockers.example")


def nightly_copy(day: Day, end: float) -> None:
    del end
    for minute in (4, 6, 8):
        day.do(minute, "nas-1", "upload", target="vault.copies.example")


def scan(day: Day, end: float) -> None:
    day.works("pruiz", 2, end)
    day.do(4, "nb-pruiz", "scan", target="10.22.0.20-179")


def office_scanner(day: Day, end: float) -> None:
    del end
    day.do(5, "scan-1", "scan", target="10.22.0.20-179")


def spray(day: Day, end: float) -> None:
    del end
    for number, account in enumerate(OWNERS):
        day.do(3 + number * 0.3, "attacker", "ssh_wrong", account)


def spray_inside(day: Day, end: float) -> None:
    del end
    for number, account in enumerate([*OWNERS][:16]):
        day.do(5 + number * 0.25, "kiosk-1", "smb_wrong", account)


def mapped_drive(day: Day, end: float) -> None:
    del end
    for number in range(16):
        day.do(5 + number * 0.4, "phone-2", "smb_wrong", "oquin")


def old_password(day: Day, end: float) -> None:
    del end
    for number in range(24):
        day.do(3 + number * 0.35, "phone-1", "join_wrong", "rtodd")


def departed(day: Day, end: float) -> None:
    day.do(0.2, "nb-spare", "join", "leaver")
    day.surf("leaver", "nb-spare", WORK_SITES, 0.5, min(end, 8), 20)


def last_day(day: Day, end: float) -> None:
    day.do(0.2, "nb-spare-2", "join", "retiree")
    day.surf("retiree", "nb-spare-2", WORK_SITES, 0.5, min(end, 8), 20)


PAIRS = (
    Pair("An account in two schools", two_schools, ("SA-1",), "avega",
         "A therapist drives over", drives_over, "ehart"),
    Pair("A role account on three people's laptops", role_account, ("SA-5",), "coach",
         "An account approved for sharing", approved_account, "bh-office", is_small=True),
    Pair("An account in use during leave", on_leave, ("SA-3",), "bsun",
         "Leave that was canceled", leave_called_off, "dkim"),
    Pair("After duty, on shops and friends", evening, ("OH-1",), "fito",
         "Extra duty at the same hour", extra_duty, "gnova"),
    Pair("A social site on duty", leisure, ("NA-1",), "hrios",
         "A page that embeds the same site", embed, "ijung"),
    Pair("A denied site, then another", denied_then_another, ("NA-6",), "jlowe",
         "A denied site, then work", denied_only, "kmoss"),
    Pair("A web proxy", web_proxy, ("NA-3", "NA-1"), "lnash",
         "A glance at the same proxy", glance, "tyoun"),
    Pair("A VPN client next to the proxy", vpn_client, ("NA-3",), "cpark",
         "The same on a private phone", phones_vpn, "phone-1", expected="nothing",
         why="no line of a flow contains the name of its destination"),
    Pair("At the desk and by VPN from a home", near_and_far, ("SA-6",), "moday",
         "At the desk and by a phone's network", hotspot, "sward"),
    Pair("The same, with the VPN login in the desk's first minutes", near_and_far_at_once,
         ("SA-6",), "uvoss", "An idle tunnel at home", idle_tunnel, "wyatt"),
    Pair("An upload outside", upload, ("AN-2",), "nb-qshaw",
         "The server's nightly copy", nightly_copy, "nas-1",
         expected="nothing",
         why="the rule compares with three earlier days, and the lab has one"),
    Pair("A scan of another school", scan, ("AN-20",), "nb-pruiz",
         "The office's scanner", office_scanner, "scan-1"),
    Pair("A password tried on twenty accounts", spray, ("AN-1",), "203.0.113.66",
         "An old password on a phone", old_password, "rtodd"),
    Pair("Passwords tried at the domain controller", spray_inside, ("AN-1",), "kiosk-1",
         "An old password of a network drive", mapped_drive, "oquin"),
    Pair("An account after its last day", departed, ("AN-5",), "leaver",
         "An account on its last day", last_day, "retiree", is_small=True),
)  # fmt: skip


def plan(pairs: Sequence[Pair], end: float) -> list[Step]:
    """Return every step of the stories and their twins, in time order."""
    day = Day()
    for pair in pairs:
        day.story = pair.title
        pair.act(day, end)
        day.story = pair.twin
        pair.twin_act(day, end)
    return sorted(day.steps)
