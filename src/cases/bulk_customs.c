/* SPDX-License-Identifier: Apache-2.0
 *
 * An import by file and its declarations: that it draws from them is written first, then each line is looked at
 * once. An officer decides such a file always, so what is found is told to him with numbers; rows without a
 * declaration come with an import notice and invoice, which he reads. */
#include "cases/bulk_check.h"
#include "cases/bulk_lines.h"
#include "cases/customs.h"
#include "people/person.h"

enum { DRAWS_AT_ONCE = 500 };

struct drawing {
    const struct bulk_line *lines;
    size_t n;
    uint64_t application;
};

static enum err put_draws(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct drawing *d = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < d->n; i++)
        err = customs_draw(reg, str_z(d->lines[i].number), d->lines[i].item, d->application,
                           d->lines[i].devices, fault);
    return err;
}

static enum err draw(const struct office *office, const struct application *a,
                     const struct bulk_lines *lines)
{
    enum err err = ERR_OK;
    for (size_t at = 0; !err && at < lines->n; at += DRAWS_AT_ONCE) {
        struct drawing d = {lines->list + at, lines->n - at, a->id};
        d.n = d.n > DRAWS_AT_ONCE ? DRAWS_AT_ONCE : d.n;
        struct commit_case c = {.also = put_draws, .ctx = &d};
        err = committer_submit(office->committer, &c);
    }
    return err;
}

struct looking {
    const struct bulk_lines *lines;
    const struct bulk_progress *progress;
    struct customs_seen seen;
    enum reach reach;
};

/* An officer sees the lines that stop; those that agree are counted. */
static enum err look_at_lines(const struct office *office, struct application *a, struct looking *l,
                              struct fault *fault)
{
    const struct bulk_lines *lines = l->lines;
    struct person person = {0};
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    enum err err = lines->n ? person_get(office->registry, a->applicant, &person, fault) : ERR_OK;
    const struct customs_asker asker = {office->sources, *person.bin ? person.bin : person.iin,
                                        number, a->id};
    for (uint32_t i = 0; !err && !l->reach && i < lines->n; i++) {
        struct customs_look look = {.number = str_z(lines->list[i].number),
                                    .item = lines->list[i].item,
                                    .devices = bulk_lines_devices(lines, i)};
        err = atomic_load(&l->progress->stop)
                  ? ERR_STOPPED
                  : customs_look(office->registry, &asker, &look, fault);
        checks_reach(&l->reach, look.asked);
        if (err || l->reach == REACH_LATER)
            break;
        a->findings |= look.findings;
        if (look.findings)
            customs_seen_add(&l->seen, &look);
        else
            l->seen.lines++;
    }
    return err;
}

/* Thousands of small reads, as one reading; but a reading does not stand open while somebody is asked. */
static enum err look_as_one(const struct office *office, struct application *a, struct looking *l,
                            struct fault *fault)
{
    struct store *store = office->registry->store;
    if (!office->sources || !office->sources->customs.at_once)
        return look_at_lines(office, a, l, fault);
    enum err err = store_read_begin(store, fault);
    if (err)
        return err;
    err = look_at_lines(office, a, l, fault);
    store_read_end(store);
    return err;
}

enum err bulk_customs(const struct office *office, struct application *a,
                      const struct bulk_progress *progress, enum reach *out_reach,
                      struct fault *fault)
{
    struct bulk_lines lines;
    struct looking l = {.lines = &lines, .progress = progress};
    uint64_t named = 0;
    *out_reach = REACH_ALL;
    enum err err = bulk_lines_get(office->registry, a->upload, &lines, fault);
    if (err)
        return err;
    for (uint32_t i = 0; i < lines.n; i++)
        named += lines.list[i].devices;
    a->findings |= named < a->bulk_devices ? FOUND_IMPORT_NOTICE : 0;
    err = draw(office, a, &lines);
    if (!err)
        err = look_as_one(office, a, &l, fault);
    bulk_lines_release(&lines);
    *out_reach = l.reach;
    if (!err && l.seen.lines && !l.reach)
        return customs_seen_keep(office, a->id, &l.seen);
    json_decref(l.seen.list);
    return err;
}
