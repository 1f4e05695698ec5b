/* SPDX-License-Identifier: Apache-2.0
 *
 * behind - opens what stands behind the sign-in as the settings' section [portal] says. */
#ifndef CMD_BEHIND_H
#define CMD_BEHIND_H

#include "cmd/command.h"
#include "face/http.h"
#include "portal/portal.h"

struct behind {
    struct portal *portal; /* NULL: there is none */
    struct ask_http *border, *parcel, *customs, *gsma;
    struct paper_files *papers;
    struct outbox_spool *outbox;
    struct hours hours;
};

/* Opens it when [portal] says `open = yes`, in a demonstration also when it says nothing; else *out is
 * empty. door: how it is served (public_url, demo); readers: requests at once. Errors of the settings (with
 * the setting's name), of the register. */
MUST_USE enum err behind_open(const struct cli *cli, const struct http_options *door,
                              unsigned readers, struct behind *out, struct fault *fault);
/* Nobody who ends waits for a source that is slow: what is being asked breaks off. */
void behind_stop_asking(struct behind *behind);
void behind_close(struct behind *behind);

#endif
