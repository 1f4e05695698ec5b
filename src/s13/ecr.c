/* SPDX-License-Identifier: Apache-2.0
 *
 * ecr - reading requests. At a million and a half a second each AVP has some nanoseconds: one
 * pass, a switch on the code, a bit for each that may stand there once; no copy.
 *
 * Invariant: what ecr_read accepts is what ecr_judge finds nothing wrong with. */
#include "s13/ecr.h"

/* ---- the hot way ---- */

enum { /* AVPs that may occur once */
       SEEN_SESSION = 1 << 0,
       SEEN_STATE = 1 << 1,
       SEEN_ORIGIN_HOST = 1 << 2,
       SEEN_ORIGIN_REALM = 1 << 3,
       SEEN_REALM = 1 << 4,
       SEEN_TERMINAL = 1 << 5,
       SEEN_NEEDED = (1 << 6) - 1,
       SEEN_HOST = 1 << 6,
       SEEN_USER = 1 << 7,
       SEEN_APPLICATION = 1 << 8,
       SEEN_AUTH = 1 << 9,
       SEEN_ORIGIN_STATE = 1 << 10,
       SEEN_DRMP = 1 << 11,
       SEEN_IMEI = 1 << 12,
       SEEN_MEID = 1 << 13,
       SEEN_SOFTWARE = 1 << 14,
};

static inline bool once(unsigned *seen, unsigned bit)
{
    bool first = !(*seen & bit);
    *seen |= bit;
    return first;
}

/* As networks write it: 3GPP, S13. */
static const uint8_t usual_application[32] = {
    0, 0, 1,  4,   0x40, 0, 0, 32, 0,    0, 1, 10, 0x40, 0, 0, 12,
    0, 0, 40, 175, 0,    0, 1, 2,  0x40, 0, 0, 12, 1,    0, 0, 36,
};

static bool is_application(const uint8_t *p, size_t n);
static bool same_name(const uint8_t *p, size_t n, struct str name);

static uint8_t software_of(const uint8_t *p, size_t n)
{
    unsigned tens = n == 2 ? p[0] - (unsigned)'0' : 10, ones = n == 2 ? p[1] - (unsigned)'0' : 10;
    return tens < 10 && ones < 10 ? (uint8_t)(tens * 10 + ones) : 255;
}

/* A MEID is 14 hexadecimal digits, in the octets of a mobile identity (3GPP2 A.S0022): the first
 * digit stands in the high half of the first octet, the others low half first. One with decimal
 * digits only is an IMEI as well. */
static bool meid_is_imei(const uint8_t *p, size_t n, struct imei *out)
{
    if (n != 8)
        return false;
    uint64_t body = 0;
    for (unsigned i = 0; i < 14; i++) {
        unsigned octet = p[(i + 1) / 2];
        unsigned digit = i % 2 ? octet & 15 : octet >> 4;
        if (digit > 9)
            return false;
        body = body * 10 + digit;
    }
    out->body = body;
    return true;
}

/* What the request asks about: the IMEI of imei_n bytes that was seen, else the MEID. */
static void take_identity(size_t imei_n, const uint8_t *meid, struct ecr *out,
                          struct network_check *check)
{
    check->malformed = true;
    if (out->identity) {
        const char *digits = (const char *)out->identity + AVP_HEADER_VENDOR;
        check->malformed =
            imei_parse_network((struct str){digits, imei_n}, &check->question.imei) != ERR_OK;
        if (imei_n == 16 && !check->malformed && check->software_version == 255)
            check->software_version = software_of((const uint8_t *)digits + 14, 2);
    } else if (meid) {
        out->identity = meid;
        out->meid = true;
        check->malformed = !meid_is_imei(meid + AVP_HEADER_VENDOR,
                                         (get_be32(meid + 4) & 0xffffff) - AVP_HEADER_VENDOR,
                                         &check->question.imei);
    }
}

/* Terminal-Information: p to end is its value. */
static bool read_terminal(const uint8_t *p, const uint8_t *end, unsigned *seen, struct ecr *out,
                          struct network_check *check)
{
    const uint8_t *meid = NULL;
    size_t imei_n = 0;
    while (p < end) {
        size_t left = (size_t)(end - p);
        if (left < AVP_HEADER)
            return false;
        uint32_t word = get_be32(p + 4);
        size_t n = word & 0xffffff;
        size_t header = word >> 31 ? AVP_HEADER_VENDOR : AVP_HEADER;
        if (n < header || n > left)
            return false;
        uint32_t vendor = word >> 31 ? get_be32(p + 8) : 1;
        uint32_t code = vendor == DIAMETER_3GPP ? get_be32(p) : 0;
        switch (code) {
        case 1402: /* IMEI */
            if (!once(seen, SEEN_IMEI))
                return false;
            out->identity = p;
            imei_n = n - header;
            break;
        case 1403: /* Software-Version */
            if (!once(seen, SEEN_SOFTWARE))
                return false;
            check->software_version = software_of(p + header, n - header);
            break;
        case 1471: /* 3GPP2-MEID */
            if (!once(seen, SEEN_MEID))
                return false;
            meid = p;
            break;
        default:
            if (word & (uint32_t)AVP_M << 24 || !vendor)
                return false;
        }
        size_t step = avp_padded(n);
        p += step < left ? step : left;
    }
    take_identity(imei_n, meid, out, check);
    return true;
}

/* An AVP of the IETF at p, n bytes with its header. */
static inline bool read_plain(const struct s13 *own, const uint8_t *p, size_t n, unsigned *seen,
                              struct ecr *out, struct network_check *check)
{
    const uint8_t *value = p + AVP_HEADER;
    size_t value_n = n - AVP_HEADER;
    switch (get_be32(p)) {
    case 1: /* User-Name */
        if (imsi_parse((struct str){(const char *)value, value_n}, &check->question.imsi) != ERR_OK)
            check->question.imsi = 0;
        return once(seen, SEEN_USER);
    case 258: /* Auth-Application-Id */
        return value_n == 4 && once(seen, SEEN_AUTH);
    case 260: /* Vendor-Specific-Application-Id */
        if (n != sizeof usual_application ||
            memcmp(p, usual_application, sizeof usual_application) != 0)
            if (!is_application(value, value_n))
                return false;
        return once(seen, SEEN_APPLICATION);
    case 263: /* Session-Id */
        out->session = p;
        out->session_bytes = (uint32_t)avp_padded(n);
        return value_n && once(seen, SEEN_SESSION);
    case 264: /* Origin-Host */
        return value_n && once(seen, SEEN_ORIGIN_HOST);
    case 277: /* Auth-Session-State: 0 or 1 */
        return value_n == 4 && get_be32(value) <= 1 && once(seen, SEEN_STATE);
    case 278: /* Origin-State-Id */
        return value_n == 4 && once(seen, SEEN_ORIGIN_STATE);
    case 282: /* Route-Record */
        return value_n > 0;
    case 283: /* Destination-Realm */
        return same_name(value, value_n, own->realm) && once(seen, SEEN_REALM);
    case 284: /* Proxy-Info */
        if (!out->proxy)
            out->proxy = p;
        return true;
    case 293: /* Destination-Host */
        return same_name(value, value_n, own->identity) && once(seen, SEEN_HOST);
    case 296: /* Origin-Realm */
        return value_n && once(seen, SEEN_ORIGIN_REALM);
    case 301: /* DRMP */
        return value_n == 4 && once(seen, SEEN_DRMP);
    default:
        return !(p[4] & AVP_M);
    }
}

bool ecr_read(const struct s13 *own, const uint8_t *message, size_t n, struct ecr *out,
              struct network_check *out_check)
{
    const uint8_t *p = message + DIAMETER_HEADER, *end = message + n;
    unsigned seen = 0;
    *out = (struct ecr){.message = message, .end = end};
    *out_check = (struct network_check){.software_version = 255};
    while (p < end) {
        size_t left = (size_t)(end - p);
        if (left < AVP_HEADER)
            return false;
        uint32_t word = get_be32(p + 4);
        size_t bytes = word & 0xffffff;
        if (bytes > left)
            return false;
        if (!(word >> 31)) {
            if (bytes < AVP_HEADER || !read_plain(own, p, bytes, &seen, out, out_check))
                return false;
        } else {
            if (bytes < AVP_HEADER_VENDOR)
                return false;
            uint32_t vendor = get_be32(p + 8);
            if (vendor == DIAMETER_3GPP && get_be32(p) == 1401) {
                if (!once(&seen, SEEN_TERMINAL) ||
                    !read_terminal(p + AVP_HEADER_VENDOR, p + bytes, &seen, out, out_check))
                    return false;
            } else if (word & (uint32_t)AVP_M << 24 || !vendor) {
                return false;
            }
        }
        p += avp_padded(bytes);
    }
    return (seen & SEEN_NEEDED) == SEEN_NEEDED;
}

static bool same_name(const uint8_t *p, size_t n, struct str name)
{
    if (n != name.n)
        return false;
    return memcmp(p, name.p, n) == 0 || str_eq_nocase((struct str){(const char *)p, n}, name);
}

/* ---- the slow way ---- */

static const struct avp_rule terminal_rules[] = {
    {AVP_IMEI, 0, 1, NULL},
    {AVP_SOFTWARE_VERSION, 0, 1, NULL},
    {AVP_3GPP2_MEID, 0, 1, NULL},
};
static const struct avp_rules terminal = {terminal_rules, 3};
static const struct avp_rule ecr_rules[] = {
    {AVP_SESSION_ID, 1, 1, NULL},
    {AVP_VENDOR_SPECIFIC_APPLICATION_ID, 0, 1, &avp_application_rules},
    {AVP_AUTH_SESSION_STATE, 1, 1, NULL},
    {AVP_ORIGIN_HOST, 1, 1, NULL},
    {AVP_ORIGIN_REALM, 1, 1, NULL},
    {AVP_DESTINATION_HOST, 0, 1, NULL},
    {AVP_DESTINATION_REALM, 1, 1, NULL},
    {AVP_TERMINAL_INFORMATION, 1, 1, &terminal},
    {AVP_USER_NAME, 0, 1, NULL},
    {AVP_AUTH_APPLICATION_ID, 0, 1, NULL},
    {AVP_ORIGIN_STATE_ID, 0, 1, NULL},
    {AVP_DRMP, 0, 1, NULL},
    {AVP_PROXY_INFO, 0, AVP_MANY, NULL},
    {AVP_ROUTE_RECORD, 0, AVP_MANY, NULL},
};
static const struct avp_rules ecr_grammar = {ecr_rules, sizeof ecr_rules / sizeof ecr_rules[0]};

static struct diameter_fault bad_value(const struct avp *avp, enum avp_name parent)
{
    return (struct diameter_fault){.result = DIAMETER_INVALID_AVP_VALUE,
                                   .form = FAULT_COPY,
                                   .avp = *avp,
                                   .name = AVP_COUNT,
                                   .parent = parent};
}

/* A Vendor-Specific-Application-Id: by its grammar, and of S13 if it names one. */
static struct diameter_fault judge_application(const struct avp *group)
{
    struct avp first[AVP_COUNT];
    const struct avp *id = &first[AVP_AUTH_APPLICATION_ID];
    struct diameter_fault fault = diameter_check(group->p, group->n, &avp_application_rules, first);
    if (!fault.result && id->whole && get_be32(id->p) != DIAMETER_S13)
        return bad_value(id, AVP_VENDOR_SPECIFIC_APPLICATION_ID);
    return fault;
}

static bool is_application(const uint8_t *p, size_t n)
{
    struct avp group = {.p = p, .n = n};
    return judge_application(&group).result == DIAMETER_NONE;
}

/* Where it is to go comes before all that has to do with us alone. */
static enum diameter_result judge_route(const struct s13 *own, const struct avp *realm,
                                        const struct avp *host)
{
    if (realm->whole && !same_name(realm->p, realm->n, own->realm))
        return DIAMETER_REALM_NOT_SERVED;
    if (host->whole && !same_name(host->p, host->n, own->identity))
        return DIAMETER_UNABLE_TO_DELIVER;
    return DIAMETER_NONE;
}

struct diameter_fault ecr_judge(const struct s13 *own, const uint8_t *message)
{
    struct avp first[AVP_COUNT];
    size_t n = diameter_header_of(message).bytes - DIAMETER_HEADER;
    struct diameter_fault fault = diameter_check(message + DIAMETER_HEADER, n, &ecr_grammar, first);
    if (fault.lost)
        return fault;
    enum diameter_result route =
        judge_route(own, &first[AVP_DESTINATION_REALM], &first[AVP_DESTINATION_HOST]);
    if (route)
        return (struct diameter_fault){.result = route, .parent = AVP_COUNT};
    if (fault.result)
        return fault;
    if (get_be32(first[AVP_AUTH_SESSION_STATE].p) > 1)
        return bad_value(&first[AVP_AUTH_SESSION_STATE], AVP_COUNT);
    if (first[AVP_VENDOR_SPECIFIC_APPLICATION_ID].whole)
        return judge_application(&first[AVP_VENDOR_SPECIFIC_APPLICATION_ID]);
    return (struct diameter_fault){0};
}
