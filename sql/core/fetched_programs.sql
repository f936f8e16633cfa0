/* ---
summary: >
  Programs and extensions that devices of the district fetched: installers by the kind
  of the answer or the ending of the path, large enough to be one, from a site that the
  list does not speak for and that serves no updates. Under encryption a path is seen
  only where the filter opens it, so this is a lower bound. Fetched is not installed.
grain: [device, site, event_date]
params:
  event_date: {type: date}
  bytes:
    type: int
    default: 100000
    min: 1000
    max: 1000000000
    unit: bytes
    why: smaller answers are pages about a program
columns:
  device: core.http_requests
  site: {type: varchar, is: registrable domain}
  file_count: {type: bigint, is: programs fetched}
  endings: {type: varchar, is: kinds of file}
  largest_bytes: {type: bigint, is: the largest of them}
  start_time: {type: timestamptz, is: the first}
  end_time: {type: timestamptz, is: the last}
  evidence: {type: 'bigint[]', is: 'at most 20 requests, and the lease'}
  event_date: {type: date, is: local day}
--- */
with

files as (
    select
        event_id,
        lower(
            regexp_extract(
                url,
                '(?i)[.](exe|msi|msix|appx|dmg|pkg|deb|rpm|apk|crx|xpi|appimage)'
                || '([?#]|$)',
                1
            )
        ) as ending,
        content_type
    from raw.http_requests
    where
        event_date = $event_date::date
        and (bytes_in >= $bytes or coalesce(bytes_in, 0) = 0)
        and coalesce(status_code between 200 and 299, true)
        and (
            content_type in (
                'application/x-msdownload', 'application/x-msi',
                'application/x-dosexec', 'application/x-apple-diskimage',
                'application/vnd.microsoft.portable-executable',
                'application/vnd.android.package-archive',
                'application/x-chrome-extension', 'application/x-xpinstall',
                'application/x-debian-package', 'application/x-rpm'
            )
            or regexp_matches(
                url,
                '(?i)[.](exe|msi|msix|appx|dmg|pkg|deb|rpm|apk|crx|xpi|appimage)'
                || '([?#]|$)'
            )
        )
),

requests as (
    select
        requests.event_id,
        requests.device,
        requests.url_hostname,
        requests.site,
        requests.start_time,
        requests.bytes_in,
        requests.binding_event_id,
        case when files.ending <> '' then files.ending else files.content_type end
            as ending
    from core.http_requests as requests
    inner join files on requests.event_id = files.event_id
    inner join identity.devices as devices on requests.device = devices.device
    where
        requests.event_date = $event_date::date
        and devices.event_date = $event_date::date
        and requests.disposition = 'allowed'
        -- its bytes may be in another line
        and requests.bytes_in >= $bytes
        and requests.site is not null
        and coalesce(
            devices.device_class in (
                'desktop', 'laptop', 'chromebook', 'podium', 'lab_pc', 'kiosk'
            ),
            true
        )
),

listed as (
    select distinct destination
    from core.outside_flows
    where event_date = $event_date::date and is_listed
),

updates as (
    select url_hostname
    from identity.hosts
    where background_kind in ('update', 'telemetry', 'certificate')
)

select
    requests.device,
    requests.site,
    count(*) as file_count,
    array_to_string(sorted_values(requests.ending), ', ') as endings,
    max(requests.bytes_in) as largest_bytes,
    min(requests.start_time) as start_time,
    max(requests.start_time) as end_time,
    sorted_set(
        list_slice(list_sort(list(requests.event_id)), 1, 20)
        || list(requests.binding_event_id)
    ) as evidence,
    $event_date::date as event_date
from requests
left join listed on requests.url_hostname = listed.destination
left join updates on requests.url_hostname = updates.url_hostname
where listed.destination is null and updates.url_hostname is null
group by requests.device, requests.site
