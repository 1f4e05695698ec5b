/* SPDX-License-Identifier: Apache-2.0
 *
 * Which version of the schema a database has, and the way up. All migrations that it needs run in
 * one transaction, under a lock of their own: it has the old version or the new one. */
#include "store/store_postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* version: 0 = no register here. Tables in our schema that are not ours: ERR_STORE_OPEN. */
static enum err look(struct postgres_store *s, int *out_version, struct fault *fault)
{
    PGresult *rows = NULL;
    enum err err = pg_text(s,
                           "SELECT (to_regclass('tamga.schema_version') IS NOT NULL)::int, "
                           "(SELECT count(*) FROM pg_class c JOIN pg_namespace n "
                           "ON n.oid = c.relnamespace WHERE n.nspname = 'tamga')",
                           &rows, fault);
    if (err)
        return err;
    bool ours = s->pq->PQgetvalue(rows, 0, 0)[0] == '1';
    bool empty = s->pq->PQgetvalue(rows, 0, 1)[0] == '0';
    s->pq->PQclear(rows);
    *out_version = 0;
    if (!ours)
        return empty ? ERR_OK
                     : fault_set(fault, ERR_STORE_OPEN, "%s: its schema tamga is no register",
                                 s->shown);
    err = pg_text(s, "SELECT coalesce(max(version), 0) FROM tamga.schema_version", &rows, fault);
    if (err)
        return err;
    uint64_t version = 0;
    bool read = str_to_u64(str_z(s->pq->PQgetvalue(rows, 0, 0)), INT32_MAX, &version);
    s->pq->PQclear(rows);
    *out_version = (int)version;
    if (!read || *out_version > postgres_schema_version)
        return fault_set(fault, ERR_STORE_NEWER,
                         "%s has schema %d, this program knows %d: use a newer program", s->shown,
                         *out_version, postgres_schema_version);
    return ERR_OK;
}

/* The one row of journal_head, with the register's name. */
static enum err found_register(struct postgres_store *s, struct fault *fault)
{
    uint8_t id[REGISTER_ID_BYTES];
    char hex[2 * REGISTER_ID_BYTES + 1], sql[320];
    if (getentropy(id, sizeof id))
        return fault_set(fault, ERR_STORE, "no random bytes: %s", strerror(errno));
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    snprintf(sql, sizeof sql,
             "INSERT INTO tamga.journal_head (one, register_id, next_seq, hash, rules, "
             "expire_through, swept_through) VALUES (1, '\\x%s', 1, '\\x%s%032d', 0, %d, %d)",
             hex, hex, 0, DAYNUM_NONE, DAYNUM_NONE);
    return pg_text(s, sql, NULL, fault);
}

static enum err migrate(struct postgres_store *s, struct fault *fault)
{
    char mark[80];
    int version = 0;
    enum err err = look(s, &version, fault);
    bool fresh = !err && version == 0;
    for (; !err && version < postgres_schema_version; version++) {
        err = pg_text(s, postgres_schema[version], NULL, fault);
        snprintf(mark, sizeof mark, "INSERT INTO tamga.schema_version VALUES (%d)", version + 1);
        if (!err)
            err = pg_text(s, mark, NULL, fault);
    }
    return err || !fresh ? err : found_register(s, fault);
}

static enum err raise_schema(struct postgres_store *s, struct fault *fault)
{
    /* 0x74616d6762 */
    enum err err =
        pg_text(s, "BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(499850766178)", NULL, fault);
    if (!err)
        err = migrate(s, fault);
    if (!err)
        err = pg_text(s, "COMMIT", NULL, fault);
    if (err && s->db && pg_text(s, "ROLLBACK", NULL, NULL) != ERR_OK)
        pg_disconnect(s);
    return err;
}

enum err postgres_schema_check(struct postgres_store *s, struct fault *fault)
{
    int version = 0;
    enum err err = look(s, &version, fault);
    if (err || version == postgres_schema_version)
        return err;
    if (s->mode == STORE_WRITE)
        return raise_schema(s, fault);
    if (version == 0)
        return fault_set(fault, ERR_STORE_MISSING,
                         "%s: there is no register; any writing command makes one", s->shown);
    return fault_set(fault, ERR_STORE_OLD,
                     "%s has schema %d, this program reads %d: any writing command raises it",
                     s->shown, version, postgres_schema_version);
}
