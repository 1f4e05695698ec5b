/* SPDX-License-Identifier: Apache-2.0
 *
 * record - what people and their applications leave behind in the register: keys in order, values as
 * JSON that is sealed under the register's key and bound to its record, so that neither the file of the
 * register nor a value that was moved elsewhere tells anything. ARCHITECTURE.md, "Records". */
#ifndef PEOPLE_RECORD_H
#define PEOPLE_RECORD_H

#include <jansson.h>

#include "app/keys.h"

/* The first byte of a key. Codes are stored: they never change. */
enum record_kind {
    RECORD_ACCOUNT = 'A',      /* account 8: staff who sign in by password */
    RECORD_CASE = 'C',         /* application 8 */
    RECORD_DRAFT = 'D',        /* applicant 8, number 8: an application that is not filed yet */
    RECORD_HOLD = 'H',         /* IMEI 6, kind 1, applicant 8: the application that held it */
    RECORD_IDEMPOTENCY = 'I',  /* party 8, hash of the key 16: what it made */
    RECORD_AUDIT = 'L',        /* number 8: a page of the audit log; not sealed, chained */
    RECORD_MESSAGE = 'M',      /* party 8, number 8, turned so that the newest is first */
    RECORD_NONCE = 'N',        /* time 8, random 16: a nonce that was used; empty */
    RECORD_PERSON = 'P',       /* party 8: who it is */
    RECORD_ATTORNEY = 'T',     /* organisation 8, person 8: a power of attorney */
    RECORD_SESSION = 'S',      /* hash of the token 32 */
    RECORD_COUNTER = '#',      /* name: the last number given */
    RECORD_BULK_DEVICES = 'B', /* upload 8, part 4: devices of a file, in its order; sealed */
    RECORD_UPLOAD = 'U',       /* upload 8: a file that comes in, and what was found in it */
    RECORD_BULK_ERRORS = 'X',  /* upload 8, part 4: bad rows of a file; sealed */
    RECORD_BULK_IMEIS = 'b',   /* upload 8, last IMEI 6: IMEIs of a file, in order; sealed */
    RECORD_BULK_OPEN = 'o',    /* application 8: open, with a file; upload 8 */
    RECORD_BY_UPLOADER = 'u',  /* party 8, upload 8: not filed yet; its bytes 8 */
    RECORD_BULK_WORK = 'y',    /* kind 1, upload or application 8: work that waits; empty */
    RECORD_AGAIN = 'a',        /* second 8, application 8: its checks run once more then; empty */
    RECORD_BY_APPLICANT = 'c', /* party 8, application 8, turned: newest first; empty */
    RECORD_BY_DOCUMENT = 'd',  /* way 1, hash of the number 16, application 8; empty */
    RECORD_BY_DRAFT_END = 'e', /* second 8, applicant 8, number 8: when a draft is over; empty */
    RECORD_PAPER_USE = 'f',    /* name of a file 32, paper 16: papers of these bytes; empty */
    RECORD_BY_IMEI = 'i',      /* IMEI 6, application 8: open applications; empty */
    RECORD_CORRECTION = 'j',   /* application 8, correction 8: those of an application; empty */
    RECORD_CORRECTED =
        'k', /* application 8, IMEI 6: the approved correction that names it last, 8 */
    RECORD_PAPER_LOOSE = 'l', /* second 8, paper 16: no application has taken it; empty */
    RECORD_UNREAD = 'm',      /* party 8, message 8, turned: not read yet; empty */
    RECORD_PAPER = 'p',       /* random 16: a paper */
    RECORD_BY_CLOCK = 'q',    /* due second 8, application 8: what waits for an officer; empty */
    RECORD_BY_RECEIPT = 'r',  /* hash of the receipt 16: application 8 */
    RECORD_BY_PARTY = 's',    /* party 8, hash of the token 32: its sessions; empty */
    RECORD_PAPER_OF = 'v',    /* party 8, second 8, paper 16: its bytes 8 */
    RECORD_BY_ATTORNEY = 't', /* person 8, organisation 8; empty */
    RECORD_WORK = 'w',        /* application 8: the register's own checks are due; empty */
    RECORD_APP_SIGNED =
        'z',             /* second 8, ticket 16: who signed in an app for a browser that waits */
    RECORD_OUTBOX = 'x', /* message 8: to be sent; party 8, second 8; of a code: its id 16 */
    RECORD_ACCREDITATION = 'E', /* party 8, hash of the certificate's number 16 */
    RECORD_CUSTOMS = 'K', /* hash of a declaration's number 16, goods item 4: what customs say */
    RECORD_CUSTOMS_DRAW = 'g',  /* the same, application 8: it draws from this; devices 8 */
    RECORD_CUSTOMS_SEEN = 'Z',  /* application 8: what its declarations said when they were asked */
    RECORD_CUSTOMS_WAITS = 'W', /* digest 32: rows of a file that wait for a second person */
    RECORD_BULK_LINES =
        'h', /* upload 8, part 4: declaration lines that a file names, then which each device does; sealed */
    RECORD_CODE = 'O',     /* random 16: a code that was sent to a phone */
    RECORD_CODE_END = 'n', /* second 8, code 16: when it is forgotten; empty */
    RECORD_MARK = 'R', /* marks by the body that set them (app/mark_list.h): numbers, not sealed */
    RECORD_SEAL_KEYS =
        KEYS_RECORD, /* 'Q': what the register knows of seal keys (app/keys.h, seal_keys.h); not sealed */
    RECORD_DEMAND = 'F',     /* request 8: a buyer asks a seller to verify */
    RECORD_COMPLAINT = 'G',  /* complaint 8: about a seller */
    RECORD_CLAIM_LIST = 'J', /* list 1 (cases/claim.h), ...: lists of these two; not sealed */
    RECORD_CODE_SENT = 'Y',  /* hash 16 of a number or of who asks: seconds 8 of the last codes */
    /* What networks saw (seen/parts.h); only subscribers are sealed. */
    RECORD_SEEN = '0',             /* its head; 'r', day 2, operator 8: a report */
    RECORD_SEEN_HASHES = '1',      /* first number 4: keyed hashes of IMSIs */
    RECORD_SEEN_SUBSCRIBERS = '2', /* first number 4: IMSIs and MSISDNs; sealed */
    RECORD_SEEN_PAIRS = '3',       /* 'p', first number 4: pairs; 'd', day 2, operator 8, part 2 */
    /* Findings (seen/radio.h); not sealed. */
    RECORD_FINDINGS = '8', /* 'r', operator 8, TAC / 10000 2: radio technologies that were seen */
    RECORD_EXPIRY_HOLD = 'V', /* seq 8 of its entry: expiry held (app/expiry_hold.h); not sealed */
    /* What operators applied (app/lists_receipt.h); not sealed. */
    RECORD_LIST_RECEIPT = '4',  /* operator 16, list 1: the newest */
    RECORD_LIST_RECEIPTS = '5', /* the same, time 8: each word of it */
    RECORD_NOTICES = '7',       /* what subscribers are told (app/notices.h): numbers, not sealed */
    /* Clones (clones/case.h, state.h): 'c', IMEI 6: a case, sealed; 'n', number 8: its IMEI; 'm', month 2, 'a', day 2: how
     * many; 's': what was looked at; 'q', state 1, day 2, IMEI 6: cases by state; empty. */
    RECORD_CLONE = '6',
    RECORD_PAIRED = '9', /* keyed hash of a subscriber 8 (answer_subscriber): his IMSI 8; sealed */
};

/* Are the values of a kind sealed? Those of the others are small, and tell of nobody without the key. */
bool record_is_sealed(enum record_kind kind);

struct record_key {
    size_t n;
    char bytes[RECORD_KEY_MAX];
};

struct record_key record_key(enum record_kind kind);
/* A key of the kind and one number of 8 bytes. */
struct record_key record_key_of(enum record_kind kind, uint64_t number);
void record_key_number(struct record_key *key, uint64_t v, unsigned bytes);
void record_key_bytes(struct record_key *key, const void *p, size_t n);
static inline struct str record_key_str(const struct record_key *key)
{
    return (struct str){key->bytes, key->n};
}
/* The first key behind all that begin with the prefix; empty: there is none. A scan that ends there reads no more. */
struct record_key record_key_past(const struct record_key *prefix);
/* The number of 8 bytes at the end of a key; 0 for a key that has none. */
uint64_t record_key_last(struct str key);

/* ---- inside a write ---- */

MUST_USE enum err record_put(struct registry *registry, const struct record_key *key,
                             struct str value, struct fault *fault);
MUST_USE enum err record_drop(struct registry *registry, const struct record_key *key,
                              struct fault *fault);
/* value: borrowed. */
MUST_USE enum err record_put_json(struct registry *registry, const struct record_key *key,
                                  const json_t *value, struct fault *fault);
/* The next number of a counter, from 1. */
MUST_USE enum err record_count(struct registry *registry, const char *name, uint64_t *out,
                               struct fault *fault);

/* ---- reading, anywhere ---- */

/* *out: json_decref. ERR_NOT_FOUND; ERR_CODEC: damaged, or from elsewhere. */
MUST_USE enum err record_get_json(struct registry *registry, const struct record_key *key,
                                  json_t **out, struct fault *fault);
/* The same of a record at hand. */
MUST_USE enum err record_open_json(struct registry *registry, const struct record *record,
                                   json_t **out, struct fault *fault);
/* Appends the plain text of a sealed value. Under a key that the ring lacks, the key file is read anew, once. Errors
 * of seal_open. */
MUST_USE enum err record_unseal(struct registry *registry, struct str key, struct str sealed,
                                struct buf *out, struct fault *fault);
/* Is there a record under the key? Its value, when out is not NULL, is appended. */
MUST_USE enum err record_find(struct registry *registry, const struct record_key *key,
                              struct buf *out, bool *out_found, struct fault *fault);
/* Numbers at the end of the keys that begin with `prefix`, after `after` (NULL: from the first), at
 * most max; *out_n how many. */
MUST_USE enum err record_numbers(struct registry *registry, const struct record_key *prefix,
                                 const struct record_key *after, uint64_t *out, size_t max,
                                 size_t *out_n, struct fault *fault);

/* Members of a JSON object that may be missing. Text: borrowed from the value. */
struct str json_text_of(const json_t *object, const char *name);
int64_t json_number_of(const json_t *object, const char *name);

#endif
