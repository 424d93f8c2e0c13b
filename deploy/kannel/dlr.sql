-- Where Kannel keeps which reports it waits for: sqlite3 /var/spool/kannel/dlr.db < deploy/kannel/dlr.sql
CREATE TABLE IF NOT EXISTS dlr (
  smsc TEXT,
  ts TEXT,
  destination TEXT,
  source TEXT,
  service TEXT,
  url TEXT,
  mask INTEGER,
  status INTEGER,
  boxc TEXT
);
CREATE INDEX IF NOT EXISTS dlr_by_id ON dlr (smsc, ts);
