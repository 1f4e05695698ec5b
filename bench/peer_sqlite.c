/* SPDX-License-Identifier: Apache-2.0
 *
 * peer_sqlite - what bare SQLite does with the same rows: no journal, no validation, no reading of
 * a file, no look at what stands. The keys are made and sorted before the clock starts; it stops
 * when the database is closed (as the whole life of `tamga import` is measured).
 *
 *   peer_sqlite bulk wal|none DB SEED FROM COUNT       transactions of 32,768 rows; wal: WAL,
 *                                                      synchronous FULL; none: no journal, OFF
 *   peer_sqlite single DB SEED FROM SECONDS            one row a transaction, WAL, FULL, not sorted
 *
 * Prints "rows=.. seconds=.. rate=..". The table is the facts table of the register, its row the
 * bytes that the register would store. */
#include "population.h"

#include <sqlite3.h>

#include "core/facts.h"

enum { TRANSACTION_ROWS = 32768 };

static sqlite3 *db;
static sqlite3_stmt *insert;

static void check(int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        bench_die("SQLite", sqlite3_errmsg(db));
}

static void run(const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static void open_db(const char *path, bool wal)
{
    check(sqlite3_open(path, &db));
    run("PRAGMA cache_size = -65536");
    run(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = OFF");
    run(wal ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
    run("CREATE TABLE IF NOT EXISTS facts (imei INTEGER PRIMARY KEY, due INTEGER, row BLOB NOT "
        "NULL)");
    run("CREATE INDEX IF NOT EXISTS facts_due ON facts (due) WHERE due IS NOT NULL");
    check(sqlite3_prepare_v2(db, "INSERT INTO facts (imei, due, row) VALUES (?1, NULL, ?2)", -1,
                             &insert, NULL));
}

static void put(uint64_t body, uint64_t seq)
{
    struct facts facts;
    uint8_t row[FACTS_ROW_MAX];
    facts_init(&facts);
    facts.flags = FACTS_AMNESTY;
    facts.last_seq = seq;
    size_t n = facts_encode(&facts, row);
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)body);
    sqlite3_bind_blob(insert, 2, row, (int)n, SQLITE_STATIC);
    check(sqlite3_step(insert));
    check(sqlite3_reset(insert));
}

static int by_body(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double bulk(const struct population *p, uint64_t from, uint64_t count, double *out_began)
{
    uint64_t *keys = malloc(count * sizeof *keys);
    if (!keys)
        bench_die("keys", NULL);
    for (uint64_t i = 0; i < count; i++)
        keys[i] = population_imei(p, from + i).body;
    qsort(keys, count, sizeof *keys, by_body);
    *out_began = bench_seconds();
    for (uint64_t i = 0; i < count; i++) {
        if (i % TRANSACTION_ROWS == 0)
            run("BEGIN IMMEDIATE");
        put(keys[i], from + i + 4);
        if (i % TRANSACTION_ROWS == TRANSACTION_ROWS - 1 || i == count - 1)
            run("COMMIT");
    }
    free(keys);
    return (double)count;
}

static double singles(const struct population *p, uint64_t from, double seconds, double *out_began)
{
    uint64_t n = 0;
    *out_began = bench_seconds();
    while (bench_seconds() - *out_began < seconds) {
        put(population_imei(p, from + n).body, from + n);
        n++;
    }
    return (double)n;
}

int main(int argc, char **argv)
{
    static struct population p;
    const char *kind = argc > 1 ? argv[1] : "";
    double rows = 0, began = 0;
    if (strcmp(kind, "bulk") == 0 && argc == 7) {
        population_init(&p, bench_number(argv[4]));
        open_db(argv[3], strcmp(argv[2], "wal") == 0);
        rows = bulk(&p, bench_number(argv[5]), bench_number(argv[6]), &began);
    } else if (strcmp(kind, "single") == 0 && argc == 6) {
        population_init(&p, bench_number(argv[3]));
        open_db(argv[2], true);
        rows = singles(&p, bench_number(argv[4]), (double)bench_number(argv[5]), &began);
    } else {
        bench_die("peer_sqlite", "bulk wal|none DB SEED FROM COUNT, single DB SEED FROM SECONDS");
    }
    sqlite3_finalize(insert);
    check(sqlite3_close(db));
    double seconds = bench_seconds() - began;
    printf("rows=%.0f seconds=%.3f rate=%.0f\n", rows, seconds, rows / seconds);
    return 0;
}
