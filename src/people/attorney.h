/* SPDX-License-Identifier: Apache-2.0
 *
 * attorney - powers of attorney: the head of an organisation names by IIN who may act for it (an employee, a
 * broker), for which kinds of application and through which day. Whoever has one chooses to act for the
 * organisation; that it still stands is asked at every request, so that revoking counts at once.
 *
 * Two records each: what was given, under the organisation; and its organisation, under the person. */
#ifndef PEOPLE_ATTORNEY_H
#define PEOPLE_ATTORNEY_H

#include "people/session.h"

enum {
    ATTORNEYS_MAX = 100,      /* of one organisation, and of one person; ours */
    ATTORNEY_DAYS_MAX = 1096, /* three years: Civil Code of Kazakhstan, article 168 */
};

struct attorney {
    uint64_t organisation, person; /* parties */
    char iin[IIN_TEXT];            /* of the person, as the head typed it */
    daynum until;                  /* last day */
    uint32_t kinds;                /* bits 1 << enum approval_kind that he may file */
    int64_t given_s;               /* UTC seconds */
    uint64_t given_by;             /* party of the head */
};

/* Gives it, in place of one that stood. who: a head, signed in for his organisation. Of *what iin, until, kinds
 * are read, the rest is filled in. ERR_ROLE: he is no head (he acts by attorney himself); ERR_IIN_BIN; ERR_SAME_PERSON;
 * ERR_DATE: a day that is over, or more than ATTORNEY_DAYS_MAX away; ERR_USAGE: no kind; ERR_TOO_MANY. */
MUST_USE enum err attorney_give(struct registry *registry, struct committer *committer,
                                const struct session *who, struct attorney *what,
                                struct fault *fault);
/* ERR_ROLE; ERR_NOT_FOUND: there is none for this IIN. */
MUST_USE enum err attorney_revoke(struct registry *registry, struct committer *committer,
                                  const struct session *who, struct str iin, struct fault *fault);
/* The one that stands today. ERR_NOT_FOUND: none, or it is over. */
MUST_USE enum err attorney_find(struct registry *registry, uint64_t organisation, uint64_t person,
                                struct attorney *out, struct fault *fault);
/* What an organisation gave (those that are over, too), at most ATTORNEYS_MAX. */
MUST_USE enum err attorney_given(struct registry *registry, uint64_t organisation,
                                 struct attorney out[ATTORNEYS_MAX], size_t *out_n,
                                 struct fault *fault);
/* What a person holds today. */
MUST_USE enum err attorney_held(struct registry *registry, uint64_t person,
                                struct attorney out[ATTORNEYS_MAX], size_t *out_n,
                                struct fault *fault);

/* He acts from now on for the organisation with this BIN, or for himself again (bin empty): another session in
 * place of `ends`, whose token it was; *out_token is for the cookie. who: in, who acts now; out, the new session. ERR_ROLE:
 * nobody who signs in by ЭЦП; ERR_IIN_BIN; ERR_NOT_FOUND: no power of attorney of his. */
MUST_USE enum err attorney_act_for(struct registry *registry, struct committer *committer,
                                   struct session *who, struct str bin, const char *ends,
                                   char out_token[SESSION_TOKEN_TEXT], struct fault *fault);
/* Is what he acts by still standing? ERR_OK for whoever acts by himself; his kinds are brought up to date.
 * ERR_SESSION: it is not. */
MUST_USE enum err attorney_stands(struct registry *registry, struct session *who,
                                  struct fault *fault);

#endif
