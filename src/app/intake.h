/* SPDX-License-Identifier: Apache-2.0
 *
 * intake - where an operator's whole rows come in by the API: places for uploads, which stand on disk shut (shut_file.h), one
 * load at a time, and for a while the lists of bad rows. It knows nothing of rows: who does (seen/feed_intake.h) is given
 * to it, so that a face need not know him.
 *
 *     err = intake_begin(intake, operator, &upload, fault);    has it a place?
 *     intake_add(upload, bytes, n, fault);                     as it comes; broken off: nothing has happened
 *     err = intake_load(upload, &result, fault);               waits for its turn, then for the load
 *     intake_drop(upload);
 *
 * An upload of which the process dies is gone as if it had not begun; one that was being loaded is finished by the same
 * upload once more. Expected workload: some operators, each a file of some gigabytes a day. */
#ifndef APP_INTAKE_H
#define APP_INTAKE_H

#include <stdatomic.h>
#include <stdio.h>

#include "app/shut_file.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

struct intake_asker;

enum { INTAKE_FINDINGS = 20, INTAKE_ID = 17 /* 16 hexadecimal digits and a NUL */ };

/* What became of the rows: as struct feed_result has it. */
struct intake_result {
    char id[INTAKE_ID]; /* under which its bad rows are asked for */
    uint64_t rows, home, roaming, unknown;
    uint64_t future, past, malformed, bad; /* bad: in the list */
    uint64_t imeis, first, earlier, pairs, days;
    uint64_t unnoticed, whitened;
    uint64_t proposal; /* that waits for a person; 0: none */
    bool known;
    char ignored[160];
    struct intake_finding {
        char kind[24], raw[33];
        uint64_t count;
    } findings[INTAKE_FINDINGS]; /* the most frequent */
    size_t finding_count, findings_all;
};

struct intake_job {
    const char *operator_name;
    uint32_t key; /* number of the API key */
    struct shut_file *rows;
    FILE *bad; /* for the list of bad rows */
    const atomic_int *stop;
};

struct intake_options {
    const char *directory; /* copied; uploads stand there, without a name */
    enum err (*load)(void *ctx, const struct intake_job *job, struct intake_result *out,
                     struct fault *fault);
    /* A list is about to be read: written down before its first byte goes. NULL: nobody does. */
    enum err (*looked)(void *ctx, const struct intake_asker *asker, uint64_t bytes,
                       struct fault *fault);
    void *ctx;
};

struct intake;
struct intake_upload;

MUST_USE enum err intake_new(const struct intake_options *options, struct intake **out);
/* What is being loaded ends within a second, nothing new begins. */
void intake_stop(struct intake *intake); /* NULL is allowed */
void intake_free(struct intake *intake); /* after all uploads; NULL is allowed */

/* ERR_CROWDED: LIMIT_INTAKE_UPLOADS are there, or LIMIT_INTAKE_OF_ONE of this operator; ERR_STOPPED. */
MUST_USE enum err intake_begin(struct intake *intake, struct str operator_name,
                               struct intake_upload **out, struct fault *fault);
/* Errors of shut_file_add. */
MUST_USE enum err intake_add(struct intake_upload *upload, const void *p, size_t n,
                             struct fault *fault);
void intake_drop(struct intake_upload *upload); /* NULL is allowed */
/* Once. Errors of the load, with *out as far as it came; out->id is set. key: number of the API key. */
MUST_USE enum err intake_load(struct intake_upload *upload, uint32_t key, struct intake_result *out,
                              struct fault *fault);

/* ---- lists of bad rows: who reads one holds it, also when another takes its place ---- */

struct intake_look;
/* Who wants to read it. */
struct intake_asker {
    struct str operator_name;
    uint32_t key;  /* number of the API key */
    struct str id; /* of the load; empty: of his last one */
};
/* ERR_NOT_FOUND: none such, or not any more; ERR_CROWDED: LIMIT_INTAKE_LOOKS are being read, or LIMIT_INTAKE_LOOKS_OF_ONE of
 * this operator; errors of options->looked. */
MUST_USE enum err intake_look(struct intake *intake, const struct intake_asker *asker,
                              struct intake_look **out, struct fault *fault);
uint64_t intake_look_bytes(const struct intake_look *look);
/* Any place, one thread at a time; fewer bytes at the end alone. ERR_FILE_READ. */
MUST_USE enum err intake_look_read(struct intake_look *look, uint64_t at, void *to, size_t n,
                                   size_t *out_n);
void intake_look_end(struct intake_look *look); /* NULL is allowed; before intake_free */

#endif
