/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_guard.h"

#include <stdlib.h>

#include "app/observe.h"

/* ---- what is usual ---- */

struct earlier {
    int64_t time_ms;
    uint64_t rows;
};

struct history {
    struct str operator_name;
    struct earlier *p;
    size_t n, size;
    bool failed;
};

static bool take_load(void *ctx, const struct load *load)
{
    struct history *h = ctx;
    if (!str_starts(str_z(load->kind), STR("feed")) ||
        !str_eq(str_z(load->operator_name), h->operator_name))
        return true;
    if (h->n == h->size) {
        size_t size = h->size ? 2 * h->size : 256;
        struct earlier *p = realloc(h->p, size * sizeof *p);
        h->failed = !p;
        if (!p)
            return false;
        h->p = p;
        h->size = size;
    }
    h->p[h->n++] = (struct earlier){load->time_ms, load->rows};
    return true;
}

static int latest_first(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    return x->time_ms < y->time_ms ? 1 : x->time_ms > y->time_ms ? -1 : 0;
}

static int by_rows(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    return x->rows < y->rows ? -1 : x->rows > y->rows;
}

/* The median of the operator's last loads; 0: too few to know. */
static enum err usual_rows(const struct feed_rows *f, uint64_t *out, struct fault *fault)
{
    struct history h = {.operator_name = f->feed->operator_name};
    enum err err = store_loads(f->reg->store, take_load, &h, fault);
    *out = 0;
    if (!err && h.failed)
        err = ERR_MEMORY;
    if (!err && h.n >= FEED_HISTORY) {
        qsort(h.p, h.n, sizeof *h.p, latest_first);
        h.n = h.n < FEED_LOOK_BACK ? h.n : FEED_LOOK_BACK;
        qsort(h.p, h.n, sizeof *h.p, by_rows);
        *out = h.p[h.n / 2].rows;
    }
    free(h.p);
    return err;
}

bool feed_zeros_lost(const struct feed_lengths *l)
{
    bool whole = l->of[15] >= l->of[14]; /* with a check digit or a version, else 14 digits alone */
    uint64_t usual = whole ? l->of[15] : l->of[14], shorter = whole ? l->of[14] : l->of[13];
    uint64_t zeros = whole ? l->zero[15] : l->zero[14];
    return usual >= FEED_ZEROS_LEAST && !zeros && shorter * 100 >= usual;
}

/* ---- the guards ---- */

/* For who looks: rows that were set aside, IMEIs that nobody has warned. */
static void tell(const struct feed_rows *f, const struct imei *soon, uint32_t stops)
{
    FILE *out = f->options->tell;
    if (!out)
        return;
    for (unsigned i = 0; i < f->examples && stops & (GUARD_DATES | GUARD_NULLS); i++)
        load_tell(out, &f->example[i]);
    for (uint64_t i = 0; i < f->out->unnoticed && i < LIMIT_BAD_ROWS_SHOWN && stops & GUARD_NOTICE;
         i++) {
        char imei[IMEI_TEXT15];
        imei_format15(soon[i], imei);
        fprintf(out, "%s: %s would be black, or within %d days of it, before a notice\n",
                f->options->path, imei, OBSERVE_NOTICE_DAYS);
    }
}

static enum err stop(const struct feed_rows *f, uint64_t usual, struct fault *fault)
{
    const struct feed_result *out = f->out;
    const struct accept *accept = &f->feed->accept;
    const struct feed_lengths *l = &f->lengths;
    uint32_t stops = out->tripped & ~accept->guards;
    if (stops & GUARD_SIZE)
        return guard_stop(accept, out->tripped, fault,
                          "the file has %llu rows, the last ones of this operator had %llu",
                          (unsigned long long)out->load.rows, (unsigned long long)usual);
    if (stops & GUARD_ZEROS)
        return guard_stop(accept, out->tripped, fault,
                          "%llu IMEIs are a digit short, none begins with 0: a spreadsheet has "
                          "eaten the zeros",
                          (unsigned long long)(l->of[15] >= l->of[14] ? l->of[14] : l->of[13]));
    return guard_stop(accept, out->tripped, fault,
                      "of %llu rows %llu are dated later than today, %llu malformed; %llu "
                      "IMEIs would be black or within %d days of it before a notice",
                      (unsigned long long)out->load.rows, (unsigned long long)out->future,
                      (unsigned long long)out->malformed, (unsigned long long)out->unnoticed,
                      OBSERVE_NOTICE_DAYS);
}

enum err feed_guard(struct feed_rows *f, const struct imei *soon, struct fault *fault)
{
    struct feed_result *out = f->out;
    uint64_t rows = out->load.rows, usual;
    enum err err = usual_rows(f, &usual, fault);
    if (err)
        return err;
    out->tripped |= out->future * 100 > rows * FEED_PERCENT ? GUARD_DATES : 0;
    out->tripped |= out->malformed * 100 > rows * FEED_PERCENT ? GUARD_NULLS : 0;
    out->tripped |= out->unnoticed ? GUARD_NOTICE : 0;
    out->tripped |= feed_zeros_lost(&f->lengths) ? GUARD_ZEROS : 0;
    out->tripped |=
        usual >= GUARD_SIZE_FLOOR && rows * 100 < usual * GUARD_SIZE_PERCENT ? GUARD_SIZE : 0;
    tell(f, soon, out->tripped & ~f->feed->accept.guards);
    if (fault)
        str_copy(fault->file, sizeof fault->file, str_z(f->options->path));
    err = stop(f, usual, fault);
    if (!err && fault)
        fault->file[0] = '\0';
    return err;
}
