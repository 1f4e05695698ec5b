/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/findings.h"

#include <stdlib.h>

enum { PLACES = 4 * FINDINGS_MAX };

enum err findings_init(struct findings *f)
{
    *f = (struct findings){.list = calloc(FINDINGS_MAX + 1, sizeof *f->list),
                           .places = calloc(PLACES, sizeof *f->places)};
    if (f->list && f->places)
        return ERR_OK;
    findings_release(f);
    return ERR_MEMORY;
}

void findings_release(struct findings *f)
{
    free(f->list);
    free(f->places);
    *f = (struct findings){0};
}

static uint32_t hash(const char *kind, const char *raw, daynum day)
{
    uint32_t h = 2166136261u ^ (uint32_t)day; /* FNV-1a */
    for (; *kind; kind++)
        h = (h ^ (uint8_t)*kind) * 16777619u;
    for (; *raw; raw++)
        h = (h ^ (uint8_t)*raw) * 16777619u;
    return h;
}

void findings_note(struct findings *f, struct str operator_name, daynum day, const char *kind,
                   struct str raw)
{
    char text[sizeof f->list->raw];
    str_copy(text, sizeof text, raw);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
            *p = '?';
    bool full = f->n >= FINDINGS_MAX;
    for (uint32_t at = hash(kind, text, day) % PLACES;; at = (at + 1) % PLACES) {
        struct finding *known = f->places[at] ? &f->list[f->places[at] - 1] : NULL;
        if (known && known->day == day && strcmp(known->kind, kind) == 0 &&
            strcmp(known->raw, text) == 0) {
            known->count++;
            return;
        }
        if (known)
            continue;
        if (full) { /* the last place collects what does not fit */
            f->list[FINDINGS_MAX - 1].count++;
            return;
        }
        break;
    }
    if (f->n == FINDINGS_MAX - 1)
        str_copy(text, sizeof text, STR("..."));
    uint32_t at = hash(kind, text, day) % PLACES;
    while (f->places[at])
        at = (at + 1) % PLACES;
    struct finding *new = &f->list[f->n++];
    f->places[at] = (uint16_t)f->n;
    new->day = day;
    new->count = 1;
    str_copy(new->kind, sizeof new->kind, str_z(kind));
    str_copy(new->raw, sizeof new->raw, str_z(text));
    str_copy(new->operator_name, sizeof new->operator_name, operator_name);
}
