/* SPDX-License-Identifier: Apache-2.0
 *
 * serve: answers over HTTP, and keeps the day: a clock thread sweeps after midnight and, in the
 * evening, lets expire_through advance. demo: the samples. */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/observe.h"
#include "app/samples.h"
#include "app/service.h"
#include "app/sweep.h"
#include "cmd/behind.h"
#include "cmd/clone_watch.h"
#include "cmd/command.h"
#include "cmd/door.h"
#include "cmd/notices_words.h"
#include "cmd/teller.h"
#include "face/aside.h"
#include "seen/notices_due.h"
#include "seen/paired.h"
#include "seen/feed_intake.h"
#include "seen/retention.h"

enum {
    EVENING_HOUR = 21,
    RETENTION_HOUR = 3, /* from which on the day's end of terms is done */
    RETENTION_PATIENCE_MS =
        10000, /* that it waits for a load: the day is kept by the same thread; the next tick tries again */
    TICK_SECONDS = 20,
    CLONES_COUNT_SECONDS = 60,
    LATE_SAY_SECONDS = 300,    /* between two words about the same */
    LISTS_UNSEEN_SECONDS = 60, /* that nobody knows how operators stand */
    SNAPSHOT_MINUTES_MOST = 1440,
    KEEPER_PATIENCE_MS = 5000, /* what is not done now is done at the next tick */
};

struct keeper {
    struct cli *cli;
    struct registry *reg;
    pthread_t thread;
    bool running;
    struct lists_desk *lists; /* the service's; NULL */
    struct clone_watch clones;
    daynum retained; /* the day on which terms were last ended */
};

/* The day that expire_through may reach now: today from the evening on, else yesterday. */
static daynum reachable(const struct registry *reg)
{
    int64_t now = clock_now_us(reg->clock) / 1000000;
    daynum today = zone_day(&reg->zone, now);
    bool evening = now - zone_day_start(&reg->zone, today) >= EVENING_HOUR * 3600;
    return evening ? today : today - 1;
}

static void keep_day(struct keeper *k)
{
    struct fault fault = {0};
    struct sweep_result result;
    if (registry_refresh(k->reg, &fault))
        return;
    daynum until = reachable(k->reg);
    const struct gate *gate = &k->reg->head.gate;
    bool idle = gate->swept_through >= registry_today(k->reg) && gate->expire_through >= until;
    if (idle || (gate->swept_through >= registry_today(k->reg) &&
                 k->reg->rules.expiry_release == RELEASE_MANUAL))
        return;
    enum err err = sweep(k->reg, until, false, &result, &fault);
    fprintf(stderr,
            "event=sweep result=%s swept_through=%d expire_through=%d rows=%" PRIu64
            " expired=%" PRIu64 "%s%s\n",
            err_name(err), result.swept_through, result.expire_through, result.rows, result.expired,
            err ? " detail=" : "", err ? fault.detail : "");
}

/* Once a night; one that was stopped, or could not reach the register, is done again at the next tick. */
static void keep_terms(struct keeper *k)
{
    struct fault fault = {0};
    struct retention_result r;
    const struct retention_options options = {.stop = k->cli->stop,
                                              .patience_ms = RETENTION_PATIENCE_MS};
    int64_t now = clock_now_us(k->reg->clock) / 1000000;
    daynum today = registry_today(k->reg);
    if (k->retained == today || now - zone_day_start(&k->reg->zone, today) < RETENTION_HOUR * 3600)
        return;
    enum err err = retention_run(k->reg, &options, &r, &fault);
    if (err != ERR_STOPPED && err != ERR_STORE_AWAY && err != ERR_STORE_BUSY)
        k->retained = today;
    if (err || r.days)
        fprintf(stderr,
                "event=retention result=%s first=%d days=%" PRIu64 " pairs=%" PRIu64
                " subscribers=%" PRIu64 "%s%s\n",
                err_name(err), r.first, r.days, r.pairs, r.subscribers, err ? " detail=" : "",
                err ? fault.detail : "");
}

/* Says which operators refuse by a list that is too old. */
static void say_late(const struct keeper *k)
{
    struct lists_standing *all = calloc(LISTS_DESK_OPERATORS, sizeof *all);
    size_t n = 0;
    if (all && k->lists)
        n = lists_desk_standings(k->lists, all, LISTS_DESK_OPERATORS);
    if (k->lists && lists_desk_unseen_s(k->lists) >= LISTS_UNSEEN_SECONDS)
        fprintf(stderr, "event=lists_unseen since_s=%" PRIi64 "\n", lists_desk_unseen_s(k->lists));
    for (size_t i = 0; i < n; i++) {
        for (char *p = all[i].receipt.operator_name; *p; p++)
            *p = *p == '"' ? '\'' : *p;
        if (all[i].age_s >= LISTS_LATE_S)
            fprintf(stderr,
                    "event=list_late operator=\"%s\" list=%s applied=%" PRIu64 " waiting=%" PRIu64
                    " age_s=%" PRIi64 "\n",
                    all[i].receipt.operator_name, lists_kind_name(all[i].receipt.list),
                    all[i].receipt.place.next_seq - 1, all[i].waiting, all[i].age_s);
    }
    free(all);
}

static void *keeper_run(void *arg)
{
    struct keeper *k = arg;
    for (int seconds = 0; !*k->cli->stop; seconds++) {
        if (seconds % TICK_SECONDS == 0) {
            keep_day(k);
            clone_watch_night(&k->clones, k->reg, k->cli->stop);
            keep_terms(k);
        }
        if (seconds % CLONES_COUNT_SECONDS == 0)
            clone_watch_count(&k->clones, k->reg);
        if (seconds % LATE_SAY_SECONDS == LATE_SAY_SECONDS - 1)
            say_late(k);
        sleep(1);
    }
    return NULL;
}

static bool parse_listen(const char *text, char *address, size_t size, uint16_t *out_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || !str_to_u64(str_z(colon + 1), 65535, &port))
        return false;
    struct str host = {text, (size_t)(colon - text)};
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct str){host.p + 1, host.n - 2};
    str_copy(address, size, host);
    *out_port = (uint16_t)port;
    return host.n > 0;
}

static void wait_for_stop(const struct cli *cli)
{
    while (!*cli->stop)
        usleep(100000);
}

/* Where nodes get what they begin with: beside the register's file, or its key. */
static enum err keep_snapshots(const struct cli *cli, struct service *service, struct fault *fault)
{
    const struct settings *s = cli->settings;
    char directory[CLI_DIRECTORY];
    uint64_t minutes = 0;
    cli_directory_of(cli, s->snapshots, ".snapshots", directory);
    if (*s->snapshot_minutes &&
        (!str_to_u64(str_z(s->snapshot_minutes), SNAPSHOT_MINUTES_MOST, &minutes) || !minutes)) {
        fault_value(fault, s->snapshot_minutes, strlen(s->snapshot_minutes));
        return fault_set(fault, ERR_SETTING_VALUE, "snapshot_minutes wants 1 to %d",
                         SNAPSHOT_MINUTES_MOST);
    }
    const struct snapshots_options options = {.directory = directory,
                                              .every_s = (unsigned)minutes * 60};
    return *directory ? service_keep_snapshots(service, &options) : ERR_OK;
}

/* Operators' lists: kept wherever there is a place for them. Where it cannot be written, checks and the feed go on
 * and the addresses of the lists answer that they are not there. */
static enum err keep_lists(const struct cli *cli, struct service *service, bool writes,
                           struct fault *fault)
{
    char directory[CLI_DIRECTORY];
    cli_lists_directory(cli, directory);
    const struct lists_desk_options options = {.directory = directory,
                                               .url = cli->url,
                                               .key = cli_key(cli, cli->url),
                                               .writes = writes,
                                               .operators = &cli->settings->operators,
                                               .names = paired_names};
    enum err err = *directory ? service_keep_lists(service, &options, fault) : ERR_OK;
    if (err != ERR_FILE_WRITE && err != ERR_FILE_OPEN)
        return err;
    fprintf(stderr, "event=lists_off directory=%s detail=\"%s\"\n", directory, fault->detail);
    *fault = (struct fault){0};
    return ERR_OK;
}

/* Where operators' whole rows come in, beside the register's file or its key; nowhere for one in memory. */
static enum err keep_intake(const struct keeper *keeper, struct feed_intake *feed,
                            struct intake **out)
{
    const struct registry *reg = keeper->reg;
    const char *path = store_path(reg->store) ? store_path(reg->store) : reg->key_path;
    char directory[CLI_DIRECTORY];
    if (!path || !reg->writes)
        return ERR_OK;
    str_copy(directory, sizeof directory, str_z(path));
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    const struct intake_options options = {.directory = slash ? directory : ".",
                                           .load = feed_intake_load,
                                           .looked = feed_intake_looked,
                                           .ctx = feed};
    return intake_new(&options, out);
}

static enum err open_notices(const struct cli *cli, bool writes, struct notices_desk **out)
{
    const struct notices_desk_options options = {.url = cli->url,
                                                 .key = cli_key(cli, cli->url),
                                                 .clock = cli->clock,
                                                 .port = &notices_words,
                                                 .writes = writes};
    return notices_desk_new(&options, out);
}

/* Where it is, and in a demonstration what to try there. */
static void say_where(struct registry *reg, const struct http_options *options,
                      const struct http *http)
{
    const unsigned port = http_port(http);
    struct service_health health = service_health(options->service);
    printf("Tamga serves http://%s:%u/ (%" PRIu64 " IMEIs, rule set %" PRIu32 ")\n",
           options->address, port, health.imeis, health.rules);
    if (options->demo) {
        puts("Samples, and what each answers today:");
        if (cli_samples(reg, false, NULL))
            puts("  (the register cannot be read just now)");
        printf("Try: curl -s http://%s:%u/api/v1/check/%s\n", options->address, port,
               sample_get(0)->imei);
    }
    if (options->demo && options->portal)
        printf("Sign in as one of the samples: http://%s:%u/sign-in\n", options->address, port);
    fflush(stdout);
}

/* What the door stood on, once it is closed or could not be opened. */
static void close_all(const struct http_options *options, struct behind *behind)
{
    behind_close(behind);
    notices_desk_free(options->notices);
    observer_free(options->observer);
    intake_free(options->intake);
    service_stop(options->service);
}

static int serve(struct cli *cli, struct keeper *keeper, const struct http_options *wanted)
{
    struct fault fault = {0};
    struct http_options options = *wanted;
    struct http *http = NULL;
    struct behind behind = {0};
    struct feed_intake feed = {cli->url, cli_key(cli, cli->url), cli->clock};
    struct teller *teller = NULL;
    enum err err =
        service_start(cli->url, cli_key(cli, cli->url), cli->clock, &options.service, &fault);
    if (!err)
        err = keep_snapshots(cli, options.service, &fault);
    if (!err)
        err = keep_lists(cli, options.service, keeper->reg->writes, &fault);
    if (!err && keeper->reg->writes)
        err = observer_new(cli->url, cli_key(cli, cli->url), cli->clock, &options.observer);
    if (!err)
        err = keep_intake(keeper, &feed, &options.intake);
    if (!err)
        err = open_notices(cli, keeper->reg->writes, &options.notices);
    if (!err && keeper->reg->writes)
        err = behind_open(cli, &options, ASIDE_THREADS, &behind, &fault);
    if (behind.portal) {
        options.portal = behind.portal;
        options.more = portal_routes;
        options.more_count = portal_route_count;
        options.more_metrics = portal_metrics;
    }
    if (!err)
        err = http_start(&options, &http, &fault);
    if (err) {
        close_all(&options, &behind);
        return cli_fail(cli, err, &fault);
    }
    say_where(keeper->reg, &options, http);
    keeper->lists = service_lists(options.service);
    keeper->reg->untold = notices_untold;
    if (keeper->reg->writes && teller_start(cli, options.notices, &teller))
        fputs("event=notices_off\n", stderr);
    keeper->running =
        keeper->reg->writes && pthread_create(&keeper->thread, NULL, keeper_run, keeper) == 0;
    wait_for_stop(cli);
    behind_stop_asking(&behind);
    intake_stop(options.intake);
    http_stop(http);
    teller_stop(teller);
    if (keeper->running)
        pthread_join(keeper->thread, NULL);
    close_all(&options, &behind);
    return 0;
}

int cmd_serve(struct cli *cli)
{
    const char *listen = cli->listen, *demo = NULL, *public = NULL, *answer_only = NULL;
    const char *threads = cli->threads;
    const struct option_spec specs[] = {
        {.name = "--listen", .value = &listen},
        {.name = "--demo", .flag = true, .value = &demo},
        {.name = "--demo-public", .flag = true, .value = &public},
        {.name = "--answer-only", .flag = true, .value = &answer_only},
        {.name = "--threads", .value = &threads}};
    char address[64];
    uint64_t count;
    struct http_options options = {.address = address};
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (!parse_listen(listen, address, sizeof address, &options.port))
        return cli_usage(cli, "--listen wants ADDRESS:PORT");
    if (!str_to_u64(str_z(threads), 64, &count) || !count)
        return cli_usage(cli, "--threads wants 1 to 64");
    options.threads = (unsigned)count;
    options.demo = demo || public;
    struct fault fault = {0};
    enum err err = door_settings(cli->settings, &options, &fault);
    if (err)
        return cli_fail(cli, err, &fault);
    bool loopback = str_starts(str_z(address), STR("127.")) || str_eq(str_z(address), STR("::1"));
    if (demo && !public && !loopback)
        return cli_usage(cli, "--demo stays on loopback; --demo-public says that you mean it");
    int code;
    struct keeper keeper = {.cli = cli, .retained = DAYNUM_NONE};
    keeper.reg = cli_open(cli, !answer_only, false, &code);
    if (!keeper.reg)
        return code;
    clone_watch_init(&keeper.clones);
    options.watch_metrics = clone_watch_metrics;
    options.watch_metrics_ctx = &keeper.clones;
    store_patience(keeper.reg->store, KEEPER_PATIENCE_MS);
    if (!answer_only)
        keep_day(&keeper); /* what was missed while nothing ran, before the first answer */
    code = serve(cli, &keeper, &options);
    registry_close(keeper.reg);
    return code;
}
