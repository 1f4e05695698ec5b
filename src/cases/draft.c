/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/draft.h"

#include <sodium.h>

#include "cases/application_json.h"
#include "cases/paper.h"

static struct record_key key_of(uint64_t applicant, uint64_t id)
{
    struct record_key key = record_key_of(RECORD_DRAFT, applicant);
    record_key_number(&key, id, 8);
    return key;
}

/* By the second at which it is over: what is old stands first. */
static struct record_key end_of(int64_t until_s, uint64_t applicant, uint64_t id)
{
    struct record_key key = record_key_of(RECORD_BY_DRAFT_END, (uint64_t)until_s);
    record_key_number(&key, applicant, 8);
    record_key_number(&key, id, 8);
    return key;
}

void draft_filing(const struct draft *d, struct paper_id out_papers[LIMIT_PAPERS],
                  struct filing *out)
{
    for (size_t i = 0; i < d->paper_count; i++)
        out_papers[i] = d->papers[i].id;
    *out = (struct filing){.kind = d->kind,
                           .way = d->way,
                           .document = str_z(d->document),
                           .country = str_z(d->country),
                           .entered = d->entered,
                           .devices = d->devices,
                           .device_count = d->device_count,
                           .papers = out_papers,
                           .paper_count = d->paper_count,
                           .consent = str_z(d->consented_s ? d->consent : ""),
                           .idempotency = str_z(d->key)};
}

/* ---- as a record: what is asked is written as an application's record is ---- */

static json_t *to_json(struct draft *d)
{
    struct application a = {.kind = d->kind,
                            .state = APPLICATION_CHECKING,
                            .way = d->way,
                            .entered = d->entered,
                            .devices = d->devices,
                            .device_count = d->device_count,
                            .papers = d->papers,
                            .paper_count = d->paper_count,
                            .consented_s = d->consented_s};
    memcpy(a.document, d->document, sizeof a.document);
    memcpy(a.consent, d->consent, sizeof a.consent);
    memcpy(a.country, d->country, sizeof a.country);
    json_t *wish = application_to_json(&a);
    return wish ? json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "wish", wish, "key", d->key,
                            "version", (json_int_t)d->version, "until", (json_int_t)d->until_s,
                            "answered", (json_int_t)d->answered, "models", (json_int_t)d->models)
                : NULL;
}

static enum err from_json(const json_t *json, uint64_t id, struct draft *out, struct fault *fault)
{
    struct application a;
    enum err err = application_from_json(json_object_get(json, "wish"), &a, fault);
    if (err)
        return err;
    bool fits = a.device_count <= FILING_DEVICES_MAX && a.paper_count <= LIMIT_PAPERS;
    *out = (struct draft){.id = id,
                          .version = (uint64_t)json_number_of(json, "version"),
                          .until_s = json_number_of(json, "until"),
                          .answered = (uint32_t)json_number_of(json, "answered"),
                          .models = (uint32_t)json_number_of(json, "models"),
                          .kind = a.kind,
                          .way = a.way,
                          .entered = a.entered,
                          .consented_s = a.consented_s,
                          .device_count = fits ? a.device_count : 0,
                          .paper_count = fits ? a.paper_count : 0};
    memcpy(out->document, a.document, sizeof out->document);
    memcpy(out->country, a.country, sizeof out->country);
    memcpy(out->consent, a.consent, sizeof out->consent);
    str_copy(out->key, sizeof out->key, json_text_of(json, "key"));
    if (out->device_count)
        memcpy(out->devices, a.devices, a.device_count * sizeof *a.devices);
    if (out->paper_count)
        memcpy(out->papers, a.papers, a.paper_count * sizeof *a.papers);
    application_release(&a);
    return fits ? ERR_OK : fault_set(fault, ERR_CODEC, "a draft cannot be read");
}

static enum err read_one(struct registry *reg, uint64_t applicant, uint64_t id, struct draft *out,
                         struct fault *fault)
{
    struct record_key key = key_of(applicant, id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (!err)
        err = from_json(json, id, out, fault);
    json_decref(json);
    return err;
}

enum err draft_get(const struct office *office, const struct session *who, uint64_t id,
                   struct draft *out, struct fault *fault)
{
    struct draft d;
    enum err err = read_one(office->registry, who->acts_for, id, &d, fault);
    if (!err && d.until_s <= office_now_s(office))
        err = fault_set(fault, ERR_NOT_FOUND, "this draft is over");
    if (!err)
        *out = d;
    return err;
}

enum err draft_list(const struct office *office, const struct session *who,
                    uint64_t out_ids[DRAFTS_MAX], size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_DRAFT, who->acts_for);
    enum err err =
        record_numbers(office->registry, &prefix, NULL, out_ids, DRAFTS_MAX, out_n, fault);
    for (size_t i = 0; !err && i < *out_n / 2; i++) {
        uint64_t other = out_ids[*out_n - 1 - i];
        out_ids[*out_n - 1 - i] = out_ids[i];
        out_ids[i] = other;
    }
    return err;
}

enum err draft_papers_stand(const struct office *office, struct draft *d, size_t *out_gone,
                            struct fault *fault)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->paper_count; i++) {
        struct paper paper = {.application = 0};
        enum err err = paper_get(office->registry, &d->papers[i].id, &paper, fault);
        if (err && err != ERR_NOT_FOUND)
            return err;
        if (!err && !paper.application)
            d->papers[kept++] = d->papers[i];
    }
    *out_gone = d->paper_count - kept;
    d->paper_count = kept;
    return ERR_OK;
}

/* ---- writing: cases without changes of facts ---- */

struct writing {
    uint64_t applicant;
    struct draft *draft;
    bool fresh;
    int64_t stood_until_s; /* of one that stands: where it was listed */
};

/* A new one: is there room? Else: is it still as it was read? */
static enum err fits(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct draft now;
    if (w->fresh) {
        struct record_key prefix = record_key_of(RECORD_DRAFT, w->applicant);
        uint64_t ids[DRAFTS_MAX];
        size_t n = 0;
        enum err err = record_numbers(reg, &prefix, NULL, ids, DRAFTS_MAX, &n, fault);
        return !err && n == DRAFTS_MAX ? ERR_TOO_MANY : err;
    }
    enum err err = read_one(reg, w->applicant, w->draft->id, &now, fault);
    if (err == ERR_NOT_FOUND || (!err && now.version != w->draft->version))
        return ERR_STALE;
    w->stood_until_s = err ? 0 : now.until_s;
    return err;
}

static enum err write_draft(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct draft *d = w->draft;
    enum err err = w->fresh ? record_count(reg, "draft", &d->id, fault) : ERR_OK;
    if (!err && !w->fresh) {
        struct record_key stood = end_of(w->stood_until_s, w->applicant, d->id);
        err = record_drop(reg, &stood, fault);
    }
    if (err)
        return err;
    d->version++;
    struct record_key key = key_of(w->applicant, d->id);
    struct record_key end = end_of(d->until_s, w->applicant, d->id);
    json_t *json = to_json(d);
    err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err ? err : record_put(reg, &end, STR(""), fault);
}

static enum err write_it(const struct office *office, const struct session *who,
                         struct draft *draft, bool fresh, struct fault *fault)
{
    struct draft next = *draft;
    next.until_s = office_now_s(office) + DRAFT_LIFE_S;
    struct writing w = {.applicant = who->acts_for, .draft = &next, .fresh = fresh};
    struct commit_case c = {.ask = fits, .also = write_draft, .ctx = &w};
    enum err err = committer_submit(office->committer, &c);
    if (err)
        return fault_set(fault, err, err == ERR_TOO_MANY ? "at most %d drafts" : "a draft (%d)",
                         DRAFTS_MAX);
    *draft = next;
    return ERR_OK;
}

enum err draft_new(const struct office *office, const struct session *who, uint8_t kind,
                   uint8_t way, struct draft *out, struct fault *fault)
{
    const struct kind_info *info = kind_info(kind);
    struct draft d = {.kind = kind, .way = way, .entered = DAYNUM_NONE};
    uint8_t random[(DRAFT_KEY_TEXT - 1) / 2];
    if (!info || !(info->roles & ROLE_BIT(who->role)))
        return fault_set(fault, ERR_ROLE, "%s does not file this", role_name(who->role));
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(d.key, sizeof d.key, random, sizeof random);
    enum err err = write_it(office, who, &d, true, fault);
    if (!err)
        *out = d;
    return err;
}

enum err draft_save(const struct office *office, const struct session *who, struct draft *draft,
                    struct fault *fault)
{
    return write_it(office, who, draft, false, fault);
}

/* ---- ends ---- */

struct dropping {
    struct record_key keys[2 * 64]; /* of each: itself, where it is listed */
    size_t n;
};

static enum err drop_all(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct dropping *d = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < d->n; i++)
        err = record_drop(reg, &d->keys[i], fault);
    return err;
}

enum err draft_drop(const struct office *office, const struct session *who, uint64_t id,
                    struct fault *fault)
{
    struct draft d;
    enum err err = read_one(office->registry, who->acts_for, id, &d, fault);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct dropping drop = {
        .keys = {key_of(who->acts_for, id), end_of(d.until_s, who->acts_for, id)}, .n = 2};
    struct commit_case c = {.also = drop_all, .ctx = &drop};
    err = committer_submit(office->committer, &c);
    return err ? fault_set(fault, err, "a draft") : ERR_OK;
}

static bool take_old(void *ctx, const struct record *record)
{
    enum { KIND = 1, NUMBER = 8 };
    struct dropping *d = ctx;
    if (record->key.n != KIND + 3 * NUMBER)
        return true;
    const uint8_t *p = (const uint8_t *)record->key.p + KIND;
    d->keys[d->n++] = key_of(get_be(p + NUMBER, NUMBER), get_be(p + 2 * NUMBER, NUMBER));
    struct record_key *listed = &d->keys[d->n++];
    listed->n = record->key.n;
    memcpy(listed->bytes, record->key.p, record->key.n);
    return d->n < sizeof d->keys / sizeof *d->keys;
}

/* One that was saved again since it was listed stands under another second; it is not dropped. */
static enum err drop_old(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct dropping *d = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < d->n; i += 2) {
        bool listed;
        err = record_find(reg, &d->keys[i + 1], NULL, &listed, fault);
        if (!err && listed)
            err = record_drop(reg, &d->keys[i], fault);
        if (!err && listed)
            err = record_drop(reg, &d->keys[i + 1], fault);
    }
    return err;
}

enum err draft_forget(const struct office *office, size_t *out_n, struct fault *fault)
{
    struct record_key from = record_key(RECORD_BY_DRAFT_END);
    struct record_key to = record_key_of(RECORD_BY_DRAFT_END, (uint64_t)office_now_s(office) + 1);
    struct dropping d = {.n = 0};
    enum err err = store_records(office->registry->store, record_key_str(&from),
                                 record_key_str(&to), take_old, &d, fault);
    struct commit_case c = {.also = drop_old, .ctx = &d};
    if (!err && d.n)
        err = committer_submit(office->committer, &c);
    *out_n = err ? 0 : d.n / 2;
    return err;
}
