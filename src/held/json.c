/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of the document, and the look for somebody in texts and records. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/mix.h"
#include "held/inside.h"

enum { DEEPEST = 16 };

json_t *held_day(daynum day)
{
    char text[DAYNUM_TEXT];
    if (day == DAYNUM_NONE)
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}

json_t *held_instant(int64_t s)
{
    char text[24];
    if (s == INSTANT_NONE || s <= 0)
        return json_null();
    instant_format(s, text);
    return json_string(text);
}

json_t *held_text(struct str text)
{
    char shown[1024];
    if (str_utf8(text))
        return json_stringn(text.p, text.n);
    str_show(shown, sizeof shown, text);
    return json_string(shown);
}

json_t *held_imei(uint64_t body)
{
    char text[IMEI_TEXT15];
    imei_format15((struct imei){body}, text);
    return json_string(text);
}

json_t *held_imeis(const struct imei *imeis, unsigned n)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, held_imei(imeis[i].body));
    return list;
}

json_t *held_digits(uint64_t packed)
{
    char text[HELD_TEXT];
    if (!packed)
        return json_null();
    snprintf(text, sizeof text, "%" PRIu64, packed);
    json_t *digits = json_string(text + 1);
    sodium_memzero(text, sizeof text);
    return digits;
}

static int by_id(const void *a, const void *b)
{
    const struct held_party *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

json_t *held_name(const struct held_run *run, uint64_t party)
{
    const struct held_party key = {.id = party};
    char id[20];
    if (!party)
        return json_null();
    const struct held_party *found =
        run->party_n ? bsearch(&key, run->parties, run->party_n, sizeof key, by_id) : NULL;
    if (found)
        return json_string(found->name);
    snprintf(id, sizeof id, "%016" PRIx64, party);
    return json_string(id);
}

uint64_t held_number_hash(struct str number)
{
    uint64_t v = number.n;
    for (size_t i = 0; i < number.n; i++)
        v = mix64(v ^ (uint8_t)number.p[i]);
    return v;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void held_ids_sort(struct held_ids *ids)
{
    size_t n = 0;
    if (ids->n)
        qsort(ids->p, ids->n, sizeof *ids->p, by_value);
    for (size_t i = 0; i < ids->n; i++)
        if (!n || ids->p[n - 1] != ids->p[i])
            ids->p[n++] = ids->p[i];
    ids->n = n;
}

bool held_ids_has(const struct held_ids *ids, uint64_t id)
{
    return ids->n && bsearch(&id, ids->p, ids->n, sizeof id, by_value);
}

/* ---- looking ---- */

bool held_in_text(const struct held_run *run, struct str text)
{
    for (unsigned i = 0; i < run->text_n; i++)
        if (text.n && memmem(text.p, text.n, run->texts[i], strlen(run->texts[i])))
            return true;
    return false;
}

static bool is_wanted_text(const struct held_run *run, struct str text)
{
    for (unsigned i = 0; i < run->text_n; i++)
        if (str_eq(text, str_z(run->texts[i])))
            return true;
    return run->numbers.n && text.n < HELD_TEXT &&
           held_ids_has(&run->numbers, held_number_hash(text));
}

/* The name by which the values of a list go: what looks like an IMEI is one there alone. */
static const char in_imeis[] = "[imei]";
static const char *of_list(const char *name)
{
    return strcmp(name, "imeis") == 0 || strcmp(name, "old") == 0 ? in_imeis : name;
}

/* name: of the member in which it stands. */
static bool in_json(const struct held_run *run, const char *name, const json_t *json, int deep)
{
    if (json_is_string(json))
        return is_wanted_text(run, (struct str){json_string_value(json), json_string_length(json)});
    if (json_is_integer(json)) {
        uint64_t v = (uint64_t)json_integer_value(json);
        return run->ask->by == HELD_BY_IMEI
                   ? strcmp(name, in_imeis) == 0 && v == run->ask->imei.body
                   : run->party && v == run->party;
    }
    if (deep == DEEPEST)
        return false;
    for (size_t i = 0; i < json_array_size(json); i++)
        if (in_json(run, of_list(name), json_array_get(json, i), deep + 1))
            return true;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key,
                        value) if (in_json(run, key, value, deep + 1)) return true;
    return false;
}

bool held_in_json(const struct held_run *run, const json_t *json)
{
    return in_json(run, "", json, 0);
}

/* ---- a record as it stands ---- */

static bool opens_doors(const char *name)
{
    static const char *const names[] = {"receipt", "key", "consent", "password", "totp", "token"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static json_t *plain_integer(const struct held_run *run, const char *name, json_int_t v)
{
    size_t n = strlen(name);
    if (strcmp(name, in_imeis) == 0)
        return held_imei((uint64_t)v);
    if (n > 2 && strcmp(name + n - 2, "_s") == 0)
        return held_instant(v);
    return v > INT64_C(1) << 53 ? held_name(run, (uint64_t)v) : json_integer(v);
}

static json_t *plain(const struct held_run *run, const char *name, const json_t *json, int deep)
{
    if (json_is_integer(json))
        return plain_integer(run, name, json_integer_value(json));
    if (deep == DEEPEST || (!json_is_array(json) && !json_is_object(json)))
        return json_deep_copy(json);
    json_t *copy = json_is_array(json) ? json_array() : json_object();
    for (size_t i = 0; i < json_array_size(json); i++)
        json_array_append_new(copy, plain(run, of_list(name), json_array_get(json, i), deep + 1));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (!opens_doors(key))
            json_object_set_new(copy, key, plain(run, key, value, deep + 1));
    }
    return copy;
}

json_t *held_plain(const struct held_run *run, const json_t *json)
{
    return plain(run, "", json, 0);
}
