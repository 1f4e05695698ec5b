/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/outbox.h"

enum { SOME = 64 };

struct queued {
    uint64_t number, party;
    int64_t at_s;
    bool is_code;
    uint8_t code[CODE_ID];
};

struct queue {
    struct queued of[SOME];
    size_t n;
};

static bool take(void *ctx, const struct record *record)
{
    struct queue *q = ctx;
    const uint8_t *value = (const uint8_t *)record->value.p;
    bool of_code = record->value.n == 16 + CODE_ID, good = record->value.n == 16 || of_code;
    q->of[q->n].is_code = of_code;
    if (of_code)
        memcpy(q->of[q->n].code, value + 16, CODE_ID);
    q->of[q->n].number = record_key_last(record->key);
    q->of[q->n].party = good ? get_be(value, 8) : 0;
    q->of[q->n++].at_s = good ? (int64_t)get_be(value + 8, 8) : 0;
    return q->n < SOME;
}

static enum err read_queue(const struct office *office, struct queue *out, struct fault *fault)
{
    struct record_key from = record_key(RECORD_OUTBOX), to = record_key(RECORD_OUTBOX + 1);
    out->n = 0;
    return store_records(office->registry->store, record_key_str(&from), record_key_str(&to), take,
                         out, fault);
}

static enum err drop(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct queue *q = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < q->n; i++) {
        struct record_key key = record_key_of(RECORD_OUTBOX, q->of[i].number);
        err = record_drop(reg, &key, fault);
    }
    return err;
}

static enum err forget(const struct office *office, struct queue *q)
{
    struct commit_case c = {.also = drop, .ctx = q};
    return q->n ? committer_submit(office->committer, &c) : ERR_OK;
}

/* What cannot be read is no letter, and does not stand before the others. */
static bool is_of_one(enum err err)
{
    return err == ERR_NOT_FOUND || err == ERR_CODEC || err == ERR_STORE_KEY;
}

static enum err message_letter(struct registry *reg, const struct outbox_words *words,
                               uint64_t party, uint64_t number, struct buf *out)
{
    struct message m;
    struct person to = {0};
    enum err err = message_get(reg, party, number, &m, NULL);
    if (!err)
        err = person_get(reg, party, &to, NULL);
    if (err == ERR_NOT_FOUND &&
        *m.bin) { /* a seller who was never here: whoever sends it may know where he is */
        str_copy(to.bin, sizeof to.bin, str_z(m.bin));
        err = ERR_OK;
    }
    return err ? err : words->message(&m, &to, out);
}

/* One that is over helps nobody any more. */
static enum err code_letter(struct registry *reg, const struct outbox_words *words,
                            const uint8_t id[CODE_ID], uint64_t number, struct buf *out)
{
    struct code c;
    char secret[CODE_TEXT];
    enum err err = code_find(reg, id, &c, NULL);
    if (!err && c.until_s <= clock_now_us(reg->clock) / 1000000)
        err = ERR_NOT_FOUND;
    if (err)
        return err;
    code_secret(reg, &c, secret);
    return words->code(&c, secret, number, out);
}

static enum err send_one(const struct office *office, const struct outbox_port *port,
                         const struct outbox_words *words, const struct queued *q, size_t *out_n,
                         struct fault *fault)
{
    struct buf letter = {0};
    uint64_t number = q->number;
    enum err err = q->is_code ? code_letter(office->registry, words, q->code, number, &letter)
                              : message_letter(office->registry, words, q->party, number, &letter);
    if (err && is_of_one(err)) {
        buf_release(&letter);
        return ERR_OK;
    }
    if (!err)
        err = letter.failed ? ERR_MEMORY
                            : port->send(port->ctx, number,
                                         (struct str){(const char *)letter.p, letter.n}, fault);
    *out_n += !err;
    buf_release(&letter);
    return err;
}

/* One lot: what went out leaves the queue, also when a later one failed. */
static enum err send_some(const struct office *office, const struct outbox_port *port,
                          const struct outbox_words *words, size_t *out_n, bool *out_more,
                          struct fault *fault)
{
    struct queue q;
    size_t done = 0;
    enum err err = read_queue(office, &q, fault);
    *out_more = q.n == SOME;
    for (; !err && done < q.n; done += !err)
        err = send_one(office, port, words, &q.of[done], out_n, fault);
    q.n = done;
    enum err forgot = forget(office, &q);
    return err ? err : forgot;
}

enum err outbox_run(const struct office *office, const struct outbox_port *port,
                    const struct outbox_words *words, size_t *out_n, struct fault *fault)
{
    struct queue waiting;
    int hold;
    bool more = true;
    *out_n = 0;
    enum err err = read_queue(office, &waiting, fault);
    if (err || !waiting.n || !port->begin(port->ctx, &hold))
        return err;
    while (!err && more)
        err = send_some(office, port, words, out_n, &more, fault);
    port->end(port->ctx, hold);
    return err;
}

enum err outbox_forget(const struct office *office, struct fault *fault)
{
    struct queue q;
    int64_t until = clock_now_us(office->registry->clock) / 1000000 - OUTBOX_KEEP_S;
    size_t old = 0;
    enum err err = read_queue(office, &q, fault);
    while (!err && old < q.n && q.of[old].at_s < until)
        old++;
    q.n = old;
    return err ? err : forget(office, &q);
}
