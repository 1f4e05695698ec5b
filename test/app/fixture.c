/* SPDX-License-Identifier: Apache-2.0 */
#include "app/fixture.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/audit.h"

daynum fixture_daynum(const char *day)
{
    daynum d;
    OK(daynum_parse(str_z(day), &d));
    return d;
}

void fixture_day(struct fixture *f, const char *day)
{
    /* noon at +05:00 */
    clock_set(&f->clock, ((int64_t)fixture_daynum(day) * 86400 + 7 * 3600) * 1000000);
}

static void open_it(struct fixture *f)
{
    struct fault fault = {0};
    struct registry_options options = {
        .url = f->url, .key = f->key[0] ? f->key : NULL, .clock = &f->clock, .write = true};
    enum err err = registry_open(&options, &f->reg, &fault);
    if (err)
        print_error("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
}

static struct fixture *begin(const char *day)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    clock_init_fixed(&f->clock, 0);
    fixture_day(f, day);
    return f;
}

/* ---- in PostgreSQL, when TAMGA_TEST_BACKEND says so ---- */

static void in_server(const char *format, const char *database)
{
    char url[256], sql[128];
    snprintf(url, sizeof url, "%s/postgres", getenv("TAMGA_TEST_POSTGRES"));
    snprintf(sql, sizeof sql, "%s %s%s", format, database,
             format[0] == 'D' ? " WITH (FORCE)" : " TEMPLATE template0");
    PGconn *db = PQconnectdb(url);
    PGresult *r = PQexec(db, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(db));
    PQclear(r);
    PQfinish(db);
}

static bool in_database(void)
{
    const char *backend = getenv("TAMGA_TEST_BACKEND");
    return backend && strcmp(backend, "postgres") == 0;
}

static void make_dir(struct fixture *f)
{
    str_copy(f->dir, sizeof f->dir, STR("/tmp/tamga-test-XXXXXX"));
    assert_non_null(mkdtemp(f->dir));
}

static struct fixture *fixture_postgres(struct fixture *f)
{
    static unsigned count;
    make_dir(f);
    snprintf(f->database, sizeof f->database, "tamga_app_%d_%u", (int)getpid(), ++count);
    in_server("CREATE DATABASE", f->database);
    snprintf(f->url, sizeof f->url, "%s/%s", getenv("TAMGA_TEST_POSTGRES"), f->database);
    snprintf(f->key, sizeof f->key, "%s/key", f->dir);
    open_it(f);
    return f;
}

struct fixture *fixture_memory(const char *day)
{
    struct fixture *f = begin(day);
    if (in_database())
        return fixture_postgres(f);
    str_copy(f->url, sizeof f->url, STR("memory:"));
    open_it(f);
    return f;
}

struct fixture *fixture_sqlite(const char *day)
{
    struct fixture *f = begin(day);
    if (in_database())
        return fixture_postgres(f);
    make_dir(f);
    snprintf(f->url, sizeof f->url, "sqlite:%s/register.db", f->dir);
    open_it(f);
    return f;
}

void fixture_reopen(struct fixture *f)
{
    assert_true(f->dir[0] != '\0');
    registry_close(f->reg);
    open_it(f);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void fixture_free(struct fixture *f)
{
    registry_close(f->reg);
    if (f->database[0])
        in_server("DROP DATABASE", f->database);
    if (f->dir[0])
        nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
}

struct imei fixture_imei(uint64_t body)
{
    return (struct imei){body};
}

uint64_t fixture_give(struct fixture *f, uint8_t event, struct change *changes, size_t n)
{
    struct changes list = {0};
    for (size_t i = 0; i < n; i++)
        changes_add(&list, &changes[i]);
    OK(changes_sort(&list));
    struct batch_plan plan = {
        .entry = {.event = event}, .label = "test", .source = changes_source(&list)};
    struct batch_result result;
    OK(batch_run(f->reg, &plan, &result, NULL));
    changes_release(&list);
    return result.rows;
}

uint64_t fixture_activate(struct fixture *f, uint64_t body, const char *day)
{
    daynum d = fixture_daynum(day);
    struct change change = {.imei = {body},
                            .kind = CHANGE_ACTIVATED,
                            .activated = {.day = d, .known = registry_today(f->reg)}};
    return fixture_give(f, EVENT_OBSERVED, &change, 1);
}

struct verdict fixture_verdict(struct fixture *f, uint64_t body)
{
    struct verdict v;
    OK(registry_refresh(f->reg, NULL));
    OK(registry_check(f->reg, (struct imei){body}, &v, NULL, NULL));
    return v;
}

struct facts fixture_facts(struct fixture *f, uint64_t body)
{
    struct facts_row row = {.imei = {body}};
    OK(store_facts_get(f->reg->store, &row, 1, NULL));
    return row.facts;
}

struct suspension fixture_mark(uint8_t kind)
{
    return (struct suspension){.kind = kind,
                               .body = STR("police"),
                               .order = STR("1"),
                               .from = DAYNUM_NONE,
                               .last = DAYNUM_OPEN};
}

void fixture_whole(struct fixture *f)
{
    struct fault fault = {0};
    struct audit_result result;
    OK(registry_refresh(f->reg, NULL));
    enum err err = audit_check(f->reg, &result, &fault);
    if (err)
        print_error("%s `%s`: %s\n", err_name(err), fault.value, fault.detail);
    assert_int_equal(err, ERR_OK);
}
