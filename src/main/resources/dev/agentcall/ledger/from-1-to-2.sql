ALTER TABLE file_run ADD COLUMN inbox TEXT;

CREATE INDEX request_unknown ON request (claimed_at, id) WHERE outcome = 'unknown';

UPDATE ledger SET version = 2;
