-- SPDX-License-Identifier: Apache-2.0
--
-- Version 5: records, what people and their applications leave behind. ARCHITECTURE.md, "Records".

CREATE TABLE record (
    key   BLOB PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
