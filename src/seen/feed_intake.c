/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_intake.h"

#include <stdlib.h>
#include <string.h>

#include "app/api_key.h"
#include "people/audit_log.h"
#include "seen/feed.h"

enum { STORE_PATIENCE_MS = 30000 };

struct reading {
    struct shut_file *rows;
    uint64_t at;
};

static enum err read_rows(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct reading *r = ctx;
    enum err err = shut_file_read(r->rows, r->at, to, n, out_n, fault);
    r->at += err ? 0 : *out_n;
    return err;
}

static int most_first(const void *a, const void *b)
{
    const struct intake_finding *x = a, *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

/* The most frequent, one a text: days are another's affair here. */
static void take_findings(void *ctx, const struct finding *list, size_t n)
{
    struct intake_result *out = ctx;
    struct intake_finding *all = calloc(n + 1, sizeof *all);
    if (!all)
        return;
    for (size_t i = 0; i < n; i++) {
        str_copy(all[i].kind, sizeof all[i].kind, str_z(list[i].kind));
        str_copy(all[i].raw, sizeof all[i].raw, str_z(list[i].raw));
        all[i].count = list[i].count;
    }
    qsort(all, n, sizeof *all, most_first);
    out->findings_all = n;
    out->finding_count = n < INTAKE_FINDINGS ? n : INTAKE_FINDINGS;
    memcpy(out->findings, all, out->finding_count * sizeof *all);
    free(all);
}

static void take_result(const struct feed_result *r, struct intake_result *out)
{
    out->rows = r->load.rows;
    out->home = r->home;
    out->roaming = r->roaming;
    out->unknown = r->unknown;
    out->future = r->future;
    out->past = r->past;
    out->malformed = r->malformed;
    out->bad = r->load.bad;
    out->imeis = r->imeis;
    out->first = r->first;
    out->earlier = r->earlier;
    out->unnoticed = r->unnoticed;
    out->whitened = r->whitened;
    out->pairs = r->pairs;
    out->days = r->days;
    out->known = r->load.known;
    out->proposal = r->load.batch.proposed ? r->load.batch.id : 0;
    str_copy(out->ignored, sizeof out->ignored, str_z(r->ignored));
}

static enum err load(struct registry *reg, const struct intake_job *job, struct intake_result *out,
                     struct fault *fault)
{
    char machine[32], id[API_KEY_ID_TEXT], path[LIMIT_NAME + 16];
    struct reading reading = {.rows = job->rows};
    const struct source_reader reader = {
        .read = read_rows, .ctx = &reading, .name = "the rows", .size = shut_file_bytes(job->rows)};
    api_key_id_format(job->key, id);
    snprintf(machine, sizeof machine, "api key %s", id);
    snprintf(path, sizeof path, "by api key %s", id);
    const struct load_options options = {
        .path = path, .reader = &reader, .beside = job->bad, .stop = job->stop};
    const struct feed_options feed = {.operator_name = str_z(job->operator_name),
                                      .machine = machine,
                                      .patience_ms = LIMIT_INTAKE_WAIT_MS,
                                      .findings = take_findings,
                                      .ctx = out};
    struct feed_result *result = calloc(1, sizeof *result);
    if (!result)
        return fault_set(fault, ERR_MEMORY, "no memory for a load");
    enum err err = feed_load(reg, &options, &feed, result, fault);
    take_result(result, out);
    free(result);
    return err;
}

static enum err open_register(const struct feed_intake *in, struct registry **out,
                              struct fault *fault)
{
    const struct registry_options options = {
        .url = in->url, .key = in->key, .clock = in->clock, .write = true};
    enum err err = registry_open(&options, out, fault);
    if (!err)
        store_patience((*out)->store, STORE_PATIENCE_MS);
    return err;
}

enum err feed_intake_load(void *ctx, const struct intake_job *job, struct intake_result *out,
                          struct fault *fault)
{
    struct registry *reg = NULL;
    enum err err = open_register(ctx, &reg, fault);
    if (err)
        return err;
    err = load(reg, job, out, fault);
    registry_close(reg);
    return err;
}

struct looked {
    const struct intake_asker *asker;
    uint64_t bytes;
};

static enum err put_looked(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct looked *l = c->ctx;
    const struct audit_event event = {
        .what = AUDIT_ROWS_LOOK,
        .actor = l->asker->key,
        .subject = registry_party_id(reg, PARTY_OPERATOR, l->asker->operator_name),
        .object = l->bytes};
    return audit_log_put(reg, &event, 1, fault);
}

enum err feed_intake_looked(void *ctx, const struct intake_asker *asker, uint64_t bytes,
                            struct fault *fault)
{
    struct registry *reg = NULL;
    struct looked looked = {asker, bytes};
    struct commit_case c = {.also = put_looked, .ctx = &looked};
    enum err err = open_register(ctx, &reg, fault);
    if (err)
        return err;
    err = commit_one(reg, &c, fault);
    registry_close(reg);
    return err;
}
