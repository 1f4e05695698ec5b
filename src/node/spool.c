/* SPDX-License-Identifier: Apache-2.0 */
#include "node/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { PATH_BYTES = 640 };

struct node_spool {
    char directory[PATH_BYTES - 32];
    uint64_t max_bytes;
    pthread_mutex_t lock;
    uint64_t first, last; /* numbers of the files there; first > last: none */
    uint64_t bytes;       /* of all */
    int fd;               /* of `last`, while it is written; -1: none is */
    uint32_t records;     /* in it */
    bool unsynced;
};

/* CRC-32C (RFC 3720 B.4), four bits at a time. */
static uint32_t crc32c(const uint8_t *p, size_t n)
{
    uint32_t crc = ~0U;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0);
    }
    return ~crc;
}

void node_spool_encode(const struct sighting *sighting, uint8_t out[SPOOL_RECORD])
{
    put_be(out, sighting->imei.body, 8);
    put_be(out + 8, (uint64_t)sighting->time_s, 8);
    put_be(out + 16, crc32c(out, 16), 4);
}

bool node_spool_decode(const uint8_t in[SPOOL_RECORD], struct sighting *out)
{
    struct sighting s = {{get_be(in, 8)}, (int64_t)get_be(in + 8, 8)};
    if (get_be(in + 16, 4) != crc32c(in, 16) || s.imei.body >= IMEI_BODIES)
        return false;
    *out = s;
    return true;
}

static void path_of(const struct node_spool *s, uint64_t file, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%llu.sightings", s->directory, (unsigned long long)file);
}

static bool number_of(const char *name, uint64_t *out)
{
    struct str rest, number = str_split(str_z(name), '.', &rest);
    return rest.p && str_eq(rest, STR("sightings")) && str_to_u64(number, UINT64_MAX - 1, out) &&
           *out > 0;
}

/* Numbers may have holes: files that were dropped. */
static enum err scan(struct node_spool *s, struct fault *fault)
{
    DIR *dir = opendir(s->directory);
    uint64_t number;
    struct stat st;
    char path[PATH_BYTES];
    if (!dir)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", s->directory, strerror(errno));
    for (struct dirent *e; (e = readdir(dir));) {
        if (!number_of(e->d_name, &number))
            continue;
        path_of(s, number, path);
        if (stat(path, &st) == 0)
            s->bytes += (uint64_t)st.st_size;
        if (s->first > s->last) {
            s->first = s->last = number;
        } else {
            s->first = number < s->first ? number : s->first;
            s->last = number > s->last ? number : s->last;
        }
    }
    closedir(dir);
    return ERR_OK;
}

enum err node_spool_open(const char *directory, uint64_t max_bytes, struct node_spool **out,
                         struct fault *fault)
{
    struct node_spool *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    str_copy(s->directory, sizeof s->directory, str_z(directory));
    s->max_bytes = max_bytes;
    s->fd = -1;
    s->first = 1;
    pthread_mutex_init(&s->lock, NULL);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        enum err err = fault_set(fault, ERR_FILE_OPEN, "%s: %s", directory, strerror(errno));
        node_spool_close(s);
        return err;
    }
    enum err err = scan(s, fault);
    if (err)
        node_spool_close(s);
    else
        *out = s;
    return err;
}

static bool sync_file(struct node_spool *s)
{
    if (s->fd < 0 || !s->unsynced)
        return true;
    s->unsynced = fdatasync(s->fd) != 0;
    return !s->unsynced;
}

static void close_file(struct node_spool *s)
{
    sync_file(s);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void node_spool_close(struct node_spool *s)
{
    if (!s)
        return;
    close_file(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool open_next(struct node_spool *s)
{
    char path[PATH_BYTES];
    path_of(s, s->last + 1, path);
    s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (s->fd < 0)
        return false;
    s->last++;
    s->records = 0;
    file_sync_directory(path);
    return true;
}

static bool add(struct node_spool *s, const uint8_t record[SPOOL_RECORD])
{
    if (s->bytes + SPOOL_RECORD > s->max_bytes) {
        errno = ENOSPC;
        return false;
    }
    if (s->fd >= 0 && s->records == SPOOL_FILE_RECORDS)
        close_file(s);
    if (s->fd < 0 && !open_next(s))
        return false;
    ssize_t n = write(s->fd, record, SPOOL_RECORD);
    if (n > 0)
        s->bytes += (uint64_t)n;
    if (n != SPOOL_RECORD) { /* what follows half a record would not be read */
        close_file(s);
        return false;
    }
    s->records++;
    s->unsynced = true;
    return true;
}

bool node_spool_add(struct node_spool *s, const struct sighting *sighting)
{
    uint8_t record[SPOOL_RECORD];
    node_spool_encode(sighting, record);
    pthread_mutex_lock(&s->lock);
    bool ok = add(s, record);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool node_spool_sync(struct node_spool *s)
{
    pthread_mutex_lock(&s->lock);
    bool ok = sync_file(s);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

uint64_t node_spool_bytes(struct node_spool *s, uint64_t *out_files)
{
    pthread_mutex_lock(&s->lock);
    uint64_t bytes = s->bytes;
    *out_files = s->last + 1 - s->first;
    pthread_mutex_unlock(&s->lock);
    return bytes;
}

static uint64_t cut(struct node_spool *s)
{
    char path[PATH_BYTES];
    for (; s->first <= s->last; s->first++) {
        path_of(s, s->first, path);
        if (s->first == s->last)
            close_file(s);
        if (access(path, F_OK) == 0 || errno != ENOENT)
            return s->first; /* what cannot be looked at may be there */
    }
    return 0;
}

uint64_t node_spool_cut(struct node_spool *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t file = cut(s);
    pthread_mutex_unlock(&s->lock);
    return file;
}

static void read_records(FILE *f, struct spool_batch *batch)
{
    uint8_t record[SPOOL_RECORD];
    size_t n;
    while (batch->count < batch->max && (n = fread(record, 1, sizeof record, f)) > 0)
        if (n == sizeof record && node_spool_decode(record, &batch->sightings[batch->count]))
            batch->count++;
        else
            batch->damaged++;
}

enum err node_spool_read(struct node_spool *s, uint64_t file, struct spool_batch *batch,
                         struct fault *fault)
{
    char path[PATH_BYTES];
    batch->count = batch->damaged = 0;
    path_of(s, file, path);
    FILE *f = fopen(path, "rbe");
    if (!f && errno == ENOENT)
        return ERR_OK;
    if (!f)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", path, strerror(errno));
    read_records(f, batch);
    bool failed = ferror(f);
    int why = errno;
    fclose(f);
    if (!failed)
        return ERR_OK;
    batch->count = batch->damaged = 0;
    return fault_set(fault, ERR_FILE_READ, "%s: %s", path, strerror(why));
}

void node_spool_drop(struct node_spool *s, uint64_t file)
{
    char path[PATH_BYTES];
    struct stat st;
    path_of(s, file, path);
    pthread_mutex_lock(&s->lock);
    uint64_t bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    unlink(path);
    s->bytes -= bytes < s->bytes ? bytes : s->bytes;
    if (file == s->first)
        s->first++;
    pthread_mutex_unlock(&s->lock);
}
