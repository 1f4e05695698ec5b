/* SPDX-License-Identifier: Apache-2.0 */
#include "node/peer_names.h"

#include <stdlib.h>
#include <string.h>

static unsigned place_for(const struct peer_names *names, const char *pattern)
{
    unsigned unused = LIMIT_NODE_PEERS, gone = LIMIT_NODE_PEERS;
    for (unsigned i = LIMIT_NODE_PEERS; i-- > 0;) {
        if (strcmp(names->text[i], pattern) == 0)
            return i;
        if (!*names->text[i])
            unused = i;
        else if (!names->live[i])
            gone = i;
    }
    return unused < LIMIT_NODE_PEERS ? unused : gone;
}

struct peer_names *peer_names_new(struct peer_names *before, const struct node_settings *s)
{
    struct peer_names *names = calloc(1, sizeof *names);
    if (!names)
        return NULL;
    if (before)
        memcpy(names->text, before->text, sizeof names->text);
    names->older = before;
    for (unsigned pass = 0; pass < 2;
         pass++) /* those that have a place, then those that want one */
        for (unsigned i = 0; i < s->peer_count; i++) {
            unsigned at = place_for(names, s->peers[i]);
            bool known = at < LIMIT_NODE_PEERS && strcmp(names->text[at], s->peers[i]) == 0;
            if (at == LIMIT_NODE_PEERS || known != (pass == 0))
                continue;
            str_copy(names->text[at], NODE_PEER, str_z(s->peers[i]));
            names->live[at] = true;
        }
    return names;
}

void peer_names_list(const struct peer_names *names, struct str out[LIMIT_NODE_PEERS])
{
    for (unsigned i = 0; i < LIMIT_NODE_PEERS; i++)
        out[i] = names->live[i] ? str_z(names->text[i]) : STR("");
}

void peer_names_free(struct peer_names *names)
{
    for (struct peer_names *older; names; names = older) {
        older = names->older;
        free(names);
    }
}
