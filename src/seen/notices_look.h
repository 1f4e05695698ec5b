/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_look - what there is to look at before notices are made: phones with a term, what was told, and who uses
 * either. Three lists in the order of the IMEIs. */
#ifndef SEEN_NOTICES_LOOK_H
#define SEEN_NOTICES_LOOK_H

#include "seen/notices_due.h"

struct look_grey {
    uint64_t imei;
    daynum last_day;
};
struct look_told {
    uint64_t imei;
    uint32_t subscriber;
    uint8_t step;
    daynum last_day;
};
struct look_user {
    uint64_t imei;
    uint32_t subscriber;
    uint32_t network; /* in last */
    uint32_t pair;    /* its number */
};

struct look_list {
    void *p;
    size_t n, size, each; /* each: bytes */
    bool failed;
};

struct look {
    struct look_list grey, told, users;
    struct seen_last last;
    uint8_t *filter; /* bits by mixed IMEI: is it in one of the lists? */
    uint64_t filter_bits;
};

/* day: today. */
MUST_USE enum err look_at(struct registry *registry, const struct notices_settings *settings,
                          daynum day, struct look *out, struct fault *fault);
/* Only who uses these IMEIs. */
MUST_USE enum err look_at_users(struct registry *registry, const struct notices_settings *settings,
                                daynum day, const struct imei *imeis, size_t n, struct look *out,
                                struct fault *fault);
void look_release(struct look *look);

#endif
