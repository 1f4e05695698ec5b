/* SPDX-License-Identifier: Apache-2.0
 *
 * observe - the first time that a device was used here, as an operator's EIR node saw it. A report starts clocks, as
 * a feed's file does, at once and with the same care: what would leave somebody black, or nearly, before a first
 * notice could reach him, and what would white-list, is not taken from a machine; it comes by a file, which a person
 * loads. The same report again changes nothing. */
#ifndef APP_OBSERVE_H
#define APP_OBSERVE_H

#include "app/registry.h"

enum {
    OBSERVE_NOTICE_DAYS = 7,  /* domain.md 3: nearer to black than so many days nobody is warned */
    OBSERVE_AHEAD_S = 5 * 60, /* that another clock may go before ours */
};

/* What became of a sighting. */
enum observed {
    OBSERVED_TAKEN, /* a first activation, or one that moved earlier */
    OBSERVED_KNOWN, /* the register knows of one as early */
    OBSERVED_AHEAD, /* later than now */
    OBSERVED_LATE,  /* older than LIMIT_SIGHTING_DAYS */
    OBSERVED_UNNOTICED,
    OBSERVED_WHITENS,
};

struct sighting {
    struct imei imei;
    int64_t at_s; /* UTC */
    uint8_t is;   /* enum observed: out */
};

/* Would the activation make a white one of what is neither white nor exempt? row: with its facts. */
bool observe_whitens(const struct registry *registry, const struct facts_row *row,
                     const struct change *activated);
/* Would it leave the IMEI black, or within OBSERVE_NOTICE_DAYS of it, where it was not before? */
bool observe_unnoticed(const struct registry *registry, const struct facts_row *row,
                       const struct change *activated);

/* Writes what operators' nodes report, one report after another. Any thread. */
struct observer;
/* Opens nothing yet: the register is opened when the first report comes. url, key: copied. ERR_MEMORY. */
MUST_USE enum err observer_new(const char *url, const char *key, const struct clock *clock,
                               struct observer **out);
void observer_free(struct observer *observer); /* NULL is allowed */

/* One report, of at most LIMIT_SIGHTINGS: sets .is of each. key: number of the API key that it came by, which its
 * entries name; the operator is what stands before the first slash of the key's name. On an error some of it may
 * stand; the same report once more does the rest. Errors of the store. */
MUST_USE enum err observe(struct observer *observer, uint32_t key, struct sighting *sightings,
                          size_t n, struct fault *fault);

#endif
