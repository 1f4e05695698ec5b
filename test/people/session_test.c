/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions begin, are found by their token alone, grow old, end everywhere; the audit log is a chain. */
#include "app/fixture.h"

#include "people/audit_log.h"
#include "people/record.h"
#include "people/session.h"

struct house {
    struct fixture *f;
    struct registry *writer;
    struct committer *committer;
};

static struct house house_open(void)
{
    struct house h = {.f = fixture_memory("2026-03-10")};
    OK(registry_again(h.f->reg, &h.writer, NULL));
    OK(committer_new(h.writer, &h.committer));
    return h;
}

static void house_close(struct house *h)
{
    committer_free(h->committer);
    registry_close(h->writer);
    fixture_free(h->f);
}

static int64_t now_of(const struct house *h)
{
    return clock_now_us(h->f->reg->clock) / 1000000;
}

static struct session begin(struct house *h, const char *ends, char token[SESSION_TOKEN_TEXT])
{
    struct session s = {.party = 7, .acts_for = 9, .role = ROLE_PERSON, .name = "Айгүл"};
    OK(session_begin(h->f->reg, h->committer, &s, ends, token, NULL));
    return s;
}

static void a_token_finds_its_session(void **state)
{
    (void)state;
    struct house h = house_open();
    char token[SESSION_TOKEN_TEXT], csrf[SESSION_CSRF_TEXT], other[SESSION_CSRF_TEXT];
    struct session s = begin(&h, NULL, token), got;
    OK(session_find(h.f->reg, str_z(token), now_of(&h), &got, NULL));
    assert_int_equal(got.party, 7);
    assert_int_equal(got.acts_for, 9);
    assert_int_equal(got.role, ROLE_PERSON);
    assert_string_equal(got.name, "Айгүл");
    session_csrf(h.f->reg, &s, csrf);
    session_csrf(h.f->reg, &got, other);
    assert_string_equal(csrf, other);
    token[3] = token[3] == 'a' ? 'b' : 'a';
    assert_int_equal(session_find(h.f->reg, str_z(token), now_of(&h), &got, NULL), ERR_SESSION);
    assert_int_equal(session_find(h.f->reg, STR(""), now_of(&h), &got, NULL), ERR_SESSION);
    house_close(&h);
}

static void a_session_grows_old(void **state)
{
    (void)state;
    struct house h = house_open();
    char token[SESSION_TOKEN_TEXT];
    struct session got;
    begin(&h, NULL, token);
    int64_t t = now_of(&h);
    OK(session_find(h.f->reg, str_z(token), t + SESSION_IDLE_S, &got, NULL));
    assert_int_equal(session_find(h.f->reg, str_z(token), t + SESSION_IDLE_S + 1, &got, NULL),
                     ERR_SESSION);
    for (int64_t at = t; at <= t + SESSION_LIFE_S; at += SESSION_IDLE_S) { /* used all the time */
        OK(session_find(h.f->reg, str_z(token), at, &got, NULL));
        OK(session_touch(h.committer, &got, at));
    }
    assert_int_equal(session_find(h.f->reg, str_z(token), t + SESSION_LIFE_S + 1, &got, NULL),
                     ERR_SESSION);
    house_close(&h);
}

static void a_session_ends_everywhere(void **state)
{
    (void)state;
    struct house h = house_open();
    char first[SESSION_TOKEN_TEXT], second[SESSION_TOKEN_TEXT], third[SESSION_TOKEN_TEXT];
    struct session list[SESSION_LIST_MAX], got, late;
    size_t n;
    begin(&h, NULL, first);
    struct session s = begin(&h, NULL, second);
    OK(session_list(h.f->reg, 7, now_of(&h), list, &n, NULL));
    assert_int_equal(n, 2);
    begin(&h, first, third); /* signing in again ends what the browser had */
    assert_int_equal(session_find(h.f->reg, str_z(first), now_of(&h), &got, NULL), ERR_SESSION);
    OK(session_find(h.f->reg, str_z(second), now_of(&h), &late, NULL));
    OK(session_end(h.committer, s.id, s.party));
    assert_int_equal(session_find(h.f->reg, str_z(second), now_of(&h), &got, NULL), ERR_SESSION);
    /* a request that was under way does not bring it back */
    assert_int_equal(session_touch(h.committer, &late, now_of(&h) + 2 * SESSION_TOUCH_S),
                     ERR_SESSION);
    assert_int_equal(session_find(h.f->reg, str_z(second), now_of(&h), &got, NULL), ERR_SESSION);
    OK(session_list(h.f->reg, 7, now_of(&h), list, &n, NULL));
    assert_int_equal(n, 1);
    OK(session_end(h.committer, s.id, s.party)); /* over already */
    house_close(&h);
}

static bool count_record(void *ctx, const struct record *record)
{
    *(size_t *)ctx += record->key.p[0] == RECORD_SESSION || record->key.p[0] == RECORD_BY_PARTY;
    return true;
}

static void what_is_over_goes_with_the_next(void **state)
{
    (void)state;
    struct house h = house_open();
    char token[SESSION_TOKEN_TEXT];
    size_t n = 0;
    for (int i = 0; i < 5; i++)
        begin(&h, NULL, token);
    fixture_day(h.f, "2026-03-12");
    begin(&h, NULL, token);
    OK(store_records(h.f->reg->store, STR(""), STR(""), count_record, &n, NULL));
    assert_int_equal(n, 2); /* the one that is in force, and its place in the list */
    house_close(&h);
}

/* Neither token nor name stands in the register as it is. */
static bool holds_nothing(void *ctx, const struct record *record)
{
    const char *token = ctx;
    assert_null(memmem(record->value.p, record->value.n, token, 16));
    assert_null(memmem(record->value.p, record->value.n, "Айгүл", strlen("Айгүл")));
    assert_null(memmem(record->key.p, record->key.n, token, 16));
    return true;
}

static void the_register_holds_no_token(void **state)
{
    (void)state;
    struct house h = house_open();
    char token[SESSION_TOKEN_TEXT];
    begin(&h, NULL, token);
    OK(store_records(h.f->reg->store, STR(""), STR(""), holds_nothing, token, NULL));
    house_close(&h);
}

/* ---- the audit log ---- */

struct told {
    size_t n;
    struct audit_event last;
};

static bool on_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct told *told = ctx;
    assert_true(page > 0);
    told->n++;
    told->last = *event;
    return true;
}

static void the_audit_log_is_a_chain(void **state)
{
    (void)state;
    struct house h = house_open();
    struct told told = {0};
    for (uint64_t i = 1; i <= 3; i++) { /* a page each */
        struct audit_log *log;
        OK(audit_log_new(h.committer, h.f->reg->clock, &log));
        audit_log_add(log, &(struct audit_event){.what = AUDIT_LOOK,
                                                 .role = ROLE_OFFICER,
                                                 .actor = 5,
                                                 .subject = 6,
                                                 .object = i,
                                                 .outcome = ERR_ROLE});
        audit_log_free(log);
    }
    OK(audit_log_read(h.f->reg, on_event, &told, NULL));
    assert_int_equal(told.n, 3);
    assert_int_equal(told.last.what, AUDIT_LOOK);
    assert_int_equal(told.last.role, ROLE_OFFICER);
    assert_int_equal(told.last.object, 3);
    assert_int_equal(told.last.outcome, ERR_ROLE);
    struct record_key second = record_key_of(RECORD_AUDIT, 2),
                      third = record_key_of(RECORD_AUDIT, 3);
    struct buf page = {0};
    OK(store_record_get(h.f->reg->store, record_key_str(&second), &page, NULL));
    struct str text = {(const char *)page.p, page.n};
    char *at = memmem(page.p, page.n, "\"subject\":6", 11);
    assert_non_null(at);
    at[10] = '7'; /* as somebody might who can write there */
    OK(store_write_begin(h.f->reg->store, NULL));
    OK(record_put(h.f->reg, &second, text, NULL));
    OK(store_write_commit(h.f->reg->store, NULL));
    assert_int_equal(audit_log_read(h.f->reg, NULL, NULL, NULL), ERR_CHAIN);
    at[10] = '6';
    OK(store_write_begin(h.f->reg->store, NULL));
    OK(record_put(h.f->reg, &second, text, NULL));
    OK(store_write_commit(h.f->reg->store, NULL));
    OK(audit_log_read(h.f->reg, NULL, NULL, NULL));
    OK(store_write_begin(h.f->reg->store, NULL));
    OK(record_drop(h.f->reg, &third, NULL)); /* the last page is missed, too */
    OK(store_write_commit(h.f->reg->store, NULL));
    assert_int_equal(audit_log_read(h.f->reg, NULL, NULL, NULL), ERR_CHAIN);
    buf_release(&page);
    house_close(&h);
}

static void a_crowded_second_is_counted(void **state)
{
    (void)state;
    struct house h = house_open();
    struct told told = {0};
    struct audit_log *log;
    OK(audit_log_new(h.committer, h.f->reg->clock, &log));
    for (int i = 0; i < LIMIT_AUDIT_QUEUE + 10; i++)
        audit_log_add(log, &(struct audit_event){.what = AUDIT_LOOK});
    audit_log_free(log);
    OK(audit_log_read(h.f->reg, on_event, &told, NULL));
    assert_int_equal(told.last.what, AUDIT_LOST);
    assert_int_equal(told.n - 1 + told.last.object, LIMIT_AUDIT_QUEUE + 10);
    house_close(&h);
}

struct counted {
    unsigned refused, knocks;
    uint64_t more;
};

static bool on_knock(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct counted *counted = ctx;
    (void)page;
    counted->refused += event->what == AUDIT_SIGN_IN;
    counted->knocks += event->what == AUDIT_KNOCKS;
    counted->more += event->what == AUDIT_KNOCKS ? event->object : 0;
    return true;
}

/* Who knocks fills no register: of a minute so many refusals are told, the others counted. */
static void knocking_is_counted(void **state)
{
    (void)state;
    enum { KNOCKS = 1000, MINUTE_MS = 60000 };
    struct house h = house_open();
    struct counted counted = {0};
    struct audit_log *log;
    OK(audit_log_new(h.committer, h.f->reg->clock, &log));
    for (int64_t minute = 1; minute <= 2; minute++)
        for (int i = 0; i < KNOCKS; i++)
            audit_log_add(log, &(struct audit_event){.what = AUDIT_SIGN_IN,
                                                     .outcome = ERR_PASSWORD,
                                                     .time_ms = minute * MINUTE_MS + i});
    audit_log_add(log, &(struct audit_event){.what = AUDIT_SIGN_IN, .actor = 5}); /* comes in */
    audit_log_free(log);
    OK(audit_log_read(h.f->reg, on_knock, &counted, NULL));
    assert_int_equal(counted.refused, 2 * LIMIT_AUDIT_KNOCKS + 1);
    assert_int_equal(counted.more, 2 * (KNOCKS - LIMIT_AUDIT_KNOCKS));
    assert_true(counted.knocks <= 3);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_finds_its_session),
        cmocka_unit_test(a_session_grows_old),
        cmocka_unit_test(a_session_ends_everywhere),
        cmocka_unit_test(what_is_over_goes_with_the_next),
        cmocka_unit_test(the_register_holds_no_token),
        cmocka_unit_test(the_audit_log_is_a_chain),
        cmocka_unit_test(a_crowded_second_is_counted),
        cmocka_unit_test(knocking_is_counted),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
