"""Scenarios of accounts used from outside: tunnels, sign-ins, hotspots, relays."""

import json

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story

HOME, PHONE = "203.0.113.20", "203.0.113.150"
DENVER, NOBODY_KNOWS = "198.51.100.200", "192.0.2.77"
CLINTON = "192.0.2.140"


def _through_a_tunnel(story: Story, remote_ip: str) -> None:
    """The laptop, in use through a tunnel at ten."""
    story.tunnel("bsun", "nb-bsun", "09:55", remote_ip)
    story.logon("bsun", "nb-bsun", "09:56", "cached")
    story.surf("bsun", "nb-bsun", "10:00:20", WORK, minutes=25, every=50)


def _at_the_desk(story: Story) -> None:
    story.logon("bsun", "hs-bsun", "07:41")
    story.unlock("bsun", "hs-bsun", "09:50")
    story.surf("bsun", "hs-bsun", "10:00", WORK, minutes=25, every=55)


def at_the_desk_and_in_denver(story: Story) -> None:
    _at_the_desk(story)
    _through_a_tunnel(story, DENVER)


def at_the_desk_and_nobody_knows_where(story: Story) -> None:
    """No list shows what kind of network the tunnel came from."""
    _at_the_desk(story)
    _through_a_tunnel(story, NOBODY_KNOWS)


def laptop_on_the_phones_hotspot(story: Story) -> None:
    """The laptop lies next to the desk; the phone brings it to the tunnel."""
    _at_the_desk(story)
    _through_a_tunnel(story, PHONE)


def idle_tunnel_of_the_laptop_at_home(story: Story) -> None:
    _at_the_desk(story)
    story.tunnel("bsun", "nb-bsun", "07:00", HOME)
    story.logon("bsun", "nb-bsun", "07:01", "cached")
    for host in ("mail.school.example", "lms.example"):
        story.tick("bsun", "nb-bsun", "07:30", host, minutes=240)


def desk_worked_at_from_home(story: Story) -> None:
    """Remote desktop into the own desk, some pages on the laptop itself."""
    _through_a_tunnel(story, HOME)
    story.logon("bsun", "hs-bsun", "09:57", "remote")
    story.surf("bsun", "hs-bsun", "10:00", WORK, minutes=25, every=55)


def home_line_then_hotspot(story: Story) -> None:
    """At home in the evening; the second tunnel is mapped to Chicago."""
    story.tunnel("bsun", "nb-bsun", "18:40", HOME)
    story.logon("bsun", "nb-bsun", "18:41", "cached")
    story.surf("bsun", "nb-bsun", "18:42", WORK, minutes=20)
    story.tunnel("bsun", "nb-bsun", "19:05", PHONE)
    story.surf("bsun", "nb-bsun", "19:06", WORK, minutes=20)


def _known_at_home(story: Story, account: str = "avega") -> None:
    """Twelve sign-ins from home the day before."""
    for number in range(12):
        story.sign_in(account, f"-1 {8 + number:02d}:10", HOME)


def signed_in_at_home_and_in_denver(story: Story) -> None:
    """Forty minutes apart; each is followed by more from there."""
    _known_at_home(story)
    for clock, ip in (("17:00", HOME), ("17:10", HOME)):
        story.sign_in("avega", clock, ip)
    for clock, ip in (("17:50", DENVER), ("18:05", DENVER)):
        story.sign_in("avega", clock, ip)


def signed_in_once_from_denver(story: Story) -> None:
    """Nothing followed: a lead at most."""
    _known_at_home(story)
    for clock, ip in (("17:00", HOME), ("17:10", HOME), ("17:50", DENVER)):
        story.sign_in("avega", clock, ip)


def a_course_in_denver(story: Story) -> None:
    """Three colleagues are there; someone at home signs in for the owner's class."""
    _known_at_home(story)
    for colleague in ("bsun", "cpark", "dkim"):
        story.sign_in(colleague, "-1 09:00", DENVER)
    for clock, ip in (("17:00", HOME), ("17:10", HOME)):
        story.sign_in("avega", clock, ip)
    for clock, ip in (("17:50", DENVER), ("18:05", DENVER)):
        story.sign_in("avega", clock, ip)


class OktaStory(Story):
    """A story in which Okta writes the sign-ins: a push is not a part of their lines."""

    formats = Story.formats | {"cloud": "okta"}
    target = ""

    def factor(self, by: str, account: str, clock: str, ip: str, change: str) -> None:
        """Write a factor of an account that was activated or reset."""
        self.target = account
        self._event(by, clock, ip, f"user.mfa.factor.{change}", "SUCCESS")

    def sign_in(self, account: str, clock: str, ip: str) -> None:
        self._event(account, clock, ip, "user.session.start", "SUCCESS")

    def push(self, account: str, clock: str, ip: str, answer: str) -> None:
        """Write what the phone answered, a denial twice, and the session that it opened."""
        response = {"accepted": "APPROVE", "denied": "DENY"}.get(answer)
        debug = {"factor": "OKTA_VERIFY_PUSH"}
        if response:
            debug["pushOnlyResponseType"] = f"OV_RESPONSE_{response}"
        if answer == "denied":
            self._event(account, clock, ip, "user.mfa.okta_verify.deny_push", "SUCCESS")
        result = "SUCCESS" if answer == "accepted" else "FAILURE"
        self._event(account, clock, ip, "user.authentication.auth_via_mfa", result, **debug)
        if answer == "accepted":
            self.sign_in(account, clock, ip)

    def _event(
        self, account: str, clock: str, ip: str, kind: str, result: str, **debug: str
    ) -> None:
        self._records += 1
        line = {
            "actor": {"alternateId": self.spell(account), "id": "00u1", "type": "User"},
            "client": {"ipAddress": ip},
            "debugContext": {"debugData": debug},
            "eventType": kind,
            "outcome": {"reason": None, "result": result},
            "published": self.at(clock).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "uuid": f"u{self._records}",
        }
        if kind.startswith("user.mfa.factor."):
            target = {"alternateId": self.spell(self.target), "type": "User"}
            line |= {"target": [target]}
        self._write("cloud", self.at(clock), json.dumps(line, separators=(",", ":")))


def _asked(story: Story, ip: str, *answers: str) -> None:
    """Write a push every two minutes from ten past seven in the evening."""
    _known_at_home(story)
    for number, answer in enumerate(answers):
        story.push("avega", f"19:{10 + 2 * number}", ip, answer)


def persuaded_the_help_desk(story: OktaStory, enrolled_at: str = DENVER) -> None:
    """A caller has the factors reset, enrolls a phone in Denver, and signs in from there."""
    _known_at_home(story)
    story.factor("bsun", "avega", "19:00", HOME, "reset_all")
    story.factor("avega", "avega", "19:20", enrolled_at, "activate")
    for clock in ("19:25", "19:31"):
        story.sign_in("avega", clock, enrolled_at)


def new_phone_at_home(story: OktaStory) -> None:
    """The owner calls the help desk, and enrolls the new phone at home."""
    persuaded_the_help_desk(story, HOME)


def new_phone_without_a_reset(story: OktaStory) -> None:
    """The owner enrolls a second phone on a trip."""
    _known_at_home(story)
    story.factor("avega", "avega", "19:20", DENVER, "activate")
    story.sign_in("avega", "19:25", DENVER)


def two_homes_by_turns(story: Story, other: str = CLINTON) -> None:
    """The account is used in two homes, 40 km apart, in the same half hour."""
    _known_at_home(story)
    for number in range(6):
        story.sign_in("avega", f"19:{2 + 4 * number:02d}", other if number % 2 else HOME)


def home_and_the_phones_carrier(story: Story) -> None:
    two_homes_by_turns(story, PHONE)


def gave_in_after_five_pushes(story: Story) -> None:
    """A person in Denver has the password; the owner accepts the sixth push."""
    answers = ("denied", "unanswered", "denied", "denied", "unanswered", "accepted")
    _asked(story, DENVER, *answers)


def phone_without_a_signal(story: Story) -> None:
    """The owner arrived in Denver: no push was denied."""
    _asked(story, DENVER, *["unanswered"] * 5, "accepted")


def wrong_button_twice(story: Story) -> None:
    _asked(story, DENVER, "denied", "denied", "accepted")


def never_gave_in(story: Story) -> None:
    _asked(story, DENVER, *["denied"] * 8)


def wrong_button_at_home(story: Story) -> None:
    _asked(story, HOME, *["denied"] * 5, "accepted")


SCENARIOS = (
    Scenario(
        "S22",
        at_the_desk_and_in_denver,
        ("SA-6", "SA-7"),
        "bsun",
        severity="high",
        cites=("proxy", "windows", "dhcp", "firewall"),
        witness="keyboard",
    ),
    Scenario("S22a", at_the_desk_and_nobody_knows_where, leads=("SA-6",)),
    Scenario("S22b", laptop_on_the_phones_hotspot),
    Scenario("S22c", desk_worked_at_from_home),
    Scenario("S23", idle_tunnel_of_the_laptop_at_home),
    Scenario("S24", home_line_then_hotspot),
    Scenario(
        "S76",
        signed_in_at_home_and_in_denver,
        ("SA-7",),
        "avega",
        severity="medium",
        cites=("cloud",),
        witness="nothing",
    ),
    Scenario("S76a", signed_in_once_from_denver, leads=("SA-7",)),
    Scenario("S76b", a_course_in_denver),
    Scenario(
        "S140",
        gave_in_after_five_pushes,
        ("AN-23",),
        "avega",
        severity="medium",
        cites=("cloud",),
        least_lines=6,
    ),
    Scenario("S140a", phone_without_a_signal, leads=("AN-23",)),
    Scenario("S140b", wrong_button_twice),
    Scenario("S140c", never_gave_in),
    Scenario("S140d", wrong_button_at_home),
    Scenario(
        "S141",
        gave_in_after_five_pushes,
        ("AN-23",),
        "avega",
        severity="medium",
        cites=("cloud",),
        least_lines=6,
        words=OktaStory,
    ),
    Scenario("S141a", wrong_button_twice, words=OktaStory),
    Scenario(
        "S142",
        persuaded_the_help_desk,
        ("AN-24",),
        "avega",
        severity="medium",
        cites=("cloud",),
        least_lines=3,
        words=OktaStory,
    ),
    Scenario("S142a", new_phone_at_home, words=OktaStory),
    Scenario("S142b", new_phone_without_a_reset, words=OktaStory),
    Scenario(
        "S143",
        two_homes_by_turns,
        ("SA-11",),
        "avega",
        severity="medium",
        cites=("cloud",),
        least_lines=4,
    ),
    Scenario("S143a", home_and_the_phones_carrier),
)
