/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/customs.h"

#include <stdlib.h>

#include "cases/customs_record.h"

/* ---- numbers ---- */

void customs_split(struct str document, struct str *out_number, uint32_t *out_item)
{
    struct str rest = document;
    uint64_t item = 0;
    size_t parts = 1, last = 0;
    for (size_t i = 0; i < document.n; i++)
        if (document.p[i] == '/') {
            parts++;
            last = i;
        }
    rest = (struct str){document.p + last + 1, document.n - last - (last < document.n)};
    *out_number = document;
    *out_item = 0;
    if (parts != 4 || !str_to_u64(str_trim(rest), LIMIT_CUSTOMS_ITEM, &item) || !item)
        return;
    *out_number = (struct str){document.p, last};
    *out_item = (uint32_t)item;
}

size_t customs_plain(struct str number, char out[LIMIT_DOCUMENT])
{
    size_t n = 0;
    for (size_t i = 0; i < number.n && n < LIMIT_DOCUMENT; i++) {
        char c = number.p[i];
        if (c != ' ' && c != '-')
            out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return n;
}

bool customs_declared_from(const char country[3])
{
    static const char *const within[] = {"AM", "BY", "KG", "RU"};
    for (size_t i = 0; i < sizeof within / sizeof *within; i++)
        if (strcmp(country, within[i]) == 0)
            return false;
    return true;
}

struct record_key customs_key(struct registry *reg, enum record_kind kind, struct str number)
{
    char plain[LIMIT_DOCUMENT];
    uint8_t hash[SHA256_BYTES];
    size_t n = customs_plain(number, plain);
    sha256_hmac(reg->keys.receipt, plain, n, hash);
    struct record_key key = record_key(kind);
    record_key_bytes(&key, hash, 16);
    return key;
}

/* ---- a line as its record ---- */

json_t *customs_line_json(const struct customs_line *line)
{
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:s}", "number", line->number, "item",
                     (json_int_t)line->item, "date", (json_int_t)line->date, "declarant",
                     line->declarant, "brand", line->brand, "model", line->model, "quantity",
                     (json_int_t)line->quantity, "country", line->country);
}

static void line_read(const json_t *json, struct customs_line *out)
{
    *out = (struct customs_line){.item = (uint32_t)json_number_of(json, "item"),
                                 .date = (daynum)json_number_of(json, "date"),
                                 .quantity = (uint32_t)json_number_of(json, "quantity")};
    str_copy(out->number, sizeof out->number, json_text_of(json, "number"));
    str_copy(out->declarant, sizeof out->declarant, json_text_of(json, "declarant"));
    str_copy(out->brand, sizeof out->brand, json_text_of(json, "brand"));
    str_copy(out->model, sizeof out->model, json_text_of(json, "model"));
    str_copy(out->country, sizeof out->country, json_text_of(json, "country"));
}

struct items {
    struct record_key prefix;
    uint32_t first;
    size_t n;
};

static bool take_item(void *ctx, const struct record *record)
{
    struct items *items = ctx;
    if (!str_starts(record->key, record_key_str(&items->prefix)))
        return false;
    const uint8_t *end = (const uint8_t *)record->key.p + record->key.n;
    if (!items->n++)
        items->first = (uint32_t)get_be(end - 4, 4);
    return items->n < 2;
}

enum err customs_find(struct registry *reg, struct str number, uint32_t item,
                      struct customs_line *out, enum customs_found *out_found, struct fault *fault)
{
    struct items items = {.prefix = customs_key(reg, RECORD_CUSTOMS, number), .first = item};
    enum err err = ERR_OK;
    *out_found = CUSTOMS_NONE;
    if (!item) {
        struct record_key to = record_key_past(&items.prefix);
        err = store_records(reg->store, record_key_str(&items.prefix), record_key_str(&to),
                            take_item, &items, fault);
        if (!err && items.n > 1)
            *out_found = CUSTOMS_SEVERAL;
        if (err || items.n != 1)
            return err;
    }
    json_t *json = NULL;
    record_key_number(&items.prefix, items.first, 4);
    err = record_get_json(reg, &items.prefix, &json, fault);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (!err) {
        line_read(json, out);
        *out_found = CUSTOMS_LINE;
    }
    json_decref(json);
    return err;
}

static bool is_one(void *ctx, const struct record *record)
{
    (void)record;
    *(bool *)ctx = true;
    return false;
}

enum err customs_known(struct registry *reg, bool *out, struct fault *fault)
{
    struct record_key from = record_key(RECORD_CUSTOMS), to = record_key(RECORD_CUSTOMS + 1);
    *out = false;
    return store_records(reg->store, record_key_str(&from), record_key_str(&to), is_one, out,
                         fault);
}

/* ---- drawing ---- */

enum err customs_draw(struct registry *reg, struct str number, uint32_t item, uint64_t application,
                      uint64_t devices, struct fault *fault)
{
    uint8_t value[8];
    struct record_key key = customs_key(reg, RECORD_CUSTOMS_DRAW, number);
    record_key_number(&key, item, 4);
    record_key_number(&key, application, 8);
    put_be(value, devices, 8);
    return record_put(reg, &key, (struct str){(const char *)value, 8}, fault);
}

enum err customs_return(struct registry *reg, struct str number, uint32_t item,
                        uint64_t application, uint64_t devices, struct fault *fault)
{
    struct record_key key = customs_key(reg, RECORD_CUSTOMS_DRAW, number);
    struct buf value = {0};
    bool found;
    record_key_number(&key, item, 4);
    record_key_number(&key, application, 8);
    enum err err = record_find(reg, &key, &value, &found, fault);
    uint64_t drawn = !err && found && value.n == 8 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    if (err || !found)
        return err;
    drawn = drawn > devices ? drawn - devices : 0;
    return customs_draw(reg, number, item, application, drawn, fault);
}

struct draw {
    uint64_t application, devices;
};

struct draws {
    struct record_key prefix;
    uint32_t item;
    uint64_t but;
    struct draw *list;
    size_t n;
};

/* An item that is named meets itself and whoever named none; one that is not named meets all. */
static bool take_draw(void *ctx, const struct record *record)
{
    struct draws *d = ctx;
    if (!str_starts(record->key, record_key_str(&d->prefix)))
        return false;
    if (record->key.n != d->prefix.n + 12 || record->value.n != 8)
        return true;
    const uint8_t *end = (const uint8_t *)record->key.p + record->key.n;
    uint32_t item = (uint32_t)get_be(end - 12, 4);
    uint64_t application = get_be(end - 8, 8);
    if (application == d->but || (d->item && item && item != d->item))
        return true;
    d->list[d->n++] = (struct draw){application, get_be((const uint8_t *)record->value.p, 8)};
    return d->n < CUSTOMS_DRAWS_MOST;
}

/* Devices that count: those of an open application that are not refused, and those that are approved. */
static uint64_t counts(const struct application *a, uint64_t devices)
{
    uint64_t n = 0;
    if (a->kind != APPROVAL_IMPORT || a->corrects)
        return 0; /* a correction's devices are the first one's */
    if (a->upload)
        return application_open(a) || a->state == APPLICATION_DECIDING ||
                       a->state == APPLICATION_APPROVED
                   ? devices
                   : 0;
    for (size_t i = 0; i < a->device_count; i++)
        n += application_open(a) && !a->devices[i].decided;
    return n + application_arrived(a);
}

enum err customs_drawn(struct registry *reg, struct str number, uint32_t item, uint64_t but,
                       uint64_t *out, struct fault *fault)
{
    struct draws d = {.prefix = customs_key(reg, RECORD_CUSTOMS_DRAW, number),
                      .item = item,
                      .but = but,
                      .list = malloc(CUSTOMS_DRAWS_MOST * sizeof *d.list)};
    if (!d.list)
        return fault_set(fault, ERR_MEMORY, "declarations");
    *out = 0;
    struct record_key to = record_key_past(&d.prefix);
    enum err err = store_records(reg->store, record_key_str(&d.prefix), record_key_str(&to),
                                 take_draw, &d, fault);
    for (size_t i = 0; !err && i < d.n; i++) {
        struct application a;
        err = application_get(reg, d.list[i].application, &a, fault);
        if (err)
            break;
        *out += counts(&a, d.list[i].devices);
        application_release(&a);
    }
    if (!err && d.n == CUSTOMS_DRAWS_MOST)
        *out = UINT32_MAX;
    free(d.list);
    return err;
}
