/* SPDX-License-Identifier: Apache-2.0
 *
 * file_looks - what a file that should be a table of text seems to be, by its first bytes: so that whoever sent a
 * workbook, an archive or a picture hears what to do instead of what is wrong with it. A guess for words; nothing
 * is opened because of it. */
#ifndef BULK_FILE_LOOKS_H
#define BULK_FILE_LOOKS_H

#include "base/str.h"

/* Codes are stored. */
enum file_looks {
    FILE_LOOKS_TEXT = 0, /* of nothing that is known here */
    FILE_LOOKS_WORKBOOK = 1,
    FILE_LOOKS_PACKED = 2,
    FILE_LOOKS_UTF16 = 3,
    FILE_LOOKS_PICTURE = 4,
    FILE_LOOKS_DOCUMENT = 5,
    FILE_LOOKS_PROGRAM = 6,
    FILE_LOOKS_COUNT
};
enum { FILE_LOOKS_BYTES = 4096 }; /* as many are enough */

/* start: the first bytes of the file, as many as there are at hand. */
enum file_looks file_looks(struct str start);
/* "WORKBOOK"; empty for text. */
const char *file_looks_name(enum file_looks looks);
/* For the shell: what it is, and what to do. */
const char *file_looks_says(enum file_looks looks);

#endif
