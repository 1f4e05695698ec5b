/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_keys_test - a rotation step by step: what is new is under the key that is used, what is old opens until
 * it is sealed anew; what somebody writes while a sweep goes by stands; nothing that people are looked up by
 * moves; no key goes while anything, or any server, needs it. */
#include <stdlib.h>

#include "app/fixture.h"
#include "people/audit_log.h"
#include "people/seal.h"
#include "people/seal_sweep.h"

static struct fixture *f;

static int set_up(void **state)
{
    (void)state;
    f = fixture_sqlite("2026-03-10");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(f);
    return 0;
}

/* ---- records ---- */

struct put {
    uint64_t first, n;
    const char *text;
};

static enum err put_some(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct put *put = c->ctx;
    enum err err = ERR_OK;
    for (uint64_t i = put->first; !err && i < put->first + put->n; i++) {
        struct record_key key = record_key_of(RECORD_PERSON, i);
        json_t *json = json_pack("{s:s, s:I}", "name", put->text, "n", (json_int_t)i);
        err = record_put_json(reg, &key, json, fault);
        json_decref(json);
    }
    return err;
}

static void put_people(uint64_t first, uint64_t n, const char *text)
{
    struct put put = {first, n, text};
    struct commit_case c = {.also = put_some, .ctx = &put};
    OK(commit_one(f->reg, &c, NULL));
}

static enum err name_of(uint64_t n, char *out, size_t size, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_PERSON, n);
    json_t *json = NULL;
    enum err err = record_get_json(f->reg, &key, &json, fault);
    if (!err)
        str_copy(out, size, json_text_of(json, "name"));
    json_decref(json);
    return err;
}

static uint64_t under(uint32_t number)
{
    struct seal_count count;
    OK(seal_count(f->reg, &count, NULL));
    return seal_count_of(&count, number);
}

static void a_rotation(void **state)
{
    (void)state;
    uint32_t number = 0;
    char name[32];
    struct seal_progress p;
    uint64_t party = registry_party_id(f->reg, PARTY_PERSON, STR("900101300017"));
    struct register_keys before = f->reg->keys;
    put_people(1, 700, "АЙГҮЛ");
    OK(seal_key_add(f->reg, &number, NULL));
    assert_int_equal(number, 2);
    put_people(701, 1, "БОЛАТ"); /* nobody seals under it yet */
    assert_int_equal(under(1), 701);
    assert_int_equal(seal_key_may_drop(f->reg, 1, false, NULL), ERR_NOT_NOW);
    OK(seal_key_use(f->reg, 2, NULL));
    put_people(702, 2, "БОЛАТ");
    assert_int_equal(under(1), 701);
    assert_int_equal(under(2), 2);
    OK(name_of(1, name, sizeof name, NULL));
    assert_string_equal(name, "АЙГҮЛ");
    OK(seal_sweep(f->reg, 1000000, NULL, NULL, &p, NULL));
    assert_int_equal(p.renewed, 701);
    assert_int_equal(p.damaged, 0);
    assert_int_equal(under(1), 0);
    assert_int_equal(under(2), 703);
    OK(seal_key_may_drop(f->reg, 1, false, NULL));
    OK(seal_key_drop(f->reg, 1, NULL));
    assert_int_equal(f->reg->keys.people.count, 1);
    fixture_reopen(f);
    assert_int_equal(f->reg->keys.people.number[0], 2);
    for (uint64_t i = 1; i <= 703; i += 78)
        OK(name_of(i, name, sizeof name, NULL));
    /* What people, pairs, papers and receipts are looked up by is made of the master. */
    assert_true(registry_party_id(f->reg, PARTY_PERSON, STR("900101300017")) == party);
    before.people = f->reg->keys.people;
    assert_memory_equal(&before, &f->reg->keys, sizeof before);
    OK(seal_key_add(f->reg, &number, NULL));
    assert_int_equal(number, 3); /* no number twice */
    fixture_whole(f);
}

/* ---- what others write meanwhile ---- */

static bool write_between(void *ctx, const struct seal_progress *p)
{
    (void)ctx;
    if (p->renewed < 300) /* after the first step: one that was done, one that comes */
        put_people(2, 1, "ЖАҢА"), put_people(600, 1, "ЖАҢА");
    return true;
}

static bool stop_there(void *ctx, const struct seal_progress *p)
{
    (void)ctx;
    (void)p;
    return false;
}

static void what_others_write_stands(void **state)
{
    (void)state;
    uint32_t number;
    char name[32];
    struct seal_progress p;
    put_people(1, 700, "АЙГҮЛ");
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    OK(seal_sweep(f->reg, 1000000, write_between, NULL, &p, NULL));
    for (uint64_t i = 2; i <= 600; i += 598) {
        OK(name_of(i, name, sizeof name, NULL));
        assert_string_equal(name, "ЖАҢА");
    }
    assert_int_equal(under(1), 0);
}

static void one_that_was_cut_short_goes_on(void **state)
{
    (void)state;
    uint32_t number;
    struct seal_progress first, rest;
    put_people(1, 700, "АЙГҮЛ");
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    assert_int_equal(seal_sweep(f->reg, 1000000, stop_there, NULL, &first, NULL), ERR_STOPPED);
    assert_false(first.resumed);
    fixture_reopen(f);
    OK(seal_sweep(f->reg, 1000000, NULL, NULL, &rest, NULL));
    assert_true(rest.resumed);
    assert_int_equal(first.renewed + rest.renewed, 700);
    assert_int_equal(under(1), 0);
}

/* ---- what does not open ---- */

static enum err turn_a_bit(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_PERSON, 5);
    struct buf value = {0};
    (void)c;
    enum err err = store_record_get(reg->store, record_key_str(&key), &value, fault);
    value.p[value.n - 1] ^= 1;
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

static void a_damaged_one_holds_up_nobody(void **state)
{
    (void)state;
    uint32_t number;
    struct seal_progress p;
    struct commit_case c = {.also = turn_a_bit};
    put_people(1, 20, "АЙГҮЛ");
    OK(commit_one(f->reg, &c, NULL));
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    OK(seal_sweep(f->reg, 1000000, NULL, NULL, &p, NULL));
    assert_int_equal(p.renewed, 19);
    assert_int_equal(p.damaged, 1);
    assert_int_equal(under(1), 1);
}

static enum err put_elsewhere(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_HOLD, 1);
    json_t *json = json_pack("{s:s}", "name", "АЙГҮЛ");
    (void)c;
    enum err err = record_put_json(reg, &key, json, fault);
    json_decref(json);
    return err;
}

/* A kind whose values are sealed though nobody says so. */
static void none_is_left_behind_by_its_kind(void **state)
{
    (void)state;
    uint32_t number;
    struct seal_progress p;
    struct commit_case c = {.also = put_elsewhere};
    assert_false(record_is_sealed(RECORD_HOLD));
    OK(commit_one(f->reg, &c, NULL));
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    assert_int_equal(under(1), 1);
    OK(seal_sweep(f->reg, 1000000, NULL, NULL, &p, NULL));
    assert_int_equal(p.renewed, 1);
    assert_int_equal(under(1), 0);
}

/* A second register of the same process, as a server's: it has not heard of the new key when the record comes. */
static void the_file_is_read_anew_for_an_unknown_key(void **state)
{
    (void)state;
    struct registry *other = NULL;
    struct record_key key = record_key_of(RECORD_PERSON, 1);
    json_t *json = NULL;
    uint32_t number;
    OK(registry_again(f->reg, &other, NULL));
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    put_people(1, 1, "АЙГҮЛ");
    assert_int_equal(other->keys.people.count, 1);
    OK(record_get_json(other, &key, &json, NULL));
    assert_int_equal(other->keys.people.count, 2);
    json_decref(json);
    registry_close(other);
}

static void one_that_lacks_it_says_what_to_do(void **state)
{
    (void)state;
    char kept[128];
    struct fault fault = {0};
    struct registry *other = NULL;
    uint32_t number;
    snprintf(kept, sizeof kept, "%s/kept", f->dir);
    OK(key_file_copy(f->reg->key_path, kept, NULL));
    const struct registry_options with_old = {.url = f->url, .key = kept, .clock = &f->clock};
    OK(registry_open(&with_old, &other, NULL));
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    put_people(1, 1, "АЙГҮЛ");
    struct record_key key = record_key_of(RECORD_PERSON, 1);
    json_t *json = NULL;
    assert_int_equal(record_get_json(other, &key, &json, &fault), ERR_STORE_KEY);
    assert_non_null(strstr(fault.detail, "key 2, which the key file lacks"));
    other->keys_looked_us = 0;
    OK(registry_refresh(other, NULL)); /* it goes on, and says so */
    assert_int_equal(other->keys_fault.err, ERR_STORE_KEY);
    registry_close(other);
    /* One that comes now does not begin. */
    assert_int_equal(registry_open(&with_old, &other, &fault), ERR_STORE_KEY);
    assert_non_null(strstr(fault.detail, "key 2, which this key file lacks"));
}

/* Two machines on which a key was added at once, or a number that was given twice. */
static void another_key_of_the_same_number_is_refused(void **state)
{
    (void)state;
    struct key_file file;
    struct fault fault = {0};
    uint32_t number;
    OK(seal_key_add(f->reg, &number, NULL));
    OK(key_file_read(f->reg->key_path, &file, NULL, NULL));
    file.seal.key[1][0] ^= 1;
    OK(key_file_replace(f->reg->key_path, &file, NULL));
    assert_int_equal(seal_key_use(f->reg, number, &fault), ERR_STORE_KEY);
    assert_non_null(strstr(fault.detail, "another than the register's"));
}

/* ---- servers ---- */

struct server_of {
    struct committer *committer;
    struct registry *reg;
    struct seal_server server;
};

static void open_server(struct server_of *s, const char *spool)
{
    const struct registry_options writes = {
        .url = f->url, .key = f->key[0] ? f->key : NULL, .clock = &f->clock, .write = true};
    *s = (struct server_of){.server = {.id = {(uint8_t)spool[0], 1}, .host = "a", .pid = 7}};
    str_copy(s->server.spool, sizeof s->server.spool, str_z(spool));
    OK(registry_open(&writes, &s->reg, NULL));
    OK(committer_new(s->reg, &s->committer));
    seal_server_ring(&s->server, &f->reg->keys.people);
    s->server.spool_under = s->server.uses;
    OK(seal_server_tell(s->committer, &s->server, clock_now_us(&f->clock) / 1000000));
}

static void close_server(struct server_of *s)
{
    committer_free(s->committer);
    registry_close(s->reg);
}

static void no_server_is_left_behind(void **state)
{
    (void)state;
    struct server_of s;
    struct fault fault = {0};
    uint32_t number;
    int64_t now_s = clock_now_us(&f->clock) / 1000000;
    open_server(&s, "/spool");
    OK(seal_key_add(f->reg, &number, NULL));
    assert_int_equal(seal_key_use(f->reg, 2, &fault), ERR_NOT_NOW);
    assert_non_null(strstr(fault.detail, "lacks key 2"));
    s.server.told_s = 0; /* it has the file now */
    s.server.has[1] = 2;
    s.server.has_count = 2;
    OK(seal_server_tell(s.committer, &s.server, now_s));
    OK(seal_key_use(f->reg, 2, NULL));
    assert_int_equal(seal_key_may_drop(f->reg, 1, false, &fault),
                     ERR_NOT_NOW); /* it seals under 1 */
    assert_non_null(strstr(fault.detail, "seals under key 1"));
    s.server.uses = 2;
    OK(seal_server_tell(s.committer, &s.server, now_s));
    assert_int_equal(seal_key_may_drop(f->reg, 1, false, &fault), ERR_NOT_NOW); /* its uploads */
    assert_non_null(strstr(fault.detail, "uploads in /spool"));
    seal_server_end(s.committer, &s.server); /* and still when it is gone */
    assert_int_equal(seal_key_may_drop(f->reg, 1, false, NULL), ERR_NOT_NOW);
    s.server.spool_under = 2;
    s.server.papers = true;
    OK(seal_server_tell(s.committer, &s.server, now_s));
    assert_int_equal(seal_key_may_drop(f->reg, 1, false, &fault), ERR_NOT_NOW);
    assert_non_null(strstr(fault.detail, "keeps papers"));
    OK(seal_key_may_drop(f->reg, 1, true, NULL));
    seal_server_end(s.committer, &s.server);
    OK(seal_key_may_drop(f->reg, 1, false, NULL));
    close_server(&s);
}

static bool count_server(void *ctx, const struct seal_server *s)
{
    (void)s;
    ++*(int *)ctx;
    return true;
}

static int servers(void)
{
    int n = 0;
    OK(seal_servers(f->reg, count_server, &n, NULL));
    return n;
}

/* Killed and started anew, a server is told of once; one that is silent is in nobody's way to use a key. */
static void who_was_killed_is_forgotten(void **state)
{
    (void)state;
    struct server_of s;
    uint32_t number;
    int64_t now_s = clock_now_us(&f->clock) / 1000000;
    open_server(&s, "/spool");
    OK(seal_server_tell(s.committer, &s.server, now_s - SEAL_SILENT_S - 1));
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    assert_int_equal(servers(), 1);
    s.server.id[1] = 9;
    OK(seal_server_tell(s.committer, &s.server, now_s));
    assert_int_equal(servers(), 1);
    s.server.id[1] = 10;
    OK(seal_server_tell(s.committer, &s.server, now_s)); /* two at one place, both running */
    assert_int_equal(servers(), 2);
    close_server(&s);
}

/* ---- two persons ---- */

struct acts {
    int n;
};

static bool count_act(void *ctx, uint64_t page, const struct audit_event *e)
{
    (void)page;
    ((struct acts *)ctx)->n += e->what == AUDIT_SEAL_KEY;
    return true;
}

static enum err make_staff(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct party party = {.kind = PARTY_ACCOUNT, .flags = PARTY_STAFF};
    str_copy(party.name, sizeof party.name, str_z(c->ctx));
    party.id = registry_party_id(reg, PARTY_ACCOUNT, str_z(c->ctx));
    return store_party_put(reg->store, &party, fault);
}

static uint64_t staff(const char *name)
{
    struct commit_case c = {.also = make_staff, .ctx = (void *)(uintptr_t)name};
    OK(commit_one(f->reg, &c, NULL));
    return registry_party_id(f->reg, PARTY_ACCOUNT, str_z(name));
}

static void two_decide_where_two_decide(void **state)
{
    (void)state;
    struct acts acts = {0};
    uint32_t number;
    uint64_t anna = staff("anna"), bolat = staff("bolat");
    OK(seal_key_add(f->reg, &number, NULL));
    OK(seal_key_use(f->reg, number, NULL));
    f->reg->actor = 77; /* nobody's account */
    assert_int_equal(seal_key_drop(f->reg, 1, NULL), ERR_ACTOR);
    f->reg->actor = anna;
    assert_int_equal(seal_key_drop(f->reg, 1, NULL), ERR_HELD);
    assert_int_equal(seal_key_drop(f->reg, 1, NULL), ERR_SAME_PERSON);
    f->reg->actor = bolat;
    OK(seal_key_drop(f->reg, 1, NULL));
    assert_int_equal(f->reg->keys.people.count, 1);
    OK(audit_log_read(f->reg, count_act, &acts, NULL));
    assert_int_equal(acts.n, 4); /* added, used, asked for, dropped */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest seal_keys[] = {
        TEST(a_rotation),
        TEST(what_others_write_stands),
        TEST(one_that_was_cut_short_goes_on),
        TEST(a_damaged_one_holds_up_nobody),
        TEST(none_is_left_behind_by_its_kind),
        TEST(the_file_is_read_anew_for_an_unknown_key),
        TEST(one_that_lacks_it_says_what_to_do),
        TEST(another_key_of_the_same_number_is_refused),
        TEST(no_server_is_left_behind),
        TEST(who_was_killed_is_forgotten),
        TEST(two_decide_where_two_decide),
    };
    return cmocka_run_group_tests(seal_keys, NULL, NULL);
}
