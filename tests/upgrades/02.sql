CREATE TABLE accepted_groups (
  number TEXT NOT NULL,
  topic TEXT NOT NULL,
  file TEXT NOT NULL,
  changes TEXT NOT NULL,
  actor TEXT NOT NULL,
  accepted_time TEXT NOT NULL,
  taken_back_time TEXT,
  PRIMARY KEY (number)
);
CREATE TABLE alert_answers (
  answer_id INTEGER NOT NULL,
  about_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  until_time TEXT,
  actor TEXT NOT NULL,
  note TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (answer_id)
);
CREATE TABLE alert_decisions (
  news_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  decision TEXT NOT NULL,
  rule TEXT NOT NULL,
  first_time TEXT NOT NULL,
  last_time TEXT NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY (news_id, channel, decision, rule)
);
CREATE TABLE alert_news (
  news_id TEXT NOT NULL,
  "key" TEXT NOT NULL,
  about TEXT NOT NULL,
  severity TEXT NOT NULL,
  confidence TEXT NOT NULL,
  step INTEGER NOT NULL,
  line TEXT NOT NULL,
  reference TEXT NOT NULL,
  since_time TEXT NOT NULL,
  first_time TEXT NOT NULL,
  last_time TEXT NOT NULL,
  ended_time TEXT,
  PRIMARY KEY (news_id),
  UNIQUE ("key")
);
CREATE TABLE alert_outbox (
  alert_key TEXT NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  class_name TEXT NOT NULL,
  severity TEXT NOT NULL,
  created_time TEXT NOT NULL,
  sent_time TEXT,
  error TEXT,
  PRIMARY KEY (alert_key, channel)
);
CREATE TABLE alert_pages (
  alert_key TEXT NOT NULL,
  html TEXT NOT NULL,
  PRIMARY KEY (alert_key)
);
CREATE TABLE alert_told (
  news_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  told_time TEXT NOT NULL,
  step INTEGER NOT NULL,
  alert_key TEXT NOT NULL,
  PRIMARY KEY (news_id, channel)
);
CREATE TABLE assignments (
  subject_id TEXT NOT NULL,
  assignee TEXT NOT NULL,
  assigned_by TEXT NOT NULL,
  assigned_time TEXT NOT NULL,
  PRIMARY KEY (subject_id)
);
CREATE TABLE attribution_changes (
  change_id INTEGER NOT NULL,
  changed_time TEXT NOT NULL,
  event_date TEXT NOT NULL,
  source TEXT NOT NULL,
  device_before TEXT,
  device_now TEXT,
  account_before TEXT,
  account_now TEXT,
  grade_before TEXT NOT NULL,
  grade_now TEXT NOT NULL,
  request_count INTEGER NOT NULL,
  PRIMARY KEY (change_id)
);
CREATE TABLE audit (
  number INTEGER NOT NULL,
  time TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  "case" TEXT NOT NULL,
  reason TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (number)
);
CREATE TABLE case_findings (
  finding_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  PRIMARY KEY (finding_id),
  FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
CREATE TABLE case_numbers (
  week TEXT NOT NULL,
  place INTEGER NOT NULL,
  case_id TEXT,
  PRIMARY KEY (week, place)
);
CREATE TABLE case_tickets (
  case_id TEXT NOT NULL,
  ticket TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (case_id)
);
CREATE TABLE cases (
  case_id TEXT NOT NULL,
  person TEXT NOT NULL,
  clause TEXT NOT NULL,
  week TEXT NOT NULL,
  created_time TEXT NOT NULL,
  PRIMARY KEY (case_id)
);
CREATE TABLE comments (
  comment_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  text TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (comment_id)
);
CREATE TABLE desk_accounts (
  login TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_time TEXT NOT NULL,
  ended_time TEXT,
  PRIMARY KEY (login)
);
CREATE TABLE dirty_days (
  event_date TEXT NOT NULL,
  marked_time TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (event_date)
);
CREATE TABLE facts (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE finding_evidence (
  finding_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  file_sha256 TEXT NOT NULL,
  line_no INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,
  line TEXT NOT NULL,
  line_sha256 TEXT NOT NULL,
  event TEXT NOT NULL,
  UNIQUE (finding_id, position),
  FOREIGN KEY(finding_id) REFERENCES findings (finding_id)
);
CREATE TABLE finding_history (
  entry_id INTEGER NOT NULL,
  finding_id TEXT NOT NULL,
  time TEXT NOT NULL,
  change TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT,
  revision INTEGER NOT NULL,
  severity TEXT NOT NULL,
  confidence TEXT NOT NULL,
  PRIMARY KEY (entry_id)
);
CREATE TABLE findings (
  finding_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  event_date TEXT NOT NULL,
  severity TEXT NOT NULL,
  confidence TEXT NOT NULL,
  status TEXT NOT NULL,
  record TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_time TEXT NOT NULL,
  updated_time TEXT NOT NULL,
  status_reason TEXT,
  PRIMARY KEY (finding_id)
);
CREATE TABLE holds (
  hold_id TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL,
  case_id TEXT,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  released_by TEXT,
  released_time TEXT,
  release_reason TEXT,
  PRIMARY KEY (hold_id)
);
CREATE TABLE inquiries (
  inquiry_id TEXT NOT NULL,
  account TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL,
  first_time TEXT,
  last_time TEXT,
  place TEXT,
  office TEXT NOT NULL,
  authorized_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_time TEXT NOT NULL,
  released_time TEXT,
  sha256 TEXT,
  PRIMARY KEY (inquiry_id)
);
CREATE TABLE lake_files (
  path TEXT NOT NULL,
  source TEXT NOT NULL,
  event_class TEXT NOT NULL,
  event_date TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  first_file_id INTEGER NOT NULL,
  last_file_id INTEGER NOT NULL,
  first_time TEXT,
  last_time TEXT,
  committed_time TEXT NOT NULL,
  superseded_time TEXT,
  PRIMARY KEY (path)
);
CREATE TABLE lake_runs (
  run_id TEXT NOT NULL,
  began_time TEXT NOT NULL,
  PRIMARY KEY (run_id)
);
CREATE TABLE pseudonyms (
  kind TEXT NOT NULL,
  token TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (kind, token),
  UNIQUE (kind, name)
);
CREATE TABLE purged (
  record_class TEXT NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  last_day TEXT NOT NULL,
  purged_time TEXT NOT NULL,
  certificate TEXT,
  PRIMARY KEY (record_class, name)
);
CREATE TABLE quarantine (
  model TEXT NOT NULL,
  event_date TEXT NOT NULL,
  cause TEXT NOT NULL,
  reason TEXT NOT NULL,
  since_time TEXT NOT NULL,
  PRIMARY KEY (model, event_date)
);
CREATE TABLE questions (
  question_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  finding_id TEXT NOT NULL,
  token_sha256 TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_time TEXT NOT NULL,
  expires_time TEXT NOT NULL,
  sent_time TEXT,
  failed_time TEXT,
  answered_time TEXT,
  answer TEXT,
  ended_time TEXT,
  ended_by TEXT,
  PRIMARY KEY (question_id)
);
CREATE TABLE record_decisions (
  decision_id INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  item TEXT NOT NULL,
  decision TEXT NOT NULL,
  exemption TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (decision_id)
);
CREATE TABLE record_releases (
  request_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  withheld_count INTEGER NOT NULL,
  least INTEGER NOT NULL,
  released_by TEXT NOT NULL,
  released_time TEXT NOT NULL,
  PRIMARY KEY (request_id, sha256)
);
CREATE TABLE record_requests (
  request_id TEXT NOT NULL,
  requester TEXT NOT NULL,
  received TEXT NOT NULL,
  due TEXT,
  text TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_time TEXT NOT NULL,
  scope TEXT,
  least INTEGER,
  approved_by TEXT,
  approved_sha256 TEXT,
  closed_time TEXT,
  outcome TEXT,
  PRIMARY KEY (request_id)
);
CREATE TABLE referral_grants (
  grant_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  login TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL,
  granted_by TEXT NOT NULL,
  granted_time TEXT NOT NULL,
  ended_by TEXT,
  ended_time TEXT,
  PRIMARY KEY (grant_id)
);
CREATE TABLE referrals (
  referral_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  office TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  referred_by TEXT NOT NULL,
  referred_time TEXT NOT NULL,
  acknowledged_time TEXT,
  returned_time TEXT,
  outcome TEXT,
  PRIMARY KEY (referral_id)
);
CREATE TABLE report_facts (
  week TEXT NOT NULL,
  revision INTEGER NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (week, revision)
);
CREATE TABLE reports (
  report_id TEXT NOT NULL,
  week TEXT NOT NULL,
  revision INTEGER NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  published_time TEXT NOT NULL,
  PRIMARY KEY (report_id)
);
CREATE TABLE requests (
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  case_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_by INTEGER NOT NULL,
  asked_time TEXT NOT NULL,
  approved_by INTEGER,
  approved_time TEXT,
  used_time TEXT,
  subject TEXT,
  asked_login TEXT,
  PRIMARY KEY (request_id)
);
CREATE TABLE reviews (
  review_id INTEGER NOT NULL,
  finding_id TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (review_id)
);
CREATE TABLE saved_views (
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  "query" TEXT NOT NULL,
  saved_time TEXT NOT NULL,
  PRIMARY KEY (login, name)
);
CREATE TABLE source_days (
  source TEXT NOT NULL,
  event_class TEXT NOT NULL,
  event_date TEXT NOT NULL,
  events INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  filled TEXT NOT NULL,
  lags TEXT NOT NULL,
  PRIMARY KEY (source, event_class, event_date)
);
CREATE TABLE source_files (
  file_id INTEGER NOT NULL,
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  format TEXT,
  state TEXT NOT NULL,
  duplicate_of INTEGER,
  consumed_bytes INTEGER NOT NULL,
  consumed_sha256 TEXT NOT NULL,
  head_bytes INTEGER NOT NULL,
  head_sha256 TEXT NOT NULL,
  lines INTEGER NOT NULL,
  events INTEGER NOT NULL,
  rejects INTEGER NOT NULL,
  blanks INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  pending_lines INTEGER NOT NULL,
  pending_bytes INTEGER NOT NULL,
  tail_bytes INTEGER NOT NULL,
  prefix_hashes TEXT NOT NULL,
  first_time TEXT,
  last_time TEXT,
  header TEXT,
  raw_bytes INTEGER NOT NULL,
  raw_mtime_ns INTEGER NOT NULL,
  raw_ctime_ns INTEGER NOT NULL,
  message TEXT,
  first_seen_time TEXT NOT NULL,
  last_read_time TEXT NOT NULL,
  PRIMARY KEY (file_id)
);
CREATE TABLE source_troubles (
  "key" TEXT NOT NULL,
  start_time TEXT NOT NULL,
  source TEXT NOT NULL,
  building TEXT NOT NULL,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL,
  end_time TEXT,
  seen_time TEXT NOT NULL,
  last_time TEXT NOT NULL,
  PRIMARY KEY ("key", start_time)
);
CREATE TABLE statements (
  statement_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  summary TEXT NOT NULL,
  text TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  tests TEXT NOT NULL,
  received_by TEXT NOT NULL,
  received_time TEXT NOT NULL,
  PRIMARY KEY (statement_id)
);
CREATE TABLE undone_reviews (
  review_id INTEGER NOT NULL,
  finding_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (review_id)
);
CREATE TABLE unsupported_findings (
  finding_id TEXT NOT NULL,
  since_time TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (finding_id)
);
CREATE INDEX alert_answers_about ON alert_answers (about_id);
CREATE INDEX attribution_changes_day ON attribution_changes (event_date);
CREATE INDEX case_findings_case ON case_findings (case_id);
CREATE INDEX comments_case ON comments (case_id);
CREATE INDEX finding_history_finding ON finding_history (finding_id);
CREATE INDEX findings_day ON findings (event_date);
CREATE INDEX ix_record_decisions_request_id ON record_decisions (request_id);
CREATE INDEX lake_files_day ON lake_files (event_class, event_date);
CREATE INDEX questions_case ON questions (case_id);
CREATE INDEX referral_grants_referral ON referral_grants (referral_id);
CREATE INDEX referrals_case ON referrals (case_id);
CREATE INDEX source_files_path ON source_files (source, path);
CREATE INDEX source_troubles_end ON source_troubles (end_time);
CREATE INDEX statements_case ON statements (case_id);
CREATE INDEX undone_reviews_finding ON undone_reviews (finding_id);
