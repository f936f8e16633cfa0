"""Where another parser reads a sample line otherwise, and who is right."""

from collections.abc import Mapping

Difference = tuple[str, str]
"""A format and the field that differs."""

BUILT = (
    "they take the end named first, or a ping's inner one; who opened it stands in "
    "`outbound` and `inbound`, of an ended one in the port that serves"
)
PAYLOAD = "theirs counts the headers of the packets too"
ANSWER = "an answer goes from the server to the client, who asked"
FIXED_ZONE = "they give every stamp one fixed offset, whatever zone the line names"
SINCE = (
    "a line of a session that goes on counts what came since the line before; theirs "
    "is the total so far, which each later line repeats"
)
STARTED = "they take the stamp, written at the end, for the beginning"

EXPLAINED: Mapping[Difference, tuple[int, str]] = {
    ("cef", "user_name"): (
        1,
        "of a login we take the account that was entered, not the one it came from",
    ),
    ("cisco_asa", "src_ip"): (105, BUILT),
    ("cisco_asa", "src_port"): (99, BUILT),
    ("cisco_asa", "dst_ip"): (105, BUILT),
    ("cisco_asa", "dst_port"): (99, BUILT),
    ("cisco_asa", "is_success"): (1, "`Login denied` is no success"),
    ("cisco_asa", "time"): (
        2,
        "a zone's word is any the administrator chose; the source's setting counts",
    ),
    ("cisco_asa", "user_name"): (
        1,
        "of two accounts we take the one at the end that opened the connection",
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
        "a session that closed was still blocked where `utmaction` says so",
    ),
    ("fortigate", "start_time"): (10, STARTED),
    ("fortigate", "time"): (
        70,
        "`eventtime` counts from 1970; they trust `date`, which is days off here",
    ),
    ("paloalto", "src_ip"): (
        1,
        "the address that the line names, not the all-zero one beside it",
    ),
    ("pfsense_filterlog", "protocol"): (1, "CARP and VRRP are one number, 112"),
    ("sophos_xg", "start_time"): (20, FIXED_ZONE),
    ("sophos_xg", "time"): (90, FIXED_ZONE),
    ("squid_logformat", "time"): (
        1,
        "a date that may be read in two ways; our test says day first, they do not",
    ),
    ("suricata_eve", "src_ip"): (17, ANSWER),
    ("suricata_eve", "src_port"): (17, ANSWER),
    ("zeek_conn", "bytes_in"): (3, PAYLOAD),
    ("zeek_conn", "bytes_out"): (3, PAYLOAD),
    ("zscaler_zia", "bytes_in"): (1, "`inbytes` came in to the client"),
    ("zscaler_zia", "bytes_out"): (1, "`outbytes` went out from the client"),
    ("zscaler_zia", "dst_ip"): (
        1,
        "where the client went, not where the service went for it",
    ),
    ("zscaler_zia", "url_hostname"): (
        1,
        "this sample's `hostname` and `url` name two hosts",
    ),
    ("zscaler_zia", "user_agent"): (1, "theirs keeps the escapes of the feed"),
    ("zscaler_zia", "user_name"): (
        4,
        "`user` is who logged in; they take the device's owner",
    ),
}
"""How many compared fields differ, and why ours is kept."""
