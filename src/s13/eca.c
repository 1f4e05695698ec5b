/* SPDX-License-Identifier: Apache-2.0
 *
 * eca - writing answers. Of a good one only Session-Id, Proxy-Info, ids and one byte differ from
 * the last: the rest was written when the node was made (s13.c). */
#include "s13/diameter_base.h"
#include "s13/ecr.h"

static uint8_t *put_bytes(uint8_t *to, const uint8_t *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* With flags and padding of our own, whatever it came with. It has a byte at least (ecr_read), so
 * that its last four bytes are no part of its header. */
static inline uint8_t *put_session(uint8_t *to, const struct ecr *ecr)
{
    uint32_t n = get_be32(ecr->session + 4) & 0xffffff, pad = ecr->session_bytes - n;
    uint8_t *end = put_bytes(to, ecr->session, ecr->session_bytes);
    to[4] = AVP_M;
    put_be32(end - 4, get_be32(end - 4) & 0xffffffffu << 8 * pad);
    return end;
}

/* The request was read: its AVPs lie within it. */
static uint8_t *copy_proxies(uint8_t *to, const struct ecr *ecr)
{
    for (const uint8_t *p = ecr->proxy; p < ecr->end;) {
        uint32_t word = get_be32(p + 4);
        size_t n = avp_padded(word & 0xffffff);
        if (get_be32(p) == 284 && !(word >> 31))
            to = put_bytes(to, p, n);
        p += n;
    }
    return to;
}

uint8_t *eca_put(uint8_t *to, const struct s13 *own, const struct ecr *ecr, uint8_t equipment)
{
    bool known = equipment != EQUIPMENT_UNKNOWN;
    const struct own_bytes *middle = known ? &own->found : &own->unknown;
    uint8_t *begin = to;
    uint32_t flags = get_be32(ecr->message + 4) & (uint32_t)DIAMETER_PROXIABLE << 24;
    put_be32(to + 4, flags | DIAMETER_EC);
    put_be32(to + 8, DIAMETER_S13);
    memcpy(to + 12, ecr->message + 12, 8);
    to = put_session(to + DIAMETER_HEADER, ecr);
    to = put_bytes(to, middle->p, middle->n);
    if (known)
        to[-1] = equipment; /* TS 29.272 7.3.51: the same numbers */
    if (ecr->proxy)
        to = copy_proxies(to, ecr);
    put_be32(begin, (uint32_t)DIAMETER_VERSION << 24 | (uint32_t)(to - begin));
    return to;
}

void eca_refuse(struct buf *out, const struct s13 *own, const uint8_t *message,
                const struct diameter_fault *fault)
{
    if (fault->result >= 3000 && fault->result < 4000) {
        error_answer(out, own, message, fault);
        return;
    }
    struct diameter_header header = diameter_header_of(message);
    struct avp session = session_of(message);
    header.flags &= DIAMETER_PROXIABLE;
    size_t begin = diameter_begin(out, &header);
    if (session.whole)
        put_avp(out, AVP_SESSION_ID, session.p, session.n);
    own_put_application(out);
    if (fault->result == DIAMETER_EQUIPMENT_UNKNOWN) {
        size_t group = put_group(out, AVP_EXPERIMENTAL_RESULT);
        put_avp_u32(out, AVP_VENDOR_ID, DIAMETER_3GPP);
        put_avp_u32(out, AVP_EXPERIMENTAL_RESULT_CODE, fault->result);
        put_group_end(out, group);
    } else {
        put_avp_u32(out, AVP_RESULT_CODE, fault->result);
    }
    put_avp_u32(out, AVP_AUTH_SESSION_STATE, 1); /* NO_STATE_MAINTAINED */
    put_avp_str(out, AVP_ORIGIN_HOST, own->identity);
    put_avp_str(out, AVP_ORIGIN_REALM, own->realm);
    put_failed_avp(out, fault);
    put_proxy_infos(out, message);
    diameter_end(out, begin);
}

void eca_malformed(struct buf *out, const struct s13 *own, const struct ecr *ecr,
                   const struct network_check *check)
{
    struct diameter_fault fault = fault_alone(DIAMETER_UNABLE_TO_COMPLY);
    if (check->malformed && ecr->meid) {
        /* A MEID in good order that no register of IMEIs can have. */
        fault.result = DIAMETER_EQUIPMENT_UNKNOWN;
    } else if (check->malformed && ecr->identity) {
        struct rd r = rd_of(ecr->identity, (size_t)(ecr->end - ecr->identity));
        if (avp_next(&r, &fault.avp) == AVP_ONE) {
            fault.result = DIAMETER_INVALID_AVP_VALUE;
            fault.form = FAULT_COPY;
            fault.parent = AVP_TERMINAL_INFORMATION;
        }
    } else if (check->malformed) {
        fault.result = DIAMETER_MISSING_AVP;
        fault.form = FAULT_MISSING;
        fault.name = AVP_IMEI;
        fault.parent = AVP_TERMINAL_INFORMATION;
    }
    eca_refuse(out, own, ecr->message, &fault);
}
