/* SPDX-License-Identifier: Apache-2.0
 *
 * own - a node as the files of this room see it: its settings, the bytes that all its answers have
 * in common, who is connected. */
#ifndef S13_OWN_H
#define S13_OWN_H

#include "base/limits.h"
#include "s13/diameter.h"
#include "s13/peers.h"
#include "s13/s13.h"

/* The fixed middle of an ECA: everything between Session-Id and Proxy-Info. */
enum { OWN_MIDDLE = 160 + 2 * (LIMIT_DIAMETER_IDENTITY + 4) };
struct own_bytes {
    size_t n;
    uint8_t p[OWN_MIDDLE];
};

struct s13 {
    struct str identity, realm, product; /* in names */
    uint32_t vendor, origin_state;
    int64_t tw_us;
    size_t message_max;
    unsigned rate_max;
    bool many;
    void (*tell)(void *ctx, const struct s13_told *told);
    void *tell_ctx;
    struct own_bytes found;   /* of a success; its last byte is the Equipment-Status */
    struct own_bytes unknown; /* of Experimental-Result 5422 */
    struct peers peers;
    char names[];
};

/* The AVP that says which application it is: {3GPP, S13}. */
void own_put_application(struct buf *b);

#endif
