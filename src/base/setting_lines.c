/* SPDX-License-Identifier: Apache-2.0 */
#include "base/setting_lines.h"

#include <ctype.h>

static bool is_comment(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '#' || *text == ';';
}

char *setting_lines_next(char *out, int n, void *lines)
{
    struct setting_lines *l = lines;
    size_t at = 0, most = (size_t)n - 2; /* line end and NUL */
    bool over = false;
    int c = l->bad ? EOF : getc(l->file);
    if (c == EOF)
        return NULL;
    for (; c != EOF && c != '\n'; c = getc(l->file)) {
        over = over || !c || at == most;
        if (!over)
            out[at++] = (char)c;
    }
    out[at] = '\n';
    out[at + 1] = 0;
    l->line++;
    l->most = most;
    l->bad = over && !is_comment(out);
    return l->bad ? NULL : out;
}

enum err setting_lines_end(const struct setting_lines *lines, int first, struct fault *fault)
{
    if (!lines->bad || (first > 0 && first < lines->line))
        return ERR_OK;
    if (fault)
        fault->line = (uint64_t)lines->line;
    return fault_set(fault, ERR_SETTING_VALUE,
                     "a line has at most %zu bytes, and no NUL: what does not fit goes into the "
                     "next, indented",
                     lines->most);
}
