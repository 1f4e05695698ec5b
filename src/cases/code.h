/* SPDX-License-Identifier: Apache-2.0
 *
 * code - a one-time code that is sent to a phone number, so that whoever holds the phone says yes to one thing:
 * an assistant files in his name, or a phone that he brought into the country is another's. What it is for is
 * part of the code and of the message; a code for one thing is none for another.
 *
 * The code stands nowhere: it is made of the record's random id under the register's key when it is sent and when
 * it is compared (in constant time), so neither the register's file nor a copy of it tells a code.
 * Records are sealed. Limits hold in the transaction, so no two servers send one too many. */
#ifndef CASES_CODE_H
#define CASES_CODE_H

#include "cases/filing.h"
#include "core/iin.h"
#include "core/msisdn.h"

/* Codes are stored. */
enum code_purpose {
    CODE_PRESENT = 1, /* an assistant files in the name of who is present */
    CODE_GIFT = 2,    /* the traveller consents that another files for what he brought */
};

enum {
    CODE_TEXT = 7, /* 6 digits, NUL */
    CODE_ID = 16,  /* random bytes */
    CODE_ID_TEXT = 33,
    CODE_LIFE_S = 10 * 60,
    CODE_TRIES = 5,
    CODE_NUMBER_HOUR = 5,     /* codes to one number within an hour */
    CODE_ASKER_HOUR = 5,      /* that one applicant asks for within an hour */
    CODE_ASSISTANT_HOUR = 20, /* that one assistant asks for within an hour */
    CODE_ASSISTANT_DAY = 60,  /* within 24 hours */
    CODE_KEEP_S = 24 * 3600,  /* how long its record stays, and what was agreed by it counts */
};

struct code {
    uint8_t id[CODE_ID];
    uint8_t purpose; /* enum code_purpose */
    char msisdn[MSISDN_TEXT];
    char iin[IIN_TEXT]; /* of who holds the phone */
    char name[LIMIT_CODE_NAME + 1];
    uint64_t person; /* his party */
    uint64_t asker;  /* who asked for it, and alone may use it */
    char language[LANGUAGE_TEXT];
    int64_t sent_s, until_s;
    unsigned tries;
    int64_t proven_s; /* it was typed rightly; 0 = not yet */
    uint64_t used_by; /* the application that a consent went into; 0 = none */
};

void code_id_format(const uint8_t id[CODE_ID], char out[CODE_ID_TEXT]);
bool code_id_parse(struct str text, uint8_t out[CODE_ID]);

/* What the message says: for the letter, and for the page of a demonstration alone. */
void code_secret(const struct registry *registry, const struct code *code, char out[CODE_TEXT]);
/* Stands for a number in the audit log: a keyed hash of 48 bits. */
uint64_t code_number_hash(const struct registry *registry, const char *msisdn);

/* Sends one: purpose, msisdn, iin, name, asker and language are given, the rest is filled in. idempotency: the same
 * key gives the code that it gave; empty: none. ERR_MSISDN, ERR_IIN_BIN, ERR_NAME, ERR_CODE_RATE, ERR_IDEMPOTENCY;
 * fault.field. */
MUST_USE enum err code_send(const struct office *office, struct code *code, struct str idempotency,
                            struct fault *fault);
/* People type "123 456": in place, without spaces. */
void code_close_up(char *typed);
/* Can it be typed still? */
bool code_waits(const struct code *code, int64_t now_s);
/* Whoever asked for it. ERR_NOT_FOUND. */
MUST_USE enum err code_find(struct registry *registry, const uint8_t id[CODE_ID], struct code *out,
                            struct fault *fault);
/* One that `asker` asked for. ERR_NOT_FOUND. */
MUST_USE enum err code_get(struct registry *registry, const uint8_t id[CODE_ID], uint64_t asker,
                           struct code *out, struct fault *fault);
/* What was typed: right, it is proven, and who holds the phone is known by his IIN from then on. Each wrong one counts.
 * ERR_NOT_FOUND (also of another asker, or for something else), ERR_CODE_WRONG, ERR_CODE_OVER. */
struct code_try {
    const uint8_t *id;
    uint8_t purpose;
    uint64_t asker;
    struct str typed;
};
MUST_USE enum err code_prove(const struct office *office, const struct code_try *what,
                             struct code *out, struct fault *fault);
/* May this consent be used by an application? Asked again inside the write. ERR_CONSENT. */
MUST_USE enum err code_usable(struct registry *registry, const uint8_t id[CODE_ID], uint64_t asker,
                              struct code *out, struct fault *fault);
/* Inside a write: it went into the application. */
MUST_USE enum err code_use(struct registry *registry, const uint8_t id[CODE_ID],
                           uint64_t application, struct fault *fault);
/* Drops what is over, some at a time. */
MUST_USE enum err code_forget(const struct office *office, struct fault *fault);

#endif
