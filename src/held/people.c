/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass over sealed records, and what is held of persons and organisations beside their applications. */
#include <stdlib.h>

#include "cases/application.h"
#include "cases/paper.h"
#include "cases/paper_kind.h"
#include "held/inside.h"
#include "people/person.h"
#include "people/session.h"

/* ---- one pass over the records of a kind ---- */

static bool look_at(void *ctx, const struct record *record)
{
    struct held_pass *p = ctx;
    struct held_run *run = p->run;
    json_t *json = NULL;
    if (held_over(run))
        return false;
    run->err = record_open_json(run->reg, record, &json, run->fault);
    if (run->err)
        return false;
    bool his = p->key_counts && run->party && record->key.n >= 9 &&
               get_be((const uint8_t *)record->key.p + 1, 8) == run->party;
    if (his || held_in_json(run, json))
        p->fn(p, record, json);
    json_decref(json);
    return !run->err;
}

enum err held_pass_over(struct held_run *run, enum record_kind kind, held_pass_fn *fn,
                        bool key_counts)
{
    struct record_key from = record_key(kind), to = record_key_past(&from);
    struct held_pass pass = {run, fn, key_counts};
    enum err err = store_records(run->reg->store, record_key_str(&from), record_key_str(&to),
                                 look_at, &pass, run->fault);
    return err ? err : run->err;
}

void held_put_plain(struct held_pass *p, const struct record *record, json_t *json)
{
    (void)record;
    held_item(p->run, held_plain(p->run, json));
}

/* ---- papers, codes, papers of customs ---- */

static void put_paper(struct held_pass *p, const struct record *record, json_t *json)
{
    json_t *item = held_plain(p->run, json);
    (void)record;
    json_object_set_new(item, "kind",
                        json_string(paper_extension((uint8_t)json_number_of(json, "kind"))));
    json_object_set_new(item, "added", held_instant(json_number_of(json, "added")));
    held_item(p->run, item);
}

enum err held_put_papers(struct held_run *run)
{
    return held_pass_over(run, RECORD_PAPER, put_paper, false);
}

static void put_code(struct held_pass *p, const struct record *record, json_t *json)
{
    static const char *const times[] = {"sent", "until", "proven"};
    json_t *item = held_plain(p->run, json);
    (void)record;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        json_object_set_new(item, times[i], held_instant(json_number_of(json, times[i])));
    held_item(p->run, item);
}

enum err held_put_codes(struct held_run *run)
{
    return held_pass_over(run, RECORD_CODE, put_code, false);
}

enum err held_put_accreditations(struct held_run *run)
{
    return held_pass_over(run, RECORD_ACCREDITATION, held_put_plain, true);
}

enum err held_put_customs(struct held_run *run)
{
    return held_pass_over(run, RECORD_CUSTOMS, held_put_plain, false);
}

enum err held_put_person(struct held_run *run)
{
    struct person p;
    enum err err = person_get(run->reg, run->party, &p, run->fault);
    if (!err)
        held_item(run, json_pack("{s:s, s:s, s:s}", "iin", p.iin, "bin", p.bin, "name", p.name));
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void put_power(struct held_pass *p, const struct record *record, json_t *json)
{
    daynum until = (daynum)json_number_of(json, "until");
    json_t *item = held_plain(p->run, json);
    uint64_t of = record->key.n >= 9 ? get_be((const uint8_t *)record->key.p + 1, 8) : 0;
    json_object_set_new(item, "organisation", held_name(p->run, of));
    json_object_set_new(item, "until", daynum_is_day(until) ? held_day(until) : json_null());
    held_item(p->run, item);
}

enum err held_put_powers(struct held_run *run)
{
    return held_pass_over(run, RECORD_ATTORNEY, put_power, true);
}

enum err held_put_sessions(struct held_run *run)
{
    struct session *list = calloc(SESSION_LIST_MAX, sizeof *list);
    size_t n = 0;
    enum err err =
        list ? session_list(run->reg, run->party, run->now_s, list, &n, run->fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        held_item(run,
                  json_pack("{s:s, s:o, s:o, s:o}", "role", role_name(list[i].role), "begun",
                            held_instant(list[i].created_s), "used", held_instant(list[i].seen_s),
                            "acts_for", held_name(run, list[i].acts_for)));
    free(list);
    return err;
}

enum err held_put_app_sign_ins(struct held_run *run)
{
    return held_pass_over(run, RECORD_APP_SIGNED, held_put_plain, false);
}

/* What sources said of the declarations of the applications that were found. */
enum err held_put_customs_answers(struct held_run *run)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < run->applications.n && !held_over(run); i++) {
        struct record_key key = record_key_of(RECORD_CUSTOMS_SEEN, run->applications.p[i]);
        json_t *json = NULL;
        err = record_get_json(run->reg, &key, &json, run->fault);
        if (!err)
            held_item(run, held_plain(run, json));
        json_decref(json);
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}

/* ---- bad rows of files of devices ---- */

static bool look_at_rows(void *ctx, const struct record *record)
{
    struct held_run *run = ctx;
    struct buf plain = {0};
    uint64_t line = 0;
    if (held_over(run))
        return false;
    run->err = record_unseal(run->reg, record->key, record->value, &plain, run->fault);
    struct rd rd = rd_of(plain.p, plain.n);
    while (!run->err && rd_left(&rd)) { /* as cases/bulk_list.h has them */
        line += rd_varint(&rd);
        uint64_t column = rd_uint(&rd, 1);
        (void)rd_uint(&rd, 1);
        size_t n = (size_t)rd_uint(&rd, 1);
        const char *value = (const char *)rd_bytes(&rd, n);
        if (rd.failed)
            run->err = fault_set(run->fault, ERR_CODEC, "bad rows of a file are damaged");
        else if (held_in_text(run, (struct str){value, n}))
            held_item(run,
                      json_pack("{s:I, s:I, s:o}", "line", (json_int_t)line, "column",
                                (json_int_t)column, "value", held_text((struct str){value, n})));
    }
    buf_release(&plain);
    return !run->err;
}

enum err held_put_bad_rows(struct held_run *run)
{
    struct record_key from = record_key(RECORD_BULK_ERRORS), to = record_key_past(&from);
    return store_records(run->reg->store, record_key_str(&from), record_key_str(&to), look_at_rows,
                         run, run->fault);
}
