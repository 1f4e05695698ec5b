/* SPDX-License-Identifier: Apache-2.0
 *
 * What customs say of the lines that an application names: first their files, then, of what these do not know, the
 * service. Found: whose it is, how much, how much others draw from it. */
#include "cases/customs.h"
#include "cases/filing.h"

/* Letters and digits of ASCII alone, small: what is compared of a name. */
static size_t plain_name(const char *name, char out[LIMIT_TAC_NAME])
{
    size_t n = 0;
    for (const char *p = name; *p && n < LIMIT_TAC_NAME; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
    }
    return n;
}

/* Does one name hold the other? What cannot be compared does not differ. */
static bool differ(const char *declared, const char *asked)
{
    char a[LIMIT_TAC_NAME], b[LIMIT_TAC_NAME];
    size_t an = declared ? plain_name(declared, a) : 0, bn = asked ? plain_name(asked, b) : 0;
    return an && bn && !memmem(a, an, b, bn) && !memmem(b, bn, a, an);
}

/* The service's answer. Nobody to ask where files are loaded: what they do not know is not there. */
static enum err ask_service(struct registry *reg, const struct customs_asker *asker,
                            struct customs_look *look, struct fault *fault)
{
    const struct customs_source *source = asker->sources ? &asker->sources->customs : NULL;
    const struct customs_question question = {look->number, look->item, asker->bin, asker->number};
    struct customs_answer answer = {0};
    bool files = false;
    if (!source || !source->ask) {
        enum err err = customs_known(reg, &files, fault);
        look->findings |= files ? FOUND_NOT_IN_CUSTOMS : FOUND_CUSTOMS_NOT_ASKED;
        return err;
    }
    look->asked = source->ask(source->ctx, &question, &answer);
    switch (look->asked) {
    case ASKED_YES:
        look->declared = answer.quantity;
        look->findings |= answer.own ? 0 : FOUND_CUSTOMS_OTHER;
        break;
    case ASKED_NO:
        look->findings |= FOUND_NOT_IN_CUSTOMS;
        break;
    case ASKED_AWAY:
    case ASKED_LATER:
    case ASKED_NOBODY:
        look->findings |= FOUND_CUSTOMS_NOT_ASKED;
        break;
    }
    return ERR_OK;
}

enum err customs_look(struct registry *reg, const struct customs_asker *asker,
                      struct customs_look *look, struct fault *fault)
{
    struct customs_line line = {0};
    enum customs_found found = CUSTOMS_NONE;
    look->findings = 0;
    look->declared = look->drawn = 0;
    look->asked = ASKED_NOBODY;
    enum err err = customs_find(reg, look->number, look->item, &line, &found, fault);
    if (!err && found == CUSTOMS_LINE) {
        look->item = line.item;
        look->declared = line.quantity;
        look->findings |= strcmp(line.declarant, asker->bin) ? FOUND_CUSTOMS_OTHER : 0;
        for (size_t i = 0; look->typed && i < look->devices; i++) {
            const struct case_device *d = &look->typed[i];
            bool differs = differ(line.brand, d->brand) || differ(line.model, d->model);
            look->findings |= differs ? FOUND_CUSTOMS_DIFFERS : 0;
        }
    } else if (!err && found == CUSTOMS_SEVERAL) {
        look->findings |= FOUND_CUSTOMS_ITEM;
    } else if (!err) {
        err = ask_service(reg, asker, look, fault);
    }
    bool counts = !(look->findings & (FOUND_NOT_IN_CUSTOMS | FOUND_CUSTOMS_NOT_ASKED |
                                      FOUND_CUSTOMS_ITEM | FOUND_CUSTOMS_OTHER));
    if (err || !counts)
        return err;
    err = customs_drawn(reg, look->number, look->item, asker->application, &look->drawn, fault);
    if (!err && look->drawn + look->devices > look->declared)
        look->findings |= FOUND_QTY_EXCEEDED;
    return err;
}

/* ---- what was seen ---- */

static json_t *names_of(uint32_t findings)
{
    json_t *list = json_array();
    for (unsigned bit = 0; finding_name(bit); bit++)
        if (findings >> bit & 1)
            json_array_append_new(list, json_string(finding_name(bit)));
    return list;
}

void customs_seen_add(struct customs_seen *seen, const struct customs_look *look)
{
    if (!seen->list)
        seen->list = json_array();
    seen->lines++;
    seen->stopped += look->findings != 0;
    if (json_array_size(seen->list) >= CUSTOMS_SEEN_MOST)
        return;
    json_array_append_new(seen->list,
                          json_pack("{s:s%, s:I, s:I, s:I, s:I, s:o}", "declaration_no",
                                    look->number.p, look->number.n, "goods_item",
                                    (json_int_t)look->item, "devices", (json_int_t)look->devices,
                                    "declared", (json_int_t)look->declared, "drawn",
                                    (json_int_t)look->drawn, "findings", names_of(look->findings)));
}

struct keeping {
    struct record_key key;
    json_t *json;
};

static enum err put_seen(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct keeping *k = c->ctx;
    return record_put_json(reg, &k->key, k->json, fault);
}

enum err customs_seen_keep(const struct office *office, uint64_t application,
                           struct customs_seen *seen)
{
    struct keeping k = {.key = record_key_of(RECORD_CUSTOMS_SEEN, application)};
    k.json = json_pack("{s:I, s:I, s:o}", "lines", (json_int_t)seen->lines, "stopped",
                       (json_int_t)seen->stopped, "seen", seen->list ? seen->list : json_array());
    seen->list = NULL;
    struct commit_case c = {.also = put_seen, .ctx = &k};
    enum err err = k.json ? committer_submit(office->committer, &c) : ERR_MEMORY;
    json_decref(k.json);
    return err;
}

enum err customs_seen_get(struct registry *reg, uint64_t application, json_t **out,
                          struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_CUSTOMS_SEEN, application);
    *out = NULL;
    enum err err = record_get_json(reg, &key, out, fault);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- a typed import ---- */

enum err customs_check(const struct office *office, const struct check_sources *sources,
                       struct application *a, const char *bin, enum reach *reach,
                       struct fault *fault)
{
    char number[APPLICATION_NUMBER_TEXT];
    struct customs_seen seen = {0};
    struct customs_look look = {.devices = a->device_count, .typed = a->devices};
    application_number(a, number);
    if (!customs_declared_from(a->country) || !*a->document) {
        a->findings |= *a->document ? FOUND_IMPORT_NOTICE : FOUND_NEEDS_PROOF;
        return ERR_OK;
    }
    const struct customs_asker asker = {sources, bin, number, a->id};
    customs_split(str_z(a->document), &look.number, &look.item);
    enum err err = customs_look(office->registry, &asker, &look, fault);
    if (err)
        return err;
    checks_reach(reach, look.asked);
    if (look.asked == ASKED_LATER)
        return ERR_OK;
    a->findings |= look.findings;
    customs_seen_add(&seen, &look);
    return customs_seen_keep(office, a->id, &seen);
}
