/* SPDX-License-Identifier: Apache-2.0 */
#include "s13_message.h"

#include <stdio.h>

enum {
    VENDOR_3GPP = 10415,
    APP_S13 = 16777252, /* TS 29.272 7.1.8 */
    FLAG_V = 0x80,
    FLAG_M = 0x40,
    FLAGS_REQUEST = 0xC0, /* R, P */
    FLAG_R = 0x80,
    SUCCESS = 2001,
};

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t get24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* An AVP of the base protocol (vendor 0) or of 3GPP; where its data begins. */
static size_t avp(uint8_t *p, size_t *n, uint32_t code, const void *data, size_t length)
{
    uint32_t vendor = code >= 1400 && code < 1500 ? VENDOR_3GPP : 0;
    size_t head = vendor ? 12 : 8;
    put32(p + *n, code);
    put32(p + *n + 4, (uint32_t)(head + length));
    p[*n + 4] = FLAG_M | (vendor ? FLAG_V : 0);
    if (vendor)
        put32(p + *n + 8, vendor);
    size_t at = *n + head;
    if (length)
        memcpy(p + at, data, length);
    memset(p + at + length, 0, -length & 3);
    *n = at + length + (-length & 3);
    return at;
}

static size_t avp_text(uint8_t *p, size_t *n, uint32_t code, const char *text)
{
    return avp(p, n, code, text, strlen(text));
}

static void avp_number(uint8_t *p, size_t *n, uint32_t code, uint32_t v)
{
    uint8_t four[4];
    put32(four, v);
    avp(p, n, code, four, 4);
}

static void application(uint8_t *p, size_t *n)
{
    uint8_t inner[32];
    size_t length = 0;
    avp_number(inner, &length, 266, VENDOR_3GPP); /* Vendor-Id */
    avp_number(inner, &length, 258, APP_S13);     /* Auth-Application-Id */
    avp(p, n, 260, inner, length);                /* Vendor-Specific-Application-Id */
}

static void header(uint8_t *p, size_t n, unsigned command, uint8_t flags, uint32_t app)
{
    put32(p, (uint32_t)n);
    p[0] = 1;
    put32(p + 4, command);
    p[4] = flags;
    put32(p + 8, app);
}

void s13_ecr(struct s13_template *t, const struct s13_who *who)
{
    char session[256];
    uint8_t inner[64];
    size_t length = 0, n = S13_HEADER;
    memset(t, 0, sizeof *t);
    snprintf(session, sizeof session, "%s;%llu;00000000", who->host, (unsigned long long)who->now);
    t->session = avp_text(t->p, &n, 263, session) + strlen(session) - S13_DIGITS;
    application(t->p, &n);
    avp_number(t->p, &n, 277, 1); /* Auth-Session-State: no state maintained */
    avp_text(t->p, &n, 264, who->host);
    avp_text(t->p, &n, 296, who->realm);
    avp_text(t->p, &n, 283, who->to_realm);
    size_t imei = avp_text(inner, &length, 1402, "00000000000000");
    avp_text(inner, &length, 1403, "01"); /* Software-Version */
    t->imei = avp(t->p, &n, 1401, inner, length) + imei;
    t->plmn = avp_text(t->p, &n, 1, "401770000000000"); /* User-Name: the IMSI */
    t->imsi = t->plmn + 15 - S13_DIGITS;
    header(t->p, n, S13_ECR, FLAGS_REQUEST, APP_S13);
    t->n = n;
}

size_t s13_base(uint8_t *p, unsigned command, const struct s13_who *who, const uint8_t ids[8])
{
    size_t n = S13_HEADER;
    if (command == S13_DWR)
        avp_number(p, &n, 268, SUCCESS);
    avp_text(p, &n, 264, who->host);
    avp_text(p, &n, 296, who->realm);
    if (command == S13_CER) {
        uint8_t address[6] = {0, 1, 127, 0, 0, 1};
        avp(p, &n, 257, address, sizeof address);
        avp_number(p, &n, 266, VENDOR_3GPP);
        avp_text(p, &n, 269, "tamga bench"); /* Product-Name; its M bit is not set */
        p[n - 12 - 8 + 4] = 0;
        avp_number(p, &n, 265, VENDOR_3GPP); /* Supported-Vendor-Id */
        application(p, &n);
    }
    if (command == S13_DPR)
        avp_number(p, &n, 273, 0); /* Disconnect-Cause: REBOOTING */
    header(p, n, command, command == S13_DWR ? 0 : FLAG_R, 0);
    memcpy(p + 12, ids, 8);
    return n;
}

void s13_digits_init(struct s13_digits *d)
{
    for (unsigned i = 0; i < 10000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%04u", i);
        memcpy(d->four[i], text, 4);
    }
}

struct s13_said s13_hear(const uint8_t *p, size_t n)
{
    struct s13_said said = {.status = -1};
    size_t at = S13_HEADER;
    while (at + 8 <= n) {
        uint32_t code = get32(p + at), length = get24(p + at + 5);
        if (length < 8 || length > n - at)
            return (struct s13_said){.status = -1};
        if (code == 268 && length == 12)
            said.result = get32(p + at + 8);
        if (code == 1445 && length == 16)
            said.status = (int)get32(p + at + 12);
        if (code == 297) /* Experimental-Result {Vendor-Id, Experimental-Result-Code} */
            for (size_t in = at + 8; in + 12 <= at + length; in += 12)
                if (get32(p + in) == 298)
                    said.experimental = get32(p + in + 8);
        at += length + (-length & 3);
    }
    return said;
}
