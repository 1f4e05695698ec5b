/* SPDX-License-Identifier: Apache-2.0
 *
 * given_file - small files for tests of what comes in. */
#ifndef UNIT_GIVEN_FILE_H
#define UNIT_GIVEN_FILE_H

#include <stddef.h>

/* A new file with these bytes; its path, to be given to given_file_remove. Ends the program when
 * there is no room. */
char *given_file(const void *bytes, size_t n);
void given_file_remove(char *path);

#endif
