/* SPDX-License-Identifier: Apache-2.0
 *
 * tamga-eir - the program of an EIR node: options, settings, signals. What it does is put together in eir.c;
 * it links no SQL, no register's code beyond the index and the journal. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "cmd/eir.h"
#include "node/link.h"
#include "node/say.h"

#ifndef TAMGA_VERSION
#define TAMGA_VERSION "0.1.0"
#endif

/* Set by signals, read by the one thread that waits for them. */
static volatile sig_atomic_t stop_asked, reload_asked;

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_asked = 1;
    else
        stop_asked = 1;
}

static bool is_stop_asked(void)
{
    return stop_asked;
}

static const char help[] =
    "usage: tamga-eir [OPTIONS] (--registry URL | --snapshot FILE)\n\n"
    "An EIR node: tells networks by S13 and N5g-eir which phones they may serve, from memory,\n"
    "and follows the register.\n\n"
    "  --settings FILE       INI; what stands on the command line comes on top of it\n"
    "  --registry URL        the register to follow\n"
    "  --snapshot FILE       answer from a snapshot and follow nobody\n"
    "  --directory DIR       where it keeps what it follows (var/eir)\n"
    "  --key FILE            the node's key, as `tamga node add` made it (DIR/node.key)\n"
    "  --diameter ADDR:PORT  S13; port 0: any that is free\n"
    "  --sbi ADDR:PORT       N5g-eir, HTTP/2 without TLS\n"
    "  --metrics ADDR:PORT   /metrics and /healthz\n"
    "  --set SECTION.NAME=VALUE   any setting of the file\n"
    "  --now TIME            for drills: its clock begins there, 2026-11-27T10:00:00Z\n"
    "  -n                    checks the settings and the files that they name, and ends\n"
    "  --version, --help\n\n"
    "SIGHUP: settings, certificates and the check log anew. SIGTERM: answers what is in flight, "
    "ends.\n"
    "Exit: 0 done, 2 wrong settings or usage, 4 the register's copy or an address cannot be had.\n";

struct options {
    const char *settings, *now;
    bool check;
    int argc;
    char **argv;
};

static int fail(enum err err, const struct fault *fault)
{
    fprintf(stderr, "tamga-eir: ");
    if (*fault->file && fault->line)
        fprintf(stderr, "%s:%llu: ", fault->file, (unsigned long long)fault->line);
    else if (*fault->file)
        fprintf(stderr, "%s: ", fault->file);
    if (*fault->field)
        fprintf(stderr, "%s: ", fault->field);
    if (*fault->value)
        fprintf(stderr, "`%s`: ", fault->value);
    fprintf(stderr, "%s (%s)\n", *fault->detail ? fault->detail : "failed", err_name(err));
    return err_info(err)->exit_code;
}

/* Options that are settings by another name. */
static const struct {
    const char *option, *section, *name;
} short_forms[] = {
    {"--registry", "node", "registry"},   {"--snapshot", "node", "snapshot"},
    {"--directory", "node", "directory"}, {"--key", "node", "key"},
    {"--diameter", "s13", "listen"},      {"--sbi", "n5geir", "listen"},
    {"--metrics", "metrics", "listen"},
};

static enum err set_by_name(struct node_settings *s, struct str text, struct fault *fault)
{
    struct str value, name, dotted = str_split(text, '=', &value);
    struct str section = str_split(dotted, '.', &name);
    if (!value.p || !name.p)
        return fault_set(fault, ERR_USAGE, "--set wants SECTION.NAME=VALUE");
    return node_settings_set(s, section, name, value, fault);
}

static enum err set_option(struct node_settings *s, const char *option, const char *value,
                           struct fault *fault)
{
    if (strcmp(option, "--set") == 0)
        return set_by_name(s, str_z(value), fault);
    for (size_t i = 0; i < sizeof short_forms / sizeof *short_forms; i++)
        if (strcmp(option, short_forms[i].option) == 0)
            return node_settings_set(s, str_z(short_forms[i].section), str_z(short_forms[i].name),
                                     str_z(value), fault);
    return fault_set(fault, ERR_USAGE, "no option %s; tamga-eir --help lists them", option);
}

/* All settings as file and command line give them. Called again by SIGHUP. */
static enum err gather(struct options *o, struct node_settings *s, struct fault *fault)
{
    enum err err = ERR_OK;
    node_settings_init(s);
    for (int i = 1; i + 1 < o->argc; i++)
        if (strcmp(o->argv[i], "--settings") == 0)
            o->settings = o->argv[i + 1];
    if (o->settings)
        err = node_settings_read(s, o->settings, fault);
    for (int i = 1; !err && i < o->argc; i++) {
        const char *option = o->argv[i];
        if (strcmp(option, "-n") == 0) {
            o->check = true;
            continue;
        }
        if (++i == o->argc)
            return fault_set(fault, ERR_USAGE, "%s: no such option, or its value is missing",
                             option);
        if (strcmp(option, "--now") == 0)
            o->now = o->argv[i];
        else if (strcmp(option, "--settings") != 0)
            err = set_option(s, option, o->argv[i], fault);
    }
    if (!err && !*s->directory && *s->registry)
        str_copy(s->directory, sizeof s->directory, STR("var/eir"));
    return err ? err : node_settings_check(s, fault);
}

static int64_t shifted_now(const struct clock *clock)
{
    return clock_now_us(&clock_system) + clock->fixed_us;
}

/* A drill's clock begins at a time and runs on, so that its midnight comes. */
static enum err begin_clock(struct clock *clock, const char *now, struct fault *fault)
{
    int64_t seconds;
    clock->now_us = shifted_now;
    if (!now)
        return ERR_OK;
    if (instant_parse(str_z(now), NULL, &seconds))
        return fault_set(fault, ERR_USAGE, "--now wants 2026-11-27T10:00:00Z, not `%s`", now);
    clock->fixed_us = seconds * 1000000 - clock_now_us(&clock_system);
    return ERR_OK;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Settings that were in use stay: workers may still look at their names. Reloads are few. */
struct reload {
    struct node_settings settings;
    struct reload *older;
};

static void reload(struct options *o, struct eir *eir, struct reload **reloads)
{
    struct fault fault = {0};
    struct reload *r = calloc(1, sizeof *r);
    enum err err = r ? gather(o, &r->settings, &fault) : ERR_MEMORY;
    if (err) {
        say_fault(SAY_ALARM, "reload", err, &fault);
        free(r);
        return;
    }
    r->older = *reloads;
    *reloads = r;
    eir_reload(eir, &r->settings);
}

static int serve(struct options *o, const struct node_settings *settings, const struct clock *clock)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    struct fault fault = {0};
    struct reload *reloads = NULL;
    struct eir *eir;
    enum err err = eir_new(settings, clock, &eir, &fault);
    if (err)
        return fail(err, &fault);
    if (o->check) {
        err = eir_check(eir, &fault);
        eir_free(eir);
        return err ? fail(err, &fault) : puts("The settings are in order.") < 0;
    }
    err = eir_start(eir, is_stop_asked, &fault);
    while (!err && !stop_asked) {
        nanosleep(&pause, NULL);
        if (reload_asked) {
            reload_asked = 0;
            reload(o, eir, &reloads);
        }
    }
    eir_free(eir);
    for (struct reload *r = reloads, *older; r; r = older) {
        older = r->older;
        free(r);
    }
    return err && err != ERR_STOPPED ? fail(err, &fault) : 0;
}

int main(int argc, char **argv)
{
    struct options options = {.argc = argc, .argv = argv};
    static struct node_settings settings;
    static struct clock clock;
    struct fault fault = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(help, stdout) < 0;
        if (strcmp(argv[i], "--version") == 0)
            return puts("tamga-eir " TAMGA_VERSION) < 0;
    }
    if (sodium_init() < 0 || link_init())
        return 4;
    enum err err = gather(&options, &settings, &fault);
    if (!err)
        err = begin_clock(&clock, options.now, &fault);
    if (err)
        return fail(err, &fault);
    catch_signals();
    return serve(&options, &settings, &clock);
}
