/* SPDX-License-Identifier: Apache-2.0
 *
 * settings_value - one value of a setting: its text is read as the kind wants it and put where the table of
 * settings.c says. Of settings.c alone. */
#ifndef NODE_SETTINGS_VALUE_H
#define NODE_SETTINGS_VALUE_H

#include "node/settings.h"

enum setting_kind {
    SETTING_TEXT, /* of size bytes */
    SETTING_COUNT,
    SETTING_BYTES,
    SETTING_YES_NO,
    SETTING_WORD_EQUIPMENT,
    SETTING_WORD_MALFORMED,
    SETTING_WORD_STALE,
    SETTING_URL,
    SETTING_HOST, /* a Diameter identity: letters, digits, dots, dashes */
    SETTING_ROOT,
    SETTING_UUID, /* RFC 4122 3, kept in lower case */
    SETTING_NRF,  /* a URL, added */
    SETTING_PLMN, /* added */
    SETTING_TACS, /* ranges, added */
    SETTING_LISTEN,
    SETTING_LISTEN_TLS,
    SETTING_LISTEN_SCTP,
    SETTING_PEERS,
    SETTING_CONNECT,
    SETTING_CONNECT_TLS,
    SETTING_CONNECT_SCTP,
    SETTING_METRICS,
};

struct setting {
    const char *section, *name;
    enum setting_kind kind;
    size_t at, size; /* of the field, in struct node_settings */
    uint64_t least, most;
};

/* What may stand several times is added. ERR_SETTING_VALUE, ERR_TOO_MANY; fault says what is wanted. */
MUST_USE enum err setting_take(struct node_settings *s, const struct setting *k, struct str value,
                               struct fault *fault);

#endif
