-- SPDX-License-Identifier: Apache-2.0
--
-- Version 3: records, what people and their applications leave behind. ARCHITECTURE.md, "Records".

CREATE TABLE tamga.record (
    key   bytea PRIMARY KEY,
    value bytea NOT NULL
);
