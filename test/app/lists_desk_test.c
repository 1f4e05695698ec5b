/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of a server, asked by several threads while thefts come in: each full list and each delta proves to be of
 * one moment, a receipt is known at once, young full lists are given again, and the end comes in order. */
#include "app/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/lists_desk.h"
#include "app/sweep.h"

#define PHONE 35735007990100ULL
enum { THREADS = 4, THEFTS = 40, TEXT = 1 << 16 };

struct bed {
    struct fixture *f;
    struct readers *readers;
    struct lists_desk *desk;
    atomic_bool stop;
    _Atomic unsigned wrong, asked;
};

static struct bed *bed_new(void)
{
    struct bed *b = calloc(1, sizeof *b);
    struct sweep_result swept;
    char dir[96];
    assert_non_null(b);
    b->f = fixture_sqlite("2026-03-01");
    OK(sweep(b->f->reg, DAYNUM_NONE, false, &swept, NULL));
    const char *key = b->f->key[0] ? b->f->key : NULL;
    OK(readers_new(b->f->url, key, &b->f->clock, THREADS, &b->readers));
    snprintf(dir, sizeof dir, "%s/lists", b->f->dir);
    const struct lists_desk_options options = {.directory = dir,
                                               .url = b->f->url,
                                               .key = key,
                                               .writes = true,
                                               .clock = &b->f->clock,
                                               .readers = b->readers};
    OK(lists_desk_new(&options, &b->desk, NULL));
    return b;
}

static void bed_free(struct bed *b)
{
    lists_desk_free(b->desk);
    readers_free(b->readers);
    fixture_free(b->f);
    free(b);
}

static void steal(struct bed *b, uint64_t body)
{
    struct suspension mark = fixture_mark(MARK_STOLEN);
    struct imei imei = {body};
    struct batch_result result;
    OK(suspend(b->f->reg, &mark, &imei, 1, &result, NULL));
}

/* The text behind a file; 0: it could not be read. */
static size_t read_text(struct lists_desk_file *file, char text[TEXT])
{
    const ssize_t n = pread(file->fd, text, TEXT - 1, 0);
    close(file->fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static bool cursor_of(const char *text, struct feed_cursor *out)
{
    const char *at = strstr(text, " cursor=");
    return at && feed_cursor_parse((struct str){at + 8, strcspn(at + 8, " ")}, out);
}

static uint64_t lines_of(const char *text)
{
    uint64_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n - 3; /* head, columns, last line */
}

/* A full list and the delta after it together have as many rows as a later full one. */
static void *ask(void *arg)
{
    struct bed *b = arg;
    char *text = malloc(TEXT);
    struct lists_desk_file file;
    struct feed_cursor cursor;
    struct lists_desk_ask wish = {.operator_name = "Altel", .list = LIST_BLACK};
    uint64_t rows = 0;
    struct fault fault = {0};
    enum err err = lists_desk_open(b->desk, &wish, &file, &fault);
    if (err)
        print_error("%s: %s\n", err_name(err), fault.detail);
    bool ok = text && !err && read_text(&file, text) && cursor_of(text, &cursor);
    if (ok)
        rows = lines_of(text);
    wish.since = &cursor;
    while (ok && !atomic_load(&b->stop)) {
        err = lists_desk_open(b->desk, &wish, &file, &fault);
        if (err)
            print_error("%s: %s\n", err_name(err), fault.detail);
        ok = !err && read_text(&file, text) && cursor_of(text, &cursor) &&
             lines_of(text) == file.rows;
        rows += ok ? file.rows : 0; /* nothing is lifted: each is added once */
        atomic_fetch_add(&b->asked, 1);
    }
    if (ok)
        ok = !lists_desk_open(b->desk, &wish, &file, NULL) && read_text(&file, text) &&
             rows + file.rows == THEFTS;
    if (!ok)
        print_error("%u rows, then %u: %s\n", (unsigned)rows, (unsigned)file.rows, text);
    atomic_fetch_add(&b->wrong, !ok);
    free(text);
    return NULL;
}

static void many_ask_while_thefts_come(void **state)
{
    (void)state;
    struct bed *b = bed_new();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (uint64_t i = 0; i < THEFTS; i++)
        steal(b, PHONE + i);
    atomic_store(&b->stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&b->wrong), 0);
    bed_free(b);
}

static void young_lists_and_receipts(void **state)
{
    (void)state;
    struct bed *b = bed_new();
    struct lists_desk_file first, again;
    struct lists_standing stands, all[4];
    char *text = malloc(TEXT);
    assert_non_null(text);
    steal(b, PHONE);
    const struct lists_desk_ask full = {.operator_name = "Altel", .list = LIST_BLACK};
    OK(lists_desk_open(b->desk, &full, &first, NULL));
    steal(b, PHONE + 1);
    OK(lists_desk_open(b->desk, &full, &again, NULL));
    assert_string_equal(first.tag, again.tag); /* young: a delta brings it up to date */
    close(first.fd);
    assert_true(read_text(&again, text) > 0);
    struct lists_receipt receipt = {.operator_name = "Altel", .list = LIST_BLACK, .at_ms = 1};
    assert_true(cursor_of(text, &receipt.place));
    OK(lists_desk_receipt(b->desk, &receipt, &stands, NULL));
    assert_int_equal(stands.waiting, 1);
    assert_int_equal(lists_desk_standings(b->desk, all, 4), 1);
    assert_int_equal(all[0].waiting, 1);
    struct lists_desk_ask delta = full;
    delta.since = &receipt.place;
    OK(lists_desk_open(b->desk, &delta, &again, NULL));
    assert_true(read_text(&again, text) > 0);
    assert_true(cursor_of(text, &receipt.place));
    delta.rows_only = true;
    OK(lists_desk_open(b->desk, &delta, &again, NULL));
    assert_int_equal(again.fd, -1); /* nothing new, and nothing made */
    free(text);
    bed_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_ask_while_thefts_come),
        cmocka_unit_test(young_lists_and_receipts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
