/* SPDX-License-Identifier: Apache-2.0
 *
 * tac - the list of Type Allocation Codes: which model a TAC was given to. A list is built once,
 * packed into one byte string that the register stores as it is, and read in place by all threads.
 *
 * Packed form (versions 1 and 2): see ARCHITECTURE.md, "TAC list". */
#ifndef CORE_TAC_H
#define CORE_TAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/daynum.h"

#define TAC_COUNT 100000000u /* TACs are 0 .. TAC_COUNT - 1 */

enum tac_class {
    TAC_MISSING,
    TAC_DEVICE,
    TAC_MACHINE, /* allocated to a machine-to-machine module */
};

struct tac_info {
    enum tac_class class;
    struct str brand; /* UTF-8, points into the table */
    struct str model;
    daynum allocated; /* DAYNUM_NONE: the list does not say */
    uint8_t radio;    /* that its phones have, bits of core/radio.h; 0: the list does not say */
};

struct tac_table;

/* Collects entries in any order; of several for one TAC the last wins. */
struct tac_builder;
struct tac_builder *tac_builder_new(void);
void tac_builder_free(struct tac_builder *b);
/* Copies brand and model, cut to LIMIT_TAC_NAME bytes at a character. ERR_MEMORY. */
MUST_USE enum err tac_builder_add(struct tac_builder *b, uint32_t tac, enum tac_class class,
                                  struct str brand, struct str model);
/* What else is said of the entry that was added last. A day before DAYNUM_FIRST counts as that one. */
void tac_builder_detail(struct tac_builder *b, daynum allocated, uint8_t radio);
/* Appends the packed list to out. ERR_MEMORY. */
MUST_USE enum err tac_builder_pack(struct tac_builder *b, struct buf *out);

/* Reads a packed list, checked whole; keeps its own copy. ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err tac_table_new(const void *packed, size_t n, struct tac_table **out);
void tac_table_free(struct tac_table *t);
size_t tac_table_count(const struct tac_table *t);
/* Does the list say of any TAC when it was allocated, or which radio its phones have? */
bool tac_table_has_details(const struct tac_table *t);

/* NULL table: everything is missing. About 3 ns: two bits in a two-level bitmap. */
enum tac_class tac_classify(const struct tac_table *t, uint32_t tac);
/* False when the TAC is missing. */
bool tac_find(const struct tac_table *t, uint32_t tac, struct tac_info *out);

#endif
