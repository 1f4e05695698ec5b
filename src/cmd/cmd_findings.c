/* SPDX-License-Identifier: Apache-2.0
 *
 * findings: phones in use whose TAC is odd, and radio technologies that were seen; counts, and masked examples. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/groups_out.h"
#include "seen/odd_json.h"

static void print_json(const struct registry *reg, const struct odd_tacs *odd)
{
    json_t *all = odd_tacs_json(reg, odd);
    json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
}

static void print_kind(const struct registry *reg, const char *what, const struct odd_kind *kind)
{
    if (kind->few)
        printf("fewer than 5 %s\n", what);
    else
        printf("%" PRIu64 " %s\n", kind->imeis, what);
    cli_models(reg, &kind->models);
    for (unsigned i = 0; i < kind->examples; i++) {
        char masked[24];
        imei_format_masked(kind->example[i], masked);
        printf("  for example %s\n", masked);
    }
}

static void print_rows(const char *what, const struct odd_radio *radio, const uint64_t *rows)
{
    printf("%s, rows of %s:", what, radio->name);
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        printf(" %s %" PRIu64, radio_name(k), rows[k]);
    putchar('\n');
}

static void print_wrong(const struct registry *reg, const struct odd_tacs *odd)
{
    printf("%" PRIu32 " TACs were seen with radio that their model does not have\n",
           odd->wrong_tacs);
    for (unsigned i = 0; i < odd->wrong_n; i++) {
        struct tac_info info = {.brand = STR(""), .model = STR("")};
        (void)tac_find(reg->tac, odd->wrong[i].tac, &info);
        printf("  %12" PRIu64 "  %08" PRIu32 " %.*s %.*s:", odd->wrong[i].rows, odd->wrong[i].tac,
               STR_ARG(info.brand), STR_ARG(info.model));
        for (unsigned k = 0; k < RADIO_KINDS; k++)
            if (odd->wrong[i].radio >> k & 1)
                printf(" %s", radio_name(k));
        putchar('\n');
    }
    for (unsigned i = 0; i < odd->operators; i++)
        print_rows("radio that a model does not have", &odd->radio[i], odd->radio[i].wrong);
}

static void print_text(const struct registry *reg, const struct odd_tacs *odd)
{
    printf("%" PRIu64 " IMEIs are in use\n", odd->in_use);
    if (odd->has_list)
        print_kind(reg, "of them have a TAC that is not in our list of models",
                   &odd->kinds[ODD_MISSING]);
    else
        printf("which TACs are missing cannot be told: there is no list of models\n");
    print_kind(reg, "of them have a test TAC", &odd->kinds[ODD_TEST]);
    if (odd->has_details)
        print_kind(reg, "of them were used before their TAC was allocated", &odd->kinds[ODD_LATER]);
    if (odd->kinds[ODD_MISSING].imeis || odd->kinds[ODD_TEST].imeis ||
        odd->kinds[ODD_LATER].imeis) {
        printf("missing, test TACs, allocated later:\n");
        groups_print(&odd->groups, &odd_words);
    }
    for (unsigned i = 0; i < odd->operators; i++)
        print_rows("radio seen", &odd->radio[i], odd->radio[i].rows);
    if (odd->has_details)
        print_wrong(reg, odd);
    else
        printf("allocation after the first use, and radio that a model does not have, cannot be "
               "told: our list of models says neither\n");
}

static enum err tell(struct cli *cli, struct registry *reg, const struct odd_ask *ask,
                     struct fault *fault)
{
    struct odd_tacs *odd = calloc(1, sizeof *odd);
    enum err err = odd ? odd_tacs_count(reg, ask, odd, fault) : ERR_MEMORY;
    if (isatty(2))
        fputs("\r\033[K", stderr);
    if (!err && cli->json)
        print_json(reg, odd);
    else if (!err)
        print_text(reg, odd);
    free(odd);
    return err;
}

int cmd_findings(struct cli *cli)
{
    const char *name = "", *tests = cli->settings->test_tacs;
    int64_t began = clock_monotonic_us();
    struct fault fault = {0};
    struct odd_prefixes prefixes;
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--test-tacs", .value = &tests}};
    if (!cli_options_only(cli, specs, 2))
        return 2;
    /* 00: test IMEIs, TS.06 of GSMA. */
    enum err err = odd_prefixes_read(*tests ? str_z(tests) : STR("00"), &prefixes, &fault);
    if (err)
        return cli_fail(cli, err, &fault);
    int code;
    struct registry *reg = cli_open(cli, false, false, &code);
    if (!reg)
        return code;
    const struct odd_ask ask = {
        .tests = &prefixes,
        .operator_name = str_z(name),
        .groups = {.progress = cli_progress, .progress_ctx = &began, .stop = cli->stop}};
    err = tell(cli, reg, &ask, &fault);
    return cli_close(cli, reg, err, &fault);
}
