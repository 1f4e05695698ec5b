/* SPDX-License-Identifier: Apache-2.0
 *
 * err - one closed list of errors and the record that says where.
 *
 * Every function that can fail returns an enum err; ERR_OK is 0. Out-parameters stand last and
 * are untouched on failure. Expected answers ("on no list", "TAC unknown") are values, not errors.
 * A struct fault travels beside the error where a person must be told more: which file, line,
 * column, value. It is optional (NULL) everywhere and never changes what a function does. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))

enum err {
#define X(name, http, exit, text) name,
#include "base/errors.def"
#undef X
    ERR_COUNT
};

struct err_info {
    const char *name;    /* "ERR_IMEI_FORM"; faces drop the prefix: "IMEI_FORM" */
    int http_status;     /* RFC 9110 status */
    int exit_code;       /* of the shell command */
    const char *text_id; /* of the catalogue */
};

/* The row of the table; never NULL (an unknown number gives ERR_STORE's row). */
const struct err_info *err_info(enum err err);
/* "IMEI_FORM" for ERR_IMEI_FORM. */
const char *err_name(enum err err);

enum { FAULT_VALUE_MAX = 48, FAULT_FIELD_MAX = 48, FAULT_DETAIL_MAX = 240, FAULT_FILE_MAX = 256 };

/* Where and what. Lines and columns count from 1; 0 = not known. All strings NUL-terminated. */
struct fault {
    enum err err;
    uint64_t line;
    uint32_t column;
    uint64_t byte;
    char file[FAULT_FILE_MAX];
    char field[FAULT_FIELD_MAX];   /* of a request's body or query: "devices[1].imeis[0]" */
    char value[FAULT_VALUE_MAX];   /* the offending text, cut and made printable */
    char detail[FAULT_DETAIL_MAX]; /* which rule, what to do; English, for logs and the shell */
};

/* Fills fault (may be NULL) and returns err, so that a failure is one line:
 * return fault_set(fault, ERR_DATE, "column date: want YYYY-MM-DD"); */
enum err fault_set(struct fault *fault, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The field of a request that is wrong. Where one is named already the new name stands before it:
 * "imeis[0]", then "devices[1]" gives "devices[1].imeis[0]". */
void fault_field(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Copies n bytes of text into fault->value, cut to fit, unprintable bytes as '?'. */
void fault_value(struct fault *fault, const char *text, size_t n);

#endif
