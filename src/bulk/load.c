/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { STOP_EVERY = 65536 }; /* rows between two looks at the stop */

void load_tell(FILE *out, const struct fault *f)
{
    fprintf(out, "%s:%" PRIu64, f->file, f->line);
    if (f->column)
        fprintf(out, ":%" PRIu32, f->column);
    fprintf(out, ": %s `%s`: %s\n", err_name(f->err), f->value, f->detail);
}

static void tell(const struct rejects *r, const struct fault *f)
{
    FILE *out = r->options->tell;
    if (!out || r->count > LIMIT_BAD_ROWS_SHOWN)
        return;
    load_tell(out, f);
    if (r->count == LIMIT_BAD_ROWS_SHOWN)
        fputs("... further bad rows are not shown\n", out);
}

static enum err cannot_write(struct rejects *r)
{
    return fault_set(&r->trouble, ERR_FILE_WRITE,
                     "cannot write the bad rows to %.120s: %s; nothing was loaded: run it where "
                     "that file can be made, or mend the rows and load without --keep-good",
                     r->beside_path, strerror(errno));
}

static enum err open_path(struct rejects *r)
{
    const char *path = r->options->path;
    bool piped = strcmp(path, "-") == 0;
    int n = snprintf(r->beside_path, sizeof r->beside_path, "%s.bad.csv", piped ? "stdin" : path);
    if (n < 0 || (size_t)n >= sizeof r->beside_path) {
        errno = ENAMETOOLONG;
        return cannot_write(r);
    }
    /* Rows hold numbers of people; and whoever may write there may have left a link. */
    if (unlink(r->beside_path) && errno != ENOENT)
        return cannot_write(r);
    int fd = open(r->beside_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    r->beside = fd < 0 ? NULL : fdopen(fd, "w");
    if (!r->beside) {
        if (fd >= 0)
            close(fd);
        return cannot_write(r);
    }
    return ERR_OK;
}

static enum err open_beside(struct rejects *r)
{
    r->beside = r->options->beside;
    enum err err = r->beside ? ERR_OK : open_path(r);
    if (!err)
        fputs("line,column,error,row\n", r->beside);
    return err;
}

static void put_quoted(FILE *out, struct str text)
{
    fputc('"', out);
    while (text.n) {
        const char *quote = memchr(text.p, '"', text.n);
        const size_t n = quote ? (size_t)(quote - text.p) + 1 : text.n;
        fwrite(text.p, 1, n, out);
        if (quote)
            fputc('"', out);
        text.p += n;
        text.n -= n;
    }
    fputs("\"\n", out);
}

static uint64_t most_of(const struct rejects *r)
{
    return r->options->bad_bytes ? r->options->bad_bytes : LIMIT_BAD_ROWS_BYTES;
}

/* A bomb of bad rows fills no disk. */
static enum err too_many(struct rejects *r)
{
    return fault_set(
        &r->trouble, ERR_ROWS_BAD,
        "more than %llu MB of bad rows: are the columns as the header says? Nothing was "
        "loaded; the first %llu of them stand in %.120s",
        (unsigned long long)most_of(r) >> 20, (unsigned long long)r->count - 1,
        *r->beside_path ? r->beside_path : "their list");
}

enum err rejects_add(struct rejects *r, struct str row_text, const struct fault *f)
{
    enum { AROUND = 64 /* bytes beside the row */ };
    if (!r->count++)
        r->first = *f;
    tell(r, f);
    if (!r->options->keep_good)
        return ERR_OK;
    enum err err = r->beside ? ERR_OK : open_beside(r);
    if (err)
        return err;
    r->bytes += row_text.n + AROUND;
    if (r->bytes > most_of(r))
        return too_many(r);
    fprintf(r->beside, "%" PRIu64 ",%" PRIu32 ",%s,", f->line, f->column, err_name(f->err));
    put_quoted(r->beside, row_text);
    return ferror(r->beside) ? cannot_write(r) : ERR_OK;
}

enum err rejects_end(struct rejects *r, struct fault *fault)
{
    enum err err = ERR_OK;
    if (r->beside) {
        bool ok = fflush(r->beside) == 0 && !ferror(r->beside);
        if (r->beside != r->options->beside)
            ok = fclose(r->beside) == 0 && ok;
        r->beside = NULL;
        if (!ok && !r->trouble.err)
            (void)cannot_write(r);
    }
    if (r->trouble.err) {
        err = r->trouble.err;
        if (fault)
            *fault = r->trouble;
    }
    if (err || !r->count || r->options->keep_good)
        return err;
    if (fault)
        *fault = r->first;
    return fault_set(fault, ERR_ROW,
                     "%s; bad rows: %" PRIu64
                     "; nothing was loaded: mend the file, or load the good rows with "
                     "--keep-good",
                     err_name(r->first.err), r->count);
}

enum err rejects_all(const struct rejects *r, struct fault *fault)
{
    if (fault)
        *fault = (struct fault){0};
    return fault_set(fault, ERR_FILE_EMPTY,
                     "%.80s: no good row: all %" PRIu64
                     " are bad; nothing was loaded; they stand in "
                     "%.80s",
                     r->options->path, r->count, r->beside_path);
}

enum err load_each(struct csv *csv, const struct load_options *options, load_row_fn *fn, void *ctx,
                   uint64_t *rows, struct fault *fault)
{
    struct csv_row row;
    for (;;) {
        struct fault bad = {0};
        enum err err = csv_next(csv, &row, &bad);
        if (err && csv_stopped(csv)) {
            if (fault)
                *fault = bad;
            return err;
        }
        if (!err && !row.fields)
            return ERR_OK;
        ++*rows;
        err = fn(ctx, csv, &row, err ? &bad : NULL);
        if (err)
            return fault_set(fault, err, "after %" PRIu64 " rows", *rows);
        if (*rows % STOP_EVERY == 0 && options->stop && *options->stop)
            return fault_set(fault, ERR_STOPPED, "nothing was loaded");
    }
}

void load_key(struct registry *reg, const char *as, const uint8_t file[SHA256_BYTES],
              uint8_t out[SHA256_BYTES])
{
    sha256_begin(reg->sha);
    sha256_add(reg->sha, as, strlen(as) + 1);
    sha256_add(reg->sha, file, SHA256_BYTES);
    sha256_end(reg->sha, out);
}

/* Stands behind the kind of a load from which rows were left out. */
static const char part_mark[] = " part";

void load_left_out(struct load *load)
{
    size_t n = strlen(load->kind);
    str_copy(load->kind + n, sizeof load->kind - n, str_z(part_mark));
}

bool load_is_part(const struct load *load)
{
    return strstr(load->kind, part_mark) != NULL;
}

/* Stands behind the kind of a load of which the changes are in and the rest is not; then what is owed, hexadecimal. */
static const char open_mark[] = " open ";

void load_open(struct load *load, uint32_t owed)
{
    size_t n = strlen(load->kind);
    snprintf(load->kind + n, sizeof load->kind - n, "%s%" PRIx32, open_mark, owed);
}

bool load_is_open(const struct load *load, uint32_t *out_owed)
{
    const char *at = strstr(load->kind, open_mark);
    uint32_t owed = 0;
    for (const char *p = at ? at + sizeof open_mark - 1 : ""; *p; p++)
        owed = owed << 4 | (uint32_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
    if (at && out_owed)
        *out_owed = owed;
    return at != NULL;
}

enum err load_before(struct registry *reg, const uint8_t key[SHA256_BYTES], enum load_before *out,
                     struct fault *fault)
{
    struct load load;
    enum err err = store_load_find(reg->store, key, &load, fault);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *out = err                         ? LOAD_NEW
           : load_is_part(&load)       ? LOAD_PART
           : load_is_open(&load, NULL) ? LOAD_OPEN
                                       : LOAD_WHOLE;
    return ERR_OK;
}
