/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists whose files are taken away, damaged or begun anew under whoever keeps them: what is answered is right all the
 * same; and makers of one directory who meet. */
#include "app/fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/lists_desk.h"
#include "app/lists_out.h"
#include "app/sweep.h"

#define PHONE 35735007990100ULL

struct bed {
    struct fixture *f;
    struct lists *lists;
    char dir[128];
};

static struct bed bed_new(void)
{
    struct bed b = {.f = fixture_sqlite("2026-03-01")};
    snprintf(b.dir, sizeof b.dir, "%s/lists", b.f->dir);
    OK(lists_open(b.dir, LIST_BLACK, &b.lists, NULL));
    return b;
}

static void bed_free(struct bed *b)
{
    lists_close(b->lists);
    fixture_free(b->f);
}

static void steal(struct fixture *f, uint64_t body)
{
    const struct suspension s = fixture_mark(MARK_STOLEN);
    const struct imei imei = {body};
    struct batch_result result;
    OK(suspend(f->reg, &s, &imei, 1, &result, NULL));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static struct feed_cursor cursor(const struct bed *b)
{
    char text[FEED_CURSOR_TEXT];
    struct feed_cursor c;
    const struct lists_place place = lists_place(b->lists);
    lists_cursor(&place, text);
    assert_true(feed_cursor_parse(str_z(text), &c));
    return c;
}

static uint64_t rows_of(struct bed *b)
{
    struct lists_view *view;
    OK(lists_view(b->lists, b->f->reg, &view, NULL));
    const uint64_t n = lists_view_count(view);
    lists_view_free(view);
    return n;
}

static void path_of(const struct bed *b, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", b->dir, name);
}

static void a_directory_that_is_taken_away(void **state)
{
    (void)state;
    struct bed b = bed_new();
    struct lists_delta d;
    char path[256];
    steal(b.f, PHONE);
    OK(lists_follow(b.lists, b.f->reg, NULL));
    const struct feed_cursor start = cursor(&b);
    remove_all(b.dir);
    OK(lists_follow(b.lists, b.f->reg, NULL));
    path_of(&b, "black.log", path);
    assert_int_equal(access(path, R_OK), 0); /* it stands there again, for all */
    assert_int_equal(rows_of(&b), 1);
    steal(b.f, PHONE + 1);
    OK(lists_follow(b.lists, b.f->reg, NULL));
    remove_all(b.dir);
    OK(lists_since(b.lists, b.f->reg, &start, &d, NULL));
    assert_int_equal(d.added, 1);
    lists_delta_release(&d);
    assert_int_equal(unlink(path), 0); /* the log alone */
    assert_int_equal(rows_of(&b), 2);
    OK(lists_settle(b.lists, NULL));
    bed_free(&b);
}

static void a_server_whose_directory_is_taken_away(void **state)
{
    (void)state;
    struct bed b = bed_new();
    struct readers *readers;
    struct lists_desk *desk;
    struct lists_desk_file file;
    struct sweep_result swept;
    const char *key = b.f->key[0] ? b.f->key : NULL;
    OK(sweep(b.f->reg, DAYNUM_NONE, false, &swept, NULL));
    OK(readers_new(b.f->url, key, &b.f->clock, 2, &readers));
    const struct lists_desk_options options = {.directory = b.dir,
                                               .url = b.f->url,
                                               .key = key,
                                               .writes = true,
                                               .clock = &b.f->clock,
                                               .readers = readers};
    OK(lists_desk_new(&options, &desk, NULL));
    const struct lists_desk_ask ask = {.operator_name = "Altel", .list = LIST_BLACK};
    OK(lists_desk_open(desk, &ask, &file, NULL));
    close(file.fd);
    remove_all(b.dir);
    const struct lists_desk_ask other = {.operator_name = "Kcell", .list = LIST_BLACK};
    OK(lists_desk_open(desk, &other, &file, NULL));
    close(file.fd);
    lists_desk_free(desk);
    readers_free(readers);
    bed_free(&b);
}

/* What waited when it was looked at last waits still while nobody can look: its age goes on. */
static void an_age_goes_on_while_nobody_can_look(void **state)
{
    (void)state;
    struct bed b = bed_new();
    struct readers *readers;
    struct lists_desk *desk;
    struct lists_standing all[4], first[4];
    const char *key = b.f->key[0] ? b.f->key : NULL;
    OK(readers_new(b.f->url, key, &b.f->clock, 1, &readers));
    OK(lists_follow(b.lists, b.f->reg, NULL));
    struct lists_receipt receipt = {
        .operator_name = "Altel", .list = LIST_BLACK, .at_ms = 1, .place = cursor(&b)};
    OK(lists_receipt_put(b.lists, b.f->reg, &receipt, NULL));
    steal(b.f, PHONE);
    const struct lists_desk_options options = {
        .directory = b.dir, .url = b.f->url, .key = key, .clock = &b.f->clock, .readers = readers};
    OK(lists_desk_new(&options, &desk, NULL));
    struct registry *only;
    while (!lists_desk_standings(desk, first, 4))
        usleep(1000);
    OK(readers_take(readers, &only, NULL)); /* the one connection: the desk has none now */
    assert_int_equal(first[0].waiting, 1);
    for (int i = 0; i < 400; i++) {
        assert_int_equal(lists_desk_standings(desk, all, 4), 1);
        if (all[0].age_s > first[0].age_s)
            break;
        usleep(10000);
    }
    assert_true(all[0].age_s > first[0].age_s);
    assert_true(lists_desk_unseen_s(desk) >= 1);
    readers_give(readers, only);
    lists_desk_free(desk);
    readers_free(readers);
    bed_free(&b);
}

/* Each bit of a base: none may be believed. */
static void a_bit_of_the_base(void **state)
{
    (void)state;
    struct bed b = bed_new();
    char path[256];
    struct stat st;
    for (uint64_t i = 0; i < 5; i++)
        steal(b.f, PHONE + 3 * i);
    OK(lists_follow(b.lists, b.f->reg, NULL));
    OK(lists_settle(b.lists, NULL));
    path_of(&b, "black.base", path);
    assert_int_equal(stat(path, &st), 0);
    for (off_t bit = 0; bit < st.st_size * 8; bit++) {
        struct lists_state *state_of;
        struct lists_base_name name;
        uint8_t byte;
        const int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, bit / 8), 1);
        byte ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(pwrite(fd, &byte, 1, bit / 8), 1);
        OK(lists_state_new(&state_of));
        assert_int_equal(lists_state_load(state_of, path, &name), ERR_NOT_FOUND);
        lists_state_free(state_of);
        byte ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(pwrite(fd, &byte, 1, bit / 8), 1);
        close(fd);
    }
    uint8_t old = 1; /* of the version before, or with a flipped bit: made anew from the log */
    const int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, &old, 1, 4), 1);
    close(fd);
    lists_close(b.lists);
    OK(lists_open(b.dir, LIST_BLACK, &b.lists, NULL));
    OK(lists_follow(b.lists, b.f->reg, NULL));
    assert_int_equal(rows_of(&b), 5);
    bed_free(&b);
}

/* Another process begins the log anew between this one's following and its reading. */
static void a_log_that_is_begun_anew(void **state)
{
    (void)state;
    struct bed b = bed_new(), other = b;
    struct lists_delta d;
    struct lists_standing stands;
    steal(b.f, PHONE);
    OK(lists_follow(b.lists, b.f->reg, NULL));
    const struct feed_cursor start = cursor(&b);
    const struct lists_receipt receipt = {
        .operator_name = "Altel", .list = LIST_BLACK, .at_ms = 1, .place = start};
    for (uint64_t i = 1; i < 9; i++)
        steal(b.f, PHONE + i);
    OK(lists_open(other.dir, LIST_BLACK, &other.lists, NULL));
    for (int round = 0; round < 3; round++) {
        lists_close(b.lists);
        OK(lists_open(b.dir, LIST_BLACK, &b.lists, NULL));
        OK(lists_follow(b.lists, b.f->reg,
                        NULL)); /* at the head: the state itself is not read yet */
        lists_distrust(other.lists);
        OK(lists_follow(other.lists, b.f->reg, NULL));
        if (round == 0)
            assert_int_equal(rows_of(&b), 9);
        else if (round == 1)
            OK(lists_stand(b.lists, b.f->reg, &receipt, &stands, NULL));
        else
            OK(lists_since(b.lists, b.f->reg, &start, &d, NULL));
    }
    assert_int_equal(stands.waiting, 8);
    assert_int_equal(d.added, 8);
    lists_delta_release(&d);
    assert_int_equal(lists_hold(b.lists, NULL), ERR_OK);
    lists_let_go(b.lists);
    lists_distrust(other.lists);
    OK(lists_follow(other.lists, b.f->reg, NULL));
    assert_int_equal(lists_hold(b.lists, NULL), ERR_STALE);
    lists_close(other.lists);
    bed_free(&b);
}

/* ---- makers of one directory ---- */

enum { MAKERS = 4, MAKINGS = 60, FILES = 3 };

struct makers {
    char path[128];
    _Atomic unsigned made, busy, wrong;
};

static enum err make_once(const char *path, unsigned number)
{
    struct lists_out *out;
    char text[16], name[16];
    enum err err = lists_out_begin(path, &out, NULL);
    if (err)
        return err;
    snprintf(text, sizeof text, "%u", number);
    for (unsigned i = 0; !err && i < FILES; i++) {
        snprintf(name, sizeof name, "file%u", i);
        err = lists_out_put(out, name, str_z(text), NULL);
    }
    if (!err && number % 5)
        err = lists_out_end(out, NULL);
    lists_out_free(out);
    return err;
}

static void *make_many(void *arg)
{
    struct makers *m = arg;
    for (unsigned i = 0; i < MAKINGS; i++) {
        const enum err err = make_once(m->path, i);
        if (err == ERR_STORE_BUSY)
            atomic_fetch_add(&m->busy, 1);
        else
            atomic_fetch_add(err ? &m->wrong : &m->made, 1);
    }
    return NULL;
}

/* Who reads holds the directory: its files are of one making, whole, as long as nobody clears it. */
static void makers_who_meet(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-01");
    struct makers m = {.path = ""};
    pthread_t threads[MAKERS];
    char path[192], first[16] = "", text[16];
    snprintf(m.path, sizeof m.path, "%s/out", f->dir);
    for (int i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, &m), 0);
    for (int i = 0; i < MAKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&m.wrong), 0);
    assert_true(atomic_load(&m.made) > 0);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/file%u", m.path, i);
        const int fd = open(path, O_RDONLY);
        const ssize_t n = read(fd, text, sizeof text - 1);
        assert_true(fd >= 0 && n > 0);
        text[n] = '\0';
        close(fd);
        if (!i)
            memcpy(first, text, sizeof first);
        assert_string_equal(text, first);
    }
    snprintf(path, sizeof path, "%s.new", m.path);
    assert_int_equal(access(path, F_OK), -1); /* nothing is left beside */
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_that_is_taken_away),
        cmocka_unit_test(a_server_whose_directory_is_taken_away),
        cmocka_unit_test(an_age_goes_on_while_nobody_can_look),
        cmocka_unit_test(a_bit_of_the_base),
        cmocka_unit_test(a_log_that_is_begun_anew),
        cmocka_unit_test(makers_who_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
