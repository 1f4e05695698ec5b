/* SPDX-License-Identifier: Apache-2.0
 *
 * diameter_base - the commands of the base protocol (RFC 6733 5) and the answers that refuse. A
 * message is given by its first byte; its length was compared with what is there. */
#ifndef S13_DIAMETER_BASE_H
#define S13_DIAMETER_BASE_H

#include "s13/own.h"

/* What the other end says of itself: CER or CEA. */
struct capabilities {
    struct str origin; /* empty when it is none that may be told to others */
    bool application;  /* S13 is among its applications, or it is a relay */
    bool plain;        /* it names S13 in an Auth-Application-Id of its own */
    bool security;     /* it goes on without inband security */
    uint32_t result;   /* of a CEA */
};
/* The first thing that is wrong with it; out is filled as far as it can be. */
struct diameter_fault capabilities_read(const uint8_t *message, struct capabilities *out);
/* DWR, DPR and others of which only the form is of interest: as capabilities_read. *out_cause: of
 * a DPR, else 0. */
struct diameter_fault base_read(const uint8_t *message, uint32_t *out_cause);

/* own_ip: the address without port that the peer speaks to. */
void cer_write(struct buf *out, const struct s13 *own, struct str own_ip, uint32_t hop_by_hop);
/* told: DIAMETER_NONE is success. plain: also an Auth-Application-Id of its own. */
void cea_write(struct buf *out, const struct s13 *own, const uint8_t *cer, struct str own_ip,
               const struct diameter_fault *told, bool plain);
/* DWR; DPR with Disconnect-Cause REBOOTING. */
void dwr_write(struct buf *out, const struct s13 *own, uint32_t hop_by_hop);
void dpr_write(struct buf *out, const struct s13 *own, uint32_t hop_by_hop);
/* DWA, DPA. */
void base_answer(struct buf *out, const struct s13 *own, const uint8_t *request,
                 const struct diameter_fault *told);

/* An answer with the E bit (RFC 6733 7.2): protocol errors, and what has no grammar of ours. */
void error_answer(struct buf *out, const struct s13 *own, const uint8_t *request,
                  const struct diameter_fault *told);
/* Session-Id of a request, as far as it can be read (whole NULL: none), and all its Proxy-Infos in
 * their order. */
struct avp session_of(const uint8_t *request);
void put_proxy_infos(struct buf *out, const uint8_t *request);

/* A fault without an AVP. */
static inline struct diameter_fault fault_alone(enum diameter_result result)
{
    return (struct diameter_fault){.result = result, .form = FAULT_ALONE, .parent = AVP_COUNT};
}

#endif
