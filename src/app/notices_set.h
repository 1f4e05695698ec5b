/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_set - how a country tells, changed: settings and channels, each with its event of the audit log in one transaction.
 *
 * `percent` is a guard: who lowers it lets people lose service untold. Each change of it is an entry of the journal with a
 * reason; where two persons decide, the first asks for a lower one and another staff account says the same.
 *
 *   '7' 'g'   form 1 (1), percent 1, who asked for it 8, when 8 (UTC s); gone once it was set */
#ifndef APP_NOTICES_SET_H
#define APP_NOTICES_SET_H

#include "app/notices.h"
#include "app/operators.h"

/* What goes into the transaction besides: the audit log. subject: an operator, 0: the settings; entry: of the journal, 0:
 * none; outcome: ERR_HELD while another person is waited for. */
typedef enum err notices_also_fn(struct registry *registry, uint64_t subject, uint64_t entry,
                                 enum err outcome, struct fault *fault);

struct notices_change {
    struct notices_settings settings; /* as they shall stand */
    const char *reason;               /* of another percent; NULL: none is given */
    notices_also_fn *also;            /* NULL: nothing */
};
/* ERR_USAGE: another percent without a reason. ERR_HELD: asked for, another person says the same; nothing else was set.
 * ERR_SAME_PERSON; ERR_ACTOR. ERR_STORE_BUSY: somebody else set them meanwhile. */
MUST_USE enum err notices_settings_change(struct registry *registry,
                                          const struct notices_change *change, struct fault *fault);

struct notices_asked {
    uint8_t percent;
    uint64_t by; /* 0: nobody asks */
    int64_t at_s;
};
/* A lower percent that waits for a second person. ERR_CODEC. */
MUST_USE enum err notices_asked_get(struct registry *registry, struct notices_asked *out,
                                    struct fault *fault);

/* road NOTICES_NO_ROAD takes it away. Fills party. One transaction. ERR_USAGE: it names no address that may be pushed to
 * (notices_url), no prefixes, or prefixes that another channel names, too. */
MUST_USE enum err notices_channel_put(struct registry *registry, struct notices_channel *channel,
                                      notices_also_fn *also, struct fault *fault);
/* Whose subscribers are whose, as the settings ([operator NAME] plmn) and a channel say it, is to be the same. A channel
 * without prefixes takes those of the settings. operators NULL or without any: nothing is asked. ERR_USAGE: they differ, or
 * the settings give a prefix of this channel to another operator. */
MUST_USE enum err notices_channel_agree(const struct operators *operators,
                                        struct notices_channel *channel, struct fault *fault);

#endif
