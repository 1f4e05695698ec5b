/* SPDX-License-Identifier: Apache-2.0
 *
 * What only a register in files can show: other processes and their deaths, full disks, readers
 * who may not write, versions of the schema, damage. */
#include "bed.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOME 35000000000000

/* SQL past the store, on its file. */
static void tamper(const struct bed *bed, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(bed->path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message))
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void reopen(struct bed *bed, enum store_mode mode, enum err want)
{
    struct fault fault = {0};
    store_close(bed->s);
    bed->s = NULL;
    enum err err = store_open(bed->url, mode, &bed->s, &fault);
    assert_int_equal(err, want);
    if (err) {
        assert_int_equal(fault.err, want);
        assert_true(fault.detail[0] != 0);
    }
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void remove_register(struct bed *bed)
{
    store_close(bed->s);
    bed->s = NULL;
    unlink(bed->path);
}

/* ---- its place ---- */

static void a_file_that_was_moved_away_is_told(void **state)
{
    struct bed *bed = *state;
    struct store_head head;
    struct fault fault = {0};
    char away[sizeof bed->path + 8];
    snprintf(away, sizeof away, "%s.away", bed->path);
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    assert_int_equal(rename(bed->path, away), 0);
    assert_int_equal(store_head(bed->s, &head, &fault), ERR_STORE);
    assert_true(fault.detail[0] != 0);
    write_file(bed->path, ""); /* another one in its place is not it */
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_STORE);
    assert_int_equal(store_read_begin(bed->s, NULL), ERR_STORE);
    assert_int_equal(rename(away, bed->path), 0);
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_OK);
    assert_true(get_row(bed->s, SOME).facts.exists);
}

/* ---- opening ---- */

static void what_is_not_there_is_not_read(void **state)
{
    struct bed *bed = *state;
    remove_register(bed);
    reopen(bed, STORE_READ, ERR_STORE_MISSING);
    assert_int_not_equal(access(bed->path, F_OK), 0); /* nor made */
    write_file(bed->path, "");
    reopen(bed, STORE_READ, ERR_STORE_MISSING);
    reopen(bed, STORE_WRITE, ERR_OK);
    reopen(bed, STORE_READ, ERR_OK);
    struct store *s;
    assert_int_equal(store_open("postgres:x", STORE_READ, &s, NULL), ERR_STORE_OPEN);
    assert_int_equal(store_open("sqlite:", STORE_WRITE, &s, NULL), ERR_STORE_OPEN);
    assert_int_equal(store_open("memory:", STORE_READ, &s, NULL), ERR_STORE_MISSING);
    assert_int_equal(store_open("memory:name", STORE_WRITE, &s, NULL), ERR_STORE_OPEN);
    assert_int_equal(store_open("sqlite:/nowhere/at/all.db", STORE_WRITE, &s, NULL),
                     ERR_STORE_OPEN);
    assert_int_equal(store_open("sqlite:/nowhere/at/all.db", STORE_READ, &s, NULL),
                     ERR_STORE_MISSING);
    assert_int_equal(store_open("sqlite:/tmp", STORE_READ, &s, NULL), ERR_STORE_OPEN);
}

static void what_is_no_register_is_left_alone(void **state)
{
    struct bed *bed = *state;
    remove_register(bed);
    write_file(bed->path, "this is a letter, and long enough to be one: dear reader, good day");
    reopen(bed, STORE_READ, ERR_STORE_OPEN);
    reopen(bed, STORE_WRITE, ERR_STORE_OPEN);
    remove_register(bed);
    tamper(bed, "CREATE TABLE bookmarks (url TEXT)");
    reopen(bed, STORE_READ, ERR_STORE_OPEN);
    reopen(bed, STORE_WRITE, ERR_STORE_OPEN);
}

static void an_older_schema_is_raised_by_writers_only(void **state)
{
    struct bed *bed = *state;
    remove_register(bed);
    tamper(bed, "PRAGMA application_id = 0x546d6761; PRAGMA user_version = 0;"
                "CREATE TABLE x (y); DROP TABLE x");
    reopen(bed, STORE_READ, ERR_STORE_OLD);
    reopen(bed, STORE_WRITE, ERR_OK);
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    reopen(bed, STORE_READ, ERR_OK);
    assert_true(get_row(bed->s, SOME).facts.exists);
}

static void a_newer_schema_is_refused(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    tamper(bed, "PRAGMA user_version = 1000");
    reopen(bed, STORE_READ, ERR_STORE_NEWER);
    reopen(bed, STORE_WRITE, ERR_STORE_NEWER);
    tamper(bed, "PRAGMA user_version = 5");
    reopen(bed, STORE_WRITE, ERR_OK);
}

static bool see_key_id(void *id, const struct api_key *key)
{
    *(uint32_t *)id = key->id;
    return true;
}

/* A register of version 1 with everything in it, as the program before this one left it. */
static void version_1_keeps_its_data(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    begin(bed->s);
    append_block(bed, bed->s);
    const struct party police = {7, PARTY_BODY, 0, "police"};
    assert_int_equal(store_party_put(bed->s, &police, NULL), ERR_OK);
    commit(bed->s);
    uint64_t before = imprint(bed->s);
    tamper(bed,
           "DROP TABLE api_key; DROP TABLE record; ALTER TABLE journal_head DROP COLUMN moving; "
           "ALTER TABLE journal_head DROP COLUMN rebuilt; PRAGMA user_version = 1");
    reopen(bed, STORE_READ, ERR_STORE_OLD);
    reopen(bed, STORE_WRITE, ERR_OK);
    assert_true(imprint(bed->s) == before);
    const struct api_key key = {.id = 3, .kind = API_KEY_BEARER, .expires = DAYNUM_LAST};
    assert_int_equal(store_api_key_put(bed->s, &key, NULL), ERR_OK);
    reopen(bed, STORE_READ, ERR_OK);
    uint32_t id = 0;
    assert_int_equal(store_api_keys(bed->s, see_key_id, &id, NULL), ERR_OK);
    assert_int_equal(id, 3);
    assert_true(get_row(bed->s, SOME).facts.exists);
}

static void any_name_is_a_file_name(void **state)
{
    struct bed *bed = *state;
    static const char *const names[] = {":memory:", "a b?mode=memory#%41.db", "file:x.db"};
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(bed->dir), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char url[64];
        struct store *s, *r;
        snprintf(url, sizeof url, "sqlite:%s", names[i]);
        assert_int_equal(store_open(url, STORE_WRITE, &s, NULL), ERR_OK);
        assert_int_equal(access(names[i], F_OK), 0);
        save_row(s, row_of(SOME, 1, DAYNUM_NONE));
        assert_int_equal(store_open(url, STORE_READ, &r, NULL), ERR_OK);
        assert_true(get_row(r, SOME).facts.exists);
        store_close(r);
        store_close(s);
    }
    struct store *s; /* the directory of a new register is made with it */
    assert_int_equal(store_open("sqlite:var/tamga.db", STORE_WRITE, &s, NULL), ERR_OK);
    assert_int_equal(access("var/tamga.db", F_OK), 0);
    store_close(s);
    assert_true(unlink("var/tamga.db") == 0 && unlink("var/tamga.db.turn") == 0);
    assert_int_equal(rmdir("var"), 0);
    assert_int_equal(chdir(before), 0);
}

/* ---- readers ---- */

/* A reader who may make no file beside the register: alone, and beside a writer. */
static void a_reader_needs_no_right_to_write(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    store_close(bed->s);
    bed->s = NULL;
    assert_int_equal(chmod(bed->dir, 0555), 0);
    struct child c;
    if (child_fork(&c)) {
        struct store *r = NULL;
        bool good = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
        good = good && store_open(bed->url, STORE_READ, &r, NULL) == ERR_OK &&
               get_row(r, SOME).facts.exists && !get_row(r, SOME + 1).facts.exists;
        child_say(&c);
        child_wait(&c); /* meanwhile a writer came */
        good = good && get_row(r, SOME + 1).facts.exists;
        child_say(&c);
        child_wait(&c); /* ... and went */
        good = good && get_row(r, SOME + 2).facts.exists;
        store_close(r);
        child_exit(good);
    }
    child_meet(&c);
    assert_int_equal(chmod(bed->dir, 0755), 0);
    reopen(bed, STORE_WRITE, ERR_OK);
    assert_int_equal(chmod(bed->dir, 0555), 0);
    save_row(bed->s, row_of(SOME + 1, 1, DAYNUM_NONE));
    child_go(&c);
    child_meet(&c);
    save_row(bed->s, row_of(SOME + 2, 1, DAYNUM_NONE));
    assert_int_equal(chmod(bed->dir, 0755), 0);
    store_close(bed->s);
    bed->s = NULL;
    child_go(&c);
    child_end(&c);
}

/* ---- disks ---- */

static void a_full_disk_is_told_and_harmless(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_FIRST));
    uint64_t before = imprint(bed->s);
    struct child c;
    if (child_fork(&c)) { /* the limit is for this process alone */
        struct store *s;
        signal(SIGXFSZ, SIG_IGN);
        bool good = store_open(bed->url, STORE_WRITE, &s, NULL) == ERR_OK;
        struct rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 200000;
        good = good && setrlimit(RLIMIT_FSIZE, &limit) == 0;
        enum err err = store_write_begin(s, NULL);
        struct buf big = {0};
        for (int i = 0; i < 500000; i++)
            buf_put(&big, "x", 1);
        struct fault fault = {0};
        err = err ? err : store_rules_put(s, 1, (struct str){(char *)big.p, big.n}, &fault);
        err = err ? err : store_write_commit(s, &fault);
        good = good && err == ERR_STORE_FULL && fault.err == ERR_STORE_FULL;
        store_write_rollback(s);
        good = good && imprint(s) == before;
        limit.rlim_cur = limit.rlim_max; /* somebody made room */
        setrlimit(RLIMIT_FSIZE, &limit);
        good = good && add_one(s, SOME);
        child_exit(good);
    }
    child_end(&c);
    assert_int_equal(get_row(bed->s, SOME).facts.last_seq, 2);
}

struct poll {
    struct store *s;
    _Atomic bool stop;
};

static void *poll_register(void *arg)
{
    struct poll *poll = arg;
    struct store_head head;
    while (!atomic_load(&poll->stop))
        if (store_head(poll->s, &head, NULL))
            break;
    return NULL;
}

static void the_wal_stays_small(void **state)
{
    struct bed *bed = *state;
    struct poll poll = {.s = bed_again(bed)};
    pthread_t thread;
    pthread_create(&thread, NULL, poll_register, &poll);
    enum { BYTES = 4 << 20 };
    struct buf big = {0};
    assert_true(buf_reserve(&big, BYTES));
    memset(big.p, 'x', BYTES);
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", bed->path);
    off_t most = 0;
    for (uint32_t i = 0; i < 100; i++) {
        struct stat st;
        begin(bed->s);
        assert_int_equal(store_rules_put(bed->s, i, (struct str){(char *)big.p, BYTES}, NULL),
                         ERR_OK);
        commit(bed->s);
        assert_int_equal(stat(wal, &st), 0);
        most = st.st_size > most ? st.st_size : most;
    }
    buf_release(&big);
    atomic_store(&poll.stop, true);
    pthread_join(thread, NULL);
    store_close(poll.s);
    /* Of 400 MB written; 32 and a little when undisturbed. How much longer it gets beside busy readers
     * is a matter of who runs when. */
    assert_in_range(most, 1, 200 << 20);
}

enum { BIG_PARTS = 24, BIG_BYTES = 1 << 20 }; /* three times SQLite's page cache */

static void put_big(struct store *s, uint32_t first, int letter)
{
    struct buf big = {0};
    assert_true(buf_reserve(&big, BIG_BYTES));
    for (uint32_t i = 0; i < BIG_PARTS; i++) {
        memset(big.p, letter + (int)i, BIG_BYTES);
        assert_int_equal(
            store_rules_put(s, first + i, (struct str){(char *)big.p, BIG_BYTES}, NULL), ERR_OK);
    }
    buf_release(&big);
}

static void same_big(struct store *s, uint32_t first, int letter)
{
    struct buf got = {0};
    for (uint32_t i = 0; i < BIG_PARTS; i++) {
        buf_clear(&got);
        assert_int_equal(store_rules_get(s, first + i, &got, NULL), ERR_OK);
        assert_int_equal(got.n, BIG_BYTES);
        for (size_t k = 0; k < BIG_BYTES; k += 997)
            assert_int_equal(got.p[k], letter + (int)i);
    }
    buf_release(&got);
}

/* Pages leave the cache for the WAL in the middle of it, and are read back from there. */
static void a_transaction_larger_than_the_cache(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    uint64_t before = imprint(other);
    begin(bed->s);
    put_big(bed->s, 1, 'A');
    same_big(bed->s, 1, 'A');
    assert_int_equal(imprint(other), before);
    store_write_rollback(bed->s);
    assert_int_equal(imprint(bed->s), before);
    begin(bed->s);
    put_big(bed->s, 1, 'a');
    commit(bed->s);
    same_big(other, 1, 'a');
    store_close(other);
    reopen(bed, STORE_WRITE, ERR_OK);
    same_big(bed->s, 1, 'a');
}

enum { WIDE_ROWS = 600000, WIDE_STEP = 200 }; /* a row changed on each of 3,000 pages: 12 MB */

static void put_wide(struct store *s, size_t step, uint32_t n)
{
    struct facts_row *rows = calloc(WIDE_ROWS / step, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < WIDE_ROWS / step; i++)
        rows[i] = row_of(SOME + i * step, n, DAYNUM_NONE);
    assert_int_equal(store_facts_put(s, rows, WIDE_ROWS / step, NULL), ERR_OK);
    free(rows);
}

static void same_wide(struct store *s, uint64_t last_seq)
{
    for (size_t i = 0; i < WIDE_ROWS / WIDE_STEP; i++)
        assert_int_equal(get_row(s, SOME + i * WIDE_STEP).facts.last_seq, last_seq);
}

/* What spilled into the WAL and was rolled back must not fall onto what another handle commits there
 * afterwards: not when the first reads again, not when it closes. */
static void a_rollback_after_a_spill_leaves_others_alone(void **state)
{
    struct bed *bed = *state;
    begin(bed->s);
    put_wide(bed->s, 1, 1);
    commit(bed->s);
    for (uint32_t closes = 0; closes < 2; closes++) {
        reopen(bed, STORE_WRITE, ERR_OK);
        struct store *spilling = bed_again(bed), *reader = bed_again(bed);
        begin(spilling);
        put_wide(spilling, WIDE_STEP, 100);
        store_write_rollback(spilling);
        /* Keeps the frames in the WAL: a checkpoint stops at the oldest reader. */
        assert_int_equal(store_read_begin(reader, NULL), ERR_OK);
        begin(bed->s);
        put_wide(bed->s, WIDE_STEP, 2 + closes);
        commit(bed->s);
        uint64_t want = get_row(bed->s, SOME).facts.last_seq;
        if (!closes)
            get_row(spilling, SOME + 1);
        store_close(spilling);
        spilling = bed_again(bed);
        same_wide(spilling, want);
        store_read_end(reader);
        store_close(reader);
        store_close(spilling);
        same_wide(bed->s, want);
    }
}

/* ---- damage, and what SQLite makes of our statements ---- */

static void damage_is_told(void **state)
{
    struct bed *bed = *state;
    begin(bed->s);
    append_block(bed, bed->s);
    commit(bed->s);
    tamper(bed, "INSERT INTO facts VALUES (35000000000000, NULL, x'ffffff');"
                "UPDATE journal_block SET root = x'00'");
    struct facts_row rows[10];
    for (size_t i = 0; i < 10; i++)
        rows[i].imei.body = SOME + i;
    struct fault fault = {0};
    assert_int_equal(store_facts_get(bed->s, rows, 1, &fault), ERR_CODEC);
    assert_non_null(strstr(fault.detail, "facts"));
    assert_int_equal(store_facts_get(bed->s, rows, 10, NULL), ERR_CODEC);
    assert_int_equal(store_blocks(bed->s, 1, NULL, NULL, &fault), ERR_CODEC);
    save_row(bed->s, row_of(SOME + 20, 1, DAYNUM_NONE)); /* the handle still works */
    tamper(bed, "DELETE FROM journal_head");
    struct store_head head;
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_CODEC);
}

static int keep_text(void *ctx, int n, char **values, char **names)
{
    (void)names;
    struct buf *out = ctx;
    for (int i = 0; i < n; i++)
        buf_printf(out, "%s|", values[i] ? values[i] : "");
    return 0;
}

static void ask(const struct bed *bed, const char *sql, const char *want)
{
    sqlite3 *db;
    struct buf out = {0};
    assert_int_equal(sqlite3_open(bed->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, keep_text, &out, NULL), SQLITE_OK);
    buf_put(&out, "", 1);
    if (!strstr((char *)out.p, want))
        fail_msg("%s gave %s, want %s", sql, (char *)out.p, want);
    buf_release(&out);
    sqlite3_close(db);
}

static void notes_and_settings_stand_in_the_file(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(store_note_put(bed->s, 4, 5, 6, STR("because"), NULL), ERR_OK);
    ask(bed, "SELECT seq, time_ms, actor, text FROM note", "4|5|6|because|");
    ask(bed, "PRAGMA journal_mode", "wal");
    ask(bed, "PRAGMA page_size", "4096");
    ask(bed, "PRAGMA integrity_check", "ok");
    ask(bed,
        "EXPLAIN QUERY PLAN SELECT imei, due FROM facts WHERE due >= 1 AND due <= 2 "
        "ORDER BY due, imei",
        "COVERING INDEX facts_due");
}

int main(void)
{
    static enum bed_kind sqlite = BED_SQLITE;
#define CASE(name) BED_CASE(sqlite, name)
    const struct CMUnitTest tests[] = {
        CASE(a_file_that_was_moved_away_is_told),
        CASE(what_is_not_there_is_not_read),
        CASE(what_is_no_register_is_left_alone),
        CASE(an_older_schema_is_raised_by_writers_only),
        CASE(a_newer_schema_is_refused),
        CASE(version_1_keeps_its_data),
        CASE(any_name_is_a_file_name),
        CASE(a_reader_needs_no_right_to_write),
        CASE(a_full_disk_is_told_and_harmless),
        CASE(the_wal_stays_small),
        CASE(a_transaction_larger_than_the_cache),
        CASE(a_rollback_after_a_spill_leaves_others_alone),
        CASE(damage_is_told),
        CASE(notes_and_settings_stand_in_the_file),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
