/* SPDX-License-Identifier: Apache-2.0
 *
 * lists: the files that an operator's network refuses by: full after the day's sweep, or what moved since a cursor. */
#include <inttypes.h>
#include <unistd.h>

#include <jansson.h>

#include "app/lists_out.h"
#include "app/lists_spared.h"
#include "cmd/cmd_lists.h"
#include "cmd/command.h"
#include "seen/paired.h"

enum { KINDS_MOST = 4, NAME_ROOM = 64 };

struct wish {
    const char *operator_name, *since, *out;
    struct feed_cursor cursor;
    enum lists_layout layout;
    enum lists_pack pack;
    uint8_t kinds[KINDS_MOST];
    const struct plmn_list *plmn; /* of exceptions */
    size_t kind_count;
};

/* "black.csv", "black-delta.csv.zst"; DIRBS calls the black one blacklist. */
static void file_name(const struct wish *w, uint8_t kind, char out[NAME_ROOM])
{
    static const char *const endings[LISTS_PACKS] = {"", ".gz", ".zst"};
    const bool dirbs = w->layout == LISTS_DIRBS && kind == LIST_BLACK;
    snprintf(out, NAME_ROOM, "%s%s.%s%s", dirbs ? "blacklist" : lists_kind_name(kind),
             w->since ? (dirbs ? "_delta" : "-delta") : "", w->layout == LISTS_GSMA ? "txt" : "csv",
             endings[w->pack]);
}

/* Head and last line of a text that has no room for them. */
static enum err put_side(struct lists_out *out, const char *name, const struct lists_made *made,
                         struct fault *fault)
{
    char side[NAME_ROOM + 8], text[LISTS_HEAD + LISTS_END];
    snprintf(side, sizeof side, "%s.head", name);
    snprintf(text, sizeof text, "%s%s", made->head, made->end);
    return lists_out_put(out, side, str_z(text), fault);
}

static void tell(const struct cli *cli, const struct wish *w, const char *name, const char *kind,
                 const struct lists_made *made)
{
    if (cli->json) {
        json_t *line = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "operator", w->operator_name,
            "kind", kind, "form", w->since ? "delta" : "full", "layout",
            lists_layout_name(w->layout), "file", name, "rows", (json_int_t)made->rows, "bytes",
            (json_int_t)made->bytes.text_bytes, "file_bytes", (json_int_t)made->bytes.file_bytes,
            "sha256", made->sha256, "cursor", made->cursor);
        if (str_eq(str_z(kind), str_z(lists_kind_name(LISTS_EXCEPTIONS))))
            json_object_set_new(line, "unnamed", json_integer((json_int_t)made->unnamed));
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else
        printf("%s: %" PRIu64 " rows, %" PRIu64 " bytes; next time: --since %s\n", name, made->rows,
               made->bytes.text_bytes, made->cursor);
    if (made->unnamed)
        fprintf(stderr,
                "tamga: %" PRIu64
                " pairs are left out: nobody can name these subscribers, of whatever "
                "operator, and a network that goes by this list refuses them\n",
                made->unnamed);
}

/* ---- one list ---- */

struct making {
    const struct cli *cli;
    struct registry *reg;
    const struct wish *wish;
    struct lists_out *out;
    uint8_t kind; /* of the list that is made now */
    struct {
        uint8_t kind;
        char name[NAME_ROOM];
        struct lists_made made;
    } files[KINDS_MOST]; /* made, and told when they stand in their place */
    size_t file_count;
};

static enum err make_exceptions(const struct making *m, struct lists *lists, int fd,
                                struct lists_made *made, struct fault *fault)
{
    const struct wish *w = m->wish;
    struct lists_exceptions e;
    const struct lists_sheet sheet = {.registry = m->reg,
                                      .operator_name = w->operator_name,
                                      .kind = lists_kind_name(m->kind),
                                      .layout = w->layout,
                                      .pack = w->pack,
                                      .since = w->since ? &w->cursor : NULL};
    const struct lists_asker who = {w->operator_name, m->reg->actor};
    enum err err = w->since ? lists_exceptions_since(lists, m->reg, &w->cursor, &e, fault)
                            : lists_exceptions_full(lists, m->reg, &e, fault);
    if (err)
        return err;
    err = paired_names(m->reg, &who, e.rows, e.count, fault);
    if (!err)
        err = lists_exceptions_own(&e, w->plmn, fault);
    if (!err)
        err = lists_text_exceptions(&sheet, &e, fd, made, fault);
    lists_exceptions_release(&e);
    return err;
}

static enum err make_text(const struct making *m, struct lists *lists, int fd,
                          struct lists_made *made, struct fault *fault)
{
    const struct wish *w = m->wish;
    struct lists_sheet sheet = {.registry = m->reg,
                                .operator_name = w->operator_name,
                                .kind = lists_kind_name(m->kind),
                                .layout = w->layout,
                                .pack = w->pack};
    if (m->kind == LISTS_EXCEPTIONS)
        return make_exceptions(m, lists, fd, made, fault);
    if (w->since) {
        struct lists_delta delta;
        const struct lists_ask ask = {w->operator_name, &w->cursor};
        enum err err = lists_since_for(lists, m->reg, &ask, &delta, fault);
        if (!err) {
            err = lists_text_delta(&sheet, &delta, fd, made, fault);
            lists_delta_release(&delta);
        }
        return err;
    }
    struct lists_view *view;
    enum err err = lists_full_for(lists, m->reg, w->operator_name, &view, fault);
    if (!err) {
        sheet.place = lists_place(lists);
        err = lists_text_full(&sheet, view, fd, made, fault);
        lists_view_free(view);
    }
    return err;
}

static enum err make_file(struct making *m, struct lists *lists, struct fault *fault)
{
    char *name = m->files[m->file_count].name;
    struct lists_made *made = &m->files[m->file_count].made;
    int fd;
    m->files[m->file_count].kind = m->kind;
    file_name(m->wish, m->kind, name);
    enum err err = lists_out_file(m->out, name, &fd, fault);
    if (err)
        return err;
    err = make_text(m, lists, fd, made, fault);
    if (close(fd) && !err)
        err = fault_set(fault, ERR_FILE_WRITE, "%s", name);
    if (!err && m->wish->layout != LISTS_TAMGA)
        err = put_side(m->out, name, made, fault);
    m->file_count += !err;
    return err;
}

static enum err make_one(struct making *m, struct fault *fault)
{
    char directory[CLI_DIRECTORY];
    struct lists *lists = NULL;
    cli_lists_directory(m->cli, directory);
    if (!*directory)
        return fault_set(fault, ERR_UNAVAILABLE,
                         "this register has no directory for lists: name one in the settings, "
                         "[serve] lists");
    enum err err = lists_open(directory, m->kind, &lists, fault);
    if (!err)
        err = lists_follow(lists, m->reg, fault);
    if (!err)
        err = make_file(m, lists, fault);
    lists_close(lists);
    return err;
}

static enum err make_all(struct making *m, const char *path, struct fault *fault)
{
    enum err err = lists_out_begin(path, &m->out, fault);
    for (size_t i = 0; !err && i < m->wish->kind_count; i++) {
        m->kind = m->wish->kinds[i];
        err = make_one(m, fault);
    }
    if (!err)
        err = lists_out_end(m->out, fault);
    lists_out_free(m->out);
    for (size_t i = 0; !err && i < m->file_count; i++)
        tell(m->cli, m->wish, m->files[i].name, lists_kind_name(m->files[i].kind),
             &m->files[i].made);
    return err;
}

/* ---- what is wanted ---- */

static bool read_kinds(const struct cli *cli, const char *text, struct wish *w)
{
    struct str rest = str_z(text);
    while (rest.p) {
        const struct str one = str_split(rest, ',', &rest);
        const uint8_t kind = lists_kind_find(one);
        if (kind == LISTS_NONE || w->kind_count == KINDS_MOST) {
            cli_usage(cli, "--list wants black, white or exceptions, or notify alone");
            return false;
        }
        w->kinds[w->kind_count++] = kind;
    }
    return true;
}

static bool read_wish(const struct cli *cli, const char *layout, const char *pack, struct wish *w)
{
    const struct str name = str_z(w->operator_name);
    if (!name.n || name.n > LIMIT_NAME || !str_printable(name)) {
        cli_usage(cli, "--operator wants a name of 1 to 64 bytes, without line ends, controls or "
                       "blanks at its ends");
        return false;
    }
    if (w->since && !feed_cursor_parse(str_z(w->since), &w->cursor)) {
        cli_usage(cli, "--since wants a cursor as an earlier list gave it: NUMBER-HASH");
        return false;
    }
    if (w->since && w->kind_count > 1) {
        cli_usage(cli, "--since goes with one list: each has a cursor of its own");
        return false;
    }
    if (!lists_layout_find(str_z(layout), &w->layout)) {
        cli_usage(cli, "--layout wants tamga, dirbs or gsma");
        return false;
    }
    if (!lists_pack_find(str_z(pack), &w->pack)) {
        cli_usage(cli, "--pack wants plain, gz or zstd");
        return false;
    }
    return true;
}

/* Notices have a road of their own: they are the operator's once they stand, which is written down. */
static int make_notify(struct cli *cli, const struct wish *w)
{
    static const char *const endings[LISTS_PACKS] = {"", ".gz", ".zst"};
    char name[NAME_ROOM];
    snprintf(name, sizeof name, "notify%s.csv%s", w->since ? "-delta" : "", endings[w->pack]);
    const struct lists_notify notify = {.operator_name = w->operator_name,
                                        .out = w->out,
                                        .file = name,
                                        .pack = w->pack,
                                        .since = w->since ? &w->cursor : NULL};
    int code;
    struct fault fault = {0};
    struct lists_made made;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    enum err err = lists_notify_make(reg, &notify, &made, &fault);
    registry_close(reg);
    if (err)
        return cli_fail(cli, err, &fault);
    tell(cli, w, name, "notify", &made);
    return 0;
}

int cmd_lists(struct cli *cli)
{
    const char *kinds = "black", *layout = "tamga", *pack = "plain";
    struct wish wish = {0};
    const struct option_spec specs[] = {{.name = "--operator", .value = &wish.operator_name},
                                        {.name = "--since", .value = &wish.since},
                                        {.name = "--out", .value = &wish.out},
                                        {.name = "--list", .value = &kinds},
                                        {.name = "--layout", .value = &layout},
                                        {.name = "--pack", .value = &pack}};
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (cli->argc || !wish.operator_name || !wish.out)
        return cli_usage(cli, "--operator NAME and --out DIR are wanted");
    const bool notify = str_eq(str_z(kinds), STR("notify"));
    if ((!notify && !read_kinds(cli, kinds, &wish)) || !read_wish(cli, layout, pack, &wish))
        return 2;
    if (notify && wish.layout != LISTS_TAMGA)
        return cli_usage(cli, "notify has the layout tamga alone");
    if (notify)
        return make_notify(cli, &wish);
    bool excepts = false;
    for (size_t i = 0; i < wish.kind_count; i++)
        excepts |= wish.kinds[i] == LISTS_EXCEPTIONS;
    wish.plmn = operators_plmn(&cli->settings->operators, str_z(wish.operator_name));
    if (excepts && !wish.plmn)
        return cli_usage(cli, "the settings name no subscribers of this operator: [operator NAME], "
                              "plmn = IMSI prefixes");
    if (excepts && wish.layout == LISTS_GSMA)
        return cli_usage(cli, "the layout gsma has no list of exceptions");
    int code;
    struct fault fault = {0};
    struct registry *reg = cli_open(cli, excepts, true, &code); /* who saw them is written down */
    if (!reg)
        return code;
    struct making making = {.cli = cli, .reg = reg, .wish = &wish};
    enum err err = make_all(&making, wish.out, &fault);
    registry_close(reg);
    return err ? cli_fail(cli, err, &fault) : 0;
}
