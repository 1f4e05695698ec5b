/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_code - what pages say of a code that goes to a phone (cases/code.h): where it went and until when it counts,
 * in a demonstration what it is; a form that asks for one, sent twice, sends one. */
#ifndef PORTAL_SCREEN_CODE_H
#define PORTAL_SCREEN_CODE_H

#include "cases/code.h"
#include "portal/screen.h"

/* "A code went to the number that ends in 4567. It counts until …". */
void screen_code_sent(struct exchange *x, const struct visit *v, const struct code *code);
/* In a demonstration alone: the letter's code, marked as such. */
void screen_demo_code(struct exchange *x, const struct visit *v, const struct code *code);
/* The hidden field `key` of a form that asks for a code: code_send's idempotency. */
void screen_code_key(struct exchange *x);
/* One was sent, or not: the audit log, the outbox. */
void screen_code_went(struct visit *v, const struct code *code, enum err err);
/* One was tried. */
void screen_code_tried(struct visit *v, const struct code *code, enum err err);

#endif
