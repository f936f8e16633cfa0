/* ---
summary: Findings without a decision yet, the best documented first.
grain: [finding_id]
columns:
  finding_id: {type: varchar, is: the finding}
  rule: {type: varchar, is: code of the detection}
  subject: {type: varchar, pii: direct, is: the account it is about}
  event_date: {type: date, is: local day}
  confidence: {type: varchar, is: 'C3 well supported, C2 likely, C1 a lead'}
  severity: {type: varchar, is: how bad if true}
--- */
select
    finding_id,
    rule,
    subject,
    event_date,
    confidence,
    severity
from findings.findings
where status = 'open'
order by confidence desc, event_date desc, finding_id
