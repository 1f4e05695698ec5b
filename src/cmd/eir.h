/* SPDX-License-Identifier: Apache-2.0
 *
 * eir - a running EIR node: what follows the register, what answers, what writes down, put together. */
#ifndef CMD_EIR_H
#define CMD_EIR_H

#include "base/clock.h"
#include "node/settings.h"

struct eir;

/* Key and certificates are read; nothing is listened on, nobody is asked. ERR_STORE_KEY, ERR_FILE_OPEN,
 * ERR_TLS, ERR_SETTING_VALUE, ERR_MEMORY. Borrows settings and clock. */
MUST_USE enum err eir_new(const struct node_settings *settings, const struct clock *clock,
                          struct eir **out, struct fault *fault);
/* Opens all else that the settings name, as far as that changes nothing: authorities, snapshot, directory, check log.
 * ERR_FILE_OPEN, ERR_TLS, ERR_SNAPSHOT, ...; fault says which setting. */
MUST_USE enum err eir_check(const struct eir *eir, struct fault *fault);
/* Opens the copy of the register, waiting for the first one; then listens and answers, in threads of its
 * own. stop_asked is looked at while it waits: ERR_STOPPED. ERR_SNAPSHOT, ERR_FILE_OPEN, ERR_UNAVAILABLE
 * (an address that is taken), ... */
MUST_USE enum err eir_start(struct eir *eir, bool (*stop_asked)(void), struct fault *fault);
/* New settings: who may ask, what the unknown hear, which TACs are held, white in the check log, certificates; the check log is
 * opened anew in any case. A certificate that cannot be used is alarmed, and nothing else changes. What
 * else differs waits for a start. Borrowed until eir_free. */
void eir_reload(struct eir *eir, const struct node_settings *settings);
/* Answers what is in flight, writes down what is to be written. NULL: nothing. */
void eir_free(struct eir *eir);

#endif
