-- SPDX-License-Identifier: Apache-2.0
--
-- Version 4: how often `tamga db rebuild` has mended what stands beside the journal: who follows the
-- journal sees that what he holds in memory came from what was wrong.

ALTER TABLE journal_head ADD COLUMN rebuilt INTEGER NOT NULL DEFAULT 0;
