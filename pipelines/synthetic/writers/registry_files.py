"""Headers of the registry files, and rows that are the same in every district."""

from collections.abc import Mapping, Sequence

Row = Mapping[str, str]

COLUMNS: Mapping[str, Sequence[str]] = {
    "users.csv": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds",
        "role", "username", "userIds", "givenName", "familyName", "middleName",
        "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
        "metadata.jobTitle",
    ),
    "orgs.csv": (
        "sourcedId", "status", "dateLastModified", "name", "type", "identifier",
        "parentSourcedId",
    ),
    "accounts.csv": (
        "username", "account_type", "owner_person_id", "approved_shared", "aliases",
        "valid_from", "valid_to", "note", "used_in",
    ),
    "buildings.csv": ("org_id", "building", "lat", "lon", "campus"),
    "subnets.csv": ("cidr", "building", "kind"),
    "devices.csv": (
        "hostname", "mac", "device_class", "assigned_to", "building", "pool",
        "static_ip",
    ),
    "approved_sites.csv": (
        "entry_id", "pattern", "match", "roles", "purpose", "consent_by", "valid_from",
        "valid_to", "class", "clause", "supports",
    ),
    "site_categories.csv": ("domain", "category", "source"),
    "calendar.csv": (
        "date", "day_type", "duty_start", "duty_end", "note", "building",
        "declared_at",
    ),
    "staff_duty.csv": (
        "person_id", "date_from", "date_to", "weekday", "start_local", "end_local",
        "building", "kind",
    ),
    "leave.csv": ("person_id", "date", "part", "kind", "status",
                  "substitute_person_id"),
    "consents.csv": (
        "consent_id", "type", "grantor", "grantor_role", "subject", "what", "why",
        "clause", "valid_from", "valid_to", "review_by", "document",
    ),
    "exceptions.csv": (
        "exception_id", "rule", "scope", "value", "reason", "approver", "valid_from",
        "valid_to",
    ),
    "expected_traffic.csv": (
        "expected_id", "kind", "log", "device", "destination", "every_days",
        "least_megabytes",
    ),
    "ip_geo.csv": ("cidr", "country", "city", "lat", "lon", "network_type"),
    "egress.csv": ("cidr", "meaning"),
}  # fmt: skip
"""Header of each file."""

FIXED: Mapping[str, Sequence[Row]] = {
    "ip_geo.csv": (
        {"cidr": "203.0.113.0/25", "country": "US", "city": "Sampleton",
         "lat": "41.70", "lon": "-93.05", "network_type": "residential"},
        {"cidr": "203.0.113.128/26", "country": "US", "city": "Chicago",
         "lat": "41.88", "lon": "-87.63", "network_type": "mobile"},
        {"cidr": "198.51.100.192/27", "country": "US", "city": "Denver",
         "lat": "39.74", "lon": "-104.99", "network_type": "residential"},
        {"cidr": "198.51.100.224/27", "country": "US", "city": "Ashburn",
         "lat": "39.04", "lon": "-77.49", "network_type": "hosting"},
        {"cidr": "2001:db8:5::/48", "country": "US", "city": "Sampleton",
         "lat": "41.70", "lon": "-93.05", "network_type": "residential"},
    ),
    "egress.csv": (
        {"cidr": "198.51.100.0/28", "meaning": "district NAT"},
        {"cidr": "10.99.0.0/18", "meaning": "VPN pool"},
        {"cidr": "10.14.241.13/32", "meaning": "proxy"},
    ),
}  # fmt: skip
