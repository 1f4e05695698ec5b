/* SPDX-License-Identifier: Apache-2.0
 *
 * tls - TLS of one line, without its socket: ciphertext in and out by memory, so that a turn is
 * one recv and one send whatever the records are. (With the socket given to OpenSSL a record costs
 * two reads, and each 16 kB of an answer a write.)
 *
 * No renegotiation, no compression, no resumption: connections of networks last for days, and an
 * old ticket would outlive a revoked certificate. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include "base/limits.h"
#include "wire/engine.h"

struct tls_line {
    struct ssl_st *ssl;
    const uint8_t *in; /* ciphertext that came; borrowed */
    size_t in_n;
    struct buf cipher; /* ciphertext to be sent; failed: no memory */
    bool failed;       /* nothing more can be said by it */
    size_t names_n;
    char names[LIMIT_WIRE_NAMES + 1];
};

enum tls_step {
    TLS_DONE,
    TLS_MORE, /* needs more ciphertext; what stands in cipher is to be sent */
    TLS_END,  /* the other end said goodbye */
    TLS_FAILED
};

/* May an end be called with it: has it authorities to check that end by? */
bool tls_may_call(const struct engine_tls *tls);
/* NULL: no memory. */
struct tls_line *tls_line_new(struct engine_tls *tls, bool ours);
void tls_line_free(struct tls_line *line);
/* TLS_DONE: it stands. */
enum tls_step tls_handshake(struct tls_line *line);
/* Did both choose the protocol that tls was made for (RFC 9113 3.2), when it was for one? */
bool tls_protocol_agreed(const struct engine_tls *tls, const struct tls_line *line);
/* Appends plain bytes at p, to room; *n: how many there are already. TLS_MORE: all is read. */
enum tls_step tls_read(struct tls_line *line, uint8_t *p, size_t room, size_t *n);
/* Ciphertext of n plain bytes to cipher. False: it failed. */
bool tls_write(struct tls_line *line, const uint8_t *p, size_t n);
void tls_goodbye(struct tls_line *line);
/* The certificate's DNS names, else its CN, into names: in its order, a space between, as far as they
 * fit. False: the other end showed no certificate. */
bool tls_names(struct tls_line *line, struct str *out);
/* Why it failed; a constant text. Forgets it. */
const char *tls_why(const struct tls_line *line);

#endif
