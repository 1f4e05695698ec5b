-- SPDX-License-Identifier: Apache-2.0
--
-- Version 3: a register that is being filled from another (`tamga db move`) says how far it is.

ALTER TABLE journal_head ADD COLUMN moving INTEGER NOT NULL DEFAULT 0;
