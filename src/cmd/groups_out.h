/* SPDX-License-Identifier: Apache-2.0
 *
 * groups_out - groups of IMEIs (seen/groups.h) as a command tells them: as text, and as JSON that can be saved and compared.
 * What comes of subscribers is told from GROUPS_LEAST IMEIs on; what is smaller is told as small. Models come of the register's own
 * facts and stand as they are. */
#ifndef CMD_GROUPS_OUT_H
#define CMD_GROUPS_OUT_H

#include "cmd/command.h"
#include "seen/groups_json.h"

void groups_print(const struct groups *groups, const struct groups_words *words);

/* Counts, with progress on a terminal, and reads the regions' table first. regions: a path, or empty. Each look at
 * numbers leaves an event in the audit log before it begins, so the register is open for writing then. */
MUST_USE enum err groups_of_cli(struct cli *cli, struct registry *registry,
                                const struct groups_of *of, const char *regions, struct groups *out,
                                struct fault *fault);

#endif
