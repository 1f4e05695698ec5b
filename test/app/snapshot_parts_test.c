/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot_parts_test - which sets of TACs a register keeps snapshots of, for whom, how long, in how many bytes; and how
 * soon one that could not be made is tried again. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/snapshot_parts.h"

#define SECOND INT64_C(1000000)
#define REST   ((SNAPSHOT_PART_REST_S + 1) * SECOND)

static struct tac_ranges tac(uint32_t of)
{
    return (struct tac_ranges){.count = 1, .of = {{of, of}}};
}

static enum err ask(struct snapshot_parts *parts, const char *operator_name, uint32_t of,
                    int64_t now_us, struct snapshot_part **out)
{
    const struct tac_ranges tacs = tac(of);
    const struct snapshot_ask want = {.tacs = &tacs, .operator_name = str_z(operator_name)};
    struct fault fault = {0};
    enum err err = snapshot_parts_find(parts, &want, now_us, out, &fault);
    if (err)
        assert_true(*fault.detail);
    return err;
}

static struct snapshot file(const char *tag, uint64_t bytes)
{
    struct snapshot made = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .bytes = bytes};
    assert_true(made.fd >= 0);
    snprintf(made.tag, sizeof made.tag, "%s", tag);
    return made;
}

/* Asked for now, and made. */
static struct snapshot_part *has(struct snapshot_parts *parts, const char *operator_name,
                                 uint32_t of, int64_t now_us, uint64_t bytes)
{
    struct snapshot_part *part;
    char tag[SNAPSHOT_TAG];
    snprintf(tag, sizeof tag, "\"%u\"", of);
    assert_int_equal(ask(parts, operator_name, of, now_us, &part), ERR_OK);
    const struct snapshot made = file(tag, bytes);
    snapshot_parts_take(parts, part, &made);
    return part;
}

static void an_operator_has_its_share(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    struct snapshot_part *part;
    snapshot_parts_init(&parts);
    for (uint32_t i = 0; i < LIMIT_SNAPSHOT_PARTS_OPERATOR; i++)
        assert_int_equal(ask(&parts, "alpha", 10 + i, SECOND, &part), ERR_OK);
    assert_int_equal(ask(&parts, "alpha", 20, SECOND, &part), ERR_SNAPSHOT_PARTS);
    assert_int_equal(ask(&parts, "alpha", 11, SECOND, &part), ERR_OK); /* that is there */
    assert_int_equal(ask(&parts, "beta", 20, SECOND, &part), ERR_OK);
    assert_int_equal(ask(&parts, "alpha", 20, SECOND, &part), ERR_OK); /* another's */
    /* What rests makes room. */
    assert_int_equal(ask(&parts, "alpha", 12, REST, &part), ERR_OK);
    assert_int_equal(ask(&parts, "alpha", 30, REST + 2 * SECOND, &part), ERR_OK);
    assert_int_equal(snapshot_parts_kept(&parts).sets, 2);
    snapshot_parts_release(&parts);
}

static void there_is_an_end(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    struct snapshot_part *part;
    char name[8];
    snapshot_parts_init(&parts);
    for (uint32_t i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        snprintf(name, sizeof name, "o%u", i / LIMIT_SNAPSHOT_PARTS_OPERATOR);
        assert_int_equal(ask(&parts, name, i, SECOND, &part), ERR_OK);
    }
    assert_int_equal(ask(&parts, "another", 99, SECOND, &part), ERR_SNAPSHOT_PARTS);
    part->making = true; /* the last: it is no free place while it is made */
    assert_int_equal(ask(&parts, "another", 99, 3 * REST, &part), ERR_OK);
    assert_int_equal(snapshot_parts_kept(&parts).sets, 2);
    snapshot_parts_release(&parts);
}

static void what_rests_is_let_go(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    snapshot_parts_init(&parts);
    const struct snapshot_part *part = has(&parts, "alpha", 1, SECOND, 100);
    has(&parts, "alpha", 1, SECOND, 120);
    has(&parts, "alpha", 2, SECOND, 7);
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 227);
    const int fd = part->before.fd;
    assert_non_null(snapshot_parts_named(&parts, "\"2\"", REST)); /* by its name, too */
    snapshot_parts_rest(&parts, REST + 2 * SECOND);
    assert_int_equal(snapshot_parts_kept(&parts).sets, 1);
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 7);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_null(snapshot_parts_named(&parts, "\"1\"", REST + 2 * SECOND));
    snapshot_parts_release(&parts);
}

static void bytes_are_bounded(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    snapshot_parts_init(&parts);
    assert_true(parts.bytes_most == LIMIT_SNAPSHOT_PARTS_BYTES);
    parts.bytes_most = 100;
    struct snapshot_part *first = has(&parts, "alpha", 1, SECOND, 30);
    struct snapshot_part *second = has(&parts, "alpha", 2, 2 * SECOND, 30);
    has(&parts, "alpha", 1, 3 * SECOND, 40); /* 100, one of them before */
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 100);
    has(&parts, "beta", 3, 4 * SECOND, 30); /* the one before goes */
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 100);
    assert_int_equal(first->before.fd, -1);
    has(&parts, "beta", 4, 5 * SECOND, 20); /* the set of longest ago goes */
    assert_int_equal(second->tacs.count, 0);
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 90);
    struct snapshot_part *great = has(&parts, "beta", 5, 6 * SECOND, 1000);
    assert_true(great->now.fd >= 0); /* alone, but there */
    assert_int_equal(snapshot_parts_kept(&parts).sets, 1);
    snapshot_parts_release(&parts);
}

static void what_fails_is_not_tried_at_once(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    struct snapshot_part *part;
    const struct fault failure = {.err = ERR_FILE_WRITE};
    int64_t now_us = SECOND;
    snapshot_parts_init(&parts);
    assert_int_equal(ask(&parts, "alpha", 1, now_us, &part), ERR_OK);
    assert_null(snapshot_parts_wanted(&parts, now_us));
    part->wanted = true;
    assert_ptr_equal(snapshot_parts_wanted(&parts, now_us), part);
    assert_true(snapshot_parts_retry_us(&parts, now_us) == INT64_MAX);
    static const int pauses_s[] = {5, 10, 20, 40, 80, 160, 300, 300};
    for (size_t i = 0; i < sizeof pauses_s / sizeof *pauses_s; i++) {
        snapshot_part_fail(part, &failure, now_us);
        assert_int_equal(snapshot_parts_kept(&parts).failing, 1);
        assert_null(snapshot_parts_wanted(&parts, now_us));
        assert_true(snapshot_parts_retry_us(&parts, now_us) == now_us + pauses_s[i] * SECOND);
        now_us += pauses_s[i] * SECOND;
        assert_ptr_equal(snapshot_parts_wanted(&parts, now_us), part);
    }
    has(&parts, "alpha", 1, now_us, 1);
    assert_int_equal(snapshot_parts_kept(&parts).failing, 0);
    snapshot_part_fail(part, &failure, now_us); /* from the beginning */
    assert_true(snapshot_parts_retry_us(&parts, now_us) == now_us + 5 * SECOND);
    snapshot_parts_release(&parts);
}

static void another_register_has_other_files(void **state)
{
    (void)state;
    struct snapshot_parts parts;
    struct snapshot_part *none;
    snapshot_parts_init(&parts);
    struct snapshot_part *part = has(&parts, "alpha", 1, SECOND, 5);
    assert_int_equal(ask(&parts, "alpha", 2, SECOND, &none), ERR_OK);
    snapshot_parts_forget(&parts);
    assert_int_equal(snapshot_parts_kept(&parts).bytes, 0);
    assert_true(part->wanted);
    assert_false(none->wanted);
    snapshot_parts_release(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_has_its_share),
        cmocka_unit_test(there_is_an_end),
        cmocka_unit_test(what_rests_is_let_go),
        cmocka_unit_test(bytes_are_bounded),
        cmocka_unit_test(what_fails_is_not_tried_at_once),
        cmocka_unit_test(another_register_has_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
