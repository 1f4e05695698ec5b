/* SPDX-License-Identifier: Apache-2.0
 *
 * Record 0 names the register. The seq of a change and the next_seq - 1 of a place never fall from one record to the next,
 * so a binary search finds a cursor. */
#include "app/lists_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/mix.h"

enum {
    FILE_MODE = 0640,
    AT_SUM = LISTS_RECORD - 4,
    BEGUN = 16,
    READ_RECORDS = 4096,
    TYPE_HEAD = 'h',
    TYPE_CHANGE = 'c',
    TYPE_PLACE = 'p',
};
#define LOG_MAGIC "TGLM" /* TGLL: since of EXPIRED was the day of its row */

struct lists_log {
    int fd;
    uint8_t register_id[REGISTER_ID_BYTES];
    uint8_t begun[BEGUN]; /* random: which file it is of those that stood here */
    uint64_t count;       /* records up to the last place, the head among them */
    bool has_place;
    struct lists_place place;
    struct buf waiting;
};

/* ---- records ---- */

static uint32_t sum_of(const uint8_t *record)
{
    uint64_t sum = LISTS_RECORD;
    for (unsigned i = 0; i < AT_SUM; i += 4)
        sum = mix64(sum ^ get_be(record + i, 4));
    return (uint32_t)sum;
}

static void seal(uint8_t record[LISTS_RECORD])
{
    put_be(record + AT_SUM, sum_of(record), 4);
}

static bool is_whole(const uint8_t *record)
{
    return get_be(record + AT_SUM, 4) == sum_of(record);
}

static void change_encode_record(const struct lists_change *c, uint8_t out[LISTS_RECORD])
{
    memset(out, 0, LISTS_RECORD);
    out[0] = TYPE_CHANGE;
    out[1] = c->was.reason;
    out[2] = c->is.reason;
    put_be(out + 4, daynum_pack(c->was.since), 2);
    put_be(out + 6, daynum_pack(c->is.since), 2);
    put_be(out + 8, c->imei.body, 8);
    put_be(out + 16, c->seq, 8);
    put_be(out + 24, c->subscriber, 8);
    seal(out);
}

static struct lists_change change_decode_record(const uint8_t *in)
{
    return (struct lists_change){
        .imei = {get_be(in + 8, 8)},
        .seq = get_be(in + 16, 8),
        .subscriber = get_be(in + 24, 8),
        .was = {in[1], daynum_unpack((uint16_t)get_be(in + 4, 2), DAYNUM_NONE)},
        .is = {in[2], daynum_unpack((uint16_t)get_be(in + 6, 2), DAYNUM_NONE)}};
}

static void place_encode(const struct lists_place *p, uint8_t out[LISTS_RECORD])
{
    memset(out, 0, LISTS_RECORD);
    out[0] = TYPE_PLACE;
    put_be(out + 2, daynum_pack(p->effective), 2);
    put_be(out + 4, daynum_pack(p->gate.expire_through), 2);
    put_be(out + 6, daynum_pack(p->gate.swept_through), 2);
    put_be(out + 8, p->next_seq, 8);
    memcpy(out + 16, p->hash, LISTS_HASH);
    put_be(out + 24, p->resume, 8);
    put_be(out + 32, p->entry, 8);
    seal(out);
}

static struct lists_place place_decode(const uint8_t *in)
{
    struct lists_place p = {
        .next_seq = get_be(in + 8, 8),
        .gate = {.expire_through = daynum_unpack((uint16_t)get_be(in + 4, 2), DAYNUM_NONE),
                 .swept_through = daynum_unpack((uint16_t)get_be(in + 6, 2), DAYNUM_NONE)},
        .resume = get_be(in + 24, 8),
        .entry = get_be(in + 32, 8),
        .effective = daynum_unpack((uint16_t)get_be(in + 2, 2), DAYNUM_NONE)};
    memcpy(p.hash, in + 16, LISTS_HASH);
    return p;
}

/* ---- the file ---- */

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC,
                     "the log of a list is damaged: take its directory away, it "
                     "is made anew from the journal");
}

static enum err read_at(const struct lists_log *log, uint64_t at, size_t n, uint8_t *out,
                        struct fault *fault)
{
    const ssize_t want = (ssize_t)(n * LISTS_RECORD);
    if (pread(log->fd, out, (size_t)want, (off_t)(at * LISTS_RECORD)) != want)
        return fault_set(fault, ERR_FILE_READ, "the log of a list: %s", strerror(errno));
    return ERR_OK;
}

static enum err write_at(struct lists_log *log, uint64_t at, const uint8_t *p, size_t n,
                         struct fault *fault)
{
    off_t to = (off_t)(at * LISTS_RECORD);
    while (n) {
        const ssize_t wrote = pwrite(log->fd, p, n, to);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return fault_set(fault, ERR_FILE_WRITE, "the log of a list: %s", strerror(errno));
        p += wrote;
        to += wrote;
        n -= (size_t)wrote;
    }
    return ERR_OK;
}

enum err lists_log_sync(struct lists_log *log, struct fault *fault)
{
    if (fdatasync(log->fd))
        return fault_set(fault, ERR_FILE_WRITE, "the log of a list: %s", strerror(errno));
    return ERR_OK;
}

static enum err write_head(struct lists_log *log, struct fault *fault)
{
    uint8_t head[LISTS_RECORD] = {TYPE_HEAD};
    memcpy(head + 4, LOG_MAGIC, 4);
    memcpy(head + 8, log->register_id, REGISTER_ID_BYTES);
    randombytes_buf(log->begun, BEGUN);
    memcpy(head + 24, log->begun, BEGUN);
    seal(head);
    log->count = 1;
    log->has_place = false;
    return write_at(log, 0, head, sizeof head, fault);
}

/* From the end back to the last whole place. */
static enum err find_end(struct lists_log *log, uint64_t records, struct fault *fault)
{
    uint8_t record[LISTS_RECORD];
    log->has_place = false;
    for (log->count = records; log->count > 1; log->count--) {
        enum err err = read_at(log, log->count - 1, 1, record, fault);
        if (err)
            return err;
        if (record[0] == TYPE_PLACE && is_whole(record)) {
            log->place = place_decode(record);
            log->has_place = true;
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static enum err look_at_head(struct lists_log *log, struct fault *fault)
{
    uint8_t head[LISTS_RECORD];
    enum err err = read_at(log, 0, 1, head, fault);
    if (err)
        return err;
    if (head[0] != TYPE_HEAD || !is_whole(head) || memcmp(head + 4, LOG_MAGIC, 4) != 0)
        return damaged(fault);
    if (memcmp(head + 8, log->register_id, REGISTER_ID_BYTES) != 0)
        return fault_set(fault, ERR_CHAIN, "the log of a list is of another register");
    memcpy(log->begun, head + 24, BEGUN);
    return ERR_OK;
}

static enum err open_file(struct lists_log *log, const char *path, struct fault *fault)
{
    struct stat st;
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (log->fd < 0 || fstat(log->fd, &st))
        return fault_set(fault, ERR_FILE_OPEN, "%.160s: %s", path, strerror(errno));
    if (st.st_size < LISTS_RECORD)
        return write_head(log, fault);
    enum err err = look_at_head(log, fault);
    return err ? err : find_end(log, (uint64_t)st.st_size / LISTS_RECORD, fault);
}

enum err lists_log_open(const char *path, const uint8_t register_id[REGISTER_ID_BYTES],
                        struct lists_log **out, struct fault *fault)
{
    struct lists_log *log = calloc(1, sizeof *log);
    if (!log)
        return ERR_MEMORY;
    memcpy(log->register_id, register_id, REGISTER_ID_BYTES);
    enum err err = open_file(log, path, fault);
    if (err)
        lists_log_close(log);
    else
        *out = log;
    return err;
}

void lists_log_close(struct lists_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    buf_release(&log->waiting);
    free(log);
}

bool lists_log_stands(const struct lists_log *log, const char *path)
{
    uint8_t head[LISTS_RECORD];
    return file_is_at(log->fd, path) && !read_at(log, 0, 1, head, NULL) &&
           memcmp(log->begun, head + 24, BEGUN) == 0;
}

enum err lists_log_look(struct lists_log *log, enum lists_log_news *out, struct fault *fault)
{
    struct stat st;
    uint8_t begun[BEGUN];
    const struct lists_place was = log->place;
    const bool had = log->has_place;
    const uint64_t before = log->count;
    memcpy(begun, log->begun, BEGUN);
    buf_clear(&log->waiting);
    if (fstat(log->fd, &st))
        return fault_set(fault, ERR_FILE_READ, "the log of a list: %s", strerror(errno));
    const uint64_t records = (uint64_t)st.st_size / LISTS_RECORD;
    enum err err = records ? look_at_head(log, fault) : write_head(log, fault);
    if (!err)
        err = find_end(log, records > 1 ? records : 1, fault);
    if (err)
        return err;
    const bool moved = log->count != before || log->has_place != had ||
                       (had && was.next_seq != log->place.next_seq);
    *out = memcmp(begun, log->begun, BEGUN) != 0 ? LISTS_LOG_ANEW
           : moved                               ? LISTS_LOG_MORE
                                                 : LISTS_LOG_SAME;
    return ERR_OK;
}

enum err lists_log_clear(struct lists_log *log, struct fault *fault)
{
    buf_clear(&log->waiting);
    if (ftruncate(log->fd, 0))
        return fault_set(fault, ERR_FILE_WRITE, "the log of a list: %s", strerror(errno));
    return write_head(log, fault);
}

uint64_t lists_log_count(const struct lists_log *log)
{
    return log->count;
}

bool lists_log_place(const struct lists_log *log, struct lists_place *out)
{
    if (log->has_place)
        *out = log->place;
    return log->has_place;
}

bool lists_log_is_place(struct lists_log *log, uint64_t at, uint64_t next_seq,
                        const uint8_t hash[LISTS_HASH])
{
    uint8_t record[LISTS_RECORD];
    if (at < 1 || at >= log->count || read_at(log, at, 1, record, NULL) ||
        record[0] != TYPE_PLACE || !is_whole(record))
        return false;
    const struct lists_place place = place_decode(record);
    return place.next_seq == next_seq && memcmp(place.hash, hash, LISTS_HASH) == 0;
}

/* ---- writing ---- */

enum err lists_log_add(struct lists_log *log, const struct lists_change *change)
{
    uint8_t record[LISTS_RECORD];
    change_encode_record(change, record);
    buf_put(&log->waiting, record, sizeof record);
    return log->waiting.failed ? ERR_MEMORY : ERR_OK;
}

uint64_t lists_log_waiting(const struct lists_log *log)
{
    return log->waiting.n / LISTS_RECORD;
}

enum err lists_log_end(struct lists_log *log, const struct lists_place *place, struct fault *fault)
{
    uint8_t record[LISTS_RECORD];
    place_encode(place, record);
    buf_put(&log->waiting, record, sizeof record);
    if (log->waiting.failed)
        return ERR_MEMORY;
    enum err err = write_at(log, log->count, log->waiting.p, log->waiting.n, fault);
    if (err)
        return err;
    log->count += log->waiting.n / LISTS_RECORD;
    log->place = *place;
    log->has_place = true;
    buf_clear(&log->waiting);
    return ERR_OK;
}

/* ---- reading ---- */

static uint64_t seq_of(const uint8_t *record)
{
    if (record[0] == TYPE_CHANGE)
        return get_be(record + 16, 8);
    return record[0] == TYPE_PLACE ? get_be(record + 8, 8) - 1 : 0;
}

enum err lists_log_find(struct lists_log *log, uint64_t seq, uint64_t *out, struct fault *fault)
{
    uint64_t low = 1, high = log->count;
    while (low < high) {
        uint8_t record[LISTS_RECORD];
        const uint64_t mid = low + (high - low) / 2;
        enum err err = read_at(log, mid, 1, record, fault);
        if (err)
            return err;
        if (!is_whole(record)) /* a hole that a loss of power left would lead past rows */
            return damaged(fault);
        if (seq_of(record) < seq)
            low = mid + 1;
        else
            high = mid;
    }
    *out = low;
    return ERR_OK;
}

enum err lists_log_read(struct lists_log *log, uint64_t from, uint64_t to, lists_change_fn *fn,
                        void *ctx, struct fault *fault)
{
    uint8_t *records = malloc((size_t)READ_RECORDS * LISTS_RECORD);
    enum err err = records ? ERR_OK : ERR_MEMORY;
    while (!err && from < to) {
        const size_t n = to - from < READ_RECORDS ? (size_t)(to - from) : READ_RECORDS;
        err = read_at(log, from, n, records, fault);
        for (size_t i = 0; !err && i < n; i++) {
            const uint8_t *record = records + i * LISTS_RECORD;
            const struct lists_change change = change_decode_record(record);
            if (!is_whole(record))
                err = damaged(fault);
            else if (record[0] == TYPE_CHANGE)
                err = fn(ctx, &change);
        }
        from += n;
    }
    free(records);
    return err;
}
