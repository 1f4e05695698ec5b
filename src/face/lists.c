/* SPDX-License-Identifier: Apache-2.0 */
#include "face/lists.h"

#include <inttypes.h>
#include <stdlib.h>

#include "face/feed.h"
#include "face/form.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "face/metrics.h"
#include "face/route.h"

enum { RETRY_S = 60 };

/* Is the key named after this operator? "Altel" and "Altel/almaty" are for Altel. */
static enum err whose(struct exchange *x, char out[LIMIT_NAME + 1], struct fault *fault)
{
    struct buf scratch = {0};
    struct str name, rest;
    enum err err = form_piece(x->param, &scratch, &name);
    if (!err && !str_eq(name, str_split(str_z(x->caller.name), '/', &rest)))
        err = fault_set(fault, ERR_SCOPE, "the key is for another operator's lists");
    if (!err)
        str_copy(out, LIMIT_NAME + 1, name);
    buf_release(&scratch);
    return err;
}

static enum err read_pack(struct exchange *x, enum lists_pack *out, struct fault *fault)
{
    struct buf value = {0};
    bool given;
    enum err err = form_value(x->query, "pack", &value, &given);
    *out = LISTS_PLAIN;
    if (!err && given && !lists_pack_find((struct str){(const char *)value.p, value.n}, out)) {
        err = fault_set(fault, ERR_USAGE, "pack is plain, gz or zstd");
        fault_field(fault, "pack");
    }
    buf_release(&value);
    return err;
}

/* ---- a list ---- */

enum err lists_read_ask(struct exchange *x, struct lists_asked *out, struct fault *fault)
{
    enum err err = whose(x, out->operator_name, fault);
    if (!err)
        err = feed_read_cursor(x, "since", &out->has_since, &out->since, fault);
    if (!err)
        err = feed_read_wait(x, &out->wait, fault);
    return err ? err : read_pack(x, &out->pack, fault);
}

const char *lists_media_type(enum lists_pack pack)
{
    static const char *const types[LISTS_PACKS] = {"text/csv; charset=utf-8", "application/gzip",
                                                   "application/zstd"};
    return types[pack];
}

static void send_list(struct exchange *x, uint8_t list)
{
    struct lists_desk *desk = service_lists(x->site->service);
    struct fault fault = {0};
    struct lists_asked asked = {0};
    struct lists_desk_file file;
    const struct service_news news = service_news(x->site->service);
    enum err err = lists_read_ask(x, &asked, &fault);
    if (!err && !desk)
        err = fault_set(&fault, ERR_UNAVAILABLE, "no directory for lists");
    struct lists_desk_ask ask = {.operator_name = asked.operator_name,
                                 .list = list,
                                 .pack = asked.pack,
                                 .since = asked.has_since ? &asked.since : NULL,
                                 .rows_only = asked.has_since && asked.wait,
                                 .by = x->caller.id};
    if (!err)
        err = lists_desk_open(desk, &ask, &file, &fault);
    if (!err && file.fd < 0) {
        if (feed_wait_on(x, asked.wait, &news))
            return;
        ask.rows_only = false;
        err = lists_desk_open(desk, &ask, &file, &fault);
    }
    if (err) {
        if (err == ERR_LIST_UNSWEPT || err == ERR_UNAVAILABLE)
            x->response->retry_after_s = RETRY_S;
        route_fail_at(x, err, &fault);
        return;
    }
    const struct feed_file sent = {file.fd, file.bytes, str_z(file.tag),
                                   lists_media_type(asked.pack)};
    feed_send_file(x, &sent);
}

void lists_black(struct exchange *x)
{
    send_list(x, LIST_BLACK);
}

void lists_white(struct exchange *x)
{
    send_list(x, LIST_WHITE);
}

void lists_excepted(struct exchange *x)
{
    send_list(x, LISTS_EXCEPTIONS);
}

/* ---- receipts ---- */

static enum err wants(struct fault *fault, const char *field, const char *what)
{
    enum err err = fault_set(fault, ERR_USAGE, "%s", what);
    fault_field(fault, "%s", field);
    return err;
}

static enum err read_receipt(struct exchange *x, struct lists_receipt *out, struct fault *fault)
{
    json_t *body;
    enum err err = whose(x, out->operator_name, fault);
    if (!err)
        err = json_read(x->request->body, &body);
    if (err)
        return err;
    out->list = lists_kind_find(json_text(body, "list"));
    if (out->list == LISTS_NONE)
        err = wants(fault, "list", "black, white or exceptions");
    if (!err && !feed_cursor_parse(json_text(body, "cursor"), &out->place))
        err = wants(fault, "cursor", "of the list that was applied: NUMBER-HASH");
    json_decref(body);
    return err;
}

void lists_receipt_post(struct exchange *x)
{
    struct lists_desk *desk = service_lists(x->site->service);
    struct fault fault = {0};
    struct lists_receipt receipt = {.at_ms = clock_now_us(x->site->wall) / 1000,
                                    .by = x->caller.id};
    struct lists_standing standing;
    enum err err = read_receipt(x, &receipt, &fault);
    if (!err && !desk)
        err = fault_set(&fault, ERR_UNAVAILABLE, "no directory for lists");
    if (!err)
        err = lists_desk_receipt(desk, &receipt, &standing, &fault);
    if (err) {
        route_fail_at(x, err, &fault);
        return;
    }
    json_send(x,
              json_pack("{s:s, s:s, s:I, s:I, s:I}", "operator", receipt.operator_name, "list",
                        lists_kind_name(receipt.list), "applied",
                        (json_int_t)receipt.place.next_seq - 1, "waiting",
                        (json_int_t)standing.waiting, "age_seconds", (json_int_t)standing.age_s));
}

enum err lists_receipt_admit(struct exchange *x)
{
    return guard_knock(x, API_SCOPE_LISTS);
}

/* ---- /metrics ---- */

static void put_line(struct buf *out, const char *name, const struct lists_standing *s,
                     uint64_t value)
{
    buf_printf(out, "tamga_%s{operator=\"", name);
    metrics_label(out, s->receipt.operator_name);
    buf_printf(out, "\",list=\"%s\"} %" PRIu64 "\n", lists_kind_name(s->receipt.list), value);
}

void lists_metrics(struct lists_desk *desk, struct buf *out)
{
    struct lists_standing *all = calloc(LISTS_DESK_OPERATORS, sizeof *all);
    if (!all)
        return;
    const size_t n = lists_desk_standings(desk, all, LISTS_DESK_OPERATORS);
    buf_printf(out,
               "# HELP tamga_list_sequence Up to where the list is kept.\n"
               "# TYPE tamga_list_sequence gauge\ntamga_list_sequence{list=\"black\"} %" PRIu64
               "\n",
               lists_desk_seq(desk, LIST_BLACK));
    buf_printf(out,
               "# HELP tamga_list_unseen_seconds Since it was last known how operators stand.\n"
               "# TYPE tamga_list_unseen_seconds gauge\ntamga_list_unseen_seconds %" PRIi64 "\n",
               lists_desk_unseen_s(desk));
    buf_printf(
        out,
        "# HELP tamga_list_unnamed Pairs that the last full list of exceptions left out: nobody "
        "can name the subscriber.\n"
        "# TYPE tamga_list_unnamed gauge\ntamga_list_unnamed{list=\"exceptions\"} %" PRIu64 "\n",
        lists_desk_unnamed(desk));
    buf_printf(out, "# HELP tamga_list_applied_sequence What an operator says that he applied.\n"
                    "# TYPE tamga_list_applied_sequence gauge\n");
    for (size_t i = 0; i < n; i++)
        put_line(out, "list_applied_sequence", &all[i], all[i].receipt.place.next_seq - 1);
    buf_printf(out, "# HELP tamga_list_waiting Changes of the list that he has not acknowledged.\n"
                    "# TYPE tamga_list_waiting gauge\n");
    for (size_t i = 0; i < n; i++)
        put_line(out, "list_waiting", &all[i], all[i].waiting);
    buf_printf(out, "# HELP tamga_list_age_seconds Since the first of them was written.\n"
                    "# TYPE tamga_list_age_seconds gauge\n");
    for (size_t i = 0; i < n; i++)
        put_line(out, "list_age_seconds", &all[i], (uint64_t)all[i].age_s);
    buf_printf(out, "# HELP tamga_list_late 1 where that is a day or more.\n"
                    "# TYPE tamga_list_late gauge\n");
    for (size_t i = 0; i < n; i++)
        put_line(out, "list_late", &all[i], all[i].age_s >= LISTS_LATE_S);
    free(all);
}
