/* SPDX-License-Identifier: Apache-2.0 */
#include "face/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { MAPPED_BYTES = 12, MAPPED_BITS = 96, ADDRESS_BITS = 128, CLIENT_BYTES6 = 8 };
static const uint8_t mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

static struct address from_v4(const void *four)
{
    struct address address;
    memcpy(address.bytes, mapped, sizeof mapped);
    memcpy(address.bytes + sizeof mapped, four, 4);
    return address;
}

/* Without brackets and without a port. */
static struct str bare(struct str text)
{
    if (text.n > 1 && text.p[0] == '[') {
        const char *close = memchr(text.p, ']', text.n);
        return close ? (struct str){text.p + 1, (size_t)(close - text.p) - 1} : (struct str){"", 0};
    }
    struct str port, host = str_split(text, ':', &port);
    return port.p && !memchr(port.p, ':', port.n) ? host : text; /* two colons: IPv6 */
}

bool address_parse(struct str text, struct address *out)
{
    char z[INET6_ADDRSTRLEN + 1];
    struct in_addr four;
    struct in6_addr six;
    text = bare(text);
    if (!text.n || text.n >= sizeof z)
        return false;
    str_copy(z, sizeof z, text);
    if (inet_pton(AF_INET, z, &four) == 1)
        *out = from_v4(&four);
    else if (inet_pton(AF_INET6, z, &six) == 1)
        memcpy(out->bytes, &six, sizeof out->bytes);
    else
        return false;
    return true;
}

struct address address_of(const struct sockaddr *from)
{
    struct address address = {{0}};
    if (from && from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        address = from_v4(&v4.sin_addr);
    } else if (from && from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(address.bytes, &v6.sin6_addr, sizeof address.bytes);
    }
    return address;
}

size_t address_client_bytes(const struct address *address)
{
    return is_v4(address) ? sizeof address->bytes : CLIENT_BYTES6;
}

static bool net_parse(struct str text, struct net *out)
{
    struct str length, host = str_split(text, '/', &length);
    uint64_t bits = ADDRESS_BITS;
    if (!address_parse(host, &out->first))
        return false;
    bool v4 = is_v4(&out->first) && !memchr(host.p, ':', host.n);
    if (length.p && !str_to_u64(length, v4 ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS, &bits))
        return false;
    out->bits = (unsigned)bits + (v4 && length.p ? MAPPED_BITS : 0);
    return true;
}

bool nets_parse(struct str text, struct nets *out)
{
    struct nets nets = {0};
    for (size_t from = 0, i = 0; i <= text.n; i++) {
        if (i < text.n && !strchr(", \t", text.p[i]))
            continue;
        struct str one = {text.p + from, i - from};
        from = i + 1;
        if (!one.n)
            continue;
        if (nets.n == LIMIT_NETS || !net_parse(one, &nets.list[nets.n]))
            return false;
        nets.n++;
    }
    *out = nets;
    return true;
}

static bool net_holds(const struct net *net, const struct address *address)
{
    size_t bytes = net->bits / 8;
    unsigned rest = net->bits % 8;
    if (memcmp(net->first.bytes, address->bytes, bytes) != 0)
        return false;
    return !rest || (net->first.bytes[bytes] ^ address->bytes[bytes]) >> (8 - rest) == 0;
}

bool nets_hold(const struct nets *nets, const struct address *address)
{
    for (size_t i = 0; i < nets->n; i++)
        if (net_holds(&nets->list[i], address))
            return true;
    return false;
}

/* The for= of one element of Forwarded, without quotes; empty when it has none. */
static struct str forwarded_for(struct str element)
{
    while (element.n) {
        struct str value, name = str_split(str_split(element, ';', &element), '=', &value);
        if (!str_eq_nocase(str_trim(name), STR("for")))
            continue;
        value = str_trim(value);
        if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (struct str){value.p + 1, value.n - 2};
        return value;
    }
    return (struct str){"", 0};
}

/* Takes the last element off the list. */
static struct str last_element(struct str *list)
{
    size_t n = list->n;
    while (n && list->p[n - 1] != ',')
        n--;
    struct str element = str_trim((struct str){list->p + n, list->n - n});
    list->n = n ? n - 1 : 0;
    return element;
}

struct address address_forwarded(const struct address *peer, const struct nets *trusted,
                                 enum forwarded_form form, struct str value)
{
    struct address client = *peer;
    while (value.n && nets_hold(trusted, &client)) {
        struct str element = last_element(&value);
        if (form == FORWARDED_7239)
            element = forwarded_for(element);
        if (!address_parse(element, &client))
            break;
    }
    return client;
}
