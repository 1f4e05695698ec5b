/* SPDX-License-Identifier: Apache-2.0
 *
 * tac_import - brings a TAC list into the register: a new rule set at once, with the rows of every
 * verdict that it changes. */
#ifndef BULK_TAC_IMPORT_H
#define BULK_TAC_IMPORT_H

#include "bulk/guard.h"
#include "bulk/tac_file.h"

struct tac_import {
    const char *path;
    enum tac_format format;
    bool complete; /* the loader declares the list complete: the only way to set it */
    daynum date;   /* of the list; DAYNUM_NONE = today */
    struct accept accept;
};

/* The same list with the same date and completeness again: ERR_OK, nothing changed
 * (out_batch->seq == 0). */
MUST_USE enum err import_tac(struct registry *registry, const struct tac_import *how,
                             struct tac_file *out_file, struct batch_result *out_batch,
                             struct fault *fault);

#endif
