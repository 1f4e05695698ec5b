-- SPDX-License-Identifier: Apache-2.0
--
-- Roles of least privilege for a register in PostgreSQL. Run once by its owner, in its database, after the
-- register was made (any writing command makes it):
--
--   psql -d tamga -f roles.sql
--   CREATE ROLE tamga_serve_1 LOGIN PASSWORD '...' IN ROLE tamga_serve;
--
-- None of them may change or remove a block of the journal, nor its tables; the owner's own login stays in the
-- safe: it is needed for a new version of the schema alone. Running this again sets the rights anew.

SET client_min_messages = warning;
DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['tamga_serve', 'tamga_bulk', 'tamga_sweep', 'tamga_admin', 'tamga_portal', 'tamga_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', r);
        END IF;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA tamga FROM %I', r);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA tamga FROM %I', r);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tamga FROM %I', r);
        EXECUTE format('GRANT USAGE ON SCHEMA tamga TO %I', r);
        -- What every program reads before anything else: is this a register, whose, how far.
        EXECUTE format('GRANT SELECT ON tamga.schema_version, tamga.journal_head, tamga.journal_block, '
                       'tamga.rule_set, tamga.tac_list TO %I', r);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION tamga.journal_partition(bigint) FROM PUBLIC;
-- Nobody needs objects of his own in this database: with them he could get between a function and its types.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
END $$;

-- `tamga serve --answer-only`, `tamga check`, `tamga snapshot write`: reads what answers are made of. No name
-- of anybody, no note, no file's findings.
GRANT SELECT ON tamga.facts, tamga.pair, tamga.api_key, tamga.batch TO tamga_serve;

-- Imports, feeds, suspensions, staff (where two persons decide, the program asks for the second; a login past the program could
-- write the flag itself). The journal only grows.
GRANT SELECT, INSERT, UPDATE ON tamga.facts, tamga.load, tamga.party, tamga.finding, tamga.rule_set, tamga.tac_list
    TO tamga_bulk;
GRANT SELECT, INSERT, UPDATE, DELETE ON tamga.batch, tamga.batch_part, tamga.pair TO tamga_bulk;
GRANT SELECT, INSERT ON tamga.note TO tamga_bulk;
GRANT INSERT ON tamga.journal_block TO tamga_bulk;
GRANT UPDATE ON tamga.journal_head TO tamga_bulk;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA tamga TO tamga_bulk;
GRANT EXECUTE ON FUNCTION tamga.journal_partition(bigint) TO tamga_bulk;

-- `tamga sweep`. It may find a batch that a dead import has left, and finishes it: so it writes what batches write,
-- but makes nobody.
GRANT SELECT, INSERT, UPDATE ON tamga.facts, tamga.load, tamga.finding, tamga.rule_set, tamga.tac_list TO tamga_sweep;
GRANT SELECT ON tamga.party TO tamga_sweep;
GRANT SELECT, UPDATE, DELETE ON tamga.batch, tamga.batch_part TO tamga_sweep;
GRANT SELECT, INSERT, DELETE ON tamga.pair TO tamga_sweep;
GRANT SELECT, INSERT ON tamga.note TO tamga_sweep;
GRANT INSERT ON tamga.journal_block TO tamga_sweep;
GRANT UPDATE ON tamga.journal_head TO tamga_sweep;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA tamga TO tamga_sweep;
GRANT EXECUTE ON FUNCTION tamga.journal_partition(bigint) TO tamga_sweep;

-- Staff accounts and API keys: what bulk may, and the keys.
GRANT tamga_bulk TO tamga_admin;
GRANT SELECT, INSERT, UPDATE ON tamga.api_key TO tamga_admin;
-- `tamga user password`: how an account signs in is a record; its sessions end with it.
GRANT SELECT, INSERT, UPDATE, DELETE ON tamga.record TO tamga_admin;

-- `tamga serve` with the portal: sessions and applications are records; what it decides is written as bulk writes.
GRANT tamga_bulk, tamga_serve TO tamga_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON tamga.record TO tamga_portal;

-- Records by their first byte (src/people/record.h). Every program reads what the register knows of seal keys, 'Q'; who sets or
-- clears marks keeps their lists, 'R'; all else but what is named below is the portal's and the admin's.
ALTER TABLE tamga.record ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
    p text;
BEGIN
    FOR p IN SELECT policyname FROM pg_policies WHERE schemaname = 'tamga' AND tablename = 'record' LOOP
        EXECUTE format('DROP POLICY %I ON tamga.record', p);
    END LOOP;
END $$;
CREATE POLICY seal_keys ON tamga.record FOR SELECT TO tamga_serve, tamga_bulk, tamga_sweep
    USING (substr(key, 1, 1) = '\x51');
CREATE POLICY marks ON tamga.record TO tamga_bulk, tamga_sweep
    USING (substr(key, 1, 1) = '\x52') WITH CHECK (substr(key, 1, 1) = '\x52');
-- What operators' networks saw, '0' to '3', clones found there, '6', rows by radio technology, '8', and who is excepted, '9': whoever
-- loads feeds. Holds of expiry for an operator or models, 'V': he sets them, and whoever answers, sweeps or makes lists goes by them.
-- Receipts of lists, '4' and '5': whoever serves them.
CREATE POLICY seen ON tamga.record TO tamga_bulk
    USING (substr(key, 1, 1) IN ('\x30', '\x31', '\x32', '\x33', '\x36', '\x38', '\x39'))
    WITH CHECK (substr(key, 1, 1) IN ('\x30', '\x31', '\x32', '\x33', '\x36', '\x38', '\x39'));
CREATE POLICY holds ON tamga.record TO tamga_bulk
    USING (substr(key, 1, 1) = '\x56') WITH CHECK (substr(key, 1, 1) = '\x56');
CREATE POLICY holds_read ON tamga.record FOR SELECT TO tamga_serve, tamga_sweep
    USING (substr(key, 1, 1) = '\x56');
CREATE POLICY receipts_read ON tamga.record FOR SELECT TO tamga_serve
    USING (substr(key, 1, 1) IN ('\x34', '\x35'));
CREATE POLICY receipts ON tamga.record TO tamga_bulk
    USING (substr(key, 1, 1) IN ('\x34', '\x35')) WITH CHECK (substr(key, 1, 1) IN ('\x34', '\x35'));
-- `tamga notices …`, `tamga lists --list notify`; the sweep asks who was told ('7'), who uses a phone and whose he is.
CREATE POLICY notices ON tamga.record TO tamga_bulk
    USING (substr(key, 1, 1) = '\x37') WITH CHECK (substr(key, 1, 1) = '\x37');
-- What a person does there, and numbers of subscribers that leave, stand in the audit log, 'L': it is added to and read, for each
-- page holds the hash of the one before.
CREATE POLICY audit_read ON tamga.record FOR SELECT TO tamga_bulk USING (substr(key, 1, 1) = '\x4c');
CREATE POLICY audit_add ON tamga.record FOR INSERT TO tamga_bulk WITH CHECK (substr(key, 1, 1) = '\x4c');
CREATE POLICY audit_number ON tamga.record TO tamga_bulk
    USING (key = '#audit'::bytea) WITH CHECK (key = '#audit'::bytea);
CREATE POLICY notices_read ON tamga.record FOR SELECT TO tamga_sweep
    USING (substr(key, 1, 1) IN ('\x37', '\x30', '\x32', '\x33'));
CREATE POLICY people ON tamga.record TO tamga_admin, tamga_portal USING (true) WITH CHECK (true);
CREATE POLICY reads ON tamga.record FOR SELECT TO tamga_auditor USING (true);
GRANT SELECT ON tamga.record TO tamga_serve;
GRANT SELECT, INSERT, UPDATE, DELETE ON tamga.record TO tamga_bulk, tamga_sweep;

-- Reads all, changes nothing: `journal verify`, `db check`, `db backup`.
GRANT SELECT ON ALL TABLES IN SCHEMA tamga TO tamga_auditor;
