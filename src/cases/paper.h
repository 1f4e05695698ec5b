/* SPDX-License-Identifier: Apache-2.0
 *
 * paper - files that an applicant attaches: their bytes stand in a directory (paper_file.h), what each is,
 * whose, and which application took it is a record, sealed.
 *
 * A paper is sent first and named in an application afterwards; until then it is loose, and is thrown away
 * after LIMIT_PAPERS_LOOSE_S. One that was taken stays as long as its application. Equal bytes are one file:
 * it goes when the last record that needs it goes. */
#ifndef CASES_PAPER_H
#define CASES_PAPER_H

#include "cases/filing.h"
#include "cases/paper_file.h"

struct paper {
    struct case_paper is;
    uint8_t sha[SHA256_BYTES]; /* of its bytes */
    uint64_t owner;            /* party on whose behalf it was sent */
    uint64_t application;      /* that took it; 0 = none */
    uint64_t claim;            /* the request that took it (demand.h); 0 = none */
    uint32_t width, height;    /* pixels; 0 of a PDF */
};

/* Where papers stand; borrowed by all below. */
struct paper_place {
    struct paper_files *files; /* NULL: none are taken here */
    uint64_t most_bytes;       /* of all together; 0 = LIMIT_PAPERS_BYTES */
};

struct paper_sent {
    struct str bytes;
    struct str name; /* as its sender calls it, for people; made harmless here */
};

/* Stores it. Sent again while it is loose it is the same (*out_again). As paper_looks; ERR_PAPERS_DAY,
 * ERR_PAPERS_FULL, ERR_STORE_FULL, ERR_UNAVAILABLE: no place. */
MUST_USE enum err paper_add(const struct office *office, const struct paper_place *place,
                            const struct session *who, const struct paper_sent *sent,
                            struct paper *out, bool *out_again, struct fault *fault);
MUST_USE enum err paper_get(struct registry *registry, const struct paper_id *id, struct paper *out,
                            struct fault *fault);
/* One that this session may see: its owner's own, an officer's when it was taken, a seller's when the request to him took
 * it. ERR_NOT_FOUND. */
MUST_USE enum err paper_for(struct registry *registry, const struct session *who,
                            const struct paper_id *id, struct paper *out, struct fault *fault);
/* Appends its bytes. ERR_FILE_OPEN, ERR_FILE_READ, ERR_CODEC, ERR_STORE_KEY. */
MUST_USE enum err paper_read(struct registry *registry, const struct paper_place *place,
                             const struct paper *paper, struct buf *out, struct fault *fault);

/* Did something take it? Else it is loose. */
static inline bool paper_taken(const struct paper *paper)
{
    return paper->application || paper->claim;
}

/* 32 hexadecimal digits. */
void paper_id_format(const struct paper_id *id, char out[PAPER_ID_TEXT]);
bool paper_id_parse(struct str text, struct paper_id *out);

/* Adds loose papers of the applicant to an application that is about to be stored. ERR_PAPER: one is not
 * his, not loose, or named twice; ERR_TOO_MANY: more than LIMIT_PAPERS. */
MUST_USE enum err papers_gather(struct registry *registry, const struct paper_id *ids, size_t n,
                                struct application *a, struct fault *fault);
/* Inside a write: are those that `after` has and `before` (may be NULL) has not still loose? ERR_PAPER. */
MUST_USE enum err papers_stand(struct registry *registry, const struct application *before,
                               const struct application *after, struct fault *fault);
/* Inside a write: they belong to `after` from now on. */
MUST_USE enum err papers_take(struct registry *registry, const struct application *before,
                              const struct application *after, struct fault *fault);

/* The same for a request: `out`, LIMIT_PAPERS, is filled with what is loose and the owner's own; asked once more inside the
 * write, and taken there. */
MUST_USE enum err papers_claim_gather(struct registry *registry, const struct paper_id *ids,
                                      size_t n, uint64_t owner, struct case_paper *out,
                                      size_t *out_n, struct fault *fault);
MUST_USE enum err papers_claim_stand(struct registry *registry, const struct case_paper *papers,
                                     size_t n, uint64_t owner, struct fault *fault);
MUST_USE enum err papers_claim_take(struct registry *registry, const struct case_paper *papers,
                                    size_t n, uint64_t claim, struct fault *fault);

/* Throws away what is loose for too long. *out_n: how many. */
MUST_USE enum err papers_sweep(const struct office *office, const struct paper_place *place,
                               size_t *out_n, struct fault *fault);
/* Looks at the files of one directory of 256: those without a record go, those under an old key are sealed anew.
 * False: somebody writes just now. *out_n: files that went. */
bool papers_sweep_files(const struct office *office, const struct paper_place *place,
                        uint8_t directory, size_t *out_n);

#endif
