/* SPDX-License-Identifier: Apache-2.0
 *
 * spool - files that come in by pieces, sealed on the disk. A file only grows; what was told as received
 * survives a crash, what was not is as if it never came.
 *
 * On the disk, in DIR/ID.part (mode 0600): a head of 64 bytes - `TGSP` 4, version 1, key number 4, id 8,
 * committed plain bytes 8, committed bytes of the file 8, zero to 64 - then pieces: plain length 4, nonce 24,
 * ciphertext, tag 16. XChaCha20-Poly1305 under HMAC-SHA-256(people key, "spool" and the id); a piece is bound to its
 * place. A piece is written and synced behind the committed bytes, then the head is, then it is told: what
 * a crash left behind them is overwritten. Integers big-endian. A file that is sealed anew is written whole as DIR/ID.new.
 *
 * Whoever appends holds the file's lock; who finds it taken hears ERR_OFFSET. */
#ifndef CASES_SPOOL_H
#define CASES_SPOOL_H

#include "app/registry.h"
#include "bulk/source.h"

struct spool {
    char dir[256];                  /* no slash at its end */
    const struct people_keys *keys; /* of the register of whoever uses it: spool_under */
};
/* The same spool, under the keys of a register as they stand now and later. */
static inline struct spool spool_under(const struct spool *spool, const struct people_keys *keys)
{
    struct spool mine = *spool;
    mine.keys = keys;
    return mine;
}

/* Makes the directory (0700) where it is missing. ERR_FILE_WRITE; ERR_TOO_LONG. */
MUST_USE enum err spool_init(struct spool *out, const char *dir, struct fault *fault);
/* An empty file. ERR_FILE_WRITE, ERR_STORE_FULL. */
MUST_USE enum err spool_make(const struct spool *spool, uint64_t id, struct fault *fault);
/* Bytes that stand. ERR_NOT_FOUND; ERR_CODEC: damaged, or another's. */
MUST_USE enum err spool_size(const struct spool *spool, uint64_t id, uint64_t *out,
                             struct fault *fault);
/* Appends at `offset`, which must be the size; durable when it returns. *out_size: the size after, also on
 * ERR_OFFSET (it is another, or somebody appends just now). ERR_STORE_FULL: no room on the disk. */
MUST_USE enum err spool_append(const struct spool *spool, uint64_t id, uint64_t offset,
                               struct str bytes, uint64_t *out_size, struct fault *fault);
/* Number of the key that it is sealed under. ERR_NOT_FOUND, ERR_CODEC. */
MUST_USE enum err spool_number(const struct spool *spool, uint64_t id, uint32_t *out,
                               struct fault *fault);
/* Seals it anew under the key that is used, written beside and put in its place. Nothing to do where it is.
 * ERR_NOT_FOUND; ERR_STORE_BUSY: somebody reads or appends; ERR_STORE_KEY; ERR_CODEC: damaged; ERR_STORE_FULL,
 * ERR_FILE_WRITE. */
MUST_USE enum err spool_renew(const struct spool *spool, uint64_t id, struct fault *fault);
/* Gone; none is no error. */
void spool_drop(const struct spool *spool, uint64_t id);
/* Seconds since it was written to last; 0: there is none. */
int64_t spool_age_s(const struct spool *spool, uint64_t id);
/* Bytes free on its disk. */
uint64_t spool_free_bytes(const struct spool *spool);
/* Ids of the files that are there; fn false: stop. */
void spool_each(const struct spool *spool, bool (*fn)(void *ctx, uint64_t id), void *ctx);

struct spool_reader;
/* Reads from the beginning to the committed end. Nobody else reads or appends meanwhile: ERR_STORE_BUSY. out_source: for csv_open; lives as long as the reader. ERR_CODEC
 * of a read: a piece is damaged. */
MUST_USE enum err spool_read(const struct spool *spool, uint64_t id, struct spool_reader **out,
                             const struct source_reader **out_source, struct fault *fault);
void spool_read_end(struct spool_reader *reader);

#endif
