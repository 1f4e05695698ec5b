/* SPDX-License-Identifier: Apache-2.0
 *
 * tamga - the register's shell and server. main() reads the global options, finds the command in
 * the table and runs it; everything else is in the command's file. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/command.h"

static const struct command commands[] = {
    {"check", "[--as-of DATE] [--imsi IMSI] [--explain [--lang kk|ru|en]] IMEI...",
     "Tell the list of each IMEI: exit 0 all served, 1 some not served or unknown, 2 unusable.",
     cmd_check},
    {"import tac",
     "[--format gsma|osmocom] [--complete] [--date DATE] [--keep-good] [--accept GUARD,...|all "
     "--reason TEXT] FILE",
     "Load the list of models (TAC). A new rule set is in force at once.", cmd_import_tac},
    {"import amnesty", "[--keep-good] FILE",
     "Add IMEIs that were in the country before the duty: one a line, or CSV with a column imei.",
     cmd_import_amnesty},
    {"import gsma", "[--delta] [--keep-good] [--accept GUARD,...|all --reason TEXT] FILE",
     "Replace the GSMA block list (missing = cleared); --delta adds only.", cmd_import_gsma},
    {"import verified",
     "--kind import|personal|manufacture|repair|before_duty --by IIN_OR_BIN [--at TIME] "
     "[--keep-good] FILE",
     "White-list devices: CSV with imei1[,imei2,imei3,imei4] (repair: old1..old4 too).",
     cmd_import_verified},
    {"feed load", "--operator NAME [--accept GUARD,...|all --reason TEXT] FILE...",
     "Load what an operator's network saw: CSV date,imei,imsi,msisdn,rat[,time], or the same as "
     "lines of JSON, packed or not (- = standard input).",
     cmd_feed_load},
    {"feed report", "[--operator NAME] [--since DATE] [--until DATE]",
     "Tell what operators' files are worth, by day, with the trend and what to do.",
     cmd_feed_report},
    {"clones list", "[--state open|confirmed|dismissed|fleet]",
     "List clone cases of a state (open), the oldest first.", cmd_clones_list},
    {"clones show", "IMEI", "Show a clone case: its users by number, never by IMSI.",
     cmd_clones_show},
    {"clones confirm", "[--genuine N[,N...]|none] [--reason TEXT] [--version N] IMEI",
     "Confirm a clone: the users named are served, all others refused. A second person does it "
     "again.",
     cmd_clones_confirm},
    {"clones correct", "[--genuine N[,N...]|none] --reason TEXT [--version N] IMEI",
     "Serve other users of a confirmed clone; another officer does it than who chose them, and a "
     "second person again.",
     cmd_clones_correct},
    {"clones dismiss", "--reason TEXT [--version N] IMEI",
     "It is no clone; lifting a confirmed one waits for a second person.", cmd_clones_dismiss},
    {"clones report", "FILE",
     "Write the duplicate report to the authorities: CSV, no subscriber in it (- = standard "
     "output).",
     cmd_clones_report},
    {"clones figures", "", "Tell how many cases came into each state, by month.",
     cmd_clones_figures},
    {"clones", "[--dry-run] [--all] [--accept GUARD,...|all --reason TEXT]",
     "Look for IMEIs that several phones use, by the rules clone_..., in what came in since the "
     "last look; --all looks at everything.",
     cmd_clones},
    {"retention", "[--dry-run] [--all]",
     "Drop who used which phone where it is older than the rule retention_months; --all also when "
     "nothing would be left.",
     cmd_retention},
    {"customs load", "FILE",
     "Load customs declarations: CSV declaration_no,declaration_date,declarant,goods_item,quantity"
     "[,brand,model,country]. A later file corrects lines. A second person loads it as well.",
     cmd_customs_load},
    {"accreditation load", "FILE",
     "Load accreditations of makers and service centres: CSV bin,kinds,certificate_no,valid_from,"
     "valid_until[,revoked_on]. A later file corrects rows.",
     cmd_accreditation_load},
    {"accreditation list", "", "List the accreditations.", cmd_accreditation_list},
    {"accreditation revoke", "[--from DATE] BIN CERTIFICATE",
     "From that day on (today) an accreditation does not count.", cmd_accreditation_revoke},
    {"suspend",
     "--mark stolen|lost|order|penitentiary --by BODY --order NUMBER [--from DATE] "
     "[--until DATE] [--reason TEXT] IMEI...",
     "Put a suspension mark on devices.", cmd_suspend},
    {"resume", "--mark KIND --by BODY --order NUMBER [--reason TEXT] IMEI...",
     "Lift the mark that the same body set.", cmd_resume},
    {"sweep", "[--until DATE] [--dry-run]",
     "Write the day's changes of verdict and advance expire_through as its guards allow.",
     cmd_sweep},
    {"expiring", "[--days N] [--regions FILE]",
     "Tell what the next days take from whom: last days with service, by day, model and operator.",
     cmd_expiring},
    {"findings", "[--operator NAME] [--test-tacs PREFIX,...]",
     "Count phones in use whose TAC is a test TAC, in no list of models or allocated later, by "
     "model and operator, and rows by radio; informational.",
     cmd_findings},
    {"expiry hold", "[--operator NAME] [--tac FIRST[-LAST]] [--through DATE] --reason TEXT",
     "Hold expiry for an operator, or for models: their lists and EIR nodes stay as if "
     "expire_through stood on that day "
     "(today's); the register's own verdicts go on.",
     cmd_expiry_hold},
    {"expiry release", "[--reason TEXT] NUMBER",
     "Let such a hold go; where two persons decide, both say so.", cmd_expiry_release},
    {"expiry holds", "[--all]", "List the holds of expiry by operator or model.", cmd_expiry_holds},
    {"rules show", "", "Print the rule set in force.", cmd_rules_show},
    {"rules set", "[--accept move --reason TEXT] KEY=VALUE...",
     "Prepare and bring in force a new rule set.", cmd_rules_set},
    {"what-if",
     "[--as-of DATE] [--regions FILE] [--save FILE] [--compare FILE] --set KEY=VALUE [--set ...]",
     "Tell what a change of rules would do, by model, operator and region of number; keep the "
     "counts, compare them with "
     "those of another try; change nothing.",
     cmd_what_if},
    {"proposals", "[ID]", "List what waits for a second person, or show one.", cmd_proposals},
    {"confirm", "ID", "Carry out another person's proposal.", cmd_confirm},
    {"reject", "ID", "Drop a proposal.", cmd_reject},
    {"journal show", "[--imei IMEI] [--since CURSOR]", "Print the journal, or one IMEI's history.",
     cmd_journal_show},
    {"journal verify", "[--against HASH]",
     "Recompute the whole chain; --against a head printed earlier finds a cut tail.",
     cmd_journal_verify},
    {"db check", "", "Verify the chain, replay it and compare every facts row.", cmd_db_check},
    {"db move", "--from URL --to URL",
     "Move the register into an empty one of any kind, prove them equal; cut short, it goes on.",
     cmd_db_move},
    {"db backup", "FILE", "Copy the register into a file while it is in use, and check the copy.",
     cmd_db_backup},
    {"db rebuild", "", "Set right facts and pairs from the journal alone.", cmd_db_rebuild},
    {"snapshot write", "[--tacs FROM-TO[,...]] FILE",
     "Write the signed index file for EIR nodes, of all TACs or of some.", cmd_snapshot_write},
    {"lists receipt", "--operator NAME --cursor CURSOR [--list black|white|exceptions]",
     "Write down that an operator has applied a list up to a cursor.", cmd_lists_receipt},
    {"lists receipts", "",
     "Tell what each operator has applied, and since when more waits: exit 1 when a day.",
     cmd_lists_receipts},
    {"lists violations", "--operator NAME [--since DATE]",
     "Tell what an operator says that he refuses and was seen in his network after: exit 1 when "
     "any.",
     cmd_lists_violations},
    {"lists",
     "--operator NAME [--since CURSOR] [--list black|white|exceptions[,...]|notify] [--layout "
     "tamga|dirbs|gsma] "
     "[--pack plain|gz|zstd] --out DIR",
     "Write an operator's list files: full after the day's sweep, or what moved since a cursor.",
     cmd_lists},
    {"notices set",
     "[--days N] [--from HH:MM] [--to HH:MM] [--percent N --reason TEXT] [--site ADDRESS]",
     "Show or set whom, when and with which address subscribers are told; a lower percent is a "
     "matter of two.",
     cmd_notices_set},
    {"notices channel",
     "--operator NAME --road file|http|none [--url URL] [--token-file FILE] [--plmn PREFIX,...]",
     "Say by which road notices reach an operator.", cmd_notices_channel},
    {"notices due", "[--dry-run [--at-any-hour]]",
     "Make the notices that subscribers are owed now; again, it makes none twice.",
     cmd_notices_due},
    {"notices send", "", "Push what waits for operators that take notices over HTTP: one try.",
     cmd_notices_send},
    {"notices status", "[--operator NAME]",
     "Tell what was made, handed over and delivered, and since when the oldest waits.",
     cmd_notices_status},
    {"user add", "NAME", "Make a staff account.", cmd_user_add},
    {"user list", "", "List the staff accounts.", cmd_user_list},
    {"user password",
     "NAME --role officer|assistant|operator|police|ministry|admin [--body NAME] [--marks "
     "KIND[,...]]",
     "Let an account sign in: reads the password from standard input, shows the secret for codes.",
     cmd_user_password},
    {"user key create",
     "--name NAME --scope check|check.batch|feed|sightings|lists|notices|rows|lookup[,...] "
     "[--expires DATE] "
     "[--signed "
     "| "
     "--certificate "
     "FINGERPRINT]",
     "Make a program's API key and show it once.", cmd_key_create},
    {"user key list", "", "List the API keys.", cmd_key_list},
    {"user key revoke", "ID", "End an API key at once.", cmd_key_revoke},
    {"node add", "[--expires DATE] [--out FILE] NAME",
     "Make an EIR node's API key and the key file that it starts with.", cmd_node_add},
    {"seal list", "",
     "Tell the keys that seal personal data, what is under each, and which servers have them.",
     cmd_seal_list},
    {"seal add", "", "Put a new key into the key file; nothing is sealed under it yet.",
     cmd_seal_add},
    {"seal use", "NUMBER", "Seal what is new under this key, on all servers.", cmd_seal_use},
    {"seal renew", "[--rate RECORDS_A_SECOND]",
     "Seal anew what is under older keys, beside running servers; cut short, it goes on.",
     cmd_seal_renew},
    {"seal drop", "NUMBER", "Take a key out of the key file when nothing is under it any more.",
     cmd_seal_drop},
    {"export",
     "--imei IMEI|--imsi IMSI|--msisdn NUMBER|--person IIN --order REFERENCE [--reason TEXT] "
     "--out FILE",
     "Write all that is held of one phone, subscriber or person to a new file, for a lawful "
     "request: exit 1 when nothing is held.",
     cmd_export},
    {"audit show", "", "Print who signed in, looked and decided; verifies that log's chain.",
     cmd_audit_show},
    {"demo create", "", "Fill a new register with sample devices.", cmd_demo_create},
    {"demo list", "", "Print the samples and what each should answer today.", cmd_demo_list},
    {"serve", "[--listen ADDR:PORT] [--answer-only] [--demo] [--threads N]",
     "Answer checks over HTTP (page and API) and, without --answer-only, do what a day wants: "
     "sweep, notices, terms, clones.",
     cmd_serve},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static atomic_int stop_asked; /* lock-free: a signal handler sets it, threads read it */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "7.17.5: always lock-free");

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static void print_help(FILE *out)
{
    fputs("Tamga, the national register of mobile devices.\n\n"
          "usage: tamga [--register URL] [--settings FILE] [--actor NAME] [--json] COMMAND ...\n\n"
          "  --register URL   sqlite:PATH, postgresql://HOST/DATABASE or memory: (default "
          "sqlite:var/tamga.db,\n"
          "                   or $TAMGA_REGISTER)\n"
          "  --key FILE       the register's key file (default PATH.key beside sqlite:PATH, else "
          "var/tamga.key,\n"
          "                   or $TAMGA_KEY)\n"
          "  --settings FILE  INI file: register, key, actor, regions, test_tacs, [serve], "
          "[limits], [portal],\n"
          "                   [operator NAME], [face.…] (doc/operations.md, doc/verification.md)\n"
          "  --actor NAME     who acts (default $TAMGA_ACTOR); a staff account where two persons "
          "decide\n"
          "  --json           one JSON object a line\n"
          "  --now TIME       take this instant for now, e.g. 2025-06-01T12:00:00Z, or $TAMGA_NOW: "
          "for drills\n\n",
          out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-16s %s\n", commands[i].name, commands[i].help);
    fputs("\n`tamga COMMAND --help` tells more. Exit codes: 0 done, 1 answer negative, 2 bad input "
          "or\n"
          "usage, 3 held for a person (nothing changed), 4 store failure, 130 interrupted (done so "
          "far, or\n"
          "nothing: it says so).\n",
          out);
}

/* How many words of the line are the command's name; 0: another command. */
static int words_of(const struct command *command, int argc, char **argv)
{
    struct str rest = str_z(command->name);
    int words = 0;
    while (rest.p) {
        struct str word = str_split(rest, ' ', &rest);
        if (words == argc || !str_eq(word, str_z(argv[words])))
            return 0;
        words++;
    }
    return words;
}

/* One to three words name a command; *out_words tells how many. */
static const struct command *find(int argc, char **argv, int *out_words)
{
    for (int i = 0; i < COMMANDS; i++) {
        *out_words = words_of(&commands[i], argc, argv);
        if (*out_words)
            return &commands[i];
    }
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (str_eq(str_z(argv[i]), STR("--help")) || str_eq(str_z(argv[i]), STR("-h")))
            return true;
    return false;
}

/* A group's name alone (`import`), or no command at all. */
static int no_command(int argc, char **argv)
{
    bool help = wants_help(argc, argv), found = false;
    FILE *out = help ? stdout : stderr;
    if (!argc) {
        print_help(stderr);
        return 2;
    }
    if (!help)
        fprintf(stderr, "tamga: no command `%s%s%s`\n", argv[0], argc > 1 ? " " : "",
                argc > 1 ? argv[1] : "");
    for (int i = 0; i < COMMANDS; i++) {
        struct str rest, group = str_split(str_z(commands[i].name), ' ', &rest);
        if (!str_eq(group, str_z(argv[0])) && !str_starts(str_z(commands[i].name), str_z(argv[0])))
            continue;
        fprintf(out, "  tamga %s %s\n      %s\n", commands[i].name, commands[i].usage,
                commands[i].help);
        found = true;
    }
    if (!help || !found)
        fputs("`tamga --help` lists all.\n", stderr);
    return help && found ? 0 : 2;
}

/* Where the machine lies at a given instant, for drills: --now. */
static bool fix_clock(struct clock *clock, const char *text)
{
    static const struct zone utc = {.name = "UTC", .count = 1, .steps = {{INT64_MIN, 0}}};
    int64_t seconds;
    if (instant_parse(str_z(text), &utc, &seconds)) {
        fprintf(stderr, "tamga: --now wants 2025-06-01T12:00:00Z, not `%s`\n", text);
        return false;
    }
    clock_init_fixed(clock, seconds * 1000000);
    return true;
}

/* What stands before the command. */
struct globals {
    const char *url, *key, *actor, *settings, *now, *help;
    bool json;
};

/* Reads them; returns how many words they took, 0 (never: the program's name is one) on an error. */
static int read_globals(int argc, char **argv, struct globals *g)
{
    const struct option_spec specs[] = {
        {.name = "--register", .value = &g->url},
        {.name = "--key", .value = &g->key},
        {.name = "--settings", .value = &g->settings},
        {.name = "--actor", .value = &g->actor},
        {.name = "--now", .value = &g->now},
        {.name = "--help", .flag = true, .value = &g->help},
    };
    int at = 1;
    while (at < argc && argv[at][0] == '-') {
        bool flag = strcmp(argv[at], "--json") == 0 || strcmp(argv[at], "--help") == 0;
        bool two = !flag && !strchr(argv[at], '=') && at + 1 < argc;
        struct cli one = {.argc = two ? 2 : 1, .argv = argv + at};
        if (!cli_options(&one, specs, sizeof specs / sizeof *specs))
            return 0;
        g->json |= one.json;
        at += two ? 2 : 1;
    }
    return at;
}

static const char *first_of(const char *option, const char *variable, const char *setting,
                            const char *preset)
{
    const char *env = variable ? getenv(variable) : NULL;
    return option ? option : env ? env : setting[0] ? setting : preset;
}

/* The command line, then the environment, then the settings file. */
static bool apply_globals(const struct globals *g, struct cli *cli)
{
    static struct settings settings; /* lives as long as the program: cli points into it */
    static struct clock held;
    struct fault fault = {0};
    settings_init(&settings);
    enum err err = g->settings ? settings_read(g->settings, &settings, &fault) : ERR_OK;
    if (err) {
        cli_fail(cli, err, &fault);
        return false;
    }
    cli->url = first_of(g->url, "TAMGA_REGISTER", settings.register_url, "sqlite:var/tamga.db");
    cli->key = first_of(g->key, "TAMGA_KEY", settings.key, NULL);
    cli->actor = first_of(g->actor, "TAMGA_ACTOR", settings.actor, NULL);
    cli->listen = first_of(NULL, NULL, settings.listen, "127.0.0.1:8080");
    cli->threads = first_of(NULL, NULL, settings.threads, "2");
    cli->settings = &settings;
    cli->json = g->json;
    cli->clock = &clock_system;
    const char *now = first_of(g->now, "TAMGA_NOW", "", NULL);
    if (!now)
        return true;
    cli->clock = &held;
    return fix_clock(&held, now);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A list that is cut short must not look whole: exit 4, whatever the command itself says. Who hangs up
 * (`| head`) knows. */
static int all_written(int code)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (!lost || errno == EPIPE)
        return code;
    fprintf(stderr, "tamga: cannot write the output: %s; what was printed is not whole\n",
            strerror(errno));
    return 4;
}

int main(int argc, char **argv)
{
    struct globals globals = {0};
    struct cli cli = {.stop = &stop_asked, .words = argv};
    int at = read_globals(argc, argv, &globals), words = 0;
    if (!at)
        return 2;
    if (globals.help) {
        print_help(stdout);
        return 0;
    }
    cli.command = find(argc - at, argv + at, &words);
    if (!cli.command)
        return no_command(argc - at, argv + at);
    cli.argc = argc - at - words;
    cli.argv = argv + at + words;
    if (wants_help(cli.argc, cli.argv)) {
        printf("usage: tamga %s %s\n\n%s\n", cli.command->name, cli.command->usage,
               cli.command->help);
        return 0;
    }
    if (!apply_globals(&globals, &cli))
        return 2;
    catch_signals();
    return all_written(cli.command->run(&cli));
}
