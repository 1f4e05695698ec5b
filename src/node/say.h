/* SPDX-License-Identifier: Apache-2.0
 *
 * say - a line of a node's own log: stderr, key=value, one write a line. IMEIs and IMSIs come masked. */
#ifndef NODE_SAY_H
#define NODE_SAY_H

#include "base/err.h"

enum say_level { SAY_INFO, SAY_WARNING, SAY_ALARM };

/* say(SAY_ALARM, "event=stale hours=%u", hours) */
void say(enum say_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* event=EVENT error=NAME detail="..." */
void say_fault(enum say_level level, const char *event, enum err err, const struct fault *fault);

#endif
