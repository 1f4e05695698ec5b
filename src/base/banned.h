/* SPDX-License-Identifier: Apache-2.0
 *
 * banned - functions that this house does not use, by force of the compiler. Included before
 * everything else (-include), after the system headers that declare them. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros of the C library where clang builds with _FORTIFY_SOURCE. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets
#pragma GCC poison atoi atol atoll atof system popen
#pragma GCC poison gmtime localtime ctime asctime tmpnam mktemp

#endif
