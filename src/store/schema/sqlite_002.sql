-- SPDX-License-Identifier: Apache-2.0
--
-- Version 2: keys of programs that ask over HTTP.

-- secret: a keyed hash, a sealed signing key, or the hash of a certificate's name (store.h).
CREATE TABLE api_key (
    id         INTEGER PRIMARY KEY,
    kind       INTEGER NOT NULL,
    scopes     INTEGER NOT NULL,
    name       TEXT NOT NULL,
    secret     BLOB NOT NULL,
    expires    INTEGER NOT NULL, -- last day on which it counts
    created_ms INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    revoked_ms INTEGER NOT NULL, -- 0: in force
    revoked_by INTEGER NOT NULL
) STRICT;
