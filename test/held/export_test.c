/* SPDX-License-Identifier: Apache-2.0
 *
 * What is given out is of one moment, whole or not there, and never unnoticed: whatever call of the store fails, whoever
 * writes meanwhile, whoever was faster with the name. What is in it: test/e2e/export.t. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/staff.h"
#include "base/file.h"
#include "held/held.h"
#include "held/out.h"
#include "people/audit_log.h"

#define PHONE 35735007990200ULL

static const char today[] = "2026-03-10";

struct bed {
    struct fixture *f;
    char path[96];
    struct held_ask ask;
};

/* file: else in memory, which is quicker. */
static void bed_open(struct bed *b, bool file)
{
    struct batch_result result;
    *b = (struct bed){.f = file ? fixture_sqlite(today) : fixture_memory(today)};
    OK(staff_add(b->f->reg, STR("aigul"), &result, NULL));
    b->f->reg->actor = registry_party_id(b->f->reg, PARTY_ACCOUNT, STR("aigul"));
    fixture_activate(b->f, PHONE, "2026-03-01");
    char directory[] = "/tmp/tamga-held.XXXXXX";
    assert_non_null(mkdtemp(directory));
    snprintf(b->path, sizeof b->path, "%s/out.json", directory);
    b->ask = (struct held_ask){
        .by = HELD_BY_IMEI, .imei = {PHONE}, .order = STR("A-1"), .path = b->path};
}

static void bed_close(struct bed *b)
{
    char directory[sizeof b->path];
    (void)unlink(b->path);
    snprintf(directory, sizeof directory, "%s", b->path);
    *strrchr(directory, '/') = '\0';
    assert_int_equal(rmdir(directory), 0); /* nothing else was left there */
    fixture_free(b->f);
}

static bool stands(const struct bed *b)
{
    struct stat is;
    return stat(b->path, &is) == 0;
}

static bool says(const struct bed *b, const char *what)
{
    struct buf text = {0};
    OK(file_read(b->path, 1 << 20, &text, NULL));
    bool has = memmem(text.p, text.n, what, strlen(what)) != NULL;
    buf_release(&text);
    return has;
}

struct counting {
    unsigned events;
    enum err last;
};

static bool count_event(void *ctx, uint64_t page, const struct audit_event *e)
{
    struct counting *c = ctx;
    (void)page;
    if (e->what == AUDIT_EXPORT) {
        c->events++;
        c->last = e->outcome;
    }
    return true;
}

static struct counting events(const struct bed *b)
{
    struct counting c = {0};
    OK(audit_log_read(b->f->reg, count_event, &c, NULL));
    return c;
}

static void any_call_may_fail(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct bed b;
        struct held_result result;
        struct store *faulty;
        bed_open(&b, false);
        OK(store_faulty_new(b.f->reg->store, &faulty));
        b.f->reg->store = faulty;
        store_faulty_arm(faulty, n, 0, ERR_STORE_AWAY);
        enum err err = held_export(b.f->reg, &b.ask, &result, NULL);
        store_faulty_arm(faulty, 0, 0, ERR_OK);
        assert_int_equal(stands(&b), !err);
        assert_int_equal(events(&b).events, 1); /* the refusal, too */
        assert_int_equal(events(&b).last, err);
        if (err)
            OK(held_export(b.f->reg, &b.ask, &result, NULL));
        assert_true(stands(&b));
        bed_close(&b);
        if (!err) {
            assert_true(n > 20);
            return;
        }
    }
}

/* While it is read, somebody marks the phone. */
struct meanwhile {
    struct bed *bed;
    bool done;
};

static void mark_it(void *ctx, uint64_t done, uint64_t total)
{
    struct meanwhile *m = ctx;
    struct registry *other;
    struct batch_result result;
    const struct imei imei = {PHONE};
    struct suspension s = fixture_mark(MARK_STOLEN);
    (void)done;
    (void)total;
    if (m->done)
        return;
    m->done = true;
    OK(registry_again(m->bed->f->reg, &other, NULL));
    OK(suspend(other, &s, &imei, 1, &result, NULL));
    registry_close(other);
}

static void it_is_of_one_moment(void **state)
{
    (void)state;
    struct bed b;
    struct held_result result;
    bed_open(&b, true);
    struct meanwhile meanwhile = {&b, false};
    b.ask.progress = mark_it;
    b.ask.progress_ctx = &meanwhile;
    OK(held_export(b.f->reg, &b.ask, &result, NULL));
    assert_true(meanwhile.done);
    assert_false(says(&b, "stolen"));
    assert_true(says(&b, "\"reason\":\"UNVERIFIED\""));
    (void)unlink(b.path);
    OK(held_export(b.f->reg, &b.ask, &result, NULL));
    assert_true(says(&b, "stolen"));
    bed_close(&b);
}

static void who_was_faster_keeps_the_name(void **state)
{
    (void)state;
    struct bed b;
    struct out out;
    uint8_t sha[SHA256_BYTES];
    bed_open(&b, false);
    OK(out_open(&out, b.path, NULL));
    out_text(&out, "{}");
    OK(out_whole(&out, sha, NULL));
    assert_false(stands(&b));
    FILE *other = fopen(b.path, "w");
    assert_non_null(other);
    fputs("theirs", other);
    fclose(other);
    assert_int_equal(out_publish(&out, NULL), ERR_FILE_WRITE);
    out_close(&out);
    assert_true(says(&b, "theirs"));
    bed_close(&b);
}

static void stopped_it_gives_nothing(void **state)
{
    (void)state;
    struct bed b;
    struct held_result result;
    atomic_int stop = 1;
    bed_open(&b, false);
    b.ask.stop = &stop;
    assert_int_equal(held_export(b.f->reg, &b.ask, &result, NULL), ERR_STOPPED);
    assert_false(stands(&b));
    assert_int_equal(events(&b).last, ERR_STOPPED);
    bed_close(&b);
}

static void who_is_nobody_gets_nothing(void **state)
{
    (void)state;
    struct bed b;
    struct held_result result;
    bed_open(&b, false);
    b.f->reg->actor = 0;
    assert_int_equal(held_export(b.f->reg, &b.ask, &result, NULL), ERR_ACTOR);
    assert_false(stands(&b));
    assert_int_equal(events(&b).last, ERR_ACTOR);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(it_is_of_one_moment),
        cmocka_unit_test(who_was_faster_keeps_the_name),
        cmocka_unit_test(stopped_it_gives_nothing),
        cmocka_unit_test(who_is_nobody_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
