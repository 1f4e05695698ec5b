/* SPDX-License-Identifier: Apache-2.0
 *
 * What only a register behind a network can show: connections that break, at any moment of a write;
 * commits whose answer is lost; schemas and plans. Breaks are made by a small relay between the
 * backend and the server, which cuts when told to. */
#include "bed.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store_postgres.h"

#define SOME 35000000000000

/* ---- the relay ---- */

enum cut {
    CUT_NOTHING,
    CUT_BEFORE, /* what holds the word goes no further */
    CUT_AFTER,  /* it goes on, but no answer comes back */
};

struct relay {
    int listens, port, server_port;
    _Atomic enum cut cut;
    _Atomic bool shut;   /* takes nobody */
    _Atomic bool frozen; /* reads nothing, hangs up on nobody */
    _Atomic bool stop;
    char word[32]; /* in what the client sends */
    pthread_t thread;
};

/* With its NUL: a name of the protocol. */
static bool holds(const char *p, ssize_t n, const char *word)
{
    return n > 0 && memmem(p, (size_t)n, word, strlen(word) + 1) != NULL;
}

static bool write_all(int fd, const char *p, ssize_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, (size_t)n);
        if (w <= 0)
            return false;
        p += w;
        n -= w;
    }
    return true;
}

/* Carries one connection until an end hangs up or it is to be cut. */
static void carry(struct relay *r, int client)
{
    char bytes[65536];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)r->server_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int server = socket(AF_INET, SOCK_STREAM, 0);
    bool goes = connect(server, (struct sockaddr *)&to, sizeof to) == 0, deaf = false;
    while (goes && !r->stop && !r->shut) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        if (r->frozen || poll(fds, 2, 10) <= 0) {
            usleep(r->frozen ? 1000 : 0);
            continue;
        }
        if (fds[0].revents) {
            ssize_t n = read(client, bytes, sizeof bytes);
            bool found = r->cut != CUT_NOTHING && holds(bytes, n, r->word);
            if (found && r->cut == CUT_BEFORE)
                break;
            deaf |= found;
            goes = n > 0 && write_all(server, bytes, n);
        }
        if (goes && fds[1].revents) {
            ssize_t n = read(server, bytes, sizeof bytes);
            if (deaf) /* the server has done it, and said so */
                break;
            goes = n > 0 && write_all(client, bytes, n);
        }
    }
    r->cut = CUT_NOTHING;
    close(server);
    close(client);
}

struct carried {
    struct relay *relay;
    int client;
};

static void *carry_run(void *arg)
{
    struct carried c = *(struct carried *)arg;
    free(arg);
    carry(c.relay, c.client);
    return NULL;
}

static void *relay_run(void *arg)
{
    struct relay *r = arg;
    while (!r->stop) {
        struct pollfd p = {.fd = r->listens, .events = POLLIN};
        if (poll(&p, 1, 10) <= 0)
            continue;
        int client = accept(r->listens, NULL, NULL);
        if (r->shut) {
            close(client);
            continue;
        }
        struct carried *c = malloc(sizeof *c);
        pthread_t thread;
        *c = (struct carried){r, client};
        if (pthread_create(&thread, NULL, carry_run, c) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

/* One relay for all cases: its carriers may outlive a case for a moment. */
static struct relay relay;

static void relay_start(void)
{
    const char *server = getenv("TAMGA_TEST_POSTGRES"), *colon = strrchr(server, ':');
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    uint64_t port = 0;
    assert_true(colon && str_to_u64(str_z(colon + 1), 65535, &port));
    relay.server_port = (int)port;
    relay.listens = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(relay.listens, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(relay.listens, 16), 0);
    assert_int_equal(getsockname(relay.listens, (struct sockaddr *)&at, &n), 0);
    relay.port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&relay.thread, NULL, relay_run, &relay), 0);
}

/* The register of the bed, through the relay. */
static struct store *through(const struct bed *bed, enum store_mode mode)
{
    char url[256];
    struct store *s;
    struct fault fault = {0};
    snprintf(url, sizeof url, "postgresql://postgres@127.0.0.1:%d/%s", relay.port, bed->database);
    if (store_open(url, mode, &s, &fault))
        fail_msg("%s", fault.detail);
    return s;
}

static void cut_at(enum cut cut, const char *word)
{
    str_copy(relay.word, sizeof relay.word, str_z(word));
    relay.cut = cut;
}

static void cut_all(const struct bed *bed)
{
    bed_sql(bed, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                 "datname = current_database() AND pid <> pg_backend_pid()");
}

/* ---- lost connections ---- */

static void a_lost_connection_is_made_anew(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_FIRST));
    uint64_t before = imprint(bed->s);
    cut_all(bed);
    assert_int_equal(imprint(bed->s), before);
    cut_all(bed);
    save_row(bed->s, row_of(SOME, 2, DAYNUM_NONE));
    assert_int_equal(get_row(bed->s, SOME).facts.last_seq, 2);
}

static void a_write_that_lost_its_connection_fails_whole(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_FIRST));
    uint64_t before = imprint(bed->s);
    begin(bed->s);
    put_row(bed->s, row_of(SOME, 7, DAYNUM_FIRST));
    put_row(bed->s, row_of(SOME + 1, 7, DAYNUM_FIRST));
    cut_all(bed);
    struct store_head head;
    struct fault fault = {0};
    assert_int_equal(store_head(bed->s, &head, &fault), ERR_STORE_AWAY);
    assert_true(fault.detail[0] != 0);
    assert_int_equal(store_write_commit(bed->s, NULL), ERR_STORE);
    store_write_rollback(bed->s);
    assert_int_equal(imprint(bed->s), before);
    begin(bed->s);
    put_row(bed->s, row_of(SOME, 7, DAYNUM_FIRST));
    cut_all(bed);
    assert_int_equal(store_write_commit(bed->s, NULL), ERR_STORE_AWAY); /* it held no block */
    store_write_rollback(bed->s);
    assert_int_equal(imprint(bed->s), before);
}

static void a_moment_that_lost_its_connection_ends(void **state)
{
    struct bed *bed = *state;
    struct facts_row row = {.imei = {SOME}};
    assert_int_equal(store_read_begin(bed->s, NULL), ERR_OK);
    cut_all(bed);
    assert_int_equal(store_facts_get(bed->s, &row, 1, NULL), ERR_STORE_AWAY);
    assert_int_equal(store_facts_get(bed->s, &row, 1, NULL), ERR_STORE_AWAY);
    store_read_end(bed->s);
    assert_int_equal(store_facts_get(bed->s, &row, 1, NULL), ERR_OK);
}

/* More than the sockets between us hold: whoever would wait in send() would wait for ever. */
static void who_reads_no_more_holds_nobody_up(void **state)
{
    enum { MANY = 1000000 };
    struct bed *bed = *state;
    struct store *s = through(bed, STORE_WRITE);
    struct facts_row *rows = calloc(MANY, sizeof *rows);
    assert_non_null(rows);
    for (uint32_t i = 0; i < MANY; i++) {
        rows[i] = row_of(SOME + i, 1, DAYNUM_NONE);
        rows[i].facts.exists = false; /* none of them is there yet */
    }
    begin(s);
    relay.frozen = true;
    postgres_of(s)->answer_ms = 300;
    int64_t began = clock_monotonic_us();
    assert_int_equal(store_facts_put(s, rows, MANY, NULL), ERR_STORE_AWAY);
    store_write_rollback(s);
    assert_true(clock_monotonic_us() - began < 10000000);
    relay.frozen = false;
    store_close(s);
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE)); /* its place is free again */
    free(rows);
}

static void claims_outlive_a_connection(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    assert_int_equal(store_batch_claim(bed->s, 7, NULL), ERR_OK);
    assert_int_equal(store_batch_claim(bed->s, 9, NULL), ERR_OK);
    cut_all(bed);
    store_patience(bed->s, 500);
    assert_int_equal(next_seq(bed->s), 1); /* any verb; it takes the claims again first */
    assert_int_equal(store_batch_claim(other, 7, NULL), ERR_STORE_BUSY);
    cut_all(bed);
    assert_int_equal(store_batch_claim(other, 9, NULL), ERR_OK); /* taken over meanwhile */
    struct store_head head;
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_STORE_BUSY);
    assert_int_equal(store_head(bed->s, &head, NULL),
                     ERR_STORE_BUSY); /* it does not go on without */
    store_close(other);
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_OK);
}

static void a_silent_host_does_not_hide_the_next(void **state)
{
    struct bed *bed = *state;
    const char *server = getenv("TAMGA_TEST_POSTGRES"), *colon = strrchr(server, ':');
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int mute = socket(AF_INET, SOCK_STREAM, 0); /* takes connections and never says a word */
    assert_int_equal(bind(mute, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(mute, 16), 0);
    assert_int_equal(getsockname(mute, (struct sockaddr *)&at, &n), 0);
    char url[256];
    struct store *s;
    snprintf(url, sizeof url, "postgresql://postgres@127.0.0.1:%d,127.0.0.1%s/%s?connect_timeout=2",
             ntohs(at.sin_port), colon, bed->database);
    assert_int_equal(store_open(url, STORE_WRITE, &s, NULL), ERR_OK);
    assert_int_equal(next_seq(s), 1);
    store_close(s);
    close(mute);
}

static void a_refused_copy_leaves_the_connection(void **state)
{
    struct bed *bed = *state;
    enum { MANY = 100 };
    struct facts_row rows[MANY];
    struct store *other = bed_again(bed);
    assert_int_equal(store_batch_claim(bed->s, 7, NULL), ERR_OK);
    for (uint32_t i = 0; i < MANY; i++)
        rows[i] = row_of(SOME + i, i, DAYNUM_NONE);
    begin(bed->s);
    bed_sql(bed, "ALTER TABLE tamga.facts RENAME TO gone");
    assert_int_equal(store_facts_put(bed->s, rows, MANY, NULL), ERR_STORE);
    bed_sql(bed, "ALTER TABLE tamga.gone RENAME TO facts");
    store_write_rollback(bed->s);
    assert_int_equal(store_batch_claim(other, 7, NULL), ERR_STORE_BUSY); /* the session lives */
    begin(bed->s);
    assert_int_equal(store_facts_put(bed->s, rows, MANY, NULL), ERR_OK);
    commit(bed->s);
    assert_true(get_row(other, SOME + MANY - 1).facts.exists);
    store_close(other);
}

static void who_cannot_reach_it_is_told_in_time(void **state)
{
    struct bed *bed = *state;
    struct store *s = through(bed, STORE_WRITE);
    struct fault fault = {0};
    struct store_head head;
    store_patience(s, 300);
    relay.shut = true;
    int64_t began = clock_monotonic_us();
    assert_int_equal(store_head(s, &head, &fault), ERR_STORE_AWAY);
    assert_non_null(strstr(fault.detail, bed->database));
    assert_int_equal(store_write_begin(s, NULL), ERR_STORE_AWAY);
    assert_true(clock_monotonic_us() - began < 20 * INT64_C(1000000));
    relay.shut = false;
    store_patience(s, 10000);
    assert_int_equal(store_head(s, &head, NULL), ERR_OK);
    save_row(s, row_of(SOME, 3, DAYNUM_NONE));
    store_close(s);
}

/* ---- the answer to a commit ---- */

static void append_and_put(struct bed *bed, struct store *s)
{
    begin(s);
    put_row(s, row_of(SOME, 9, DAYNUM_FIRST));
    append_block(bed, s);
}

static void a_commit_without_an_answer_is_looked_up(void **state)
{
    struct bed *bed = *state;
    struct store *s = through(bed, STORE_WRITE);
    append_and_put(bed, s);
    commit(s); /* all is prepared from here on: a commit is one message */
    append_and_put(bed, s);
    cut_at(CUT_AFTER, "t1"); /* PG_COMMIT's name */
    commit(s);               /* it stands, so it is acknowledged */
    assert_int_equal(relay.cut, CUT_NOTHING);
    assert_int_equal(next_seq(bed->s), 5);
    append_and_put(bed, s);
    commit(s);
    assert_int_equal(next_seq(bed->s), 7);
    store_close(s);
}

static void a_commit_that_did_not_arrive_is_told(void **state)
{
    struct bed *bed = *state;
    struct store *s = through(bed, STORE_WRITE);
    struct fault fault = {0};
    append_and_put(bed, s);
    commit(s);
    uint64_t before = imprint(bed->s);
    append_and_put(bed, s);
    cut_at(CUT_BEFORE, "t1");
    assert_int_equal(store_write_commit(s, &fault), ERR_STORE_AWAY);
    assert_non_null(strstr(fault.detail, "nothing was written"));
    store_write_rollback(s);
    assert_int_equal(imprint(bed->s), before);
    save_row(s, row_of(SOME, 2, DAYNUM_NONE));
    store_close(s);
}

/* ---- schemas ---- */

static void reopen(struct bed *bed, enum store_mode mode, enum err want)
{
    struct fault fault = {0};
    store_close(bed->s);
    bed->s = NULL;
    enum err err = store_open(bed->url, mode, &bed->s, &fault);
    if (err != want)
        fail_msg("%s: %s", err_name(err), fault.detail);
    assert_true(!err || fault.detail[0]);
}

static void what_is_no_register_is_left_alone(void **state)
{
    struct bed *bed = *state;
    struct store *s;
    bed_sql(bed, "DROP SCHEMA tamga CASCADE");
    reopen(bed, STORE_READ, ERR_STORE_MISSING);
    assert_string_equal(bed_sql(bed, "SELECT to_regnamespace('tamga') IS NULL"), "t");
    bed_sql(bed, "CREATE SCHEMA tamga; CREATE TABLE tamga.tribes (name text)");
    reopen(bed, STORE_WRITE, ERR_STORE_OPEN);
    bed_sql(bed, "DROP SCHEMA tamga CASCADE; CREATE TABLE other (name text)");
    reopen(bed, STORE_WRITE, ERR_OK); /* what else stands in the database is none of ours */
    bed_sql(bed, "INSERT INTO tamga.schema_version VALUES (9)");
    reopen(bed, STORE_WRITE, ERR_STORE_NEWER);
    reopen(bed, STORE_READ, ERR_STORE_NEWER);
    assert_int_equal(store_open("postgresql://127.0.0.1:1/none", STORE_WRITE, &s, NULL),
                     ERR_STORE_OPEN);
    assert_int_equal(store_open("postgresql://h/d?what=1", STORE_WRITE, &s, NULL), ERR_STORE_OPEN);
}

/* A register of version 1 with everything in it, as the program before this one left it. */
static void version_1_keeps_its_data(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(35000000000000, 1, DAYNUM_FIRST + 4));
    append_and_put(bed, bed->s);
    const struct party police = {7, PARTY_BODY, 0, "police"};
    assert_int_equal(store_party_put(bed->s, &police, NULL), ERR_OK);
    commit(bed->s);
    uint64_t before = imprint(bed->s);
    bed_sql(bed, "ALTER TABLE tamga.journal_head DROP COLUMN rebuilt; DROP TABLE tamga.record; "
                 "DELETE FROM tamga.schema_version WHERE version > 1");
    reopen(bed, STORE_READ, ERR_STORE_OLD);
    reopen(bed, STORE_WRITE, ERR_OK);
    assert_true(imprint(bed->s) == before);
    assert_string_equal(bed_sql(bed, "SELECT max(version) FROM tamga.schema_version"), "3");
    reopen(bed, STORE_READ, ERR_OK);
    assert_true(imprint(bed->s) == before);
    assert_true(get_row(bed->s, 35000000000000).facts.exists);
}

static void nobody_learns_a_password_from_an_error(void **state)
{
    (void)state;
    struct store *s;
    struct fault fault = {0};
    assert_int_equal(
        store_open("postgresql://anna:sesam@127.0.0.1:1/none", STORE_WRITE, &s, &fault),
        ERR_STORE_OPEN);
    assert_null(strstr(fault.detail, "sesam"));
    assert_non_null(strstr(fault.detail, "127.0.0.1"));
}

static void the_journal_gets_a_new_partition(void **state)
{
    struct bed *bed = *state;
    const uint64_t far = UINT64_C(3) << 25; /* postgres_001.sql: journal_partition */
    append_and_put(bed, bed->s);
    commit(bed->s);
    bed_sql(bed, "UPDATE tamga.journal_head SET next_seq = 3 << 25");
    bed->chain.next_seq = far;
    struct chain *chain = &bed->chain;
    uint8_t hash[SHA256_BYTES];
    uint64_t last_entry = chain->last_entry;
    memcpy(hash, chain->block.hash, sizeof hash);
    begin(bed->s);
    append_block(bed, bed->s);
    store_write_rollback(bed->s); /* and the partition with it */
    assert_string_equal(bed_sql(bed, "SELECT to_regclass('tamga.journal_block_3') IS NULL"), "t");
    chain->next_seq = far;
    chain->last_entry = last_entry;
    memcpy(chain->block.hash, hash, sizeof hash);
    for (int i = 0; i < 3; i++) {
        begin(bed->s);
        append_block(bed, bed->s);
        commit(bed->s);
    }
    assert_string_equal(bed_sql(bed, "SELECT count(*) FROM tamga.journal_block_3"), "3");
}

static void damage_is_told(void **state)
{
    struct bed *bed = *state;
    struct facts_row row = {.imei = {SOME}};
    struct store_head head;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    bed_sql(bed, "UPDATE tamga.facts SET facts_row = '\\x00'");
    assert_int_equal(store_facts_get(bed->s, &row, 1, NULL), ERR_CODEC);
    bed_sql(bed, "DELETE FROM tamga.journal_head");
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_CODEC);
}

/* ---- plans ---- */

/* How many $n the statement has. */
static int parameters(const char *sql)
{
    int most = 0;
    for (const char *p = sql; (p = strchr(p, '$')); p++) {
        int n = p[1] - '0';
        if (p[2] >= '0' && p[2] <= '9')
            n = n * 10 + p[2] - '0';
        most = n > most ? n : most;
    }
    return most;
}

/* The first line of the plan that serves any values, under a connection's settings, that reads a whole
 * table; "good" without one. */
static const char *plan_of(const struct bed *bed, enum pg_sql id)
{
    char sql[4096], nulls[160] = "";
    for (int n = parameters(pg_sql_text(id)), i = 0; i < n; i++) {
        size_t at = strlen(nulls);
        snprintf(nulls + at, sizeof nulls - at, i ? ", NULL" : "(NULL");
    }
    snprintf(sql, sizeof sql,
             "%s; SET plan_cache_mode = force_generic_plan; PREPARE p AS %s; "
             "CREATE FUNCTION pg_temp.plan() RETURNS text LANGUAGE plpgsql AS $f$ "
             "DECLARE line text; BEGIN FOR line IN EXECUTE 'EXPLAIN EXECUTE p%s%s' LOOP "
             "IF line ~ 'Seq Scan|Hash Join|Merge Join' THEN RETURN line; END IF; END LOOP; "
             "RETURN 'good'; END $f$; SELECT pg_temp.plan()",
             pg_setup, pg_sql_text(id), nulls, *nulls ? ")" : "");
    return bed_sql(bed, sql);
}

/* On a million rows, both with fresh statistics and with none. */
static void every_plan_uses_an_index_or_a_partition(void **state)
{
    struct bed *bed = *state;
    bed_sql(bed,
            "INSERT INTO tamga.facts SELECT 35000000000000 + 7 * n, CASE WHEN n % 3 = 0 THEN "
            "20000 + n % 900 END, '\\x0102030405060708090a0b0c0d0e0f101112131415161718' "
            "FROM generate_series(1, 1000000) n; "
            "INSERT INTO tamga.pair SELECT 35000000000000 + n, n FROM generate_series(1, "
            "20000) n; "
            "INSERT INTO tamga.journal_block SELECT 3 * n, '\\x00', '\\x00', '\\x00', '\\x00', "
            "'\\x00', '\\x00' FROM generate_series(1, 20000) n");
    for (int pass = 0; pass < 2; pass++) {
        for (int id = PG_HEAD_GET; id < PG_SQL_COUNT; id++) {
            const char *plan = plan_of(bed, (enum pg_sql)id);
            if (strcmp(plan, "good") != 0)
                fail_msg("%s: %s", pg_sql_text((enum pg_sql)id), plan);
        }
        bed_sql(bed, "ANALYZE");
    }
}

int main(void)
{
    if (!bed_has_postgres()) {
        puts("1..0 # skip TAMGA_TEST_POSTGRES names no server");
        return 0;
    }
    static enum bed_kind postgres = BED_POSTGRES;
#define CASE(name) BED_CASE(postgres, name)
    const struct CMUnitTest tests[] = {
        CASE(a_lost_connection_is_made_anew),
        CASE(a_write_that_lost_its_connection_fails_whole),
        CASE(a_moment_that_lost_its_connection_ends),
        CASE(who_reads_no_more_holds_nobody_up),
        CASE(claims_outlive_a_connection),
        CASE(a_silent_host_does_not_hide_the_next),
        CASE(a_refused_copy_leaves_the_connection),
        CASE(who_cannot_reach_it_is_told_in_time),
        CASE(a_commit_without_an_answer_is_looked_up),
        CASE(a_commit_that_did_not_arrive_is_told),
        CASE(what_is_no_register_is_left_alone),
        CASE(version_1_keeps_its_data),
        CASE(nobody_learns_a_password_from_an_error),
        CASE(the_journal_gets_a_new_partition),
        CASE(damage_is_told),
        CASE(every_plan_uses_an_index_or_a_partition),
    };
#undef CASE
    relay_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    relay.stop = true;
    pthread_join(relay.thread, NULL);
    return failed;
}
