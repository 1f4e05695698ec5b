/* SPDX-License-Identifier: Apache-2.0
 *
 * s13_bed - a Diameter node without sockets: a line, a desk that answers from a small table,
 * messages made by hand, answers read by a reader of its own (none of src/s13's code is used for
 * either). */
#ifndef TEST_S13_BED_H
#define TEST_S13_BED_H

#include "answer/network.h"
#include "s13/s13.h"

/* ---- messages ---- */

enum {
    V = 0x80,
    M = 0x40,
    REQUEST = 0x80,
    PROXIABLE = 0x40,
    ERROR_BIT = 0x20,
    RETRANSMITTED = 0x10
};
enum { S13_APPLICATION = 16777252, TGPP = 10415 };

struct made {
    size_t n;
    uint8_t p[1 << 17];
};
/* Begins another message; its length stands when made_end was called. */
void made_begin(struct made *m, unsigned flags, uint32_t command, uint32_t application);
void made_end(struct made *m);
void made_raw(struct made *m, const void *p, size_t n);
void made_avp(struct made *m, uint32_t code, uint32_t vendor, unsigned flags, const void *p,
              size_t n);
void made_text(struct made *m, uint32_t code, const char *text); /* M, no vendor */
void made_u32(struct made *m, uint32_t code, uint32_t v);        /* the same */
size_t made_group(struct made *m, uint32_t code, uint32_t vendor, unsigned flags);
void made_group_end(struct made *m, size_t group);
/* Ids of the message that begins at 0. */
void made_ids(struct made *m, uint32_t hop_by_hop, uint32_t end_to_end);

/* What a CER and an ECR have in common everywhere; NULL leaves an AVP out. */
void made_cer(struct made *m, const char *origin);
struct made_ecr {
    const char *session, *origin, *realm, *to_host, *to_realm, *imei, *software, *imsi;
    bool no_state, no_terminal;
};
extern const struct made_ecr good_ecr;
void made_ecr_open(struct made *m, const struct made_ecr *ecr); /* without made_end */
void made_ecr(struct made *m, const struct made_ecr *ecr);

/* All messages of p as text, one a line:
 * "324 P- 16777252 hop end 263M"s" 260M{266M=10415 258M=16777252} 268M=2001 ..." */
const char *shown(const uint8_t *p, size_t n);

/* ---- the bed ---- */

struct bed {
    struct s13_settings settings;
    struct s13 *s13;
    struct line line;
    struct network_desk desk;
    unsigned asked;            /* of the desk: checks in all */
    unsigned calls;            /* and how often */
    unsigned refused;          /* requests that the face answered by itself */
    unsigned refused_code;     /* of the last one */
    struct network_check last; /* the last one */
    uint8_t malformed;         /* what the desk says of it */
    struct s13_told told[16];
    unsigned told_count;
};

/* Identity eir.example.kz, realm example.kz, everybody of *.example.kz may connect. */
void bed_init(struct bed *bed);
void bed_open(struct bed *bed, bool ours); /* line's open */
void bed_close(struct bed *bed);
/* Bytes in, all at once; what was not used is kept and given again before the next. */
enum line_next bed_input(struct bed *bed, const uint8_t *p, size_t n);
enum line_next bed_send(struct bed *bed, const struct made *m);
/* What stands in out, as text; out is emptied. */
const char *bed_out(struct bed *bed);
/* CER and CEA, then out is emptied. */
void bed_connect(struct bed *bed, const char *origin);
/* now_us goes on by so many seconds; wake when it is due. */
enum line_next bed_wait(struct bed *bed, double seconds);

#endif
