"""What `schoolbell init` writes: a commented settings file, headers with examples."""

import csv
import io
import json
from collections.abc import Mapping

from pipelines.district.files import FILES
from pipelines.district.settings_model import Settings
from pipelines.district.settings_text import documented

_USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,"
    "userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password,metadata.jobTitle\n"
    "# p-1001,active,2026-08-01,true,org-hs,teacher,asample,,Ada,Sample,,,"
    "asample@school.example,,,,,,science teacher\n"
)
_ORGS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "# org-hs,active,2026-08-01,Sample High School,school,HS,\n"
)


def registry_files() -> Mapping[str, str]:
    """Each registry file with its header and one example, commented out."""
    texts = {"users.csv": _USERS, "orgs.csv": _ORGS}
    for name, file in FILES.items():
        shipped = {key: cell for key, cell in file.columns.items() if cell.shipped}
        example = _row([cell.example for cell in shipped.values()])
        texts[name] = f"{_row(list(shipped))}\n# {example}\n"
    return texts


def settings_text(*, name: str, zone: str, account_domains: tuple[str, ...]) -> str:
    """A `district.toml` in which every setting stands with its meaning."""
    known = {
        "district.name": json.dumps(name, ensure_ascii=False),
        "district.zone": json.dumps(zone),
        "district.account_domains": json.dumps(list(account_domains)),
    }
    return documented(Settings, known)


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
