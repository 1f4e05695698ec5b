/* SPDX-License-Identifier: Apache-2.0
 *
 * key_file - the bytes of the register's key file: its master key, and the numbered keys under which personal
 * data is sealed. What is made of the master never changes; seal keys come and go (people/seal_keys.h).
 *
 * Two forms, integers big-endian:
 *   `TGKY` 4, master 32. One seal key, number 1, made of the master: a register as it was made.
 *   `TGKR` 4, form 1, count 1, master 32; a seal key: number 4, made at 5 (UTC seconds), key 32, the numbers
 *   ascending; SHA-256 of all before 32. So a file that was cut or whose bits turned is known for what it is.
 *
 * It is the owner's alone (0600), and replaced as a whole: written beside, synced, renamed. Whoever replaces
 * it holds it, so that of two at once neither loses a key. */
#ifndef APP_KEY_FILE_H
#define APP_KEY_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"

/* Under which personal data is sealed (people/seal.h): numbers are distinct and ascend; new values are sealed
 * under key[use]. */
enum { PEOPLE_KEYS_MAX = 16 };
struct people_keys {
    unsigned count, use;
    uint32_t number[PEOPLE_KEYS_MAX];
    uint8_t key[PEOPLE_KEYS_MAX][SHA256_BYTES];
};
/* The key of a number; NULL: the ring has none. */
const uint8_t *people_key(const struct people_keys *keys, uint32_t number);
/* Seals under this number from now on; false: the ring has none. */
bool people_keys_use(struct people_keys *keys, uint32_t number);

enum {
    KEY_FILE_MASTER = 32,
    KEY_FILE_OLD = 4 + KEY_FILE_MASTER,
    KEY_FILE_MOST = 6 + KEY_FILE_MASTER + PEOPLE_KEYS_MAX * (4 + 5 + SHA256_BYTES) + SHA256_BYTES,
};

struct key_file {
    uint8_t master[KEY_FILE_MASTER];
    struct people_keys seal; /* use: 0, the file says nothing of it */
    int64_t made_s[PEOPLE_KEYS_MAX];
};

/* ERR_STORE_KEY: cut, changed, of another form, none at all; fault says which. */
MUST_USE enum err key_file_decode(struct str bytes, struct key_file *out, struct fault *fault);
/* In the second form. */
void key_file_encode(const struct key_file *file, struct buf *out);

/* Which file stands under a name: another after each change. */
struct key_stamp {
    dev_t device;
    ino_t inode;
    off_t bytes;
    int64_t written_ns, changed_ns;
};
bool key_stamp_of(const char *path, struct key_stamp *out);
bool key_stamp_same(const struct key_stamp *a, const struct key_stamp *b);

/* ERR_STORE_KEY: missing, open to others, or as key_file_decode says. out_stamp: NULL is allowed. */
MUST_USE enum err key_file_read(const char *path, struct key_file *out, struct key_stamp *out_stamp,
                                struct fault *fault);
/* Makes one of the first form, with a new master, where none stands: of two who make it at once one is first, and
 * neither hears of it. ERR_STORE_KEY, ERR_STORE_FULL. */
MUST_USE enum err key_file_make(const char *path, struct fault *fault);
/* Copies it, in its form, to a name that is free or holds the same bytes. ERR_STORE_KEY, ERR_STORE_FULL. */
MUST_USE enum err key_file_copy(const char *from, const char *to, struct fault *fault);
/* In place of the one that stands, for the same owner. Hold it. ERR_STORE_KEY, ERR_STORE_FULL. */
MUST_USE enum err key_file_replace(const char *path, const struct key_file *file,
                                   struct fault *fault);
/* Waits until nobody else holds it. *out_hold: to be closed. ERR_STORE_KEY. */
MUST_USE enum err key_file_hold(const char *path, int *out_hold, struct fault *fault);

#endif
