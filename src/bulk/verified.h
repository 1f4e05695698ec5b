/* SPDX-License-Identifier: Apache-2.0
 *
 * verified - a file of approved devices: CSV with imei1[,imei2,imei3,imei4], for a repair the
 * IMEIs that were taken out in old1[,old2,old3,old4]. Other columns of an application file are
 * allowed and not read. Check digits are judged: a file declares. */
#ifndef BULK_VERIFIED_H
#define BULK_VERIFIED_H

#include "bulk/load.h"

struct verified_options {
    uint8_t kind;  /* enum approval_kind: import personal manufacture repair before_duty */
    struct str by; /* IIN or BIN */
    int64_t at;    /* UTC seconds of the approval, INSTANT_NONE = now */
};

MUST_USE enum err import_verified(struct registry *registry, const struct load_options *options,
                                  const struct verified_options *how, struct load_result *out,
                                  struct fault *fault);

#endif
