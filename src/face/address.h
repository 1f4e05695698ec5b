/* SPDX-License-Identifier: Apache-2.0
 *
 * address - who is at the other end: addresses and networks, and what a proxy says of whom it
 * speaks for. A proxy's word counts only when its own address is one of the trusted; then the list is
 * read from its end, where our own proxies wrote, and the first address that is none of ours is the
 * client. What stands before it anybody may have typed. */
#ifndef FACE_ADDRESS_H
#define FACE_ADDRESS_H

#include "base/limits.h"
#include "base/str.h"

/* IPv6, or IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct address {
    uint8_t bytes[16];
};

struct net {
    struct address first;
    unsigned bits; /* of 128 */
};

struct nets {
    size_t n;
    struct net list[LIMIT_NETS];
};

struct sockaddr;

/* "192.0.2.1", "2001:db8::1"; with a port too: "192.0.2.1:80", "[2001:db8::1]:80". */
bool address_parse(struct str text, struct address *out);
/* All zeros for what is neither IPv4 nor IPv6. */
struct address address_of(const struct sockaddr *from);
/* Of how many bytes is one client made: all of an IPv4 address, the /64 of an IPv6 one. */
size_t address_client_bytes(const struct address *address);

/* "127.0.0.1, 10.0.0.0/8 ::1": parted by commas or blanks; empty: none. */
bool nets_parse(struct str text, struct nets *out);
bool nets_hold(const struct nets *nets, const struct address *address);

enum forwarded_form {
    FORWARDED_X_FOR, /* X-Forwarded-For: a, b */
    FORWARDED_7239,  /* Forwarded: for=a;proto=https, for="[b]:80" (RFC 7239) */
};

/* The client, by the header's value: all its lines joined by commas. An unreadable element ends the
 * walk: then the nearest proxy stands for everybody behind it. */
struct address address_forwarded(const struct address *peer, const struct nets *trusted,
                                 enum forwarded_form form, struct str value);

#endif
