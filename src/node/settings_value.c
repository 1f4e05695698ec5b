/* SPDX-License-Identifier: Apache-2.0 */
#include "node/settings_value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "node/link.h"

static enum err word(struct str value, const char *const *words, unsigned n, uint8_t *out,
                     struct fault *fault)
{
    char list[FAULT_DETAIL_MAX] = "";
    for (unsigned i = 0; i < n; i++) {
        size_t at = strlen(list);
        if (str_eq(value, str_z(words[i]))) {
            *out = (uint8_t)i;
            return ERR_OK;
        }
        snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", words[i]);
    }
    return fault_set(fault, ERR_SETTING_VALUE, "want one of %s", list);
}

static enum err equipment(struct str value, bool error_too, uint8_t *out, struct fault *fault)
{
    static const char *const words[] = {"white", "black", "grey", "unknown", "error"};
    return word(value, words, error_too ? 5 : 4, out, fault);
}

static enum err number(struct str value, const struct setting *k, uint64_t *out,
                       struct fault *fault)
{
    uint64_t v;
    if (!str_to_u64(value, k->most, &v) || v < k->least)
        return fault_set(fault, ERR_SETTING_VALUE, "want a number from %llu to %llu",
                         (unsigned long long)k->least, (unsigned long long)k->most);
    *out = v;
    return ERR_OK;
}

/* "ADDR" or "[ADDR6]", behind what stands in out. */
static bool add_address(struct str address, char out[NODE_ADDRESS])
{
    unsigned char bytes[16];
    char one[INET6_ADDRSTRLEN];
    size_t at = strlen(out);
    bool six = address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']';
    if (six)
        address = (struct str){address.p + 1, address.n - 2};
    if (address.n >= sizeof one)
        return false;
    str_copy(one, sizeof one, address);
    if (inet_pton(six ? AF_INET6 : AF_INET, one, bytes) != 1)
        return false;
    int n = snprintf(out + at, NODE_ADDRESS - at, "%s%s", at ? "+" : "", one);
    return n > 0 && (size_t)n < NODE_ADDRESS - at;
}

/* "ADDR:PORT", "[ADDR6]:PORT", with many "ADDR+ADDR:PORT"; numbers, as a name could mean several. */
static bool parse_listen(struct str text, bool many, struct node_listen *out)
{
    uint64_t port;
    size_t colon = text.n, n = 0;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !str_to_u64((struct str){text.p + colon, text.n - colon}, UINT16_MAX, &port))
        return false;
    out->port = (uint16_t)port;
    for (struct str rest = {text.p, colon - 1}; rest.p; n++) {
        struct str one = many ? str_split(rest, '+', &rest) : rest;
        if (!many)
            rest = (struct str){0};
        if (n == LIMIT_WIRE_ADDRESSES || !add_address(one, out->address))
            return false;
    }
    return true;
}

static enum err take_listen(struct str text, struct node_listen *out, struct fault *fault)
{
    struct node_listen taken = {.tls = out->tls, .sctp = out->sctp};
    if (!parse_listen(text, out->sctp, &taken))
        return fault_set(fault, ERR_SETTING_VALUE,
                         out->sctp ? "want ADDRESS:PORT in numbers, as 192.0.2.1:3868, or several "
                                     "of one end, as 192.0.2.1+198.51.100.1:3868"
                                   : "want ADDRESS:PORT in numbers, as 192.0.2.1:3868 or "
                                     "[2001:db8::1]:3868");
    *out = taken;
    return ERR_OK;
}

static bool host_ok(struct str s, bool pattern)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || (pattern && i == 0 && c == '*');
        if (!ok)
            return false;
    }
    return s.n > 0 && s.n < NODE_PEER;
}

static enum err add_listen(struct node_face *face, struct str one, enum setting_kind kind,
                           struct fault *fault)
{
    struct node_listen listen = {.tls = kind == SETTING_LISTEN_TLS,
                                 .sctp = kind == SETTING_LISTEN_SCTP};
    enum err err = take_listen(one, &listen, fault);
    if (!err && face->listen_count == LIMIT_NODE_LISTEN)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d addresses", LIMIT_NODE_LISTEN);
    if (!err)
        face->listen[face->listen_count++] = listen;
    return err;
}

static enum err add_peer(struct node_settings *s, struct str one, struct fault *fault)
{
    if (!host_ok(one, true))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want the Origin-Host of a peer, *.REALM, or * for everybody");
    if (s->peer_count == LIMIT_NODE_PEERS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d peers", LIMIT_NODE_PEERS);
    str_copy(s->peers[s->peer_count++], NODE_PEER, one);
    return ERR_OK;
}

static enum err add_connect(struct node_settings *s, struct str one, enum setting_kind kind,
                            struct fault *fault)
{
    struct node_listen to = {.tls = kind == SETTING_CONNECT_TLS};
    enum err err = take_listen(one, &to, fault);
    to.sctp =
        kind == SETTING_CONNECT_SCTP; /* one address is enough: the other end tells its others */
    if (!err && !to.port)
        err = fault_set(fault, ERR_SETTING_VALUE, "want the port of the peer");
    if (!err && s->connect_count == LIMIT_NODE_CONNECT)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d peers to call", LIMIT_NODE_CONNECT);
    if (!err)
        s->connect[s->connect_count++] = to;
    return err;
}

static enum err bad_url(struct fault *fault, const char *whose)
{
    return fault_set(fault, ERR_SETTING_VALUE, "want http://HOST[:PORT] or https://HOST[:PORT], %s",
                     whose);
}

static enum err add_nrf(struct node_nrf *nrf, struct str one, struct fault *fault)
{
    while (one.n && one.p[one.n - 1] == '/')
        one.n--;
    if (!link_is_url(one))
        return bad_url(fault, "the apiRoot of the NRF");
    if (nrf->address_count == LIMIT_NODE_NRFS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d NRFs", LIMIT_NODE_NRFS);
    str_copy(nrf->address[nrf->address_count++], NODE_TEXT, one);
    return ERR_OK;
}

static enum err add_plmn(struct node_nrf *nrf, struct str one, struct fault *fault)
{
    struct str mnc, mcc = str_split(one, '-', &mnc);
    if (mcc.n != 3 || !str_digits(mcc) || !mnc.p || mnc.n < 2 || mnc.n > 3 || !str_digits(mnc))
        return fault_set(fault, ERR_SETTING_VALUE, "want MCC-MNC, as 401-77");
    if (nrf->plmn_count == LIMIT_NODE_PLMNS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d networks", LIMIT_NODE_PLMNS);
    struct node_plmn *to = &nrf->plmn[nrf->plmn_count++];
    str_copy(to->mcc, sizeof to->mcc, mcc);
    str_copy(to->mnc, sizeof to->mnc, mnc);
    return ERR_OK;
}

/* Of several with commas between each one. */
static enum err add_each(struct node_settings *s, const struct setting *k, struct str value,
                         struct fault *fault)
{
    enum err err = ERR_OK;
    for (struct str rest = value; !err && rest.p;) {
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (k->kind == SETTING_PEERS)
            err = add_peer(s, one, fault);
        else if (k->kind == SETTING_NRF)
            err = add_nrf(&s->nrf, one, fault);
        else if (k->kind == SETTING_PLMN)
            err = add_plmn(&s->nrf, one, fault);
        else if (k->kind == SETTING_CONNECT || k->kind == SETTING_CONNECT_TLS ||
                 k->kind == SETTING_CONNECT_SCTP)
            err = add_connect(s, one, k->kind, fault);
        else
            err = add_listen((struct node_face *)((char *)s + k->at), one, k->kind, fault);
    }
    return err;
}

/* Lower case, as RFC 4122 3 writes it: then equal ones have equal letters. */
static enum err take_uuid(char *at, struct str value, struct fault *fault)
{
    char text[NODE_UUID] = "";
    bool ok = value.n == sizeof text - 1;
    for (size_t i = 0; ok && i < value.n; i++) {
        char c = value.p[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        text[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        ok = dash ? c == '-' : (c >= '0' && c <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    }
    if (!ok)
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want a UUID, as 4947a69a-f61b-4bc1-b9da-47c9c5d14b64");
    memcpy(at, text, sizeof text);
    return ERR_OK;
}

static enum err take_text(char *at, const struct setting *k, struct str value, struct fault *fault)
{
    bool ok = true;
    if (value.n >= k->size)
        return fault_set(fault, ERR_SETTING_VALUE, "at most %zu bytes", k->size - 1);
    if (k->kind == SETTING_URL && !link_is_url(value))
        return bad_url(fault, "as the register's public_url");
    if (k->kind == SETTING_HOST)
        ok = host_ok(value, false);
    if (!ok)
        return fault_set(fault, ERR_SETTING_VALUE, "want a host name, as eir.operator.example");
    if (k->kind == SETTING_ROOT)
        ok = value.n == 0 || (value.p[0] == '/' && value.p[value.n - 1] != '/');
    if (!ok)
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want a path, as /eir, without slash at its end");
    size_t n = value.n;
    while (k->kind == SETTING_URL && value.p[n - 1] == '/')
        n--;
    str_copy(at, k->size, (struct str){value.p, n});
    return ERR_OK;
}

static enum err take_tacs(struct node_settings *s, struct str value, struct fault *fault)
{
    enum err err = tac_ranges_add(&s->tacs, value, fault);
    if (err == ERR_NUMBER && fault)
        fault->err = ERR_SETTING_VALUE;
    return err == ERR_NUMBER ? ERR_SETTING_VALUE : err;
}

enum err setting_take(struct node_settings *s, const struct setting *k, struct str value,
                      struct fault *fault)
{
    static const char *const stale[] = {"go_on", "grey", "white"};
    static const char *const no_yes[] = {"no", "yes"};
    char *at = (char *)s + k->at;
    uint64_t v = 0;
    uint8_t w = 0;
    enum err err = ERR_OK;
    switch (k->kind) {
    case SETTING_TEXT:
    case SETTING_URL:
    case SETTING_HOST:
    case SETTING_ROOT:
        return take_text(at, k, value, fault);
    case SETTING_TACS:
        return take_tacs(s, value, fault);
    case SETTING_UUID:
        return take_uuid(at, value, fault);
    case SETTING_COUNT:
        err = number(value, k, &v, fault);
        *(uint32_t *)at = err ? *(uint32_t *)at : (uint32_t)v;
        return err;
    case SETTING_BYTES:
        return number(value, k, (uint64_t *)at, fault);
    case SETTING_YES_NO:
        err = word(value, no_yes, 2, &w, fault);
        *(bool *)at = err ? *(bool *)at : w;
        return err;
    case SETTING_WORD_EQUIPMENT:
    case SETTING_WORD_MALFORMED:
        return equipment(value, k->kind == SETTING_WORD_MALFORMED, (uint8_t *)at, fault);
    case SETTING_WORD_STALE:
        err = word(value, stale, 3, &w, fault);
        s->stale = err ? s->stale : (enum node_stale)w;
        return err;
    case SETTING_METRICS:
        err = take_listen(value, &s->metrics, fault);
        s->metrics_on = s->metrics_on || !err;
        return err;
    case SETTING_NRF:
    case SETTING_PLMN:
    case SETTING_LISTEN:
    case SETTING_LISTEN_TLS:
    case SETTING_LISTEN_SCTP:
    case SETTING_PEERS:
    case SETTING_CONNECT:
    case SETTING_CONNECT_TLS:
    case SETTING_CONNECT_SCTP:
        break;
    }
    return add_each(s, k, value, fault);
}
