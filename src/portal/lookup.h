/* SPDX-License-Identifier: Apache-2.0
 *
 * lookup - the operator's desk: a phone by its IMEI, or the phones of one of the operator's own subscribers by his number or
 * IMSI; of each what it may, why, since when and until when, and what the operator's subscribers were told. No owner, no
 * application, nobody's number, and of other operators' subscribers nothing.
 *
 * Own is whom the operator's network reported in the last LOOKUP_DAYS days, with an IMSI that is not another's by the
 * settings ([operator NAME] plmn). Whoever is not own is answered as who does not exist. Each look is noted in the audit log,
 * a number by its keyed hash, and each account has its pace. */
#ifndef PORTAL_LOOKUP_H
#define PORTAL_LOOKUP_H

#include "app/notices.h"
#include "portal/operator.h"

enum { LOOKUP_DAYS = 30, LOOKUP_PHONES = 16, LOOKUP_NOTICES = 32 };

enum lookup_by { LOOKUP_MSISDN, LOOKUP_IMSI, LOOKUP_IMEI, LOOKUP_WAYS };
const char *lookup_by_name(enum lookup_by by); /* "msisdn" */

struct lookup_ask {
    enum lookup_by by;
    struct imei imei;
    uint64_t number; /* MSISDN, IMSI: packed as imsi_parse does */
};
/* As people type it. ERR_IMEI_…, ERR_MSISDN, ERR_IMSI. */
MUST_USE enum err lookup_read(enum lookup_by by, struct str typed, struct lookup_ask *out,
                              struct fault *fault);

struct lookup_phone {
    struct operator_check check;
    daynum seen;    /* in the operator's network, with an own subscriber; DAYNUM_NONE */
    uint32_t users; /* own subscribers with it; of a look by IMEI */
    size_t notice_n;
    bool more_notices;
    struct notices_row notices[LOOKUP_NOTICES]; /* the newest, oldest first */
};
struct lookup {
    uint64_t party;
    uint64_t handed; /* notices up to this number were handed over, or left out for a newer one */
    daynum today;
    bool found; /* of a look by number: he is an own subscriber, with a phone */
    bool more;  /* phones */
    size_t n;
    struct lookup_phone phones[LOOKUP_PHONES]; /* seen last first */
};
/* name: the operator's. who: whose pace it takes, and who is noted. ERR_RATE, with Retry-After. */
MUST_USE enum err lookup_find(struct exchange *x, struct visit *v, struct str name,
                              const struct lookup_ask *ask, struct lookup *out);

/* "waiting", "sent", "delivered", … */
const char *lookup_status(const struct lookup *look, const struct notices_row *row);
/* The words of a notice as they went out. */
MUST_USE enum err lookup_words(struct visit *v, const struct lookup *look,
                               const struct notices_row *row, struct buf out[LANG_COUNT],
                               char out_id[NOTICES_ID_TEXT], struct fault *fault);
/* Doors of the wizard that help the phone's owner ("carried"): /apply/DOOR; ends with NULL. */
const char *const *lookup_doors(uint8_t reason);

#endif
