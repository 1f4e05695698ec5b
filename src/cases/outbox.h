/* SPDX-License-Identifier: Apache-2.0
 *
 * outbox - messages on their way out. One port; behind it a spool: each message one file, written beside, synced
 * and renamed, named by the message's number, which is its own for ever. Programs that send SMS or mail
 * take the files from there.
 *
 * The queue is written with the message. A letter is handed over first and leaves the queue then, so a crash loses
 * none; it is handed over again under the same name and with the same bytes, so it doubles none. Whoever takes
 * files away keeps the greatest number that he took: numbers ascend.
 *
 * Of several servers one at a time hands over. */
#ifndef CASES_OUTBOX_H
#define CASES_OUTBOX_H

#include "cases/code.h"
#include "cases/message.h"
#include "people/person.h"

enum { OUTBOX_KEEP_S = 3 * 24 * 3600 }; /* how long letters wait where there is no way out */

struct outbox_port {
    /* Nobody else hands over until `end`; false: somebody does. */
    bool (*begin)(void *ctx, int *out_hold);
    void (*end)(void *ctx, int hold);
    /* Hands over one letter; the same number once more is the same letter. */
    enum err (*send)(void *ctx, uint64_t number, struct str letter, struct fault *fault);
    void *ctx;
};

/* Appends the letter that a message becomes. to: whom it is for. */
typedef enum err outbox_render_fn(const struct message *message, const struct person *to,
                                  struct buf *out);

/* Appends the letter that carries a code; number: the letter's. */
typedef enum err outbox_code_fn(const struct code *code, const char *secret, uint64_t number,
                                struct buf *out);
struct outbox_words {
    outbox_render_fn *message;
    outbox_code_fn *code;
};

/* Hands over what is queued. *out_n: how many letters. Errors of the port: what is queued stays. */
MUST_USE enum err outbox_run(const struct office *office, const struct outbox_port *port,
                             const struct outbox_words *words, size_t *out_n, struct fault *fault);
/* Without a way out: forgets what is older than OUTBOX_KEEP_S. */
MUST_USE enum err outbox_forget(const struct office *office, struct fault *fault);

/* ---- the spool ---- */

struct outbox_spool;
/* Opens the directory, makes it (0700) where it is missing. ERR_FILE_OPEN. */
MUST_USE enum err outbox_spool_open(const char *dir, struct outbox_spool **out,
                                    struct fault *fault);
void outbox_spool_close(struct outbox_spool *spool); /* NULL is allowed */
struct outbox_port outbox_spool_port(struct outbox_spool *spool);

#endif
