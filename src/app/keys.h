/* SPDX-License-Identifier: Apache-2.0
 *
 * keys - the register's secrets: one master key of 32 bytes in a file (0600), beside a register in
 * a file, named by whoever opens one in a database; and what is derived from it for each use, so that
 * no key serves two purposes. */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include "app/registry.h"

/* Reads the key file, or makes it when `create` and there is none. file NULL: random keys, for a
 * register in memory. ERR_STORE_KEY: missing, damaged, or readable by others. */
MUST_USE enum err keys_load(const char *file, bool create, struct register_keys *out,
                            struct fault *fault);

/* Copies a key file to where another register looks for it; one that is there must be the same.
 * ERR_STORE_KEY, ERR_STORE_FULL. */
MUST_USE enum err keys_copy(const char *from, const char *to, struct fault *fault);

/* What the first entry of a register's journal says of its key, so that a wrong one is noticed before
 * it names anybody: "key " and 16 hexadecimal digits. */
enum { KEYS_MARK = 20 };
void keys_mark(const struct register_keys *keys, const uint8_t register_id[REGISTER_ID_BYTES],
               char out[KEYS_MARK + 1]);

#endif
