/* SPDX-License-Identifier: Apache-2.0 */
#include "app/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

enum {
    PATH_ROOM = 4096,
    DIRECTORY_MODE = 0750,
    FILE_MODE = 0640,
    LEVEL = 9, /* of zstd: 40 MB/s, once a segment */
};

struct segments {
    char *directory;
    pthread_mutex_t lock;    /* guards what follows */
    struct feed_bound *ends; /* of segment i + 1; next_seq 0: not looked up yet */
    size_t count;
    uint64_t seen;          /* the register's next_seq */
    pthread_mutex_t making; /* held by who makes one; taken before lock */
    _Atomic uint64_t made;
};

enum err segments_new(const char *directory, struct segments **out)
{
    struct segments *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->making, NULL);
    s->directory = strdup(directory);
    if (!s->directory) {
        segments_free(s);
        return ERR_MEMORY;
    }
    *out = s;
    return ERR_OK;
}

void segments_free(struct segments *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->making);
    free(s->ends);
    free(s->directory);
    free(s);
}

/* ---- where they end ---- */

/* What was looked up does not fit the register any more: it was restored under us. */
void segments_forget(struct segments *s)
{
    pthread_mutex_lock(&s->lock);
    s->count = 0;
    pthread_mutex_unlock(&s->lock);
}

/* A register that has become shorter was restored. */
static void look_back(struct segments *s, uint64_t next_seq)
{
    pthread_mutex_lock(&s->lock);
    if (next_seq < s->seen)
        s->count = 0;
    s->seen = next_seq;
    pthread_mutex_unlock(&s->lock);
}

static bool recall(struct segments *s, uint64_t number, struct feed_bound *out)
{
    pthread_mutex_lock(&s->lock);
    bool known = number <= s->count && s->ends[number - 1].next_seq;
    if (known)
        *out = s->ends[number - 1];
    pthread_mutex_unlock(&s->lock);
    return known;
}

static enum err remember(struct segments *s, uint64_t number, const struct feed_bound *end)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&s->lock);
    if (number > s->count) {
        struct feed_bound *ends = realloc(s->ends, number * sizeof *ends);
        if (ends) {
            memset(ends + s->count, 0, (number - s->count) * sizeof *ends);
            s->ends = ends;
            s->count = number;
        } else {
            err = ERR_MEMORY;
        }
    }
    if (!err)
        s->ends[number - 1] = *end;
    pthread_mutex_unlock(&s->lock);
    return err;
}

/* Where segment `number` ends; 0: where the first begins. *out_is false: it is not sealed. */
static enum err end_of(struct segments *s, struct registry *reg, uint64_t number,
                       struct feed_bound *out, bool *out_is, struct fault *fault)
{
    *out_is = true;
    if (number == 0) {
        *out = (struct feed_bound){.next_seq = 1};
        memcpy(out->hash, reg->head.register_id, REGISTER_ID_BYTES);
        return ERR_OK;
    }
    if (recall(s, number, out))
        return ERR_OK;
    enum err err = feed_bound_find(reg, number * SEGMENT_ITEMS + 1, out, out_is, fault);
    return err || !*out_is ? err : remember(s, number, out);
}

static void name_of(uint64_t number, const struct feed_bound *end, char out[SEGMENT_NAME])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(end->hash, hex);
    snprintf(out, SEGMENT_NAME, "%llu-%s", (unsigned long long)number, hex);
}

enum err segments_list(struct segments *s, struct registry *reg, uint64_t next_seq, struct buf *out,
                       struct fault *fault)
{
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    look_back(s, reg->head.next_seq);
    if (next_seq >= reg->head.next_seq)
        return ERR_OK;
    /* The block behind next_seq begins there. */
    uint64_t number = (next_seq - 1) / SEGMENT_ITEMS + 1;
    for (int i = 0; !err && i < LIMIT_SEGMENTS; i++, number++) {
        struct feed_bound end = {0};
        char name[SEGMENT_NAME];
        bool is = false;
        err = end_of(s, reg, number, &end, &is, fault);
        if (err || !is)
            break;
        name_of(number, &end, name);
        buf_printf(out, "%s %llu\n", name, (unsigned long long)end.next_seq);
    }
    return !err && out->failed ? ERR_MEMORY : err;
}

/* ---- files ---- */

static bool path_of(const struct segments *s, const char *name, bool packed, char out[PATH_ROOM])
{
    int n =
        snprintf(out, PATH_ROOM, "%s/segment-%s%s", s->directory, name, packed ? ".zst" : ".tgfs");
    return n > 0 && n < PATH_ROOM;
}

static bool open_file(const struct segments *s, const char *name, bool packed, struct snapshot *out)
{
    char path[PATH_ROOM];
    struct stat st;
    if (!path_of(s, name, packed, path))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return false;
    }
    out->fd = fd;
    out->bytes = (uint64_t)st.st_size;
    /* Names are longer than tags; so much of the hash tells files of one number apart. */
    const char *hash = strchr(name, '-');
    snprintf(out->tag, sizeof out->tag, "\"%.*s%.17s%s\"", (int)(hash - name), name, hash,
             packed ? "-zstd" : "");
    return true;
}

static enum err write_file(const char *path, const void *p, size_t n, struct fault *fault)
{
    char beside[PATH_ROOM];
    if ((size_t)snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid()) >=
        sizeof beside)
        return fault_set(fault, ERR_FILE_WRITE, "%.64s…: too long a name", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    bool ok = fd >= 0;
    for (size_t done = 0; ok && done < n;) {
        ssize_t wrote = write(fd, (const char *)p + done, n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        ok = wrote > 0;
        done += ok ? (size_t)wrote : 0;
    }
    ok = ok && fsync(fd) == 0; /* a crash is to leave no file of zeros under its name */
    int why = errno;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(beside, path) == 0;
    if (!ok) {
        unlink(beside);
        return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", path, strerror(why));
    }
    return ERR_OK;
}

struct aged {
    int64_t at; /* 0: none */
    char name[256];
    uint64_t sum; /* of all that are ours */
};

static struct aged oldest(DIR *d)
{
    struct aged found = {0};
    struct stat st;
    rewinddir(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!str_starts(str_z(e->d_name), STR("segment-")) ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        found.sum += (uint64_t)st.st_size;
        int64_t at = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        if (found.at && at >= found.at)
            continue;
        found.at = at ? at : 1;
        str_copy(found.name, sizeof found.name, str_z(e->d_name));
    }
    return found;
}

static void tidy(const struct segments *s)
{
    DIR *d = opendir(s->directory);
    if (!d)
        return;
    for (struct aged old = oldest(d); old.at && old.sum > LIMIT_SEGMENTS_BYTES; old = oldest(d))
        if (unlinkat(dirfd(d), old.name, 0))
            break;
    closedir(d);
}

static enum err pack(const struct buf *whole, struct buf *out)
{
    size_t room = ZSTD_compressBound(whole->n);
    if (!buf_reserve(out, room))
        return ERR_MEMORY;
    size_t n = ZSTD_compress(out->p, room, whole->p, whole->n, LEVEL);
    if (ZSTD_isError(n))
        return ERR_MEMORY;
    out->n = n;
    return ERR_OK;
}

static enum err write_both(const struct segments *s, const char *name, const struct buf *whole,
                           struct fault *fault)
{
    char path[PATH_ROOM];
    struct buf packed = {0};
    enum err err = pack(whole, &packed);
    if (mkdir(s->directory, DIRECTORY_MODE) && errno != EEXIST)
        err = fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", s->directory, strerror(errno));
    if (!err && path_of(s, name, true, path))
        err = write_file(path, packed.p, packed.n, fault);
    if (!err && path_of(s, name, false, path))
        err = write_file(path, whole->p, whole->n, fault);
    buf_release(&packed);
    tidy(s);
    return err;
}

/* ---- making ---- */

static enum err no_such_segment(struct fault *fault)
{
    return fault_set(fault, ERR_NOT_FOUND, "the register has no segment of this name");
}

static enum err make(struct segments *s, struct registry *reg, uint64_t number, const char *name,
                     struct fault *fault)
{
    struct feed_bound from, until;
    struct buf whole = {0};
    char is_named[SEGMENT_NAME];
    bool begins = false, ends = false;
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = end_of(s, reg, number - 1, &from, &begins, fault);
    if (!err && begins)
        err = end_of(s, reg, number, &until, &ends, fault);
    if (err)
        return err;
    if (!begins || !ends)
        return no_such_segment(fault);
    name_of(number, &until, is_named);
    if (strcmp(is_named, name) != 0)
        return no_such_segment(fault);
    err = feed_sealed(reg, &from, &until, LIMIT_SEGMENT_BYTES, &whole, fault);
    if (!err)
        err = write_both(s, name, &whole, fault);
    buf_release(&whole);
    if (err != ERR_CHAIN)
        return err;
    segments_forget(s);
    return no_such_segment(fault);
}

/* "7-0123...": what name_of writes, and nothing else, as it becomes a file's name. */
static bool is_name(struct str text, char out[SEGMENT_NAME], uint64_t *out_number)
{
    struct str hex;
    struct str number = str_split(text, '-', &hex);
    if (!str_to_u64(number, INT64_MAX / SEGMENT_ITEMS - 1, out_number) || number.p[0] == '0' ||
        !hex.p || hex.n != 2 * (size_t)SHA256_BYTES)
        return false;
    for (size_t i = 0; i < hex.n; i++)
        if (!memchr("0123456789abcdef", hex.p[i], 16))
            return false;
    str_copy(out, SEGMENT_NAME, text);
    return true;
}

enum err segments_open(struct segments *s, struct registry *reg, struct str text, bool packed,
                       struct snapshot *out, struct fault *fault)
{
    char name[SEGMENT_NAME];
    uint64_t number;
    enum err err = ERR_OK;
    if (!is_name(text, name, &number))
        return no_such_segment(fault);
    if (open_file(s, name, packed, out))
        return ERR_OK;
    if (pthread_mutex_trylock(&s->making))
        return fault_set(fault, ERR_NOT_NOW, "a segment is being made");
    bool there = open_file(s, name, packed, out); /* since it was looked for */
    if (!there)
        err = make(s, reg, number, name, fault);
    if (!there && !err && !open_file(s, name, packed, out))
        err = fault_set(fault, ERR_FILE_OPEN, "%.160s: %s", s->directory, strerror(errno));
    pthread_mutex_unlock(&s->making);
    atomic_fetch_add(&s->made, 1); /* whoever was sent away meanwhile comes again */
    return err;
}

uint64_t segments_made(const struct segments *s)
{
    return atomic_load(&s->made);
}
