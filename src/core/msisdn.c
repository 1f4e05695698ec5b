/* SPDX-License-Identifier: Apache-2.0 */
#include "core/msisdn.h"

#include <string.h>

enum { HOME_DIGITS = 11, SHOWN = 4 };

static enum err wrong(struct fault *fault)
{
    return fault_set(fault, ERR_MSISDN, "a phone number: +, then %d to %d digits",
                     MSISDN_DIGITS_LEAST, LIMIT_MSISDN_DIGITS);
}

enum err msisdn_parse(struct str typed, char out[MSISDN_TEXT], struct fault *fault)
{
    char digits[MSISDN_TEXT] = "+";
    size_t n = 0;
    typed = str_trim(typed);
    bool plus = typed.n && typed.p[0] == '+';
    for (size_t i = plus; i < typed.n; i++) {
        char c = typed.p[i];
        if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')')
            continue;
        if (c < '0' || c > '9' || n == LIMIT_MSISDN_DIGITS)
            return wrong(fault);
        digits[++n] = c;
    }
    bool home = !plus && n == HOME_DIGITS && (digits[1] == '8' || digits[1] == '7');
    if (home)
        digits[1] = '7';
    if ((!plus && !home) || n < MSISDN_DIGITS_LEAST || digits[1] == '0')
        return wrong(fault);
    digits[n + 1] = '\0';
    memcpy(out, digits, MSISDN_TEXT);
    return ERR_OK;
}

const char *msisdn_end(const char *msisdn)
{
    size_t n = strlen(msisdn);
    return n > SHOWN ? msisdn + n - SHOWN : "";
}
