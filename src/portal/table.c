/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/table.h"

void table_begin(struct exchange *x, const char *name, const char *head)
{
    x->response->status = 200;
    x->response->content_type = "text/csv; charset=utf-8; header=present";
    x->response->download = name;
    buf_str(x->out, STR("\xef\xbb\xbf"));
    buf_str(x->out, str_z(head));
    buf_str(x->out, STR("\r\n"));
}

static bool begins_formula(struct str s)
{
    return s.n && memchr("=+-@\t\r", s.p[0], 6);
}

static bool needs_quotes(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (memchr("\",;\r\n", s.p[i], 5))
            return true;
    return false;
}

void table_cell(struct buf *out, struct str s, bool last)
{
    bool quotes = needs_quotes(s);
    if (quotes)
        buf_str(out, STR("\""));
    if (begins_formula(s))
        buf_str(out, STR("'"));
    for (size_t i = 0; quotes && i < s.n; i++) {
        if (s.p[i] == '"')
            buf_str(out, STR("\""));
        buf_put(out, s.p + i, 1);
    }
    if (!quotes)
        buf_str(out, s);
    else
        buf_str(out, STR("\""));
    buf_str(out, last ? STR("\r\n") : STR(","));
}
