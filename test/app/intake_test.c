/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of bad rows: read a piece at a time, by few at once, whole also when another list has taken their place; whose they
 * are, and that they were read is written down first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "app/intake.h"

enum { ROWS = 200000, LINE = 8 };

struct seen {
    unsigned looks;
    uint64_t bytes;
    enum err refuses;
};

static uint64_t line_of(uint64_t i)
{
    return i * 0x9e3779b97f4a7c15ULL;
}

static enum err load(void *ctx, const struct intake_job *job, struct intake_result *out,
                     struct fault *fault)
{
    (void)ctx;
    (void)fault;
    for (uint64_t i = 0; i < ROWS; i++) {
        const uint64_t line = line_of(i);
        assert_int_equal(fwrite(&line, LINE, 1, job->bad), 1);
    }
    out->bad = ROWS;
    return ERR_OK;
}

static enum err looked(void *ctx, const struct intake_asker *asker, uint64_t bytes,
                       struct fault *fault)
{
    struct seen *seen = ctx;
    (void)fault;
    assert_int_equal(asker->key, 7);
    seen->looks++;
    seen->bytes = bytes;
    return seen->refuses;
}

static struct intake *new_intake(struct seen *seen)
{
    struct intake *in = NULL;
    const struct intake_options options = {
        .directory = "/tmp", .load = load, .looked = looked, .ctx = seen};
    assert_int_equal(intake_new(&options, &in), ERR_OK);
    return in;
}

static void bring(struct intake *in, const char *name)
{
    struct intake_upload *upload = NULL;
    struct intake_result result;
    assert_int_equal(intake_begin(in, str_z(name), &upload, NULL), ERR_OK);
    assert_int_equal(intake_add(upload, "x", 1, NULL), ERR_OK);
    assert_int_equal(intake_load(upload, 7, &result, NULL), ERR_OK);
    intake_drop(upload);
}

static enum err look_at(struct intake *in, const char *name, struct intake_look **out)
{
    const struct intake_asker asker = {.operator_name = str_z(name), .key = 7, .id = {"", 0}};
    return intake_look(in, &asker, out, NULL);
}

static void is_whole(struct intake_look *look)
{
    assert_int_equal(intake_look_bytes(look), (uint64_t)ROWS * LINE);
    for (uint64_t i = 0; i < ROWS; i += 997) {
        uint64_t line = 0;
        size_t n = 0;
        assert_int_equal(intake_look_read(look, i * LINE, &line, LINE, &n), ERR_OK);
        assert_int_equal(n, LINE);
        assert_int_equal(line, line_of(i));
    }
    size_t n = 1;
    char byte;
    assert_int_equal(intake_look_read(look, (uint64_t)ROWS * LINE, &byte, 1, &n), ERR_OK);
    assert_int_equal(n, 0);
}

static void lists_outlive_their_place(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct intake *in = new_intake(&seen);
    struct intake_look *look = NULL, *other = NULL;
    assert_int_equal(look_at(in, "A", &look), ERR_NOT_FOUND);
    assert_int_equal(seen.looks, 0);
    bring(in, "A");
    assert_int_equal(look_at(in, "B", &look), ERR_NOT_FOUND);
    assert_int_equal(look_at(in, "A", &look), ERR_OK);
    assert_int_equal(seen.looks, 1);
    assert_int_equal(seen.bytes, (uint64_t)ROWS * LINE);
    for (unsigned i = 0; i < LIMIT_INTAKE_LISTS_OF_ONE + 1; i++)
        bring(in, "A");
    is_whole(look);
    assert_int_equal(look_at(in, "A", &other), ERR_OK);
    is_whole(other);
    is_whole(look);
    intake_look_end(look);
    intake_look_end(other);
    intake_free(in);
}

static void few_at_once(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct intake *in = new_intake(&seen);
    struct intake_look *looks[LIMIT_INTAKE_LOOKS] = {0}, *more = NULL;
    static const char *const names[] = {"A", "B", "C", "D", "E"};
    for (unsigned i = 0; i < 5; i++)
        bring(in, names[i]);
    for (unsigned i = 0; i < LIMIT_INTAKE_LOOKS; i++)
        assert_int_equal(look_at(in, names[i / LIMIT_INTAKE_LOOKS_OF_ONE], &looks[i]), ERR_OK);
    assert_int_equal(look_at(in, "A", &more), ERR_CROWDED);
    assert_int_equal(look_at(in, "E", &more), ERR_CROWDED);
    intake_look_end(looks[0]);
    assert_int_equal(look_at(in, "B", &more), ERR_CROWDED);
    assert_int_equal(look_at(in, "E", &more), ERR_OK);
    intake_look_end(more);
    seen.refuses = ERR_STORE_AWAY; /* what cannot be written down is not read */
    assert_int_equal(look_at(in, "E", &more), ERR_STORE_AWAY);
    seen.refuses = ERR_OK;
    assert_int_equal(look_at(in, "E", &looks[0]), ERR_OK);
    for (unsigned i = 0; i < LIMIT_INTAKE_LOOKS; i++)
        intake_look_end(looks[i]);
    intake_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_outlive_their_place),
                                       cmocka_unit_test(few_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
