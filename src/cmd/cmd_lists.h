/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_lists - what the files of `tamga lists` share. */
#ifndef CMD_CMD_LISTS_H
#define CMD_CMD_LISTS_H

#include <stdlib.h>

#include "app/lists_text.h"

struct lists_notify {
    const char *operator_name, *out; /* out: a directory */
    const char *file;                /* its name in it */
    enum lists_pack pack;
    const struct feed_cursor *since; /* NULL: full */
};
/* registry: for writing. ERR_NOT_FOUND: the operator has no channel; as lists_out, notices_list_write. */
MUST_USE enum err lists_notify_make(struct registry *registry, const struct lists_notify *notify,
                                    struct lists_made *out, struct fault *fault);

#endif
