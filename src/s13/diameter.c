/* SPDX-License-Identifier: Apache-2.0
 *
 * diameter - the codec. The hot way of a request (ecr.c) has its own pass over the bytes; what
 * stands here serves the rare messages, and says what was wrong with the others.
 *
 * Invariant: no pointer is made that lies outside of the bytes given; a length is compared with
 * what is left before it is used. */
#include "s13/diameter.h"

#include "base/limits.h"

static const struct {
    uint32_t code, vendor;
    uint8_t flags, form, zeros;
} avps[AVP_COUNT] = {
#define X(name, code, vendor, flags, form, zeros) [name] = {code, vendor, flags, form, zeros},
#include "s13/avps.def"
#undef X
};

static const uint8_t nothing[16];

static const struct avp_rule application_rules[] = {
    {AVP_VENDOR_ID, 0, AVP_MANY, NULL}, /* RFC 3588 let it occur more than once */
    {AVP_AUTH_APPLICATION_ID, 0, 1, NULL},
    {AVP_ACCT_APPLICATION_ID, 0, 1, NULL},
};
const struct avp_rules avp_application_rules = {application_rules, 3};

struct diameter_header diameter_header_of(const uint8_t *p)
{
    uint32_t first = get_be32(p), second = get_be32(p + 4);
    return (struct diameter_header){
        .bytes = first & 0xffffff,
        .version = (uint8_t)(first >> 24),
        .flags = (uint8_t)(second >> 24),
        .command = second & 0xffffff,
        .application = get_be32(p + 8),
        .hop_by_hop = get_be32(p + 12),
        .end_to_end = get_be32(p + 16),
    };
}

/* ---- reading ---- */

static enum avp_next broken(const uint8_t *p, size_t left, struct avp *out)
{
    uint8_t head[AVP_HEADER_VENDOR] = {0};
    memcpy(head, p, left < sizeof head ? left : sizeof head);
    bool vendor = head[4] & AVP_V;
    size_t header = vendor ? AVP_HEADER_VENDOR : AVP_HEADER;
    *out = (struct avp){.code = get_be32(head),
                        .vendor = vendor ? get_be32(head + 8) : 0,
                        .flags = head[4],
                        .whole = p,
                        .whole_n = left < header ? left : header};
    return AVP_BROKEN;
}

enum avp_next avp_next(struct rd *r, struct avp *out)
{
    size_t left = rd_left(r);
    if (!left)
        return AVP_END;
    if (left < AVP_HEADER)
        return broken(r->p, left, out);
    uint32_t word = get_be32(r->p + 4);
    size_t n = word & 0xffffff;
    size_t header = word & (uint32_t)AVP_V << 24 ? AVP_HEADER_VENDOR : AVP_HEADER;
    if (n < header || n > left)
        return broken(r->p, left, out);
    *out = (struct avp){
        .code = get_be32(r->p),
        .vendor = header == AVP_HEADER_VENDOR ? get_be32(r->p + 8) : 0,
        .flags = (uint8_t)(word >> 24),
        .whole = r->p,
        .whole_n = n,
        .p = r->p + header,
        .n = n - header,
    };
    /* The last one of a group may come without its padding. */
    size_t step = avp_padded(n);
    r->p += step < left ? step : left;
    return AVP_ONE;
}

bool avp_is(const struct avp *avp, enum avp_name name)
{
    return avp->code == avps[name].code && avp->vendor == avps[name].vendor;
}

enum avp_name avp_name_of(const struct avp *avp)
{
    switch ((uint64_t)avp->vendor << 32 | avp->code) {
#define X(name, code, vendor, flags, form, zeros)                                                  \
    case (uint64_t)(vendor) << 32 | (code):                                                        \
        return name;
#include "s13/avps.def"
#undef X
    default:
        return AVP_COUNT;
    }
}

bool diameter_is_identity(struct str s)
{
    static const char marks[] = "-._~:@/+"; /* of names, addresses and URIs */
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!word && (!c || !strchr(marks, c)))
            return false;
    }
    return s.n > 0 && s.n <= LIMIT_DIAMETER_IDENTITY;
}

static bool fits(enum avp_name name, size_t n)
{
    switch ((enum avp_form)avps[name].form) {
    case AVP_NAME:
        return n > 0;
    case AVP_U32:
        return n == 4;
    case AVP_ADDRESS:
        return n >= 2; /* the family; which ones there are is not ours to judge */
    case AVP_ANY:
    case AVP_GROUP:
        break;
    }
    return true;
}

static const struct avp_rule *rule_of(const struct avp_rules *rules, enum avp_name name)
{
    for (size_t i = 0; i < rules->n; i++)
        if (rules->p[i].name == name)
            return &rules->p[i];
    return NULL;
}

static struct diameter_fault wrong(enum diameter_result result, const struct avp *avp)
{
    return (struct diameter_fault){.result = result,
                                   .form = FAULT_COPY,
                                   .avp = *avp,
                                   .name = avp_name_of(avp),
                                   .parent = AVP_COUNT};
}

/* Of a group: what is wrong inside, told with the group round it. */
static struct diameter_fault check_inside(const struct avp *avp, const struct avp_rule *rule)
{
    struct avp first[AVP_COUNT];
    struct diameter_fault fault = diameter_check(avp->p, avp->n, rule->inside, first);
    fault.parent = (enum avp_name)rule->name;
    fault.lost = false; /* behind the group it goes on */
    return fault;
}

static struct diameter_fault check_one(const struct avp *avp, const struct avp_rules *rules,
                                       struct avp first[AVP_COUNT])
{
    static const struct diameter_fault fine = {0};
    enum avp_name name = avp_name_of(avp);
    const struct avp_rule *rule = name == AVP_COUNT ? NULL : rule_of(rules, name);
    /* A vendor's AVP without a vendor: 0 is the IETF's own, which has no V bit (RFC 6733 4.1). */
    if (avp->flags & AVP_V && !avp->vendor)
        return wrong(DIAMETER_INVALID_AVP_BITS, avp);
    if (!rule)
        return avp->flags & AVP_M ? wrong(DIAMETER_AVP_UNSUPPORTED, avp) : fine;
    if (!fits(name, avp->n))
        return wrong(DIAMETER_INVALID_AVP_LENGTH, avp);
    if (first[name].whole && rule->most == 1)
        return wrong(DIAMETER_AVP_OCCURS_TOO_MANY_TIMES, avp);
    if (!first[name].whole)
        first[name] = *avp;
    return rule->inside ? check_inside(avp, rule) : fine;
}

static struct diameter_fault check_missing(const struct avp_rules *rules,
                                           const struct avp first[AVP_COUNT])
{
    for (size_t i = 0; i < rules->n; i++)
        if (rules->p[i].least && !first[rules->p[i].name].whole)
            return (struct diameter_fault){.result = DIAMETER_MISSING_AVP,
                                           .form = FAULT_MISSING,
                                           .name = (enum avp_name)rules->p[i].name,
                                           .parent = AVP_COUNT};
    return (struct diameter_fault){0};
}

struct diameter_fault diameter_check(const uint8_t *p, size_t n, const struct avp_rules *rules,
                                     struct avp first[AVP_COUNT])
{
    struct diameter_fault fault = {0};
    struct rd r = rd_of(p, n);
    struct avp avp;
    enum avp_next next;
    memset(first, 0, AVP_COUNT * sizeof *first);
    while ((next = avp_next(&r, &avp)) == AVP_ONE) {
        struct diameter_fault one = check_one(&avp, rules, first);
        if (!fault.result)
            fault = one;
    }
    if (next == AVP_BROKEN) {
        fault = wrong(DIAMETER_INVALID_AVP_LENGTH, &avp);
        fault.form = FAULT_HEADER;
        fault.lost = true;
    }
    return fault.result ? fault : check_missing(rules, first);
}

/* ---- writing ---- */

size_t diameter_begin(struct buf *b, const struct diameter_header *header)
{
    size_t begin = b->n;
    if (!buf_reserve(b, DIAMETER_HEADER))
        return begin;
    uint8_t *p = b->p + begin;
    put_be32(p, (uint32_t)DIAMETER_VERSION << 24);
    put_be32(p + 4, (uint32_t)header->flags << 24 | header->command);
    put_be32(p + 8, header->application);
    put_be32(p + 12, header->hop_by_hop);
    put_be32(p + 16, header->end_to_end);
    b->n += DIAMETER_HEADER;
    return begin;
}

/* The 24-bit length behind the byte at `at`. */
static void set_length(struct buf *b, size_t at, size_t n)
{
    if (!b->failed)
        put_be(b->p + at + 1, n, 3);
}

void diameter_end(struct buf *b, size_t begin)
{
    set_length(b, begin, b->n - begin);
}

static void put_header(struct buf *b, uint32_t code, uint32_t vendor, uint8_t flags)
{
    buf_uint(b, code, 4);
    buf_uint(b, (uint64_t)flags << 24, 4);
    if (flags & AVP_V)
        buf_uint(b, vendor, 4);
}

/* Length and padding of the AVP that began there. */
static void end_avp(struct buf *b, size_t begin)
{
    size_t n = b->n - begin;
    set_length(b, begin + 4, n);
    buf_put(b, nothing, avp_padded(n) - n);
}

void put_avp(struct buf *b, enum avp_name name, const void *p, size_t n)
{
    size_t begin = put_group(b, name);
    buf_put(b, p, n);
    end_avp(b, begin);
}

void put_avp_str(struct buf *b, enum avp_name name, struct str s)
{
    put_avp(b, name, s.p, s.n);
}

void put_avp_u32(struct buf *b, enum avp_name name, uint32_t v)
{
    uint8_t bytes[4];
    put_be32(bytes, v);
    put_avp(b, name, bytes, sizeof bytes);
}

size_t put_group(struct buf *b, enum avp_name name)
{
    size_t begin = b->n;
    put_header(b, avps[name].code, avps[name].vendor, avps[name].flags);
    return begin;
}

void put_group_end(struct buf *b, size_t begin)
{
    end_avp(b, begin);
}

/* Its header could be read in part, its value not at all: the header, padded with zeros, and zeros
 * of the least length of a value (RFC 6733 7.1.5, 5014). */
static void put_broken(struct buf *b, const struct diameter_fault *fault)
{
    const struct avp *avp = &fault->avp;
    size_t begin = b->n;
    put_header(b, avp->code, avp->vendor, avp->flags);
    if (fault->name < AVP_COUNT)
        buf_put(b, nothing, avps[fault->name].zeros);
    end_avp(b, begin);
}

/* An example of one that is missing, of the least length (RFC 6733 7.1.5, 5005). */
static void put_missing(struct buf *b, enum avp_name name)
{
    size_t begin = put_group(b, name);
    if (name == AVP_TERMINAL_INFORMATION) /* of which an empty one would be no example */
        put_avp(b, AVP_IMEI, nothing, avps[AVP_IMEI].zeros);
    else
        buf_put(b, nothing, avps[name].zeros);
    end_avp(b, begin);
}

void put_failed_avp(struct buf *b, const struct diameter_fault *fault)
{
    if (fault->form == FAULT_ALONE)
        return;
    size_t failed = put_group(b, AVP_FAILED_AVP);
    size_t parent = fault->parent < AVP_COUNT ? put_group(b, fault->parent) : 0;
    if (fault->form == FAULT_COPY) {
        buf_put(b, fault->avp.whole, fault->avp.whole_n);
        buf_put(b, nothing, avp_padded(fault->avp.whole_n) - fault->avp.whole_n);
    } else if (fault->form == FAULT_HEADER) {
        put_broken(b, fault);
    } else {
        put_missing(b, fault->name);
    }
    if (fault->parent < AVP_COUNT)
        put_group_end(b, parent);
    put_group_end(b, failed);
}
