/* SPDX-License-Identifier: Apache-2.0
 *
 * claim - what a request to a seller (demand.h) and a complaint about one (complaint.h) share: the phone, who sold it
 * and when; numbers of one count, so that each says which it is; the lists in which they stand.
 *
 * Nothing here holds a phone: only an application does. */
#ifndef CASES_CLAIM_H
#define CASES_CLAIM_H

#include "cases/filing.h"
#include "core/iin.h"

/* A seller by his number, or by the words of who bought there. */
struct seller {
    char bin[IIN_TEXT]; /* BIN, a sole trader's IIN; empty: not known */
    uint64_t party;     /* of that number; 0 = not known */
    char name[LIMIT_SELLER_NAME + 1];
    char address[LIMIT_SELLER_ADDRESS + 1];
};

struct purchase {
    struct imei imeis[LIMIT_DEVICE_IMEIS]; /* of one device */
    uint8_t imei_count;
    struct seller seller;
    daynum bought; /* DAYNUM_NONE: not said */
    char place[LIMIT_SELLER_ADDRESS + 1];
    char document[LIMIT_DOCUMENT + 1]; /* number of the receipt; may be empty */
};

/* Is it of the right form, sold by somebody else than `who`? Fills in the seller's party. ERR_DEVICE_IMEIS,
 * ERR_DUPLICATE_IN_FILE, ERR_IIN_BIN (also his own), ERR_NAME (neither number nor name), ERR_DATE (a day to come),
 * ERR_UTF8; fault.field. */
MUST_USE enum err purchase_check(const struct office *office, const struct session *who,
                                 struct purchase *purchase, struct fault *fault);
/* What a purchase says, for the digest of an act. */
void purchase_write(struct buf *out, const struct purchase *purchase);
/* Do they name one IMEI in common? */
bool purchase_same_phone(const struct purchase *a, const struct purchase *b);
json_t *purchase_to_json(const struct purchase *purchase); /* names are stored */
void purchase_from_json(const json_t *json, struct purchase *out);

/* How its IMEIs stand. */
struct standing {
    bool verified;   /* all of them: the phone works and goes on working */
    bool unverified; /* one is grey, black for want of verification, or was never used */
    enum list list;  /* the worst of them */
    daynum last_day; /* the earliest deadline; DAYNUM_NONE */
};
MUST_USE enum err purchase_standing(struct registry *registry, const struct purchase *purchase,
                                    struct standing *out, struct fault *fault);

/* "R2026-0000000012" of a request, "C…" of a complaint. */
enum claim_kind { CLAIM_REQUEST = 'R', CLAIM_COMPLAINT = 'C' };
void claim_number(enum claim_kind kind, int64_t filed_s, uint64_t id,
                  char out[APPLICATION_NUMBER_TEXT]);
bool claim_number_parse(enum claim_kind kind, struct str text, uint64_t *out_id);

/* ---- lists: RECORD_CLAIM_LIST, one of these, what follows. Codes are stored. ---- */

enum claim_list {
    CLAIM_COMPLAINED = 'c',      /* party 8, complaint 8, turned: his own; empty */
    CLAIM_COMPLAINED_OPEN = 'e', /* party 8, complaint 8: those that are open; empty */
    CLAIM_ASKED_OPEN = 'm',      /* party 8, request 8: his own that are open; empty */
    CLAIM_UNKNOWN = 'n',         /* request 8: open, its seller known by words alone; empty */
    CLAIM_OPEN = 'o',            /* request 8: open; empty */
    CLAIM_DESK = 'q',            /* second 8, complaint 8: waits for an officer; empty */
    CLAIM_RECEIPT = 'r',         /* hash of a receipt 16: request or complaint 8 */
    CLAIM_ASKED = 's',           /* party 8, request 8, turned: his own; empty */
    CLAIM_TO_SELLER = 't',       /* party 8, request 8, turned: to him; empty */
    CLAIM_WAITS = 'w',           /* due second 8, request 8: waits for an answer; empty */
};
struct record_key claim_list(enum claim_list list);
/* The same with a number behind it, and with two. */
struct record_key claim_list_of(enum claim_list list, uint64_t number);
struct record_key claim_list_at(enum claim_list list, uint64_t number, uint64_t id);
/* Those of a party, newest first, of a list whose ids are turned. after: 0 from the newest. */
MUST_USE enum err claim_newest(struct registry *registry, enum claim_list list, uint64_t party,
                               uint64_t after, uint64_t *out_ids, size_t max, size_t *out_n,
                               struct fault *fault);
/* Inside a write: puts an empty record, or takes it away. */
MUST_USE enum err claim_stands(struct registry *registry, const struct record_key *key, bool stands,
                               struct fault *fault);
/* By the receipt, as people type it. */
struct record_key claim_receipt(struct registry *registry, struct str receipt);
MUST_USE enum err claim_by_receipt(struct registry *registry, struct str receipt, uint64_t *out_id,
                                   struct fault *fault);

#endif
