/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "asked.h"

int asked_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    service_stub_init(&f->service, daynum_from_ymd(2025, 7, 1));
    f->site = (struct site){.service = &f->service};
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    response_release(&f->response);
    free(f->text);
    f->text = NULL;
}

int asked_teardown(void **state)
{
    struct fixture *f = *state;
    forget(f);
    free(f);
    return 0;
}

void ask(struct fixture *f, const struct request *request)
{
    forget(f);
    route_answer(&f->site, request, &f->response);
    struct str body = response_body(&f->response);
    f->text = strndup(body.n ? body.p : "", body.n);
    assert_non_null(f->text);
    assert_int_equal(strlen(f->text), body.n);
    assert_true(str_utf8(body));
}

void get(struct fixture *f, const char *target)
{
    const struct request request = {.method = STR("GET"), .target = str_z(target)};
    ask(f, &request);
}

void post(struct fixture *f, const char *target, const char *form)
{
    const struct request request = {
        .method = STR("POST"),
        .target = str_z(target),
        .content_type = STR("application/x-www-form-urlencoded; charset=utf-8"),
        .body = str_z(form),
    };
    ask(f, &request);
}

bool says(const struct fixture *f, const char *part)
{
    return strstr(f->text, part) != NULL;
}

unsigned count(const struct fixture *f, const char *part)
{
    unsigned n = 0;
    for (const char *at = f->text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

unsigned told(const struct fixture *f, enum lang lang, const char *a, const char *b, const char *c)
{
    enum text id;
    assert_true(text_find_parts(a, b, c, &id));
    struct buf html = {0};
    text_html(&html, text_get(lang, id));
    buf_put(&html, "", 1);
    assert_false(html.failed);
    unsigned n = count(f, (char *)html.p);
    buf_release(&html);
    return n;
}

void markup_is_whole(const struct fixture *f)
{
    static const char *const empty[] = {"meta", "link", "input", "br", "!doctype"};
    struct str open[64];
    size_t depth = 0;
    const char *at = f->text;
    while ((at = strchr(at, '<'))) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        bool closes = at[1] == '/', lone = end[-1] == '/';
        const char *name = at + 1 + closes;
        struct str tag = {name, strcspn(name, " />\n")};
        for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
            lone = lone || str_eq(tag, str_z(empty[i]));
        if (closes) {
            assert_true(depth > 0);
            if (!str_eq(open[--depth], tag))
                fail_msg("<%.*s> closed by </%.*s>", STR_ARG(open[depth]), STR_ARG(tag));
        } else if (!lone) {
            assert_true(depth < sizeof open / sizeof open[0]);
            open[depth++] = tag;
        }
        at = end;
    }
    assert_int_equal(depth, 0);
}
