/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "seen/feed_rows.h"

enum {
    PIECE = 1 << 17, /* bytes read at once */
    BAD_SHOWN = 4096 /* bytes of a line that is no row */
};

struct feed_json {
    const struct source_reader *inner;
    struct source_reader reader;
    struct buf in;  /* from `at` on not read yet */
    struct buf out; /* rows, from `given` on not given yet */
    size_t at, given;
    bool eof;
    uint64_t line;
    char ignored[160];
};

/* ---- one line ---- */

static void put_quoted(struct buf *out, struct str text)
{
    buf_put(out, "\"", 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_put(out, "\"", 1);
        buf_put(out, text.p + i, 1);
    }
    buf_put(out, "\"", 1);
}

/* False: of a kind, or with a line end in it, that no column has. */
static bool put_value(struct buf *out, const json_t *value)
{
    if (!value || json_is_null(value))
        return true;
    if (json_is_integer(value)) {
        buf_printf(out, "%" PRId64, (int64_t)json_integer_value(value));
        return true;
    }
    if (!json_is_string(value))
        return false;
    struct str text = {json_string_value(value), json_string_length(value)};
    bool plain = true;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < ' ')
            return false;
        plain = plain && c != '"' && c != ',' && c != ';';
    }
    if (plain)
        buf_str(out, text);
    else
        put_quoted(out, text);
    return true;
}

static void note_ignored(struct feed_json *j, const char *name)
{
    size_t n = strlen(j->ignored), more = strlen(name);
    const char *had = more ? strstr(j->ignored, name) : j->ignored;
    if (had && (had == j->ignored || had[-1] == ' ') && (!had[more] || had[more] == ','))
        return;
    if (n + more + 3 > sizeof j->ignored || !str_printable((struct str){name, more}))
        return;
    snprintf(j->ignored + n, sizeof j->ignored - n, "%s%s", n ? ", " : "", name);
}

static bool put_members(struct feed_json *j, json_t *line)
{
    const char *name;
    json_t *value;
    if (!json_is_object(line))
        return false;
    for (unsigned i = 0; i < FEED_COLUMNS; i++) {
        if (i)
            buf_put(&j->out, ",", 1);
        if (!put_value(&j->out, json_object_get(line, feed_columns[i])))
            return false;
    }
    json_object_foreach(line, name, value)
    {
        bool known = false;
        for (unsigned i = 0; i < FEED_COLUMNS; i++)
            known = known || strcmp(name, feed_columns[i]) == 0;
        if (!known)
            note_ignored(j, name);
    }
    return true;
}

static void take_line(struct feed_json *j, struct str text)
{
    const size_t before = j->out.n;
    j->line++;
    text = str_trim(text);
    if (text.n) {
        json_t *line = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
        if (!line || !put_members(j, line)) {
            j->out.n = before;
            put_quoted(&j->out, (struct str){text.p, text.n < BAD_SHOWN ? text.n : BAD_SHOWN});
        }
        json_decref(line);
    }
    buf_put(&j->out, "\n", 1);
}

/* ---- lines ---- */

static enum err read_more(struct feed_json *j, struct fault *fault)
{
    size_t got = 0;
    memmove(j->in.p, j->in.p + j->at, j->in.n - j->at);
    j->in.n -= j->at;
    j->at = 0;
    if (!buf_reserve(&j->in, PIECE))
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    enum err err = j->inner->read(j->inner->ctx, j->in.p + j->in.n, PIECE, &got, fault);
    if (err)
        return err;
    j->in.n += got;
    j->eof = got < PIECE;
    return ERR_OK;
}

/* The lines that are there whole, as rows. */
static void take_lines(struct feed_json *j)
{
    const char *end;
    while (j->at < j->in.n && (end = memchr(j->in.p + j->at, '\n', j->in.n - j->at)) != NULL) {
        const char *begin = (const char *)j->in.p + j->at;
        take_line(j, (struct str){begin, (size_t)(end - begin)});
        j->at += (size_t)(end - begin) + 1;
    }
    if (j->eof && j->at < j->in.n) {
        take_line(j, (struct str){(const char *)j->in.p + j->at, j->in.n - j->at});
        j->at = j->in.n;
    }
}

static enum err read_rows(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct feed_json *j = ctx;
    size_t got = 0;
    for (;;) {
        size_t have = j->out.n - j->given, piece = have < n - got ? have : n - got;
        memcpy((char *)to + got, j->out.p + j->given, piece);
        j->given += piece;
        got += piece;
        if (got == n || (j->eof && j->at == j->in.n))
            break;
        buf_clear(&j->out);
        j->given = 0;
        enum err err = read_more(j, fault);
        if (err)
            return err;
        take_lines(j);
        if (j->in.n - j->at > LIMIT_LINE) {
            if (fault)
                fault->line = j->line + 1;
            return fault_set(fault, ERR_LINE_LONG, "a line of more than %d bytes", LIMIT_LINE);
        }
        if (j->out.failed)
            return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    }
    *out_n = got;
    return ERR_OK;
}

enum err feed_json_open(const struct source_reader *inner, struct feed_json **out,
                        struct fault *fault)
{
    struct feed_json *j = calloc(1, sizeof *j);
    if (!j)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    j->inner = inner;
    j->reader = (struct source_reader){.read = read_rows, .ctx = j, .name = inner->name};
    for (unsigned i = 0; i < FEED_COLUMNS; i++)
        buf_printf(&j->out, "%s%s", i ? "," : "", feed_columns[i]);
    buf_put(&j->out, "\n", 1);
    if (j->out.failed || !buf_reserve(&j->in, PIECE)) {
        feed_json_close(j);
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    }
    *out = j;
    return ERR_OK;
}

void feed_json_close(struct feed_json *j)
{
    if (!j)
        return;
    if (j->in.p)
        sodium_memzero(j->in.p, j->in.size);
    if (j->out.p)
        sodium_memzero(j->out.p, j->out.size);
    buf_release(&j->in);
    buf_release(&j->out);
    free(j);
}

const struct source_reader *feed_json_reader(const struct feed_json *j)
{
    return &j->reader;
}

const char *feed_json_ignored(const struct feed_json *j)
{
    return j->ignored;
}
