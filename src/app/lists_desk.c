/* SPDX-License-Identifier: Apache-2.0
 *
 * One lock guards the keepers of the lists and is held while they follow and while a view or a delta is taken, never
 * while a text is made. White is followed only once somebody has asked for it: most countries never do. */
#include "app/lists_desk.h"

#include "app/lists_spared.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STANDINGS_EVERY_MS = 5000, PATH_ROOM = 4096, FILE_MODE = 0600, LOCK_PATIENCE_S = 10 };

/* A full list that was made. */
struct kept {
    char operator_name[LIMIT_NAME + 1];
    uint8_t list;
    enum lists_pack pack;
    int64_t made_us; /* monotonic */
    daynum day;
    struct lists_desk_file file; /* fd: ours */
};

struct lists_desk {
    char *directory, *url, *key;
    const struct clock *clock;
    struct readers *readers;
    bool writes;
    const struct operators *operators;
    lists_names_fn *names;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    bool stopping;
    struct lists *lists[LISTS_DESK_KINDS];
    uint64_t seq[LISTS_DESK_KINDS];
    struct kept kept[LISTS_DESK_FULLS];
    size_t kept_count;
    pthread_mutex_t write_lock; /* guards the writer */
    struct registry *writer;
    pthread_mutex_t say_lock; /* guards what is told without waiting */
    struct lists_standing standings[LISTS_DESK_OPERATORS];
    size_t standing_count;
    int64_t standings_us; /* monotonic: when they were looked at last */
    uint64_t said_seq[LISTS_DESK_KINDS];
    uint64_t unnamed; /* of the last full list of exceptions */
};

static void *keep(void *arg);

enum err lists_desk_new(const struct lists_desk_options *options, struct lists_desk **out,
                        struct fault *fault)
{
    struct lists_desk *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_MEMORY;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->write_lock, NULL);
    pthread_mutex_init(&d->say_lock, NULL);
    pthread_cond_init(&d->moved, NULL);
    d->directory = strdup(options->directory);
    d->url = strdup(options->url);
    d->key = options->key ? strdup(options->key) : NULL;
    d->clock = options->clock;
    d->readers = options->readers;
    d->writes = options->writes;
    d->operators = options->operators;
    d->names = options->names;
    d->standings_us = clock_monotonic_us();
    enum err err = d->directory && d->url && (d->key || !options->key) ? ERR_OK : ERR_MEMORY;
    if (!err)
        err = lists_open(d->directory, LIST_BLACK, &d->lists[0], fault);
    if (!err) {
        d->has_thread = pthread_create(&d->thread, NULL, keep, d) == 0;
        err = d->has_thread ? ERR_OK : ERR_MEMORY;
    }
    if (err)
        lists_desk_free(d);
    else
        *out = d;
    return err;
}

void lists_desk_free(struct lists_desk *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->moved);
    pthread_mutex_unlock(&d->lock);
    if (d->has_thread)
        pthread_join(d->thread, NULL);
    for (size_t i = 0; i < d->kept_count; i++)
        close(d->kept[i].file.fd);
    for (unsigned i = 0; i < LISTS_DESK_KINDS; i++)
        lists_close(d->lists[i]);
    registry_close(d->writer);
    pthread_cond_destroy(&d->moved);
    pthread_mutex_destroy(&d->say_lock);
    pthread_mutex_destroy(&d->write_lock);
    pthread_mutex_destroy(&d->lock);
    free(d->directory);
    free(d->url);
    free(d->key);
    free(d);
}

/* Not for long: whoever waits here holds a thread that others want. */
static enum err take_lock(struct lists_desk *d, struct fault *fault)
{
    const struct timespec until = clock_in_ms(1000 * LOCK_PATIENCE_S);
    if (pthread_mutex_timedlock(&d->lock, &until))
        return fault_set(fault, ERR_UNAVAILABLE, "the lists are being brought up to date");
    return ERR_OK;
}

/* With the lock held. */
static enum err follow(struct lists_desk *d, uint8_t kind, struct registry *reg,
                       struct fault *fault)
{
    const unsigned i = lists_kind_place(kind);
    enum err err = d->lists[i] ? ERR_OK : lists_open(d->directory, kind, &d->lists[i], fault);
    if (!err)
        err = lists_follow(d->lists[i], reg, fault);
    if (!err) {
        d->seq[i] = lists_place(d->lists[i]).next_seq;
        pthread_mutex_lock(&d->say_lock);
        d->said_seq[i] = d->seq[i];
        pthread_mutex_unlock(&d->say_lock);
    }
    return err;
}

/* ---- the thread ---- */

struct standing {
    struct lists_desk *desk;
    struct lists_receipt *receipts;
    size_t count;
};

static bool note_receipt(void *ctx, const struct lists_receipt *receipt)
{
    struct standing *s = ctx;
    if (lists_kind_place(receipt->list) < LISTS_DESK_KINDS)
        s->receipts[s->count++] = *receipt;
    return s->count < LISTS_DESK_OPERATORS;
}

/* With the lock held. */
static enum err look_at_standings(struct lists_desk *d, struct registry *reg)
{
    struct standing s = {d, calloc(LISTS_DESK_OPERATORS, sizeof *s.receipts), 0};
    struct lists_standing *all = calloc(LISTS_DESK_OPERATORS, sizeof *all);
    size_t n = 0;
    enum err err = s.receipts && all ? ERR_OK : ERR_MEMORY;
    if (!err)
        err = lists_receipts(reg, note_receipt, &s, NULL);
    for (size_t i = 0; !err && i < s.count; i++) {
        const uint8_t kind = s.receipts[i].list;
        err = follow(d, kind, reg, NULL);
        if (!err)
            err =
                lists_stand(d->lists[lists_kind_place(kind)], reg, &s.receipts[i], &all[n++], NULL);
    }
    if (!err) {
        pthread_mutex_lock(&d->say_lock);
        memcpy(d->standings, all, n * sizeof *all);
        d->standing_count = n;
        d->standings_us = clock_monotonic_us();
        pthread_mutex_unlock(&d->say_lock);
    }
    free(s.receipts);
    free(all);
    return err;
}

/* With the lock held. */
static void look(struct lists_desk *d, bool standings)
{
    struct registry *reg;
    if (readers_take(d->readers, &reg, NULL))
        return;
    enum err err = ERR_OK;
    for (unsigned i = 0; !err && i < LISTS_DESK_KINDS; i++)
        if (d->lists[i])
            err = follow(d, lists_kind_at(i), reg, NULL);
    if (!err && standings)
        err = look_at_standings(d, reg);
    readers_give(d->readers, reg);
}

static void *keep(void *arg)
{
    struct lists_desk *d = arg;
    pthread_mutex_lock(&d->lock);
    for (unsigned ms = 0; !d->stopping; ms += LISTS_DESK_EVERY_MS) {
        look(d, ms % STANDINGS_EVERY_MS == 0);
        const struct timespec until = clock_in_ms(LISTS_DESK_EVERY_MS);
        if (!d->stopping)
            (void)pthread_cond_timedwait(&d->moved, &d->lock, &until);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* ---- texts ---- */

/* A file without a name: it goes when the last descriptor does. */
static enum err open_nameless(const struct lists_desk *d, int *out, struct fault *fault)
{
    char path[PATH_ROOM];
    int fd = open(d->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR) &&
        (size_t)snprintf(path, sizeof path, "%s/text-XXXXXX", d->directory) < sizeof path &&
        (fd = mkostemp(path, O_CLOEXEC)) >= 0)
        (void)unlink(path);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", d->directory, strerror(errno));
    *out = fd;
    return ERR_OK;
}

/* A description of its own: who sends it seeks. */
static enum err give(const struct lists_desk_file *file, struct lists_desk_file *out,
                     struct fault *fault)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "a list: %s", strerror(errno));
    *out = *file;
    out->fd = fd;
    return ERR_OK;
}

/* Two makings at one place differ in their time: the hash tells them apart. */
static void name_it(const struct lists_made *made, struct lists_desk_file *file)
{
    file->bytes = made->bytes.file_bytes;
    file->rows = made->rows;
    snprintf(file->tag, sizeof file->tag, "\"%s-%.16s\"", made->cursor, made->sha256);
}

static struct lists_sheet sheet_of(const struct lists_desk_ask *ask, const struct registry *reg)
{
    return (struct lists_sheet){.registry = reg,
                                .operator_name = ask->operator_name,
                                .kind = lists_kind_name(ask->list),
                                .layout = LISTS_TAMGA,
                                .pack = ask->pack,
                                .passing = true};
}

static enum err make_delta(struct lists_desk *d, const struct lists_desk_ask *ask,
                           struct registry *reg, struct lists_desk_file *out, struct fault *fault)
{
    struct lists_delta delta;
    struct lists_made made;
    enum err err = take_lock(d, fault);
    if (err)
        return err;
    err = follow(d, ask->list, reg, fault);
    if (!err)
        err = lists_since_for(d->lists[lists_kind_place(ask->list)], reg,
                              &(struct lists_ask){ask->operator_name, ask->since}, &delta, fault);
    pthread_mutex_unlock(&d->lock);
    if (err)
        return err;
    const struct lists_sheet sheet = sheet_of(ask, reg);
    struct lists_desk_file file = {.fd = -1};
    if (ask->rows_only && !delta.count) {
        lists_delta_release(&delta);
        *out = file;
        return ERR_OK;
    }
    err = open_nameless(d, &file.fd, fault);
    if (!err)
        err = lists_text_delta(&sheet, &delta, file.fd, &made, fault);
    lists_delta_release(&delta);
    if (err) {
        if (file.fd >= 0)
            close(file.fd);
        return err;
    }
    name_it(&made, &file);
    *out = file;
    return ERR_OK;
}

/* With the lock held: the place of a full list, the one that stands or the oldest. */
static struct kept *kept_of(struct lists_desk *d, const struct lists_desk_ask *ask)
{
    struct kept *oldest = &d->kept[0];
    for (size_t i = 0; i < d->kept_count; i++) {
        struct kept *k = &d->kept[i];
        if (k->list == ask->list && k->pack == ask->pack &&
            strcmp(k->operator_name, ask->operator_name) == 0)
            return k;
        if (k->made_us < oldest->made_us)
            oldest = k;
    }
    if (d->kept_count == LISTS_DESK_FULLS) {
        close(oldest->file.fd);
        oldest->file.fd = -1;
    } else {
        oldest = &d->kept[d->kept_count++];
        *oldest = (struct kept){.file.fd = -1};
    }
    str_copy(oldest->operator_name, sizeof oldest->operator_name, str_z(ask->operator_name));
    oldest->list = ask->list;
    oldest->pack = ask->pack;
    return oldest;
}

static bool is_young(const struct kept *k, daynum today)
{
    return k->file.fd >= 0 && k->day == today &&
           clock_monotonic_us() - k->made_us < LISTS_DESK_FULL_S * INT64_C(1000000);
}

/* A full list that stands already, or what one is made of. */
struct full {
    struct lists_desk_file file; /* fd -1: to be made */
    struct lists_view *view;
    struct lists_place place;
};

struct keeping {
    const struct lists_desk_ask *ask;
    const struct lists_desk_file *made;
    daynum day;
};

/* A young one, or a view to make one of. */
static enum err look_for_full(struct lists_desk *d, const struct lists_desk_ask *ask,
                              struct registry *reg, struct full *full, struct fault *fault)
{
    enum err err = follow(d, ask->list, reg, fault);
    struct lists *lists = d->lists[lists_kind_place(ask->list)];
    if (err)
        return err;
    struct kept *kept = kept_of(d, ask);
    if (is_young(kept, registry_today(reg)))
        return give(&kept->file, &full->file, fault);
    err = lists_full_for(lists, reg, ask->operator_name, &full->view, fault);
    full->place = lists_place(lists);
    return err;
}

/* With the lock held: what was made takes the place of the one before. */
static enum err keep_full(struct lists_desk *d, const struct keeping *k,
                          struct lists_desk_file *out, struct fault *fault)
{
    struct kept *kept = kept_of(d, k->ask);
    if (kept->file.fd >= 0)
        close(kept->file.fd);
    kept->file = *k->made;
    kept->day = k->day;
    kept->made_us = clock_monotonic_us();
    return give(&kept->file, out, fault);
}

static enum err make_full(struct lists_desk *d, const struct lists_desk_ask *ask,
                          struct registry *reg, struct lists_desk_file *out, struct fault *fault)
{
    struct lists_made made;
    struct full full = {.file = {.fd = -1}};
    enum err err = take_lock(d, fault);
    if (err)
        return err;
    err = look_for_full(d, ask, reg, &full, fault);
    pthread_mutex_unlock(&d->lock);
    if (err || !full.view) {
        if (!err)
            *out = full.file;
        return err;
    }
    struct lists_sheet sheet = sheet_of(ask, reg);
    sheet.place = full.place;
    err = open_nameless(d, &full.file.fd, fault);
    if (!err)
        err = lists_text_full(&sheet, full.view, full.file.fd, &made, fault);
    lists_view_free(full.view);
    if (err) {
        if (full.file.fd >= 0)
            close(full.file.fd);
        return err;
    }
    name_it(&made, &full.file);
    pthread_mutex_lock(&d->lock);
    const struct keeping keeping = {ask, &full.file, full.place.gate.swept_through};
    err = keep_full(d, &keeping, out, fault);
    pthread_mutex_unlock(&d->lock);
    return err;
}

/* ---- exceptions ---- */

/* With the write lock held. */
static enum err writer_of(struct lists_desk *d, struct fault *fault)
{
    if (!d->writes)
        return fault_set(fault, ERR_UNAVAILABLE, "this server only answers");
    const struct registry_options options = {
        .url = d->url, .key = d->key, .clock = d->clock, .write = true, .no_tac = true};
    return d->writer ? ERR_OK : registry_open(&options, &d->writer, fault);
}

/* With the write lock held. */
static enum err take_exceptions(struct lists_desk *d, const struct lists_desk_ask *ask,
                                struct lists_exceptions *out, struct fault *fault)
{
    enum err err = writer_of(d, fault);
    if (!err)
        err = take_lock(d, fault);
    if (err)
        return err;
    err = follow(d, LISTS_EXCEPTIONS, d->writer, fault);
    struct lists *lists = d->lists[lists_kind_place(LISTS_EXCEPTIONS)];
    if (!err)
        err = ask->since ? lists_exceptions_since(lists, d->writer, ask->since, out, fault)
                         : lists_exceptions_full(lists, d->writer, out, fault);
    pthread_mutex_unlock(&d->lock);
    return err;
}

/* In memory alone: there are IMSIs in it. */
static enum err write_exceptions(const struct lists_sheet *sheet,
                                 const struct lists_exceptions *own, struct lists_desk_file *out,
                                 struct fault *fault)
{
    struct lists_made made;
    struct lists_desk_file file = {.fd = memfd_create("exceptions", MFD_CLOEXEC)};
    if (file.fd < 0)
        return fault_set(fault, ERR_FILE_WRITE, "a list in memory: %s", strerror(errno));
    enum err err = lists_text_exceptions(sheet, own, file.fd, &made, fault);
    if (err) {
        close(file.fd);
        return err;
    }
    name_it(&made, &file);
    *out = file;
    return ERR_OK;
}

static void say_unnamed(struct lists_desk *d, uint64_t n)
{
    pthread_mutex_lock(&d->say_lock);
    d->unnamed = n;
    pthread_mutex_unlock(&d->say_lock);
}

static enum err open_exceptions(struct lists_desk *d, const struct lists_desk_ask *ask,
                                struct lists_desk_file *out, struct fault *fault)
{
    const struct plmn_list *plmn = operators_plmn(d->operators, str_z(ask->operator_name));
    const struct lists_asker who = {ask->operator_name, ask->by};
    struct lists_exceptions e = {.count = 0};
    if (!plmn || !d->names)
        return fault_set(
            fault, ERR_NOT_FOUND,
            "the settings name no subscribers of this operator: [operator NAME], plmn");
    pthread_mutex_lock(&d->write_lock);
    enum err err = take_exceptions(d, ask, &e, fault);
    const bool news = !ask->rows_only || e.count;
    if (!err && news)
        err = d->names(d->writer, &who, e.rows, e.count, fault);
    if (!err)
        err = lists_exceptions_own(&e, plmn, fault);
    if (!err && ask->rows_only && !e.count) {
        *out = (struct lists_desk_file){.fd = -1};
    } else if (!err) {
        struct lists_sheet sheet = sheet_of(ask, d->writer);
        sheet.since = ask->since;
        err = write_exceptions(&sheet, &e, out, fault);
    }
    pthread_mutex_unlock(&d->write_lock);
    if (!err && !ask->since)
        say_unnamed(d, e.unnamed);
    lists_exceptions_release(&e);
    return err;
}

enum err lists_desk_open(struct lists_desk *d, const struct lists_desk_ask *ask,
                         struct lists_desk_file *out, struct fault *fault)
{
    struct registry *reg;
    if (ask->list == LISTS_EXCEPTIONS)
        return open_exceptions(d, ask, out, fault);
    enum err err = readers_take(d->readers, &reg, fault);
    if (err)
        return err;
    err = ask->since ? make_delta(d, ask, reg, out, fault) : make_full(d, ask, reg, out, fault);
    readers_give(d->readers, reg);
    return err;
}

/* ---- receipts ---- */

enum err lists_desk_receipt(struct lists_desk *d, const struct lists_receipt *receipt,
                            struct lists_standing *out, struct fault *fault)
{
    const uint8_t list = receipt->list;
    pthread_mutex_lock(&d->write_lock);
    enum err err = writer_of(d, fault);
    if (!err)
        err = take_lock(d, fault);
    if (!err) {
        err = follow(d, list, d->writer, fault);
        struct lists *lists = d->lists[lists_kind_place(list)];
        if (!err)
            err = lists_receipt_put(lists, d->writer, receipt, fault);
        if (!err)
            err = lists_stand(lists, d->writer, receipt, out, fault);
        if (!err)
            (void)look_at_standings(d, d->writer);
        pthread_mutex_unlock(&d->lock);
    }
    pthread_mutex_unlock(&d->write_lock);
    return err;
}

size_t lists_desk_standings(struct lists_desk *d, struct lists_standing *out, size_t most)
{
    pthread_mutex_lock(&d->say_lock);
    const size_t n = d->standing_count < most ? d->standing_count : most;
    memcpy(out, d->standings, n * sizeof *out);
    /* What waited then waits still, as far as anybody knows: its age goes on where nothing can be looked at. */
    const int64_t since_s = (clock_monotonic_us() - d->standings_us) / 1000000;
    pthread_mutex_unlock(&d->say_lock);
    for (size_t i = 0; i < n; i++)
        if (out[i].waiting)
            out[i].age_s += since_s;
    return n;
}

int64_t lists_desk_unseen_s(struct lists_desk *d)
{
    pthread_mutex_lock(&d->say_lock);
    const int64_t since_us = clock_monotonic_us() - d->standings_us;
    pthread_mutex_unlock(&d->say_lock);
    return since_us / 1000000;
}

uint64_t lists_desk_unnamed(struct lists_desk *d)
{
    pthread_mutex_lock(&d->say_lock);
    const uint64_t unnamed = d->unnamed;
    pthread_mutex_unlock(&d->say_lock);
    return unnamed;
}

uint64_t lists_desk_seq(struct lists_desk *d, uint8_t kind)
{
    pthread_mutex_lock(&d->say_lock);
    const uint64_t seq = d->said_seq[lists_kind_place(kind)];
    pthread_mutex_unlock(&d->say_lock);
    return seq;
}
