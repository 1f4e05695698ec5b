/* SPDX-License-Identifier: Apache-2.0
 *
 * The duplicate report to the authorities: which IMEIs several subscribers use, how many, where and when; nobody by name. */
#include <stdlib.h>

#include "clones/case.h"

enum { PIECE = 1 << 16 };

struct reporting {
    clone_write_fn *write;
    void *ctx;
    struct party *operators;
    size_t n, size;
    struct buf text;
    uint64_t rows;
    bool stopped; /* by the writer, or for want of memory */
};

static bool on_party(void *ctx, const struct party *party)
{
    struct reporting *r = ctx;
    if (party->kind != PARTY_OPERATOR)
        return true;
    if (r->n == r->size) {
        size_t size = r->size ? 2 * r->size : 16;
        struct party *operators = realloc(r->operators, size * sizeof *operators);
        r->stopped = !operators;
        if (r->stopped)
            return false;
        r->operators = operators;
        r->size = size;
    }
    r->operators[r->n++] = *party;
    return true;
}

static const char *name_of(const struct reporting *r, uint64_t party)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->operators[i].id == party)
            return r->operators[i].name;
    return "?";
}

/* In quotes, those within it doubled: RFC 4180 2.7. */
static void put_operators(struct reporting *r, const struct clone_case *c)
{
    buf_str(&r->text, STR("\""));
    for (uint32_t i = 0; i < c->operator_count; i++) {
        buf_str(&r->text, str_z(i ? "; " : ""));
        for (const char *p = name_of(r, c->operators[i]); *p; p++)
            buf_put(&r->text, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    }
    buf_str(&r->text, STR("\""));
}

static bool flush(struct reporting *r)
{
    struct str piece = {(const char *)r->text.p, r->text.n};
    r->stopped |= r->text.failed || (piece.n && !r->write(r->ctx, piece));
    buf_clear(&r->text);
    return !r->stopped;
}

static bool put_row(void *ctx, const struct clone_case *c)
{
    struct reporting *r = ctx;
    char imei[IMEI_TEXT15], first[DAYNUM_TEXT], last[DAYNUM_TEXT];
    imei_format15(c->imei, imei);
    daynum_format(c->first, first);
    daynum_format(c->last, last);
    buf_printf(&r->text, "%s,%u,", imei, c->imsis);
    put_operators(r, c);
    buf_printf(&r->text, ",%s,%s,%s,", first, last, clone_at_name(c->at));
    for (unsigned i = 0, n = 0; i < CLONE_WHYS; i++)
        if (c->why & 1u << i)
            buf_printf(&r->text, "%s%s", n++ ? "+" : "", clone_why_name(1u << i));
    buf_str(&r->text, STR("\n"));
    r->rows++;
    return r->text.n < PIECE || flush(r);
}

enum err clone_report(struct registry *reg, clone_write_fn *write, void *ctx, uint64_t *out_rows,
                      struct fault *fault)
{
    struct reporting r = {.write = write, .ctx = ctx};
    enum err err = store_parties(reg->store, on_party, &r, fault);
    buf_str(&r.text, STR("imei,subscribers,operators,first_day,last_day,state,rules\n"));
    if (!err && !r.stopped)
        err = clone_cases_each(reg, put_row, &r, fault);
    if (!err && (r.stopped || !flush(&r)))
        err = fault_set(fault, ERR_FILE_WRITE, "the report was not written to its end");
    if (!err)
        *out_rows = r.rows;
    free(r.operators);
    buf_release(&r.text);
    return err;
}
