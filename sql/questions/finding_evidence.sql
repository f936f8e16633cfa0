-- Log lines that a finding cites.
select
    position,
    role,
    time,
    account,
    device,
    building,
    site,
    activity,
    bytes_in,
    source,
    path,
    line_no,
    byte_offset,
    line_sha256
from findings.evidence
where finding_id = $finding_id
order by time, position
