/* SPDX-License-Identifier: Apache-2.0
 *
 * apply - the wizard by which somebody files an application: a question a page, the answers kept in a draft
 * on the server (cases/draft.h). Where somebody stands is the address: /apply/DRAFT.STEP, with the device's
 * number where a question is of one: /apply/12.imei.2. Which question comes next is said by what is not
 * answered yet, so that changing an answer at the end leads back to the end. */
#ifndef PORTAL_APPLY_H
#define PORTAL_APPLY_H

#include "cases/draft.h"
#include "portal/screen.h"

/* Numbers of questions are bits of drafts, so they never change; screen_apply.c says in which order they are asked. */
enum apply_step {
    APPLY_IMEI,
    APPLY_OLD, /* of a repair: the IMEIs before it */
    APPLY_MODEL,
    APPLY_MORE,
    APPLY_ENTERED,
    APPLY_COUNTRY,
    APPLY_DOCUMENT,
    APPLY_PAPERS,    /* a form that brings files: screen_apply_papers.c */
    APPLY_TRAVELLER, /* of a gift: does he consent? screen_apply_gift.c */
    APPLY_CONSENT,   /* the code that went to him */
    APPLY_CHECK,
    APPLY_REMOVE, /* of a device; a button, no page */
    APPLY_DROP,   /* of the draft; a button, no page */
    APPLY_STEPS,
};

enum { APPLY_FIELDS = 4, APPLY_TYPED = 128 };

/* One input of a page: what stands in it, and why that cannot be taken. */
struct apply_field {
    char typed[APPLY_TYPED];
    bool wrong;
    enum text why;
};

/* One page at work. */
struct apply {
    struct exchange *x;
    struct visit *v;
    struct draft draft;
    enum apply_step step;
    size_t device; /* from 0; device_count: one that is being added */
    struct apply_field fields[APPLY_FIELDS];
};

/* ---- places ---- */

enum { APPLY_PATH = 64 };
void apply_path(const struct draft *draft, enum apply_step step, size_t device,
                char out[APPLY_PATH]);
/* The first question without an answer; APPLY_CHECK when all have one. */
enum apply_step apply_next(const struct visit *v, const struct draft *draft, size_t *out_device);

/* May this page be opened? A question of a device needs the device; the end needs all answers. */
bool apply_is_open(const struct apply *a);
/* Leads to the first question without an answer. */
void apply_go_on(struct apply *a);
/* Stores the draft: what was sent last, holds. */
MUST_USE enum err apply_save(struct apply *a);

/* ---- the questions (screen_apply_steps.c) ---- */

/* Puts what the draft says into the fields. */
void apply_fill(struct apply *a);
/* Takes the fields into the draft. False: something is wrong; the fields say what. */
bool apply_take(struct apply *a);
/* The page of a question. */
void apply_ask(struct apply *a);

/* What these are made of. Reads the fields of the page, trimmed. */
void apply_read(struct apply *a);
/* What is wrong with a field; the first that is said counts. */
void apply_wrong(struct apply *a, size_t field, enum text why);
void apply_wrong_err(struct apply *a, size_t field, enum err err);
bool apply_right(const struct apply *a);
void apply_field(struct apply *a, size_t field, enum text label, const enum text *hint,
                 const char *attributes);
/* "Yes" or "no", in the first field. */
struct apply_choice {
    enum text question, yes, no;
};
void apply_choose(struct apply *a, const struct apply_choice *choice);

/* ---- a gift: its traveller's consent (screen_apply_gift.c) ---- */

/* The page of APPLY_TRAVELLER or APPLY_CONSENT. */
void apply_gift(struct apply *a);
/* What was sent by it. */
void apply_gift_answer(struct apply *a);
/* Does the consent of the draft still count? False: it is answered, by the way to that question. */
bool apply_consent_stands(struct apply *a);

/* ---- papers (screen_apply_papers.c) ---- */

/* The page of that question. */
void apply_papers(struct apply *a);
/* Are all papers of the draft still there? False: it is answered, by the way to that question. */
bool apply_papers_stand(struct apply *a);

/* ---- the end (screen_apply_check.c) ---- */

/* "Check your answers". wrong: why it was not filed; ERR_OK: it was not tried. */
void apply_check(struct apply *a, enum err wrong);
/* Files it, and leads to what came of it. */
void apply_file(struct apply *a);

/* ---- shared ---- */

/* The page of an error of a use case. */
void apply_fail(struct exchange *x, struct visit *v, enum err err);

/* <h1> with what the application is about above it. */
void apply_heading(struct apply *a, enum text heading);
/* The name of a kind: cabinet.kind.… */
void apply_say_kind(struct exchange *x, uint8_t kind);
/* "Samsung Galaxy S24", or its first IMEI. */
void apply_say_device(struct exchange *x, const struct case_device *device);

/* <option>s of the countries where phones are mostly brought from; chosen: a code, or "". */
void apply_countries(struct exchange *x, const char *chosen);

/* GET /apply/ORIGIN. */
void apply_origin(struct exchange *x);
/* POST /apply/ORIGIN: begins a draft. */
void apply_begin(struct exchange *x);

#endif
