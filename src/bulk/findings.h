/* SPDX-License-Identifier: Apache-2.0
 *
 * findings - raw texts that can be no key, counted: the same text a million times is one finding.
 * Bounded: what does not fit is counted under the text "...". */
#ifndef BULK_FINDINGS_H
#define BULK_FINDINGS_H

#include "store/store.h"

enum { FINDINGS_MAX = 2048 };

struct findings {
    struct finding *list;
    uint16_t *places; /* open addressing by text, 1 + position in list */
    size_t n;
};

MUST_USE enum err findings_init(struct findings *f);
void findings_release(struct findings *f);
/* operator_name is copied; raw is cut to 32 bytes and made printable. */
void findings_note(struct findings *f, struct str operator_name, daynum day, const char *kind,
                   struct str raw);

#endif
