/* SPDX-License-Identifier: Apache-2.0
 *
 * s13_message - Diameter messages of a mobility management entity, made once and patched for each
 * question: TS 29.272 7.2.19, RFC 6733. Shares no code with the program that it measures. */
#ifndef BENCH_S13_MESSAGE_H
#define BENCH_S13_MESSAGE_H

#include <stdint.h>
#include <string.h>

enum {
    S13_HEADER = 20,
    S13_MESSAGE_MAX = 1024,
    S13_ECR = 324, /* TS 29.272 7.2.19 */
    S13_CER = 257, /* RFC 6733 5.3.1 */
    S13_DWR = 280,
    S13_DPR = 282,
    S13_DIGITS = 8, /* of Session-Id and User-Name that change */
};

/* One equipment that is asked for: 14 digits; then whether the subscriber is a guest. */
struct s13_asked {
    char imei[14];
    char guest;
    char unused;
};

struct s13_template {
    uint8_t p[S13_MESSAGE_MAX];
    size_t n;
    size_t session, imei, plmn, imsi; /* where they stand */
};

struct s13_who {
    const char *host, *realm, *to_realm;
    uint64_t now; /* of the Session-Id's high part */
};

/* An ECR with everything that networks send: some 330 bytes. */
void s13_ecr(struct s13_template *t, const struct s13_who *who);
/* CER, DPR (request) or DWA (answer: id and end_id are the request's); bytes written. */
size_t s13_base(uint8_t *p, unsigned command, const struct s13_who *who, const uint8_t ids[8]);

/* Digits of numbers below 10,000, four characters each. */
struct s13_digits {
    char four[10000][4];
};
void s13_digits_init(struct s13_digits *d);

static inline void s13_put8(uint8_t *p, const struct s13_digits *d, uint32_t v)
{
    memcpy(p, d->four[v / 10000 % 10000], 4);
    memcpy(p + 4, d->four[v % 10000], 4);
}

/* Writes the question `id` to p: t->n bytes. */
static inline void s13_ask(uint8_t *p, const struct s13_template *t, const struct s13_digits *d,
                           uint32_t id, const struct s13_asked *asked)
{
    memcpy(p, t->p, t->n);
    uint32_t big = __builtin_bswap32(id);
    memcpy(p + 12, &big, 4); /* hop by hop, end to end */
    memcpy(p + 16, &big, 4);
    s13_put8(p + t->session, d, id % 100000000);
    s13_put8(p + t->imsi, d, id * 2654435761U % 100000000);
    if (asked->guest)
        memcpy(p + t->plmn, "250", 3);
    memcpy(p + t->imei, asked->imei, sizeof asked->imei);
}

/* What an answer says. */
struct s13_said {
    uint32_t result, experimental; /* 0: none */
    int status;                    /* -1: none */
};
/* n: the message's own length. A message that does not hold together says result 0. */
struct s13_said s13_hear(const uint8_t *p, size_t n);

#endif
