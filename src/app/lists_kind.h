/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_kind - which lists there are for operators. Two are lists of the judge (core/reason.h) and have its codes; the
 * codes stand in receipts and never change. */
#ifndef APP_LISTS_KIND_H
#define APP_LISTS_KIND_H

#include "core/reason.h"

enum lists_kind {
    LISTS_BLACK = LIST_BLACK,
    LISTS_WHITE = LIST_WHITE,
    LISTS_EXCEPTIONS = 16, /* pairs of a confirmed clone and a subscriber whom it still serves */
    LISTS_NONE = 255
};

enum { LISTS_KINDS = 3 };

/* "exceptions"; of another code "". */
const char *lists_kind_name(uint8_t kind);
/* LISTS_NONE: no list of that name. */
uint8_t lists_kind_find(struct str name);
/* 0 to LISTS_KINDS - 1, and back. */
unsigned lists_kind_place(uint8_t kind);
uint8_t lists_kind_at(unsigned place);

#endif
