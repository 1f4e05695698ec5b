/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/code.h"

#include <stdio.h>

#include <sodium.h>

#include "cases/once.h"
#include "people/person.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, COUNTED = CODE_ASSISTANT_DAY };

void code_id_format(const uint8_t id[CODE_ID], char out[CODE_ID_TEXT])
{
    sodium_bin2hex(out, CODE_ID_TEXT, id, CODE_ID);
}

bool code_id_parse(struct str text, uint8_t out[CODE_ID])
{
    size_t n = 0;
    return text.n == CODE_ID_TEXT - 1 &&
           sodium_hex2bin(out, CODE_ID, text.p, text.n, NULL, &n, NULL) == 0 && n == CODE_ID;
}

/* Each use of the key says what for, so that none gives what another wants. */
static void keyed(const struct registry *reg, const char *what, const void *p, size_t n,
                  uint8_t out[SHA256_BYTES])
{
    char said[128];
    size_t head = (size_t)snprintf(said, sizeof said, "%s:", what);
    memcpy(said + head, p, n < sizeof said - head ? n : sizeof said - head);
    sha256_hmac(reg->keys.receipt, said, head + (n < sizeof said - head ? n : sizeof said - head),
                out);
}

void code_secret(const struct registry *reg, const struct code *code, char out[CODE_TEXT])
{
    uint8_t said[CODE_ID + 1], mac[SHA256_BYTES];
    memcpy(said, code->id, CODE_ID);
    said[CODE_ID] = code->purpose;
    keyed(reg, "code", said, sizeof said, mac);
    snprintf(out, CODE_TEXT, "%06u", (unsigned)(get_be(mac, 8) % 1000000));
}

uint64_t code_number_hash(const struct registry *reg, const char *msisdn)
{
    uint8_t mac[SHA256_BYTES];
    keyed(reg, "number", msisdn, strlen(msisdn), mac);
    return get_be(mac, 6);
}

/* ---- as records ---- */

static struct record_key key_of(const uint8_t id[CODE_ID])
{
    struct record_key key = record_key(RECORD_CODE);
    record_key_bytes(&key, id, CODE_ID);
    return key;
}

/* By the second at which it is forgotten. */
static struct record_key end_of(const struct code *c)
{
    struct record_key key = record_key_of(RECORD_CODE_END, (uint64_t)(c->until_s + CODE_KEEP_S));
    record_key_bytes(&key, c->id, CODE_ID);
    return key;
}

/* Names are stored, so they never change. */
static enum err put(struct registry *reg, const struct code *c, struct fault *fault)
{
    struct record_key key = key_of(c->id);
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:i, s:I, s:I}", "purpose",
                  c->purpose, "msisdn", c->msisdn, "iin", c->iin, "name", c->name, "person",
                  (json_int_t)c->person, "asker", (json_int_t)c->asker, "language", c->language,
                  "sent", (json_int_t)c->sent_s, "until", (json_int_t)c->until_s, "tries",
                  (int)c->tries, "proven", (json_int_t)c->proven_s, "used", (json_int_t)c->used_by);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err;
}

enum err code_find(struct registry *reg, const uint8_t id[CODE_ID], struct code *out,
                   struct fault *fault)
{
    struct record_key key = key_of(id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    struct code c = {.purpose = (uint8_t)json_number_of(json, "purpose"),
                     .person = (uint64_t)json_number_of(json, "person"),
                     .asker = (uint64_t)json_number_of(json, "asker"),
                     .sent_s = json_number_of(json, "sent"),
                     .until_s = json_number_of(json, "until"),
                     .tries = (unsigned)json_number_of(json, "tries"),
                     .proven_s = json_number_of(json, "proven"),
                     .used_by = (uint64_t)json_number_of(json, "used")};
    memcpy(c.id, id, CODE_ID);
    str_copy(c.msisdn, sizeof c.msisdn, json_text_of(json, "msisdn"));
    str_copy(c.iin, sizeof c.iin, json_text_of(json, "iin"));
    str_copy(c.name, sizeof c.name, json_text_of(json, "name"));
    str_copy(c.language, sizeof c.language, json_text_of(json, "language"));
    json_decref(json);
    *out = c;
    return ERR_OK;
}

enum err code_get(struct registry *reg, const uint8_t id[CODE_ID], uint64_t asker, struct code *out,
                  struct fault *fault)
{
    struct code c;
    enum err err = code_find(reg, id, &c, fault);
    if (!err && c.asker != asker)
        err = fault_set(fault, ERR_NOT_FOUND, "no such code");
    if (!err)
        *out = c;
    return err;
}

/* ---- how many were sent: of a number and of an asker, the seconds of the last ones ---- */

struct sent {
    struct record_key key;
    int64_t at_s[COUNTED];
    size_t n;
};

static enum err count_read(struct registry *reg, const char *what, const void *p, size_t n,
                           struct sent *out, struct fault *fault)
{
    uint8_t mac[SHA256_BYTES];
    struct buf value = {0};
    bool found;
    keyed(reg, what, p, n, mac);
    out->key = record_key(RECORD_CODE_SENT);
    record_key_bytes(&out->key, mac, 16);
    enum err err = record_find(reg, &out->key, &value, &found, fault);
    out->n = err ? 0 : value.n / 8;
    out->n = out->n > COUNTED ? COUNTED : out->n;
    for (size_t i = 0; i < out->n; i++)
        out->at_s[i] = (int64_t)get_be(value.p + 8 * i, 8);
    buf_release(&value);
    return err;
}

static size_t since(const struct sent *s, int64_t from_s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->at_s[i] > from_s;
    return n;
}

static enum err count_put(struct registry *reg, struct sent *s, int64_t now_s, struct fault *fault)
{
    uint8_t value[8 * COUNTED];
    if (s->n == COUNTED)
        memmove(s->at_s, s->at_s + 1, --s->n * sizeof *s->at_s);
    s->at_s[s->n++] = now_s;
    for (size_t i = 0; i < s->n; i++)
        put_be(value + 8 * i, (uint64_t)s->at_s[i], 8);
    return record_put(reg, &s->key, (struct str){(const char *)value, 8 * s->n}, fault);
}

static enum err counts_of(struct registry *reg, const struct code *c, struct sent *number,
                          struct sent *asker, struct fault *fault)
{
    enum err err = count_read(reg, "sent to", c->msisdn, strlen(c->msisdn), number, fault);
    return err ? err : count_read(reg, "sent by", &c->asker, sizeof c->asker, asker, fault);
}

/* ---- sending ---- */

struct sending {
    struct code *code;
    struct record_key again; /* n 0: no key was given */
    uint8_t digest[SHA256_BYTES];
    bool stood; /* it was sent before, by the same key */
    struct sent number, asker;
};

static bool too_many(const struct sending *s)
{
    int64_t now = s->code->sent_s;
    bool assistant = s->code->purpose == CODE_PRESENT;
    return since(&s->number, now - HOUR_S) >= CODE_NUMBER_HOUR ||
           since(&s->asker, now - HOUR_S) >= (assistant ? CODE_ASSISTANT_HOUR : CODE_ASKER_HOUR) ||
           since(&s->asker, now - DAY_S) >= CODE_ASSISTANT_DAY;
}

static enum err sent_before(struct registry *reg, struct sending *s, struct fault *fault)
{
    struct buf value = {0};
    bool found = false;
    enum err err = s->again.n ? record_find(reg, &s->again, &value, &found, fault) : ERR_OK;
    if (!err && found) {
        bool same = value.n == CODE_ID + SHA256_BYTES &&
                    memcmp(value.p + CODE_ID, s->digest, SHA256_BYTES) == 0;
        err = same ? code_find(reg, value.p, s->code, fault) : ERR_IDEMPOTENCY;
        s->stood = !err;
        if (err == ERR_NOT_FOUND) /* forgotten since: a new one */
            err = ERR_OK;
    }
    buf_release(&value);
    return err;
}

static enum err may_send(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct sending *s = c->ctx;
    enum err err = sent_before(reg, s, fault);
    if (!err && !s->stood)
        err = counts_of(reg, s->code, &s->number, &s->asker, fault);
    return !err && !s->stood && too_many(s) ? ERR_CODE_RATE : err;
}

static enum err put_letter(struct registry *reg, const struct code *c, struct fault *fault)
{
    uint64_t number;
    uint8_t to[16 + CODE_ID] = {0};
    enum err err = record_count(reg, "message", &number, fault);
    if (err)
        return err;
    struct record_key out = record_key_of(RECORD_OUTBOX, number);
    put_be(to + 8, (uint64_t)c->sent_s, 8);
    memcpy(to + 16, c->id, CODE_ID);
    return record_put(reg, &out, (struct str){(const char *)to, sizeof to}, fault);
}

static enum err write_new(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct sending *s = c->ctx;
    struct record_key end = end_of(s->code);
    uint8_t made[CODE_ID + SHA256_BYTES];
    if (s->stood)
        return ERR_OK;
    memcpy(made, s->code->id, CODE_ID);
    memcpy(made + CODE_ID, s->digest, SHA256_BYTES);
    enum err err = put(reg, s->code, fault);
    if (!err)
        err = record_put(reg, &end, STR(""), fault);
    if (!err)
        err = count_put(reg, &s->number, s->code->sent_s, fault);
    if (!err)
        err = count_put(reg, &s->asker, s->code->sent_s, fault);
    if (!err && s->again.n)
        err = record_put(reg, &s->again, (struct str){(const char *)made, sizeof made}, fault);
    return err ? err : put_letter(reg, s->code, fault);
}

static enum err check(struct code *c, struct fault *fault)
{
    char msisdn[MSISDN_TEXT];
    const char *field = "iin";
    enum err err = iin_check(str_z(c->iin), fault);
    if (!err) {
        field = "msisdn";
        err = msisdn_parse(str_z(c->msisdn), msisdn, fault);
    }
    if (!err) {
        memcpy(c->msisdn, msisdn, sizeof msisdn);
        field = "name";
        bool wants = c->purpose == CODE_PRESENT;
        bool good = *c->name ? str_printable(str_z(c->name)) : !wants;
        err = good ? ERR_OK : fault_set(fault, ERR_NAME, "the name of who is present");
    }
    if (err)
        fault_field(fault, "%s", field);
    return err;
}

enum err code_send(const struct office *office, struct code *code, struct str idempotency,
                   struct fault *fault)
{
    struct registry *reg = office->registry;
    struct code c = *code;
    char wish[128 + LIMIT_CODE_NAME];
    struct sending s = {.code = &c};
    enum err err = check(&c, fault);
    if (!err)
        err = once_key_check(idempotency, fault);
    if (err)
        return err;
    randombytes_buf(c.id, sizeof c.id);
    c.person = registry_party_id(reg, PARTY_PERSON, str_z(c.iin));
    c.sent_s = office_now_s(office);
    c.until_s = c.sent_s + CODE_LIFE_S;
    if (idempotency.n) {
        uint8_t mac[SHA256_BYTES];
        keyed(reg, "code key", idempotency.p, idempotency.n, mac);
        s.again = record_key_of(RECORD_IDEMPOTENCY, c.asker);
        record_key_bytes(&s.again, mac, 16);
        int n = snprintf(wish, sizeof wish, "%u %s %s %s %s", c.purpose, c.iin, c.msisdn,
                         c.language, c.name);
        sha256_hmac(reg->keys.receipt, wish, (size_t)n, s.digest);
    }
    struct commit_case commit = {.ask = may_send, .also = write_new, .ctx = &s};
    err = committer_submit(office->committer, &commit);
    if (err)
        return fault_set(fault, err, "at most %d codes to a number and %d by one asker an hour",
                         CODE_NUMBER_HOUR,
                         code->purpose == CODE_PRESENT ? CODE_ASSISTANT_HOUR : CODE_ASKER_HOUR);
    *code = c;
    return ERR_OK;
}

/* ---- proving ---- */

void code_close_up(char *typed)
{
    size_t n = 0;
    for (size_t i = 0; typed[i]; i++)
        if (typed[i] != ' ')
            typed[n++] = typed[i];
    typed[n] = '\0';
}

bool code_waits(const struct code *c, int64_t now_s)
{
    return now_s < c->until_s && c->tries < CODE_TRIES;
}

struct proving {
    const struct code_try *what;
    int64_t now_s;
    struct code code;
    enum err says; /* the case itself stands, so that a wrong try is written down */
};

static enum err compare(struct registry *reg, struct proving *p)
{
    char secret[CODE_TEXT];
    const struct code *c = &p->code;
    if (c->asker != p->what->asker || c->purpose != p->what->purpose)
        return ERR_NOT_FOUND;
    if (!code_waits(c, p->now_s))
        return ERR_CODE_OVER;
    code_secret(reg, c, secret);
    bool same = p->what->typed.n == CODE_TEXT - 1 &&
                sodium_memcmp(p->what->typed.p, secret, CODE_TEXT - 1) == 0;
    return same ? ERR_OK : ERR_CODE_WRONG;
}

/* Somebody who never signed in gets the name that he was asked for; what a signature said of him stays. */
static enum err know_person(struct registry *reg, const struct code *c, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_PERSON, c->person);
    struct person person = {0};
    bool known;
    enum err err = record_find(reg, &key, NULL, &known, fault);
    if (err || known)
        return err;
    str_copy(person.iin, sizeof person.iin, str_z(c->iin));
    str_copy(person.name, sizeof person.name, str_z(c->name));
    return person_put(reg, c->person, &person, fault);
}

static enum err try_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct proving *p = c->ctx;
    enum err err = code_find(reg, p->what->id, &p->code, fault);
    if (err == ERR_NOT_FOUND) {
        p->says = err;
        return ERR_OK;
    }
    if (err)
        return err;
    p->says = compare(reg, p);
    p->code.tries += p->says == ERR_CODE_WRONG;
    if (p->says == ERR_CODE_WRONG)
        return put(reg, &p->code, fault);
    if (p->says || p->code.proven_s)
        return ERR_OK;
    p->code.proven_s = p->now_s;
    err = know_person(reg, &p->code, fault);
    return err ? err : put(reg, &p->code, fault);
}

enum err code_prove(const struct office *office, const struct code_try *what, struct code *out,
                    struct fault *fault)
{
    struct proving p = {.what = what, .now_s = office_now_s(office)};
    struct commit_case commit = {.also = try_it, .ctx = &p};
    enum err err = committer_submit(office->committer, &commit);
    err = err ? err : p.says;
    if (err == ERR_CODE_WRONG || err == ERR_CODE_OVER)
        fault_field(fault, "code");
    if (err)
        return fault_set(fault, err, "6 digits, within %d minutes, in at most %d tries",
                         CODE_LIFE_S / 60, CODE_TRIES);
    *out = p.code;
    return ERR_OK;
}

/* ---- what was agreed by one ---- */

enum err code_usable(struct registry *reg, const uint8_t id[CODE_ID], uint64_t asker,
                     struct code *out, struct fault *fault)
{
    int64_t now_s = clock_now_us(reg->clock) / 1000000;
    struct code c;
    enum err err = code_get(reg, id, asker, &c, fault);
    if (err && err != ERR_NOT_FOUND)
        return err;
    bool good = !err && c.purpose == CODE_GIFT && c.proven_s && !c.used_by &&
                now_s < c.until_s + CODE_KEEP_S;
    if (!good) {
        fault_field(fault, "traveller.consent");
        return fault_set(fault, ERR_CONSENT, "a consent that was given by code, once, for a day");
    }
    *out = c;
    return ERR_OK;
}

enum err code_use(struct registry *reg, const uint8_t id[CODE_ID], uint64_t application,
                  struct fault *fault)
{
    struct code c = {0};
    enum err err = code_find(reg, id, &c, fault);
    c.used_by = application;
    return err ? err : put(reg, &c, fault);
}

/* ---- ends ---- */

struct forgetting {
    struct code of[64];
    struct record_key ends[64];
    size_t n;
};

static bool take_over(void *ctx, const struct record *record)
{
    enum { HEAD = 1 + 8 };
    struct forgetting *f = ctx;
    if (record->key.n != HEAD + CODE_ID)
        return true;
    struct record_key *end = &f->ends[f->n];
    end->n = record->key.n;
    memcpy(end->bytes, record->key.p, record->key.n);
    memcpy(f->of[f->n++].id, record->key.p + HEAD, CODE_ID);
    return f->n < sizeof f->of / sizeof *f->of;
}

/* Who sent none for a day is not counted any more. */
static enum err drop_counts(struct registry *reg, const struct code *c, struct fault *fault)
{
    struct sent of[2];
    int64_t now_s = clock_now_us(reg->clock) / 1000000;
    enum err err = counts_of(reg, c, &of[0], &of[1], fault);
    for (size_t i = 0; !err && i < 2; i++)
        if (!since(&of[i], now_s - DAY_S))
            err = record_drop(reg, &of[i].key, fault);
    return err;
}

static enum err drop_over(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct forgetting *f = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < f->n; i++) {
        struct record_key key = key_of(f->of[i].id);
        err = code_find(reg, f->of[i].id, &f->of[i], fault);
        if (!err)
            err = drop_counts(reg, &f->of[i], fault);
        if (!err || err == ERR_NOT_FOUND || err == ERR_CODEC)
            err = record_drop(reg, &key, fault);
        if (!err)
            err = record_drop(reg, &f->ends[i], fault);
    }
    return err;
}

enum err code_forget(const struct office *office, struct fault *fault)
{
    struct record_key from = record_key(RECORD_CODE_END);
    struct record_key to = record_key_of(RECORD_CODE_END, (uint64_t)office_now_s(office) + 1);
    struct forgetting f = {.n = 0};
    enum err err = store_records(office->registry->store, record_key_str(&from),
                                 record_key_str(&to), take_over, &f, fault);
    struct commit_case c = {.also = drop_over, .ctx = &f};
    return err || !f.n ? err : committer_submit(office->committer, &c);
}
