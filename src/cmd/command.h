/* SPDX-License-Identifier: Apache-2.0
 *
 * command - the commands of `tamga` as data: the help comes from the same table that dispatches.
 * A command gets its own words after the global options and returns an exit code: 0 done, 1 answer
 * negative, 2 bad input or usage, 3 held for a person, 4 store failure. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdio.h>

#include "app/batch.h"
#include "app/registry.h"
#include "bulk/guard.h"
#include "cmd/settings.h"

struct cli {
    const char *url;
    const char
        *key; /* its key file, as --key, TAMGA_KEY or the settings say; NULL = cli_key decides */
    const char *actor;
    bool json;
    const char *listen;  /* of the settings file, NULL = none */
    const char *threads; /* likewise */
    const struct settings *settings;
    const struct clock *clock;
    const atomic_int *stop; /* set by SIGINT and SIGTERM */
    char **words;           /* all of the command line, as given */
    int argc;               /* words after the command's name */
    char **argv;
    const struct command *command;
};

struct command {
    const char *name;  /* "import amnesty": one to three words */
    const char *usage; /* what follows the name */
    const char *help;
    int (*run)(struct cli *cli);
};

/* ---- options: --name VALUE or --name=VALUE, or a flag ---- */

struct option_spec {
    const char *name; /* "--as-of" */
    bool flag;
    const char **value; /* set to the value, or to "" for a flag */
    struct many {       /* instead of value: collects every use */
        const char *p[64];
        size_t n;
    } * many;
};

/* Reads the options out of cli->argv, leaves the other words in place (argc shrinks). Prints what
 * is wrong and returns false. `--` ends the options. */
bool cli_options(struct cli *cli, const struct option_spec *specs, size_t n);
/* The same of a command that takes no other words: says so when there are any. */
bool cli_options_only(struct cli *cli, const struct option_spec *specs, size_t n);
/* Prints usage of the command, and why it is shown; returns 2. */
int cli_usage(const struct cli *cli, const char *why);

/* ---- opening, failing ---- */

/* The key file of the register: what was said, else var/tamga.key for one in a database; NULL: beside it. */
const char *cli_key(const struct cli *cli, const char *url);
/* A directory that stands beside a register in a file unless the settings name another; empty: neither. */
enum { CLI_DIRECTORY = 4096 };
void cli_directory(const struct cli *cli, const char *named, const char *ending,
                   char out[CLI_DIRECTORY]);
/* The same beside the key file of a register in a database: "x/tamga.lists" for "x/tamga.key". Empty: in memory. */
void cli_directory_of(const struct cli *cli, const char *named, const char *ending,
                      char out[CLI_DIRECTORY]);
/* Where the lists for operators are kept. */
void cli_lists_directory(const struct cli *cli, char out[CLI_DIRECTORY]);
/* Opens the register; prints the failure and sets *out_code. */
struct registry *cli_open(struct cli *cli, bool write, bool no_tac, int *out_code);
/* Prints the error as `tamga: where: what: what to do` and returns its exit code. */
int cli_fail(const struct cli *cli, enum err err, const struct fault *fault);
/* Ends a command: prints the error, if there is one, closes the register, returns the exit code. */
int cli_close(const struct cli *cli, struct registry *registry, enum err err,
              const struct fault *fault);
/* Prints a batch's result, or its refusal; returns the exit code. */
int cli_batch(const struct cli *cli, enum err err, const struct batch_result *result,
              const struct fault *fault);
/* Models by name, a line each, with their counts. */
struct top_models;
void cli_models(const struct registry *registry, const struct top_models *top);
/* To stderr, at the end of something long: seconds, what (IMEI, rows) a second, MB read (bytes 0 = no
 * file). began_us: clock_monotonic_us. */
void cli_rate(uint64_t n, const char *what, uint64_t bytes, int64_t began_us);

bool cli_day(const struct cli *cli, const char *text, daynum *out);
/* The values of --accept and --reason (NULL: not given); says what is wrong with them. */
bool cli_accept(const struct cli *cli, const char *guards, const char *reason, struct accept *out);
/* Tells what is wrong with a typed IMEI; returns the exit code. */
int cli_unusable_imei(const struct cli *cli, const char *text, enum err err);
bool cli_imei(const struct cli *cli, const char *text, struct imei *out);

/* The samples, a line each, with what each answers today. */
MUST_USE enum err cli_samples(struct registry *registry, bool json, struct fault *fault);

/* Progress on a terminal, past one second. */
void cli_progress(void *ctx, uint64_t done, uint64_t total);

/* ---- the commands ---- */
int cmd_check(struct cli *cli);
int cmd_import_tac(struct cli *cli);
int cmd_import_amnesty(struct cli *cli);
int cmd_import_gsma(struct cli *cli);
int cmd_import_verified(struct cli *cli);
int cmd_feed_load(struct cli *cli);
int cmd_feed_report(struct cli *cli);
int cmd_retention(struct cli *cli);
int cmd_export(struct cli *cli);
int cmd_customs_load(struct cli *cli);
int cmd_accreditation_load(struct cli *cli);
int cmd_accreditation_list(struct cli *cli);
int cmd_accreditation_revoke(struct cli *cli);
int cmd_clones(struct cli *cli);
int cmd_clones_list(struct cli *cli);
int cmd_clones_show(struct cli *cli);
int cmd_clones_confirm(struct cli *cli);
int cmd_clones_correct(struct cli *cli);
int cmd_clones_dismiss(struct cli *cli);
int cmd_clones_report(struct cli *cli);
int cmd_clones_figures(struct cli *cli);
int cmd_suspend(struct cli *cli);
int cmd_resume(struct cli *cli);
int cmd_sweep(struct cli *cli);
int cmd_expiring(struct cli *cli);
int cmd_findings(struct cli *cli);
int cmd_expiry_hold(struct cli *cli);
int cmd_expiry_release(struct cli *cli);
int cmd_expiry_holds(struct cli *cli);
int cmd_rules_show(struct cli *cli);
int cmd_rules_set(struct cli *cli);
int cmd_what_if(struct cli *cli);
int cmd_proposals(struct cli *cli);
int cmd_confirm(struct cli *cli);
int cmd_reject(struct cli *cli);
int cmd_journal_show(struct cli *cli);
int cmd_journal_verify(struct cli *cli);
int cmd_db_check(struct cli *cli);
int cmd_db_move(struct cli *cli);
int cmd_db_backup(struct cli *cli);
int cmd_db_rebuild(struct cli *cli);
int cmd_snapshot_write(struct cli *cli);
int cmd_lists(struct cli *cli);
int cmd_lists_receipt(struct cli *cli);
int cmd_lists_receipts(struct cli *cli);
int cmd_lists_violations(struct cli *cli);
int cmd_notices_set(struct cli *cli);
int cmd_notices_channel(struct cli *cli);
int cmd_notices_due(struct cli *cli);
int cmd_notices_send(struct cli *cli);
int cmd_notices_status(struct cli *cli);
int cmd_user_add(struct cli *cli);
int cmd_user_list(struct cli *cli);
int cmd_user_password(struct cli *cli);
int cmd_key_create(struct cli *cli);
int cmd_key_list(struct cli *cli);
int cmd_key_revoke(struct cli *cli);
int cmd_node_add(struct cli *cli);
int cmd_seal_list(struct cli *cli);
int cmd_seal_add(struct cli *cli);
int cmd_seal_use(struct cli *cli);
int cmd_seal_renew(struct cli *cli);
int cmd_seal_drop(struct cli *cli);
int cmd_audit_show(struct cli *cli);
int cmd_demo_create(struct cli *cli);
int cmd_demo_list(struct cli *cli);
int cmd_serve(struct cli *cli);

#endif
