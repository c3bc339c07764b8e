"""The tables of the state file. A row of `member` without a link is a record that nobody has correlated yet."""

from typing import Final

SCHEMA_VERSION: Final = 4
"""`PRAGMA user_version`: bumped with every change of the tables."""

APPLICATION_ID: Final = 0x53594E43
"""`PRAGMA application_id`: tells a state file from any other SQLite database."""

# A check by `IN` of more than two values builds a table of them for every row: CASE costs a tenth.
TABLES: Final = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE run(
  run_id INTEGER PRIMARY KEY, started REAL NOT NULL, ended REAL, status TEXT NOT NULL,
  spec_sha256 TEXT NOT NULL, summary TEXT NOT NULL DEFAULT '{}');

CREATE TABLE lease(name TEXT PRIMARY KEY, holder TEXT NOT NULL, fencing INTEGER NOT NULL, expires_at REAL NOT NULL)
  WITHOUT ROWID;

-- doc: the agreed values. unsettled: derived from doc, members and intents; changes only together with them.
CREATE TABLE link(
  link_id INTEGER PRIMARY KEY, entity TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 1,
  status TEXT NOT NULL DEFAULT 'live' CHECK(CASE status WHEN 'live' THEN 1 WHEN 'held' THEN 1 WHEN 'tombstone' THEN 1 ELSE 0 END),
  doc BLOB NOT NULL, unsettled INTEGER NOT NULL DEFAULT 1, opened_run INTEGER NOT NULL, closed_run INTEGER, cause TEXT);
CREATE INDEX link_unsettled ON link(entity, link_id) WHERE unsettled = 1;

-- one system in one entity: a small number for what would stand in every row and index entry
CREATE TABLE side(side_id INTEGER PRIMARY KEY, entity TEXT NOT NULL, system TEXT NOT NULL, UNIQUE(entity, system));

-- shadow: what the system showed when it was last accounted for. seen: what it shows since, not yet decided upon.
-- renders: what was sent, where the system stored something else. alone: it has a key, and nobody else has one of its keys.
CREATE TABLE member(
  member_id INTEGER PRIMARY KEY, side INTEGER NOT NULL, remote_id TEXT NOT NULL,
  link_id INTEGER REFERENCES link(link_id),
  state TEXT NOT NULL DEFAULT 'live' CHECK(CASE state
    WHEN 'live' THEN 1 WHEN 'missing' THEN 1 WHEN 'gone' THEN 1 WHEN 'out_of_scope' THEN 1 WHEN 'released' THEN 1 ELSE 0 END),
  shadow BLOB, seen BLOB, renders BLOB, version TEXT, as_of REAL NOT NULL, missing_since REAL,
  first_seen REAL NOT NULL, alone INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX member_remote ON member(side, remote_id);
CREATE UNIQUE INDEX member_link ON member(link_id, side) WHERE link_id IS NOT NULL;
CREATE INDEX member_unlinked ON member(side, member_id) WHERE link_id IS NULL;

-- the index of correlation, for linked and unlinked records
CREATE TABLE record_key(
  entity TEXT NOT NULL, rule INTEGER NOT NULL, key TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL,
  PRIMARY KEY(entity, rule, key, system, remote_id)) WITHOUT ROWID;

-- write-ahead: the writes under way, committed before their calls; one row for many, removed with their outcomes. Its number is
-- part of idempotency keys, so that none is ever given twice.
CREATE TABLE wave(
  wave_id INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT NOT NULL, system TEXT NOT NULL, op TEXT NOT NULL, body BLOB NOT NULL,
  sent_at REAL NOT NULL, resolve_after REAL NOT NULL, run_id INTEGER NOT NULL);

-- writes whose outcome nobody knows, one by one; body: what was sent, where the same may be sent again under the same key
CREATE TABLE intent(
  intent_id INTEGER PRIMARY KEY, link_id INTEGER NOT NULL REFERENCES link(link_id), entity TEXT NOT NULL,
  system TEXT NOT NULL, op TEXT NOT NULL, remote_id TEXT, sent BLOB NOT NULL, pre BLOB, if_version TEXT,
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'failed')),
  resolve_after REAL NOT NULL, run_id INTEGER NOT NULL, sent_at REAL NOT NULL, idempotency_key TEXT, body BLOB);
CREATE UNIQUE INDEX intent_open ON intent(link_id, system) WHERE state = 'open';

-- links that refer to what is not there yet: to a record without a link, or (remote_id '') to a link without a record
CREATE TABLE waiting(
  link_id INTEGER NOT NULL REFERENCES link(link_id), entity TEXT NOT NULL, system TEXT NOT NULL, field TEXT NOT NULL,
  target TEXT NOT NULL, remote_id TEXT NOT NULL, target_link INTEGER NOT NULL,
  PRIMARY KEY(link_id, system, field, target)) WITHOUT ROWID;

CREATE TABLE cursor(
  entity TEXT NOT NULL, system TEXT NOT NULL, value TEXT, committed_run INTEGER NOT NULL, full_at REAL,
  PRIMARY KEY(entity, system)) WITHOUT ROWID;

CREATE TABLE dirty(
  entity TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL, not_before REAL NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY(entity, system, remote_id)) WITHOUT ROWID;

-- the date on which a link is decided again, because a condition compares it with the present
CREATE TABLE awaiting(
  link_id INTEGER PRIMARY KEY REFERENCES link(link_id), entity TEXT NOT NULL, due_at REAL NOT NULL, looked_at REAL NOT NULL);
CREATE INDEX awaiting_due ON awaiting(entity, due_at);

-- webhooks: each event once; the records it names are marked dirty by the next run, and read
CREATE TABLE inbox(
  system TEXT NOT NULL, event_id TEXT NOT NULL, received_at REAL NOT NULL, records TEXT NOT NULL, body_sha256 TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(system, event_id)) WITHOUT ROWID;
CREATE INDEX inbox_waiting ON inbox(received_at) WHERE taken = 0;

CREATE TABLE tombstone(
  entity TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL, link_id INTEGER NOT NULL,
  generation INTEGER NOT NULL, cause TEXT NOT NULL, snapshot BLOB, confirmed_at REAL NOT NULL,
  PRIMARY KEY(entity, system, remote_id)) WITHOUT ROWID;

-- link_id 0: a record without a link; remote_id '': a record that could not be created; field '': the whole record
CREATE TABLE quarantine(
  entity TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL DEFAULT '', link_id INTEGER NOT NULL DEFAULT 0,
  reason_code TEXT NOT NULL, field TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL, place TEXT NOT NULL DEFAULT '',
  fingerprint BLOB, first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY(entity, system, remote_id, link_id, field)) WITHOUT ROWID;

-- values that were written and did not stay: print tells the value, times how often in a row
CREATE TABLE contested(
  entity TEXT NOT NULL, link_id INTEGER NOT NULL, system TEXT NOT NULL, field TEXT NOT NULL,
  print BLOB NOT NULL, times INTEGER NOT NULL, last_run INTEGER NOT NULL,
  PRIMARY KEY(entity, link_id, system, field)) WITHOUT ROWID;

CREATE TABLE conflict(
  link_id INTEGER NOT NULL REFERENCES link(link_id), field TEXT NOT NULL, entity TEXT NOT NULL,
  candidates TEXT NOT NULL, reason TEXT NOT NULL, line INTEGER NOT NULL, opened_run INTEGER NOT NULL,
  PRIMARY KEY(link_id, field)) WITHOUT ROWID;

-- what people decided. seen: what they decided upon; told: what came of it
CREATE TABLE answer(
  answer_id INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
  link_id INTEGER NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL, field TEXT NOT NULL, value TEXT, seen TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'done', 'void')), run_id INTEGER NOT NULL DEFAULT 0,
  told TEXT NOT NULL DEFAULT '');
CREATE INDEX answer_open ON answer(entity, answer_id) WHERE state = 'open';

-- append-only: nothing that was seen and did not win is lost without a trace
CREATE TABLE journal(
  seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
  link_id INTEGER NOT NULL, system TEXT NOT NULL, field TEXT NOT NULL DEFAULT '', value TEXT, kept TEXT,
  reason TEXT NOT NULL, line INTEGER NOT NULL DEFAULT 0);
CREATE INDEX journal_drift ON journal(link_id) WHERE kind = 'drift';
"""
