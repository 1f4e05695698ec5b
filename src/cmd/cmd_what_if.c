/* SPDX-License-Identifier: Apache-2.0
 *
 * what-if: what a change of rules would do, to whom, and how that differs from another try. A try that is kept is a file of
 * counts: it names no IMEI. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/whatif.h"
#include "base/file.h"
#include "cmd/groups_out.h"

enum { SAVED_FORM = 1, PATH_ROOM = 4096, SAVED_MOST = 1 << 20, LABEL_ROOM = 160 };

static const struct groups_words words = {{"lost", "regained"}};

struct trial {
    struct cli *cli;
    struct registry *reg;
    struct many sets;
    const char *regions, *save, *compare;
    daynum as_of;
    struct whatif w;
    struct groups_of moved;
    struct groups groups;
    json_t *json;   /* of this trial */
    json_t *before; /* of the one compared with; NULL: none */
};

static void note_moved(void *ctx, struct imei imei, bool lost)
{
    groups_add(ctx, imei, !lost);
}

/* ---- as JSON ---- */

static json_t *moves_json(const struct whatif *w)
{
    json_t *moves = json_array();
    for (unsigned a = 0; a < REASON_COUNT; a++)
        for (unsigned b = 0; b < REASON_COUNT; b++)
            if (w->moves[a][b])
                json_array_append_new(
                    moves, json_pack("{s:s, s:s, s:I}", "from", reason_name((uint8_t)a), "to",
                                     reason_name((uint8_t)b), "imeis", (json_int_t)w->moves[a][b]));
    return moves;
}

static json_t *models_json(const struct registry *reg, const struct top_models *top)
{
    json_t *models = json_array();
    for (uint32_t i = 0; i < top->n; i++) {
        char tac[16];
        struct tac_info info = {.brand = STR(""), .model = STR("")};
        snprintf(tac, sizeof tac, "%08" PRIu32, top->list[i].tac);
        (void)tac_find(reg->tac, top->list[i].tac, &info);
        json_array_append_new(models,
                              json_pack("{s:s, s:s%, s:s%, s:I}", "tac", tac, "brand", info.brand.p,
                                        info.brand.n, "model", info.model.p, info.model.n, "lost",
                                        (json_int_t)top->list[i].imeis));
    }
    return models;
}

static json_t *trial_json(const struct trial *t)
{
    char day[DAYNUM_TEXT], from[DAYNUM_TEXT], to[DAYNUM_TEXT], now[24];
    json_t *sets = json_array();
    daynum_format(t->as_of == DAYNUM_NONE ? registry_today(t->reg) : t->as_of, day);
    daynum_format(t->groups.from, from);
    daynum_format(t->groups.to, to);
    instant_format(clock_now_us(t->reg->clock) / 1000000, now);
    for (size_t i = 0; i < t->sets.n; i++)
        json_array_append_new(sets, json_string(t->sets.p[i]));
    json_t *all =
        json_pack("{s:I, s:I, s:I, s:I, s:i, s:s, s:I, s:s, s:o}", "imeis", (json_int_t)t->w.imeis,
                  "changed", (json_int_t)t->w.changed, "lost", (json_int_t)t->w.lost, "regained",
                  (json_int_t)t->w.regained, "form", SAVED_FORM, "made", now, "rule_set",
                  (json_int_t)t->reg->rules.number, "as_of", day, "set", sets);
    json_object_set_new(all, "moves", moves_json(&t->w));
    json_object_set_new(all, "models", models_json(t->reg, &t->w.models));
    json_object_set_new(
        all, "seen",
        json_pack("{s:s, s:s, s:b}", "from", from, "to", to, "too_many", t->groups.too_many));
    json_object_set_new(all, "operators", groups_json(&t->groups.operators, &words));
    json_object_set_new(all, "regions", groups_json(&t->groups.regions, &words));
    return all;
}

/* ---- a trial that is kept ---- */

static enum err save(const struct trial *t, struct fault *fault)
{
    char path[PATH_ROOM];
    if ((size_t)snprintf(path, sizeof path, "%s.new", t->save) >= sizeof path)
        return fault_set(fault, ERR_FILE_WRITE, "too long a name");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && json_dumpfd(t->json, fd, JSON_INDENT(1)) == 0 && fsync(fd) == 0;
    if (fd >= 0)
        ok = !close(fd) && ok;
    if (!ok || rename(path, t->save))
        return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", t->save, strerror(errno));
    return ERR_OK;
}

static enum err read_before(struct trial *t, struct fault *fault)
{
    struct buf text = {0};
    json_error_t why;
    enum err err = file_read(t->compare, SAVED_MOST, &text, fault);
    if (!err && !(t->before = json_loadb((const char *)text.p, text.n, 0, &why)))
        err = fault_set(fault, ERR_FILE_KIND, "%.160s: line %d: %.80s", t->compare, why.line,
                        why.text);
    if (!err && json_integer_value(json_object_get(t->before, "form")) != SAVED_FORM)
        err =
            fault_set(fault, ERR_FILE_KIND, "%.160s was not written by what-if --save", t->compare);
    buf_release(&text);
    return err;
}

/* ---- two of them ---- */

/* What a row of a section is called. */
static void label_of(const json_t *row, char out[LABEL_ROOM])
{
    static const char *const keys[] = {"name", "tac"};
    *out = '\0';
    for (size_t i = 0; i < 2; i++) {
        const char *text = json_string_value(json_object_get(row, keys[i]));
        if (text)
            snprintf(out, LABEL_ROOM, "%s", text);
    }
    const char *from = json_string_value(json_object_get(row, "from"));
    const char *to = json_string_value(json_object_get(row, "to"));
    if (from && to)
        snprintf(out, LABEL_ROOM, "%s -> %s", from, to);
}

static const json_t *rows_of(const json_t *all, const char *section)
{
    const json_t *it = json_object_get(all, section);
    return json_is_object(it) ? json_object_get(it, "list") : it;
}

static const json_t *row_of(const json_t *rows, const char *label)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        char text[LABEL_ROOM];
        label_of(row, text);
        if (strcmp(text, label) == 0)
            return row;
    }
    return NULL;
}

static json_t *copy_of(const json_t *value)
{
    return value ? json_deep_copy(value) : json_null();
}

/* A row that is in one of the two, or differs between them. */
static void compare_row(json_t *out, const char *label, const json_t *was, const json_t *is)
{
    static const char *const kinds[] = {"lost", "regained", "imeis"};
    json_t *row = json_pack("{s:s}", "name", label);
    bool differs = !was || !is;
    for (size_t k = 0; k < 3; k++) {
        const json_t *a = json_object_get(was, kinds[k]), *b = json_object_get(is, kinds[k]);
        if (!a && !b)
            continue;
        differs |= !a || !b || !json_equal(a, b);
        json_object_set_new(row, kinds[k],
                            json_pack("{s:o, s:o}", "before", copy_of(a), "now", copy_of(b)));
    }
    if (!was || !is)
        json_object_set_new(row, "is", json_string(was ? "gone" : "new"));
    if (differs)
        json_array_append_new(out, row);
    else
        json_decref(row);
}

static json_t *compare_section(const struct trial *t, const char *section)
{
    const json_t *was = rows_of(t->before, section), *is = rows_of(t->json, section);
    if (!was || !is) /* of one of them it could not be told */
        return json_null();
    json_t *out = json_array();
    char label[LABEL_ROOM];
    for (size_t i = 0; i < json_array_size(is); i++) {
        const json_t *row = json_array_get(is, i);
        label_of(row, label);
        compare_row(out, label, row_of(was, label), row);
    }
    for (size_t i = 0; i < json_array_size(was); i++) {
        const json_t *row = json_array_get(was, i);
        label_of(row, label);
        if (!row_of(is, label))
            compare_row(out, label, row, NULL);
    }
    return out;
}

static const char *const sections[] = {"moves", "models", "operators", "regions"};
enum { SECTIONS = sizeof sections / sizeof *sections };

static json_t *compare(const struct trial *t)
{
    json_t *all = json_object();
    static const char *const counts[] = {"lost", "regained"};
    for (size_t k = 0; k < 2; k++)
        json_object_set_new(all, counts[k],
                            json_pack("{s:o, s:o}", "before",
                                      copy_of(json_object_get(t->before, counts[k])), "now",
                                      copy_of(json_object_get(t->json, counts[k]))));
    json_object_set_new(all, "made", copy_of(json_object_get(t->before, "made")));
    json_object_set_new(all, "set", copy_of(json_object_get(t->before, "set")));
    for (size_t i = 0; i < SECTIONS; i++)
        json_object_set_new(all, sections[i], compare_section(t, sections[i]));
    return all;
}

/* ---- as text ---- */

static void print_pair(const char *what, const json_t *pair)
{
    const char *sides[] = {"before", "now"};
    if (!pair)
        return;
    printf("  %s", what);
    for (size_t i = 0; i < 2; i++) {
        const json_t *value = json_object_get(pair, sides[i]);
        if (json_is_integer(value))
            printf("%s%" JSON_INTEGER_FORMAT, i ? " -> " : " ", json_integer_value(value));
        else
            printf("%s-", i ? " -> " : " ");
    }
}

static void print_compared(const char *path, const json_t *all)
{
    printf("against %s (`-`: in no group that is told, or fewer than 5):\n", path);
    print_pair("lose service", json_object_get(all, "lost"));
    print_pair(" get it back", json_object_get(all, "regained"));
    putchar('\n');
    for (size_t s = 0; s < SECTIONS; s++) {
        const json_t *rows = json_object_get(all, sections[s]);
        if (!json_is_array(rows)) {
            printf("  %s: one of the two could not tell\n", sections[s]);
            continue;
        }
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            const char *is = json_string_value(json_object_get(row, "is"));
            printf("  %s %s:%s%s", sections[s], json_string_value(json_object_get(row, "name")),
                   is ? " " : "", is ? is : "");
            print_pair("lose", json_object_get(row, "lost"));
            print_pair("get back", json_object_get(row, "regained"));
            print_pair("IMEIs", json_object_get(row, "imeis"));
            putchar('\n');
        }
    }
}

static void print_text(const struct trial *t)
{
    const struct whatif *w = &t->w;
    printf("%" PRIu64 " IMEIs looked at, %" PRIu64 " verdicts would change\n"
           "  %" PRIu64 " would lose service, %" PRIu64 " would get it back\n",
           w->imeis, w->changed, w->lost, w->regained);
    for (unsigned a = 0; a < REASON_COUNT; a++)
        for (unsigned b = 0; b < REASON_COUNT; b++)
            if (w->moves[a][b])
                printf("  %12" PRIu64 "  %s -> %s\n", w->moves[a][b], reason_name((uint8_t)a),
                       reason_name((uint8_t)b));
    if (w->models.n)
        printf("models that lose service most:\n");
    cli_models(t->reg, &w->models);
    if (w->lost || w->regained)
        groups_print(&t->groups, &words);
}

/* ---- the command ---- */

static enum err try(struct trial *t, struct fault *fault)
{
    struct rules rules;
    enum err err = t->compare ? read_before(t, fault) : ERR_OK;
    if (!err)
        err = whatif_rules(t->reg, t->sets.p, t->sets.n, &rules, fault);
    if (!err)
        err = whatif_run(t->reg, &(struct whatif_ask){&rules, t->as_of, note_moved, &t->moved},
                         &t->w, fault);
    if (!err)
        err = groups_of_cli(t->cli, t->reg, &t->moved, t->regions, &t->groups, fault);
    if (!err && !(t->json = trial_json(t)))
        err = ERR_MEMORY;
    if (!err && t->save)
        err = save(t, fault);
    return err;
}

static void tell(const struct trial *t, int64_t began)
{
    json_t *compared = t->before ? compare(t) : NULL;
    if (t->cli->json) {
        if (compared)
            json_object_set(t->json, "compared", compared);
        json_dumpf(t->json, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        print_text(t);
        if (compared)
            print_compared(t->compare, compared);
        double seconds = (double)(clock_monotonic_us() - began) / 1e6;
        fprintf(stderr, "%.2f s, %.0f IMEI/s\n", seconds, (double)t->w.imeis / seconds);
    }
    json_decref(compared);
}

static int run(struct trial *t)
{
    int code;
    int64_t began = clock_monotonic_us();
    struct fault fault = {0};
    t->reg = cli_open(t->cli, *t->regions != '\0', false, &code);
    if (!t->reg)
        return code;
    enum err err = try(t, &fault);
    if (err)
        code = cli_fail(t->cli, err, &fault);
    else
        tell(t, began);
    json_decref(t->json);
    json_decref(t->before);
    groups_of_release(&t->moved);
    registry_close(t->reg);
    return code;
}

int cmd_what_if(struct cli *cli)
{
    const char *as_of = NULL;
    struct trial *t = calloc(1, sizeof *t);
    if (!t)
        return cli_fail(cli, ERR_MEMORY, NULL);
    t->cli = cli;
    t->as_of = DAYNUM_NONE;
    t->regions = cli->settings->regions;
    const struct option_spec specs[] = {{.name = "--set", .many = &t->sets},
                                        {.name = "--as-of", .value = &as_of},
                                        {.name = "--regions", .value = &t->regions},
                                        {.name = "--save", .value = &t->save},
                                        {.name = "--compare", .value = &t->compare}};
    int code = 0;
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs) ||
        (as_of && !cli_day(cli, as_of, &t->as_of)))
        code = 2;
    for (int i = 0; !code && i < cli->argc && t->sets.n < 64; i++)
        t->sets.p[t->sets.n++] = cli->argv[i]; /* `--set A=1 B=2` reads well too */
    if (!code && !t->sets.n)
        code = cli_usage(cli, "--set KEY=VALUE is wanted");
    if (!code)
        code = run(t);
    free(t);
    return code;
}
