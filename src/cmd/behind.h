/* SPDX-License-Identifier: Apache-2.0
 *
 * behind - opens what stands behind the sign-in as the settings' section [portal] says. */
#ifndef CMD_BEHIND_H
#define CMD_BEHIND_H

#include "cmd/command.h"
#include "portal/portal.h"

struct behind {
    struct portal *portal; /* NULL: there is none */
    struct ask_http *border, *parcel;
    struct paper_files *papers;
    struct outbox_spool *outbox;
    struct hours hours;
};

/* Opens it when [portal] says `open = yes`; else *out is empty. secure: people come by https. Errors of the
 * settings (with the setting's name), of the register. */
MUST_USE enum err behind_open(const struct cli *cli, unsigned threads, bool secure,
                              struct behind *out, struct fault *fault);
void behind_close(struct behind *behind);

#endif
