/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of the base is 9 bytes: body 6, reason 1, since 2 (daynum_pack). A base is believed whole or not at all: its head
 * holds sums over itself and over the rows. A value of the table: reason 8 bits, above
 * them since; GONE hides a row of the base. */
#include "app/lists_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mix.h"

enum {
    ROW = 9,
    HEAD = 80,
    VERSION = 3,
    AT_SUM = 64, /* of the head before it */
    LANE = 8,
    LANES = 4,
    HEAVY_LEAST = 1 << 20, /* cells */
    WRITE_ROWS = 1 << 17,  /* times ROW: a multiple of LANES * LANE */
    FILE_MODE = 0640,
    PATH_ROOM = 4096,
};
#define GONE       UINT64_MAX
#define BASE_MAGIC "TGLB"

/* ---- rows ---- */

static uint64_t value_of(struct listed is)
{
    return is.reason == LISTED_NOT ? GONE : is.reason | (uint64_t)daynum_pack(is.since) << 8;
}

static struct listed of_value(uint64_t value)
{
    if (value == GONE)
        return (struct listed){LISTED_NOT, DAYNUM_NONE};
    return (struct listed){value & 255, daynum_unpack((uint16_t)(value >> 8), DAYNUM_NONE)};
}

static inline uint64_t row_body(const uint8_t *row)
{
    return get_be(row, 6);
}

static inline struct listed row_is(const uint8_t *row)
{
    return (struct listed){row[6], daynum_unpack((uint16_t)get_be(row + 7, 2), DAYNUM_NONE)};
}

/* ---- the base ---- */

/* A mapped file, shared by the state and its views. */
struct base {
    _Atomic unsigned users;
    uint8_t *map; /* NULL: empty */
    size_t bytes;
    const uint8_t *rows;
    uint64_t count;
};

static struct base *base_new(void)
{
    struct base *base = calloc(1, sizeof *base);
    if (base)
        atomic_init(&base->users, 1);
    return base;
}

static struct base *base_hold(struct base *base)
{
    atomic_fetch_add(&base->users, 1);
    return base;
}

static void base_let_go(struct base *base)
{
    if (!base || atomic_fetch_sub(&base->users, 1) != 1)
        return;
    if (base->map)
        munmap(base->map, base->bytes);
    free(base);
}

/* A sum over all rows: four lanes, so that 50 M rows are read at the speed of memory. Pieces but the last are a multiple
 * of LANES * LANE. */
struct row_sum {
    uint64_t lane[LANES];
};

static inline uint64_t sum_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 32;
}

static void sum_add(struct row_sum *s, const uint8_t *p, size_t n)
{
    uint64_t words[LANES];
    for (; n >= sizeof words; p += sizeof words, n -= sizeof words) {
        memcpy(words, p, sizeof words);
        for (unsigned i = 0; i < LANES; i++)
            s->lane[i] = sum_word(s->lane[i], words[i]);
    }
    for (; n; p++, n--)
        s->lane[n % LANES] = sum_word(s->lane[n % LANES], *p + UINT64_C(256));
}

static uint64_t sum_end(const struct row_sum *s)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < LANES; i++)
        sum = mix64(sum ^ s->lane[i]);
    return sum;
}

/* What a head says beside its place. */
struct base_rows {
    uint64_t count, sum;
};

static void head_encode(const struct lists_base_name *name, const struct base_rows *rows,
                        uint8_t out[HEAD])
{
    memset(out, 0, HEAD);
    memcpy(out, BASE_MAGIC, 4);
    out[4] = VERSION;
    memcpy(out + 8, name->register_id, REGISTER_ID_BYTES);
    put_be(out + 24, name->next_seq, 8);
    memcpy(out + 32, name->hash, LISTS_HASH);
    put_be(out + 40, name->log, 8);
    put_be(out + 48, rows->count, 8);
    put_be(out + 56, rows->sum, 8);
    struct row_sum sum = {{0}};
    sum_add(&sum, out, AT_SUM);
    put_be(out + AT_SUM, sum_end(&sum), 8);
}

static bool head_decode(const uint8_t *in, struct lists_base_name *out, struct base_rows *out_rows)
{
    uint8_t again[HEAD];
    memcpy(out->register_id, in + 8, REGISTER_ID_BYTES);
    out->next_seq = get_be(in + 24, 8);
    memcpy(out->hash, in + 32, LISTS_HASH);
    out->log = get_be(in + 40, 8);
    *out_rows = (struct base_rows){get_be(in + 48, 8), get_be(in + 56, 8)};
    head_encode(out, out_rows, again);
    return memcmp(in, again, HEAD) == 0;
}

static enum err base_open(const char *path, struct lists_base_name *out_name, struct base **out)
{
    struct stat st;
    struct lists_base_name name;
    struct base_rows rows;
    struct row_sum sum = {{0}};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_NOT_FOUND;
    void *map = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= HEAD)
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return ERR_NOT_FOUND;
    struct base *base = base_new();
    bool whole = head_decode(map, &name, &rows) &&
                 rows.count == ((uint64_t)st.st_size - HEAD) / ROW &&
                 ((uint64_t)st.st_size - HEAD) % ROW == 0;
    if (whole) {
        sum_add(&sum, (const uint8_t *)map + HEAD, (size_t)st.st_size - HEAD);
        whole = sum_end(&sum) == rows.sum;
    }
    if (!base || !whole) {
        munmap(map, (size_t)st.st_size);
        free(base);
        return base ? ERR_NOT_FOUND : ERR_MEMORY;
    }
    base->map = map;
    base->bytes = (size_t)st.st_size;
    base->rows = base->map + HEAD;
    base->count = rows.count;
    *out_name = name;
    *out = base;
    return ERR_OK;
}

/* NULL: it has none. */
static const uint8_t *base_find(const struct base *base, uint64_t body)
{
    uint64_t low = 0, high = base->count;
    while (low < high) {
        const uint64_t mid = low + (high - low) / 2;
        const uint64_t at = row_body(base->rows + mid * ROW);
        if (at == body)
            return base->rows + mid * ROW;
        if (at < body)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- the state ---- */

struct lists_state {
    struct base *base;
    struct lists_map over;
    uint64_t count;
};

enum err lists_state_new(struct lists_state **out)
{
    struct lists_state *s = calloc(1, sizeof *s);
    if (s)
        s->base = base_new();
    if (!s || !s->base) {
        free(s);
        return ERR_MEMORY;
    }
    *out = s;
    return ERR_OK;
}

void lists_state_free(struct lists_state *s)
{
    if (!s)
        return;
    base_let_go(s->base);
    lists_map_release(&s->over);
    free(s);
}

static void take_base(struct lists_state *s, struct base *base)
{
    base_let_go(s->base);
    lists_map_clear(&s->over);
    s->base = base;
    s->count = base->count;
}

enum err lists_state_load(struct lists_state *s, const char *path, struct lists_base_name *out)
{
    struct base *base;
    enum err err = base_open(path, out, &base);
    if (!err)
        take_base(s, base);
    return err;
}

struct listed lists_state_find(const struct lists_state *s, struct imei imei)
{
    const uint64_t *value = lists_map_find(&s->over, imei.body);
    if (value)
        return of_value(*value);
    const uint8_t *row = base_find(s->base, imei.body);
    return row ? row_is(row) : (struct listed){LISTED_NOT, DAYNUM_NONE};
}

enum err lists_state_put(struct lists_state *s, struct imei imei, struct listed is)
{
    const bool was = lists_state_find(s, imei).reason != LISTED_NOT;
    const bool stands = is.reason != LISTED_NOT;
    enum err err = lists_map_put(&s->over, imei.body, value_of(is));
    if (!err)
        s->count = s->count + stands - was;
    return err;
}

uint64_t lists_state_count(const struct lists_state *s)
{
    return s->count;
}

bool lists_state_is_heavy(const struct lists_state *s)
{
    return s->over.used > HEAVY_LEAST && s->over.used > s->base->count / 2;
}

/* ---- views ---- */

struct lists_view {
    struct base *base;
    struct lists_cell *over; /* sorted */
    size_t over_count, over_at;
    uint64_t base_at, count;
    struct spared spared;
};

static int by_key(const void *a, const void *b)
{
    const uint64_t x = ((const struct lists_cell *)a)->key, y = ((const struct lists_cell *)b)->key;
    return x < y ? -1 : x > y;
}

enum err lists_view_new(const struct lists_state *s, struct lists_view **out)
{
    struct lists_view *view = calloc(1, sizeof *view);
    if (!view)
        return ERR_MEMORY;
    view->over = malloc((s->over.used + 1) * sizeof *view->over);
    if (!view->over) {
        free(view);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < s->over.size; i++)
        if (s->over.cells[i].key)
            view->over[view->over_count++] = s->over.cells[i];
    qsort(view->over, view->over_count, sizeof *view->over, by_key);
    view->base = base_hold(s->base);
    view->count = s->count;
    *out = view;
    return ERR_OK;
}

void lists_view_free(struct lists_view *view)
{
    if (!view)
        return;
    base_let_go(view->base);
    free(view->over);
    free(view);
}

uint64_t lists_view_count(const struct lists_view *view)
{
    return view->count;
}

/* The base alone, up to before the body `end`. */
static size_t next_of_base(struct lists_view *v, uint64_t end, struct listed_imei *out, size_t most)
{
    size_t n = 0;
    if (v->base_at == v->base->count)
        return 0;
    const uint8_t *row = v->base->rows + v->base_at * ROW;
    for (; n < most && v->base_at < v->base->count; n++, v->base_at++, row += ROW) {
        const uint64_t body = row_body(row);
        if (body >= end)
            break;
        out[n] = (struct listed_imei){{body}, row_is(row)};
    }
    return n;
}

static size_t next_of_all(struct lists_view *v, struct listed_imei *out, size_t most)
{
    size_t n = 0;
    while (n < most) {
        const bool more = v->over_at < v->over_count;
        const uint64_t body = more ? v->over[v->over_at].key - 1 : UINT64_MAX;
        n += next_of_base(v, body, out + n, most - n);
        if (n == most || !more)
            break;
        const struct listed is = of_value(v->over[v->over_at++].value);
        if (v->base_at < v->base->count && row_body(v->base->rows + v->base_at * ROW) == body)
            v->base_at++;
        if (is.reason != LISTED_NOT)
            out[n++] = (struct listed_imei){{body}, is};
    }
    return n;
}

/* ---- writing a base ---- */

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        const ssize_t wrote = write(fd, p, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        p += wrote;
        n -= (size_t)wrote;
    }
    return true;
}

static enum err write_rows(int fd, struct lists_view *view, struct row_sum *sum)
{
    struct listed_imei *rows = malloc(WRITE_ROWS * sizeof *rows);
    uint8_t *bytes = malloc((size_t)WRITE_ROWS * ROW);
    enum err err = rows && bytes ? ERR_OK : ERR_MEMORY;
    for (size_t n; !err && (n = lists_view_next(view, rows, WRITE_ROWS)) > 0;) {
        for (size_t i = 0; i < n; i++) {
            put_be(bytes + i * ROW, rows[i].imei.body, 6);
            bytes[i * ROW + 6] = rows[i].is.reason;
            put_be(bytes + i * ROW + 7, daynum_pack(rows[i].is.since), 2);
        }
        sum_add(sum, bytes, n * ROW);
        err = write_all(fd, bytes, n * ROW) ? ERR_OK : ERR_FILE_WRITE;
    }
    free(rows);
    free(bytes);
    return err;
}

static enum err write_base(const char *path, const struct lists_base_name *name,
                           struct lists_view *view)
{
    uint8_t head[HEAD] = {0};
    struct row_sum sum = {{0}};
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return ERR_FILE_WRITE;
    enum err err = write_all(fd, head, HEAD) ? write_rows(fd, view, &sum) : ERR_FILE_WRITE;
    const struct base_rows rows = {lists_view_count(view), sum_end(&sum)};
    head_encode(name, &rows, head);
    if (!err && pwrite(fd, head, HEAD, 0) != HEAD)
        err = ERR_FILE_WRITE;
    if (!err && fsync(fd))
        err = ERR_FILE_WRITE;
    if (close(fd) && !err)
        err = ERR_FILE_WRITE;
    return err;
}

enum err lists_state_save(struct lists_state *s, const char *path,
                          const struct lists_base_name *name, struct fault *fault)
{
    char beside[PATH_ROOM];
    struct lists_view *view;
    struct lists_base_name read;
    struct base *base;
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return fault_set(fault, ERR_FILE_WRITE, "%.64s: too long a name", path);
    enum err err = lists_view_new(s, &view);
    if (err)
        return err;
    err = write_base(beside, name, view);
    lists_view_free(view);
    if (!err && (rename(beside, path) || !file_sync_directory(path)))
        err = ERR_FILE_WRITE;
    if (err == ERR_FILE_WRITE)
        return fault_set(fault, err, "%.160s: %s", path, strerror(errno));
    if (!err)
        err = base_open(path, &read, &base);
    if (!err)
        take_base(s, base);
    return err == ERR_NOT_FOUND ? fault_set(fault, ERR_FILE_READ, "%.160s", path) : err;
}

bool listed_is_spared(const struct spared *spared, struct imei imei, struct listed is)
{
    return is.reason == REASON_EXPIRED && spared_has(spared, imei, is.since - 1);
}

size_t lists_view_next(struct lists_view *v, struct listed_imei *out, size_t most)
{
    for (;;) {
        size_t n = next_of_all(v, out, most), kept = 0;
        if (!n || !v->spared.count)
            return n;
        for (size_t i = 0; i < n; i++)
            if (!listed_is_spared(&v->spared, out[i].imei, out[i].is))
                out[kept++] = out[i];
        if (kept)
            return kept;
    }
}

void lists_view_spare(struct lists_view *v, const struct spared *spared)
{
    enum { STEP = 1024 };
    struct listed_imei rows[STEP];
    uint64_t count = 0;
    if (!spared->count)
        return;
    v->spared = *spared;
    for (size_t n; (n = lists_view_next(v, rows, STEP)) > 0;)
        count += n;
    v->count = count;
    v->base_at = 0;
    v->over_at = 0;
}
