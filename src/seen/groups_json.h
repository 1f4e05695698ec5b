/* SPDX-License-Identifier: Apache-2.0
 *
 * groups_json - groups of IMEIs (groups.h) as JSON, for commands and the API alike. What comes of subscribers is told from
 * GROUPS_LEAST IMEIs on; what is smaller is told as small. */
#ifndef SEEN_GROUPS_JSON_H
#define SEEN_GROUPS_JSON_H

#include <jansson.h>

#include "seen/groups.h"

/* What the kinds are called, as keys of JSON; those behind the first NULL are not there. */
struct groups_words {
    const char *kind[GROUPS_KINDS];
};

/* Has it of no kind GROUPS_LEAST? */
bool group_is_small(const struct group *group);
/* {"told":false} or {"told":true,"list":[{"name":…,KIND:…}],"small":n,"none":{…}}: a count of 1 to 4 is null, "small" says how
 * many groups were left out for having nothing else. The caller's to json_decref; NULL: no memory. */
json_t *groups_json(const struct group_list *list, const struct groups_words *words);

#endif
