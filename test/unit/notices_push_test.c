/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_push_test - notices over HTTP to a real socket, under a clock that the test turns: what an endpoint that refuses
 * loses (nothing), what its word on one notice ends, the hours in the middle of a run, one who hangs beside one who does
 * not; who was sent what is in the audit log. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/notices_set.h"
#include "cases/notices_answer.h"
#include "cases/notices_push.h"
#include "people/audit_log.h"
#include "unit/eds_standin.h"

#define PHONE 35735007990500ULL
#define HOME  1401010000000100ULL

static void pauses_double_and_end(void **state)
{
    (void)state;
    int64_t most = PUSH_FIRST_MS;
    for (unsigned tries = 1; tries < 100; tries++) {
        assert_int_equal(notices_push_pause(tries, 0), most / 2);
        assert_in_range(notices_push_pause(tries, UINT32_MAX), most - 2, most);
        assert_in_range(notices_push_pause(tries, UINT32_MAX / 2), most / 2, most);
        most = 2 * most < PUSH_LONGEST_MS ? 2 * most : PUSH_LONGEST_MS;
    }
    assert_int_equal(most, PUSH_LONGEST_MS);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"https://sms.altel.example/notices",
                                       "https://10.0.0.1:8443/",
                                       "http://127.0.0.1:80/sms",
                                       "http://localhost",
                                       "http://[::1]:8080/x",
                                       "https://[fd00::1]/x"};
    static const char *const bad[] = {"http://sms.altel.example/",
                                      "http://127.0.0.1.example/",
                                      "http://localhost.example/",
                                      "http://127.0.0.1@sms.example/",
                                      "http://localhost:80@sms.example/",
                                      "https://name:word@sms.example/",
                                      "https://",
                                      "https:///x",
                                      "https://:80/",
                                      "http://127.0.0.1\\@sms.example/",
                                      "ftp://127.0.0.1/",
                                      "file:///etc/passwd",
                                      "sms.example",
                                      ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(notices_url(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(notices_url(bad[i]));
}

static void words_on_single_notices(void **state)
{
    (void)state;
    static const char ids[3][NOTICES_ID_TEXT] = {"00000000000100000001", "00000000000200000002",
                                                 "00000000000300000003"};
    static const struct {
        const char *body;
        size_t named;
        uint8_t states[3];
    } cases[] = {
        {"{\"refused\":[{\"id\":\"00000000000200000002\",\"reason\":\"unknown_number\"}]}",
         1,
         {0, NOTICES_UNKNOWN, 0}},
        {"{\"refused\":[{\"id\":\"00000000000300000003\",\"reason\":\"full\"},{\"id\":"
         "\"00000000000300000003\",\"reason\":\"full\"},{\"id\":\"00000000000100000001\","
         "\"reason\":\"unknown_number\"}]}",
         2,
         {NOTICES_UNKNOWN, 0, NOTICES_FAILED}},
        {"{\"refused\":[{\"id\":\"00000000000200000002\"}]}", 0, {0}},
        {"{\"refused\":[{\"id\":\"00000000000200000002\",\"reason\":\" \"}]}", 0, {0}},
        {"{\"refused\":[{\"id\":\"00000000000900000009\",\"reason\":\"full\"}]}", 0, {0}},
        {"{\"refused\":[17,{\"id\":2,\"reason\":3},null]}", 0, {0}},
        {"{\"refused\":\"00000000000200000002\"}", 0, {0}},
        {"{\"refused\":[", 0, {0}},
        {"Bad Request", 0, {0}},
        {"[]", 0, {0}},
        {"", 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t states[3] = {0};
        assert_int_equal(notices_answer_read(str_z(cases[i].body), ids, 3, states), cases[i].named);
        assert_memory_equal(states, cases[i].states, 3);
    }
}

/* ---- a register with notices that wait ---- */

static struct clock *turned; /* by `words`, when the notice of this number is said */
static uint64_t turned_at;

static enum err who(struct registry *reg, const uint32_t *numbers, size_t n,
                    struct notices_who *out, struct fault *fault)
{
    (void)reg;
    (void)fault;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct notices_who){HOME + numbers[i], 177010000000ULL + numbers[i]};
    return ERR_OK;
}

static void words(struct buf *out, int lang, const struct notices_row *row, struct str site,
                  struct str check)
{
    (void)site;
    (void)check;
    buf_printf(out, "%d", lang);
    if (turned && !lang && row->number == turned_at)
        clock_set(turned, clock_now_us(turned) + 10 * INT64_C(3600000000));
}

static const struct notices_port port = {who, words, NULL};

static uint64_t party_of(struct fixture *f, const char *name)
{
    return registry_party_id(f->reg, PARTY_OPERATOR, str_z(name));
}

static void channel(struct fixture *f, const char *name, unsigned port_number)
{
    struct notices_channel c = {.road = NOTICES_HTTP};
    str_copy(c.name, sizeof c.name, str_z(name));
    snprintf(c.url, sizeof c.url, "http://127.0.0.1:%u/sms", port_number);
    OK(notices_channel_put(f->reg, &c, NULL, NULL));
}

/* One part of n notices. */
static void wait_for(struct fixture *f, const char *name, size_t n)
{
    struct notices_part *part = calloc(1, sizeof *part);
    struct notices_standing s;
    uint64_t last;
    assert_non_null(part);
    OK(store_write_begin(f->reg->store, NULL));
    OK(notices_head_get(f->reg, &last, NULL));
    part->party = party_of(f, name);
    part->first = last + 1;
    part->made_s = clock_now_us(&f->clock) / 1000000;
    for (size_t i = 0; i < n; i++) {
        const uint64_t number = last + 1 + i;
        part->rows[i] = (struct notices_row){.number = number,
                                             .imei = {PHONE + number},
                                             .subscriber = (uint32_t)number,
                                             .step = NOTICE_GREY,
                                             .reason = REASON_UNVERIFIED,
                                             .last_day = registry_today(f->reg) + 30,
                                             .until = registry_today(f->reg) + 15,
                                             .made_s = part->made_s};
        const struct notices_told told = {.imei = {PHONE + number},
                                          .subscriber = (uint32_t)number,
                                          .told = {NOTICE_GREY, registry_today(f->reg) + 30},
                                          .party = part->party,
                                          .first = number,
                                          .last = number};
        OK(notices_told_put(f->reg, &told, NULL));
    }
    part->n = n;
    OK(notices_part_put(f->reg, part, NULL));
    OK(notices_head_put(f->reg, last + n, NULL));
    OK(notices_standing_get(f->reg, part->party, &s, NULL));
    s.made += n;
    OK(notices_standing_put(f->reg, &s, NULL));
    OK(store_write_commit(f->reg->store, NULL));
    free(part);
}

static struct notices_standing standing(struct fixture *f, const char *name)
{
    struct notices_standing s;
    OK(notices_standing_get(f->reg, party_of(f, name), &s, NULL));
    return s;
}

static struct notices_pushed push_once(struct fixture *f)
{
    struct notices_push *push;
    struct notices_pushed pushed;
    OK(notices_push_new(&port, &push));
    OK(notices_push_run(push, f->reg, NULL, &pushed, NULL));
    notices_push_free(push);
    return pushed;
}

struct audited {
    uint64_t party, events, notices;
};

static bool count_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct audited *a = ctx;
    (void)page;
    if (event->what == AUDIT_NOTICES_PUSHED && event->subject == a->party) {
        a->events++;
        a->notices += event->object;
    }
    return true;
}

static struct audited audited(struct fixture *f, const char *name)
{
    struct audited a = {.party = party_of(f, name)};
    OK(audit_log_read(f->reg, count_event, &a, NULL));
    return a;
}

static size_t asked_of(const struct standin *s, unsigned i)
{
    json_t *all = s->question[i] ? json_loads(s->question[i], 0, NULL) : NULL;
    const size_t n = json_array_size(json_object_get(all, "notices"));
    json_decref(all);
    return n;
}

/* ---- an endpoint that refuses ---- */

static void a_refusal_of_all_loses_nothing(void **state)
{
    (void)state;
    static const int refusals[] = {400, 422, 415, 401, 404};
    struct fixture *f = fixture_memory("2026-03-10");
    struct standin s;
    standin_start(&s);
    channel(f, "Altel", s.port);
    wait_for(f, "Altel", 40);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        standin_will_answer(&s, 0, refusals[i], (struct str)STR("{\"error\":\"no\"}"));
        const struct notices_pushed p = push_once(f);
        assert_int_equal(p.tries, 1); /* it is not cut up */
        assert_int_equal(p.sent + p.refused, 0);
        assert_true(p.waiting);
    }
    assert_int_equal(standing(f, "Altel").waiting, 40);
    assert_int_equal(standing(f, "Altel").failed, 0);
    standin_will_answer(&s, 0, 200, (struct str)STR("{}"));
    assert_int_equal(push_once(f).sent, 40);
    assert_int_equal(standing(f, "Altel").waiting, 0);
    assert_int_equal(audited(f, "Altel").events, 6); /* one a run */
    assert_int_equal(audited(f, "Altel").notices, 240);
    standin_stop(&s);
    fixture_free(f);
}

static size_t name(struct fixture *f, const char *operator_name, uint64_t from, uint64_t to,
                   struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "{\"refused\":[");
    for (uint64_t i = from; i <= to; i++) {
        char id[NOTICES_ID_TEXT];
        notices_id(f->reg, party_of(f, operator_name), i, id);
        buf_printf(out, "%s{\"id\":\"%s\",\"reason\":\"%s\"}", i > from ? "," : "", id,
                   i & 1 ? "unknown_number" : "blocked by him");
    }
    buf_printf(out, "]}");
    return out->n;
}

static void a_reason_ends_one(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct standin s;
    struct buf said = {0}, more = {0};
    standin_start(&s);
    channel(f, "Altel", s.port);
    wait_for(f, "Altel", 10);
    /* 422 with two names, then 200 with one: the others went with the second. */
    name(f, "Altel", 3, 4, &said);
    name(f, "Altel", 9, 9, &more);
    standin_will_answer(&s, 0, 422, (struct str){(const char *)said.p, said.n});
    standin_will_answer(&s, 1, 200, (struct str){(const char *)more.p, more.n});
    struct notices_pushed p = push_once(f);
    assert_int_equal(p.sent, 7);
    assert_int_equal(p.refused, 3);
    assert_int_equal(asked_of(&s, 0), 10);
    assert_int_equal(asked_of(&s, 1), 8);
    struct notices_standing now = standing(f, "Altel");
    assert_int_equal(now.waiting, 0);
    assert_int_equal(now.unknown, 2);
    assert_int_equal(now.failed, 1);
    assert_int_equal(now.sent, 7);
    assert_int_equal(audited(f, "Altel").notices, 18);
    /* Names for nearly all of a great part are a fault of the endpoint. */
    wait_for(f, "Altel", 2 * PUSH_SUSPECT);
    name(f, "Altel", 11, 10 + 3 * PUSH_SUSPECT / 2, &said);
    standin_will_answer(&s, 0, 400, (struct str){(const char *)said.p, said.n});
    p = push_once(f);
    assert_int_equal(p.refused, 0);
    assert_int_equal(standing(f, "Altel").waiting, 2 * PUSH_SUSPECT);
    /* Too large: halves, and nothing is lost where one is too large alone. */
    for (unsigned i = 0; i < STANDIN_ANSWERS; i++)
        standin_will_answer(&s, i, 413, (struct str)STR("{}"));
    p = push_once(f);
    assert_int_equal(p.refused, 0);
    assert_int_equal(standing(f, "Altel").waiting, 2 * PUSH_SUSPECT);
    buf_release(&said);
    buf_release(&more);
    standin_stop(&s);
    fixture_free(f);
}

/* ---- the hours, and a budget ---- */

static void the_hours_end_a_run(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct standin s;
    standin_start(&s);
    channel(f, "Altel", s.port);
    wait_for(f, "Altel", 5);
    wait_for(f, "Altel", 5);
    for (unsigned i = 0; i < STANDIN_ANSWERS; i++)
        standin_will_answer(&s, i, 200, (struct str)STR("{}"));
    turned = &f->clock; /* noon; 22:00 when the last of the first part is said */
    turned_at = 5;
    struct notices_pushed p = push_once(f);
    turned = NULL;
    assert_int_equal(p.sent, 5);
    assert_int_equal(p.tries, 1);
    assert_true(p.quiet && p.waiting);
    assert_int_equal(standing(f, "Altel").waiting, 5);
    p = push_once(f);
    assert_int_equal(p.tries, 0);
    clock_set(&f->clock, clock_now_us(&f->clock) + 12 * INT64_C(3600000000));
    assert_int_equal(push_once(f).sent, 5);
    standin_stop(&s);
    fixture_free(f);
}

/* One who never answers stands first; the other gets all of his in the same run. */
static void one_who_hangs_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct standin hangs, takes;
    standin_start(&hangs);
    standin_start(&takes);
    channel(f, "Altel", hangs.port);
    channel(f, "Kcell", takes.port);
    for (int i = 0; i < 3; i++) {
        wait_for(f, "Altel", 2);
        wait_for(f, "Kcell", 2);
    }
    standin_will_answer(&hangs, 0, STANDIN_SILENT, (struct str){NULL, 0});
    for (unsigned i = 0; i < STANDIN_ANSWERS; i++)
        standin_will_answer(&takes, i, 200, (struct str)STR("{}"));
    const int64_t began = clock_monotonic_us();
    const struct notices_pushed p = push_once(f);
    assert_true(clock_monotonic_us() - began < 2 * PUSH_WHOLE_MS * INT64_C(1000));
    assert_int_equal(p.sent, 6);
    assert_int_equal(p.failed, 1);
    assert_int_equal(standing(f, "Kcell").waiting, 0);
    assert_int_equal(standing(f, "Altel").waiting, 6);
    standin_stop(&hangs);
    standin_stop(&takes);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_and_end),
        cmocka_unit_test(addresses),
        cmocka_unit_test(words_on_single_notices),
        cmocka_unit_test(a_refusal_of_all_loses_nothing),
        cmocka_unit_test(a_reason_ends_one),
        cmocka_unit_test(the_hours_end_a_run),
        cmocka_unit_test(one_who_hangs_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
