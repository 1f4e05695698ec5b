/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_counts.h"

#include <stdlib.h>
#include <string.h>

enum { DAYS = UINT16_MAX + 1 };

enum err feed_counts_init(struct feed_counts *c)
{
    *c = (struct feed_counts){.days = calloc(DAYS, sizeof *c->days)};
    return c->days ? ERR_OK : ERR_MEMORY;
}

void feed_counts_release(struct feed_counts *c)
{
    for (size_t i = 0; c->days && i < DAYS; i++)
        free(c->days[i]);
    free(c->days);
    *c = (struct feed_counts){0};
}

static void add(struct feed_counts *c, daynum day, size_t place, uint64_t n)
{
    uint16_t at = daynum_pack(day);
    if (at == SEEN_DAY_NONE) {
        c->undated[place] += n;
        return;
    }
    if (!c->days[at])
        c->days[at] = calloc(SEEN_COUNTS + 1, sizeof **c->days);
    if (c->days[at])
        c->days[at][place] += n;
    else
        c->failed = true;
}

void feed_count(struct feed_counts *c, daynum day, enum seen_count what)
{
    add(c, day, what, 1);
}

void feed_count_sum(struct feed_counts *c, daynum day, uint64_t sum)
{
    add(c, day, SEEN_COUNTS, sum);
}

static bool only(struct str text, const char *digits)
{
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(digits, text.p[i]) || !text.p[i])
            return false;
    return true;
}

enum seen_count feed_count_imei(struct str text)
{
    if (!text.n)
        return SEEN_EMPTY;
    if (memchr(text.p, '*', text.n))
        return SEEN_STAR;
    if (memchr(text.p, '#', text.n))
        return SEEN_POUND;
    if (only(text, "0"))
        return SEEN_ZEROS;
    if (only(text, "9"))
        return SEEN_NINES;
    bool hexadecimal = only(text, "0123456789abcdefABCDEF") && !only(text, "0123456789");
    return hexadecimal ? SEEN_HEX : SEEN_OTHER;
}

enum err feed_counts_pour(const struct feed_counts *c, struct seen *seen, daynum otherwise,
                          struct fault *fault)
{
    uint16_t newest = daynum_pack(otherwise);
    uint64_t all = 0;
    enum err err = c->failed ? ERR_MEMORY : ERR_OK;
    for (size_t i = 0; i < SEEN_COUNTS; i++)
        all += c->undated[i];
    (void)seen_newest(seen, &newest);
    for (size_t i = 0; !err && i < DAYS; i++)
        if (c->days[i])
            err = seen_note(seen, (uint16_t)i, c->days[i], c->days[i][SEEN_COUNTS]);
    if (!err && all)
        err = seen_note(seen, newest, c->undated, c->undated[SEEN_COUNTS]);
    return err ? fault_set(fault, err, "no memory for the days of a file") : ERR_OK;
}
