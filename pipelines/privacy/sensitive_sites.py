"""Which sites are of a sensitive kind: health, faith, a job search of one's own."""

from pipelines.privacy.pseudonyms import SENSITIVE
from pipelines.warehouse.database import Database

_SENSITIVE = """
with

said as (
    select
        url_hostname,
        bool_or(list_contains($kinds, category)) as is_sensitive,
        bool_or(category = 'circumvention') as is_way_around
    from core.host_categories
    group by url_hostname
),

sites as (
    select hosts.site as name
    from said
    inner join identity.hosts as hosts on said.url_hostname = hosts.url_hostname
    where hosts.site is not null
    group by hosts.site
    having 2 * count_if(said.is_sensitive) >= count(*) and not bool_or(is_way_around)
)

select url_hostname as name from said where is_sensitive and not is_way_around
union
-- the same hosts in their own letters, where they are international
select hosts.unicode_hostname
from said
inner join identity.hosts as hosts on said.url_hostname = hosts.url_hostname
where
    said.is_sensitive and not said.is_way_around
    and hosts.unicode_hostname is not null
union
select name from sites
"""


def sensitive_names(database: Database) -> frozenset[str]:
    """Hosts that any list calls so, and sites most of whose hosts are.

    One odd host does not make a whole site sensitive. Ways around the filter are
    told by name: the tool is the finding.
    """
    if not (database.has("core.host_categories") and database.has("identity.hosts")):
        return frozenset()
    rows = database.rows(_SENSITIVE, {"kinds": list(SENSITIVE)})
    return frozenset(str(name) for (name,) in rows)
