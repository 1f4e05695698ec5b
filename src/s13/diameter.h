/* SPDX-License-Identifier: Apache-2.0
 *
 * diameter - messages and AVPs of RFC 6733 as bytes: a cursor over AVPs that never reads outside,
 * a check of a message against the grammar of its command, and the writing of both.
 *
 * Nothing here recurses by what a peer sends: AVPs inside AVPs are looked at where a grammar of
 * ours names them, one step down. No allocation but in the buffer that is written. */
#ifndef S13_DIAMETER_H
#define S13_DIAMETER_H

#include "base/buf.h"

enum {
    DIAMETER_HEADER = 20, /* bytes; RFC 6733 3 */
    DIAMETER_VERSION = 1,
    DIAMETER_S13 = 16777252, /* TS 29.272 7.1.8: S13 and S13' */
    DIAMETER_3GPP = 10415,
};
#define DIAMETER_RELAY 0xffffffffu /* RFC 6733 2.4 */

enum { /* of a message; RFC 6733 3 */
       DIAMETER_REQUEST = 0x80,
       DIAMETER_PROXIABLE = 0x40,
       DIAMETER_ERROR = 0x20,
};

enum diameter_command {
    DIAMETER_CE = 257,
    DIAMETER_DW = 280,
    DIAMETER_DP = 282,
    DIAMETER_EC = 324, /* ME-Identity-Check; TS 29.272 7.2.19 */
};

enum diameter_result { /* RFC 6733 7.1 */
                       DIAMETER_NONE = 0,
                       DIAMETER_SUCCESS = 2001,
                       DIAMETER_COMMAND_UNSUPPORTED = 3001,
                       DIAMETER_UNABLE_TO_DELIVER = 3002,
                       DIAMETER_REALM_NOT_SERVED = 3003,
                       DIAMETER_TOO_BUSY = 3004,
                       DIAMETER_APPLICATION_UNSUPPORTED = 3007,
                       DIAMETER_INVALID_HDR_BITS = 3008,
                       DIAMETER_INVALID_AVP_BITS = 3009,
                       DIAMETER_UNKNOWN_PEER = 3010,
                       DIAMETER_ELECTION_LOST = 4003,
                       DIAMETER_AVP_UNSUPPORTED = 5001,
                       DIAMETER_INVALID_AVP_VALUE = 5004,
                       DIAMETER_MISSING_AVP = 5005,
                       DIAMETER_AVP_OCCURS_TOO_MANY_TIMES = 5009,
                       DIAMETER_NO_COMMON_APPLICATION = 5010,
                       DIAMETER_UNSUPPORTED_VERSION = 5011,
                       DIAMETER_UNABLE_TO_COMPLY = 5012,
                       DIAMETER_INVALID_AVP_LENGTH = 5014,
                       DIAMETER_INVALID_MESSAGE_LENGTH = 5015,
                       DIAMETER_NO_COMMON_SECURITY = 5017,
                       DIAMETER_EQUIPMENT_UNKNOWN =
                           5422, /* an Experimental-Result; TS 29.272 7.4.3.5 */
};

enum { AVP_V = 0x80, AVP_M = 0x40 };
enum { AVP_HEADER = 8, AVP_HEADER_VENDOR = 12 };

enum avp_form { AVP_ANY, AVP_NAME, AVP_U32, AVP_ADDRESS, AVP_GROUP };

enum avp_name {
#define X(name, code, vendor, flags, form, zeros) name,
#include "s13/avps.def"
#undef X
    AVP_COUNT
};

static inline uint32_t get_be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

static inline size_t avp_padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

struct diameter_header {
    uint32_t bytes; /* of the whole message */
    uint8_t version;
    uint8_t flags;
    uint32_t command, application, hop_by_hop, end_to_end;
};
/* p has DIAMETER_HEADER bytes. Nothing is judged. */
struct diameter_header diameter_header_of(const uint8_t *p);

struct avp {
    uint32_t code, vendor;
    uint8_t flags;
    const uint8_t *whole; /* where its header begins */
    size_t whole_n; /* header and value, no padding; of a broken one: what is there of the header */
    const uint8_t *p; /* its value */
    size_t n;
};

enum avp_next { AVP_ONE, AVP_END, AVP_BROKEN };
/* The next AVP of r. AVP_BROKEN: its length is shorter than its header or longer than what is left;
 * then out has code and flags as far as they are there, and nothing behind it can be read. */
enum avp_next avp_next(struct rd *r, struct avp *out);
/* AVP_COUNT: none that we know. */
enum avp_name avp_name_of(const struct avp *avp);
bool avp_is(const struct avp *avp, enum avp_name name);
static inline struct str avp_str(const struct avp *avp)
{
    return (struct str){(const char *)avp->p, avp->n};
}

/* A DiameterIdentity (RFC 6733 4.3.1) that may be told to others: 1 to LIMIT_DIAMETER_IDENTITY
 * letters, digits and marks of names and URIs, none that a log or a list takes for its own. */
bool diameter_is_identity(struct str s);

/* One line of a command's grammar. */
enum { AVP_MANY = 255 };
struct avp_rule {
    uint8_t name;                   /* enum avp_name */
    uint8_t least;                  /* 0 or 1 */
    uint8_t most;                   /* 1 or AVP_MANY */
    const struct avp_rules *inside; /* of a group; NULL: is not looked into */
};
struct avp_rules {
    const struct avp_rule *p;
    size_t n;
};

/* Of a Vendor-Specific-Application-Id, wherever it stands: RFC 6733 6.11. */
extern const struct avp_rules avp_application_rules;

/* What is wrong with a message, for a Result-Code and a Failed-AVP (RFC 6733 7.5). */
struct diameter_fault {
    enum diameter_result result;                                        /* DIAMETER_NONE: nothing */
    enum { FAULT_ALONE, FAULT_COPY, FAULT_HEADER, FAULT_MISSING } form; /* of the Failed-AVP */
    struct avp avp;       /* FAULT_COPY: as it came; FAULT_HEADER: its length was wrong */
    enum avp_name name;   /* FAULT_MISSING; FAULT_HEADER: AVP_COUNT when it is none of ours */
    enum avp_name parent; /* the group that it stands in; AVP_COUNT: none */
    bool lost;            /* the AVPs behind it cannot be read */
};

/* The AVPs of a message (or of a group) against its grammar: the first thing that is wrong. Others
 * than the rules name are let pass without the M bit. first[name]: the first of each that the
 * rules name (whole NULL: none). */
struct diameter_fault diameter_check(const uint8_t *p, size_t n, const struct avp_rules *rules,
                                     struct avp first[AVP_COUNT]);

/* ---- writing ---- */

/* Returns where the message begins in b; its length is written by diameter_end. */
size_t diameter_begin(struct buf *b, const struct diameter_header *header);
void diameter_end(struct buf *b, size_t begin);

void put_avp(struct buf *b, enum avp_name name, const void *p, size_t n);
void put_avp_str(struct buf *b, enum avp_name name, struct str s);
void put_avp_u32(struct buf *b, enum avp_name name, uint32_t v);
/* Returns where the group begins; what is put until group_end stands in it. */
size_t put_group(struct buf *b, enum avp_name name);
void put_group_end(struct buf *b, size_t begin);
/* Nothing for a fault that has no AVP. */
void put_failed_avp(struct buf *b, const struct diameter_fault *fault);

#endif
