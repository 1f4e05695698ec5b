/* SPDX-License-Identifier: Apache-2.0
 *
 * The PostgreSQL backend: opening and closing a register in a database. The URL is libpq's own
 * (PostgreSQL 15, 34.1.1.2), with as many hosts as there are: a writer finds the primary among them. */
#include "store/store_postgres.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* A register without files beside it: its key file is named by whoever opens it. */
static const char *path(const struct store *store)
{
    (void)store;
    return NULL;
}

static void postgres_close(struct store *store)
{
    struct postgres_store *s = postgres_of(store);
    for (int i = 0; i < PG_CLAIMS_MAX; i++) /* the server may take its time to see us gone */
        if (s->claims[i])
            postgres_batch_release(store, s->claims[i]);
    pg_disconnect(s);
    free(s->url);
    free(s->shown);
    free(s);
}

static enum err again(struct store *store, struct store **out, struct fault *fault)
{
    const struct postgres_store *s = postgres_of(store);
    return store_postgres_open(s->url, s->mode, out, fault);
}

static const struct store_ops ops = {
    .again = again,
    .close = postgres_close,
    .head = postgres_head,
    .block_append = postgres_block_append,
    .blocks = postgres_blocks,
    .facts_get = postgres_facts_get,
    .facts_put = postgres_facts_put,
    .facts_scan = postgres_facts_scan,
    .facts_due = postgres_facts_due,
    .pairs_put = postgres_pairs_put,
    .pairs_scan = postgres_pairs_scan,
    .rules_put = postgres_rules_put,
    .rules_get = postgres_rules_get,
    .tac_list_put = postgres_tac_list_put,
    .tac_list_get = postgres_tac_list_get,
    .batch_new = postgres_batch_new,
    .batch_part_put = postgres_batch_part_put,
    .batch_part_get = postgres_batch_part_get,
    .batch_update = postgres_batch_update,
    .batch_drop = postgres_batch_drop,
    .batches = postgres_batches,
    .batch_claim = postgres_batch_claim,
    .batch_release = postgres_batch_release,
    .load_put = postgres_load_put,
    .load_find = postgres_load_find,
    .party_put = postgres_party_put,
    .party_get = postgres_party_get,
    .parties = postgres_parties,
    .api_key_put = postgres_api_key_put,
    .api_keys = postgres_api_keys,
    .findings_add = postgres_findings_add,
    .findings = postgres_findings,
    .note_put = postgres_note_put,
    .notes = postgres_notes,
    .loads = postgres_loads,
    .head_put = postgres_head_put,
    .facts_drop = postgres_facts_drop,
    .batch_put = postgres_batch_put,
    .records_put = postgres_records_put,
    .record_get = postgres_record_get,
    .records = postgres_records,
    .read_begin = postgres_read_begin,
    .read_end = postgres_read_end,
    .write_begin = postgres_write_begin,
    .write_commit = postgres_write_commit,
    .write_rollback = postgres_write_rollback,
    .path = path,
};

/* Host, port and database of the URL, as people may see them. */
static enum err show(struct postgres_store *s, struct fault *fault)
{
    char *message = NULL;
    const char *host = "", *port = "", *name = "";
    PQconninfoOption *options = s->pq->PQconninfoParse(s->url, &message);
    if (!options) {
        struct str why = str_trim(str_z(message ? message : "no memory"));
        enum err err = fault_set(fault, ERR_STORE_OPEN, "postgresql: %.*s", (int)why.n, why.p);
        s->pq->PQfreemem(message);
        return err;
    }
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        const char *v = o->val ? o->val : "";
        host = strcmp(o->keyword, "host") == 0 ? v : host;
        port = strcmp(o->keyword, "port") == 0 ? v : port;
        name = strcmp(o->keyword, "dbname") == 0 ? v : name;
    }
    int n = asprintf(&s->shown, "postgresql://%s%s%s/%s", host, *port ? ":" : "", port, name);
    if (n < 0)
        s->shown = NULL;
    s->pq->PQconninfoFree(options);
    return n < 0 ? fault_set(fault, ERR_MEMORY, "postgresql:") : ERR_OK;
}

enum err store_postgres_open(const char *url, enum store_mode mode, struct store **out,
                             struct fault *fault)
{
    struct postgres_store *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_MEMORY, "postgresql:");
    s->base.ops = &ops;
    s->base.patience_ms = STORE_PATIENCE_MS;
    s->mode = mode;
    s->answer_ms = PG_ANSWER_MS;
    s->url = strdup(url);
    enum err err = s->url ? pq_load(&s->pq, fault) : fault_set(fault, ERR_MEMORY, "postgresql:");
    if (err) {
        free(s->url);
        free(s);
        return err;
    }
    err = show(s, fault);
    if (!err)
        err = pg_connect(s, fault);
    if (!err)
        err = postgres_schema_check(s, fault);
    if (err) {
        postgres_close(&s->base);
        if (err == ERR_STORE || err == ERR_STORE_AWAY)
            err = ERR_STORE_OPEN;
        if (fault)
            fault->err = err;
        return err;
    }
    *out = &s->base;
    return ERR_OK;
}
