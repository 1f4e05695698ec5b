/* SPDX-License-Identifier: Apache-2.0
 *
 * What a face answers from: every sample answers as the facts row says, another process's commit
 * is seen within a second, checks go on while the store is gone. */
#include "app/fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/samples.h"
#include "app/service.h"
#include "app/whatif.h"

#define PHONE 35735007990400ULL

static void samples_agree(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct service *service;
    OK(samples_make(f->reg, NULL));
    OK(service_start(f->url, NULL, &f->clock, &service, NULL));
    const struct sample *s;
    size_t n = 0;
    for (; (s = sample_get(n)); n++) {
        struct checked c;
        uint64_t imsi = 0;
        if (s->imsi)
            OK(imsi_parse(str_z(s->imsi), &imsi));
        enum err err = service_check(service, str_z(s->imei), imsi, &c);
        if (s->expect == REASON_COUNT) {
            assert_int_equal(err, ERR_IMEI_MISTYPED);
            continue;
        }
        OK(err);
        struct verdict by_facts = fixture_verdict(f, c.imei.body);
        assert_true(verdict_equal(&by_facts, &c.answer.verdict));
        assert_int_equal(c.answer.verdict.reason, s->expect);
        if (str_eq(str_z(s->id), STR("clone_pair")))
            assert_int_equal(c.answer.list, LIST_WHITE);
        if (str_eq(str_z(s->id), STR("clone_other")))
            assert_int_equal(c.answer.list, LIST_BLACK);
    }
    assert_true(n >= 16);
    service_stop(service);
    fixture_whole(f);
    fixture_free(f);
}

static uint8_t reason_now(struct service *service, const char *imei)
{
    struct checked c;
    OK(service_check(service, str_z(imei), 0, &c));
    return c.answer.reason;
}

static void another_handle_is_seen_within_a_second(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct service *service;
    char imei[IMEI_TEXT15];
    imei_format15((struct imei){PHONE}, imei);
    OK(service_start(f->url, NULL, &f->clock, &service, NULL));
    assert_int_equal(reason_now(service, imei), REASON_NEVER_ACTIVATED);
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct batch_result r;
    OK(suspend(f->reg, &s, &(struct imei){PHONE}, 1, &r, NULL));
    int64_t began = clock_monotonic_us();
    while (reason_now(service, imei) != REASON_STOLEN &&
           clock_monotonic_us() - began < 10 * 1000000)
        usleep(5000);
    print_message("seen after %lld ms\n", (long long)(clock_monotonic_us() - began) / 1000);
    assert_int_equal(reason_now(service, imei), REASON_STOLEN);
    /* a rule set too */
    const char *set = "unknown_served=no";
    struct rules rules;
    OK(whatif_rules(f->reg, &set, 1, &rules, NULL));
    OK(rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = set}, &r, NULL));
    began = clock_monotonic_us();
    while (service_health(service).rules != 2 && clock_monotonic_us() - began < 10 * 1000000)
        usleep(5000);
    struct checked c;
    OK(service_check(service, STR("35735007990499"), 0, &c));
    assert_false(c.answer.served);
    service_stop(service);
    fixture_free(f);
}

/* Waits until the service says so of its store. */
static bool turns(struct service *service, bool store_ok)
{
    int64_t began = clock_monotonic_us();
    while (service_health(service).store_ok != store_ok &&
           clock_monotonic_us() - began < 10 * 1000000)
        usleep(5000);
    return service_health(service).store_ok == store_ok;
}

static void checks_go_on_without_the_store(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct service *service;
    char imei[IMEI_TEXT15], path[128], aside[160];
    imei_format15((struct imei){PHONE}, imei);
    fixture_activate(f, PHONE, "2026-03-01");
    OK(service_start(f->url, NULL, &f->clock, &service, NULL));
    struct service_health health = service_health(service);
    assert_true(health.store_ok);
    snprintf(path, sizeof path, "%s/register.db", f->dir);
    snprintf(aside, sizeof aside, "%s.aside", path);
    registry_close(f->reg);
    f->reg = NULL;
    assert_int_equal(rename(path, aside), 0); /* the store is gone under the running service */
    assert_true(turns(service, false));
    for (int i = 0; i < 100; i++)
        assert_int_equal(reason_now(service, imei), REASON_UNVERIFIED);
    assert_int_equal(rename(aside, path), 0);
    assert_true(turns(service, true));
    service_stop(service);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_agree),
        cmocka_unit_test(another_handle_is_seen_within_a_second),
        cmocka_unit_test(checks_go_on_without_the_store),
    };
    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
