/* SPDX-License-Identifier: Apache-2.0
 *
 * line - one connection of a worker, as the face that speaks on it sees it: bytes in, bytes out, a
 * time at which it wants to be woken. The face knows no socket, no TLS, no thread; so a test runs
 * it without any. The engine (engine.h) has the sockets.
 *
 * A worker is one thread with its own epoll: all calls for its lines come from that thread. */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include "base/buf.h"
#include "base/err.h"

struct line;

enum line_next {
    LINE_ON,    /* go on */
    LINE_CLOSE, /* send what is in out, then close */
    LINE_DROP,  /* close at once */
};

/* What a face does. All but open, input and close may be NULL. */
struct line_face {
    const char *name; /* "s13", "n5g": of the log and the counters */
    size_t input_max; /* most bytes that it leaves unused: a longer message closes the line */
    int64_t idle_us;  /* a line of which input used nothing for so long is closed; 0: never */
    /* The connection stands (after TLS). Sets line->state. An error closes it. */
    enum err (*open)(struct line *line);
    /* Bytes came. *out_used: how many of them were used; called again with what is left until it
     * uses nothing, then the rest comes again with more behind. p stands only during the call. Not
     * called while more than LIMIT_WIRE_OUT bytes wait in out. A line that was never answered is
     * the first to go when the engine is full. */
    enum line_next (*input)(struct line *line, const uint8_t *p, size_t n, size_t *out_used);
    /* line->wake_us has passed. It is 0 again before the call: the face sets the next. */
    enum line_next (*wake)(struct line *line);
    /* The program stops: say goodbye (DPR, GOAWAY); what had come was put to input before. LINE_ON:
     * there is more to come, until input or wake says LINE_CLOSE; the engine closes it after its
     * time to stop. NULL: closed. */
    enum line_next (*stop)(struct line *line);
    /* The last call, of a line that was opened: give back what state holds. What waits in out may
     * still be sent after it. */
    void (*close)(struct line *line);
    /* Bytes of the message that begins at p, 0: not known. Over SCTP each is sent as a message of
     * its own. NULL: all together. */
    size_t (*frame)(const uint8_t *p, size_t n);
    /* Of such a message of SCTP: may it come before those that were sent before it? NULL: none may. */
    bool (*overtakes)(const uint8_t *p, size_t n);
};

struct line {
    const struct line_face *face;
    void *face_ctx;   /* of the listener: the face's settings */
    void *worker_ctx; /* of the worker: the desk */
    void *state;      /* the face's own */
    struct buf out;  /* what is to be sent: append; the engine sends it after the calls of a turn */
    int64_t now_us;  /* monotonic, of this turn of the loop */
    int64_t wake_us; /* monotonic; 0: never */
    struct str address;  /* "192.0.2.1:3868", "[2001:db8::1]:3868": the other end */
    struct str own;      /* this end's addresses without port, a space between; TCP has one */
    struct str identity; /* TLS: the other end's first name, of names; empty: none */
    struct str names;    /* its certificate's DNS names, else its CN, a space between */
    bool
        certified; /* it showed a certificate, which was verified: one without a name is nobody's */
    bool tls;
    bool
        whole; /* SCTP, of input: a message of it ends where p ends, nothing that is missing follows */
    bool ours; /* we connected, they accepted */
};

#endif
