/* SPDX-License-Identifier: Apache-2.0
 *
 * socket - the system's sockets: addresses as text, listening and calling, TCP and one-to-one
 * SCTP. All sockets are non-blocking and closed on exec. */
#ifndef WIRE_SOCKET_H
#define WIRE_SOCKET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum {
    SOCKET_TEXT = 64, /* "[IPv6]:port" with NUL */
    SOCKET_OWN = LIMIT_WIRE_ADDRESSES * INET6_ADDRSTRLEN
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

struct socket_place {
    /* Numeric: "127.0.0.1", "::1"; of SCTP, to listen at, also several: "192.0.2.1+198.51.100.1". */
    const char *address;
    uint16_t port;
    bool sctp;
    uint32_t sctp_ppid;
};

/* *out_port: what it listens on. ERR_USAGE: no numeric address; ERR_UNAVAILABLE: taken, not ours to
 * use, no SCTP; fault says which. */
MUST_USE enum err socket_listen(const struct socket_place *place, int *out_fd, uint16_t *out_port,
                                struct fault *fault);
/* Is it a place that can be called: a numeric address, a kernel with SCTP? Errors as above. */
MUST_USE enum err socket_place_check(const struct socket_place *place, struct fault *fault);
/* Begins to connect; writable when it stands or failed. -1: errno. *out_address is set either way. */
int socket_call(const struct socket_place *place, union socket_address *out_address);
/* What a connection is set to. */
void socket_prepare(int fd, bool sctp, uint32_t sctp_ppid);
/* Listens no more. */
void socket_deafen(int fd, bool sctp);
/* This end's addresses of a connection, without port, a space between; 0 bytes: not known. text has
 * SOCKET_OWN bytes for SCTP, SOCKET_TEXT for TCP. */
size_t socket_own(int fd, bool sctp, char *text);
/* "192.0.2.1:3868", "[2001:db8::1]:3868"; without port: "192.0.2.1", "2001:db8::1". IPv4 that came
 * by an IPv6 socket is shown as IPv4. Returns the bytes. */
size_t socket_show(const union socket_address *address, bool port, char text[SOCKET_TEXT]);

#endif
