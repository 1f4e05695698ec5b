/* SPDX-License-Identifier: Apache-2.0 */
#include "face/guide.h"

struct guide_row {
    const char *question, *text, *option, *next;
};

static const struct guide_row rows[] = {
#define GUIDE(question, text, option, next) {question, text, option, next},
#include "face/guide.def"
#undef GUIDE
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The rows of a question stand together. */
static void stand_at(struct guide_place *place, const char *name)
{
    size_t first = 0, end;
    while (first < ROWS && strcmp(rows[first].question, name) != 0)
        first++;
    end = first;
    while (end < ROWS && strcmp(rows[end].question, name) == 0)
        end++;
    place->first = first;
    place->end = end;
    place->question = first < ROWS ? rows[first].text : NULL;
    place->answer = first < ROWS ? NULL : name;
}

static const struct guide_row *find(const struct guide_place *place, struct str option)
{
    for (size_t i = place->first; i < place->end; i++)
        if (str_eq(option, str_z(rows[i].option)))
            return &rows[i];
    return NULL;
}

bool guide_walk(struct str way, struct guide_place *out)
{
    struct guide_place place = {0};
    const char *begin = way.p;
    stand_at(&place, rows[0].question);
    for (bool more = way.n > 0; more; more = way.p != NULL) {
        size_t way_bytes = (size_t)(way.p - begin);
        struct str option = str_split(way, '.', &way);
        const struct guide_row *row = find(&place, option);
        if (!row || place.count == GUIDE_STEPS_MAX)
            return false;
        place.steps[place.count++] = (struct guide_step){row->text, row->option, way_bytes};
        stand_at(&place, row->next);
    }
    *out = place;
    return true;
}

const char *guide_option(size_t row)
{
    return rows[row].option;
}
