/* SPDX-License-Identifier: Apache-2.0
 *
 * What people and proxies write into small fields: forms, addresses, a proxy's header, phone numbers,
 * holidays. What is taken is of the form that it promises. */
#include <assert.h>
#include <string.h>

#include "core/hours.h"
#include "core/msisdn.h"
#include "face/address.h"
#include "face/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_form(struct str s)
{
    struct buf out = {0}, value = {0}, scratch = {0};
    struct str piece;
    bool found = false;
    if (form_decode(s, true, &out) == ERR_OK)
        assert(form_is_text((struct str){out.n ? (const char *)out.p : "", out.n}));
    if (form_piece(s, &scratch, &piece) == ERR_OK)
        assert(form_is_text(piece));
    if (form_value(s, "a", &value, &found) == ERR_OK)
        assert(found || !value.n);
    buf_release(&out);
    buf_release(&value);
    buf_release(&scratch);
}

static void as_addresses(struct str s)
{
    struct address a, peer = {{0}};
    struct nets nets = {0};
    (void)address_parse(s, &a);
    (void)nets_parse(s, &nets);
    assert(nets.n <= LIMIT_NETS);
    assert(nets_parse(STR("::/0"), &nets));
    (void)address_forwarded(&peer, &nets, FORWARDED_X_FOR, s);
    (void)address_forwarded(&peer, &nets, FORWARDED_7239, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {size ? (const char *)data : "", size};
    char number[MSISDN_TEXT];
    static struct hours hours;
    as_form(s);
    as_addresses(s);
    if (msisdn_parse(s, number, NULL) == ERR_OK)
        assert(number[0] == '+' && strspn(number + 1, "0123456789") == strlen(number) - 1);
    hours_init(&hours);
    (void)!hours_parse(s, &hours, NULL);
    return 0;
}
