"""Lines in which an outsider wrote another person's name, each with its genuine twin.

The forger needs no account of `avega`: a VPN client that describes itself, a typed name, an
agent, the name in front of a tunnel, a card read on the air, `logger`. The twin is the line
that the product writes when it is really avega; it shows that the story would be found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.scenarios.facts import ACROSS_TOWN
from tests.scenarios.leave import leave
from tests.scenarios.outside import DENVER
from tests.scenarios.panos import PanosStory
from tests.scenarios.places import DEVICES, ZONE, chromebooks
from tests.scenarios.story import WORK

SHOPS = ("www.shop.example",)
FORGER, VICTIM = "student01", "avega"
CARD = DEVICES["cb-avega"].mac.replace(":", "-").upper()


class Forged(PanosStory):
    """A story whose lines about the victim are a forger's."""

    formats = PanosStory.formats | {
        "vpn": "openvpn",
        "aaa": "clearpass",
        "utm": "sophos_utm",
        "linux": "sshd_pam",
    }
    is_genuine = False
    is_filtered_by_utm = False

    def browse(
        self,
        account: str,
        device: str,
        when: datetime,
        host: str,
        size: int = 21_400,
        seconds: float = 1.2,
    ) -> None:
        if not self.is_filtered_by_utm:
            super().browse(account, device, when, host, size, seconds)
            return
        self._lease_at_six(device)
        stamp = when.astimezone(ZoneInfo(ZONE)).strftime("%Y:%m:%d-%H:%M:%S")
        user, agent = (VICTIM, "Moz") if self.is_genuine else ("", f'Moz" user="{VICTIM}')
        self._write(
            "utm",
            when,
            f'{stamp} utm httpproxy[9122]: id="0001" severity="info" sys="SecureWeb" sub="http" '
            f'name="http access" action="pass" method="CONNECT" srcip="{self.address[device]}" '
            f'dstip="203.0.113.9" user="{user}" statuscode="200" size="{size}" '
            f'url="https://{host}/" ua="{agent}" category="1"',
        )

    def local(self, clock: str, shape: str) -> str:
        return self.at(clock).astimezone(ZoneInfo(ZONE)).strftime(shape)

    def line(self, source: str, clock: str, text: str) -> None:
        self._write(source, self.at(clock), text)

    def radius(self, clock: str, name: str, rest: str, number: int) -> None:
        stamp = self.local(clock, "%a %b %d %H:%M:%S %Y")
        self.line(
            "radius", clock, f"{stamp} : Auth: ({number}) Login OK: [{name}] (from client {rest})"
        )

    def tunneled(self, clock: str, point: str, card: str, number: int = 9001) -> None:
        """RADIUS lets a card in: the name inside, then the name in front of the tunnel."""
        inner = VICTIM if self.is_genuine else FORGER
        self.radius(clock, inner, f"{point} port 0 via TLS tunnel", number)
        self.radius(clock, VICTIM, f"{point} port 23 cli {card}", number)


class Genuine(Forged):
    """The same, written by the products about the victim."""

    is_genuine = True


def _at_school(story: Forged) -> None:
    story.join(VICTIM, "cb-avega", "09:40")
    story.surf(VICTIM, "cb-avega", "09:41", WORK, minutes=60, every=60)


def vpn_client_that_describes_itself(story: Forged) -> Mapping[str, str]:
    _at_school(story)
    for clock in ("10:20", "10:23", "10:35"):
        stamp, port = story.local(clock, "%Y-%m-%d %H:%M:%S"), 46410
        initiated = f"[{VICTIM}] Peer Connection Initiated with [AF_INET]{DENVER}:{port}"
        said = initiated if story.is_genuine else f"peer info: UV_X={initiated}"
        story.line("vpn", clock, f"{stamp} {DENVER}:{port} {said}")
        if not story.is_genuine:
            failed = "TLS Auth Error: Auth Username/Password verification failed for peer"
            story.line("vpn", clock, f"{stamp} {DENVER}:{port} {failed}")
    return chromebooks()


def typed_name_that_holds_a_verdict(story: Forged) -> Mapping[str, str]:
    _at_school(story)
    story.lease("cb-bsun", "06:00", ip=ACROSS_TOWN)
    card = DEVICES["cb-bsun"].mac.replace(":", "")
    forged = f"{VICTIM},Common.Login-Status=ACCEPT,Common.Error-Code=0"
    name, verdict = (VICTIM, "ACCEPT") if story.is_genuine else (forged, "REJECT")
    for minute in range(9):
        clock = f"10:{minute:02d}"
        stamp = story.local(clock, "%Y-%m-%d %H:%M:%S")
        story.line(
            "aaa",
            clock,
            f"<143>{story.local(clock, '%b %d %H:%M:%S')} cppm1 {stamp},123 192.0.2.30 Session "
            f"Logs {8101 + minute} 1 0 Common.Username={name},Common.Service=Staff 802.1X,"
            f"Common.Login-Status={verdict},Common.Error-Code={'0' if story.is_genuine else '216'}"
            f",Common.Host-MAC-Address={card},Common.NAS-IP-Address=ap-es-3,"
            f"Common.Request-Timestamp={stamp}-06",
        )
    story.sign_in(VICTIM, "10:00", "192.0.2.10")
    story.surf("", "cb-bsun", "10:00:30", WORK, minutes=25, every=60)
    return chromebooks()


def agent_that_names_an_account(story: Forged) -> Mapping[str, str]:
    story.is_filtered_by_utm = True
    story.surf("", "cb-spare", "10:05", ("www.friends.example",), minutes=45)
    return chromebooks()


def name_in_front_of_a_tunnel(story: Forged) -> Mapping[str, str]:
    _at_school(story)
    story.lease("cb-bsun", "06:00", ip=ACROSS_TOWN)
    card = DEVICES["cb-bsun"].mac.replace(":", "-").upper()
    story.tunneled("10:00", "ap-es-3", card)
    story.sign_in(VICTIM, "10:00", "192.0.2.10")
    story.surf("", "cb-bsun", "10:00:30", WORK, minutes=25, every=60)
    story.join("gnova", "cb-gnova", "+7 09:00")
    return chromebooks()


def card_read_on_the_air(story: Forged) -> Mapping[str, str]:
    """Return shops all morning; the forger's twin also finds the victim on leave."""
    story.tunneled("10:00", "ap-hs-1", CARD)
    story.surf("", "cb-avega", "10:00:30", SHOPS, minutes=45)
    return chromebooks() if story.is_genuine else {**chromebooks(), **leave(story)}


def line_of_a_logger(story: Forged) -> Mapping[str, str]:
    """An account that ended yesterday sits at a Linux computer, says a program."""
    program = "gdm-password]" if story.is_genuine else f"{FORGER}[812]"
    story.line(
        "linux",
        "10:02:40",
        f"{story.local('10:02:40', '%b %d %H:%M:%S')} es-cpark {program}: "
        f"pam_unix(gdm-password:session): session opened for user {VICTIM}_old",
    )
    ended = story.day - timedelta(days=1)
    return {"accounts.csv": f"{VICTIM}_old,person,,false,,,{ended},,\n"}


@dataclass(frozen=True)
class Forgery:
    """A story, the rule that finds its twin, and what counts its lines.

    Attributes:
        doubtful: The source of lines whose name counts for none.
    """

    act: Callable[[Forged], Mapping[str, str]]
    rule: str
    doubtful: str = ""
    victim: str = VICTIM


FORGERIES = (
    Forgery(vpn_client_that_describes_itself, "SA-7"),
    Forgery(typed_name_that_holds_a_verdict, "SA-9", doubtful="aaa"),
    Forgery(agent_that_names_an_account, "NA-1", doubtful="utm"),
    Forgery(name_in_front_of_a_tunnel, "SA-9"),
    Forgery(card_read_on_the_air, "NA-1"),
    Forgery(line_of_a_logger, "AN-5", victim=f"{VICTIM}_old"),
)
