/* SPDX-License-Identifier: Apache-2.0
 *
 * ecr - ME-Identity-Check (TS 29.272 7.2.19, 7.2.20): a request read in one pass, its answer
 * written in one go.
 *
 * ecr_read is the hot way and knows good requests only. Of any other it says no, and ecr_refuse
 * looks at it again, slowly, to say why. Both take the same requests for good: the tests compare
 * them. */
#ifndef S13_ECR_H
#define S13_ECR_H

#include "answer/network.h"
#include "s13/own.h"

/* A request as its answer needs it. Points into the message, which stays until it is answered. */
struct ecr {
    const uint8_t *message;
    const uint8_t *end;
    const uint8_t *session;  /* the AVP, whole */
    const uint8_t *proxy;    /* the first Proxy-Info; NULL: none */
    const uint8_t *identity; /* the IMEI AVP, else the MEID AVP; NULL: neither */
    uint32_t session_bytes;  /* with padding */
    bool meid;               /* identity is a MEID */
};

/* Is it a request of S13 with a header that is in order? p has DIAMETER_HEADER bytes. */
static inline bool ecr_is(const uint8_t *p)
{
    return (get_be32(p + 4) & 0xa0ffffff) == ((uint32_t)DIAMETER_REQUEST << 24 | DIAMETER_EC) &&
           get_be32(p + 8) == DIAMETER_S13;
}

/* A whole message of n bytes, a multiple of 4. False: something is wrong with it. */
bool ecr_read(const struct s13 *own, const uint8_t *message, size_t n, struct ecr *out,
              struct network_check *out_check);
/* What is wrong with it; DIAMETER_NONE when ecr_read takes it. */
struct diameter_fault ecr_judge(const struct s13 *own, const uint8_t *message);

/* Bytes that eca_put writes at most beside what it copies of the request. */
enum { ECA_MOST = DIAMETER_HEADER + OWN_MIDDLE };
/* Writes the answer of a request that has one (equipment below EQUIPMENT_COUNT) and returns where
 * it ends. There is room for ECA_MOST bytes and the request's. */
uint8_t *eca_put(uint8_t *to, const struct s13 *own, const struct ecr *ecr, uint8_t equipment);
/* The answer when there is none: the identity is no IMEI, and the operator tells the network so. */
void eca_malformed(struct buf *out, const struct s13 *own, const struct ecr *ecr,
                   const struct network_check *check);
/* An answer that refuses. */
void eca_refuse(struct buf *out, const struct s13 *own, const uint8_t *message,
                const struct diameter_fault *fault);

#endif
