/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in the cabinet, by API. Here they are in the language of the request. */
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/message_text.h"

enum { PAGE = 50, ID_TEXT = 24 };

static json_t *json_id(uint64_t number)
{
    char id[ID_TEXT];
    snprintf(id, sizeof id, "%llu", (unsigned long long)number);
    return json_string(id);
}

static json_t *json_message(struct exchange *x, const struct message *m, bool unread)
{
    struct buf words = {0};
    message_words(&words, x->lang, m);
    json_t *json = json_pack("{s:o, s:o, s:s, s:b, s:s%}", "id", json_id(m->number), "at",
                             json_instant(m->at_s), "code", message_name(m->code), "read", !unread,
                             "text", words.p ? (const char *)words.p : "", words.n);
    x->out->failed |= !json || json_object_update_new(json, message_about(m)) != 0;
    x->out->failed |= words.failed || !json;
    buf_release(&words);
    return json;
}

static enum err put_message(struct api *a, uint64_t number, json_t *list)
{
    struct registry *reg = a->visit->office.registry;
    uint64_t party = a->visit->who.acts_for;
    struct message m;
    bool unread = false;
    enum err err = message_get(reg, party, number, &m, a->fault);
    if (!err)
        err = message_unread(reg, party, number, &unread, a->fault);
    if (!err)
        json_array_append_new(list, json_message(a->x, &m, unread));
    return err;
}

static enum err read_after(const struct api *a, uint64_t *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "after", &scratch, &text);
    *out = 0;
    if (!err && text.n && !str_to_u64(text, INT64_MAX, out)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the id of a message");
    }
    buf_release(&scratch);
    return err;
}

static enum err mine(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    uint64_t numbers[PAGE], party = a->visit->who.acts_for, after;
    size_t n = 0, unread = 0;
    enum err err = read_after(a, &after);
    if (!err)
        err = message_list(reg, party, after, numbers, PAGE, &n, a->fault);
    if (!err)
        err = message_count_unread(reg, party, &unread, a->fault);
    json_t *list = json_array();
    for (size_t i = 0; !err && i < n; i++)
        err = put_message(a, numbers[i], list);
    a->answer = api_page("messages", list, n == PAGE ? json_id(numbers[n - 1]) : NULL);
    json_object_set_new(a->answer, "unread", json_integer((json_int_t)unread));
    return err;
}

void portal_messages(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, mine});
}

static enum err mark_read(struct api *a)
{
    uint64_t number = 0;
    if (!str_to_u64(a->x->param, INT64_MAX, &number))
        return ERR_NOT_FOUND;
    enum err err = message_read(&a->visit->office, a->visit->who.acts_for, number, a->fault);
    if (!err)
        a->answer = json_pack("{s:b}", "read", true);
    return err;
}

void portal_message_read(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_CHANGES, mark_read});
}
