/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists for operators: who is in, since when; what waits for a batch's end; cursors; another process at work; what is
 * damaged or of another register; and a full list that a reader can prove. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "app/batch_part.h"
#include "app/lists_keep.h"
#include "app/lists_receipt.h"
#include "app/lists_text.h"
#include "app/rebuild.h"
#include "app/sweep.h"

#define PHONE 35735007990100ULL

struct bed {
    struct fixture *f;
    struct lists *lists;
    char dir[128];
};

static void bed_open(struct bed *b)
{
    OK(lists_open(b->dir, LIST_BLACK, &b->lists, NULL));
}

static struct bed bed_new(const char *day)
{
    struct bed b = {.f = fixture_sqlite(day)};
    snprintf(b.dir, sizeof b.dir, "%s/lists", b.f->dir);
    bed_open(&b);
    return b;
}

static void bed_free(struct bed *b)
{
    lists_close(b->lists);
    fixture_free(b->f);
}

static void follow(struct bed *b)
{
    struct fault fault = {0};
    enum err err = lists_follow(b->lists, b->f->reg, &fault);
    if (err)
        print_error("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
}

static struct feed_cursor cursor(struct bed *b)
{
    char text[FEED_CURSOR_TEXT];
    struct feed_cursor c;
    const struct lists_place place = lists_place(b->lists);
    lists_cursor(&place, text);
    assert_true(feed_cursor_parse(str_z(text), &c));
    return c;
}

static void mark(struct bed *b, uint64_t body, uint8_t kind, bool on)
{
    struct suspension s = fixture_mark(kind);
    struct imei imei = {body};
    struct batch_result result;
    OK(on ? suspend(b->f->reg, &s, &imei, 1, &result, NULL)
          : resume(b->f->reg, &s, &imei, 1, &result, NULL));
}

static void sweep_now(struct bed *b)
{
    struct sweep_result result;
    OK(sweep(b->f->reg, DAYNUM_NONE, false, &result, NULL));
}

/* The row of an IMEI in the view; LISTED_NOT. */
static struct listed look(struct bed *b, uint64_t body)
{
    struct lists_view *view;
    struct listed_imei rows[7];
    struct listed found = {LISTED_NOT, DAYNUM_NONE};
    uint64_t last = 0, count = 0;
    OK(lists_view(b->lists, b->f->reg, &view, NULL));
    for (size_t n; (n = lists_view_next(view, rows, 7)) > 0;)
        for (size_t i = 0; i < n; i++) {
            assert_true(rows[i].imei.body > last);
            last = rows[i].imei.body;
            count++;
            if (last == body)
                found = rows[i].is;
        }
    assert_int_equal(count, lists_view_count(view));
    lists_view_free(view);
    return found;
}

static struct lists_delta since(struct bed *b, const struct feed_cursor *c)
{
    struct lists_delta d;
    OK(lists_since(b->lists, b->f->reg, c, &d, NULL));
    return d;
}

static void who_is_in_since_when(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    follow(&b);
    const struct feed_cursor start = cursor(&b);
    fixture_activate(b.f, PHONE, "2026-03-01");
    mark(&b, PHONE + 1, MARK_STOLEN, true);
    follow(&b);
    assert_int_equal(look(&b, PHONE).reason, LISTED_NOT);
    assert_int_equal(look(&b, PHONE + 1).reason, REASON_STOLEN);
    assert_int_equal(look(&b, PHONE + 1).since, fixture_daynum("2026-03-01"));
    fixture_day(b.f, "2026-04-01");
    sweep_now(&b);
    mark(&b, PHONE + 1, MARK_LOST, true);
    mark(&b, PHONE + 1, MARK_STOLEN, false); /* black all the time: since the first day */
    follow(&b);
    assert_int_equal(look(&b, PHONE).reason, REASON_EXPIRED);
    assert_int_equal(look(&b, PHONE).since, fixture_daynum("2026-04-01"));
    assert_int_equal(look(&b, PHONE + 1).reason, REASON_LOST);
    assert_int_equal(look(&b, PHONE + 1).since, fixture_daynum("2026-03-01"));
    const struct feed_cursor middle = cursor(&b);
    mark(&b, PHONE + 1, MARK_LOST, false);
    mark(&b, PHONE + 2, MARK_ORDER, true);
    mark(&b, PHONE + 3, MARK_STOLEN, true);
    mark(&b, PHONE + 3, MARK_STOLEN, false);
    follow(&b);
    struct lists_delta d = since(&b, &middle);
    assert_int_equal(d.count, 2);
    assert_int_equal(d.removed, 1);
    assert_int_equal(d.added, 1);
    assert_int_equal(d.rows[0].was.reason, REASON_LOST);
    assert_int_equal(d.rows[1].is.reason, REASON_ORDER);
    lists_delta_release(&d);
    const struct feed_cursor later = cursor(&b);
    mark(&b, PHONE + 2, MARK_PENITENTIARY, true); /* outside it is one reason */
    mark(&b, PHONE + 2, MARK_ORDER, false);
    follow(&b);
    d = since(&b, &later);
    assert_int_equal(d.count, 0);
    lists_delta_release(&d);
    d = since(&b, &start);
    assert_int_equal(d.count, 2);
    assert_int_equal(d.added, 2);
    lists_delta_release(&d);
    bed_free(&b);
}

static void a_full_list_waits_for_the_sweep(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    struct lists_view *view;
    mark(&b, PHONE, MARK_STOLEN, true);
    sweep_now(&b);
    follow(&b);
    OK(lists_full(b.lists, b.f->reg, &view, NULL));
    lists_view_free(view);
    fixture_day(b.f, "2026-03-02");
    follow(&b);
    struct fault fault = {0};
    assert_int_equal(lists_full(b.lists, b.f->reg, &view, &fault), ERR_LIST_UNSWEPT);
    assert_non_null(strstr(fault.detail, "2026-03-01"));
    sweep_now(&b);
    follow(&b);
    OK(lists_full(b.lists, b.f->reg, &view, NULL));
    lists_view_free(view);
    bed_free(&b);
}

static void cursors_that_are_none(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    struct lists_delta d;
    mark(&b, PHONE, MARK_STOLEN, true);
    follow(&b);
    struct feed_cursor c = cursor(&b);
    c.hash[0] ^= 1;
    assert_int_equal(lists_since(b.lists, b.f->reg, &c, &d, NULL), ERR_LIST_CURSOR);
    c = cursor(&b);
    c.next_seq++;
    assert_int_equal(lists_since(b.lists, b.f->reg, &c, &d, NULL), ERR_LIST_CURSOR);
    c = cursor(&b);
    mark(&b, PHONE + 1, MARK_STOLEN, true);
    follow(&b);
    d = since(&b, &c);
    assert_int_equal(d.added, 1);
    lists_delta_release(&d);
    c.next_seq--; /* within a block */
    assert_int_equal(lists_since(b.lists, b.f->reg, &c, &d, NULL), ERR_LIST_CURSOR);
    bed_free(&b);
}

/* Two keepers of one directory, by turns; a base in between; what is thrown away is made again, the same. */
static void several_keep_it(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01"), c = b;
    bed_open(&c);
    follow(&b);
    const struct feed_cursor start = cursor(&b);
    for (uint64_t i = 0; i < 40; i++) {
        struct bed *one = i % 3 ? &b : &c;
        mark(one, PHONE + i % 7, i % 2 ? MARK_STOLEN : MARK_LOST, true);
        if (i % 5 == 4)
            mark(one, PHONE + i % 7, i % 2 ? MARK_STOLEN : MARK_LOST, false);
        follow(one);
        if (i % 11 == 10)
            OK(lists_settle(one->lists, NULL));
    }
    follow(&b);
    follow(&c);
    struct bed d = b;
    bed_open(&d);
    follow(&d);
    for (uint64_t i = 0; i < 7; i++) {
        const struct listed x = look(&b, PHONE + i), y = look(&c, PHONE + i),
                            z = look(&d, PHONE + i);
        assert_true(listed_equal(&x, &y));
        assert_true(listed_equal(&x, &z));
    }
    struct lists_delta was = since(&b, &start);
    lists_close(d.lists);
    lists_close(c.lists);
    char command[256];
    snprintf(command, sizeof command, "%s/black.log", b.dir);
    assert_int_equal(truncate(command, 48 * 5 + 7), 0); /* a tail that was lost */
    bed_open(&d);
    follow(&d);
    struct lists_delta again = since(&d, &start);
    assert_int_equal(was.count, again.count);
    for (size_t i = 0; i < was.count; i++)
        assert_true(listed_equal(&was.rows[i].is, &again.rows[i].is) &&
                    was.rows[i].imei.body == again.rows[i].imei.body);
    lists_delta_release(&was);
    lists_delta_release(&again);
    lists_close(d.lists);
    bed_free(&b);
}

/* What moved nothing is passed once: the next process is there without reading the list. */
static void what_moved_nothing_is_not_read_again(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    mark(&b, PHONE, MARK_STOLEN, true);
    sweep_now(&b);
    follow(&b);
    OK(lists_settle(b.lists, NULL));
    fixture_activate(b.f, PHONE + 1, "2026-03-01");
    for (unsigned i = 0; i < 2; i++) {
        lists_close(b.lists);
        bed_open(&b);
        follow(&b);
        assert_int_equal(lists_place(b.lists).next_seq, b.f->reg->head.next_seq);
        assert_int_equal(b.lists->ready, i == 0);
    }
    assert_int_equal(look(&b, PHONE).reason, REASON_STOLEN);
    bed_free(&b);
}

static void a_change_of_registers_is_noticed(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    mark(&b, PHONE, MARK_STOLEN, true);
    follow(&b);
    OK(lists_settle(b.lists, NULL));
    const struct feed_cursor old = cursor(&b);
    lists_close(b.lists);
    struct fixture *first = b.f;
    b.f = fixture_sqlite("2026-03-01");
    bed_open(&b);
    mark(&b, PHONE + 5, MARK_LOST, true);
    follow(&b);
    assert_int_equal(look(&b, PHONE).reason, LISTED_NOT);
    assert_int_equal(look(&b, PHONE + 5).reason, REASON_LOST);
    struct lists_delta d;
    assert_int_equal(lists_since(b.lists, b.f->reg, &old, &d, NULL), ERR_LIST_CURSOR);
    lists_close(b.lists);
    fixture_free(b.f);
    fixture_free(first);
}

/* A byte turned in the middle: it is noticed, and all is made anew, the same. */
static void a_damaged_log_is_made_anew(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    char path[160], byte;
    follow(&b);
    const struct feed_cursor start = cursor(&b);
    for (uint64_t i = 0; i < 5; i++) {
        mark(&b, PHONE + i, MARK_STOLEN, true);
        follow(&b);
    }
    snprintf(path, sizeof path, "%s/black.log", b.dir);
    FILE *file = fopen(path, "r+be");
    assert_non_null(file);
    assert_int_equal(fseek(file, 48 * 3 + 10, SEEK_SET), 0);
    assert_int_equal(fread(&byte, 1, 1, file), 1);
    byte ^= 4;
    assert_int_equal(fseek(file, 48 * 3 + 10, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, file), 1);
    fclose(file);
    struct lists_delta d = since(&b, &start);
    assert_int_equal(d.added, 5);
    lists_delta_release(&d);
    lists_close(b.lists);
    bed_open(&b);
    follow(&b);
    assert_int_equal(look(&b, PHONE + 4).reason, REASON_STOLEN);
    bed_free(&b);
}

/* ---- batches: rows wait, later rows overtake them ---- */

struct given {
    uint64_t body[8];
    uint8_t reason[8];
    size_t n;
};

static enum err give_row(void *ctx, const struct lists_row *row)
{
    struct given *g = ctx;
    g->body[g->n] = row->imei.body;
    g->reason[g->n++] = row->reason;
    return ERR_OK;
}

static void wait_row(struct lists_batches *b, uint64_t id, uint64_t body, uint64_t seq,
                     uint8_t reason)
{
    const struct lists_row row = {{body}, seq, reason, 20000};
    OK(lists_batch_wait(lists_batch_find(b, id), &row));
}

static void later_rows_overtake(void **state)
{
    (void)state;
    struct lists_batches b = {0};
    struct given g = {0};
    OK(lists_batch_begin(&b, 10, 9, 20000));
    wait_row(&b, 10, 1, 11, REASON_GSMA);
    wait_row(&b, 10, 2, 12, REASON_GSMA);
    OK(lists_batch_begin(&b, 20, 19, 20000));
    wait_row(&b, 20, 2, 21, REASON_EXPIRED);
    wait_row(&b, 20, 3, 22, REASON_EXPIRED);
    OK(lists_batches_overtake(&b, (struct imei){1}, 25));
    assert_int_equal(lists_batches_resume(&b, 30), 9);
    OK(lists_batch_end(&b, 20, give_row, &g));
    assert_int_equal(g.n, 2);
    assert_int_equal(lists_batches_resume(&b, 30), 9);
    g.n = 0;
    OK(lists_batch_end(&b, 10, give_row, &g)); /* 1 and 2 were overtaken */
    assert_int_equal(g.n, 0);
    assert_int_equal(lists_batches_resume(&b, 30), 30);
    lists_batches_release(&b);
}

/* A long import, and beside it thefts, lifted thefts, and keepers that die between its parts. */
enum { IMPORTED = 3 * BATCH_PART_CHANGES };

struct beside {
    struct bed *bed;
    struct registry *other;
    struct feed_cursor start;
    unsigned calls;
};

static void steal(struct beside *s, uint64_t body, bool on)
{
    struct suspension mark = fixture_mark(MARK_STOLEN);
    struct imei imei = {body};
    struct batch_result result;
    OK(on ? suspend(s->other, &mark, &imei, 1, &result, NULL)
          : resume(s->other, &mark, &imei, 1, &result, NULL));
}

static void between_parts(void *ctx, uint64_t done, uint64_t total)
{
    struct beside *s = ctx;
    const unsigned n = s->calls++;
    (void)total;
    if (n % 2) { /* another keeper, which has to read again from the intent on */
        lists_close(s->bed->lists);
        bed_open(s->bed);
    }
    steal(s, PHONE + n, true); /* of the import, before its row or after */
    steal(s, PHONE + IMPORTED - 1 - n, true);
    steal(s, PHONE + IMPORTED - 1 - n, false); /* named by the import, or to be */
    steal(s, PHONE + IMPORTED + n, true);      /* of no import */
    OK(lists_follow(s->bed->lists, s->other, NULL));
    struct lists_delta d;
    OK(lists_since(s->bed->lists, s->other, &s->start, &d, NULL));
    /* The thefts and nothing of the import, but for the row that a lifted one has behind the import's. */
    assert_in_range(d.count, 2 * s->calls, 3 * s->calls);
    lists_delta_release(&d);
    if (done > BATCH_PART_CHANGES)
        OK(lists_settle(s->bed->lists, NULL));
}

static void an_import_is_seen_at_its_end(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    if (b.f->dir[0] == '\0' || strncmp(b.f->url, "memory:", 7) == 0)
        skip();
    follow(&b);
    struct beside beside = {.bed = &b, .start = cursor(&b)};
    OK(registry_again(b.f->reg, &beside.other, NULL));
    struct changes list = {0};
    for (uint64_t i = 0; i < IMPORTED; i++)
        changes_add(&list, &(struct change){.imei = {PHONE + i}, .kind = CHANGE_GSMA, .on = true});
    OK(changes_sort(&list));
    const struct batch_plan plan = {.entry = {.event = EVENT_GSMA},
                                    .label = "test",
                                    .source = changes_source(&list),
                                    .progress = between_parts,
                                    .progress_ctx = &beside};
    struct batch_result result;
    OK(batch_run(b.f->reg, &plan, &result, NULL));
    changes_release(&list);
    assert_true(beside.calls >= 2);
    OK(registry_refresh(b.f->reg, NULL));
    follow(&b);
    struct lists_delta d = since(&b, &beside.start);
    assert_int_equal(d.count, IMPORTED + beside.calls);
    for (size_t i = 0; i < d.count; i++) {
        const struct verdict v = fixture_verdict(b.f, d.rows[i].imei.body);
        assert_int_equal(d.rows[i].is.reason, v.reason);
        const struct listed stands = d.rows[i].is;
        if (i % 997 == 0)
            assert_true(listed_equal(&stands, &(struct listed){v.reason, stands.since}));
    }
    lists_delta_release(&d);
    registry_close(beside.other);
    bed_free(&b);
}

/* ---- receipts ---- */

struct said {
    struct lists_receipt last;
    size_t n;
};

static bool note_said(void *ctx, const struct lists_receipt *receipt)
{
    struct said *s = ctx;
    s->last = *receipt;
    s->n++;
    return true;
}

static void what_operators_applied(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    struct lists_standing stands;
    struct said said = {0};
    mark(&b, PHONE, MARK_STOLEN, true);
    follow(&b);
    struct lists_receipt receipt = {
        .operator_name = "Altel", .list = LIST_BLACK, .place = cursor(&b), .at_ms = 1000, .by = 7};
    OK(lists_receipt_put(b.lists, b.f->reg, &receipt, NULL));
    OK(lists_stand(b.lists, b.f->reg, &receipt, &stands, NULL));
    assert_int_equal(stands.waiting, 0);
    assert_int_equal(stands.age_s, 0);
    fixture_day(b.f, "2026-03-03");
    mark(&b, PHONE + 1, MARK_STOLEN, true);
    mark(&b, PHONE + 2, MARK_STOLEN, true);
    fixture_day(b.f, "2026-03-04");
    follow(&b);
    OK(lists_stand(b.lists, b.f->reg, &receipt, &stands, NULL));
    assert_int_equal(stands.waiting, 2);
    assert_int_equal(stands.age_s, 86400);
    struct lists_receipt newer = receipt;
    newer.place = cursor(&b);
    newer.at_ms = 2000;
    OK(lists_receipt_put(b.lists, b.f->reg, &newer, NULL));
    newer.at_ms = 3000; /* the same again: the first time counts */
    OK(lists_receipt_put(b.lists, b.f->reg, &newer, NULL));
    OK(lists_receipts(b.f->reg, note_said, &said, NULL));
    assert_int_equal(said.n, 1);
    assert_int_equal(said.last.at_ms, 2000);
    assert_int_equal(said.last.by, 7);
    assert_string_equal(said.last.operator_name, "Altel");
    newer.place.hash[3] ^= 1;
    assert_int_equal(lists_receipt_put(b.lists, b.f->reg, &newer, NULL), ERR_LIST_CURSOR);
    str_copy(receipt.operator_name, sizeof receipt.operator_name, STR("Kcell"));
    OK(lists_receipt_put(b.lists, b.f->reg, &receipt, NULL));
    said.n = 0;
    OK(lists_receipts(b.f->reg, note_said, &said, NULL));
    assert_int_equal(said.n, 2);
    bed_free(&b);
}

static void the_white_list_is_kept_likewise(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    lists_close(b.lists);
    OK(lists_open(b.dir, LIST_WHITE, &b.lists, NULL));
    struct change changes[] = {{.imei = {PHONE}, .kind = CHANGE_AMNESTY, .on = true},
                               {.imei = {PHONE + 1}, .kind = CHANGE_AMNESTY, .on = true}};
    fixture_give(b.f, EVENT_AMNESTY, changes, 2);
    mark(&b, PHONE + 1, MARK_STOLEN, true);
    follow(&b);
    assert_int_equal(look(&b, PHONE).reason, REASON_AMNESTY);
    assert_int_equal(look(&b, PHONE + 1).reason, LISTED_NOT);
    bed_free(&b);
}

/* ---- the text ---- */

static void a_text_that_proves_itself(void **state)
{
    (void)state;
    struct bed b = bed_new("2026-03-01");
    mark(&b, PHONE, MARK_STOLEN, true);
    mark(&b, PHONE + 1, MARK_ORDER, true);
    sweep_now(&b);
    follow(&b);
    for (enum lists_layout layout = 0; layout < LISTS_LAYOUTS; layout++) {
        struct lists_view *view;
        struct lists_made made;
        char path[160], text[4096], said[128];
        OK(lists_full(b.lists, b.f->reg, &view, NULL));
        snprintf(path, sizeof path, "%s/text", b.f->dir);
        FILE *file = fopen(path, "w+be");
        assert_non_null(file);
        const struct lists_sheet sheet = {.registry = b.f->reg,
                                          .operator_name = "Altel",
                                          .kind = "black",
                                          .layout = layout,
                                          .pack = LISTS_PLAIN,
                                          .place = lists_place(b.lists)};
        OK(lists_text_full(&sheet, view, fileno(file), &made, NULL));
        lists_view_free(view);
        rewind(file);
        size_t head = strlen(made.head), n = 0;
        if (layout != LISTS_TAMGA)
            memcpy(text, made.head, n = head);
        n += fread(text + n, 1, sizeof text - 1 - n, file);
        fclose(file);
        text[n] = '\0';
        assert_int_equal(made.rows, 2);
        char *end = strstr(text, "#end ");
        if (layout == LISTS_TAMGA) {
            assert_string_equal(end, made.end);
            n = (size_t)(end - text);
        }
        uint8_t hash[SHA256_BYTES], signature[64];
        char hex[2 * SHA256_BYTES + 1];
        sha256_once(text, n, hash);
        sha256_hex(hash, hex);
        assert_string_equal(hex, made.sha256);
        snprintf(said, sizeof said, "tamga list %s", hex);
        OK(sodium_hex2bin(signature, sizeof signature, strstr(made.end, "signature=") + 10, 128,
                          NULL, NULL, NULL));
        OK(crypto_sign_verify_detached(signature, (uint8_t *)said, strlen(said),
                                       b.f->reg->keys.sign.public_key));
        static const char *const want[LISTS_LAYOUTS] = {
            "imei,public_reason,since\n35735007990100,STOLEN,2026-03-01\n"
            "35735007990101,AUTHORITY,2026-03-01\n",
            "imei,block_date,reasons\n35735007990100,20260301,STOLEN\n"
            "35735007990101,20260301,AUTHORITY\n",
            "A|35735007990100|35735007990100|STOLEN|20260301\n"
            "A|35735007990101|35735007990101|AUTHORITY|20260301\nT|2\n"};
        assert_non_null(strstr(text, want[layout]));
    }
    bed_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_in_since_when),
        cmocka_unit_test(a_full_list_waits_for_the_sweep),
        cmocka_unit_test(cursors_that_are_none),
        cmocka_unit_test(several_keep_it),
        cmocka_unit_test(what_moved_nothing_is_not_read_again),
        cmocka_unit_test(a_change_of_registers_is_noticed),
        cmocka_unit_test(a_damaged_log_is_made_anew),
        cmocka_unit_test(later_rows_overtake),
        cmocka_unit_test(an_import_is_seen_at_its_end),
        cmocka_unit_test(what_operators_applied),
        cmocka_unit_test(the_white_list_is_kept_likewise),
        cmocka_unit_test(a_text_that_proves_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
