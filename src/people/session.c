/* SPDX-License-Identifier: Apache-2.0 */
#include "people/session.h"

#include <stdio.h>

#include <sodium.h>

#include "people/record.h"

static void hash_token(struct str token, uint8_t out[SHA256_BYTES])
{
    crypto_hash_sha256(out, (const unsigned char *)token.p, token.n);
}

static struct record_key key_of(const uint8_t id[SHA256_BYTES])
{
    struct record_key key = record_key(RECORD_SESSION);
    record_key_bytes(&key, id, SHA256_BYTES);
    return key;
}

/* Its first half: enough to tell one party's sessions apart. */
static struct record_key by_party(uint64_t party, const uint8_t id[SHA256_BYTES])
{
    struct record_key key = record_key_of(RECORD_BY_PARTY, party);
    record_key_bytes(&key, id, SHA256_BYTES);
    return key;
}

static json_t *to_json(const struct session *s)
{
    return json_pack("{s:I, s:I, s:i, s:i, s:s, s:s, s:I, s:I}", "party", (json_int_t)s->party,
                     "acts_for", (json_int_t)s->acts_for, "role", s->role, "attorney",
                     (int)s->by_attorney, "name", s->name, "organisation", s->organisation,
                     "created", (json_int_t)s->created_s, "seen", (json_int_t)s->seen_s);
}

static void from_json(const json_t *json, struct session *out)
{
    *out = (struct session){.party = (uint64_t)json_number_of(json, "party"),
                            .acts_for = (uint64_t)json_number_of(json, "acts_for"),
                            .role = (uint8_t)json_number_of(json, "role"),
                            .by_attorney = (uint32_t)json_number_of(json, "attorney"),
                            .created_s = json_number_of(json, "created"),
                            .seen_s = json_number_of(json, "seen")};
    str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
    str_copy(out->organisation, sizeof out->organisation, json_text_of(json, "organisation"));
}

static bool over(const struct session *s, int64_t now_s)
{
    return now_s - s->seen_s > SESSION_IDLE_S || now_s - s->created_s > SESSION_LIFE_S ||
           s->role == ROLE_NONE;
}

/* ---- reading one ---- */

static enum err find_id(struct registry *reg, const uint8_t id[SHA256_BYTES], int64_t now_s,
                        struct session *out, struct fault *fault)
{
    struct record_key key = key_of(id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (!err)
        from_json(json, out);
    json_decref(json);
    if (err == ERR_NOT_FOUND || (!err && over(out, now_s)))
        return fault_set(fault, ERR_SESSION, "sign in again");
    memcpy(out->id, id, SHA256_BYTES);
    return err;
}

enum err session_find(struct registry *reg, struct str token, int64_t now_s, struct session *out,
                      struct fault *fault)
{
    uint8_t id[SHA256_BYTES];
    if (token.n != SESSION_TOKEN_TEXT - 1)
        return fault_set(fault, ERR_SESSION, "sign in first");
    hash_token(token, id);
    return find_id(reg, id, now_s, out, fault);
}

/* ---- the sessions of a party ---- */

struct listing {
    struct str prefix;
    uint8_t id[SESSION_LIST_MAX][SHA256_BYTES];
    size_t n;
};

static bool take_id(void *ctx, const struct record *record)
{
    struct listing *list = ctx;
    if (!str_starts(record->key, list->prefix))
        return false;
    if (record->key.n == list->prefix.n + SHA256_BYTES)
        memcpy(list->id[list->n++], record->key.p + list->prefix.n, SHA256_BYTES);
    return list->n < SESSION_LIST_MAX;
}

/* ---- writing: cases without changes of facts ---- */

struct writing {
    const struct session *put; /* NULL: nothing */
    bool again;          /* put: only if it stands already, so that nothing ended comes back */
    const uint8_t *drop; /* id, NULL: nothing */
    uint64_t party;      /* of drop */
    const struct listing *over; /* of put's party; NULL: not looked for */
};

static enum err still_there(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct writing *w = c->ctx;
    struct record_key key = key_of(w->put->id);
    bool found;
    enum err err = record_find(reg, &key, NULL, &found, fault);
    return !err && !found ? ERR_SESSION : err;
}

static enum err drop_one(struct registry *reg, const uint8_t *id, uint64_t party,
                         struct fault *fault)
{
    struct record_key key = key_of(id), index = by_party(party, id);
    enum err err = record_drop(reg, &key, fault);
    return err ? err : record_drop(reg, &index, fault);
}

static enum err write_session(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct writing *w = c->ctx;
    enum err err = w->drop ? drop_one(reg, w->drop, w->party, fault) : ERR_OK;
    for (size_t i = 0; !err && w->over && i < w->over->n; i++)
        err = drop_one(reg, w->over->id[i], w->put->party, fault);
    if (err || !w->put)
        return err;
    struct record_key key = key_of(w->put->id), index = by_party(w->put->party, w->put->id);
    json_t *json = to_json(w->put);
    err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err ? err : record_put(reg, &index, STR(""), fault);
}

static enum err submit(struct committer *committer, struct writing *w)
{
    struct commit_case c = {.ask = w->again ? still_there : NULL, .also = write_session, .ctx = w};
    return committer_submit(committer, &c);
}

/* Those of the party that are over: nobody asks for them any more, so they go with his next sign-in. */
static enum err find_over(struct registry *reg, const struct session *s, struct listing *out,
                          struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_PARTY, s->party);
    *out = (struct listing){.prefix = record_key_str(&prefix)};
    enum err err = store_records(reg->store, out->prefix, STR(""), take_id, out, fault);
    size_t kept = 0;
    for (size_t i = 0; !err && i < out->n; i++) {
        struct session one;
        enum err found = find_id(reg, out->id[i], s->seen_s, &one, NULL);
        if (found == ERR_SESSION)
            memmove(out->id[kept++], out->id[i], SHA256_BYTES);
    }
    out->prefix = STR("");
    out->n = kept;
    return err;
}

enum err session_begin(struct registry *reg, struct committer *committer, struct session *s,
                       const char *ends, char out_token[SESSION_TOKEN_TEXT], struct fault *fault)
{
    uint8_t random[32], old[SHA256_BYTES];
    struct session before;
    struct listing gone;
    struct writing w = {.put = s, .over = &gone};
    s->seen_s = clock_now_us(reg->clock) / 1000000;
    s->created_s = s->created_s ? s->created_s : s->seen_s;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(out_token, SESSION_TOKEN_TEXT, random, sizeof random);
    hash_token(str_z(out_token), s->id);
    if (ends && *ends && session_find(reg, str_z(ends), s->seen_s, &before, NULL) == ERR_OK) {
        memcpy(old, before.id, sizeof old);
        w.drop = old;
        w.party = before.party;
    }
    enum err err = find_over(reg, s, &gone, fault);
    if (!err)
        err = submit(committer, &w);
    return err ? fault_set(fault, err, "the session was not kept") : ERR_OK;
}

enum err session_touch(struct committer *committer, struct session *s, int64_t now_s)
{
    if (now_s - s->seen_s < SESSION_TOUCH_S)
        return ERR_OK;
    s->seen_s = now_s;
    return submit(committer, &(struct writing){.put = s, .again = true});
}

enum err session_end(struct committer *committer, const uint8_t id[SHA256_BYTES], uint64_t party)
{
    return submit(committer, &(struct writing){.drop = id, .party = party});
}

enum err session_end_all(struct registry *reg, uint64_t party, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_PARTY, party);
    struct listing list = {.n = SESSION_LIST_MAX};
    enum err err = ERR_OK;
    while (!err && list.n == SESSION_LIST_MAX) {
        list = (struct listing){.prefix = record_key_str(&prefix)};
        err = store_records(reg->store, list.prefix, STR(""), take_id, &list, fault);
        for (size_t i = 0; !err && i < list.n; i++)
            err = drop_one(reg, list.id[i], party, fault);
    }
    return err;
}

static enum err end_party(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return session_end_all(reg, *(const uint64_t *)c->ctx, fault);
}

enum err session_end_party(struct committer *committer, uint64_t party)
{
    struct commit_case c = {.also = end_party, .ctx = &party};
    return committer_submit(committer, &c);
}

enum err session_list(struct registry *reg, uint64_t party, int64_t now_s,
                      struct session out[SESSION_LIST_MAX], size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_PARTY, party);
    struct listing list = {.prefix = record_key_str(&prefix)};
    *out_n = 0;
    enum err err = store_records(reg->store, list.prefix, STR(""), take_id, &list, fault);
    for (size_t i = 0; !err && i < list.n; i++) {
        err = find_id(reg, list.id[i], now_s, &out[*out_n], fault);
        *out_n += !err;
        err = err == ERR_SESSION ? ERR_OK : err;
    }
    return err;
}

void session_csrf(const struct registry *reg, const struct session *s, char out[SESSION_CSRF_TEXT])
{
    uint8_t mac[SHA256_BYTES];
    uint8_t said[5 + SHA256_BYTES] = "csrf:";
    memcpy(said + 5, s->id, SHA256_BYTES);
    sha256_hmac(reg->keys.session, said, sizeof said, mac);
    sodium_bin2hex(out, SESSION_CSRF_TEXT, mac, 16);
}
