/* ---
summary: >
  Where the candidates of rules ended on a day: for each rule whose header lists its
  last conditions, how many candidates came to them, and how many failed by which. A
  condition that many candidates fail alone may be wrong for a district. It names no
  one. A candidate is what makes one finding, or one part of it: an account, a device,
  or use of a site.
grain: [event_date, rule, condition]
lookback: 30
lookahead: 13
params:
  event_date: {type: date}
columns:
  event_date: core.rule_ends
  rule: core.rule_ends
  condition: core.rule_ends
  position: core.rule_ends
  candidate_count: core.rule_ends
  passed_count: core.rule_ends
  failed_count: core.rule_ends
  alone_count: core.rule_ends
audits:
  - holds: >-
      passed_count + failed_count <= candidate_count and alone_count <= failed_count
    severity: fail
--- */
select
    $event_date::date as event_date,
    rule,
    condition,
    position,
    candidate_count,
    passed_count,
    failed_count,
    alone_count
from core.rule_ends
