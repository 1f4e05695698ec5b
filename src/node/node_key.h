/* SPDX-License-Identifier: Apache-2.0
 *
 * node_key - what a node knows of its register beforehand: whose word it believes, under which key it looks
 * pairs up, by which key it asks. A file that `tamga node add` makes, 0600; lines NAME=VALUE:
 *
 *   register=  16 bytes    public=  32 bytes, Ed25519    subscriber=  32 bytes    api_key=  text
 *
 * bytes as hexadecimal digits; empty lines and lines that begin with # say nothing. */
#ifndef NODE_NODE_KEY_H
#define NODE_NODE_KEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sha256.h"
#include "base/str.h"

enum { NODE_KEY_ID = 16, NODE_KEY_API = 128 };

struct node_key {
    uint8_t register_id[NODE_KEY_ID];
    uint8_t public_key[32];
    uint8_t subscriber[SHA256_BYTES];
    bool paired;                /* subscriber was given */
    char api_key[NODE_KEY_API]; /* empty: none, for a node that follows nobody */
};

/* ERR_STORE_KEY with the line and what is wrong with it. */
MUST_USE enum err node_key_parse(struct str text, struct node_key *out, struct fault *fault);
/* ERR_FILE_OPEN; ERR_STORE_KEY, also when others than its owner may read it. */
MUST_USE enum err node_key_read(const char *path, struct node_key *out, struct fault *fault);

#endif
