/* SPDX-License-Identifier: Apache-2.0
 *
 * radio - with which radio technologies phones of each TAC were seen, by operator: rows of feeds, counted. A model that is seen
 * with a technology that it does not have carries somebody else's IMEI (findings.h); nothing is decided by it.
 *
 *   '8' 'r' operator 8, TAC / 10000 2   form 1 (1), then ascending: TAC 4, rows 5 of each technology
 *
 * Rows count as files bring them, each file once, whoever was killed meanwhile. Expected workload: 100,000 TACs and
 * as many that nobody has allocated, a row here, a row there: a row costs one look at a line that was fetched ahead. Memory:
 * 24 bytes a slot. Rows with none of these technologies are not counted. */
#ifndef SEEN_RADIO_H
#define SEEN_RADIO_H

#include "core/radio.h"
#include "people/record.h"

/* Of a code of the column rat: values of 3GPP-RAT-Type, TS 29.061 16.4.7.2, as DIRBS writes them. 0: of none of these. */
unsigned radio_of_code(uint64_t code);

struct radio_seen;
/* ERR_MEMORY. */
MUST_USE enum err radio_seen_new(struct radio_seen **out);
void radio_seen_free(struct radio_seen *seen); /* NULL is allowed */
/* A row of a phone of the TAC. Above LIMIT_RADIO_TACS, or without memory, TACs that are new are not counted. */
void radio_note(struct radio_seen *seen, uint32_t tac, unsigned radio);

struct radio_count {
    uint32_t tac;
    uint64_t rows[RADIO_KINDS];
};
/* Adds all that was noted to what stands. Inside a write. */
MUST_USE enum err radio_write(struct registry *registry, uint64_t party, struct radio_seen *seen,
                              struct fault *fault);
/* All that stands, by operator and TAC; fn returns false to stop. ERR_CODEC. */
typedef bool radio_fn(void *ctx, uint64_t party, const struct radio_count *count);
MUST_USE enum err radio_each(struct registry *registry, radio_fn *fn, void *ctx,
                             struct fault *fault);

#endif
