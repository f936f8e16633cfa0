"""`who`, asked about requests, against the grades that the requests carry."""

from collections import Counter

import duckdb

from pipelines.district import open_district
from pipelines.events import LINES_PER_FILE
from pipelines.findings.notices import Justification, NoticeQuery, resolve
from pipelines.settings.home import DistrictHome

_REQUESTS = """
select attribution_grade, account, src_ip, start_time,
    user_name is not null
from core.http_requests
inner join (
    select file_id * $lines + line_no as event_id, user_name, format
    from read_parquet($lake, union_by_name = true)
) as lines using (event_id)
where user_name is null or format in (select format from identity.mapping_formats)
qualify row_number() over (
    partition by attribution_grade, src_ip order by hash(event_id)
) = 1 and row_number() over (
    partition by attribution_grade order by hash(event_id)
) <= 12
"""


def assert_same_grades(home, *grades):
    """Where no login on the same line decides, both say the same of one moment.

    Args:
        grades: That must be among the requests that are asked about.
    """
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        lake = str(DistrictHome(home).lake / "http_requests" / "**" / "*.parquet")
        values = {"lake": lake, "lines": LINES_PER_FILE}
        asked = warehouse.execute(_REQUESTS, values).fetchall()
    seen = Counter()
    with open_district(home) as district:
        for grade, account, ip, time, is_mapped in asked:
            answer = resolve(
                district, NoticeQuery(ip, None, time), Justification("test", "a test of grades")
            )
            mapped = any(link.kind == "mapping" for link in answer.links)
            if mapped != is_mapped:  # the line itself says more, or less
                continue
            assert answer.grade == grade, (ip, time, account, answer)
            assert (answer.account is None) == (account is None)
            seen[grade] += 1
    assert set(grades) <= set(seen), seen
