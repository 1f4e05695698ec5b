/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/accreditation.h"

#include <sodium.h>

#include "cases/customs.h"

/* ---- words ---- */

enum { NEEDED = 1 << APPROVAL_MANUFACTURE | 1 << APPROVAL_REPAIR };

uint32_t accreditation_kinds(void)
{
    return NEEDED;
}

bool accreditation_needed(uint8_t kind)
{
    return kind < 32 && NEEDED >> kind & 1;
}

void accreditation_kinds_format(uint32_t kinds, char out[ACCREDITATION_KINDS_TEXT])
{
    size_t n = 0;
    *out = '\0';
    for (uint8_t kind = 1; kind_info(kind); kind++)
        if (kinds >> kind & 1)
            n += (size_t)snprintf(out + n, ACCREDITATION_KINDS_TEXT - n, "%s%s", n ? "|" : "",
                                  kind_info(kind)->name);
}

bool accreditation_kinds_parse(struct str text, uint32_t *out)
{
    uint32_t kinds = 0;
    while (text.p) {
        uint8_t kind = 0;
        struct str name = str_trim(str_split(text, '|', &text));
        if (!kind_find(name, &kind) || !accreditation_needed(kind))
            return false;
        kinds |= 1U << kind;
    }
    *out = kinds;
    return kinds != 0;
}

enum accreditation_state accreditation_state(const struct accreditation *a, daynum day)
{
    if (a->revoked != DAYNUM_NONE && day >= a->revoked)
        return ACCREDITATION_REVOKED;
    return day < a->from    ? ACCREDITATION_TO_COME
           : day > a->until ? ACCREDITATION_OVER
                            : ACCREDITATION_IN_FORCE;
}

const char *accreditation_state_name(enum accreditation_state state)
{
    switch (state) {
    case ACCREDITATION_IN_FORCE:
        return "in_force";
    case ACCREDITATION_TO_COME:
        return "to_come";
    case ACCREDITATION_OVER:
        return "over";
    case ACCREDITATION_REVOKED:
        break;
    }
    return "revoked";
}

/* ---- as a record ---- */

/* Letters large, without blanks and dashes: as declarations are compared. */
static struct accreditation_place place_of(struct registry *reg, struct str bin, struct str number)
{
    struct accreditation_place place = {.party = registry_party_id(reg, PARTY_PERSON, bin)};
    char plain[LIMIT_DOCUMENT];
    uint8_t hash[SHA256_BYTES];
    size_t n = customs_plain(number, plain);
    sha256_hmac(reg->keys.receipt, plain, n, hash);
    memcpy(place.hash, hash, sizeof place.hash);
    return place;
}

static struct record_key key_of(const struct accreditation_place *place)
{
    struct record_key key = record_key_of(RECORD_ACCREDITATION, place->party);
    record_key_bytes(&key, place->hash, sizeof place->hash);
    return key;
}

static json_t *to_json(const struct accreditation *a)
{
    json_t *json =
        json_pack("{s:s, s:I, s:s, s:I, s:I}", "bin", a->bin, "kinds", (json_int_t)a->kinds,
                  "number", a->number, "from", (json_int_t)a->from, "until", (json_int_t)a->until);
    if (json && a->revoked != DAYNUM_NONE)
        json_object_set_new(json, "revoked", json_integer((json_int_t)a->revoked));
    return json;
}

static void from_json(const json_t *json, uint64_t party, struct accreditation *out)
{
    *out = (struct accreditation){.party = party,
                                  .kinds = (uint32_t)json_number_of(json, "kinds"),
                                  .from = (daynum)json_number_of(json, "from"),
                                  .until = (daynum)json_number_of(json, "until"),
                                  .revoked = DAYNUM_NONE};
    if (json_object_get(json, "revoked"))
        out->revoked = (daynum)json_number_of(json, "revoked");
    str_copy(out->bin, sizeof out->bin, json_text_of(json, "bin"));
    str_copy(out->number, sizeof out->number, json_text_of(json, "number"));
}

/* ---- keeping the table ---- */

static enum err wrong(struct fault *fault, const char *field, enum err err, const char *rule)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, err, "%s", rule);
}

enum err accreditation_form(const struct accreditation *a, struct fault *fault)
{
    struct str number = str_z(a->number);
    char plain[LIMIT_DOCUMENT];
    if (iin_check(str_z(a->bin), NULL))
        return wrong(fault, "bin", ERR_IIN_BIN, "12 digits of a BIN or IIN, the check digit right");
    if (!a->kinds || a->kinds & ~(uint32_t)NEEDED)
        return wrong(fault, "kinds", ERR_USAGE, "manufacture, repair, or both");
    if (!customs_plain(number, plain) || !str_printable(number))
        return wrong(fault, "certificate_no", ERR_NAME, "plain UTF-8 that shows");
    if (!daynum_is_day(a->from))
        return wrong(fault, "valid_from", ERR_DATE, "a day as YYYY-MM-DD");
    if (!daynum_is_day(a->until) || a->until < a->from)
        return wrong(fault, "valid_until", ERR_DATE, "a day as YYYY-MM-DD, not before valid_from");
    if (a->revoked != DAYNUM_NONE && !daynum_is_day(a->revoked))
        return wrong(fault, "revoked_on", ERR_DATE, "a day as YYYY-MM-DD");
    return ERR_OK;
}

enum err accreditation_put(struct registry *reg, struct accreditation *a, bool keeps_revoked,
                           enum accreditation_done *out, struct fault *fault)
{
    const struct accreditation_place place = place_of(reg, str_z(a->bin), str_z(a->number));
    struct record_key key = key_of(&place);
    struct accreditation before;
    json_t *was = NULL, *is = NULL;
    enum err err = record_get_json(reg, &key, &was, fault);
    bool known = !err;
    if (err && err != ERR_NOT_FOUND)
        return err;
    a->party = place.party;
    if (known && keeps_revoked) {
        from_json(was, place.party, &before);
        a->revoked = before.revoked;
    }
    is = to_json(a);
    *out = !known                ? ACCREDITATION_NEW
           : json_equal(is, was) ? ACCREDITATION_SAME
                                 : ACCREDITATION_CORRECTED;
    err = is ? ERR_OK : ERR_MEMORY;
    if (!err && *out != ACCREDITATION_SAME)
        err = record_put_json(reg, &key, is, fault);
    json_decref(is);
    json_decref(was);
    return err;
}

struct audit_event accreditation_event(const struct accreditation *a,
                                       const struct accreditation_actor *actor)
{
    return (struct audit_event){.what = AUDIT_ACCREDITATION,
                                .role = actor->role,
                                .actor = actor->party,
                                .subject = a->party};
}

static enum err put_and_tell(struct registry *reg, struct accreditation *a, bool keeps_revoked,
                             const struct accreditation_actor *actor, enum accreditation_done *out,
                             struct fault *fault)
{
    enum err err = accreditation_put(reg, a, keeps_revoked, out, fault);
    if (err || *out == ACCREDITATION_SAME)
        return err;
    const struct audit_event event = accreditation_event(a, actor);
    return audit_log_put(reg, &event, 1, fault);
}

struct setting {
    struct accreditation *a;
    bool keeps_revoked;
    const struct accreditation_actor *actor;
    enum accreditation_done done;
};

static enum err set_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct setting *s = c->ctx;
    return put_and_tell(reg, s->a, s->keeps_revoked, s->actor, &s->done, fault);
}

enum err accreditation_set(struct registry *reg, struct committer *committer,
                           struct accreditation *a, bool keeps_revoked,
                           const struct accreditation_actor *actor, enum accreditation_done *out,
                           struct fault *fault)
{
    struct setting s = {.a = a, .keeps_revoked = keeps_revoked, .actor = actor};
    struct commit_case c = {.also = set_it, .ctx = &s};
    enum err err = accreditation_form(a, fault);
    if (!err)
        err = committer ? committer_submit(committer, &c) : commit_one(reg, &c, fault);
    *out = s.done;
    return err;
}

/* ---- revoking ---- */

struct revoking {
    struct accreditation_place place;
    daynum day;
    const struct accreditation_actor *actor;
    struct accreditation *out;
};

static enum err revoke_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct revoking *r = c->ctx;
    struct record_key key = key_of(&r->place);
    enum accreditation_done done;
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    from_json(json, r->place.party, r->out);
    json_decref(json);
    r->out->revoked = r->day;
    return put_and_tell(reg, r->out, false, r->actor, &done, fault);
}

enum err accreditation_revoke(struct registry *reg, struct committer *committer, struct str bin,
                              struct str number, daynum day,
                              const struct accreditation_actor *actor, struct accreditation *out,
                              struct fault *fault)
{
    struct revoking r = {.day = day, .actor = actor, .out = out};
    struct commit_case c = {.also = revoke_it, .ctx = &r};
    if (iin_check(bin, NULL))
        return wrong(fault, "bin", ERR_IIN_BIN, "12 digits of a BIN or IIN, the check digit right");
    if (!daynum_is_day(day))
        return wrong(fault, "revoked_on", ERR_DATE, "a day as YYYY-MM-DD");
    r.place = place_of(reg, bin, number);
    enum err err = committer ? committer_submit(committer, &c) : commit_one(reg, &c, fault);
    if (err != ERR_NOT_FOUND)
        return err;
    fault_field(fault, "certificate_no");
    return fault_set(fault, err, "there is no such certificate of this BIN");
}

/* ---- lists ---- */

enum { KEY_BYTES = 1 + 8 + 16 };

void accreditation_place_format(const struct accreditation_place *place,
                                char out[ACCREDITATION_PLACE_TEXT])
{
    uint8_t bytes[KEY_BYTES - 1];
    put_be(bytes, place->party, 8);
    memcpy(bytes + 8, place->hash, sizeof place->hash);
    sodium_bin2hex(out, ACCREDITATION_PLACE_TEXT, bytes, sizeof bytes);
}

bool accreditation_place_parse(struct str text, struct accreditation_place *out)
{
    uint8_t bytes[KEY_BYTES - 1];
    size_t n = 0;
    if (text.n != 2 * sizeof bytes ||
        sodium_hex2bin(bytes, sizeof bytes, text.p, text.n, NULL, &n, NULL) || n != sizeof bytes)
        return false;
    out->party = get_be(bytes, 8);
    memcpy(out->hash, bytes + 8, sizeof out->hash);
    return true;
}

struct listing {
    struct registry *reg;
    struct accreditation *out;
    size_t max, n;
    struct accreditation_place last;
    enum err err;
    struct fault *fault;
};

static bool take(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    json_t *json = NULL;
    if (l->n == l->max || record->key.n != KEY_BYTES)
        return l->n < l->max;
    l->err = record_open_json(l->reg, record, &json, l->fault);
    if (l->err)
        return false;
    const uint8_t *key = (const uint8_t *)record->key.p;
    l->last.party = get_be(key + 1, 8);
    memcpy(l->last.hash, key + 9, sizeof l->last.hash);
    from_json(json, l->last.party, &l->out[l->n++]);
    json_decref(json);
    return l->n < l->max;
}

enum err accreditation_list(struct registry *reg, const struct accreditation_place *after,
                            struct accreditation *out, size_t max, size_t *out_n,
                            struct accreditation_place *out_last, struct fault *fault)
{
    struct listing l = {.reg = reg, .out = out, .max = max, .fault = fault};
    struct record_key from = record_key(RECORD_ACCREDITATION),
                      to = record_key(RECORD_ACCREDITATION + 1);
    if (after) {
        from = key_of(after);
        record_key_bytes(&from, "", 1);
    }
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), take, &l, fault);
    *out_n = l.n;
    *out_last = l.last;
    return err ? err : l.err;
}

enum err accreditation_of(struct registry *reg, uint64_t party,
                          struct accreditation out[ACCREDITATIONS_MAX], size_t *out_n,
                          struct fault *fault)
{
    struct listing l = {.reg = reg, .out = out, .max = ACCREDITATIONS_MAX, .fault = fault};
    struct record_key from = record_key_of(RECORD_ACCREDITATION, party), to = from;
    uint8_t last[16];
    memset(last, 0xff, sizeof last);
    record_key_bytes(&to, last, sizeof last);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), take, &l, fault);
    *out_n = l.n;
    return err ? err : l.err;
}

static bool is_one(void *ctx, const struct record *record)
{
    (void)record;
    *(bool *)ctx = true;
    return false;
}

enum err accreditation_kept(struct registry *reg, bool *out, struct fault *fault)
{
    struct record_key from = record_key(RECORD_ACCREDITATION),
                      to = record_key(RECORD_ACCREDITATION + 1);
    *out = false;
    return store_records(reg->store, record_key_str(&from), record_key_str(&to), is_one, out,
                         fault);
}
