/* SPDX-License-Identifier: Apache-2.0
 *
 * client - an HTTP/2 client of nghttp2 and a line of the face, in one memory: no socket between them. The
 * desk answers by the last digit of the IMEI, so that a test knows whose answer it has. */
#ifndef N5GEIR_CLIENT_H
#define N5GEIR_CLIENT_H

#include <nghttp2/nghttp2.h>

#include "answer/network.h"
#include "n5geir/n5geir.h"

enum { CLIENT_BODY = 512, CLIENT_FIELD = 64, CLIENT_STREAMS = 2048 };

struct client_reply {
    int status; /* 0: none yet */
    char type[CLIENT_FIELD], allow[CLIENT_FIELD];
    char challenge[2 * CLIENT_FIELD]; /* www-authenticate */
    char body[CLIENT_BODY];
    size_t body_n;
    unsigned pieces; /* in which it came */
    unsigned fields; /* headers that came, :status included */
    bool closed;
    uint32_t error; /* with which the stream was closed */
};

struct client_desk {
    struct network_desk desk;
    uint8_t malformed; /* as network_settings.malformed */
    unsigned calls;    /* of answer */
    unsigned checks;   /* in all of them */
    unsigned refused;  /* answers without it */
    unsigned code;     /* of the last of them */
    char origin[64];   /* who asked last */
    struct network_check last;
};

struct client {
    struct client_desk desk;
    struct n5g_settings settings;
    struct line line;
    nghttp2_session *h2;
    struct client_reply replies[CLIENT_STREAMS]; /* of stream 2 i + 1 */
    uint32_t goaway_error;
    int32_t goaway_last;
    unsigned goaways;
    enum line_next next; /* what the face said last */
    struct buf wire;     /* what the client wants to send; client_gather */
};

/* Opens the line; the client has said hello but nothing is carried yet. NULL: no memory. */
struct client *client_new(void);
void client_free(struct client *client);

/* The stream of a GET. method NULL: GET; accept NULL: none. */
int32_t client_ask(struct client *client, const char *method, const char *path, const char *accept);
struct client_reply *client_reply(struct client *client, int32_t stream);

/* What the client has to say goes to client->wire (behind what is there). */
void client_gather(struct client *client);
/* n bytes to the face, in pieces of at most `piece` bytes (0: at once); what it says comes back. */
void client_carry(struct client *client, const uint8_t *p, size_t n, size_t piece);
/* Both, and again, until neither has anything to say. */
void client_settle(struct client *client);
/* One GET from beginning to end. */
struct client_reply *client_get(struct client *client, const char *path);

/* One frame by hand, behind what is in b. */
void client_put_frame(struct buf *b, uint8_t type, uint8_t flags, uint32_t stream,
                      struct str payload);

#endif
