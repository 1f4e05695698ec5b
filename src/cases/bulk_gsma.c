/* SPDX-License-Identifier: Apache-2.0
 *
 * GSMA's service and the devices of a file: asked when the file is checked, and once more before approvals are entered,
 * GSMA_ASK_MOST IMEIs at once, part by part of its list. A device that is listed is left out of the list, as one that the loaded list
 * names; the application remembers up to which part it was answered, so that whoever goes on after a restart, or after a
 * service was away, asks about the rest alone. A million devices are 1,000 to 4,000 questions. */
#include <stdlib.h>

#include "cases/bulk_enter.h"
#include "cases/checks.h"

struct gsma_pass {
    struct entering e; /* before, upload: as they are when a part begins */
    const struct gsma_source *source;
    char number[APPLICATION_NUMBER_TEXT];
    struct bulk_device *list; /* of the part */
    size_t n;
    bool *listed; /* of each device */
    enum reach reach;
    /* the next question */
    struct imei imeis[GSMA_ASK_MOST];
    uint32_t of[GSMA_ASK_MOST]; /* device */
    size_t count;
};

static enum err put_question(struct gsma_pass *q)
{
    bool listed[GSMA_ASK_MOST] = {false};
    if (atomic_load(&q->e.progress->stop))
        return ERR_STOPPED;
    if (q->count && !q->reach)
        checks_reach(&q->reach,
                     q->source->ask(q->source->ctx, q->number, q->imeis, q->count, listed));
    for (size_t i = 0; !q->reach && i < q->count; i++)
        q->listed[q->of[i]] |= listed[i];
    q->count = 0;
    return ERR_OK;
}

/* Of a device that something else keeps out nobody is asked. */
static bool is_asked(const struct bulk_device *d)
{
    return d->found == BULK_NOTHING || d->found == BULK_GSMA_LISTED;
}

static enum err ask_part(struct gsma_pass *q)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && !q->reach && i < q->n; i++) {
        const struct bulk_device *d = &q->list[i];
        if (q->count + d->count > GSMA_ASK_MOST)
            err = put_question(q);
        for (unsigned k = 0; !err && is_asked(d) && k < d->count; k++) {
            q->imeis[q->count] = (struct imei){d->imeis[k]};
            q->of[q->count++] = (uint32_t)i;
        }
    }
    return err ? err : put_question(q);
}

/* ---- what was answered ---- */

struct noting {
    uint8_t state;
    uint64_t part, left_out;
    bool listed;
};

static enum err note(const struct office *office, const struct application *before,
                     struct application *after, void *ctx, struct fault *fault)
{
    const struct noting *n = ctx;
    if (before->state != n->state || before->bulk_gsma != n->part)
        return ERR_STALE; /* decided, or to be checked anew */
    after->bulk_gsma = n->part + 1;
    after->bulk_left_out = n->left_out + (n->part ? before->bulk_left_out : 0);
    if (!n->part)
        after->findings &= ~(uint32_t)FOUND_GSMA;
    after->findings |= n->listed ? FOUND_GSMA : 0;
    struct step step = {.before = before, .after = after};
    return step_take(office, &step, fault);
}

static enum err keep_part(struct gsma_pass *q, uint32_t part, struct fault *fault)
{
    struct noting n = {.state = q->e.before.state, .part = part};
    bool moved = false;
    enum err err = ERR_OK;
    for (size_t i = 0; i < q->n; i++) {
        struct bulk_device *d = &q->list[i];
        uint8_t found = q->listed[i] ? BULK_GSMA_LISTED : BULK_NOTHING;
        moved |= is_asked(d) && d->found != found;
        d->found = is_asked(d) ? found : d->found;
        n.left_out += d->found != BULK_NOTHING;
        n.listed |= q->listed[i];
    }
    if (moved)
        err = enter_write_part(&q->e, part, q->list, q->n);
    return err ? err : step_act(q->e.office, q->e.before.id, note, &n, NULL, fault);
}

static enum err do_part(struct gsma_pass *q, uint32_t part, struct fault *fault)
{
    enum err err =
        bulk_devices(q->e.office->registry, q->e.upload.id, part, &q->list, &q->n, fault);
    q->listed = err ? NULL : calloc(q->n + 1, sizeof *q->listed);
    if (!err && !q->listed)
        err = ERR_MEMORY;
    if (!err)
        err = ask_part(q);
    if (!err && !q->reach)
        err = keep_part(q, part, fault);
    free(q->listed);
    free(q->list);
    q->list = NULL;
    return err;
}

/* The next part that was not answered for; false: there is none. */
static enum err next_part(struct gsma_pass *q, uint64_t id, bool *out_more, struct fault *fault)
{
    struct registry *reg = q->e.office->registry;
    struct application *a = &q->e.before;
    application_release(a);
    *a = (struct application){0};
    *out_more = false;
    enum err err = application_get(reg, id, a, fault);
    bool due = !err && a->upload &&
               ((application_open(a) && !a->checked) || a->state == APPLICATION_DECIDING);
    if (due)
        err = upload_read(reg, a->upload, &q->e.upload, fault);
    *out_more = !err && due && a->bulk_gsma < q->e.upload.device_parts;
    return err;
}

enum err bulk_gsma(const struct office *office, uint64_t id, struct bulk_progress *progress,
                   enum reach *out_reach, struct fault *fault)
{
    bool more = false;
    *out_reach = REACH_ALL;
    if (!office->sources || !office->sources->gsma.ask)
        return ERR_OK;
    struct gsma_pass *q = calloc(1, sizeof *q);
    if (!q)
        return fault_set(fault, ERR_MEMORY, "a question");
    q->e.office = office;
    q->e.progress = progress;
    q->source = &office->sources->gsma;
    enum err err = next_part(q, id, &more, fault);
    if (!err)
        application_number(&q->e.before, q->number);
    while (!err && more && !q->reach) {
        atomic_store(&progress->id, id);
        err = do_part(q, (uint32_t)q->e.before.bulk_gsma, fault);
        if (!err && !q->reach)
            err = next_part(q, id, &more, fault);
    }
    *out_reach = q->reach;
    application_release(&q->e.before);
    free(q);
    return err;
}
