-- Every process that has used this ledger. One that is alive holds a lock on the file <ledger>.process-<id>.lock.
-- Numbers are not used again, so that a lock file never stands for two.
CREATE TABLE process (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  node       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  started_at TEXT NOT NULL
);

-- Every run over a CSV file. One that is not finished goes on when a file of the same name and content is there again.
CREATE TABLE file_run (
  id          INTEGER PRIMARY KEY,
  process_id  INTEGER NOT NULL,
  name        TEXT NOT NULL,
  content     TEXT NOT NULL,
  result_name TEXT NOT NULL,
  started_at  TEXT NOT NULL,
  finished_at TEXT
);

CREATE INDEX file_run_open ON file_run (name, content) WHERE finished_at IS NULL;

-- Every request. outcome: in-flight, placed, rejected, invalid or unknown. request: the fields as sent, as JSON.
-- spent: 1 while no other request may have this request_id: in flight, placed or unknown, and not replayed.
-- id: the process's number times 2^40, plus a count.
-- message_id: the message that delivered it, if one did; the same message again gets the same outcome.
CREATE TABLE request (
  id          INTEGER PRIMARY KEY,
  process_id  INTEGER NOT NULL,
  file_run_id INTEGER,
  request_id  TEXT NOT NULL,
  request     TEXT NOT NULL,
  extra       TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_name TEXT NOT NULL,
  source_row  INTEGER,
  spent       INTEGER NOT NULL,
  outcome     TEXT NOT NULL,
  guid        TEXT,
  reason      TEXT,
  detail      TEXT,
  http_status INTEGER,
  replayed    INTEGER NOT NULL,
  at          TEXT NOT NULL,
  millis      INTEGER,
  message_id  TEXT
);

-- A spent id is there once: this index is what keeps a request from being sent twice.
CREATE UNIQUE INDEX request_spent ON request (request_id) WHERE spent = 1;

-- A row of a file has one outcome in a run.
CREATE UNIQUE INDEX request_file_row ON request (file_run_id, source_row) WHERE file_run_id IS NOT NULL;

CREATE INDEX request_message ON request (message_id) WHERE message_id IS NOT NULL;

CREATE INDEX request_in_flight ON request (process_id) WHERE outcome = 'in-flight';
