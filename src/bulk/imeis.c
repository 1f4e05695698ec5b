/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/imeis.h"

#include <inttypes.h>
#include <stdlib.h>

#include "bulk/radix.h"

struct reading {
    struct rejects rejects;
    struct imei_list *list;
};

static enum err take_row(void *ctx, const struct csv *csv, const struct csv_row *row,
                         const struct fault *bad)
{
    struct reading *r = ctx;
    struct imei imei;
    if (bad)
        return rejects_add(&r->rejects, row->text, bad);
    enum err why = imei_parse_listed(row->fields[0], &imei);
    if (!why)
        return imei_list_add(r->list, imei.body);
    struct fault fault = {0};
    csv_where(csv, row, 0, &fault);
    fault_set(&fault, why, "an IMEI is 14 to 16 digits, maybe with spaces, dashes, slashes");
    return rejects_add(&r->rejects, row->text, &fault);
}

enum err imei_list_read(const struct load_options *options, struct imei_list *list,
                        struct load_result *result, uint8_t out_hash[SHA256_BYTES],
                        struct fault *fault)
{
    static const char *const columns[] = {"imei"};
    struct csv_options csv_options = {.path = options->path,
                                      .columns = columns,
                                      .column_count = 1,
                                      .required = 1,
                                      .header = CSV_HEADER_OR_LINES,
                                      .hash = true};
    struct csv *csv = NULL;
    struct reading r = {.rejects = {.options = options}, .list = list};
    enum err err = csv_open(&csv_options, &csv, fault);
    if (err)
        return err;
    err = load_each(csv, options, take_row, &r, &result->rows, fault);
    enum err ended = rejects_end(&r.rejects, err && !rejects_failed(err) ? NULL : fault);
    if (!err)
        err = ended;
    result->bad = r.rejects.count;
    memcpy(result->beside, r.rejects.beside_path, sizeof result->beside);
    if (!err && result->rows == 0)
        err = fault_set(fault, ERR_FILE_EMPTY, "%s holds no IMEI", options->path);
    if (!err && result->rows == result->bad)
        err = rejects_all(&r.rejects, fault);
    if (!err) {
        result->bytes = csv_bytes(csv, NULL);
        csv_hash(csv, out_hash);
        radix_sort(list->keys, list->n);
        list->n = radix_unique(list->keys, list->n);
    }
    csv_close(csv);
    return err;
}

static enum err run_list(struct registry *reg, const struct load_options *options,
                         struct batch_plan *plan, struct load_result *out, struct fault *fault)
{
    char label[BATCH_LABEL_MAX];
    snprintf(label, sizeof label, "%s %s", plan->label, options->path);
    plan->label = label;
    plan->progress = options->progress;
    plan->progress_ctx = options->progress_ctx;
    plan->stop = options->stop;
    return batch_run(reg, plan, &out->batch, fault);
}

enum err import_amnesty(struct registry *reg, const struct load_options *options,
                        struct load_result *out, struct fault *fault)
{
    struct imei_list list = {0};
    struct load load = {.kind = "amnesty"};
    uint8_t file[SHA256_BYTES];
    *out = (struct load_result){0};
    enum err err = imei_list_read(options, &list, out, file, fault);
    if (!err) {
        load_key(reg, "amnesty", file, load.hash);
        load.rows = out->rows;
        enum load_before before = LOAD_NEW;
        err = load_before(reg, load.hash, &before, fault);
        out->known = before == LOAD_WHOLE;
    }
    if (out->bad)
        load_left_out(&load);
    struct change change = {.kind = CHANGE_AMNESTY, .on = true};
    struct batch_plan plan = {.entry = {.event = EVENT_AMNESTY},
                              .label = "import amnesty",
                              .source = imei_list_source(&list, &change),
                              .needs_second = true,
                              .load = &load};
    if (!err && !out->known)
        err = run_list(reg, options, &plan, out, fault);
    imei_list_release(&list);
    return err;
}

/* ---- GSMA: the new set against the standing one ---- */

struct gsma_diff {
    const struct imei_list *list;
    size_t at; /* in the list */
    bool delta;
    struct imei_list changes; /* body * 2 + 1 = set, body * 2 = cleared; ascending */
    uint64_t standing, cleared, cut;
    struct registry *reg;
    daynum today;
    enum err err;
};

static void diff_up_to(struct gsma_diff *d, uint64_t body)
{
    while (!d->err && d->at < d->list->n && d->list->keys[d->at] < body)
        d->err = imei_list_add(&d->changes, d->list->keys[d->at++] * 2 + 1);
}

static bool diff_row(void *ctx, const struct facts_row *row)
{
    struct gsma_diff *d = ctx;
    diff_up_to(d, row->imei.body);
    bool listed = d->at < d->list->n && d->list->keys[d->at] == row->imei.body;
    bool stands = row->facts.flags & FACTS_GSMA;
    d->at += listed;
    d->standing += stands;
    if (listed && !stands) {
        struct verdict v = policy_judge_gated(row->imei, &row->facts, &d->reg->rules, d->today,
                                              d->reg->head.gate.expire_through);
        enum list list = reason_list(v.reason);
        d->cut += list != LIST_BLACK && list != LIST_UNKNOWN;
        d->err = imei_list_add(&d->changes, row->imei.body * 2 + 1);
    } else if (!listed && stands && !d->delta) {
        d->cleared++;
        d->err = imei_list_add(&d->changes, row->imei.body * 2);
    }
    return !d->err;
}

static bool next_gsma(void *ctx, struct change *out)
{
    struct imei_list *list = ctx;
    if (list->at == list->n)
        return false;
    uint64_t key = list->keys[list->at++];
    *out = (struct change){.imei = {key / 2}, .kind = CHANGE_GSMA, .on = key & 1};
    return true;
}

/* The set against the one that stands, and against how many phones in use it would cut off. */
static enum err gsma_guard(const struct gsma_diff *d, const struct accept *accept,
                           uint32_t *out_tripped, struct fault *fault)
{
    bool small = !d->delta && d->standing >= GUARD_SIZE_FLOOR &&
                 d->list->n * 100 < d->standing * GUARD_SIZE_PERCENT;
    *out_tripped =
        (small ? GUARD_SIZE : 0u) | (d->cut > d->reg->rules.gsma_cut_limit ? GUARD_MOVE : 0u);
    return guard_stop(accept, *out_tripped, fault,
                      "the list has %zu IMEIs, %" PRIu64 " stand; %" PRIu64
                      " would be lifted, %" PRIu64 " served phones cut off",
                      d->list->n, d->standing, d->cleared, d->cut);
}

enum err import_gsma(struct registry *reg, const struct load_options *options,
                     const struct gsma_options *how, struct load_result *out, struct fault *fault)
{
    struct imei_list list = {0};
    uint8_t file[SHA256_BYTES];
    char reason[GUARD_REASON_MAX];
    uint32_t tripped = 0;
    *out = (struct load_result){0};
    enum err err = imei_list_read(options, &list, out, file, fault);
    struct gsma_diff d = {
        .list = &list, .delta = how->delta, .reg = reg, .today = registry_today(reg)};
    if (!err)
        err = store_facts_scan(reg->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                               diff_row, &d, fault);
    diff_up_to(&d, IMEI_BODIES);
    if (!err)
        err = d.err;
    if (!err)
        err = gsma_guard(&d, &how->accept, &tripped, fault);
    struct batch_plan plan = {.entry = {.event = EVENT_GSMA},
                              .label = how->delta ? "import gsma --delta" : "import gsma",
                              .reason = guard_reason(&how->accept, tripped, reason),
                              .source = {.next = next_gsma, .ctx = &d.changes},
                              .needs_second = d.cleared > 0 || d.cut > reg->rules.gsma_cut_limit};
    out->known = !err && d.changes.n == 0;
    if (!err && !out->known)
        err = run_list(reg, options, &plan, out, fault);
    imei_list_release(&list);
    imei_list_release(&d.changes);
    return err;
}
