/* SPDX-License-Identifier: Apache-2.0 */
#include "core/iin.h"

/* Weights 1..11, and 3..11,1,2 when the first sum is 10 modulo 11. */
enum err iin_check(struct str text, struct fault *fault)
{
    fault_value(fault, text.p, text.n);
    if (text.n != IIN_DIGITS || !str_digits(text))
        return fault_set(fault, ERR_IIN_BIN, "an IIN or BIN has 12 digits");
    int sum = 0, other = 0;
    for (int i = 0; i < IIN_DIGITS - 1; i++) {
        int digit = text.p[i] - '0';
        sum += digit * (i + 1);
        other += digit * (i < 9 ? i + 3 : i - 8);
    }
    int check = sum % 11 == 10 ? other % 11 : sum % 11;
    if (check != text.p[IIN_DIGITS - 1] - '0')
        return fault_set(fault, ERR_IIN_BIN, "the check digit is wrong: one digit is mistyped");
    if (fault)
        fault->value[0] = '\0';
    return ERR_OK;
}
