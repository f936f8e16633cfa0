"""An account that signed in from two far places."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always, fact
from pipelines.findings.rules._words import ACCOUNT, counted


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} signed in from two places about "
        f"{int(details.get('kilometres') or 0):,} km apart within "
        f"{counted(details, 'minutes', 'minute')}."
    )


RULE = Rule(
    name="signed_in_too_far_apart",
    code="SA-7",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "A phone's network, a relay or a service that stands for many",
            fact(
                "is_kind_known",
                "a list names both kinds of network; such kinds are left out",
                "no list tells what kind of network one of the two is",
            ),
        ),
        (
            "A list that has an address in the wrong place",
            fact(
                "is_place_sure",
                "the distance is what is left when both places' radius is taken off",
                "the list does not say how exact a place is",
            ),
        ),
        (
            "A place that colleagues sign in from too",
            always("far places that several accounts use in a month are left out"),
        ),
        (
            "A sign-in that came to nothing",
            fact(
                "is_used_known",
                "something more came from each of the two addresses within the hour",
                "from one of the two addresses nothing more was seen",
            ),
        ),
        (
            "A programme that renews a sign-in",
            always("only sign-ins of a person count, no renewals"),
        ),
    ),
    would_change=(
        "another place or kind of network for one of the addresses",
        "an entry for the address among those that stand for many",
    ),
)
