/* SPDX-License-Identifier: Apache-2.0
 *
 * sctp - what one-to-one SCTP sockets (RFC 6458 4) have and TCP's have not: bounds of messages, several
 * addresses of one end, messages that may overtake. By the kernel's own interface (linux/sctp.h):
 * no library of SCTP is linked, and nothing here fails to build where the kernel has none. */
#ifndef WIRE_SCTP_H
#define WIRE_SCTP_H

#include "wire/socket.h"

/* No waiting for more to send in one packet (SCTP_NODELAY); the payload protocol identifier. A
 * setting that a kernel refuses costs speed, no more. */
void sctp_prepare(int fd, uint32_t ppid);
/* More addresses of a socket that is bound to one, at its port. False: errno. */
MUST_USE bool sctp_bind_more(int fd, const union socket_address *more, size_t n);
/* This end's addresses of a socket that stands, n at most. 0: not known. */
size_t sctp_own(int fd, union socket_address *out, size_t n);
/* Listens no more. (After a shutdown, which SCTP's listeners do not heed, the kernel refuses it.) */
void sctp_deafen(int fd);
/* As recv; of one message. *out_whole: these are its last bytes. */
ssize_t sctp_receive(int fd, void *p, size_t n, bool *out_whole);
/* One message, whole or not at all: as send. overtakes: it may come before those that were sent before
 * it (RFC 9260 6.6), so it does not wait when one of them was lost. */
ssize_t sctp_send(int fd, const void *p, size_t n, uint32_t ppid, bool overtakes);

#endif
