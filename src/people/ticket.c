/* SPDX-License-Identifier: Apache-2.0 */
#include "people/ticket.h"

#include <sodium.h>

enum { MARK = TICKET_BYTES - TICKET_SAID };

void ticket_secret(const struct registry *reg, const char *purpose, const uint8_t said[TICKET_SAID],
                   struct str with, uint8_t out[TICKET_SECRET])
{
    uint8_t of_purpose[SHA256_BYTES], of_ticket[SHA256_BYTES];
    sha256_hmac(reg->keys.session, purpose, strlen(purpose), of_purpose);
    sha256_hmac(of_purpose, said, TICKET_SAID, of_ticket);
    sha256_hmac(of_ticket, with.p, with.n, out);
    sodium_memzero(of_purpose, sizeof of_purpose);
    sodium_memzero(of_ticket, sizeof of_ticket);
}

static void mark(const struct registry *reg, const char *purpose, const uint8_t said[TICKET_SAID],
                 uint8_t out[MARK])
{
    uint8_t mac[TICKET_SECRET];
    ticket_secret(reg, purpose, said, STR("mark"), mac);
    memcpy(out, mac, MARK);
}

void ticket_of(const struct registry *reg, const char *purpose, const uint8_t said[TICKET_SAID],
               char out[TICKET_TEXT])
{
    uint8_t bytes[TICKET_BYTES];
    memcpy(bytes, said, TICKET_SAID);
    mark(reg, purpose, said, bytes + TICKET_SAID);
    sodium_bin2hex(out, TICKET_TEXT, bytes, sizeof bytes);
}

void ticket_new(const struct registry *reg, const char *purpose, int64_t now_s,
                char out[TICKET_TEXT])
{
    uint8_t said[TICKET_SAID];
    put_be(said, (uint64_t)now_s, 8);
    randombytes_buf(said + 8, TICKET_ID);
    ticket_of(reg, purpose, said, out);
}

int64_t ticket_time(const uint8_t said[TICKET_SAID])
{
    return (int64_t)get_be(said, 8);
}

bool ticket_read(const struct registry *reg, const char *purpose, struct str text, int64_t now_s,
                 int64_t life_s, uint8_t out_said[TICKET_SAID])
{
    uint8_t bytes[TICKET_BYTES], want[MARK];
    size_t n = 0;
    if (text.n != TICKET_TEXT - 1 ||
        sodium_hex2bin(bytes, sizeof bytes, text.p, text.n, NULL, &n, NULL) || n != sizeof bytes)
        return false;
    mark(reg, purpose, bytes, want);
    int64_t age = now_s - ticket_time(bytes);
    if (sodium_memcmp(want, bytes + TICKET_SAID, MARK) != 0 || age < 0 || age > life_s)
        return false;
    memcpy(out_said, bytes, TICKET_SAID);
    return true;
}
