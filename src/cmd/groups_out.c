/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/groups_out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/commit.h"
#include "people/audit_log.h"

/* ---- text ---- */

static void print_counts(const uint64_t *imeis, const struct groups_words *words)
{
    for (unsigned k = 0; k < GROUPS_KINDS && words->kind[k]; k++) {
        if (imeis[k] && imeis[k] < GROUPS_LEAST)
            printf("  %12s", "fewer than 5");
        else
            printf("  %12" PRIu64, imeis[k]);
    }
}

static void print_list(const struct group_list *list, const struct groups_words *words,
                       const char *none)
{
    unsigned small = 0;
    for (unsigned i = 0; i < list->n; i++) {
        if (group_is_small(&list->list[i])) {
            small++;
            continue;
        }
        print_counts(list->list[i].imeis, words);
        printf("  %s\n", list->list[i].name);
    }
    if (small)
        printf("  fewer than 5 in each of %u others\n", small);
    uint64_t of_none = 0;
    for (unsigned k = 0; k < GROUPS_KINDS; k++)
        of_none += list->none[k];
    if (of_none) {
        print_counts(list->none, words);
        printf("  %s\n", none);
    }
}

void groups_print(const struct groups *g, const struct groups_words *words)
{
    char from[DAYNUM_TEXT], to[DAYNUM_TEXT];
    daynum_format(g->from, from);
    daynum_format(g->to, to);
    if (g->too_many) {
        printf("by operator and region it cannot be told: above %u IMEIs\n", LIMIT_GROUPS_IMEIS);
        return;
    }
    if (!g->operators.told) {
        printf("by operator it cannot be told: no operator's file of %s to %s is here\n", from, to);
        return;
    }
    printf("by operator that saw them, %s to %s; who was seen by two counts at both:\n", from, to);
    print_list(&g->operators, words, "not seen by anybody");
    if (!g->regions.told)
        return;
    printf("by region of the numbers that used them; used in two, it counts in both:\n");
    print_list(&g->regions, words, "of no region in the table, or not seen");
}

/* ---- counting ---- */

static enum err note_look(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct audit_event event = {
        .what = AUDIT_NUMBERS_COUNTED, .actor = reg->actor, .object = *(const uint64_t *)c->ctx};
    return audit_log_put(reg, &event, 1, fault);
}

enum err groups_of_cli(struct cli *cli, struct registry *reg, const struct groups_of *of,
                       const char *path, struct groups *out, struct fault *fault)
{
    int64_t began = clock_monotonic_us();
    uint64_t imeis = of->list.n;
    struct groups_options options = {
        .progress = cli_progress, .progress_ctx = &began, .stop = cli->stop};
    struct regions *regions = NULL;
    enum err err = ERR_OK;
    if (*path) {
        struct commit_case look = {.also = note_look, .ctx = &imeis};
        regions = calloc(1, sizeof *regions);
        err = regions ? regions_read(path, regions, fault) : ERR_MEMORY;
        if (!err)
            err = commit_one(reg, &look, fault);
        options.regions = regions;
    }
    if (!err)
        err = groups_count(reg, of, &options, out, fault);
    if (isatty(2))
        fputs("\r\033[K", stderr);
    free(regions);
    return err;
}
