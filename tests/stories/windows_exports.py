"""Writers of Windows events whose account is only in the English message."""

import json
from collections.abc import Sequence
from datetime import UTC

from tests.formats.evtx_writer import event, evtx_file
from tests.stories.facts import Fact, dumped, local, utc

LOGON, FAILED, LOGOFF, TICKET, LOCK, UNLOCK = 4624, 4625, 4634, 4768, 4800, 4801
TITLES = {
    LOGON: "An account was successfully logged on.",
    FAILED: "An account failed to log on.",
    LOGOFF: "An account was logged off.",
    TICKET: "A Kerberos authentication ticket (TGT) was requested.",
    LOCK: "The workstation was locked.",
    UNLOCK: "The workstation was unlocked.",
}
CATEGORIES = {
    LOGON: "Logon",
    FAILED: "Logon",
    LOGOFF: "Logoff",
    TICKET: "Kerberos Authentication Service",
    LOCK: "Other Logon/Logoff Events",
    UNLOCK: "Other Logon/Logoff Events",
}
AT_KEYBOARD = ("2", "7", "11")
PROVIDER = "Microsoft-Windows-Security-Auditing"

VIEWER_COLUMNS = ("Keywords,Date and Time,Source,Event ID,Task Category",)
POWERSHELL_COLUMNS = (
    (
        '"Message","Id","Version","RecordId","ProviderName","LogName","ProcessId",'
        '"MachineName","UserId","TimeCreated","LevelDisplayName"'
    ),
)


def message(fact: Fact) -> str:
    """Return the text that Event Viewer shows, in the sections of the event."""
    account = (
        f"\tSecurity ID:\t\tS-1-5-21-1-2-3-{1000 + len(fact.name)}\n"
        f"\tAccount Name:\t\t{fact.data['TargetUserName']}\n"
        f"\tAccount Domain:\t\t{fact.data['TargetDomainName']}\n"
    )
    kind = fact.data.get("LogonType", "")
    workstation = fact.data.get("WorkstationName", "-")
    if kind in AT_KEYBOARD:
        workstation = fact.machine.upper()
    network = (
        f"Network Information:\n\tWorkstation Name:\t{workstation}\n"
        f"\tSource Network Address:\t{fact.data.get('IpAddress', '-')}\n\tSource Port:\t\t0\n"
    )
    computer = (
        f"Subject:\n\tSecurity ID:\t\tS-1-5-18\n\tAccount Name:\t\t{fact.machine.upper()}$\n"
        "\tAccount Domain:\t\tEXAMPLE\n\tLogon ID:\t\t0x3E7\n"
    )
    session = f"\tLogon ID:\t\t0x{fact.number:X}\n"
    failure = (
        "Failure Information:\n\tFailure Reason:\t\tUnknown user name or bad password.\n"
        f"\tStatus:\t\t\t0xC000006D\n\tSub Status:\t\t{fact.data.get('SubStatus', '0x0')}\n"
    )
    ticket = (
        f"Account Information:\n\tAccount Name:\t\t{fact.data['TargetUserName']}\n"
        "\tSupplied Realm Name:\tEXAMPLE\n\tUser ID:\t\t\tS-1-5-21-1-2-3-1131\n"
    )
    client = (
        f"Network Information:\n\tClient Address:\t\t{fact.data.get('IpAddress')}\n"
        "\tClient Port:\t\t50113\n"
    )
    result = "Additional Information:\n\tTicket Options:\t\t0x40810010\n\tResult Code:\t\t0x0\n"
    sections = {
        LOGON: (
            computer,
            f"Logon Information:\n\tLogon Type:\t\t{kind}\n",
            f"New Logon:\n{account}{session}",
            network,
        ),
        FAILED: (
            computer,
            f"Logon Type:\t\t\t{kind}\n",
            f"Account For Which Logon Failed:\n{account}",
            failure,
            network,
        ),
        LOGOFF: (f"Subject:\n{account}{session}", f"Logon Type:\t\t\t{kind}\n"),
        TICKET: (ticket, "Service Information:\n\tService Name:\t\tkrbtgt\n", client, result),
    }
    parts = sections.get(fact.code, (f"Subject:\n{account}{session}",))
    return "\n".join((f"{TITLES[fact.code]}\n", *parts)).rstrip("\n")


def quoted(value: str) -> str:
    """Return a value of CSV in quotes."""
    return '"' + value.replace('"', '""') + '"'


def clock(fact: Fact) -> str:
    at = local(fact.when, "%m/%d/%Y %I:%M:%S %p")
    return at.replace("/0", "/").removeprefix("0").replace(" 0", " ")


def audit(fact: Fact) -> str:
    return "Failure" if fact.code == FAILED else "Success"


def event_viewer(fact: Fact) -> list[str]:
    """Return *Save All Events As* CSV, which names no computer."""
    row = (f"Audit {audit(fact)}", clock(fact), PROVIDER, str(fact.code), CATEGORIES[fact.code])
    return [",".join((*row, quoted(message(fact))))]


def powershell_csv(fact: Fact) -> list[str]:
    """Return `Get-WinEvent | Export-Csv`."""
    computer = f"{fact.machine.upper()}.school.example"
    row = (
        message(fact), str(fact.code), "2", str(fact.number), PROVIDER, "Security", "700",
        computer, "", clock(fact), "Information",
    )  # fmt: skip
    return [",".join(map(quoted, row))]


def powershell_json(fact: Fact) -> list[str]:
    """Return `Get-WinEvent | ConvertTo-Json`, of Windows PowerShell."""
    milliseconds = int(fact.when.astimezone(UTC).timestamp() * 1_000)
    return [
        dumped(
            Id=fact.code,
            Version=2,
            RecordId=fact.number,
            ProviderName=PROVIDER,
            LogName="Security",
            MachineName=f"{fact.machine.upper()}.school.example",
            TimeCreated=f"/Date({milliseconds})/",
            Message=message(fact).replace("\n", "\r\n"),
        )
    ]


def evtx(fact: Fact) -> list[str]:
    """Return an event of `Security.evtx`, as `evtx_file` takes it."""
    computer = f"{fact.machine.upper()}.school.example"
    at = utc(fact.when, "%Y-%m-%dT%H:%M:%S.%f+00:00")
    return [json.dumps(event(at, fact.code, computer, dict(fact.data)))]


def security_evtx(lines: Sequence[str]) -> bytes:
    """Return the binary file of such events."""
    return evtx_file([json.loads(line) for line in lines])


def snare(fact: Fact) -> list[str]:
    """Return the agent's columns; each line end and tab of the message became a blank."""
    computer = fact.machine.upper()
    text = message(fact).replace("\n", "  ").replace("\t", " ")
    columns = (
        computer, "MSWinEventLog", "1", "Security", str(fact.number),
        local(fact.when, "%a %b %d %H:%M:%S %Y"), str(fact.code), PROVIDER, "N/A", "N/A",
        f"{audit(fact)} Audit", f"{computer}.school.example", CATEGORIES[fact.code], "", text,
        str(fact.number),
    )  # fmt: skip
    return ["\t".join(columns)]
