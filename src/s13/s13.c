/* SPDX-License-Identifier: Apache-2.0
 *
 * s13 - a node is made of its settings; what its answers have in common is written once. */
#include "s13/s13.h"

#include <stdlib.h>

#include "s13/own.h"

enum { TW_DEFAULT_SECONDS = 30, TW_LEAST_SECONDS = 6, TW_MOST_SECONDS = 3600 }; /* RFC 3539 3.4.1 */

void own_put_application(struct buf *b)
{
    size_t group = put_group(b, AVP_VENDOR_SPECIFIC_APPLICATION_ID);
    put_avp_u32(b, AVP_VENDOR_ID, DIAMETER_3GPP);
    put_avp_u32(b, AVP_AUTH_APPLICATION_ID, DIAMETER_S13);
    put_group_end(b, group);
}

/* TS 29.272 7.2.20, in its order. */
static enum err middle(const struct s13 *own, bool found, struct own_bytes *out)
{
    struct buf b = {0};
    own_put_application(&b);
    if (found) {
        put_avp_u32(&b, AVP_RESULT_CODE, DIAMETER_SUCCESS);
    } else {
        size_t group = put_group(&b, AVP_EXPERIMENTAL_RESULT);
        put_avp_u32(&b, AVP_VENDOR_ID, DIAMETER_3GPP);
        put_avp_u32(&b, AVP_EXPERIMENTAL_RESULT_CODE, DIAMETER_EQUIPMENT_UNKNOWN);
        put_group_end(&b, group);
    }
    put_avp_u32(&b, AVP_AUTH_SESSION_STATE, 1); /* NO_STATE_MAINTAINED */
    put_avp_str(&b, AVP_ORIGIN_HOST, own->identity);
    put_avp_str(&b, AVP_ORIGIN_REALM, own->realm);
    if (found)
        put_avp_u32(&b, AVP_EQUIPMENT_STATUS, 0);
    bool fits = !b.failed && b.n <= sizeof out->p;
    if (fits) {
        memcpy(out->p, b.p, b.n);
        out->n = b.n;
    }
    buf_release(&b);
    return fits ? ERR_OK : ERR_MEMORY;
}

static enum err wrong(struct fault *fault, const char *name, const char *wants)
{
    fault_set(fault, ERR_SETTING_VALUE, "%s: want %s", name, wants);
    fault_field(fault, "%s", name);
    return ERR_SETTING_VALUE;
}

static enum err check(const struct s13_settings *s, struct fault *fault)
{
    if (!diameter_is_identity(s->identity))
        return wrong(fault, "identity", "a host name of at most 255 bytes");
    if (!diameter_is_identity(s->realm))
        return wrong(fault, "realm", "a domain name of at most 255 bytes");
    if (s->product.n > LIMIT_NAME)
        return wrong(fault, "product", "at most 64 bytes");
    if (s->tw_seconds && (s->tw_seconds < TW_LEAST_SECONDS || s->tw_seconds > TW_MOST_SECONDS))
        return wrong(fault, "tw_seconds", "6 to 3600 seconds");
    if (s->message_max &&
        (s->message_max < LIMIT_DIAMETER_CER || s->message_max > LIMIT_DIAMETER_MESSAGE))
        return wrong(fault, "message_max", "8192 to 65536 bytes");
    return ERR_OK;
}

static struct str keep(char **at, struct str s)
{
    struct str kept = {*at, s.n};
    memcpy(*at, s.p, s.n);
    *at += s.n;
    return kept;
}

enum err s13_new(const struct s13_settings *settings, struct s13 **out, struct fault *fault)
{
    enum err err = check(settings, fault);
    if (err)
        return err;
    struct str product = settings->product.n ? settings->product : STR("Tamga");
    size_t names = settings->identity.n + settings->realm.n + product.n;
    struct s13 *own = calloc(1, sizeof *own + names);
    if (!own)
        return ERR_MEMORY;
    char *at = own->names;
    own->identity = keep(&at, settings->identity);
    own->realm = keep(&at, settings->realm);
    own->product = keep(&at, product);
    own->vendor = settings->vendor;
    own->origin_state = settings->origin_state;
    own->tw_us = 1000000LL * (settings->tw_seconds ? settings->tw_seconds : TW_DEFAULT_SECONDS);
    own->message_max = settings->message_max ? settings->message_max : LIMIT_DIAMETER_MESSAGE;
    own->rate_max = settings->rate_max;
    own->many = settings->many;
    own->tell = settings->tell;
    own->tell_ctx = settings->tell_ctx;
    peers_init(&own->peers);
    err = middle(own, true, &own->found);
    if (!err)
        err = middle(own, false, &own->unknown);
    if (!err)
        err = peers_allow(&own->peers, settings->allow, settings->allow_count);
    if (err) {
        s13_free(own);
        return err;
    }
    *out = own;
    return ERR_OK;
}

enum err s13_allow(struct s13 *s13, const struct str *allow, size_t n)
{
    return peers_allow(&s13->peers, allow, n);
}

void s13_free(struct s13 *s13)
{
    if (!s13)
        return;
    peers_release(&s13->peers);
    free(s13);
}
