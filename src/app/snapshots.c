/* SPDX-License-Identifier: Apache-2.0 */
#include "app/snapshots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/quiet.h"
#include "app/snapshot_parts.h"

enum {
    RETRY_S = 5, /* after one could not be made */
    PATH_ROOM = 4096,
    DIRECTORY_MODE = 0750,
};

struct snapshots {
    char *directory;
    struct readers *readers;
    int64_t every_us;
    uint64_t items;
    pthread_t writer;
    bool has_writer;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t given; /* an image, or the end */
    atomic_bool stopping;
    bool wanted;
    struct index_image *image; /* being written, or to be */
    bool by_journal;           /* instead of an image: one is being made, or to be */
    int64_t loud_us;           /* monotonic: since when one is wanted and a batch is open; 0: not */
    unsigned life;             /* of the register that is followed: another when it was restored */
    int fd;                    /* -1 = none yet */
    uint64_t bytes, next_seq;
    int64_t made_us;       /* monotonic */
    uint64_t register_seq; /* as the follower saw it last */
    uint64_t quiet_seq;    /* the last place of which an image can be made */
    char tag[SNAPSHOT_TAG];
    struct snapshot before; /* fd -1: none */
    struct snapshot_parts parts;
    uint64_t made;
    int64_t failed_us; /* monotonic; 0 = the last one was made */
    struct fault failure;
};

static void *write_images(void *arg);

enum err snapshots_new(const struct snapshots_options *options, struct readers *readers,
                       struct snapshots **out)
{
    struct snapshots *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    pthread_condattr_t by_clock;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&by_clock);
    pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
    pthread_cond_init(&s->given, &by_clock);
    pthread_condattr_destroy(&by_clock);
    s->fd = s->before.fd = -1;
    snapshot_parts_init(&s->parts);
    s->readers = readers;
    s->every_us = INT64_C(1000000) * (options->every_s ? options->every_s : SNAPSHOT_EVERY_S);
    s->items = options->items ? options->items : SNAPSHOT_ITEMS;
    s->directory = strdup(options->directory);
    s->has_writer = s->directory && pthread_create(&s->writer, NULL, write_images, s) == 0;
    if (!s->has_writer) {
        snapshots_free(s);
        return ERR_MEMORY;
    }
    *out = s;
    return ERR_OK;
}

void snapshots_free(struct snapshots *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    pthread_cond_signal(&s->given);
    pthread_mutex_unlock(&s->lock);
    if (s->has_writer)
        pthread_join(s->writer, NULL);
    index_image_free(s->image);
    if (s->fd >= 0)
        close(s->fd);
    if (s->before.fd >= 0)
        close(s->before.fd);
    snapshot_parts_release(&s->parts);
    pthread_cond_destroy(&s->given);
    pthread_mutex_destroy(&s->lock);
    free(s->directory);
    free(s);
}

uint64_t snapshots_made(struct snapshots *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t made = s->made;
    pthread_mutex_unlock(&s->lock);
    return made;
}

struct snapshots_kept snapshots_kept(struct snapshots *s)
{
    pthread_mutex_lock(&s->lock);
    const struct snapshots_kept kept = snapshot_parts_kept(&s->parts);
    pthread_mutex_unlock(&s->lock);
    return kept;
}

/* ---- giving ---- */

/* What was made as of a place, at a time. */
static bool is_fresh_as_of(const struct snapshots *s, uint64_t next_seq, int64_t made_us)
{
    if (next_seq == s->quiet_seq)
        return true;
    return clock_monotonic_us() - made_us < s->every_us && s->register_seq - next_seq < s->items;
}

static bool is_fresh(const struct snapshots *s)
{
    return s->fd >= 0 && is_fresh_as_of(s, s->next_seq, s->made_us);
}

static enum err give(const struct snapshot *kept, struct snapshot *out, struct fault *fault)
{
    /* A description of its own: MHD and others seek. */
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", kept->fd);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "snapshot: %s", strerror(errno));
    *out = *kept;
    out->fd = fd;
    return ERR_OK;
}

static struct snapshot last(const struct snapshots *s)
{
    struct snapshot kept = {.fd = s->fd, .bytes = s->bytes};
    memcpy(kept.tag, s->tag, sizeof kept.tag);
    return kept;
}

enum err snapshots_named(struct snapshots *s, struct str name, struct snapshot *out,
                         struct fault *fault)
{
    char tag[SNAPSHOT_TAG];
    enum err err = ERR_NOT_FOUND;
    snprintf(tag, sizeof tag, "\"%.*s\"", (int)(name.n < SNAPSHOT_TAG ? name.n : SNAPSHOT_TAG),
             name.p);
    pthread_mutex_lock(&s->lock);
    const struct snapshot now = last(s);
    if (now.fd >= 0 && strcmp(tag, now.tag) == 0)
        err = give(&now, out, fault);
    else if (s->before.fd >= 0 && strcmp(tag, s->before.tag) == 0)
        err = give(&s->before, out, fault);
    const struct snapshot *part =
        err == ERR_NOT_FOUND ? snapshot_parts_named(&s->parts, tag, clock_monotonic_us()) : NULL;
    if (part)
        err = give(part, out, fault);
    pthread_mutex_unlock(&s->lock);
    return err == ERR_NOT_FOUND ? fault_set(fault, err, "the register has no snapshot of this name")
                                : err;
}

/* With the lock held, as open_part. */
static enum err open_whole(struct snapshots *s, const struct snapshot_ask *ask,
                           struct snapshot *out, struct fault *fault)
{
    const struct snapshot now = last(s);
    const bool known = now.fd >= 0 && str_eq(ask->tag, str_z(now.tag));
    if (known || is_fresh(s))
        return give(&now, out, fault);
    s->wanted = true;
    if (ask->any && now.fd >= 0)
        return give(&now, out, fault);
    if (s->failed_us && now.fd < 0) {
        if (fault)
            *fault = s->failure;
        return s->failure.err;
    }
    return ERR_NOT_NOW;
}

/* It is of a whole one: where that is too old, it comes first. */
static enum err open_part(struct snapshots *s, const struct snapshot_ask *ask, struct snapshot *out,
                          struct fault *fault)
{
    struct snapshot_part *part;
    enum err err = snapshot_parts_find(&s->parts, ask, clock_monotonic_us(), &part, fault);
    if (err)
        return err;
    const bool there = part->now.fd >= 0, known = there && str_eq(ask->tag, str_z(part->now.tag));
    if (known || (there && is_fresh_as_of(s, part->next_seq, part->made_us)))
        return give(&part->now, out, fault);
    const struct fault *failure = part->failure.err ? &part->failure
                                  : s->failed_us    ? &s->failure
                                                    : NULL;
    part->wanted = true;
    s->wanted = s->wanted || !is_fresh(s);
    pthread_cond_signal(&s->given);
    if (there && ask->any)
        return give(&part->now, out, fault);
    if (there || !failure)
        return ERR_NOT_NOW;
    if (fault)
        *fault = *failure;
    return failure->err;
}

enum err snapshots_open(struct snapshots *s, const struct snapshot_ask *ask, struct snapshot *out,
                        struct fault *fault)
{
    pthread_mutex_lock(&s->lock);
    enum err err = tac_ranges_are_all(ask->tacs) ? open_whole(s, ask, out, fault)
                                                 : open_part(s, ask, out, fault);
    pthread_mutex_unlock(&s->lock);
    return err;
}

/* ---- making ---- */

/* Removes what is not `keep`: files of ours, of this server before or of one that died. */
static void tidy(const char *directory, const char *keep)
{
    DIR *d = opendir(directory);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n > 14 && str_starts(str_z(e->d_name), STR("snapshot-")) &&
            strcmp(e->d_name + n - 5, ".tgix") == 0 && strcmp(e->d_name, keep) != 0)
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
}

/* The header holds the hash of all hashes, and the signature is over the header: their hash names the file. */
static enum err name_file(int fd, uint64_t next_seq, char tag[SNAPSHOT_TAG])
{
    uint8_t head[INDEX_FILE_START], hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
        return ERR_FILE_READ;
    sha256_once(head, sizeof head, hash);
    sha256_hex(hash, hex);
    snprintf(tag, SNAPSHOT_TAG, "\"%llu-%.16s\"", (unsigned long long)next_seq, hex);
    return ERR_OK;
}

static enum err write_file(struct snapshots *s, struct index_image *image, const char *path,
                           struct fault *fault)
{
    struct registry *reader;
    if (mkdir(s->directory, DIRECTORY_MODE) && errno != EEXIST)
        return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", s->directory, strerror(errno));
    enum err err = readers_take(s->readers, &reader, fault);
    if (err)
        return err;
    err = registry_refresh(reader, fault);
    if (!err)
        err = registry_write_image(reader, image, path, fault);
    readers_give(s->readers, reader);
    return err;
}

/* A part has no name in the directory: who has it open has it. */
static enum err write_one(struct snapshots *s, struct index_image *image, bool part,
                          struct snapshot *out, struct fault *fault)
{
    char name[64], path[PATH_ROOM];
    struct stat st;
    const uint64_t next_seq = index_image_state(image).next_seq;
    snprintf(name, sizeof name, "snapshot-%llu-%d%s.tgix", (unsigned long long)next_seq,
             (int)getpid(), part ? "-part" : "");
    if ((size_t)snprintf(path, sizeof path, "%s/%s", s->directory, name) >= sizeof path)
        return fault_set(fault, ERR_FILE_WRITE, "%.64s…: too long a name", s->directory);
    enum err err = write_file(s, image, path, fault);
    if (err)
        return err;
    out->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (out->fd < 0 || fstat(out->fd, &st))
        err = fault_set(fault, ERR_FILE_OPEN, "%.160s: %s", path, strerror(errno));
    else
        err = name_file(out->fd, next_seq, out->tag);
    if (!err)
        out->bytes = (uint64_t)st.st_size;
    else if (out->fd >= 0)
        close(out->fd);
    if (part)
        (void)unlink(path);
    else
        tidy(s->directory, name);
    return err;
}

/* The file of before as an index, to go on from; NULL: there is none, or it is not good. */
static struct index *read_last(const struct snapshots *s, const struct registry *reader, int fd)
{
    char path[32];
    struct index_loaded loaded;
    const struct index_want want = {.register_id = reader->head.register_id,
                                    .public_key = reader->keys.sign.public_key};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || atomic_load(&s->stopping) || index_file_read(path, &want, &loaded, NULL))
        return NULL;
    struct index *index = loaded.index;
    loaded.index = NULL;
    index_loaded_release(&loaded);
    return index;
}

static enum err image_by_journal(struct snapshots *s, int fd, struct index_image **out,
                                 struct fault *fault)
{
    struct registry *reader;
    enum err err = readers_take(s->readers, &reader, fault);
    if (err)
        return err;
    err = registry_refresh(reader, fault);
    if (!err)
        err = registry_image_before(reader, read_last(s, reader, fd), &s->stopping, out, fault);
    readers_give(s->readers, reader);
    return err;
}

/* With the lock held: what became of the image takes the place of the one before. */
static void take_over(struct snapshots *s, const struct snapshot *new, uint64_t next_seq,
                      int64_t began_us, const struct fault *fault)
{
    s->made++;
    s->wanted = false;
    s->failed_us = 0;
    if (fault->err) {
        s->failed_us = clock_monotonic_us();
        s->failure = *fault;
        return;
    }
    if (s->before.fd >= 0)
        close(s->before.fd);
    s->before = last(s);
    s->fd = new->fd;
    s->bytes = new->bytes;
    s->next_seq = next_seq;
    s->made_us = began_us;
    if (s->quiet_seq < next_seq) /* the journal knew a later place than the follower */
        s->quiet_seq = next_seq;
    memcpy(s->tag, new->tag, sizeof s->tag);
}

/* With the lock held, which is let go meanwhile. */
static void make_one(struct snapshots *s)
{
    struct index_image *image = s->image;
    const unsigned life = s->life;
    const int fd = image || s->fd < 0 ? -1 : fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    const int64_t began_us = clock_monotonic_us();
    struct snapshot new = {.fd = -1};
    struct fault fault = {0};
    uint64_t next_seq = 0;
    pthread_mutex_unlock(&s->lock);
    if (!image)
        fault.err = image_by_journal(s, fd, &image, &fault);
    if (!fault.err) {
        next_seq = index_image_state(image).next_seq;
        fault.err = write_one(s, image, false, &new, &fault);
    }
    index_image_free(image);
    if (fd >= 0)
        close(fd);
    pthread_mutex_lock(&s->lock);
    s->image = NULL;
    s->by_journal = false;
    s->loud_us = 0;
    if (life == s->life)
        take_over(s, &new, next_seq, began_us, &fault);
    else if (!fault.err)
        close(new.fd);
}

/* ---- parts ---- */

static enum err image_of_part(struct snapshots *s, int fd, const struct tac_ranges *tacs,
                              struct index_image **out, struct fault *fault)
{
    struct registry *reader;
    struct index *part = NULL;
    enum err err = readers_take(s->readers, &reader, fault);
    if (err)
        return err;
    struct index *whole = read_last(s, reader, fd);
    readers_give(s->readers, reader);
    err = whole ? index_part(whole, tacs, &s->stopping, &part)
                : fault_set(fault, ERR_FILE_READ, "the whole snapshot cannot be read");
    index_free(whole);
    if (!err)
        err = atomic_load(&s->stopping) ? ERR_STOPPED : index_image_new(part, out);
    index_free(part);
    return err;
}

/* With the lock held, which is let go meanwhile. */
static void make_part(struct snapshots *s, struct snapshot_part *part)
{
    struct index_image *image = NULL;
    struct snapshot new = {.fd = -1};
    struct fault fault = {0};
    const struct tac_ranges tacs = part->tacs;
    const unsigned life = s->life;
    const uint64_t next_seq = s->next_seq;
    const int64_t made_us = s->made_us;
    const int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    part->making = true;
    pthread_mutex_unlock(&s->lock);
    fault.err = image_of_part(s, fd, &tacs, &image, &fault);
    if (!fault.err)
        fault.err = write_one(s, image, true, &new, &fault);
    index_image_free(image);
    if (fd >= 0)
        close(fd);
    pthread_mutex_lock(&s->lock);
    part->making = part->wanted = false;
    s->made++;
    if (fault.err) {
        snapshot_part_fail(part, &fault, clock_monotonic_us());
        return;
    }
    if (life != s->life) {
        close(new.fd);
        return;
    }
    part->next_seq = next_seq;
    part->made_us = made_us;
    snapshot_parts_take(&s->parts, part, &new);
}

/* With the lock held. The part that is to be made now: NULL, too, while a whole one is to come first. */
static struct snapshot_part *next_part(struct snapshots *s)
{
    struct snapshot_part *part;
    if (s->fd < 0 || (s->wanted && !is_fresh(s)))
        return NULL;
    while ((part = snapshot_parts_wanted(&s->parts, clock_monotonic_us()))) {
        if (part->now.fd < 0 || part->next_seq != s->next_seq)
            return part;
        part->made_us = s->made_us; /* of this very whole */
        part->wanted = false;
        part->failure = (struct fault){0};
        s->made++;
    }
    return NULL;
}

/* With the lock held: until there is something to be done, or one that failed may be tried again. */
static void wait_for_work(struct snapshots *s)
{
    const int64_t until_us = snapshot_parts_retry_us(&s->parts, clock_monotonic_us());
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    if (until_us == INT64_MAX)
        pthread_cond_wait(&s->given, &s->lock);
    else
        pthread_cond_timedwait(&s->given, &s->lock, &until);
}

static void *write_images(void *arg)
{
    struct snapshots *s = arg;
    struct snapshot_part *part;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stopping)) {
        if (s->image || s->by_journal)
            make_one(s);
        else if ((part = next_part(s)))
            make_part(s, part);
        else
            wait_for_work(s);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* With the lock held. An image is wanted and a batch is open: has that been so for too long? */
static bool is_too_long(struct snapshots *s, int64_t now_us)
{
    if (!s->loud_us)
        s->loud_us = now_us;
    return now_us - s->loud_us > SNAPSHOT_PATIENCE_MS * INT64_C(1000);
}

void snapshots_look(struct snapshots *s, const struct index *index, bool quiet)
{
    struct index_image *image;
    const int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&s->lock);
    s->register_seq = index_state(index).next_seq;
    snapshot_parts_rest(&s->parts, now_us);
    if (quiet)
        s->quiet_seq = s->register_seq;
    bool due = s->wanted && !s->image && !s->by_journal &&
               (!s->failed_us || now_us - s->failed_us > RETRY_S * INT64_C(1000000));
    if (!due || quiet)
        s->loud_us = 0;
    if (due && !quiet && is_too_long(s, now_us)) {
        s->by_journal = true;
        pthread_cond_signal(&s->given);
    }
    due = due && quiet;
    pthread_mutex_unlock(&s->lock);
    if (!due || index_image_new(index, &image)) /* no memory for a copy: at the next look */
        return;
    pthread_mutex_lock(&s->lock);
    s->image = image;
    pthread_cond_signal(&s->given);
    pthread_mutex_unlock(&s->lock);
}

void snapshots_forget(struct snapshots *s)
{
    pthread_mutex_lock(&s->lock);
    s->life++;
    s->next_seq = s->quiet_seq = 0;
    s->loud_us = 0;
    s->wanted = s->wanted || s->fd >= 0;
    if (s->fd >= 0)
        close(s->fd);
    if (s->before.fd >= 0)
        close(s->before.fd);
    s->fd = s->before.fd = -1;
    snapshot_parts_forget(&s->parts);
    s->tag[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}
