/* SPDX-License-Identifier: Apache-2.0
 *
 * accreditation - which makers and service centres the country has accredited: for which kinds of application, under
 * which certificate, from which day through which, and whether it was revoked. The register keeps the table
 * itself: it comes as a file, or row by row through the API. A row is never dropped, so that what was decided
 * under it can be understood later.
 *
 * A register without a single row keeps no accreditations, and nothing is checked; the first row makes it check
 * every maker and every service centre. What is found is told to the officer, who decides.
 * Expected: some hundred rows, a few a party; moved some times a month. */
#ifndef CASES_ACCREDITATION_H
#define CASES_ACCREDITATION_H

#include "cases/filing.h"
#include "people/audit_log.h"

struct accreditation {
    uint64_t party;                  /* whose: of the BIN, filled in when it is written */
    char bin[IIN_TEXT];              /* or the IIN of a sole trader */
    uint32_t kinds;                  /* bits 1 << enum approval_kind, of accreditation_kinds() */
    char number[LIMIT_DOCUMENT + 1]; /* of the certificate, as it is written there */
    daynum from, until;              /* both inclusive */
    daynum revoked;                  /* the first day on which it does not count; DAYNUM_NONE */
};

/* Kinds for which whoever files must be accredited: bits 1 << enum approval_kind. */
uint32_t accreditation_kinds(void);
bool accreditation_needed(uint8_t kind);
/* "manufacture|repair", and back. False: another word, or none. */
enum { ACCREDITATION_KINDS_TEXT = 64 };
void accreditation_kinds_format(uint32_t kinds, char out[ACCREDITATION_KINDS_TEXT]);
bool accreditation_kinds_parse(struct str text, uint32_t *out);

/* Of one on one day. Codes are not stored. */
enum accreditation_state {
    ACCREDITATION_IN_FORCE,
    ACCREDITATION_TO_COME,
    ACCREDITATION_OVER,
    ACCREDITATION_REVOKED,
};
enum accreditation_state accreditation_state(const struct accreditation *a, daynum day);
const char *accreditation_state_name(enum accreditation_state state);

/* ---- keeping the table ---- */

/* Who moves it, for the audit log: a session, or the register's actor by command. */
struct accreditation_actor {
    uint64_t party;
    uint8_t role; /* enum role */
};

enum accreditation_done { ACCREDITATION_SAME, ACCREDITATION_NEW, ACCREDITATION_CORRECTED };

/* Is it of the right form? ERR_IIN_BIN, ERR_USAGE (kinds), ERR_TOO_LONG, ERR_NAME (number), ERR_DATE; fault.field. */
MUST_USE enum err accreditation_form(const struct accreditation *a, struct fault *fault);
/* Inside a write: puts it in place of the one under the same BIN and certificate. keeps_revoked: what revoked that, holds.
 * Fills in a->party, a->revoked. What moves is to be told in the same write. */
MUST_USE enum err accreditation_put(struct registry *registry, struct accreditation *a,
                                    bool keeps_revoked, enum accreditation_done *out,
                                    struct fault *fault);
/* What the audit log is told of one that moved. */
struct audit_event accreditation_event(const struct accreditation *a,
                                       const struct accreditation_actor *actor);
/* The same as one commit, and of the right form first. */
MUST_USE enum err accreditation_set(struct registry *registry, struct committer *committer,
                                    struct accreditation *a, bool keeps_revoked,
                                    const struct accreditation_actor *actor,
                                    enum accreditation_done *out, struct fault *fault);
/* From that day on it does not count: an earlier day than it had, or a later one, too. *out: as it is then.
 * committer NULL: by the registry alone, a writing one. ERR_NOT_FOUND; ERR_DATE. */
MUST_USE enum err accreditation_revoke(struct registry *registry, struct committer *committer,
                                       struct str bin, struct str number, daynum day,
                                       const struct accreditation_actor *actor,
                                       struct accreditation *out, struct fault *fault);

struct accreditation_loaded {
    uint64_t rows, fresh, corrected; /* rows that were known stay as they are */
};
/* Loads a file: CSV with bin, kinds, certificate_no, valid_from, valid_until, and revoked_on; without that column
 * what revoked a row holds. Wholly or not at all as to its rows; written in parts, so that one that was cut
 * off is loaded again. Errors of files, ERR_TOO_MANY, and of a row with line, column and rule. registry: a
 * writing one. */
MUST_USE enum err accreditation_load(struct registry *registry, const char *path,
                                     struct accreditation_loaded *out, struct fault *fault);

/* ---- looking ---- */

enum { ACCREDITATIONS_MAX = 64 }; /* of one party that are looked at */

/* Where a list goes on: the key of the last one. */
struct accreditation_place {
    uint64_t party;
    uint8_t hash[16];
};
enum { ACCREDITATION_PLACE_TEXT = 49 };
void accreditation_place_format(const struct accreditation_place *place,
                                char out[ACCREDITATION_PLACE_TEXT]);
bool accreditation_place_parse(struct str text, struct accreditation_place *out);

/* All, in the order of their keys, after a place (NULL: from the first), at most max; *out_last: of the last. */
MUST_USE enum err accreditation_list(struct registry *registry,
                                     const struct accreditation_place *after,
                                     struct accreditation *out, size_t max, size_t *out_n,
                                     struct accreditation_place *out_last, struct fault *fault);
/* Those of a party. */
MUST_USE enum err accreditation_of(struct registry *registry, uint64_t party,
                                   struct accreditation out[ACCREDITATIONS_MAX], size_t *out_n,
                                   struct fault *fault);
/* Has the register any row? */
MUST_USE enum err accreditation_kept(struct registry *registry, bool *out, struct fault *fault);

/* What the table says of a party, for a kind, today. */
struct accreditation_look {
    bool asked;              /* this kind needs one, and the register keeps them */
    uint32_t findings;       /* FOUND_NOT_ACCREDITED, FOUND_ACCREDITATION_OVER, or 0 */
    bool has_one;            /* there is one for this kind: */
    struct accreditation is; /* in force, or else the one that is so last */
};
MUST_USE enum err accreditation_look(struct registry *registry, uint64_t party, uint8_t kind,
                                     struct accreditation_look *out, struct fault *fault);

/* ---- the check of an application ---- */

/* Fills in what it found of the applicant. Of a correction only what adds a device needs one. */
MUST_USE enum err accreditation_check(struct registry *registry, struct application *a,
                                      struct fault *fault);
/* Before an approval: what is found now, in a->findings. ERR_ACCREDITATION: something that whoever decides has not
 * seen; it is to be written, and he is to look again. */
MUST_USE enum err accreditation_again(struct registry *registry, struct application *a,
                                      struct fault *fault);
/* Inside a write, of step.stands: ERR_STALE when the table moved since the last look. */
MUST_USE enum err accreditation_stands(struct registry *registry, const struct application *a,
                                       struct fault *fault);

#endif
