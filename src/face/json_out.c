/* SPDX-License-Identifier: Apache-2.0 */
#include "face/json_out.h"

enum err json_read(struct str text, json_t **out)
{
    json_error_t where;
    json_t *value = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &where);
    if (!value)
        return json_error_code(&where) == json_error_invalid_utf8 ? ERR_UTF8 : ERR_USAGE;
    *out = value;
    return ERR_OK;
}

static int append(const char *bytes, size_t n, void *out)
{
    buf_put(out, bytes, n);
    return 0;
}

void json_send(struct exchange *x, json_t *value)
{
    x->response->content_type = "application/json";
    if (!value || json_dump_callback(value, append, x->out, JSON_COMPACT))
        x->out->failed = true;
    buf_str(x->out, STR("\n"));
    json_decref(value);
}

struct str json_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return (struct str){NULL, 0};
    return (struct str){json_string_value(value), json_string_length(value)};
}

json_t *json_str(struct str s)
{
    return json_stringn(s.p, s.n);
}

json_t *json_instant(int64_t utc_s)
{
    char text[24];
    if (!utc_s)
        return json_null();
    instant_format(utc_s, text);
    return json_string(text);
}

json_t *json_day(daynum day)
{
    char text[DAYNUM_TEXT];
    if (!daynum_is_day(day))
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}
