-- SPDX-License-Identifier: Apache-2.0
--
-- Version 1. One file a version; what stands here never changes once released: the next change is
-- sqlite_002.sql. 64-bit ids are stored as SQLite's signed integers, bit for bit.

CREATE TABLE facts (
    imei INTEGER PRIMARY KEY, -- 14-digit body, TS 23.003 6.2
    due  INTEGER,             -- first day on which the verdict changes by the calendar
    row  BLOB NOT NULL        -- ARCHITECTURE.md, "Facts row"
);
CREATE INDEX facts_due ON facts (due) WHERE due IS NOT NULL;

CREATE TABLE journal_block (
    first_seq INTEGER PRIMARY KEY,
    header    BLOB NOT NULL,  -- ARCHITECTURE.md, "Block"
    prev_hash BLOB NOT NULL,
    root      BLOB NOT NULL,
    hash      BLOB NOT NULL,
    body      BLOB NOT NULL,
    section   BLOB NOT NULL
) STRICT;

CREATE TABLE journal_head (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    register_id    BLOB NOT NULL,
    next_seq       INTEGER NOT NULL,
    hash           BLOB NOT NULL,
    rules          INTEGER NOT NULL,
    expire_through INTEGER NOT NULL,
    swept_through  INTEGER NOT NULL
) STRICT;

-- subscriber: the keyed hash with its top bit flipped, so that signed order is unsigned order.
CREATE TABLE pair (
    imei       INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    PRIMARY KEY (imei, subscriber)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_set (number INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;
CREATE TABLE tac_list (number INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT;

-- The entry_ columns are the intent entry, as it will be or is in the journal.
CREATE TABLE batch (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    state           INTEGER NOT NULL, -- 0 saving, 1 proposed, 2 open
    intent_seq      INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    rows            INTEGER NOT NULL,
    parts           INTEGER NOT NULL,
    next_part       INTEGER NOT NULL,
    time_ms         INTEGER NOT NULL,
    actor           INTEGER NOT NULL,
    label           TEXT NOT NULL,
    load_hash       BLOB NOT NULL,
    rules_number    INTEGER NOT NULL,
    tac_list        INTEGER NOT NULL,
    entry_event     INTEGER NOT NULL,
    entry_flags     INTEGER NOT NULL,
    entry_ground    INTEGER NOT NULL,
    entry_actor     INTEGER NOT NULL,
    entry_party     INTEGER NOT NULL,
    entry_time_ms   INTEGER NOT NULL,
    entry_effective INTEGER NOT NULL,
    entry_batch     INTEGER NOT NULL,
    entry_count     INTEGER NOT NULL,
    entry_digest    BLOB NOT NULL,
    entry_document  BLOB NOT NULL
) STRICT;

CREATE TABLE batch_part (
    batch INTEGER NOT NULL,
    part  INTEGER NOT NULL,
    bytes BLOB NOT NULL, -- ARCHITECTURE.md, "Batch part"
    PRIMARY KEY (batch, part)
) STRICT;

CREATE TABLE load (
    hash          BLOB PRIMARY KEY,
    kind          TEXT NOT NULL,
    operator_name TEXT NOT NULL,
    time_ms       INTEGER NOT NULL,
    rows          INTEGER NOT NULL,
    changes       INTEGER NOT NULL,
    seq           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE party (
    id    INTEGER PRIMARY KEY,
    kind  INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    name  TEXT NOT NULL
) STRICT;

-- raw: up to 32 bytes as they stood in the file, of whatever encoding.
CREATE TABLE finding (
    operator_name TEXT NOT NULL,
    day           INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    raw           BLOB NOT NULL,
    count         INTEGER NOT NULL,
    PRIMARY KEY (operator_name, day, kind, raw)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    id      INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    actor   INTEGER NOT NULL,
    text    TEXT NOT NULL
) STRICT;
