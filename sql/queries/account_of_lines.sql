/* ---
summary: What became of every line, source by source; `missing` must be zero.
grain: [source]
columns:
  source: {type: varchar, is: source}
  files: {type: bigint, is: files}
  lines: {type: bigint, is: lines read}
  events: {type: bigint, is: lines that became events}
  rejects: {type: bigint, is: lines set aside with a reason}
  blanks: {type: bigint, is: empty lines and headers}
  duplicates: {type: bigint, is: lines that had come before}
  pending: {type: bigint, is: lines that wait for their end}
  missing: {type: bigint, is: what the five leave of the lines}
--- */
select
    source,
    count(*) as files,
    sum(lines)::bigint as lines,
    sum(events)::bigint as events,
    sum(rejects)::bigint as rejects,
    sum(blanks)::bigint as blanks,
    sum(duplicates)::bigint as duplicates,
    sum(pending)::bigint as pending,
    sum(
        lines - events - rejects - blanks - duplicates - pending
    )::bigint as missing
from marts.source_files
group by source
order by source
