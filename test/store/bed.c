/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const bed_names[BED_KINDS] = {"memory",        "sqlite",        "postgres",
                                          "faulty memory", "faulty sqlite", "faulty postgres"};

/* ---- databases ---- */

bool bed_has_postgres(void)
{
    const char *server = getenv("TAMGA_TEST_POSTGRES");
    return server && *server;
}

static void url_of(char *out, size_t size, const char *database)
{
    snprintf(out, size, "%s/%s", getenv("TAMGA_TEST_POSTGRES"), database);
}

static void say_nothing(void *ctx, const char *notice)
{
    (void)ctx;
    (void)notice;
}

static const char *sql_in(const char *database, const char *sql)
{
    static char first[256];
    char url[256];
    url_of(url, sizeof url, database);
    PGconn *db = PQconnectdb(url);
    PQsetNoticeProcessor(db, say_nothing, NULL);
    PGresult *r = PQexec(db, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(db));
    bool any = PQntuples(r) > 0 && PQnfields(r) > 0;
    snprintf(first, sizeof first, "%s", any ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(db);
    return first;
}

const char *bed_sql(const struct bed *bed, const char *sql)
{
    return sql_in(bed->database, sql);
}

static void make_database(struct bed *bed)
{
    static unsigned count;
    char sql[128];
    snprintf(bed->database, sizeof bed->database, "tamga_bed_%d_%u", (int)getpid(), ++count);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0", bed->database);
    sql_in("postgres", sql);
    url_of(bed->url, sizeof bed->url, bed->database);
}

static void drop_database(struct bed *bed)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", bed->database);
    sql_in("postgres", sql);
}

void bed_make(struct bed *bed, enum bed_kind kind)
{
    *bed = (struct bed){.kind = kind, .dir = "/tmp/tamga-store.XXXXXX"};
    assert_non_null(mkdtemp(bed->dir));
    snprintf(bed->path, sizeof bed->path, "%s/register.db", bed->dir);
    if (bed_postgres(bed))
        make_database(bed);
    else if (bed_sqlite(bed))
        snprintf(bed->url, sizeof bed->url, "sqlite:%s", bed->path);
    else
        snprintf(bed->url, sizeof bed->url, "memory:");
    assert_int_equal(store_open(bed->url, STORE_WRITE, &bed->s, NULL), ERR_OK);
    if (kind >= BED_FAULTY_MEMORY) {
        struct store *wrapper;
        assert_int_equal(store_faulty_new(bed->s, &wrapper), ERR_OK);
        bed->s = wrapper;
    }
    struct store_head head;
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_OK);
    chain_init(&bed->chain, 0);
    memcpy(bed->chain.block.hash, head.hash, SHA256_BYTES);
}

void bed_end(struct bed *bed)
{
    store_close(bed->s);
    if (bed_postgres(bed))
        drop_database(bed);
    chain_release(&bed->chain);
    DIR *dir = opendir(bed->dir);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(bed->dir);
}

int bed_setup(void **state)
{
    struct bed *bed = test_malloc(sizeof *bed);
    bed_make(bed, *(const enum bed_kind *)*state);
    *state = bed;
    return 0;
}

int bed_teardown(void **state)
{
    bed_end(*state);
    test_free(*state);
    return 0;
}

struct store *bed_again(struct bed *bed)
{
    struct store *twin;
    assert_int_equal(store_again(bed->s, &twin, NULL), ERR_OK);
    return twin;
}

struct facts_row row_of(uint64_t body, uint32_t n, daynum due)
{
    struct facts_row row = {.imei = {body}, .due = due};
    facts_init(&row.facts);
    row.facts.flags = n & 1 ? FACTS_AMNESTY : 0;
    row.facts.activation = DAYNUM_FIRST + (daynum)(n % 5000);
    row.facts.known = row.facts.activation;
    row.facts.last_seq = n;
    if (n % 3 == 0)
        row.facts.group = n + 1;
    return row;
}

void begin(struct store *s)
{
    struct fault fault = {0};
    if (store_write_begin(s, &fault))
        fail_msg("write_begin: %s", fault.detail);
}

void commit(struct store *s)
{
    struct fault fault = {0};
    if (store_write_commit(s, &fault))
        fail_msg("write_commit: %s", fault.detail);
}

void put_row(struct store *s, struct facts_row row)
{
    struct facts_row now = {.imei = row.imei};
    assert_int_equal(store_facts_get(s, &now, 1, NULL), ERR_OK);
    row.facts.exists = now.facts.exists;
    assert_int_equal(store_facts_put(s, &row, 1, NULL), ERR_OK);
}

void save_row(struct store *s, struct facts_row row)
{
    begin(s);
    put_row(s, row);
    commit(s);
}

bool add_one(struct store *s, uint64_t body)
{
    struct facts_row row = {.imei = {body}};
    bool good = store_write_begin(s, NULL) == ERR_OK && store_facts_get(s, &row, 1, NULL) == ERR_OK;
    row.facts.last_seq++;
    return good && store_facts_put(s, &row, 1, NULL) == ERR_OK &&
           store_write_commit(s, NULL) == ERR_OK;
}

struct facts_row get_row(struct store *s, uint64_t body)
{
    struct facts_row row = {.imei = {body}};
    assert_int_equal(store_facts_get(s, &row, 1, NULL), ERR_OK);
    return row;
}

void same_row(const struct facts_row *a, const struct facts_row *b)
{
    assert_int_equal(a->imei.body, b->imei.body);
    assert_int_equal(a->due, b->due);
    assert_int_equal(a->facts.last_seq, b->facts.last_seq);
    assert_true(facts_equal(&a->facts, &b->facts));
}

void append_block(struct bed *bed, struct store *s)
{
    chain_entry(&bed->chain, DAYNUM_FIRST);
    struct row row = plain_row(35000000000001, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    chain_row(&bed->chain, &row);
    assert_int_equal(store_block_append(s, chain_seal(&bed->chain), NULL), ERR_OK);
}

uint64_t next_seq(struct store *s)
{
    struct store_head head;
    assert_int_equal(store_head(s, &head, NULL), ERR_OK);
    return head.next_seq;
}

struct batch batch_of(const char *label)
{
    struct batch b = {
        .state = BATCH_SAVING,
        .count = 1000,
        .parts = 3,
        .time_ms = 1763800000123,
        .actor = UINT64_MAX / 3,
        .rules_number = 7,
        .tac_list = 2,
        .entry = {.event = EVENT_AMNESTY,
                  .flags = ENTRY_BATCH_BEGIN,
                  .ground = 3,
                  .actor = 5,
                  .party = UINT64_MAX / 2,
                  .time_ms = 1763800000124,
                  .effective = DAYNUM_FIRST + 9,
                  .batch = 1,
                  .count = 1000,
                  .document_n = 4,
                  .document = {'a', 0, 'b', 'c'}},
    };
    memset(b.load_hash, 0x5a, sizeof b.load_hash);
    memset(b.entry.digest, 0xa5, sizeof b.entry.digest);
    str_copy(b.label, sizeof b.label, str_z(label));
    return b;
}

/* ---- the imprint ---- */

static void add(uint64_t *sum, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++)
        *sum = (*sum ^ bytes[i]) * 0x100000001b3u;
}

static bool add_row(void *sum, const struct facts_row *row)
{
    uint8_t bytes[FACTS_ROW_MAX];
    add(sum, &row->imei, sizeof row->imei);
    add(sum, &row->due, sizeof row->due);
    add(sum, bytes, facts_encode(&row->facts, bytes));
    return true;
}

static bool add_block(void *sum, const struct block *block)
{
    add(sum, block->hash, SHA256_BYTES);
    add(sum, block->body.p, block->body.n);
    return true;
}

static bool add_pair(void *sum, const struct pair *pair)
{
    add(sum, &pair->imei, sizeof pair->imei);
    add(sum, &pair->subscriber, sizeof pair->subscriber);
    return true;
}

static bool add_batch(void *sum, const struct batch *batch)
{
    add(sum, &batch->id, sizeof batch->id);
    add(sum, &batch->state, 1);
    add(sum, &batch->rows, sizeof batch->rows);
    return true;
}

static bool add_party(void *sum, const struct party *party)
{
    add(sum, &party->id, sizeof party->id);
    add(sum, party->name, strlen(party->name));
    return true;
}

static bool add_finding(void *sum, const struct finding *finding)
{
    add(sum, finding->raw, strlen(finding->raw));
    add(sum, &finding->count, sizeof finding->count);
    return true;
}

static bool add_api_key(void *sum, const struct api_key *key)
{
    add(sum, &key->id, sizeof key->id);
    add(sum, &key->revoked_ms, sizeof key->revoked_ms);
    return true;
}

uint64_t imprint(struct store *s)
{
    uint64_t sum = 0xcbf29ce484222325u;
    struct store_head head;
    struct imei all = {IMEI_BODIES - 1};
    assert_int_equal(store_head(s, &head, NULL), ERR_OK);
    add(&sum, head.hash, sizeof head.hash);
    add(&sum, &head.next_seq, sizeof head.next_seq);
    assert_int_equal(store_facts_scan(s, (struct imei){0}, all, add_row, &sum, NULL), ERR_OK);
    assert_int_equal(store_facts_due(s, DAYNUM_FIRST, DAYNUM_LAST + 1, add_row, &sum, NULL),
                     ERR_OK);
    assert_int_equal(store_blocks(s, 0, add_block, &sum, NULL), ERR_OK);
    assert_int_equal(store_pairs_scan(s, add_pair, &sum, NULL), ERR_OK);
    assert_int_equal(store_batches(s, add_batch, &sum, NULL), ERR_OK);
    assert_int_equal(store_parties(s, add_party, &sum, NULL), ERR_OK);
    assert_int_equal(store_api_keys(s, add_api_key, &sum, NULL), ERR_OK);
    assert_int_equal(store_findings(s, add_finding, &sum, NULL), ERR_OK);
    for (uint32_t i = 0; i < 4; i++) {
        struct buf bytes = {0};
        enum err err = store_rules_get(s, i, &bytes, NULL);
        assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
        err = store_tac_list_get(s, i, &bytes, NULL);
        assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
        err = store_batch_part_get(s, 1, i, &bytes, NULL);
        assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
        add(&sum, bytes.p ? bytes.p : (const uint8_t *)"", bytes.n);
        buf_release(&bytes);
    }
    return sum;
}

/* ---- children ---- */

static bool one_byte_in(int fd)
{
    char c;
    return read(fd, &c, 1) == 1;
}

static void one_byte_out(int fd)
{
    if (write(fd, "!", 1) != 1)
        _exit(9);
}

bool child_fork(struct child *c)
{
    assert_int_equal(pipe(c->to_parent), 0);
    assert_int_equal(pipe(c->to_child), 0);
    c->pid = fork();
    assert_true(c->pid >= 0);
    bool child = c->pid == 0;
    close(child ? c->to_parent[0] : c->to_parent[1]);
    close(child ? c->to_child[1] : c->to_child[0]);
    return child;
}

void child_say(struct child *c)
{
    one_byte_out(c->to_parent[1]);
}

void child_wait(struct child *c)
{
    if (!one_byte_in(c->to_child[0]))
        _exit(8);
}

void child_exit(bool good)
{
    _exit(good ? 0 : 1);
}

void child_meet(struct child *c)
{
    assert_true(one_byte_in(c->to_parent[0]));
}

void child_go(struct child *c)
{
    one_byte_out(c->to_child[1]);
}

static int child_gone(struct child *c)
{
    int status;
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    close(c->to_parent[0]);
    close(c->to_child[1]);
    return status;
}

void child_kill(struct child *c)
{
    kill(c->pid, SIGKILL);
    int status = child_gone(c);
    assert_true(WIFSIGNALED(status));
}

void child_end(struct child *c)
{
    int status = child_gone(c);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
