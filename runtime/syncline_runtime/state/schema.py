"""The tables of the state. A row of `member` without a link is a record that nobody has correlated yet.

Sealed columns hold ciphertexts (`sealing`): all values of fields, and all texts that may quote one.
"""

from typing import Final

SCHEMA_VERSION: Final = 7
"""Bumped with every change of the tables."""

APPLICATION_ID: Final = 0x53594E43
"""`PRAGMA application_id`: tells a state file from any other SQLite database."""

# A check by `IN` of more than two values builds a table of them for every row: CASE costs a tenth.
TABLES: Final = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- a mark while the file is written to, the code of all its bytes while it is closed
CREATE TABLE file_code(file_id INTEGER PRIMARY KEY, code BLOB NOT NULL);

-- wrapped: a key that values are sealed under, itself sealed under the key that is kept outside; number 0 makes the codes
CREATE TABLE data_key(key_id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL);

-- summary: sealed
CREATE TABLE run(
  run_id INTEGER PRIMARY KEY, started REAL NOT NULL, ended REAL, status TEXT NOT NULL,
  spec_sha256 TEXT NOT NULL, summary BLOB);

CREATE TABLE lease(name TEXT PRIMARY KEY, holder TEXT NOT NULL, fencing INTEGER NOT NULL, expires_at REAL NOT NULL)
  WITHOUT ROWID;

-- doc: the agreed values, sealed. unsettled: derived from doc, members and intents, changes only together with them; 1: to be
-- decided, 2: agreed just as its only record was seen, so that nothing is left but what follows from it.
CREATE TABLE link(
  link_id INTEGER PRIMARY KEY, entity TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 1,
  status TEXT NOT NULL DEFAULT 'live'
    CHECK(CASE status WHEN 'live' THEN 1 WHEN 'held' THEN 1 WHEN 'tombstone' THEN 1 ELSE 0 END = 1),
  unsettled INTEGER NOT NULL DEFAULT 1, opened_run INTEGER NOT NULL, closed_run INTEGER, cause TEXT, doc BLOB NOT NULL);
CREATE INDEX link_unsettled ON link(entity, link_id, unsettled) WHERE unsettled > 0;
CREATE INDEX link_open ON link(entity) WHERE status <> 'tombstone';
CREATE INDEX link_held ON link(entity) WHERE status = 'held';

-- one system in one entity: a small number for what would stand in every row and index entry
CREATE TABLE side(side_id INTEGER PRIMARY KEY, entity TEXT NOT NULL, system TEXT NOT NULL, UNIQUE(entity, system));

-- shadow: what the system showed when it was last accounted for; empty: the link's doc. seen: what it shows since, not yet decided
-- upon. renders: what was sent, where the system stored something else. All three sealed. alone: it had a key that nobody else
-- had, and its link was made of it as it was seen.
CREATE TABLE member(
  member_id INTEGER PRIMARY KEY, side INTEGER NOT NULL, remote_id TEXT NOT NULL,
  link_id INTEGER REFERENCES link(link_id),
  state TEXT NOT NULL DEFAULT 'live' CHECK(CASE state
    WHEN 'live' THEN 1 WHEN 'missing' THEN 1 WHEN 'gone' THEN 1 WHEN 'out_of_scope' THEN 1 WHEN 'released' THEN 1 ELSE 0 END = 1),
  version TEXT, as_of REAL NOT NULL, missing_since REAL, first_seen REAL NOT NULL, alone INTEGER NOT NULL DEFAULT 0,
  shadow BLOB, seen BLOB, renders BLOB);
CREATE UNIQUE INDEX member_remote ON member(side, remote_id);
CREATE UNIQUE INDEX member_link ON member(link_id, side) WHERE link_id IS NOT NULL;
CREATE INDEX member_unlinked ON member(side, member_id) WHERE link_id IS NULL;
CREATE INDEX member_missing ON member(side) WHERE state = 'missing';

-- the index of correlation, for linked and unlinked records; code: of entity, rule and key
CREATE TABLE record_key(
  code TEXT NOT NULL, side INTEGER NOT NULL, remote_id TEXT NOT NULL, PRIMARY KEY(code, side, remote_id)) WITHOUT ROWID;

-- write-ahead: the writes under way, committed before their calls; one row for many, removed with their outcomes. Its number is
-- part of idempotency keys, so that none is ever given twice. body: sealed
CREATE TABLE wave(
  wave_id INTEGER PRIMARY KEY, entity TEXT NOT NULL, system TEXT NOT NULL, op TEXT NOT NULL, body BLOB NOT NULL,
  sent_at REAL NOT NULL, resolve_after REAL NOT NULL, run_id INTEGER NOT NULL);

-- writes whose outcome nobody knows, one by one; body: what was sent, where the same may be sent again under the same key. sent,
-- pre, body: sealed
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

-- which records refer to one, where something is computed from them
CREATE TABLE referring(
  entity TEXT NOT NULL, field TEXT NOT NULL, link_id INTEGER NOT NULL REFERENCES link(link_id), target INTEGER NOT NULL,
  PRIMARY KEY(entity, field, link_id)) WITHOUT ROWID;
CREATE INDEX referring_target ON referring(entity, field, target);

-- webhooks: each event once; the records it names are marked dirty by the next run, and read
CREATE TABLE inbox(
  system TEXT NOT NULL, event_id TEXT NOT NULL, received_at REAL NOT NULL, records TEXT NOT NULL, body_code BLOB NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(system, event_id)) WITHOUT ROWID;
CREATE INDEX inbox_waiting ON inbox(received_at) WHERE taken = 0;

-- snapshot: sealed
CREATE TABLE tombstone(
  entity TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL, link_id INTEGER NOT NULL,
  generation INTEGER NOT NULL, cause TEXT NOT NULL, snapshot BLOB, confirmed_at REAL NOT NULL,
  tombstone_id INTEGER NOT NULL UNIQUE, PRIMARY KEY(entity, system, remote_id)) WITHOUT ROWID;

-- link_id 0: a record without a link; remote_id '': a record that could not be created; field '': the whole record. detail,
-- fingerprint: sealed
CREATE TABLE quarantine(
  entity TEXT NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL DEFAULT '', link_id INTEGER NOT NULL DEFAULT 0,
  reason_code TEXT NOT NULL, field TEXT NOT NULL DEFAULT '', detail BLOB NOT NULL, place TEXT NOT NULL DEFAULT '',
  fingerprint BLOB, first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
  quarantine_id INTEGER NOT NULL UNIQUE, PRIMARY KEY(entity, system, remote_id, link_id, field)) WITHOUT ROWID;

-- values that were written and did not stay: print is a code of the value, times how often in a row
CREATE TABLE contested(
  entity TEXT NOT NULL, link_id INTEGER NOT NULL, system TEXT NOT NULL, field TEXT NOT NULL,
  print BLOB NOT NULL, times INTEGER NOT NULL, last_run INTEGER NOT NULL,
  PRIMARY KEY(entity, link_id, system, field)) WITHOUT ROWID;

-- candidates: sealed
CREATE TABLE conflict(
  link_id INTEGER NOT NULL REFERENCES link(link_id), field TEXT NOT NULL, entity TEXT NOT NULL,
  candidates BLOB NOT NULL, reason TEXT NOT NULL, line INTEGER NOT NULL, opened_run INTEGER NOT NULL,
  conflict_id INTEGER NOT NULL UNIQUE, PRIMARY KEY(link_id, field)) WITHOUT ROWID;

-- what people decided. seen: what they decided upon; told: what came of it; these and value sealed
CREATE TABLE answer(
  answer_id INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
  link_id INTEGER NOT NULL, system TEXT NOT NULL, remote_id TEXT NOT NULL, field TEXT NOT NULL, value BLOB, seen BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'done', 'void')), run_id INTEGER NOT NULL DEFAULT 0,
  told BLOB);
CREATE INDEX answer_open ON answer(entity, answer_id) WHERE state = 'open';

-- append-only, and a chain: each hash covers the one before, the codes of the values and all other columns but the values
-- themselves (sealed), which may be forgotten. batch: the many of one line, (link_id, remote_id, code of the document).
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, at REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  entity TEXT NOT NULL, link_id INTEGER NOT NULL, system TEXT NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,
  line INTEGER NOT NULL, before BLOB, after BLOB, before_code BLOB, after_code BLOB, batch BLOB, hash BLOB NOT NULL);
CREATE INDEX audit_link ON audit(link_id) WHERE link_id <> 0;
CREATE INDEX audit_batch ON audit(entity) WHERE batch IS NOT NULL;
"""

SEALED: Final = {
    "run": ("run_id", ("summary",)),
    "link": ("link_id", ("doc",)),
    "member": ("member_id", ("shadow", "seen", "renders")),
    "wave": ("wave_id", ("body",)),
    "intent": ("intent_id", ("sent", "pre", "body")),
    "tombstone": ("tombstone_id", ("snapshot",)),
    "quarantine": ("quarantine_id", ("detail", "fingerprint")),
    "answer": ("answer_id", ("value", "seen", "told")),
    "conflict": ("conflict_id", ("candidates",)),
    "audit": ("seq", ("before", "after")),
}
"""The sealed columns of each table, and the number that stands for a row where they are sealed: it never changes, whatever else
in the row does."""

CODES: Final = frozenset(("code", "print", "before_code", "after_code", "batch", "hash", "wrapped", "body_code"))
"""Columns that hold keyed codes, or a key itself."""
