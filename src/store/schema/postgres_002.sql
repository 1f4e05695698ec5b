-- SPDX-License-Identifier: Apache-2.0
--
-- Version 2: how often `tamga db rebuild` has mended what stands beside the journal: who follows the
-- journal sees that what he holds in memory came from what was wrong.

ALTER TABLE tamga.journal_head ADD COLUMN rebuilt bigint NOT NULL DEFAULT 0;
