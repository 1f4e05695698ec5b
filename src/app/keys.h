/* SPDX-License-Identifier: Apache-2.0
 *
 * keys - the register's secrets: what is derived from the master key of its key file (key_file.h), one key a
 * use, so that no key serves two purposes; and the ring under which personal data is sealed, which alone
 * changes while the register lives. The file stands beside a register in a file; of one in a database
 * whoever opens it names it.
 *
 * Which key of the ring is used, the register says, to all who have it open. File and register are looked at
 * once a second (registry_refresh), and at once when something is sealed under a key that the ring lacks. */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include "app/registry.h"

/* Reads the key file, or makes it when `create` and there is none. file NULL: random keys, for a
 * register in memory. ERR_STORE_KEY: missing, damaged, or readable by others. */
MUST_USE enum err keys_load(const char *file, bool create, struct register_keys *out,
                            struct key_stamp *out_stamp, struct fault *fault);

/* ---- what the register knows of the ring: records (people/record.h) ---- */

/* The first byte of their keys, then: */
enum {
    KEYS_RECORD = 'Q',
    KEYS_RECORD_MARK =
        'k', /* number 4: mark 16 of a key that was made, so that no number is given twice */
    KEYS_RECORD_USE = 'u', /* number 4 of the key under which new values are sealed */
};
enum { KEYS_RING_MARK = 16 };
void keys_ring_mark(const struct register_keys *keys, uint32_t number,
                    const uint8_t key[SHA256_BYTES], uint8_t out[KEYS_RING_MARK]);
/* Are the keys of the ring those that the register made, and is the one among them that it uses? Sets
 * people.use. ERR_STORE_KEY. */
MUST_USE enum err keys_ring_fit(struct store *store, struct register_keys *keys,
                                struct fault *fault);
/* Takes over what the file holds now and what the register uses. On an error all stays as it was.
 * ERR_STORE_KEY; of the store. */
MUST_USE enum err keys_again(struct registry *registry, struct fault *fault);
/* The same where the file or the register has moved since the last look, once a second. What is wrong stands
 * in registry->keys_fault until it is mended; the ring stays as it was. */
void keys_look(struct registry *registry);

/* What the first entry of a register's journal says of its key, so that a wrong one is noticed before
 * it names anybody: "key " and 16 hexadecimal digits. */
enum { KEYS_MARK = 20 };
void keys_mark(const struct register_keys *keys, const uint8_t register_id[REGISTER_ID_BYTES],
               char out[KEYS_MARK + 1]);

#endif
