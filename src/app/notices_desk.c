/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notices_desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 }; /* for a lost database: the sender comes again */

struct notices_desk {
    char *url, *key; /* key NULL: beside the register */
    const struct clock *clock;
    const struct notices_port *port;
    bool writes;
    pthread_mutex_t lock; /* of the writer: one report at a time */
    struct registry *writer;
    pthread_mutex_t figures_lock;
    size_t figure_count;
    struct notices_figure figures[NOTICES_OPERATORS];
};

enum err notices_desk_new(const struct notices_desk_options *o, struct notices_desk **out)
{
    struct notices_desk *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_MEMORY;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->figures_lock, NULL);
    d->clock = o->clock;
    d->port = o->port;
    d->writes = o->writes;
    d->url = strdup(o->url);
    d->key = o->key ? strdup(o->key) : NULL;
    if (!d->url || (o->key && !d->key)) {
        notices_desk_free(d);
        return ERR_MEMORY;
    }
    *out = d;
    return ERR_OK;
}

void notices_desk_free(struct notices_desk *d)
{
    if (!d)
        return;
    registry_close(d->writer);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->figures_lock);
    free(d->url);
    free(d->key);
    free(d);
}

/* ---- receipts ---- */

static enum err open_writer(struct notices_desk *d, struct fault *fault)
{
    const struct registry_options options = {
        .url = d->url, .key = d->key, .clock = d->clock, .write = true, .no_tac = true};
    if (!d->writes)
        return fault_set(fault, ERR_UNAVAILABLE, "this server only answers");
    enum err err = d->writer ? ERR_OK : registry_open(&options, &d->writer, fault);
    if (!err)
        store_patience(d->writer->store, PATIENCE_MS);
    return err;
}

static enum err take(struct notices_desk *d, const char *name, struct notices_word *words, size_t n,
                     struct notices_receipt *receipts, struct fault *fault)
{
    size_t known = 0;
    enum err err = open_writer(d, fault);
    if (err)
        return err;
    const uint64_t party = registry_party_id(d->writer, PARTY_OPERATOR, str_z(name));
    for (size_t i = 0; i < n; i++) {
        struct notices_receipt r = {.state = words[i].state, .at_s = words[i].at_s};
        words[i].none = !notices_id_read(d->writer, party, words[i].id, &r.number);
        if (!words[i].none)
            receipts[known++] = r;
    }
    err = notices_receipts_put(d->writer, party, receipts, known, fault);
    for (size_t i = 0, at = 0; !err && i < n; i++)
        if (!words[i].none) {
            words[i].known = receipts[at].known;
            words[i].none = receipts[at++].none;
        }
    return err;
}

enum err notices_desk_words(struct notices_desk *d, const char *operator_name,
                            struct notices_word *words, size_t n, struct fault *fault)
{
    struct notices_receipt *receipts = calloc(n + 1, sizeof *receipts);
    if (!receipts)
        return ERR_MEMORY;
    pthread_mutex_lock(&d->lock);
    enum err err = take(d, operator_name, words, n, receipts, fault);
    pthread_mutex_unlock(&d->lock);
    free(receipts);
    return err;
}

/* ---- lists ---- */

/* Has he a channel of files? */
static enum err check_road(struct registry *reg, uint64_t party, struct fault *fault)
{
    struct notices_channels *all = calloc(1, sizeof *all);
    enum err err = all ? notices_channels_get(reg, all, fault) : ERR_MEMORY;
    const struct notices_channel *c = err ? NULL : notices_channel_of(all, party);
    if (!err && (!c || c->road != NOTICES_FILE))
        err = fault_set(fault, ERR_NOT_FOUND, "no list of notices for this operator");
    free(all);
    return err;
}

static enum err make_list(struct notices_desk *d, const struct notices_sheet *sheet, int fd,
                          struct notices_desk_file *out, struct fault *fault)
{
    struct lists_made made;
    struct notices_chosen chosen = {0};
    enum err err = check_road(d->writer, sheet->party, fault);
    if (!err)
        err = notices_list_write(d->writer, d->port, sheet, fd, &made, &chosen, fault);
    if (!err)
        err = d->port->note(d->writer, sheet->party, chosen.n, fault);
    if (!err)
        err = notices_handed(d->writer, sheet->party, &chosen, fault);
    notices_chosen_release(&chosen);
    if (err)
        return err;
    *out = (struct notices_desk_file){.fd = fd, .bytes = made.bytes.file_bytes};
    str_copy(out->cursor, sizeof out->cursor, str_z(made.cursor));
    return ERR_OK;
}

enum err notices_desk_list(struct notices_desk *d, const char *operator_name,
                           const struct feed_cursor *since, enum lists_pack pack,
                           struct notices_desk_file *out, struct fault *fault)
{
    int fd = memfd_create("notify", MFD_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_WRITE, "a list in memory");
    pthread_mutex_lock(&d->lock);
    enum err err = open_writer(d, fault);
    if (!err)
        err = registry_refresh(d->writer, fault);
    if (!err) {
        const struct notices_sheet sheet = {
            .operator_name = operator_name,
            .party = registry_party_id(d->writer, PARTY_OPERATOR, str_z(operator_name)),
            .pack = pack,
            .since = since,
            .most = NOTICES_DESK_MOST};
        err = make_list(d, &sheet, fd, out, fault);
    }
    pthread_mutex_unlock(&d->lock);
    if (err)
        close(fd);
    return err;
}

/* ---- figures ---- */

enum err notices_desk_look(struct notices_desk *d, struct registry *reg,
                           notices_refusals_fn *refusals, const void *ctx, struct fault *fault)
{
    struct notices_channels *all = calloc(1, sizeof *all);
    struct notices_figure *figures = calloc(NOTICES_OPERATORS, sizeof *figures);
    enum err err =
        all && figures ? notices_channels_get(reg, all, fault) : fault_set(fault, ERR_MEMORY, "-");
    for (size_t i = 0; !err && i < all->n; i++) {
        str_copy(figures[i].name, sizeof figures[i].name, str_z(all->of[i].name));
        figures[i].refusals = refusals(ctx, all->of[i].party);
        err = notices_standing_get(reg, all->of[i].party, &figures[i].standing, fault);
    }
    if (!err) {
        pthread_mutex_lock(&d->figures_lock);
        d->figure_count = all->n;
        memcpy(d->figures, figures, sizeof d->figures);
        pthread_mutex_unlock(&d->figures_lock);
    }
    free(figures);
    free(all);
    return err;
}

size_t notices_desk_figures(struct notices_desk *d, struct notices_figure *out, size_t most)
{
    pthread_mutex_lock(&d->figures_lock);
    const size_t n = d->figure_count < most ? d->figure_count : most;
    memcpy(out, d->figures, n * sizeof *out);
    pthread_mutex_unlock(&d->figures_lock);
    return n;
}
