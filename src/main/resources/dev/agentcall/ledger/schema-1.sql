-- One row. version: of these tables. last_number: the last number given to a process or a file run; none is used again.
CREATE TABLE ledger (
  version     INTEGER NOT NULL,
  last_number BIGINT NOT NULL
);

-- Every process that uses this ledger. One that is alive shows a sign of life: with SQLite a lock on the file
-- <ledger>.process-<id>.lock, with PostgreSQL an advisory lock. ended_at: it ended in good order, and what it left is for
-- others to see to.
CREATE TABLE process (
  id         BIGINT PRIMARY KEY,
  node       TEXT NOT NULL,
  pid        BIGINT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at   TEXT
);

-- Every run over a CSV file, and the process that has it. One that is not finished goes on when a file of the same name and
-- content is there again. beside: 0, or the run's own id where another process has such a run already. done_name: the
-- original's name in the folder done, from when the results are there.
CREATE TABLE file_run (
  id          BIGINT PRIMARY KEY,
  process_id  BIGINT NOT NULL,
  name        TEXT NOT NULL,
  content     TEXT NOT NULL,
  beside      BIGINT NOT NULL,
  result_name TEXT NOT NULL,
  done_name   TEXT,
  started_at  TEXT NOT NULL,
  finished_at TEXT
);

-- No file is in work twice.
CREATE UNIQUE INDEX file_run_open ON file_run (name, content, beside) WHERE finished_at IS NULL;

CREATE UNIQUE INDEX file_run_result ON file_run (result_name) WHERE finished_at IS NULL;

-- Every request. id: the number of the file run or process that it belongs to, times 2^32, plus its row or a count.
-- released: 0 while the request_id is spent by this request: in flight, placed or unknown; else its own id.
-- request: the fields as sent, as JSON. outcome: in-flight, placed, rejected, invalid or unknown.
-- claimed_at: when it was written, before it was sent. at: when it was decided.
-- delivered: 0 not yet, 1 its channel has the outcome, 2 its channel failed and gets the outcome later.
-- missed_by: marks of the endpoints that failed, four hexadecimal digits made of each one's URI, with commas; null for all.
-- Where one is not in the channel's list any more, all get it again.
-- message_id: the message that delivered it, if one did; the same message again gets the same outcome.
-- settled: placed or not-placed, what a human found out about an unknown one, with when, who and a note.
CREATE TABLE request (
  id          BIGINT PRIMARY KEY,
  process_id  BIGINT NOT NULL,
  file_run_id BIGINT,
  request_id  TEXT NOT NULL,
  released    BIGINT NOT NULL,
  request     TEXT NOT NULL,
  extra       TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_name TEXT NOT NULL,
  source_row  INTEGER,
  claimed_at  TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  guid        TEXT,
  reason      TEXT,
  detail      TEXT,
  http_status INTEGER,
  replayed    INTEGER NOT NULL,
  at          TEXT,
  millis      BIGINT,
  message_id  TEXT,
  delivered   INTEGER NOT NULL,
  missed_by   TEXT,
  settled     TEXT,
  settled_at  TEXT,
  settled_by  TEXT,
  note        TEXT
);

-- A spent id is there once: this index is what keeps a request from being sent twice.
CREATE UNIQUE INDEX request_request_id ON request (request_id, released);

-- The few that a process still has to do with.
CREATE INDEX request_open ON request (process_id) WHERE delivered <> 1;

-- The newest, and those old enough to be pruned.
CREATE INDEX request_claimed_at ON request (claimed_at);

CREATE INDEX request_message ON request (message_id) WHERE message_id IS NOT NULL;
