/* SPDX-License-Identifier: Apache-2.0
 *
 * A full list of 50 M rows is 2 GB: a row is made of three copies, of tables that hold each reason and day that
 * was met as text. */
#include "app/lists_text.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

enum {
    ROWS = 1024,    /* made at a time */
    ROW_MOST = 160, /* bytes: a row of a delta */
    DAYS = 1 << 16, /* daynum_pack */
    WORD = 24,      /* room of a reason's name */
    DAY = 12,
    IMEI = 14,
};
_Static_assert(ROWS * 60 <= LISTS_ROOM, "a full row of any layout has less than 60 bytes");

static const char *const layout_names[LISTS_LAYOUTS] = {"tamga", "dirbs", "gsma"};
static const char *const pack_names[LISTS_PACKS] = {"plain", "gz", "zstd"};

const char *lists_layout_name(enum lists_layout layout)
{
    return layout_names[layout];
}

bool lists_layout_find(struct str name, enum lists_layout *out)
{
    for (unsigned i = 0; i < LISTS_LAYOUTS; i++)
        if (str_eq(name, str_z(layout_names[i]))) {
            *out = (enum lists_layout)i;
            return true;
        }
    return false;
}

const char *lists_pack_name(enum lists_pack pack)
{
    return pack_names[pack];
}

bool lists_pack_find(struct str name, enum lists_pack *out)
{
    for (unsigned i = 0; i < LISTS_PACKS; i++)
        if (str_eq(name, str_z(pack_names[i]))) {
            *out = (enum lists_pack)i;
            return true;
        }
    return false;
}

/* ---- words ---- */

struct words {
    enum lists_layout layout;
    size_t reason_n[REASON_COUNT];
    char reason[REASON_COUNT][WORD];
    bool known[DAYS];
    char day[DAYS][DAY];
    struct listed_imei rows[ROWS];
};

static struct words *words_new(enum lists_layout layout)
{
    struct words *w = calloc(1, sizeof *w);
    for (unsigned i = 0; w && i < REASON_COUNT; i++) {
        const struct str public = str_z(reason_table[i].name ? reason_public((uint8_t)i) : "");
        str_copy(w->reason[i], WORD, public);
        w->reason_n[i] = strlen(w->reason[i]);
    }
    if (w)
        w->layout = layout;
    return w;
}

static void make_day(struct words *w, daynum day, uint16_t at)
{
    char text[DAYNUM_TEXT];
    daynum_format(day, text);
    if (w->layout == LISTS_TAMGA)
        memcpy(w->day[at], text, DAYNUM_TEXT - 1);
    else
        snprintf(w->day[at], DAY, "%.4s%.2s%.2s", text, text + 5, text + 8);
    w->known[at] = true;
}

static inline char *put_imei(char *p, uint64_t body)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    uint32_t high = (uint32_t)(body / 100000000), low = (uint32_t)(body % 100000000);
    for (int i = 12; i >= 6; i -= 2, low /= 100)
        memcpy(p + i, pairs + (size_t)2 * (low % 100), 2);
    for (int i = 4; i >= 0; i -= 2, high /= 100)
        memcpy(p + i, pairs + (size_t)2 * (high % 100), 2);
    return p + IMEI;
}

static inline char *put_reason(const struct words *w, char *p, uint8_t reason)
{
    memcpy(p, w->reason[reason & (REASON_COUNT - 1)], WORD);
    return p + w->reason_n[reason & (REASON_COUNT - 1)];
}

static inline char *put_day(struct words *w, char *p, daynum day)
{
    const uint16_t at = daynum_pack(day);
    if (!w->known[at])
        make_day(w, day, at);
    memcpy(p, w->day[at], DAY);
    return p + (w->layout == LISTS_TAMGA ? 10 : 8);
}

/* ---- rows of full lists ---- */

static char *tamga_row(struct words *w, char *p, const struct listed_imei *row)
{
    p = put_imei(p, row->imei.body);
    *p++ = ',';
    p = put_reason(w, p, row->is.reason);
    *p++ = ',';
    p = put_day(w, p, row->is.since);
    *p++ = '\n';
    return p;
}

static char *dirbs_row(struct words *w, char *p, const struct listed_imei *row)
{
    p = put_imei(p, row->imei.body);
    *p++ = ',';
    p = put_day(w, p, row->is.since);
    *p++ = ',';
    p = put_reason(w, p, row->is.reason);
    *p++ = '\n';
    return p;
}

/* An action, a range of one. */
static char *gsma_row(struct words *w, char *p, char action, const struct listed_imei *row)
{
    *p++ = action;
    *p++ = '|';
    p = put_imei(p, row->imei.body);
    *p++ = '|';
    p = put_imei(p, row->imei.body);
    *p++ = '|';
    p = put_reason(w, p, row->is.reason);
    *p++ = '|';
    p = put_day(w, p, row->is.since);
    *p++ = '\n';
    return p;
}

static char *put_rows(struct words *w, char *p, size_t n)
{
    switch (w->layout) {
    case LISTS_DIRBS:
        for (size_t i = 0; i < n; i++)
            p = dirbs_row(w, p, &w->rows[i]);
        return p;
    case LISTS_GSMA:
        for (size_t i = 0; i < n; i++)
            p = gsma_row(w, p, 'A', &w->rows[i]);
        return p;
    case LISTS_TAMGA:
    case LISTS_LAYOUTS:
        break;
    }
    for (size_t i = 0; i < n; i++)
        p = tamga_row(w, p, &w->rows[i]);
    return p;
}

/* ---- rows of deltas ---- */

static char *put_listed(struct words *w, char *p, const struct listed *is)
{
    if (is->reason != LISTED_NOT)
        p = put_reason(w, p, is->reason);
    *p++ = ',';
    return is->reason != LISTED_NOT ? put_day(w, p, is->since) : p;
}

static char *put_word(char *p, const char *word)
{
    const size_t n = strlen(word);
    memcpy(p, word, n);
    return p + n;
}

static char *put_moved(struct words *w, char *p, const struct lists_moved *m)
{
    const bool added = m->was.reason == LISTED_NOT, removed = m->is.reason == LISTED_NOT;
    const struct listed_imei row = {m->imei, removed ? m->was : m->is};
    if (w->layout == LISTS_GSMA)
        return gsma_row(w, p, added ? 'A' : removed ? 'R' : 'C', &row);
    if (w->layout == LISTS_DIRBS) {
        p = dirbs_row(w, p, &row) - 1;
        return put_word(p, added ? ",blocked\n" : removed ? ",unblocked\n" : ",changed\n");
    }
    p = put_imei(p, m->imei.body);
    p = put_word(p, added ? ",added," : removed ? ",removed," : ",changed,");
    p = put_listed(w, p, &m->was);
    *p++ = ',';
    p = put_listed(w, p, &m->is);
    *p++ = '\n';
    return p;
}

/* ---- rows of exceptions ---- */

/* Digits of an IMSI without the 1 before them. */
static char *put_imsi(char *p, uint64_t imsi)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)imsi);
    memcpy(p, digits + 1, (size_t)n - 1);
    sodium_memzero(digits, sizeof digits);
    return p + n - 1;
}

static char *put_exception(char *p, const struct lists_exception *e, bool delta)
{
    p = put_imei(p, e->imei.body);
    *p++ = ',';
    p = put_imsi(p, e->imsi);
    if (delta)
        p = put_word(p, e->removed ? ",removed" : ",added");
    *p++ = '\n';
    return p;
}

/* ---- head, columns, last line ---- */

static bool is_exceptions(const struct lists_sheet *s)
{
    return strcmp(s->kind, lists_kind_name(LISTS_EXCEPTIONS)) == 0;
}

static void make_head(const struct lists_sheet *s, struct lists_made *made)
{
    char day[DAYNUM_TEXT], through[DAYNUM_TEXT], time[24], base[FEED_CURSOR_TEXT] = "-";
    char id[2 * REGISTER_ID_BYTES + 1], unnamed[40] = "";
    daynum_format(s->place.gate.swept_through, day);
    daynum_format(s->place.gate.expire_through, through);
    instant_format(clock_now_us(s->registry->clock) / 1000000, time);
    sodium_bin2hex(id, sizeof id, s->registry->head.register_id, REGISTER_ID_BYTES);
    lists_cursor(&s->place, made->cursor);
    if (s->since) {
        uint8_t hash[SHA256_BYTES] = {0};
        memcpy(hash, s->since->hash, FEED_CURSOR_HASH);
        feed_cursor_format(s->since->next_seq, hash, base);
    }
    if (is_exceptions(s))
        snprintf(unnamed, sizeof unnamed, " unnamed=%llu", (unsigned long long)s->unnamed);
    made->unnamed = s->unnamed;
    snprintf(made->head, sizeof made->head,
             "#tamga-list version=1 layout=%s kind=%s form=%s base=%s from=%llu to=%llu cursor=%s "
             "rows=%llu%s swept_through=%s expire_through=%s made=%s register=%s operator=%s\n",
             lists_layout_name(s->layout), s->kind, s->since ? "delta" : "full", base,
             s->since ? (unsigned long long)s->since->next_seq : 1ULL,
             (unsigned long long)s->place.next_seq - 1, made->cursor, (unsigned long long)s->rows,
             unnamed, day, through, time, id, s->operator_name);
}

static const char *columns(const struct lists_sheet *s)
{
    if (is_exceptions(s))
        return !s->since                  ? "imei,imsi\n"
               : s->layout == LISTS_TAMGA ? "imei,imsi,change\n"
                                          : "imei,imsi,change_type\n";
    static const char *const lines[LISTS_LAYOUTS][2] = {
        [LISTS_TAMGA] = {"imei,public_reason,since\n",
                         "imei,change,old_public_reason,old_since,public_reason,since\n"},
        [LISTS_DIRBS] = {"imei,block_date,reasons\n", "imei,block_date,reasons,change_type\n"},
        [LISTS_GSMA] = {"", ""},
    };
    return lines[s->layout][s->since != NULL];
}

static void begin(const struct lists_sheet *s, struct lists_pipe *pipe, struct lists_made *made)
{
    make_head(s, made);
    if (s->layout == LISTS_TAMGA)
        lists_pipe_put(pipe, made->head, strlen(made->head));
    else
        lists_pipe_hash(pipe, made->head, strlen(made->head));
    if (s->layout == LISTS_GSMA) {
        char line[128];
        const int n =
            snprintf(line, sizeof line, "H|%s|%s|%llu|%llu\n", s->kind, s->since ? "delta" : "full",
                     (unsigned long long)s->place.next_seq - 1, (unsigned long long)s->rows);
        lists_pipe_put(pipe, line, (size_t)n);
    }
    lists_pipe_put(pipe, columns(s), strlen(columns(s)));
}

/* The signature is over "tamga list " and the hash as it is printed. */
void lists_text_sign(const struct registry *reg, uint64_t rows, const uint8_t hash[SHA256_BYTES],
                     struct lists_made *made)
{
    char said[96], hex[2 * crypto_sign_BYTES + 1];
    uint8_t signature[crypto_sign_BYTES];
    sha256_hex(hash, made->sha256);
    const int n = snprintf(said, sizeof said, "tamga list %s", made->sha256);
    crypto_sign_detached(signature, NULL, (const uint8_t *)said, (unsigned long long)n,
                         reg->keys.sign.secret_key);
    sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    snprintf(made->end, sizeof made->end, "#end rows=%llu sha256=%s signature=%s\n",
             (unsigned long long)rows, made->sha256, hex);
}

static enum err finish(const struct lists_sheet *s, struct lists_pipe *pipe,
                       struct lists_made *made, struct fault *fault)
{
    uint8_t hash[SHA256_BYTES];
    if (s->layout == LISTS_GSMA) {
        char line[64];
        const int n = snprintf(line, sizeof line, "T|%llu\n", (unsigned long long)s->rows);
        lists_pipe_put(pipe, line, (size_t)n);
    }
    lists_pipe_digest(pipe, hash);
    lists_text_sign(s->registry, s->rows, hash, made);
    if (s->layout == LISTS_TAMGA)
        lists_pipe_put(pipe, made->end, strlen(made->end));
    made->rows = s->rows;
    return lists_pipe_end(pipe, !s->passing, &made->bytes, fault);
}

/* ---- the whole ---- */

static void all_rows(struct words *w, struct lists_view *view, struct lists_pipe *pipe)
{
    for (size_t n; (n = lists_view_next(view, w->rows, ROWS)) > 0;) {
        char *room = (char *)lists_pipe_room(pipe, LISTS_ROOM);
        lists_pipe_took(pipe, (size_t)(put_rows(w, room, n) - room));
    }
}

static void all_moved(struct words *w, const struct lists_delta *delta, struct lists_pipe *pipe)
{
    for (size_t i = 0; i < delta->count; i++) {
        char *room = (char *)lists_pipe_room(pipe, ROW_MOST);
        lists_pipe_took(pipe, (size_t)(put_moved(w, room, &delta->rows[i]) - room));
    }
}

static void all_exceptions(const struct lists_exceptions *e, bool delta, struct lists_pipe *pipe)
{
    for (size_t i = 0; i < e->count; i++) {
        char *room = (char *)lists_pipe_room(pipe, ROW_MOST);
        lists_pipe_took(pipe, (size_t)(put_exception(room, &e->rows[i], delta) - room));
    }
}

/* What a text is made of: one of the three. */
struct rows {
    struct lists_view *view;
    const struct lists_delta *delta;
    const struct lists_exceptions *exceptions;
};

static enum err make(const struct lists_sheet *sheet, struct rows rows, int fd,
                     struct lists_made *out, struct fault *fault)
{
    struct lists_made made = {0};
    struct lists_pipe *pipe = NULL;
    struct words *words = words_new(sheet->layout);
    enum err err = words ? lists_pipe_new(fd, sheet->pack, &pipe) : ERR_MEMORY;
    if (!err) {
        begin(sheet, pipe, &made);
        if (rows.view)
            all_rows(words, rows.view, pipe);
        else if (rows.exceptions)
            all_exceptions(rows.exceptions, sheet->since != NULL, pipe);
        else
            all_moved(words, rows.delta, pipe);
        err = finish(sheet, pipe, &made, fault);
    }
    if (!err)
        *out = made;
    lists_pipe_free(pipe);
    free(words);
    return err;
}

enum err lists_text_full(const struct lists_sheet *sheet, struct lists_view *view, int fd,
                         struct lists_made *out, struct fault *fault)
{
    struct lists_sheet full = *sheet;
    full.since = NULL;
    full.rows = lists_view_count(view);
    return make(&full, (struct rows){view, NULL, NULL}, fd, out, fault);
}

enum err lists_text_delta(const struct lists_sheet *sheet, const struct lists_delta *delta, int fd,
                          struct lists_made *out, struct fault *fault)
{
    struct lists_sheet one = *sheet;
    one.since = &delta->from;
    one.place = delta->to;
    one.rows = delta->count;
    return make(&one, (struct rows){NULL, delta, NULL}, fd, out, fault);
}

enum err lists_text_exceptions(const struct lists_sheet *sheet,
                               const struct lists_exceptions *exceptions, int fd,
                               struct lists_made *out, struct fault *fault)
{
    struct lists_sheet one = *sheet;
    if (sheet->layout == LISTS_GSMA)
        return fault_set(fault, ERR_USAGE, "the layout gsma has no list of exceptions");
    one.place = exceptions->to;
    one.rows = exceptions->count;
    one.unnamed = exceptions->unnamed;
    return make(&one, (struct rows){NULL, NULL, exceptions}, fd, out, fault);
}
