/* ---
summary: >
  Hosts and addresses that a product itself classes as malware or fraud, or in whose
  answer its scan named malware, on a line of the day that it let through. Classes whose
  pages people read, such as hacking, are left out.
grain: [host, event_date]
params:
  event_date: {type: date}
  kinds:
    type: varchar
    default: >-
      malware|malici|phish|botnet|command|callback|ransom|viru|trojan|infected
    why: >-
      classes such as hacking hold pages that people read; words have no plural
columns:
  host: {type: varchar, is: host or address}
  products: {type: varchar, is: products that call it so}
  words: {type: varchar, is: 'their words for it, or the names of the malware'}
  event_date: {type: date, is: local day}
--- */
with

classes as (
    select distinct word
    from registry.category_words
    where category = 'malware' and regexp_matches(word, $kinds)
),

lines as (
    select
        url_hostname as host,
        split_part(format, '_', 1) as product,
        lower(trim(category)) as word,
        threat
    from raw.http_requests
    where
        event_date = $event_date::date
        and coalesce(threat, category) is not null
        and disposition = 'allowed'
    union
    select
        coalesce(dst_hostname, dst_ip) as host,
        split_part(format, '_', 1) as product,
        lower(trim(category)) as word,
        threat
    from raw.connections
    where
        event_date = $event_date::date
        and coalesce(threat, category) is not null
        and disposition = 'allowed'
)

select
    lines.host,
    array_to_string(sorted_values(lines.product), ', ') as products,
    array_to_string(sorted_values(coalesce(lines.threat, lines.word)), ', ') as words,
    $event_date::date as event_date
from lines
left join classes on category_key(lines.word) = classes.word
where
    lines.host is not null
    and (lines.threat is not null or classes.word is not null)
group by lines.host
