/* SPDX-License-Identifier: Apache-2.0
 *
 * findings: phones in use whose TAC is odd, and radio technologies that were seen; counts, and masked examples. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/groups_out.h"
#include "seen/odd_tacs.h"

static const struct groups_words words = {{"tac_missing", "tac_test"}};

static json_t *kind_json(const struct registry *reg, const struct odd_kind *kind)
{
    json_t *models = json_array(), *examples = json_array();
    for (uint32_t i = 0; i < kind->models.n; i++) {
        char tac[16];
        struct tac_info info = {.brand = STR(""), .model = STR("")};
        snprintf(tac, sizeof tac, "%08" PRIu32, kind->models.list[i].tac);
        (void)tac_find(reg->tac, kind->models.list[i].tac, &info);
        json_array_append_new(models,
                              json_pack("{s:s, s:s%, s:s%, s:I}", "tac", tac, "brand", info.brand.p,
                                        info.brand.n, "model", info.model.p, info.model.n, "imeis",
                                        (json_int_t)kind->models.list[i].imeis));
    }
    for (unsigned i = 0; i < kind->examples; i++) {
        char masked[24];
        imei_format_masked(kind->example[i], masked);
        json_array_append_new(examples, json_string(masked));
    }
    return json_pack("{s:o, s:o, s:o}", "imeis",
                     kind->few ? json_null() : json_integer((json_int_t)kind->imeis), "models",
                     models, "examples", examples);
}

static void print_json(const struct registry *reg, const struct odd_tacs *odd)
{
    json_t *radio = json_array();
    for (unsigned i = 0; i < odd->operators; i++) {
        json_t *rows = json_object();
        for (unsigned k = 0; k < RADIO_KINDS; k++)
            json_object_set_new(rows, radio_name(k),
                                json_integer((json_int_t)odd->radio[i].rows[k]));
        json_array_append_new(
            radio, json_pack("{s:s, s:o}", "operator", odd->radio[i].name, "rows", rows));
    }
    json_t *all = json_pack("{s:I, s:b, s:o, s:o, s:o, s:s, s:o}", "in_use",
                            (json_int_t)odd->in_use, "list_of_models", odd->has_list, "tac_missing",
                            odd->has_list ? kind_json(reg, &odd->kinds[ODD_MISSING]) : json_null(),
                            "tac_test", kind_json(reg, &odd->kinds[ODD_TEST]), "operators",
                            groups_json(&odd->groups.operators, &words), "radio_of_models",
                            "not known", "radio_seen", radio);
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

static void print_text(const struct registry *reg, const struct odd_tacs *odd)
{
    printf("%" PRIu64 " IMEIs are in use\n", odd->in_use);
    if (odd->has_list)
        print_kind(reg, "of them have a TAC that is not in our list of models",
                   &odd->kinds[ODD_MISSING]);
    else
        printf("which TACs are missing cannot be told: there is no list of models\n");
    print_kind(reg, "of them have a test TAC", &odd->kinds[ODD_TEST]);
    if (odd->kinds[ODD_MISSING].imeis || odd->kinds[ODD_TEST].imeis) {
        printf("missing, and test TACs:\n");
        groups_print(&odd->groups, &words);
    }
    printf("allocation after the first use, and radio that a model does not have, cannot be told: "
           "our list of models says neither\n");
    for (unsigned i = 0; i < odd->operators; i++) {
        printf("radio seen, rows of %s:", odd->radio[i].name);
        for (unsigned k = 0; k < RADIO_KINDS; k++)
            printf(" %s %" PRIu64, radio_name(k), odd->radio[i].rows[k]);
        putchar('\n');
    }
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
    if (!cli_options(cli, specs, 2))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "takes no words");
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
    if (err)
        code = cli_fail(cli, err, &fault);
    registry_close(reg);
    return code;
}
