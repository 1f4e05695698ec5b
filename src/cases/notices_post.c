/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/notices_post.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/file.h"
#include "cases/notices_answer.h"
#include "people/audit_log.h"
#include "people/fetch.h"

typedef char id_text[NOTICES_ID_TEXT];

/* ---- what is sent ---- */

static json_t *text_of(const struct buf *text)
{
    return json_stringn(text->n ? (const char *)text->p : "", text->n);
}

static json_t *notice_json(struct posting *p, size_t i)
{
    notices_say(&p->speaker, &p->chosen.rows[i], &p->chosen.who[i], &p->said);
    const struct notices_said *s = &p->said;
    return json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s*, s:s, s:s, s:s, s:{s:o, s:o, s:o}}", "id",
                     s->id, "imei", s->imei, "imsi", s->imsi, "msisdn",
                     *s->msisdn ? s->msisdn : NULL, "list", s->list, "last_day",
                     *s->last_day ? s->last_day : NULL, "public_reason", s->reason, "step", s->step,
                     "send_by", s->until, "text", "kk", text_of(&s->text[0]), "ru",
                     text_of(&s->text[1]), "en", text_of(&s->text[2]));
}

/* NULL: no memory. */
static char *body_of(struct posting *p, size_t from, size_t to, size_t n)
{
    json_t *list = json_array();
    for (size_t i = from; i < to; i++)
        if (p->states[i] == NOTICES_WAITING)
            json_array_append_new(list, notice_json(p, i));
    json_t *all = json_pack("{s:s, s:O}", "operator", p->channel->name, "notices", list);
    char *text = all && json_array_size(list) == n ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    json_decref(list);
    return text;
}

/* "Authorization: Bearer …" out of the file; empty: none is wanted. False: it cannot be read. */
static bool read_token(const struct notices_channel *c, char out[600], struct fault *fault)
{
    struct buf text = {0};
    *out = '\0';
    if (!*c->token_file)
        return true;
    bool good = !file_read(c->token_file, 512, &text, fault);
    const struct str token = str_trim((struct str){(const char *)text.p, text.n});
    good = good && token.n && str_printable(token);
    if (good)
        snprintf(out, 600, "Authorization: Bearer %.*s", STR_ARG(token));
    if (text.p)
        explicit_bzero(text.p, text.n);
    buf_release(&text);
    return good;
}

static long unanswered(struct posting *p, const struct fault *why)
{
    str_copy(p->out->why, sizeof p->out->why, str_z(why->detail));
    return 0;
}

/* Its status; 0: nobody answered. Appends the answer. */
static long send_it(struct posting *p, const char *text, const char *first, struct buf *answer)
{
    uint8_t hash[SHA256_BYTES];
    char key[96], hex[2 * SHA256_BYTES + 1], token[600];
    long status = 0;
    struct fault why = {0}; /* what a peer does is no error */
    const struct buf body = {.p = (uint8_t *)(uintptr_t)text, .n = strlen(text)};
    if (!read_token(p->channel, token, &why))
        return unanswered(p, &why);
    sha256_once(text, body.n, hash);
    sha256_hex(hash, hex);
    snprintf(key, sizeof key, "Idempotency-Key: \"%s-%.16s\"", first, hex);
    const struct fetch question = {
        .who = p->channel->name,
        .url = p->channel->url,
        .away = ERR_SOURCE_AWAY,
        .body = &body,
        .headers = {"Content-Type: application/json", key, *token ? token : NULL},
        .connect_ms = PUSH_CONNECT_MS,
        .whole_ms = PUSH_WHOLE_MS,
        .most_bytes = PUSH_ANSWER_MAX};
    p->out->tries++;
    if (fetch(&question, answer, &status, &why))
        status = unanswered(p, &why);
    explicit_bzero(token, sizeof token);
    return status;
}

/* ---- the audit log ---- */

enum err notices_post_note(struct posting *p, struct fault *fault)
{
    const struct audit_event event = {.what = AUDIT_NOTICES_PUSHED,
                                      .actor = p->reg->actor,
                                      .subject = p->channel->party,
                                      .object = p->told - p->audited};
    if (p->told == p->audited)
        return ERR_OK;
    enum err err = store_write_begin(p->reg->store, fault);
    if (err)
        return err;
    err = audit_log_put(p->reg, &event, 1, fault);
    if (!err)
        err = store_write_commit(p->reg->store, fault);
    if (err)
        store_write_rollback(p->reg->store);
    else
        p->audited = p->told;
    return err;
}

/* Who looks at numbers of subscribers is written down before he can: whoever is killed later has left the first of it. */
static enum err leaves(struct posting *p, size_t n, struct fault *fault)
{
    const bool first = !p->told;
    p->told += n;
    return first ? notices_post_note(p, fault) : ERR_OK;
}

/* ---- what the answer says ---- */

struct sending {
    size_t from, to, n; /* n: those of them that are sent */
    size_t *at;         /* the place of each */
    id_text *ids;
};

static void sending_release(struct sending *b)
{
    free(b->at);
    free(b->ids);
}

static enum err sending_make(const struct posting *p, size_t from, size_t to, struct sending *out)
{
    struct sending b = {.from = from, .to = to};
    b.at = calloc(to - from + 1, sizeof *b.at);
    b.ids = calloc(to - from + 1, sizeof *b.ids);
    if (!b.at || !b.ids) {
        sending_release(&b);
        return ERR_MEMORY;
    }
    for (size_t i = from; i < to; i++)
        if (p->states[i] == NOTICES_WAITING) {
            notices_id(p->reg, p->channel->party, p->chosen.rows[i].number, b.ids[b.n]);
            b.at[b.n++] = i;
        }
    *out = b;
    return ERR_OK;
}

/* It is the operator's word that these cannot be sent. *out_named: 0 when he names none, or so many that it is a fault of
 * his rather than theirs. */
static enum err take_named(struct posting *p, const struct sending *b, struct str answer,
                           size_t *out_named, struct fault *fault)
{
    const int64_t now_s = clock_now_us(p->reg->clock) / 1000000;
    uint8_t *states = calloc(b->n + 1, sizeof *states);
    struct notices_receipt *receipts = calloc(b->n + 1, sizeof *receipts);
    enum err err = states && receipts ? ERR_OK : ERR_MEMORY;
    size_t named = err ? 0 : notices_answer_read(answer, (const id_text *)b->ids, b->n, states),
           n = 0;
    const uint64_t all = p->refused + named;
    if (all > PUSH_SUSPECT && 2 * all > p->chosen.n)
        named = 0;
    for (size_t i = 0; named && i < b->n; i++)
        if (states[i] != NOTICES_WAITING)
            receipts[n++] = (struct notices_receipt){
                .number = p->chosen.rows[b->at[i]].number, .state = states[i], .at_s = now_s};
    if (!err && n)
        err = notices_receipts_put(p->reg, p->channel->party, receipts, n, fault);
    for (size_t i = 0; !err && named && i < b->n; i++)
        p->states[b->at[i]] = states[i];
    p->refused += err ? 0 : n;
    p->out->refused += err ? 0 : n;
    free(receipts);
    free(states);
    *out_named = err ? 0 : n;
    return err;
}

static bool is_quiet(const struct posting *p)
{
    p->out->quiet |= notices_quiet(p->reg, &p->speaker.settings);
    return p->out->quiet;
}

static bool is_over(const struct posting *p)
{
    return (p->stop && *p->stop) || clock_monotonic_us() >= p->until_us;
}

enum said { SAID_TAKEN, SAID_REFUSED, SAID_TOO_LARGE, SAID_AGAIN, SAID_NOTHING };

static enum err ask(struct posting *p, const struct sending *b, enum said *out, struct fault *fault)
{
    struct buf answer = {0};
    size_t named = 0;
    char *text = body_of(p, b->from, b->to, b->n);
    enum err err = text ? leaves(p, b->n, fault) : fault_set(fault, ERR_MEMORY, "notices");
    const long status = err ? 0 : send_it(p, text, b->ids[0], &answer);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    const bool good = status >= 200 && status < 300;
    const bool refused = status >= 400 && status < 500;
    if (!err && (good || refused))
        err = take_named(p, b, (struct str){(const char *)answer.p, answer.n}, &named, fault);
    buf_release(&answer);
    *out = good ? SAID_TAKEN : refused ? SAID_REFUSED : SAID_NOTHING;
    if (refused && named)
        *out = SAID_AGAIN;
    else if (status == 413 && b->n > 1)
        *out = SAID_TOO_LARGE;
    p->out->sent += good && !err ? b->n - named : 0;
    p->out->failed += *out == SAID_NOTHING || *out == SAID_REFUSED;
    return err;
}

/* One POST of what is left of from..to. *out_again: it is to be sent once more, or in halves. */
static enum err post_once(struct posting *p, size_t from, size_t to, enum said *out,
                          struct fault *fault)
{
    struct sending b;
    enum err err = sending_make(p, from, to, &b);
    if (err)
        return err;
    *out = SAID_TAKEN;
    if (b.n)
        err = ask(p, &b, out, fault);
    sending_release(&b);
    return err;
}

enum err notices_post(struct posting *p, size_t from, size_t to, enum posted *out,
                      struct fault *fault)
{
    enum said said = SAID_AGAIN;
    enum err err = ERR_OK;
    *out = POSTED_LATER;
    while (!err && said == SAID_AGAIN) {
        if (is_over(p) || is_quiet(p))
            return ERR_OK;
        err = post_once(p, from, to, &said, fault);
    }
    if (err)
        return err;
    if (said == SAID_TOO_LARGE) {
        const size_t middle = from + (to - from) / 2;
        err = notices_post(p, from, middle, out, fault);
        return err || *out != POSTED_TAKEN ? err : notices_post(p, middle, to, out, fault);
    }
    *out = said == SAID_TAKEN     ? POSTED_TAKEN
           : said == SAID_REFUSED ? POSTED_REFUSED
                                  : POSTED_NOTHING;
    return ERR_OK;
}
