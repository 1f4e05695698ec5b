/* SPDX-License-Identifier: Apache-2.0
 *
 * imei_list - many IMEIs at 8 bytes each: a file's, or all that a change of rules moves. The upper
 * bits of a key may carry what the owner needs beside the IMEI. */
#ifndef APP_IMEI_LIST_H
#define APP_IMEI_LIST_H

#include "app/batch.h"

struct imei_list {
    uint64_t *keys;
    size_t n, size;
    size_t at; /* of the source */
};

/* ERR_MEMORY, ERR_TOO_MANY (above LIMIT_BATCH_IMEIS). */
MUST_USE enum err imei_list_add(struct imei_list *list, uint64_t key);
void imei_list_release(struct imei_list *list);
/* The list, ascending and without twins, as a batch in which every IMEI has the same change. */
struct batch_source imei_list_source(struct imei_list *list, const struct change *common);

#endif
