/* SPDX-License-Identifier: Apache-2.0
 *
 * held - all that the register holds of one IMEI, one subscriber or one person, as one JSON document for a lawful
 * request. Every store is looked at, or the document says why it can hold nothing: so "nothing" is an answer, too.
 *
 * For single requests, some a day. One moment of the register is read; what is found goes to a file as it is found, so
 * memory is that of the largest item, of the pairs found (history.h) and of the numbers of the applications found. Cost: a
 * pass over the pairs, and over the sealed records of applications, each opened: a minute for a country.
 *
 * Nobody gets it unnoticed: the event is committed before the file has its name, and a refusal is an event as well. The
 * audit log names keyed marks alone, and the order's own text stands in the audit notes. */
#ifndef HELD_HELD_H
#define HELD_HELD_H

#include <stdatomic.h>

#include "app/registry.h"
#include "core/iin.h"
#include "core/msisdn.h"

enum held_by {
    HELD_BY_IMEI = 1 << 0,
    HELD_BY_IMSI = 1 << 1,
    HELD_BY_MSISDN = 1 << 2,
    HELD_BY_PERSON = 1 << 3,
};

struct held_ask {
    uint8_t by; /* enum held_by: one of them, and its field below */
    struct imei imei;
    uint64_t imsi;            /* as imsi_parse packs it */
    char msisdn[MSISDN_TEXT]; /* "+77011234567" */
    char iin[IIN_TEXT];       /* IIN or BIN */
    struct str order;         /* 1 to LIMIT_DOCUMENT bytes of plain text on one line */
    const char *path;         /* of the file: must not exist */
    const char *reason;       /* beside the order, for the audit notes; NULL: none */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* NULL: none */
    void *progress_ctx;
    const atomic_int *stop; /* NULL: never */
};

struct held_result {
    uint64_t items;         /* that are held, the verdict and the audit log's own apart */
    unsigned looked, empty; /* stores that were looked at; of them those that hold nothing */
    uint64_t bytes;         /* of the file */
    uint8_t sha256[SHA256_BYTES];
    uint64_t asked, order; /* marks by which the audit log names both: object and subject */
};

/* registry: opened for writing, with its list of models. The document stands at `path`, mode 0600, or nothing does.
 * ERR_ACTOR: who acts is no staff account; ERR_ONE_LINE: the order; ERR_FILE_WRITE: something stands at `path`, or it
 * cannot be written; ERR_STOPPED; ERR_CODEC, ERR_CHAIN: the register is damaged; ERR_MEMORY, of the store. */
MUST_USE enum err held_export(struct registry *registry, const struct held_ask *ask,
                              struct held_result *out, struct fault *fault);

#endif
