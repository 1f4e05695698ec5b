/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/case.h"

#include <stdlib.h>
#include <string.h>

#include "people/record.h"

enum { LIST_KEY = 1 + 1 + 1 + 2 + 6 };

static const char *const names[CLONE_ATS] = {"", "open", "confirmed", "dismissed", "fleet"};

const char *clone_at_name(unsigned at)
{
    return at < CLONE_ATS ? names[at] : "";
}

bool clone_at_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 1; i < CLONE_ATS; i++)
        if (str_eq(name, str_z(names[i]))) {
            *out = i;
            return true;
        }
    return false;
}

const char *clone_proposed_name(const struct clone_case *c)
{
    if (!c->proposed)
        return NULL;
    bool corrects = c->proposed == CLONE_CONFIRMED && c->at == CLONE_CONFIRMED;
    return corrects ? "corrected" : clone_at_name(c->proposed);
}

static struct record_key case_key(struct imei imei)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "c", 1);
    record_key_number(&key, imei.body, 6);
    return key;
}

static struct record_key list_key(uint8_t at, daynum opened, struct imei imei)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "q", 1);
    record_key_number(&key, at, 1);
    record_key_number(&key, daynum_pack(opened), 2);
    record_key_number(&key, imei.body, 6);
    return key;
}

/* ---- JSON ---- */

static json_t *users_json(const struct clone_case *c)
{
    json_t *users = json_array();
    for (uint32_t i = 0; i < c->user_count; i++) {
        const struct clone_case_user *u = &c->users[i];
        json_array_append_new(users, json_pack("[I, I, I, i, i]", (json_int_t)u->subscriber,
                                               (json_int_t)u->operators, (json_int_t)u->days,
                                               (int)u->first, (int)u->last));
    }
    return users;
}

static json_t *case_json(const struct clone_case *c)
{
    json_t *operators = json_array();
    for (uint32_t i = 0; i < c->operator_count; i++)
        json_array_append_new(operators, json_integer((json_int_t)c->operators[i]));
    json_t *json = json_pack("{s:i, s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o, s:o}", "at",
                             c->at, "version", (json_int_t)c->version, "opened", (int)c->opened,
                             "why", (json_int_t)c->why, "imsis", (json_int_t)c->imsis, "days",
                             (json_int_t)c->days, "sum", (json_int_t)c->sum, "two_days",
                             (json_int_t)c->two_days, "first", (int)c->first, "last", (int)c->last,
                             "operators", operators, "users", users_json(c));
    if (!json)
        return NULL;
    json_object_set_new(json, "number", json_integer((json_int_t)c->number));
    json_object_set_new(json, "served", json_integer(c->served));
    json_object_set_new(json, "proposed", json_integer(c->proposed));
    json_object_set_new(json, "proposed_served", json_integer(c->proposed_served));
    json_object_set_new(json, "proposed_by", json_integer((json_int_t)c->proposed_by));
    json_object_set_new(json, "chosen_by", json_integer((json_int_t)c->chosen_by));
    json_object_set_new(json, "decided_by", json_integer((json_int_t)c->decided_by));
    json_object_set_new(json, "decided_ms", json_integer(c->decided_ms));
    json_object_set_new(json, "reason", json_string(c->reason));
    return json;
}

static uint32_t u32_of(const json_t *json, const char *name)
{
    return (uint32_t)json_number_of(json, name);
}

static uint32_t u32_at(const json_t *array, size_t i)
{
    return (uint32_t)json_integer_value(json_array_get(array, i));
}

static void read_lists(const json_t *json, struct clone_case *c)
{
    const json_t *operators = json_object_get(json, "operators"),
                 *users = json_object_get(json, "users");
    while (c->operator_count < CLONE_CASE_OPERATORS &&
           c->operator_count < json_array_size(operators)) {
        c->operators[c->operator_count] =
            (uint64_t)json_integer_value(json_array_get(operators, c->operator_count));
        c->operator_count++;
    }
    while (c->user_count < CLONE_SUBSCRIBERS && c->user_count < json_array_size(users)) {
        const json_t *u = json_array_get(users, c->user_count);
        c->users[c->user_count++] = (struct clone_case_user){.subscriber = u32_at(u, 0),
                                                             .operators = u32_at(u, 1),
                                                             .days = u32_at(u, 2),
                                                             .first = (daynum)u32_at(u, 3),
                                                             .last = (daynum)u32_at(u, 4)};
    }
}

static void case_read(const json_t *json, struct imei imei, struct clone_case *out)
{
    *out = (struct clone_case){.imei = imei,
                               .number = (uint64_t)json_number_of(json, "number"),
                               .at = (uint8_t)json_number_of(json, "at"),
                               .version = u32_of(json, "version"),
                               .opened = (daynum)json_number_of(json, "opened"),
                               .why = u32_of(json, "why"),
                               .imsis = u32_of(json, "imsis"),
                               .days = u32_of(json, "days"),
                               .sum = u32_of(json, "sum"),
                               .two_days = u32_of(json, "two_days"),
                               .first = (daynum)json_number_of(json, "first"),
                               .last = (daynum)json_number_of(json, "last"),
                               .served = u32_of(json, "served"),
                               .proposed = (uint8_t)json_number_of(json, "proposed"),
                               .proposed_served = u32_of(json, "proposed_served"),
                               .proposed_by = (uint64_t)json_number_of(json, "proposed_by"),
                               .chosen_by = (uint64_t)json_number_of(json, "chosen_by"),
                               .decided_by = (uint64_t)json_number_of(json, "decided_by"),
                               .decided_ms = json_number_of(json, "decided_ms")};
    str_copy(out->reason, sizeof out->reason, json_text_of(json, "reason"));
    read_lists(json, out);
}

enum err clone_case_get(struct registry *reg, struct imei imei, struct clone_case *out,
                        struct fault *fault)
{
    struct record_key key = case_key(imei);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err == ERR_NOT_FOUND)
        return fault_set(fault, err, "there is no clone case of this IMEI");
    if (!err)
        case_read(json, imei, out);
    json_decref(json);
    return err;
}

static struct record_key number_key(uint64_t number)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "n", 1);
    record_key_number(&key, number, 8);
    return key;
}

enum err clone_case_find(struct registry *reg, uint64_t number, struct imei *out,
                         struct fault *fault)
{
    struct record_key key = number_key(number);
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && (!found || value.n != 6))
        err = fault_set(fault, ERR_NOT_FOUND, "there is no clone case of this number");
    if (!err)
        out->body = get_be(value.p, 6);
    buf_release(&value);
    return err;
}

static enum err give_number(struct registry *reg, struct clone_case *c, struct fault *fault)
{
    uint8_t imei[6];
    put_be(imei, c->imei.body, 6);
    enum err err = record_count(reg, "clone", &c->number, fault);
    struct record_key key = number_key(c->number);
    return err ? err : record_put(reg, &key, (struct str){(const char *)imei, 6}, fault);
}

/* ---- figures ---- */

static struct record_key month_key(int year, int month)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "m", 1);
    record_key_number(&key, (uint64_t)(year * 12 + month - 1), 2);
    return key;
}

enum { MONTH_BYTES = 4 * (CLONE_ATS - 1) };

static enum err count_month(struct registry *reg, uint8_t at, struct fault *fault)
{
    int year, month, day;
    struct buf value = {0};
    bool found;
    daynum_to_ymd(registry_today(reg), &year, &month, &day);
    struct record_key key = month_key(year, month);
    uint8_t counts[MONTH_BYTES] = {0};
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found && value.n == MONTH_BYTES)
        memcpy(counts, value.p, MONTH_BYTES);
    uint8_t *p = counts + 4 * (at - 1);
    put_be(p, get_be(p, 4) + 1, 4);
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)counts, MONTH_BYTES}, fault);
    buf_release(&value);
    return err;
}

struct month_walk {
    struct clone_month *out;
    size_t max, n;
};

/* Oldest first: the newest are kept. */
static bool on_month(void *ctx, const struct record *record)
{
    struct month_walk *w = ctx;
    if (record->key.n != 4 || record->value.n != MONTH_BYTES)
        return true;
    if (w->n == w->max)
        memmove(w->out, w->out + 1, --w->n * sizeof *w->out);
    unsigned number = (unsigned)get_be((const uint8_t *)record->key.p + 2, 2);
    struct clone_month *m = &w->out[w->n++];
    *m = (struct clone_month){.year = (int)(number / 12), .month = (int)(number % 12) + 1};
    for (unsigned at = 1; at < CLONE_ATS; at++)
        m->moved[at] = (uint32_t)get_be((const uint8_t *)record->value.p + 4 * (at - 1), 4);
    return true;
}

enum err clone_months(struct registry *reg, struct clone_month *out, size_t max, size_t *out_n,
                      struct fault *fault)
{
    struct record_key from = record_key(RECORD_CLONE);
    record_key_bytes(&from, "m", 1);
    struct record_key to = record_key_past(&from);
    struct month_walk w = {out, max, 0};
    enum err err = max ? store_records(reg->store, record_key_str(&from), record_key_str(&to),
                                       on_month, &w, fault)
                       : ERR_OK;
    for (size_t i = 0; i < w.n / 2; i++) {
        struct clone_month kept = out[i];
        out[i] = out[w.n - 1 - i];
        out[w.n - 1 - i] = kept;
    }
    *out_n = err ? 0 : w.n;
    return err;
}

/* By state, then by the day on which it was opened: the first one of a state is its oldest. */
static bool on_listed(void *ctx, const struct record *record)
{
    struct clone_standing *s = ctx;
    const uint8_t *p = (const uint8_t *)record->key.p;
    if (record->key.n != LIST_KEY || p[2] >= CLONE_ATS)
        return true;
    if (p[2] == CLONE_OPEN && !s->count[CLONE_OPEN])
        s->oldest = daynum_unpack((uint16_t)get_be(p + 3, 2), DAYNUM_NONE);
    s->count[p[2]]++;
    return true;
}

enum err clone_counts(struct registry *reg, struct clone_standing *out, struct fault *fault)
{
    struct clone_standing s = {.oldest = DAYNUM_NONE};
    struct record_key from = record_key(RECORD_CLONE);
    record_key_bytes(&from, "q", 1);
    struct record_key to = record_key_past(&from);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), on_listed, &s, fault);
    if (!err)
        *out = s;
    return err;
}

/* ---- writing, listing ---- */

enum err clone_case_put(struct registry *reg, const struct clone_case *c, uint8_t was,
                        struct fault *fault)
{
    struct record_key key = case_key(c->imei), had = list_key(was, c->opened, c->imei),
                      has = list_key(c->at, c->opened, c->imei);
    struct clone_case made = *c;
    enum err err = made.number ? ERR_OK : give_number(reg, &made, fault);
    if (err)
        return err;
    json_t *json = case_json(&made);
    err = json ? record_put_json(reg, &key, json, fault)
               : fault_set(fault, ERR_MEMORY, "a clone case");
    json_decref(json);
    if (err || was == c->at)
        return err;
    if (was)
        err = record_drop(reg, &had, fault);
    if (!err)
        err = record_put(reg, &has, STR(""), fault);
    return err ? err : count_month(reg, c->at, fault);
}

struct listing {
    struct imei *out;
    size_t max, n;
};

static bool on_place(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    if (record->key.n == LIST_KEY)
        l->out[l->n++] =
            (struct imei){.body = get_be((const uint8_t *)record->key.p + record->key.n - 6, 6)};
    return l->n < l->max;
}

enum err clone_cases(struct registry *reg, uint8_t at, const struct clone_case *after,
                     struct imei *out, size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key from = record_key(RECORD_CLONE);
    record_key_bytes(&from, "q", 1);
    record_key_number(&from, at, 1);
    struct record_key to = record_key_past(&from);
    struct listing l = {out, max, 0};
    if (after) {
        from = list_key(at, after->opened, after->imei);
        record_key_bytes(&from, "", 1);
    }
    enum err err = max ? store_records(reg->store, record_key_str(&from), record_key_str(&to),
                                       on_place, &l, fault)
                       : ERR_OK;
    *out_n = err ? 0 : l.n;
    return err;
}

struct each {
    struct registry *reg;
    clone_case_fn *fn;
    void *ctx;
    struct fault *fault;
    enum err err;
};

static bool on_case(void *ctx, const struct record *record)
{
    struct each *e = ctx;
    struct clone_case c;
    json_t *json = NULL;
    if (record->key.n != 8)
        return true;
    e->err = record_open_json(e->reg, record, &json, e->fault);
    if (e->err)
        return false;
    struct imei imei = {.body = get_be((const uint8_t *)record->key.p + 2, 6)};
    case_read(json, imei, &c);
    json_decref(json);
    return e->fn(e->ctx, &c);
}

enum err clone_cases_each(struct registry *reg, clone_case_fn *fn, void *ctx, struct fault *fault)
{
    struct record_key from = record_key(RECORD_CLONE);
    record_key_bytes(&from, "c", 1);
    struct record_key to = record_key_past(&from);
    struct each e = {.reg = reg, .fn = fn, .ctx = ctx, .fault = fault};
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), on_case, &e, fault);
    return err ? err : e.err;
}
