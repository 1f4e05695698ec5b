/* SPDX-License-Identifier: Apache-2.0
 *
 * setting_lines - lines of a settings file, for inih's reader. That has room for so many bytes a line and would take
 * what is behind them for a line of its own: the end of a long comment would be a setting. Here a comment may be as
 * long as it likes, and every other line that has no room, or a NUL, ends the reading. */
#ifndef BASE_SETTING_LINES_H
#define BASE_SETTING_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct setting_lines {
    FILE *file; /* the caller's */
    int line;   /* the last one that was read, from 1 */
    size_t most;
    bool bad;
};

/* As fgets (inih's ini_reader); NULL at the end and at a line that is none. lines: struct setting_lines. */
char *setting_lines_next(char *out, int n, void *lines);
/* first: the line that inih found wrong, or 0. ERR_SETTING_VALUE when reading ended before that, and line and reason
 * in fault; else ERR_OK. */
MUST_USE enum err setting_lines_end(const struct setting_lines *lines, int first,
                                    struct fault *fault);

#endif
