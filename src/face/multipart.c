/* SPDX-License-Identifier: Apache-2.0 */
#include "face/multipart.h"

#include <string.h>

#include "face/form.h"

static enum err no_form(struct fault *fault, const char *why)
{
    return fault_set(fault, ERR_USAGE, "multipart/form-data: %s", why);
}

/* The value of a parameter of a header: a=b; a="b". Empty: it is not there. *out_found. */
static struct str parameter(struct str header, const char *name, bool *out_found)
{
    struct str rest = header;
    *out_found = false;
    (void)str_split(rest, ';', &rest); /* what it is */
    while (rest.n) {
        struct str value, key = str_trim(str_split(rest, '=', &value));
        bool quoted = value.n && value.p[0] == '"';
        const char *end = quoted ? memchr(value.p + 1, '"', value.n - 1) : NULL;
        if (quoted && !end)
            return STR("");
        struct str behind =
            quoted ? (struct str){end + 1, (size_t)(value.p + value.n - end - 1)} : value;
        struct str plain = str_trim(str_split(behind, ';', &rest));
        if (!str_eq_nocase(key, str_z(name)))
            continue;
        *out_found = value.p != NULL;
        return quoted ? (struct str){value.p + 1, (size_t)(end - value.p - 1)} : plain;
    }
    return STR("");
}

enum err multipart_open(struct str content_type, struct str body, struct multipart *out,
                        struct fault *fault)
{
    bool found;
    struct str boundary = parameter(content_type, "boundary", &found);
    if (!found || !boundary.n || boundary.n > MULTIPART_BOUNDARY || !str_printable(boundary))
        return no_form(fault, "no boundary");
    *out = (struct multipart){.mark_bytes = boundary.n + 4};
    memcpy(out->mark, "\r\n--", 4);
    memcpy(out->mark + 4, boundary.p, boundary.n);
    if (!str_starts(body, (struct str){out->mark + 2, out->mark_bytes - 2}))
        return no_form(fault, "it does not begin with its boundary");
    out->rest = (struct str){body.p + out->mark_bytes - 2, body.n - out->mark_bytes + 2};
    return ERR_OK;
}

/* What stands before `what`, and takes both away from *s. False: it is not there. */
static bool cut_before(struct str *s, struct str what, struct str *out)
{
    const char *at = s->n >= what.n ? memmem(s->p, s->n, what.p, what.n) : NULL;
    if (!at)
        return false;
    *out = (struct str){s->p, (size_t)(at - s->p)};
    *s = (struct str){at + what.n, s->n - out->n - what.n};
    return true;
}

/* Of the lines of a part's head, the one that tells what it is. */
static struct str disposition(struct str head)
{
    while (head.n) {
        struct str value, line = str_split(head, '\n', &head);
        struct str name = str_trim(str_split(line, ':', &value));
        if (str_eq_nocase(name, STR("Content-Disposition")))
            return str_trim(value);
    }
    return STR("");
}

static enum err read_head(struct multipart *m, struct multipart_part *out, struct fault *fault)
{
    struct str head, rest, said;
    bool named = false;
    struct str within = {m->rest.p, m->rest.n < LIMIT_PART_HEAD ? m->rest.n : LIMIT_PART_HEAD};
    if (!cut_before(&within, STR("\r\n\r\n"), &head))
        return m->rest.n > LIMIT_PART_HEAD ? fault_set(fault, ERR_TOO_LONG, "the head of a part")
                                           : no_form(fault, "it is cut off in the head of a part");
    m->rest = (struct str){head.p + head.n + 4, m->rest.n - head.n - 4};
    said = disposition(head);
    if (!str_eq_nocase(str_trim(str_split(said, ';', &rest)), STR("form-data")))
        return no_form(fault, "a part that is no field");
    out->name = parameter(said, "name", &named);
    out->file = parameter(said, "filename", &out->is_file);
    if (!str_utf8(out->file))
        out->file = STR("");
    return named ? ERR_OK : no_form(fault, "a part without a name");
}

/* Behind a boundary: a line end and a part, or "--" and nothing. */
static enum err read_behind(struct multipart *m, struct fault *fault)
{
    if (str_starts(m->rest, STR("\r\n"))) {
        m->rest = (struct str){m->rest.p + 2, m->rest.n - 2};
        return ERR_OK;
    }
    m->ended = str_eq(m->rest, STR("--")) || str_eq(m->rest, STR("--\r\n"));
    return m->ended ? ERR_OK : no_form(fault, "behind a boundary stands something else");
}

enum err multipart_next(struct multipart *m, struct multipart_part *out, bool *out_found,
                        struct fault *fault)
{
    struct multipart_part part = {.is_file = false};
    *out_found = false;
    enum err err = m->ended ? ERR_OK : read_behind(m, fault);
    if (err || m->ended)
        return err;
    if (m->parts++ == LIMIT_PARTS)
        return fault_set(fault, ERR_TOO_MANY, "a form has at most %d parts", LIMIT_PARTS);
    err = read_head(m, &part, fault);
    if (err)
        return err;
    if (!cut_before(&m->rest, (struct str){m->mark, m->mark_bytes}, &part.bytes))
        return no_form(fault, "it is cut off in a part");
    if (!part.is_file && part.bytes.n > LIMIT_PART_FIELD)
        return fault_set(fault, ERR_TOO_LONG, "a field of a form");
    if (!part.is_file && !form_is_text(part.bytes))
        return fault_set(fault, ERR_UTF8, "a field of a form");
    *out = part;
    *out_found = true;
    return ERR_OK;
}
