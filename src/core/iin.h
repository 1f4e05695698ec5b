/* SPDX-License-Identifier: Apache-2.0
 *
 * iin - the 12 digits by which Kazakhstan knows a person (IIN) and an organisation (BIN), Law No.
 * 223 of 12 January 2007. Both carry the same check digit. */
#ifndef CORE_IIN_H
#define CORE_IIN_H

#include "base/err.h"
#include "base/str.h"

enum { IIN_DIGITS = 12, IIN_TEXT = IIN_DIGITS + 1 /* and a NUL */ };

/* 12 digits with the right check digit, individual or business. ERR_IIN_BIN; fault->value is the
 * text. */
MUST_USE enum err iin_check(struct str text, struct fault *fault);

#endif
