/* SPDX-License-Identifier: Apache-2.0
 *
 * teller - the thread of `serve` that makes notices each half hour, on the clock, and pushes what waits. */
#ifndef CMD_TELLER_H
#define CMD_TELLER_H

#include "app/notices_desk.h"
#include "cmd/command.h"

struct teller;
/* desk: borrowed; it is told the figures. ERR_MEMORY. */
MUST_USE enum err teller_start(const struct cli *cli, struct notices_desk *desk,
                               struct teller **out);
/* What it does is broken off first. NULL is allowed. */
void teller_stop(struct teller *teller);

#endif
