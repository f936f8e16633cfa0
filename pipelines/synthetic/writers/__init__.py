"""Events become the lines of products; each writer here knows one product.

    squid      native access.log
    fortigate  key=value: traffic, web filter, VPN
    windows    winlogbeat JSON of the security log
    dhcpd      ISC dhcpd in syslog
    registry   the district's registry, as CSV

A writer gives a frame with `seen` (UTC milliseconds at which the line was written)
and `line`; `files` cuts it into days, damages a few lines and writes the files.
"""
