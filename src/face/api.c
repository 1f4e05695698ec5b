/* SPDX-License-Identifier: Apache-2.0 */
#include "face/api.h"

#include "face/checked_json.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "face/openapi.h"

/* A register that was not seen for longer is stale: the follower looks five times a second. */
enum { STALE_MS = 5000 };

static void put_answer(struct exchange *x, const struct checked *checked)
{
    x->response->content_type = "application/json";
    checked_json(x->out, checked);
    buf_str(x->out, STR("\n"));
}

void api_check(struct exchange *x)
{
    struct checked checked;
    enum err err = guard_check(x, x->param, 0, &checked);
    if (err)
        route_fail(x, err);
    else
        put_answer(x, &checked);
}

/* One IMEI of a batch; an unusable one is answered in its place. Errors are of the service. */
static enum err check_item(struct exchange *x, const json_t *item)
{
    if (!json_is_string(item))
        return ERR_USAGE;
    struct str typed = {json_string_value(item), json_string_length(item)};
    struct checked checked;
    enum err err = guard_check(x, typed, 0, &checked);
    if (!err) {
        checked_json(x->out, &checked);
        return ERR_OK;
    }
    const struct err_info *info = err_info(err);
    enum text title;
    if (info->http_status >= 500 || !text_find(str_z(info->text_id), &title))
        return err;
    buf_str(x->out, STR("{\"input\":"));
    checked_json_text(x->out, typed);
    buf_str(x->out, STR(",\"error\":"));
    checked_json_text(x->out, str_z(err_name(err)));
    buf_str(x->out, STR(",\"title\":"));
    checked_json_text(x->out, text_get(x->lang, title));
    buf_str(x->out, STR("}"));
    return ERR_OK;
}

static enum err check_items(struct exchange *x, const json_t *imei)
{
    if (json_is_string(imei))
        return check_item(x, imei);
    size_t count = json_array_size(imei); /* 0 for what is no array */
    if (!count)
        return ERR_USAGE;
    if (count > guard_most(x))
        return ERR_TOO_MANY;
    enum err err = guard_admit_rest(x, count - 1);
    for (size_t i = 0; i < count && !err; i++) {
        if (i)
            buf_str(x->out, STR(","));
        err = check_item(x, json_array_get(imei, i));
    }
    return err;
}

void api_check_batch(struct exchange *x)
{
    json_t *asked;
    enum err err = json_read(x->request->body, &asked);
    if (err) {
        route_fail(x, err);
        return;
    }
    buf_str(x->out, STR("{\"answers\":["));
    err = check_items(x, json_object_get(asked, "imei"));
    buf_str(x->out, STR("]}\n"));
    x->response->content_type = "application/json";
    x->response->language = lang_code(x->lang);
    if (err)
        route_fail(x, err);
    json_decref(asked);
}

void api_check_number(struct exchange *x)
{
    struct check_number said;
    if (!service_check_number(x->site->service, x->param, &said)) {
        json_send(x, json_pack("{s:b}", "genuine", 0));
        return;
    }
    int64_t minute = CHECK_NUMBER_EPOCH + said.minute * 60;
    json_send(x, json_pack("{s:b, s:o, s:s, s:s, s:b}", "genuine", 1, "checked_at",
                           json_instant(minute), "list", list_name(reason_list(said.reason)),
                           "reason", reason_public(said.reason), "served", (int)said.served));
}

void api_health(struct exchange *x)
{
    struct service_health health = service_health(x->site->service);
    bool stale = !health.store_ok || health.stale_ms > STALE_MS;
    json_send(x, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "status",
                           stale ? "stale" : "ok", "store", health.store_ok ? "ok" : "unreachable",
                           "stale_ms", (json_int_t)health.stale_ms, "seq", (json_int_t)health.seq,
                           "imeis", (json_int_t)health.imeis, "rules", (json_int_t)health.rules,
                           "today", json_day(health.today), "expire_through",
                           json_day(health.expire_through)));
}

void api_document(struct exchange *x)
{
    x->response->content_type = "application/json";
    x->response->fixed = openapi_document;
}

/* "devices[1].imeis[0]": the text that tells what an "imeis" wants. */
static bool find_wish(const char *field, enum text *out)
{
    char name[FAULT_FIELD_MAX];
    const char *last = strrchr(field, '.');
    str_copy(name, sizeof name, str_z(last ? last + 1 : field));
    name[strcspn(name, "[")] = '\0';
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : *c;
    return *name && text_find_parts("wants", name, NULL, out);
}

/* What was wrong with a request, for its sender: the field, in words what it wants, and the rule as the
 * program has it, which is for who writes a client. */
static void tell_field(const struct exchange *x, json_t *problem, const struct fault *fault)
{
    struct buf detail = {0};
    enum text wish;
    if (*fault->detail)
        json_object_set_new(problem, "rule", json_string(fault->detail));
    if (!*fault->field)
        return;
    json_object_set_new(problem, "field", json_string(fault->field));
    if (!find_wish(fault->field, &wish))
        return;
    buf_str(&detail, str_z(fault->field));
    buf_str(&detail, STR(": "));
    buf_str(&detail, text_get(x->lang, wish));
    json_object_set_new(problem, "detail", json_stringn((const char *)detail.p, detail.n));
    buf_release(&detail);
}

void api_problem(struct exchange *x, enum err err, const struct fault *fault)
{
    const struct err_info *info = err_info(err);
    enum text title, help;
    if (!text_find(str_z(info->text_id), &title))
        title = TEXT_ERROR_HEADING;
    json_t *problem = json_pack("{s:s, s:o, s:i, s:s}", "type", "about:blank", "title",
                                json_str(text_get(x->lang, title)), "status", info->http_status,
                                "reason", err_name(err));
    if (text_find_parts(info->text_id, "help", NULL, &help) &&
        json_object_set_new(problem, "detail", json_str(text_get(x->lang, help))))
        x->out->failed = true;
    if (problem && fault && fault->err == err && info->http_status < 500)
        tell_field(x, problem, fault);
    json_send(x, problem);
    x->response->status = info->http_status;
    x->response->content_type = "application/problem+json";
    x->response->language = lang_code(x->lang);
}
