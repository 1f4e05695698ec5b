/* SPDX-License-Identifier: Apache-2.0
 *
 * diameter_base - CER and CEA, DWR, DPR, their answers, and errors. All of it is rare. */
#include "s13/diameter_base.h"

#include <arpa/inet.h>

/* ---- grammars; RFC 6733 5.3.1, 5.3.2, 5.4.1, 5.5.1 ---- */

/* Of CER and CEA; the first three stand in a CEA alone. */
static const struct avp_rule capabilities_rules[] = {
    {AVP_RESULT_CODE, 0, 1, NULL},
    {AVP_ERROR_MESSAGE, 0, 1, NULL},
    {AVP_FAILED_AVP, 0, AVP_MANY, NULL},
    {AVP_ORIGIN_HOST, 1, 1, NULL},
    {AVP_ORIGIN_REALM, 1, 1, NULL},
    {AVP_HOST_IP_ADDRESS, 1, AVP_MANY, NULL},
    {AVP_VENDOR_ID, 1, 1, NULL},
    {AVP_PRODUCT_NAME, 1, 1, NULL},
    {AVP_ORIGIN_STATE_ID, 0, 1, NULL},
    {AVP_SUPPORTED_VENDOR_ID, 0, AVP_MANY, NULL},
    {AVP_AUTH_APPLICATION_ID, 0, AVP_MANY, NULL},
    {AVP_INBAND_SECURITY_ID, 0, AVP_MANY, NULL},
    {AVP_ACCT_APPLICATION_ID, 0, AVP_MANY, NULL},
    {AVP_VENDOR_SPECIFIC_APPLICATION_ID, 0, AVP_MANY, &avp_application_rules},
    {AVP_FIRMWARE_REVISION, 0, 1, NULL},
};
static const struct avp_rule dwr_rules[] = {
    {AVP_ORIGIN_HOST, 1, 1, NULL},
    {AVP_ORIGIN_REALM, 1, 1, NULL},
    {AVP_ORIGIN_STATE_ID, 0, 1, NULL},
};
static const struct avp_rule dpr_rules[] = {
    {AVP_ORIGIN_HOST, 1, 1, NULL},
    {AVP_ORIGIN_REALM, 1, 1, NULL},
    {AVP_DISCONNECT_CAUSE, 1, 1, NULL},
};
#define RULES(list)                                                                                \
    {                                                                                              \
        list, sizeof list / sizeof list[0]                                                         \
    }
static const struct avp_rules capabilities = RULES(capabilities_rules), dwr = RULES(dwr_rules),
                              dpr = RULES(dpr_rules);

/* ---- reading ---- */

static struct rd avps_of(const uint8_t *message)
{
    return rd_of(message + DIAMETER_HEADER, diameter_header_of(message).bytes - DIAMETER_HEADER);
}

static bool is_ours(const struct avp *avp)
{
    if (!avp_is(avp, AVP_AUTH_APPLICATION_ID) || avp->n != 4)
        return false;
    uint32_t id = get_be32(avp->p);
    return id == DIAMETER_S13 || id == DIAMETER_RELAY;
}

static void read_applications(struct rd r, struct capabilities *out)
{
    struct avp avp, inner;
    bool any = false, none = false;
    while (avp_next(&r, &avp) == AVP_ONE) {
        if (avp_is(&avp, AVP_VENDOR_SPECIFIC_APPLICATION_ID)) {
            struct rd inside = rd_of(avp.p, avp.n);
            while (avp_next(&inside, &inner) == AVP_ONE)
                out->application |= is_ours(&inner);
        } else if (is_ours(&avp)) {
            out->application = true;
            out->plain |= get_be32(avp.p) == DIAMETER_S13;
        } else if (avp_is(&avp, AVP_INBAND_SECURITY_ID) && avp.n == 4) {
            any = true;
            none |= get_be32(avp.p) == 0; /* NO_INBAND_SECURITY */
        }
    }
    out->security = none || !any;
}

struct diameter_fault capabilities_read(const uint8_t *message, struct capabilities *out)
{
    struct avp first[AVP_COUNT];
    struct rd r = avps_of(message);
    struct diameter_fault fault = diameter_check(r.p, rd_left(&r), &capabilities, first);
    *out = (struct capabilities){.origin = avp_str(&first[AVP_ORIGIN_HOST])};
    if (first[AVP_RESULT_CODE].whole)
        out->result = get_be32(first[AVP_RESULT_CODE].p);
    read_applications(r, out);
    if (!diameter_is_identity(out->origin)) {
        out->origin = (struct str){0};
        if (!fault.result)
            fault = (struct diameter_fault){.result = DIAMETER_INVALID_AVP_VALUE,
                                            .form = FAULT_COPY,
                                            .avp = first[AVP_ORIGIN_HOST],
                                            .parent = AVP_COUNT};
    }
    return fault;
}

struct diameter_fault base_read(const uint8_t *message, uint32_t *out_cause)
{
    struct avp first[AVP_COUNT];
    struct rd r = avps_of(message);
    bool leaves = diameter_header_of(message).command == DIAMETER_DP;
    struct diameter_fault fault = diameter_check(r.p, rd_left(&r), leaves ? &dpr : &dwr, first);
    const struct avp *cause = &first[AVP_DISCONNECT_CAUSE];
    *out_cause = cause->whole ? get_be32(cause->p) : 0;
    return fault;
}

struct avp session_of(const uint8_t *request)
{
    struct rd r = avps_of(request);
    struct avp avp;
    while (avp_next(&r, &avp) == AVP_ONE)
        if (avp_is(&avp, AVP_SESSION_ID))
            return avp;
    return (struct avp){0};
}

/* ---- writing ---- */

void put_proxy_infos(struct buf *out, const uint8_t *request)
{
    struct rd r = avps_of(request);
    struct avp avp;
    while (avp_next(&r, &avp) == AVP_ONE)
        if (avp_is(&avp, AVP_PROXY_INFO))
            buf_put(out, avp.whole, avp_padded(avp.whole_n));
}

static void put_names(struct buf *out, const struct s13 *own)
{
    put_avp_str(out, AVP_ORIGIN_HOST, own->identity);
    put_avp_str(out, AVP_ORIGIN_REALM, own->realm);
}

static void put_state(struct buf *out, const struct s13 *own)
{
    if (own->origin_state)
        put_avp_u32(out, AVP_ORIGIN_STATE_ID, own->origin_state);
}

/* RFC 6733 4.3.1 Address: the family, then its bytes. */
static void put_one_ip(struct buf *out, struct str ip)
{
    char text[INET6_ADDRSTRLEN + 16];
    uint8_t address[18] = {0, 1}; /* 0.0.0.0 when it is not known */
    size_t n = 6;
    str_copy(text, sizeof text, ip);
    text[strcspn(text, "%")] = '\0'; /* fe80::1%eth0 */
    if (inet_pton(AF_INET, text, address + 2) != 1 && inet_pton(AF_INET6, text, address + 2) == 1) {
        address[1] = 2;
        n = 18;
    }
    put_avp(out, AVP_HOST_IP_ADDRESS, address, n);
}

/* RFC 6733 5.3.5: of SCTP, each that may be used. */
static void put_ip(struct buf *out, struct str ips)
{
    do {
        struct str one = str_split(ips, ' ', &ips);
        put_one_ip(out, one);
    } while (ips.p);
}

static size_t begin_answer(struct buf *out, const uint8_t *request, uint8_t flags)
{
    struct diameter_header header = diameter_header_of(request);
    header.flags = (uint8_t)((header.flags & DIAMETER_PROXIABLE) | flags);
    return diameter_begin(out, &header);
}

static uint8_t error_bit(const struct diameter_fault *told)
{
    return told->result >= 3000 && told->result < 4000 ? DIAMETER_ERROR : 0;
}

static void put_capabilities(struct buf *out, const struct s13 *own, struct str own_ip)
{
    put_names(out, own);
    put_ip(out, own_ip);
    put_avp_u32(out, AVP_VENDOR_ID, own->vendor);
    put_avp_str(out, AVP_PRODUCT_NAME, own->product);
    put_state(out, own);
}

static size_t begin_request(struct buf *out, uint32_t command, uint32_t hop_by_hop)
{
    return diameter_begin(out, &(struct diameter_header){.flags = DIAMETER_REQUEST,
                                                         .command = command,
                                                         .hop_by_hop = hop_by_hop,
                                                         .end_to_end = hop_by_hop});
}

void cer_write(struct buf *out, const struct s13 *own, struct str own_ip, uint32_t hop_by_hop)
{
    size_t begin = begin_request(out, DIAMETER_CE, hop_by_hop);
    put_capabilities(out, own, own_ip);
    put_avp_u32(out, AVP_SUPPORTED_VENDOR_ID, DIAMETER_3GPP);
    put_avp_u32(out, AVP_INBAND_SECURITY_ID, 0);
    own_put_application(out);
    diameter_end(out, begin);
}

void cea_write(struct buf *out, const struct s13 *own, const uint8_t *request, struct str own_ip,
               const struct diameter_fault *told, bool plain)
{
    if (error_bit(told)) {
        error_answer(out, own, request, told);
        return;
    }
    size_t begin = begin_answer(out, request, 0);
    put_avp_u32(out, AVP_RESULT_CODE, told->result ? told->result : DIAMETER_SUCCESS);
    put_capabilities(out, own, own_ip);
    put_failed_avp(out, told);
    put_avp_u32(out, AVP_SUPPORTED_VENDOR_ID, DIAMETER_3GPP);
    if (plain)
        put_avp_u32(out, AVP_AUTH_APPLICATION_ID, DIAMETER_S13);
    own_put_application(out);
    diameter_end(out, begin);
}

void dwr_write(struct buf *out, const struct s13 *own, uint32_t hop_by_hop)
{
    size_t begin = begin_request(out, DIAMETER_DW, hop_by_hop);
    put_names(out, own);
    put_state(out, own);
    diameter_end(out, begin);
}

void dpr_write(struct buf *out, const struct s13 *own, uint32_t hop_by_hop)
{
    size_t begin = begin_request(out, DIAMETER_DP, hop_by_hop);
    put_names(out, own);
    put_avp_u32(out, AVP_DISCONNECT_CAUSE, 0); /* REBOOTING */
    diameter_end(out, begin);
}

void base_answer(struct buf *out, const struct s13 *own, const uint8_t *request,
                 const struct diameter_fault *told)
{
    if (error_bit(told)) {
        error_answer(out, own, request, told);
        return;
    }
    size_t begin = begin_answer(out, request, 0);
    put_avp_u32(out, AVP_RESULT_CODE, told->result ? told->result : DIAMETER_SUCCESS);
    put_names(out, own);
    put_failed_avp(out, told);
    if (diameter_header_of(request).command == DIAMETER_DW)
        put_state(out, own);
    diameter_end(out, begin);
}

void error_answer(struct buf *out, const struct s13 *own, const uint8_t *request,
                  const struct diameter_fault *told)
{
    size_t begin = begin_answer(out, request, DIAMETER_ERROR);
    struct avp session = session_of(request);
    if (session.whole)
        put_avp(out, AVP_SESSION_ID, session.p, session.n);
    put_names(out, own);
    put_avp_u32(out, AVP_RESULT_CODE, told->result);
    put_failed_avp(out, told);
    put_proxy_infos(out, request);
    diameter_end(out, begin);
}
