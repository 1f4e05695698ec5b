/* SPDX-License-Identifier: Apache-2.0
 *
 * An account closes for the address that tries wrongly, and slowly for all strange ones; nobody keeps its
 * owner out from elsewhere, nobody guesses on; what became of it stands in the audit log. */
#include "app/fixture.h"

#include "app/staff.h"
#include "people/account.h"
#include "people/audit_log.h"

static const char password[] = "Тұлпар шабысы";

struct house {
    struct fixture *f;
    struct registry *writer;
    struct committer *committer;
    struct account account;
};

static struct house house_open(void)
{
    struct house h = {.f = fixture_memory("2026-03-10")};
    struct batch_result made;
    OK(totp_init());
    OK(staff_add(h.f->reg, STR("anna"), &made, NULL));
    OK(account_set(h.f->reg, STR("anna"), &(struct account_as){.role = ROLE_OFFICER},
                   str_z(password), &h.account, NULL));
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

static void later(struct house *h, int64_t seconds)
{
    clock_set(&h->f->clock, (now_of(h) + seconds) * 1000000);
}

/* A try from the n-th address. Each takes a step of the clock, so that no code comes twice. */
static enum err try_from(struct house *h, uint8_t n, const char *with)
{
    const char from[4] = {(char)192, 0, 2, (char)n};
    char code[TOTP_CODE_TEXT], token[SESSION_TOKEN_TEXT];
    struct session s;
    later(h, TOTP_STEP_SECONDS);
    totp_now(h->account.totp, now_of(h), code);
    OK(registry_refresh(h->f->reg, NULL));
    return account_sign_in(h->f->reg, h->committer,
                           &(struct account_try){.name = STR("anna"),
                                                 .password = str_z(with),
                                                 .code = str_z(code),
                                                 .from = {from, sizeof from}},
                           &s, token, NULL);
}

static void wrong_tries(struct house *h, uint8_t from, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        assert_int_equal(try_from(h, from, "wrong wrong wrong"), ERR_PASSWORD);
}

static void an_address_is_closed_alone(void **state)
{
    (void)state;
    struct house h = house_open();
    wrong_tries(&h, 1, ACCOUNT_TRIES);
    assert_int_equal(try_from(&h, 1, password), ERR_PASSWORD);
    OK(try_from(&h, 2, password)); /* its owner, from elsewhere, although never seen there */
    later(&h, ACCOUNT_LOCK_S);
    OK(try_from(&h, 1, password));
    house_close(&h);
}

static void a_right_try_forgives(void **state)
{
    (void)state;
    struct house h = house_open();
    wrong_tries(&h, 1, ACCOUNT_TRIES - 1);
    OK(try_from(&h, 1, password));
    wrong_tries(&h, 1, ACCOUNT_TRIES - 1);
    OK(try_from(&h, 1, password));
    house_close(&h);
}

static void nobody_keeps_its_owner_out(void **state)
{
    (void)state;
    struct house h = house_open();
    OK(try_from(&h, 1, password));
    for (uint8_t from = 10; from < 10 + ACCOUNT_STRANGER_TRIES; from++)
        wrong_tries(&h, from, 1);
    assert_int_equal(try_from(&h, 99, password), ERR_PASSWORD); /* closed for all strange ones */
    OK(try_from(&h, 1, password));                              /* not for where she works */
    wrong_tries(&h, 98, 3); /* closed tries are not counted, and do not push her out */
    OK(try_from(&h, 1, password));
    later(&h, ACCOUNT_STRANGER_S);
    OK(try_from(&h, 99, password));
    house_close(&h);
}

static void strangers_are_forgiven_in_time(void **state)
{
    (void)state;
    struct house h = house_open();
    for (uint8_t from = 10; from < 10 + ACCOUNT_STRANGER_TRIES - 1; from++)
        wrong_tries(&h, from, 1);
    later(&h, ACCOUNT_STRANGER_S);
    wrong_tries(&h, 40, 1);
    OK(try_from(&h, 41, password));
    house_close(&h);
}

static void known_places_are_few(void **state)
{
    (void)state;
    struct house h = house_open();
    struct account a;
    unsigned known = 0;
    for (uint8_t from = 1; from <= ACCOUNT_KNOWN + 2; from++)
        OK(try_from(&h, from, password));
    OK(registry_refresh(h.f->reg, NULL));
    OK(account_get(h.f->reg, h.account.party, &a, NULL));
    for (size_t i = 0; i < ACCOUNT_PLACES; i++)
        known += a.places[i].known;
    assert_int_equal(known, ACCOUNT_KNOWN);
    house_close(&h);
}

struct told {
    unsigned changed, closed;
};

static bool on_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct told *told = ctx;
    (void)page;
    told->changed += event->what == AUDIT_ACCOUNT && event->outcome == ERR_OK;
    told->closed += event->what == AUDIT_ACCOUNT && event->outcome == ERR_PASSWORD;
    return true;
}

static void what_became_of_it_is_told(void **state)
{
    (void)state;
    struct house h = house_open();
    struct told told = {0};
    wrong_tries(&h, 1, ACCOUNT_TRIES + 3);
    OK(registry_refresh(h.f->reg, NULL));
    OK(audit_log_read(h.f->reg, on_event, &told, NULL));
    assert_int_equal(told.changed, 1);
    assert_int_equal(told.closed, 1);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_closed_alone),
        cmocka_unit_test(a_right_try_forgives),
        cmocka_unit_test(nobody_keeps_its_owner_out),
        cmocka_unit_test(strangers_are_forgiven_in_time),
        cmocka_unit_test(known_places_are_few),
        cmocka_unit_test(what_became_of_it_is_told),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
