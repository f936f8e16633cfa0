"""The OneRoster CSV files (1.1 and 1.2) and the columns of them that are read."""

from pipelines.registry.shapes import Cell, File

_TEXT = Cell("")
_ID = Cell("", required=True)
USERS = File(
    "users.csv",
    {
        "sourcedId": _ID,
        **dict.fromkeys(
            (
                "status", "dateLastModified", "enabledUser", "orgSourcedIds",
                "primaryOrgSourcedId", "role", "username", "givenName", "familyName",
                "preferredGivenName", "email", "grades", "metadata.jobTitle",
                "metadata.validFrom", "metadata.validTo",
            ),
            _TEXT,
        ),
    },
    "no account has a known owner: nothing is said about persons",
    is_open=True,
)  # fmt: skip
ROLES = File(
    "roles.csv",
    {
        "userSourcedId": _ID,
        "role": _ID,
        **dict.fromkeys(
            ("status", "roleType", "orgSourcedId", "beginDate", "endDate"), _TEXT
        ),
    },
    "",
    is_open=True,
)
MANIFEST = File("manifest.csv", {"propertyName": _ID, "value": _TEXT}, "", is_open=True)
ORGS = File(
    "orgs.csv",
    {
        "sourcedId": _ID,
        **dict.fromkeys(
            ("status", "name", "type", "identifier", "parentSourcedId"), _TEXT
        ),
    },
    "people have no building",
    is_open=True,
)
