/* SPDX-License-Identifier: Apache-2.0
 *
 * second - the second officer. Nobody lifts a block alone, and nobody approves many devices alone
 * (domain.md 2 item 7): the first officer's decision waits in the application as a proposal, another
 * confirms it or returns it with a note. For the applicant it is being checked all the while.
 *
 * A proposal holds what was looked at: the sequence number of each IMEI's last journal row. Confirming
 * compares them inside the transaction, so nobody confirms what has become something else meanwhile. */
#ifndef CASES_SECOND_H
#define CASES_SECOND_H

#include "cases/filing.h"

enum lift_bit {
#define LIFT(bit, name, text, becomes) LIFTS_##name = 1 << (bit),
#include "cases/second.def"
#undef LIFT
};
const char *lift_name(unsigned bit); /* NULL past the last */
/* Those that the approval itself does not take away. */
uint32_t lifts_that_stay(uint32_t lifts);

enum remark {
#define REMARK(code, name, text) REMARK_##name = code,
#include "cases/second.def"
#undef REMARK
};
const char *remark_name(uint8_t remark); /* "" for none */

enum { SECOND_ABOVE = 20 }; /* devices that one officer approves alone, unless it is set */

/* Looks at what the decisions of `after` would lift: those of its devices that are approved there and not yet
 * in `before`. *out: a proposal that is not made yet, owned (free its devices, then it); NULL when one officer
 * decides this. ERR_NOT_OURS: a recheck of a block that an approval does not lift (a mark, GSMA's list, a
 * clone, a malformed IMEI); fault.value names the IMEI. */
MUST_USE enum err second_look(const struct office *office, const struct application *before,
                              const struct application *after, struct case_proposal **out,
                              struct fault *fault);
/* The decisions of `after` become the proposal (taken over, also on an error); its devices are undecided again, and
 * nobody has it. ERR_STALE, of the store. */
MUST_USE enum err second_propose(const struct office *office, const struct application *before,
                                 struct application *after, struct case_proposal *proposal,
                                 uint64_t by, struct str note, struct fault *fault);

/* Another officer says yes: it is decided as proposed. One by file: as bulk_decide (it may be DECIDING after). ERR_NO_PROPOSAL, ERR_SAME_PERSON (he proposed it, or it
 * is an appeal against him), ERR_CLAIMED, ERR_MOVED (an IMEI has moved since it was proposed), ERR_NOT_REPAIRABLE,
 * ERR_NOT_NEW. */
MUST_USE enum err second_confirm(const struct office *office, const struct session *who,
                                 uint64_t id, struct application *out, struct fault *fault);
/* Back to who proposed it, with a note for him alone, 1 to LIMIT_REASON bytes. Errors as above; ERR_USAGE. */
MUST_USE enum err second_return(const struct office *office, const struct session *who, uint64_t id,
                                struct str note, struct application *out, struct fault *fault);

/* For the step that confirms: is this IMEI as it was when it was proposed? entry_seq: of the entry that is being
 * written; rows after it are its own. ERR_MOVED. */
MUST_USE enum err second_unmoved(const struct case_proposal *proposal, const struct application *a,
                                 uint64_t entry_seq, struct imei imei, const struct facts *facts);

#endif
