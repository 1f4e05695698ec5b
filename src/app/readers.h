/* SPDX-License-Identifier: Apache-2.0
 *
 * readers - registers opened for reading, lent to threads one at a time. They are opened when they are first
 * wanted, so that a server that nobody follows has none. Safe from any thread. */
#ifndef APP_READERS_H
#define APP_READERS_H

#include "app/registry.h"

enum { READERS_MOST = 16 };

struct readers;

/* url, key: copied. most: 1 to READERS_MOST. ERR_MEMORY. */
MUST_USE enum err readers_new(const char *url, const char *key, const struct clock *clock,
                              unsigned most, struct readers **out);
/* When all are given back. NULL is allowed. */
void readers_free(struct readers *readers);
/* Waits while all are lent. They judge nothing (registry_options.no_tac). Errors of registry_open. */
MUST_USE enum err readers_take(struct readers *readers, struct registry **out, struct fault *fault);
void readers_give(struct readers *readers, struct registry *registry);

#endif
