/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notices_list.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

/* ---- choosing ---- */

void notices_chosen_release(struct notices_chosen *c)
{
    free(c->rows);
    if (c->who)
        explicit_bzero(c->who, c->n * sizeof *c->who);
    free(c->who);
    *c = (struct notices_chosen){0};
}

struct choosing {
    struct registry *reg;
    struct notices_chosen *out;
    size_t size;
    daynum today;
};

static enum err keep(struct choosing *c, const struct notices_row *row)
{
    struct notices_chosen *out = c->out;
    if (out->n == c->size) {
        const size_t size = c->size ? 2 * c->size : NOTICES_PART;
        struct notices_row *rows = realloc(out->rows, size * sizeof *rows);
        if (!rows)
            return ERR_MEMORY;
        out->rows = rows;
        c->size = size;
    }
    out->rows[out->n++] = *row;
    out->fresh += row->number > out->handed;
    return ERR_OK;
}

/* Has a newer word of the same phone come? All is told once it is verified: then nothing is kept. */
static enum err is_overtaken(struct choosing *c, const struct notices_row *row, bool *out,
                             struct fault *fault)
{
    struct notices_told told;
    bool found;
    enum err err = notices_told_get(c->reg, row->imei, row->subscriber, &told, &found, fault);
    *out = !err && (found ? told.last != row->number : row->step != NOTICE_VERIFIED);
    return err;
}

static enum err choose_row(struct choosing *c, const struct notices_row *row, struct fault *fault)
{
    const bool fresh = row->number > c->out->handed;
    bool overtaken = false;
    if (row->state != NOTICES_WAITING)
        return ERR_OK; /* something is known of it already */
    if (row->until < c->today) {
        c->out->late += fresh;
        return ERR_OK;
    }
    enum err err = is_overtaken(c, row, &overtaken, fault);
    if (err || overtaken) {
        c->out->overtaken += fresh && !err;
        return err;
    }
    return keep(c, row);
}

static int by_number_of(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Subscribers are opened in their order, and stand beside their rows. */
static enum err name_all(struct choosing *c, const struct notices_port *port, struct fault *fault)
{
    struct notices_chosen *out = c->out;
    uint64_t *order = calloc(out->n + 1, sizeof *order); /* subscriber, place */
    uint32_t *numbers = calloc(out->n + 1, sizeof *numbers);
    struct notices_who *who = calloc(out->n + 1, sizeof *who);
    out->who = calloc(out->n + 1, sizeof *out->who);
    enum err err = order && numbers && who && out->who ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < out->n; i++)
        order[i] = (uint64_t)out->rows[i].subscriber << 32 | (uint32_t)i;
    if (!err)
        qsort(order, out->n, sizeof *order, by_number_of);
    for (size_t i = 0; !err && i < out->n; i++)
        numbers[i] = (uint32_t)(order[i] >> 32);
    if (!err && out->n)
        err = port->who(c->reg, numbers, out->n, who, fault);
    for (size_t i = 0; !err && i < out->n; i++)
        out->who[(uint32_t)order[i]] = who[i];
    if (who)
        explicit_bzero(who, (out->n + 1) * sizeof *who);
    free(who);
    free(numbers);
    free(order);
    return err;
}

/* Whoever was dropped meanwhile is nobody's to tell. */
static void leave_out_dropped(struct notices_chosen *out)
{
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        const bool fresh = out->rows[i].number > out->handed;
        out->gone += !out->who[i].imsi && fresh;
        out->fresh -= !out->who[i].imsi && fresh;
        if (!out->who[i].imsi)
            continue;
        out->rows[n] = out->rows[i];
        out->who[n++] = out->who[i];
    }
    out->n = n;
}

static enum err choose_parts(struct choosing *c, uint64_t party, uint64_t after, size_t most,
                             struct fault *fault)
{
    struct notices_part *part = calloc(1, sizeof *part);
    bool found = part != NULL;
    enum err err = part ? ERR_OK : ERR_MEMORY;
    c->out->through = after;
    while (!err && found && c->out->n < most) {
        err = notices_part_at(c->reg, party, c->out->through + 1, part, &found, fault);
        for (size_t i = 0; !err && found && i < part->n; i++)
            if (part->rows[i].number > after)
                err = choose_row(c, &part->rows[i], fault);
        if (!err && found)
            c->out->through = part->first + part->n - 1;
    }
    free(part);
    return err;
}

/* handed: of the operator, as it stood when the first of them were chosen. */
static enum err choose_some(struct registry *reg, const struct notices_port *port,
                            const struct notices_chosen *like, uint64_t party, size_t most,
                            struct notices_chosen *out, struct fault *fault)
{
    struct notices_chosen chosen = {.handed = like->handed};
    struct choosing c = {.reg = reg, .out = &chosen, .today = registry_today(reg)};
    enum err err = choose_parts(&c, party, like->through, most, fault);
    if (!err)
        err = name_all(&c, port, fault);
    if (err) {
        notices_chosen_release(&chosen);
        return err;
    }
    leave_out_dropped(&chosen);
    *out = chosen;
    return ERR_OK;
}

enum err notices_choose(struct registry *reg, const struct notices_port *port, uint64_t party,
                        uint64_t after, size_t most, struct notices_chosen *out,
                        struct fault *fault)
{
    struct notices_standing standing = {0};
    enum err err = notices_standing_read(reg, party, &standing, fault);
    const struct notices_chosen like = {.handed = standing.handed, .through = after};
    return err ? err : choose_some(reg, port, &like, party, most, out, fault);
}

static enum err move_handed(struct registry *reg, uint64_t party, const struct notices_chosen *c,
                            struct fault *fault)
{
    struct notices_standing s;
    enum err err = notices_standing_read(reg, party, &s, fault);
    if (err || s.handed != c->handed)
        return err;
    s.handed = c->through;
    s.handed_s = clock_now_us(reg->clock) / 1000000;
    s.sent += c->fresh;
    s.late += c->late + c->gone;
    s.overtaken += c->overtaken;
    return notices_standing_put(reg, &s, fault);
}

enum err notices_handed(struct registry *reg, uint64_t party, const struct notices_chosen *c,
                        struct fault *fault)
{
    if (c->through <= c->handed)
        return ERR_OK;
    enum err err = store_write_begin(reg->store, fault);
    if (err)
        return err;
    err = move_handed(reg, party, c, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    return err;
}

/* ---- the list ---- */

/* next: the number behind the last. */
static void cursor_hash(const struct registry *reg, uint64_t party, uint64_t next,
                        uint8_t out[SHA256_BYTES])
{
    uint8_t bytes[22] = "notify";
    put_be(bytes + 6, party, 8);
    put_be(bytes + 14, next, 8);
    sha256_hmac(reg->keys.receipt, bytes, sizeof bytes, out);
}

static enum err check_cursor(struct registry *reg, const struct notices_sheet *s,
                             struct fault *fault)
{
    uint8_t hash[SHA256_BYTES];
    uint64_t last;
    enum err err = notices_head_get(reg, &last, fault);
    if (err || !s->since)
        return err;
    cursor_hash(reg, s->party, s->since->next_seq, hash);
    if (!s->since->next_seq || s->since->next_seq > last + 1 ||
        sodium_memcmp(hash, s->since->hash, FEED_CURSOR_HASH) != 0)
        return fault_set(fault, ERR_LIST_CURSOR, "no cursor of this list: take a full one");
    return ERR_OK;
}

static void make_head(struct registry *reg, const struct notices_sheet *s,
                      const struct notices_chosen *c, bool more, struct lists_made *made)
{
    char time[24], base[FEED_CURSOR_TEXT] = "-", id[2 * REGISTER_ID_BYTES + 1];
    uint8_t hash[SHA256_BYTES];
    instant_format(clock_now_us(reg->clock) / 1000000, time);
    sodium_bin2hex(id, sizeof id, reg->head.register_id, REGISTER_ID_BYTES);
    if (s->since) {
        cursor_hash(reg, s->party, s->since->next_seq, hash);
        feed_cursor_format(s->since->next_seq, hash, base);
    }
    cursor_hash(reg, s->party, c->through + 1, hash);
    feed_cursor_format(c->through + 1, hash, made->cursor);
    snprintf(made->head, sizeof made->head,
             "#tamga-list version=1 layout=tamga kind=notify form=%s base=%s from=%llu to=%llu "
             "cursor=%s rows=%zu made=%s register=%s%s operator=%s\n",
             s->since ? "delta" : "full", base,
             s->since ? (unsigned long long)s->since->next_seq : 1ULL,
             (unsigned long long)c->through, made->cursor, c->n, time, id, more ? " more=yes" : "",
             s->operator_name);
}

static void put_quoted(struct buf *out, const struct buf *text)
{
    buf_put(out, ",\"", 2);
    for (size_t i = 0; i < text->n; i++)
        buf_put(out, text->p[i] == '"' ? "\"\"" : (const char *)text->p + i,
                text->p[i] == '"' ? 2 : 1);
    buf_put(out, "\"", 1);
}

static void put_rows(const struct notices_speaker *speaker, const struct notices_chosen *c,
                     struct lists_pipe *pipe)
{
    struct notices_said said = {0};
    struct buf line = {0};
    for (size_t i = 0; i < c->n; i++) {
        notices_say(speaker, &c->rows[i], &c->who[i], &said);
        buf_clear(&line);
        buf_printf(&line, "%s,%s,%s,%s,%s,%s,%s,%s,%s", said.id, said.imei, said.imsi, said.msisdn,
                   said.list, said.last_day, said.reason, said.step, said.until);
        for (int lang = 0; lang < NOTICES_LANGS; lang++)
            put_quoted(&line, &said.text[lang]);
        buf_put(&line, "\n", 1);
        lists_pipe_put(pipe, line.p, line.n);
    }
    if (line.p)
        explicit_bzero(line.p, line.size);
    buf_release(&line);
    notices_said_release(&said);
}

/* What a list holds: a bit a number, from `after` on. Its rows are read twice, a part at a time, because its head tells how
 * many there are; what a receipt says in between changes nothing of it. */
struct picking {
    struct registry *reg;
    const struct notices_port *port;
    const struct notices_sheet *sheet;
    uint64_t after;
    struct buf bits;
    struct notices_chosen all; /* without rows: how many, and up to where */
    bool more;                 /* the list ends before its end */
};

static enum err pick(struct picking *p, const struct notices_chosen *some)
{
    static const uint8_t zeros[256];
    const uint64_t bytes = (some->through - p->after) / 8 + 1;
    while (p->bits.n < bytes && !p->bits.failed)
        buf_put(&p->bits, zeros,
                bytes - p->bits.n < sizeof zeros ? (size_t)(bytes - p->bits.n) : sizeof zeros);
    if (p->bits.failed)
        return ERR_MEMORY;
    for (size_t i = 0; i < some->n; i++) {
        const uint64_t bit = some->rows[i].number - p->after;
        p->bits.p[bit >> 3] |= (uint8_t)(1 << (bit & 7));
    }
    p->all.n += some->n;
    p->all.through = some->through;
    p->all.late += some->late;
    p->all.overtaken += some->overtaken;
    p->all.gone += some->gone;
    p->all.fresh += some->fresh;
    return ERR_OK;
}

static enum err pick_all(struct picking *p, struct fault *fault)
{
    const size_t most = p->sheet->most ? p->sheet->most : SIZE_MAX;
    struct notices_standing standing = {0};
    enum err err = notices_standing_read(p->reg, p->sheet->party, &standing, fault);
    p->all.handed = standing.handed;
    p->all.through = p->after;
    for (bool any = true; !err && any;) {
        struct notices_chosen some = {0};
        err = choose_some(p->reg, p->port, &p->all, p->sheet->party, 1, &some, fault);
        any = !err && some.through > p->all.through;
        p->more = any && p->all.n + some.n > most && p->all.n;
        any &= !p->more;
        if (any)
            err = pick(p, &some);
        notices_chosen_release(&some);
    }
    return err;
}

static bool is_picked(const struct picking *p, uint64_t number)
{
    const uint64_t bit = number - p->after;
    return number > p->after && bit >> 3 < p->bits.n && p->bits.p[bit >> 3] >> (bit & 7) & 1;
}

/* Those of one part that are picked, with whom they go to. */
static enum err put_part(struct picking *p, const struct notices_speaker *speaker,
                         const struct notices_part *part, struct lists_pipe *pipe,
                         struct fault *fault)
{
    struct notices_chosen some = {0};
    struct choosing c = {.reg = p->reg, .out = &some};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < part->n; i++)
        if (is_picked(p, part->rows[i].number))
            err = keep(&c, &part->rows[i]);
    if (!err)
        err = name_all(&c, p->port, fault);
    if (!err)
        put_rows(speaker, &some, pipe);
    notices_chosen_release(&some);
    return err;
}

static enum err put_all(struct picking *p, const struct notices_speaker *speaker,
                        struct lists_pipe *pipe, struct fault *fault)
{
    struct notices_part *part = calloc(1, sizeof *part);
    enum err err = part ? ERR_OK : ERR_MEMORY;
    bool found = true;
    for (uint64_t at = p->after; !err && found && at < p->all.through;) {
        err = notices_part_at(p->reg, p->sheet->party, at + 1, part, &found, fault);
        if (!err && found)
            err = put_part(p, speaker, part, pipe, fault);
        at = !err && found ? part->first + part->n - 1 : at;
    }
    free(part);
    return err;
}

static enum err write_text(const struct notices_speaker *speaker, struct picking *p,
                           struct lists_pipe *pipe, struct lists_made *made, struct fault *fault)
{
    static const struct str columns = STR(
        "id,imei,imsi,msisdn,list,last_day,public_reason,step,send_by,text_kk,text_ru,text_en\n");
    uint8_t hash[SHA256_BYTES];
    make_head(speaker->registry, p->sheet, &p->all, p->more, made);
    lists_pipe_put(pipe, made->head, strlen(made->head));
    lists_pipe_put(pipe, columns.p, columns.n);
    enum err err = put_all(p, speaker, pipe, fault);
    if (err)
        return err;
    lists_pipe_digest(pipe, hash);
    lists_text_sign(speaker->registry, p->all.n, hash, made);
    lists_pipe_put(pipe, made->end, strlen(made->end));
    made->rows = p->all.n;
    return lists_pipe_end(pipe, true, &made->bytes, fault);
}

enum err notices_list_write(struct registry *reg, const struct notices_port *port,
                            const struct notices_sheet *sheet, int fd, struct lists_made *out,
                            struct notices_chosen *out_chosen, struct fault *fault)
{
    struct lists_made made = {0};
    struct lists_pipe *pipe = NULL;
    struct notices_speaker speaker;
    struct picking p = {.reg = reg,
                        .port = port,
                        .sheet = sheet,
                        .after = sheet->since ? sheet->since->next_seq - 1 : 0};
    enum err err = check_cursor(reg, sheet, fault);
    if (!err)
        err = notices_speaker_init(&speaker, reg, port, sheet->party, fault);
    if (!err)
        err = pick_all(&p, fault);
    if (!err)
        err = lists_pipe_new(fd, sheet->pack, &pipe);
    if (!err)
        err = write_text(&speaker, &p, pipe, &made, fault);
    lists_pipe_free(pipe);
    buf_release(&p.bits);
    if (err)
        return err;
    *out = made;
    *out_chosen = p.all;
    return ERR_OK;
}
