"""Differences between this project's reading of sample lines and other parsers'."""

from collections.abc import Mapping

Difference = tuple[str, str]
"""A format and the field that differs."""

BUILT = (
    "they use the end that is named first, or a ping's inner one; `outbound` and `inbound` "
    "show which end opened the connection, and for an ended one the server's port"
)
PAYLOAD = "theirs also counts packet headers"
ANSWER = "an answer goes from the server to the client that sent the query"
FIXED_ZONE = "they give every timestamp one fixed offset, regardless of the line's zone"
SINCE = (
    "a line of a continuing session counts the bytes since the line before; theirs is the "
    "total so far, which each later line repeats"
)
STARTED = "they use the timestamp, written at the end, as the beginning"

EXPLAINED: Mapping[Difference, tuple[int, str]] = {
    ("cef", "user_name"): (
        1,
        "our value is the account of the login, not the account that started it",
    ),
    ("cisco_asa", "src_ip"): (105, BUILT),
    ("cisco_asa", "src_port"): (99, BUILT),
    ("cisco_asa", "dst_ip"): (105, BUILT),
    ("cisco_asa", "dst_port"): (99, BUILT),
    ("cisco_asa", "is_success"): (1, "`Login denied` is not a success"),
    ("cisco_asa", "time"): (
        2,
        "the administrator chooses a zone's name freely; the source's setting counts",
    ),
    ("cisco_asa", "user_name"): (
        1,
        "our value is the account at the end that opened the connection",
    ),
    ("cisco_umbrella", "query_type"): (3, "`A` of `1 (A)`, the same type"),
    ("cisco_umbrella", "user_name"): (
        1,
        "the identity that is an account, not the computer named first",
    ),
    ("cisco_wsa", "start_time"): (4, STARTED),
    ("fortigate", "bytes_in"): (1, SINCE),
    ("fortigate", "bytes_out"): (1, SINCE),
    ("fortigate", "disposition"): (
        4,
        "a closed session was still blocked if `utmaction` records it",
    ),
    ("fortigate", "start_time"): (10, STARTED),
    ("fortigate", "time"): (
        70,
        "`eventtime` counts from 1970; they trust `date`, which is days off here",
    ),
    ("paloalto", "src_ip"): (
        1,
        "the address in the line, not the all-zero one next to it",
    ),
    ("pfsense_filterlog", "protocol"): (1, "CARP and VRRP are one number, 112"),
    ("sophos_xg", "start_time"): (20, FIXED_ZONE),
    ("sophos_xg", "time"): (90, FIXED_ZONE),
    ("squid_logformat", "time"): (
        1,
        "an ambiguous date; our test sets day first, they do not",
    ),
    ("suricata_eve", "src_ip"): (17, ANSWER),
    ("suricata_eve", "src_port"): (17, ANSWER),
    ("zeek_conn", "bytes_in"): (3, PAYLOAD),
    ("zeek_conn", "bytes_out"): (3, PAYLOAD),
    ("zscaler_zia", "bytes_in"): (1, "`inbytes` are the client's received bytes"),
    ("zscaler_zia", "bytes_out"): (1, "`outbytes` are the client's sent bytes"),
    ("zscaler_zia", "dst_ip"): (
        1,
        "the client's destination, not the one that the service used for it",
    ),
    ("zscaler_zia", "url_hostname"): (
        1,
        "this sample's `hostname` and `url` contain different hosts",
    ),
    ("zscaler_zia", "user_agent"): (1, "theirs keeps the escapes of the feed"),
    ("zscaler_zia", "user_name"): (
        4,
        "`user` is the account of the login; they use the device's owner",
    ),
}
"""Number of compared fields that differ, and the reason for our value."""
