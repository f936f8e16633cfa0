"""An account in use on site and through a tunnel in turns."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import APPROVED, LIVE, always, fact
from pipelines.findings.rules._words import ACCOUNT, listed


def _claim(details: Details) -> str:
    places = listed(list(details.get("buildings") or ["a building"]))
    kilometres = details.get("kilometres")
    away = f", about {kilometres:,} km away," if kilometres is not None else ""
    return (
        f"Account {ACCOUNT} was in use at {places} and through a tunnel from outside"
        f"{away} in turns: {int(details.get('turns') or 0)} changes "
        "within minutes each."
    )


RULE = Rule(
    name="account_near_and_far",
    code="SA-6",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "An idle tunnel that is always up",
            always("only requests that a person makes count, on both sides"),
        ),
        (
            "A phone's hotspot, a relay or a service that stands for many",
            fact(
                "is_kind_known",
                "a list names the kind of the outside network; such kinds are left out",
                "no list tells what kind of network the tunnel came from",
            ),
        ),
        (
            "A desk that its owner works at from home",
            always("the keyboard was unlocked at the desk; no remote logon there"),
        ),
        LIVE,
        (
            "A clock that is wrong",
            fact(
                "are_clocks_checked",
                "the hosts' clocks were checked against the directory or the tunnel",
                "a host's clock could not be checked",
            ),
        ),
        APPROVED,
    ),
    would_change=(
        "another kind of network for the outside address",
        "a network that the registry puts in the wrong building",
    ),
)
