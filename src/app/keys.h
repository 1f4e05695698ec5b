/* SPDX-License-Identifier: Apache-2.0
 *
 * keys - the register's secrets: one master key of 32 bytes in a file beside the register (0600),
 * and what is derived from it for each use, so that no key serves two purposes. */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include "app/registry.h"

/* Reads PATH.key, or makes it when `create`. path NULL (a register without files): random keys.
 * ERR_STORE_KEY: missing, damaged, or readable by others. */
MUST_USE enum err keys_load(const char *path, bool create, struct register_keys *out,
                            struct fault *fault);

#endif
