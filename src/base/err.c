/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct err_info table[ERR_COUNT] = {
#define X(name, http, exit, text) [name] = {#name, http, exit, text},
#include "base/errors.def"
#undef X
};

const struct err_info *err_info(enum err err)
{
    if ((unsigned)err >= ERR_COUNT)
        err = ERR_STORE;
    return &table[err];
}

const char *err_name(enum err err)
{
    return err_info(err)->name + strlen("ERR_");
}

enum err fault_set(struct fault *fault, enum err err, const char *format, ...)
{
    if (!fault)
        return err;
    fault->err = err;
    va_list args;
    va_start(args, format);
    vsnprintf(fault->detail, sizeof fault->detail, format, args);
    va_end(args);
    return err;
}

void fault_field(struct fault *fault, const char *format, ...)
{
    char inner[FAULT_FIELD_MAX], outer[FAULT_FIELD_MAX];
    if (!fault)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(outer, sizeof outer, format, args);
    va_end(args);
    memcpy(inner, fault->field, sizeof inner);
    int n = snprintf(fault->field, sizeof fault->field, "%s%s%s", outer, *inner ? "." : "", inner);
    if (n >= (int)sizeof fault->field) /* a part of a name would be another's */
        memcpy(fault->field, outer, sizeof outer);
}

void fault_value(struct fault *fault, const char *text, size_t n)
{
    if (fault)
        str_show(fault->value, sizeof fault->value, (struct str){text, n});
}
