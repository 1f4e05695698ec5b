/* SPDX-License-Identifier: Apache-2.0
 *
 * Notices in a register, hour by hour under a clock that the test turns: the ladder at its days and hours, by the operator
 * that a subscriber belongs to; what a last day that moves, a hold, an approval do; that lists and receipts tell the same. */
#include "app/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/commit.h"
#include "app/notices_list.h"
#include "app/notices_set.h"
#include "app/sweep.h"
#include "prop/random.h"
#include "seen/notices_due.h"

#define PHONE 35735007990500ULL
#define HOME  1401010000000100ULL /* as imsi_parse packs it */
enum { SUBSCRIBERS = 8, MOST = 512 };

/* ---- a register in which somebody was seen ---- */

static uint32_t pairs_seen;

static uint64_t party_of(struct fixture *f, const char *name)
{
    return registry_party_id(f->reg, PARTY_OPERATOR, str_z(name));
}

static void begin(struct fixture *f)
{
    pairs_seen = 0;
    struct seen_subscriber who[SUBSCRIBERS];
    for (uint64_t i = 0; i < SUBSCRIBERS; i++)
        who[i] = (struct seen_subscriber){HOME + i, 177010000000ULL + i};
    who[6].imsi = 1250010000000106ULL; /* a visitor */
    who[7].imsi = 1401770000000107ULL; /* of another home network */
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_subscribers_put(f->reg, 1, who, SUBSCRIBERS, NULL));
    OK(store_write_commit(f->reg->store, NULL));
}

/* subscriber: from 0. One pair, seen on a day by an operator. */
static void see(struct fixture *f, uint64_t imei, unsigned subscriber, const char *name,
                const char *day)
{
    const struct seen_pair pair = {imei, subscriber + 1, SEEN_DAY_NONE};
    roaring_bitmap_t *bits = roaring_bitmap_create();
    uint64_t fresh;
    roaring_bitmap_add(bits, ++pairs_seen);
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_pairs_put(f->reg, pairs_seen, &pair, 1, NULL));
    OK(seen_day_add(f->reg, party_of(f, name), daynum_pack(fixture_daynum(day)), bits, &fresh,
                    NULL));
    OK(store_write_commit(f->reg->store, NULL));
    roaring_bitmap_free(bits);
}

static void again(struct fixture *f, uint32_t pair, const char *name, const char *day)
{
    roaring_bitmap_t *bits = roaring_bitmap_create();
    uint64_t fresh;
    roaring_bitmap_add(bits, pair);
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_day_add(f->reg, party_of(f, name), daynum_pack(fixture_daynum(day)), bits, &fresh,
                    NULL));
    OK(store_write_commit(f->reg->store, NULL));
    roaring_bitmap_free(bits);
}

static void channel(struct fixture *f, const char *name, uint8_t road, const char *plmn)
{
    struct notices_channel c = {.road = road};
    str_copy(c.name, sizeof c.name, str_z(name));
    str_copy(c.plmn, sizeof c.plmn, str_z(plmn));
    OK(notices_channel_put(f->reg, &c, NULL, NULL));
}

/* Minutes of the local day, +05:00. */
static void turn(struct fixture *f, daynum day, int minute)
{
    clock_set(&f->clock, ((int64_t)day * 86400 + minute * 60 - 5 * 3600) * 1000000);
}

static struct notices_result make(struct fixture *f)
{
    const struct notices_options options = {0};
    struct notices_result result;
    OK(notices_make(f->reg, &options, &result, NULL));
    return result;
}

/* All notices of an operator, in order. */
static size_t all_of(struct fixture *f, const char *name, struct notices_row *out)
{
    struct notices_part *part = calloc(1, sizeof *part);
    bool found = true;
    size_t n = 0;
    for (uint64_t at = 1; found; at = part->first + part->n) {
        OK(notices_part_at(f->reg, party_of(f, name), at, part, &found, NULL));
        for (size_t i = 0; found && i < part->n; i++) {
            assert_true(n < MOST);
            out[n++] = part->rows[i];
        }
    }
    free(part);
    return n;
}

/* Hour by hour, sweeping at 21:30; days from <= d < to. */
static void live(struct fixture *f, daynum from, daynum to)
{
    for (daynum d = from; d < to; d++)
        for (int hour = 0; hour < 24; hour++) {
            struct sweep_result swept;
            turn(f, d, hour * 60 + 30);
            (void)make(f);
            enum err err = sweep(f->reg, hour >= 21 ? d : d - 1, false, &swept, NULL);
            assert_true(err == ERR_OK || err == ERR_GUARD);
        }
}

/* ---- the ladder ---- */

struct wanted {
    int day; /* of the last one */
    int hour;
    enum notice_step step;
};

static void check_ladder(const struct notices_row *rows, size_t n, daynum last_day,
                         const struct wanted *wanted, size_t count)
{
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++) {
        const int64_t local = rows[i].made_s + 5 * 3600;
        assert_int_equal(rows[i].step, wanted[i].step);
        assert_int_equal(local / 86400, last_day + wanted[i].day);
        assert_int_equal(local % 86400 / 3600, wanted[i].hour);
    }
}

static const struct wanted ladder[] = {{-30, 9, NOTICE_GREY},    {-14, 9, NOTICE_DAYS_14},
                                       {-7, 9, NOTICE_DAYS_7},   {-3, 9, NOTICE_DAYS_3},
                                       {-1, 9, NOTICE_DAYS_1},   {0, 10, NOTICE_LAST_DAY},
                                       {1, 9, NOTICE_RESTRICTED}};

static void one_life(const char *first, const char *last)
{
    struct fixture *f = fixture_memory(first);
    static struct notices_row rows[MOST];
    const daynum day = fixture_daynum(first), last_day = fixture_daynum(last);
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    fixture_activate(f, PHONE, first);
    see(f, PHONE, 0, "Altel", first);
    for (daynum d = day; d < last_day + 4; d += 20) { /* he goes on using it */
        char text[DAYNUM_TEXT];
        daynum_format(d, text);
        again(f, 1, "Altel", text);
    }
    live(f, day, last_day + 4);
    size_t n = all_of(f, "Altel", rows);
    check_ladder(rows, n, last_day, ladder, sizeof ladder / sizeof *ladder);
    fixture_free(f);
}

static void the_whole_ladder(void **state)
{
    (void)state;
    one_life("2026-03-10", "2026-04-09");
    one_life("2028-02-05", "2028-03-06"); /* over a leap day */
    one_life("2027-12-20", "2028-01-19"); /* over a new year */
}

/* ---- whose he is ---- */

static void every_subscriber_by_his_operator(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    static struct notices_row rows[MOST];
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    channel(f, "Beeline", NOTICES_FILE, "40177");
    fixture_activate(f, PHONE, "2026-03-10");
    see(f, PHONE, 0, "Altel", "2026-03-10");
    see(f, PHONE, 1, "Altel", "2026-01-20"); /* too long ago */
    see(f, PHONE, 2, "Altel", "2026-03-09");
    again(f, 3, "Kcell", "2026-03-10");          /* now in a network without a channel */
    see(f, PHONE, 6, "Altel", "2026-03-10");     /* a visitor */
    see(f, PHONE, 7, "Altel", "2026-03-10");     /* Beeline's, by his IMSI */
    see(f, PHONE, 3, "Beeline", "2026-03-10");   /* seen there, but not Beeline's */
    see(f, PHONE + 1, 4, "Altel", "2026-03-10"); /* of a phone without a term */
    struct notices_result r = make(f);
    assert_int_equal(r.made, 2);
    assert_int_equal(r.unreachable, 3);
    assert_int_equal(r.imeis, 1);
    assert_int_equal(all_of(f, "Altel", rows), 1);
    assert_int_equal(rows[0].subscriber, 1);
    assert_int_equal(all_of(f, "Beeline", rows), 1);
    assert_int_equal(rows[0].subscriber, 8);
    /* Once more, and somebody who comes later. */
    assert_int_equal(make(f).made, 0);
    see(f, PHONE, 4, "Altel", "2026-03-10");
    assert_int_equal(make(f).made, 1);
    assert_int_equal(make(f).made, 0);
    fixture_free(f);
}

/* ---- what moves meanwhile ---- */

static void give(struct fixture *f, struct change change, uint8_t event)
{
    assert_int_equal(fixture_give(f, event, &change, 1), 1);
}

static void a_last_day_that_moves(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    static struct notices_row rows[MOST];
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    fixture_activate(f, PHONE, "2026-03-10");
    see(f, PHONE, 0, "Altel", "2026-03-10");
    assert_int_equal(make(f).by_step[NOTICE_GREY], 1);
    /* A file that came late: in use since 22 February, so until 24 March. */
    turn(f, fixture_daynum("2026-03-12"), 12 * 60);
    fixture_activate(f, PHONE, "2026-02-22");
    assert_int_equal(make(f).by_step[NOTICE_GREY], 1);
    assert_int_equal(make(f).made, 0);
    size_t n = all_of(f, "Altel", rows);
    assert_int_equal(n, 2);
    assert_int_equal(rows[1].last_day, fixture_daynum("2026-03-24"));
    /* An application holds it without an end: nothing to tell; then to a day. */
    give(f, (struct change){.imei = {PHONE}, .kind = CHANGE_HOLD, .until = DAYNUM_OPEN},
         EVENT_HELD);
    turn(f, fixture_daynum("2026-03-20"), 12 * 60);
    assert_int_equal(make(f).made, 0);
    give(f,
         (struct change){
             .imei = {PHONE}, .kind = CHANGE_HOLD, .until = fixture_daynum("2026-04-02")},
         EVENT_HELD);
    turn(f, fixture_daynum("2026-03-26"), 12 * 60);
    assert_int_equal(make(f).by_step[NOTICE_GREY], 1);
    n = all_of(f, "Altel", rows);
    assert_int_equal(rows[n - 1].last_day, fixture_daynum("2026-04-02"));
    turn(f, fixture_daynum("2026-03-30"), 12 * 60);
    assert_int_equal(make(f).by_step[NOTICE_DAYS_3], 1);
    /* Verified: one good word, and nothing more. */
    give(f,
         (struct change){.imei = {PHONE},
                         .kind = CHANGE_VERIFIED,
                         .approval = {.at = 1774800000, .by = {.kind = APPROVAL_PERSONAL}}},
         EVENT_VERIFIED);
    assert_int_equal(make(f).by_step[NOTICE_VERIFIED], 1);
    turn(f, fixture_daynum("2026-04-02"), 12 * 60);
    assert_int_equal(make(f).made, 0);
    fixture_free(f);
}

/* ---- lists and receipts ---- */

static enum err who(struct registry *reg, const uint32_t *numbers, size_t n,
                    struct notices_who *out, struct fault *fault)
{
    for (size_t i = 0; i < n; i++) {
        struct seen_subscriber s;
        enum err err = seen_subscriber_get(reg, numbers[i], &s, fault);
        if (err)
            return err;
        out[i] = (struct notices_who){s.imsi, s.msisdn};
    }
    return ERR_OK;
}

static void words(struct buf *out, int lang, const struct notices_row *row, struct str site,
                  struct str check)
{
    assert_int_equal(check.n, 20);
    buf_printf(out, "%d \"%s\" %.*s", lang, notice_name((enum notice_step)row->step),
               STR_ARG(site));
}

static const struct notices_port port = {who, words, NULL};

static size_t list(struct fixture *f, const char *since, struct lists_made *made, char *text,
                   size_t size)
{
    char path[] = "/tmp/tamga-notices-XXXXXX";
    struct feed_cursor cursor;
    struct notices_chosen chosen;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    if (since)
        assert_true(feed_cursor_parse(str_z(since), &cursor));
    const struct notices_sheet sheet = {
        .operator_name = "Altel", .party = party_of(f, "Altel"), .since = since ? &cursor : NULL};
    OK(notices_list_write(f->reg, &port, &sheet, fd, made, &chosen, NULL));
    ssize_t n = pread(fd, text, size - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    close(fd);
    unlink(path);
    OK(notices_handed(f->reg, sheet.party, &chosen, NULL));
    size_t rows = chosen.n;
    notices_chosen_release(&chosen);
    return rows;
}

static void lists_and_receipts(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct lists_made made, delta;
    struct notices_standing s;
    char text[8192];
    uint64_t party = party_of(f, "Altel"), number;
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    for (unsigned i = 0; i < 3; i++) {
        fixture_activate(f, PHONE + i, "2026-03-10");
        see(f, PHONE + i, i, "Altel", "2026-03-10");
    }
    assert_int_equal(make(f).made, 3);
    OK(notices_standing_get(f->reg, party, &s, NULL));
    assert_int_equal(s.waiting, 3);
    assert_int_equal(list(f, NULL, &made, text, sizeof text), 3);
    assert_non_null(strstr(text, ",35735007990501,401010000000101,77010000001,grey,2026-04-09,"
                                 "UNVERIFIED,GREY,2026-03-25,\"0 \"\"GREY\"\" \""));
    OK(notices_standing_get(f->reg, party, &s, NULL));
    assert_int_equal(s.waiting, 0);
    assert_int_equal(s.sent, 3);
    assert_int_equal(list(f, made.cursor, &delta, text, sizeof text), 0);
    assert_string_equal(delta.cursor, made.cursor);
    /* One is verified before anything went on: its first word is overtaken. */
    give(f,
         (struct change){.imei = {PHONE},
                         .kind = CHANGE_VERIFIED,
                         .approval = {.at = 1774800000, .by = {.kind = APPROVAL_PERSONAL}}},
         EVENT_VERIFIED);
    assert_int_equal(make(f).made, 1);
    assert_int_equal(list(f, made.cursor, &delta, text, sizeof text), 1);
    assert_int_equal(list(f, NULL, &delta, text, sizeof text), 3);
    /* Receipts, in any order, more than once. */
    char id[NOTICES_ID_TEXT];
    notices_id(f->reg, party, 2, id);
    assert_true(notices_id_read(f->reg, party, str_z(id), &number));
    assert_int_equal(number, 2);
    assert_false(notices_id_read(f->reg, party_of(f, "Kcell"), str_z(id), &number));
    id[19] = id[19] == '0' ? '1' : '0';
    assert_false(notices_id_read(f->reg, party, str_z(id), &number));
    struct notices_receipt r[] = {{.number = 3, .state = NOTICES_FAILED, .at_s = 1773200000},
                                  {.number = 2, .state = NOTICES_DELIVERED, .at_s = 1773200000},
                                  {.number = 99, .state = NOTICES_DELIVERED, .at_s = 1773200000},
                                  {.number = 3, .state = NOTICES_DELIVERED, .at_s = 1773200009}};
    OK(notices_receipts_put(f->reg, party, r, 4, NULL));
    assert_true(r[2].none && !r[0].known && !r[1].known && !r[3].known);
    OK(notices_receipts_put(f->reg, party, r, 4, NULL));
    assert_true(r[0].known && r[1].known && r[3].known);
    OK(notices_standing_get(f->reg, party, &s, NULL));
    assert_int_equal(s.delivered, 2);
    assert_int_equal(s.failed, 0);
    assert_int_equal(list(f, NULL, &delta, text, sizeof text), 1); /* what is delivered is done */
    fixture_free(f);
}

/* A list that ends before its end goes on behind its cursor: together they hold each notice once. */
static void a_list_in_pieces(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct feed_cursor at = {0};
    size_t rows = 0, lists = 0;
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    for (unsigned i = 0; i < 5; i++) { /* a part each */
        fixture_activate(f, PHONE + i, "2026-03-10");
        see(f, PHONE + i, i, "Altel", "2026-03-10");
        assert_int_equal(make(f).made, 1);
    }
    for (bool more = true; more; lists++) {
        char text[8192] = "";
        struct lists_made made;
        struct notices_chosen chosen;
        const int fd = memfd_create("list", MFD_CLOEXEC);
        const struct notices_sheet sheet = {.operator_name = "Altel",
                                            .party = party_of(f, "Altel"),
                                            .since = lists ? &at : NULL,
                                            .most = 2};
        OK(notices_list_write(f->reg, &port, &sheet, fd, &made, &chosen, NULL));
        OK(notices_handed(f->reg, sheet.party, &chosen, NULL));
        assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
        close(fd);
        more = strstr(text, " more=yes ");
        assert_int_equal(chosen.n, more ? 2 : 1);
        assert_true(feed_cursor_parse(str_z(made.cursor), &at));
        rows += chosen.n;
        notices_chosen_release(&chosen);
    }
    assert_int_equal(rows, 5);
    assert_int_equal(lists, 3);
    struct notices_standing s;
    OK(notices_standing_get(f->reg, party_of(f, "Altel"), &s, NULL));
    assert_int_equal(s.sent, 5);
    assert_int_equal(s.waiting, 0);
    fixture_free(f);
}

/* ---- the sweep's guard ---- */

static void who_was_told_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct untold u;
    struct lists_made made;
    char text[8192];
    const struct imei imeis[] = {{PHONE}, {PHONE + 1}, {PHONE + 2}};
    begin(f);
    for (unsigned i = 0; i < 2; i++) {
        fixture_activate(f, PHONE + i, "2026-03-10");
        see(f, PHONE + i, i, "Altel", "2026-03-10");
    }
    fixture_activate(f, PHONE + 2, "2026-03-10"); /* nobody is known to use it */
    OK(notices_untold(f->reg, imeis, 3, &u, NULL));
    assert_false(u.armed);
    channel(f, "Altel", NOTICES_FILE, "");
    OK(notices_untold(f->reg, imeis, 3, &u, NULL));
    assert_true(u.armed);
    assert_int_equal(u.reachable, 2);
    assert_int_equal(u.untold, 2);
    assert_int_equal(make(f).made, 2);
    OK(notices_untold(f->reg, imeis, 3, &u, NULL));
    assert_int_equal(u.untold, 2); /* made is not sent */
    (void)list(f, NULL, &made, text, sizeof text);
    OK(notices_untold(f->reg, imeis, 3, &u, NULL));
    assert_int_equal(u.reachable, 2);
    assert_int_equal(u.untold, 0); /* handed over just now: a receipt may come yet */
    fixture_free(f);
}

static struct untold untold(struct fixture *f, uint64_t imei)
{
    const struct imei one = {imei};
    struct untold u;
    OK(notices_untold(f->reg, &one, 1, &u, NULL));
    return u;
}

static void receipt(struct fixture *f, uint64_t number, uint8_t state)
{
    struct notices_receipt r = {
        .number = number, .state = state, .at_s = clock_now_us(&f->clock) / 1000000};
    OK(notices_receipts_put(f->reg, party_of(f, "Altel"), &r, 1, NULL));
    assert_false(r.none || r.known);
}

/* What an operator took and never sent has told nobody. */
static void handed_over_is_not_told(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct lists_made made;
    char text[8192];
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    fixture_activate(f, PHONE, "2026-03-10");
    see(f, PHONE, 0, "Altel", "2026-03-10");
    assert_int_equal(make(f).made, 1);
    (void)list(f, NULL, &made, text, sizeof text);
    turn(f, fixture_daynum("2026-03-10"), 12 * 60 + NOTICES_RECEIPT_HOURS * 60 - 1);
    assert_int_equal(untold(f, PHONE).untold, 0);
    turn(f, fixture_daynum("2026-03-10"), 12 * 60 + NOTICES_RECEIPT_HOURS * 60);
    assert_int_equal(untold(f, PHONE).untold, 1); /* no word of it */
    receipt(f, 1, NOTICES_FAILED);
    assert_int_equal(untold(f, PHONE).untold, 1);
    turn(f, fixture_daynum("2026-03-11"), 12 * 60);
    receipt(f, 1, NOTICES_UNKNOWN);
    assert_int_equal(untold(f, PHONE).untold, 1);
    /* The second word of the ladder reaches him; the third does not, which takes nothing back. */
    again(f, 1, "Altel", "2026-03-20");
    turn(f, fixture_daynum("2026-03-26"), 12 * 60);
    assert_int_equal(make(f).by_step[NOTICE_DAYS_14], 1);
    assert_int_equal(untold(f, PHONE).untold, 1); /* made, and not handed over */
    (void)list(f, NULL, &made, text, sizeof text);
    receipt(f, 2, NOTICES_DELIVERED);
    turn(f, fixture_daynum("2026-04-02"), 12 * 60);
    assert_int_equal(make(f).by_step[NOTICE_DAYS_7], 1);
    receipt(f, 3, NOTICES_FAILED);
    assert_int_equal(untold(f, PHONE).untold, 0);
    /* A last day that moves begins another ladder: nobody has told him that one. */
    fixture_activate(f, PHONE, "2026-03-08");
    assert_int_equal(make(f).by_step[NOTICE_GREY], 1);
    assert_int_equal(untold(f, PHONE).untold, 1);
    fixture_free(f);
}

/* Somebody else has the phone: what was told to whoever had it before is no word to him. */
static void a_new_user_is_told_anew(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    static struct notices_row rows[MOST];
    begin(f);
    channel(f, "Altel", NOTICES_FILE, "");
    fixture_activate(f, PHONE, "2026-03-10");
    see(f, PHONE, 0, "Altel", "2026-03-10");
    assert_int_equal(make(f).made, 1);
    turn(f, fixture_daynum("2026-03-11"), 12 * 60);
    receipt(f, 1, NOTICES_DELIVERED);
    assert_int_equal(untold(f, PHONE).untold, 0);
    see(f, PHONE, 1, "Altel", "2026-03-30"); /* sold */
    turn(f, fixture_daynum("2026-03-31"), 12 * 60);
    assert_int_equal(untold(f, PHONE).reachable, 1);
    assert_int_equal(untold(f, PHONE).untold, 1);
    struct notices_result r = make(f);
    assert_int_equal(r.by_step[NOTICE_GREY], 1); /* the first word to him */
    assert_int_equal(r.by_step[NOTICE_DAYS_14], 1);
    const size_t n = all_of(f, "Altel", rows);
    for (size_t i = 1; i < n; i++)
        assert_int_equal(rows[i].step, rows[i].subscriber == 2 ? NOTICE_GREY : NOTICE_DAYS_14);
    assert_int_equal(untold(f, PHONE).untold, 1);
    receipt(f, rows[1].subscriber == 1 ? 2 : 3, NOTICES_DELIVERED); /* to the one of before */
    assert_int_equal(untold(f, PHONE).untold, 1);
    receipt(f, rows[1].subscriber == 2 ? 2 : 3, NOTICES_DELIVERED);
    assert_int_equal(untold(f, PHONE).untold, 0);
    /* On one day both: both are to be told. */
    see(f, PHONE, 2, "Altel", "2026-03-31");
    again(f, 2, "Altel", "2026-03-31");
    assert_int_equal(untold(f, PHONE).untold, 1);
    fixture_free(f);
}

static struct sweep_result sweep_at(struct fixture *f, const char *day, enum err wanted)
{
    struct sweep_result r;
    turn(f, fixture_daynum(day), 22 * 60);
    assert_int_equal(sweep(f->reg, DAYNUM_NONE, false, &r, NULL), wanted);
    return r;
}

static void nobody_expires_untold(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct lists_made made;
    char text[8192];
    begin(f);
    fixture_activate(f, PHONE, "2026-03-10");
    f->reg->untold = notices_untold;
    struct sweep_result r = sweep_at(f, "2026-04-08", ERR_OK);
    assert_int_equal(r.guards[SWEEP_NOTICES], SWEEP_NOT_ARMED);
    channel(f, "Altel", NOTICES_FILE, "");
    see(f, PHONE, 0, "Altel", "2026-04-09"); /* on its last day, and the file came late */
    r = sweep_at(f, "2026-04-09", ERR_GUARD);
    assert_int_equal(r.guards[SWEEP_NOTICES], SWEEP_STOPPED);
    assert_int_equal(r.stopped_at, fixture_daynum("2026-04-09"));
    turn(f, fixture_daynum("2026-04-10"), 9 * 60);
    assert_int_equal(make(f).made, 0);
    turn(f, fixture_daynum("2026-04-10"), 10 * 60);
    assert_int_equal(make(f).by_step[NOTICE_LAST_DAY], 1);
    assert_int_equal(make(f).made, 0);
    assert_int_equal(sweep_at(f, "2026-04-10", ERR_GUARD).expired, 0); /* made is not sent */
    turn(f, fixture_daynum("2026-04-10"), 12 * 60);
    assert_int_equal(list(f, NULL, &made, text, sizeof text), 1);
    assert_int_equal(sweep_at(f, "2026-04-10", ERR_GUARD).expired, 0); /* no receipt came */
    receipt(f, 1, NOTICES_DELIVERED);
    r = sweep_at(f, "2026-04-10", ERR_OK);
    assert_int_equal(r.guards[SWEEP_NOTICES], SWEEP_PASSED);
    assert_int_equal(r.expired, 1);
    turn(f, fixture_daynum("2026-04-11"), 12 * 60);
    assert_int_equal(make(f).by_step[NOTICE_RESTRICTED], 1);
    fixture_free(f);
}

/* ---- random lives, and a store that fails ---- */

enum { LIVES = 40, PHONES = 5 };

struct once {
    struct fixture *f;
    struct rng *rng;
    daynum day;
};

static void something_happens(struct once *o)
{
    const uint64_t imei = PHONE + rng_below(o->rng, PHONES);
    char day[DAYNUM_TEXT];
    daynum_format(o->day, day);
    struct change change = {.imei = {imei}};
    switch (rng_below(o->rng, 6)) {
    case 0:
        daynum_format(o->day - (daynum)rng_below(o->rng, 20), day);
        (void)fixture_activate(o->f, imei, day);
        return;
    case 1:
        change.kind = CHANGE_HOLD;
        change.until = rng_one_in(o->rng, 3) ? DAYNUM_OPEN : o->day + (daynum)rng_below(o->rng, 30);
        (void)fixture_give(o->f, EVENT_HELD, &change, 1);
        return;
    case 2:
        change.kind = CHANGE_HOLD;
        change.until = DAYNUM_NONE;
        (void)fixture_give(o->f, EVENT_HELD, &change, 1);
        return;
    case 3:
        if (rng_one_in(o->rng, 3)) {
            change.kind = rng_one_in(o->rng, 2) ? CHANGE_VERIFIED : CHANGE_UNVERIFIED;
            change.approval.at = (int64_t)o->day * 86400;
            change.approval.by.kind = APPROVAL_PERSONAL;
            (void)fixture_give(o->f, EVENT_VERIFIED, &change, 1);
        }
        return;
    default:
        if (pairs_seen && rng_one_in(o->rng, 2))
            again(o->f, 1 + rng_below(o->rng, pairs_seen), "Altel", day);
    }
}

/* Runs until it ends well; the store fails in the middle of some of them, as a kill would. */
static void make_with_kills(struct once *o)
{
    const struct notices_options options = {0};
    struct notices_result result;
    struct store *inner = o->f->reg->store, *faulty;
    if (rng_one_in(o->rng, 2)) {
        OK(store_faulty_new(inner, &faulty));
        o->f->reg->store = faulty;
        store_faulty_arm(faulty, 1 + rng_below(o->rng, 60), 0, ERR_STORE);
        (void)!notices_make(o->f->reg, &options, &result, NULL);
        store_faulty_arm(faulty, 0, 0, ERR_OK);
    }
    OK(notices_make(o->f->reg, &options, &result, NULL));
    OK(notices_make(o->f->reg, &options, &result, NULL));
    assert_int_equal(result.made, 0); /* none forgotten, none twice */
}

/* Of one phone and subscriber: no step of one last day twice, unless the ladder was begun anew in between. */
static void each_once(const struct notices_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            if (rows[i].imei.body != rows[j].imei.body || rows[i].subscriber != rows[j].subscriber)
                continue;
            if (rows[j].step == NOTICE_GREY || rows[j].step == NOTICE_LAST_DAY)
                break; /* another ladder */
            assert_true(rows[i].step != rows[j].step || rows[i].last_day != rows[j].last_day);
        }
    for (size_t i = 1; i < n; i++)
        assert_true(rows[i].number == rows[i - 1].number + 1);
}

static void each_once_none_forgotten(void **state)
{
    (void)state;
    struct rng rng = random_start("notices", 20261128);
    for (int life = 0; life < LIVES; life++) {
        struct fixture *f = fixture_memory("2026-03-01");
        struct once o = {f, &rng, fixture_daynum("2026-03-01")};
        static struct notices_row rows[MOST];
        struct sweep_result swept;
        begin(f);
        channel(f, "Altel", NOTICES_FILE, "");
        for (unsigned i = 0; i < PHONES; i++)
            see(f, PHONE + i, i % 3, "Altel", "2026-03-01");
        for (; o.day < fixture_daynum("2026-03-01") + 50; o.day++) {
            turn(f, o.day, 8 * 60);
            for (unsigned i = rng_below(&rng, 3); i; i--)
                something_happens(&o);
            turn(f, o.day, 12 * 60);
            make_with_kills(&o);
            turn(f, o.day, 22 * 60);
            (void)!sweep(f->reg, DAYNUM_NONE, false, &swept, NULL);
        }
        each_once(rows, all_of(f, "Altel", rows));
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_ladder),
        cmocka_unit_test(every_subscriber_by_his_operator),
        cmocka_unit_test(a_last_day_that_moves),
        cmocka_unit_test(lists_and_receipts),
        cmocka_unit_test(a_list_in_pieces),
        cmocka_unit_test(who_was_told_nothing),
        cmocka_unit_test(handed_over_is_not_told),
        cmocka_unit_test(a_new_user_is_told_anew),
        cmocka_unit_test(nobody_expires_untold),
        cmocka_unit_test(each_once_none_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
