/* SPDX-License-Identifier: Apache-2.0
 *
 * lists --list notify: notices for an operator as a file. What stands in its place is handed over. */
#include <unistd.h>

#include "app/lists_out.h"
#include "cmd/cmd_lists.h"
#include "cmd/notices_words.h"

static enum err make(struct registry *reg, const struct lists_notify *n,
                     const struct notices_sheet *sheet, struct lists_made *made,
                     struct notices_chosen *chosen, struct fault *fault)
{
    struct lists_out *out = NULL;
    int fd;
    enum err err = lists_out_begin(n->out, &out, fault);
    if (!err)
        err = lists_out_file(out, n->file, &fd, fault);
    if (!err) {
        err = notices_list_write(reg, &notices_words, sheet, fd, made, chosen, fault);
        if (close(fd) && !err)
            err = fault_set(fault, ERR_FILE_WRITE, "%s", n->file);
    }
    /* Who looks at numbers of subscribers is written down before he can. */
    if (!err)
        err = notices_words.note(reg, sheet->party, chosen->n, fault);
    if (!err)
        err = lists_out_end(out, fault);
    lists_out_free(out);
    return err;
}

/* A list for an operator of another road is for looking: his notices go on waiting for that road. */
static enum err road_of(struct registry *reg, uint64_t party, uint8_t *out, struct fault *fault)
{
    struct notices_channels *all = calloc(1, sizeof *all);
    enum err err = all ? notices_channels_get(reg, all, fault) : ERR_MEMORY;
    const struct notices_channel *c = err ? NULL : notices_channel_of(all, party);
    if (!err && !c)
        err =
            fault_set(fault, ERR_NOT_FOUND, "this operator has no channel: tamga notices channel");
    if (c)
        *out = c->road;
    free(all);
    return err;
}

enum err lists_notify_make(struct registry *reg, const struct lists_notify *n,
                           struct lists_made *out, struct fault *fault)
{
    const struct notices_sheet sheet = {
        .operator_name = n->operator_name,
        .party = registry_party_id(reg, PARTY_OPERATOR, str_z(n->operator_name)),
        .pack = n->pack,
        .since = n->since};
    struct notices_chosen chosen = {0};
    uint8_t road = NOTICES_NO_ROAD;
    enum err err = road_of(reg, sheet.party, &road, fault);
    if (!err)
        err = make(reg, n, &sheet, out, &chosen, fault);
    if (!err && road == NOTICES_FILE)
        err = notices_handed(reg, sheet.party, &chosen, fault);
    notices_chosen_release(&chosen);
    return err;
}
