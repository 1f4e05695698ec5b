/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/notices_push.h"

#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "base/file.h"
#include "people/fetch.h"

enum {
    CLAIM = INT32_MAX - 2 /* among the numbers of batches; notices_due.c has the one behind it */
};

struct peer {
    uint64_t party;
    struct breaker breaker;
    unsigned tries;  /* in a row without an answer that decides */
    int64_t next_us; /* monotonic: not before */
};

struct notices_push {
    const struct notices_port *port;
    size_t n;
    struct peer peers[NOTICES_OPERATORS];
};

int64_t notices_push_pause(unsigned tries, uint32_t random)
{
    int64_t ms = PUSH_FIRST_MS;
    for (unsigned i = 1; i < tries && ms < PUSH_LONGEST_MS; i++)
        ms *= 2;
    ms = ms < PUSH_LONGEST_MS ? ms : PUSH_LONGEST_MS;
    return ms / 2 + (int64_t)((uint64_t)(ms / 2) * random >> 32);
}

enum err notices_push_new(const struct notices_port *port, struct notices_push **out)
{
    struct notices_push *push = calloc(1, sizeof *push);
    enum err err = push ? fetch_init() : ERR_MEMORY;
    if (err) {
        free(push);
        return err;
    }
    push->port = port;
    *out = push;
    return ERR_OK;
}

void notices_push_free(struct notices_push *push)
{
    free(push);
}

static struct peer *peer_of(struct notices_push *push, uint64_t party)
{
    for (size_t i = 0; i < push->n; i++)
        if (push->peers[i].party == party)
            return &push->peers[i];
    if (push->n == NOTICES_OPERATORS)
        push->n = 0; /* channels came and went: begins anew */
    push->peers[push->n] = (struct peer){.party = party};
    return &push->peers[push->n++];
}

/* ---- one POST ---- */

struct pushing {
    struct registry *reg;
    const struct notices_channel *channel;
    struct notices_speaker speaker;
    const struct notices_chosen *chosen;
    const atomic_int *stop;
    struct notices_pushed *out;
    struct notices_said said;
};

static json_t *text_of(const struct buf *text)
{
    return json_stringn(text->n ? (const char *)text->p : "", text->n);
}

static json_t *notice_json(struct pushing *p, size_t i)
{
    notices_say(&p->speaker, &p->chosen->rows[i], &p->chosen->who[i], &p->said);
    const struct notices_said *s = &p->said;
    return json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s*, s:s, s:s, s:s, s:{s:o, s:o, s:o}}", "id",
                     s->id, "imei", s->imei, "imsi", s->imsi, "msisdn",
                     *s->msisdn ? s->msisdn : NULL, "list", s->list, "last_day",
                     *s->last_day ? s->last_day : NULL, "public_reason", s->reason, "step", s->step,
                     "send_by", s->until, "text", "kk", text_of(&s->text[0]), "ru",
                     text_of(&s->text[1]), "en", text_of(&s->text[2]));
}

static char *body_of(struct pushing *p, size_t from, size_t to)
{
    json_t *list = json_array();
    for (size_t i = from; i < to; i++)
        json_array_append_new(list, notice_json(p, i));
    json_t *all = json_pack("{s:s, s:o}", "operator", p->channel->name, "notices", list);
    char *text = all && json_array_size(list) == to - from ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
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

/* Its status; 0: nobody answered. */
static long post(struct pushing *p, const char *text, const char *first, struct fault *fault)
{
    uint8_t hash[SHA256_BYTES];
    char key[96], hex[2 * SHA256_BYTES + 1], token[600];
    long status = 0;
    struct buf answer = {0};
    const struct buf body = {.p = (uint8_t *)(uintptr_t)text, .n = strlen(text)};
    if (!read_token(p->channel, token, fault))
        return 0;
    sha256_once(text, body.n, hash);
    sha256_hex(hash, hex);
    snprintf(key, sizeof key, "Idempotency-Key: \"%s-%.16s\"", first, hex);
    const struct fetch question = {
        .who = "an operator",
        .url = p->channel->url,
        .away = ERR_SOURCE_AWAY,
        .body = &body,
        .headers = {"Content-Type: application/json", key, *token ? token : NULL},
        .connect_ms = PUSH_CONNECT_MS,
        .whole_ms = PUSH_WHOLE_MS,
        .most_bytes = PUSH_ANSWER_MAX};
    p->out->tries++;
    if (fetch(&question, &answer, &status, fault))
        status = 0;
    explicit_bzero(token, sizeof token);
    buf_release(&answer);
    return status;
}

/* It is the operator's word that this one cannot be sent. */
static enum err count_refused(struct pushing *p, size_t at, struct fault *fault)
{
    struct notices_receipt receipt = {.number = p->chosen->rows[at].number,
                                      .state = NOTICES_FAILED,
                                      .at_s = clock_now_us(p->reg->clock) / 1000000};
    p->out->refused++;
    return notices_receipts_put(p->reg, p->channel->party, &receipt, 1, fault);
}

/* from <= i < to. *out_heard: whether all of them were taken or refused. */
static enum err push_range(struct pushing *p, size_t from, size_t to, enum heard *out_heard,
                           struct fault *fault)
{
    char first[NOTICES_ID_TEXT];
    struct fault why = {0}; /* what a peer does is no error */
    if (p->stop && *p->stop) {
        *out_heard = HEARD_REFUSAL;
        return ERR_OK;
    }
    char *text = body_of(p, from, to);
    if (!text)
        return fault_set(fault, ERR_MEMORY, "notices");
    notices_id(p->reg, p->channel->party, p->chosen->rows[from].number, first);
    const long status = post(p, text, first, &why);
    explicit_bzero(text, strlen(text));
    free(text);
    *out_heard = HEARD;
    if (status >= 200 && status < 300) {
        p->out->sent += to - from;
        return ERR_OK;
    }
    if (status != 400 && status != 413 && status != 415 && status != 422) {
        p->out->failed++;
        *out_heard = status >= 400 && status < 500 ? HEARD_REFUSAL : HEARD_NOTHING;
        return ERR_OK;
    }
    if (to - from == 1)
        return count_refused(p, from, fault);
    const size_t middle = from + (to - from) / 2;
    enum err err = push_range(p, from, middle, out_heard, fault);
    if (!err && *out_heard == HEARD)
        err = push_range(p, middle, to, out_heard, fault);
    return err;
}

/* ---- one operator ---- */

/* The next part; *out_more: there may be another. */
static enum err push_part(struct notices_push *push, struct pushing *p, enum heard *out_heard,
                          bool *out_more, struct fault *fault)
{
    struct notices_standing standing;
    struct notices_chosen chosen = {0};
    enum err err = notices_standing_get(p->reg, p->channel->party, &standing, fault);
    *out_more = !err && standing.waiting;
    *out_heard = HEARD;
    if (err || !standing.waiting)
        return err;
    const uint64_t refused = p->out->refused;
    err = notices_choose(p->reg, push->port, p->channel->party, standing.handed, 1, &chosen, fault);
    p->chosen = &chosen;
    if (!err && chosen.n)
        err = push_range(p, 0, chosen.n, out_heard, fault);
    chosen.fresh -= p->out->refused - refused;
    if (!err && *out_heard == HEARD)
        err = notices_handed(p->reg, p->channel->party, &chosen, fault);
    notices_chosen_release(&chosen);
    return err;
}

static enum err push_to(struct notices_push *push, struct pushing *p, struct fault *fault)
{
    struct peer *peer = peer_of(push, p->channel->party);
    enum err err = notices_speaker_init(&p->speaker, p->reg, push->port, p->channel->party, fault);
    for (bool more = true; !err && more;) {
        const int64_t now = clock_monotonic_us();
        bool decides;
        enum heard heard;
        if (now < peer->next_us || (p->stop && *p->stop) ||
            !breaker_lets(&peer->breaker, now, &decides)) {
            p->out->waiting = true;
            break;
        }
        err = push_part(push, p, &heard, &more, fault);
        breaker_heard(&peer->breaker, err ? HEARD_NOTHING : heard, decides, clock_monotonic_us());
        peer->tries = heard == HEARD ? 0 : peer->tries + 1;
        if (heard != HEARD)
            peer->next_us =
                clock_monotonic_us() + 1000 * notices_push_pause(peer->tries, randombytes_random());
    }
    notices_said_release(&p->said);
    return err;
}

/* ---- the whole ---- */

static bool is_quiet(const struct registry *reg, const struct notices_settings *s)
{
    const int64_t now_s = clock_now_us(reg->clock) / 1000000;
    const int minute = (int)((now_s + zone_offset(&reg->zone, now_s)) % 86400 / 60);
    return minute < s->from || minute >= s->to;
}

enum err notices_push_run(struct notices_push *push, struct registry *reg, const atomic_int *stop,
                          struct notices_pushed *out, struct fault *fault)
{
    struct notices_channels *all = calloc(1, sizeof *all);
    struct notices_settings settings = {0};
    *out = (struct notices_pushed){0};
    enum err err = all ? registry_refresh(reg, fault) : ERR_MEMORY;
    if (!err)
        err = notices_settings_get(reg, &settings, fault);
    if (!err)
        err = notices_channels_get(reg, all, fault);
    out->quiet = !err && is_quiet(reg, &settings);
    bool claimed = false, wanted = false;
    for (size_t i = 0; !err && i < all->n; i++)
        wanted |= all->of[i].road == NOTICES_HTTP;
    if (!err && !out->quiet && wanted) {
        err = store_batch_claim(reg->store, CLAIM, fault);
        claimed = !err;
    }
    for (size_t i = 0; claimed && !err && i < all->n; i++) {
        struct pushing p = {.reg = reg, .channel = &all->of[i], .stop = stop, .out = out};
        if (p.channel->road == NOTICES_HTTP)
            err = push_to(push, &p, fault);
    }
    if (claimed)
        store_batch_release(reg->store, CLAIM);
    free(all);
    return err;
}
