CREATE TABLE alerts (
  alert_key TEXT NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  class_name TEXT NOT NULL,
  created_time TEXT NOT NULL,
  sent_time TEXT,
  error TEXT,
  PRIMARY KEY (alert_key, channel)
);
CREATE TABLE announced_findings (
  finding_id TEXT NOT NULL,
  alert_key TEXT NOT NULL,
  PRIMARY KEY (finding_id)
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
CREATE TABLE pseudonyms (
  kind TEXT NOT NULL,
  token TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (kind, token),
  UNIQUE (kind, name)
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
CREATE TABLE reviews (
  review_id INTEGER NOT NULL,
  finding_id TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (review_id)
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
CREATE INDEX findings_day ON findings (event_date);
CREATE INDEX lake_files_day ON lake_files (event_class, event_date);
CREATE INDEX source_files_path ON source_files (source, path);
