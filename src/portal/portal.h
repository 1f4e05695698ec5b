/* SPDX-License-Identifier: Apache-2.0
 *
 * portal - what stands behind the sign-in: the process's committer, its audit log, the registers that
 * requests read with, who can be asked, and the worker that runs the register's own checks. One a process. */
#ifndef PORTAL_PORTAL_H
#define PORTAL_PORTAL_H

#include "cases/checks.h"
#include "cases/outbox.h"
#include "cases/paper.h"
#include "face/route.h"
#include "people/audit_log.h"
#include "people/eds.h"

struct app_door;
struct figures_worker;
struct reports_worker;
struct demo;
struct oidc;
struct operators;
struct pace;

struct portal_options {
    const char *url; /* of the register */
    const char *key; /* its key file; NULL: beside it */
    const struct clock *clock;
    struct eds_port eds; /* owned from then on; all zero: nobody signs in by ЭЦП */
    struct oidc *oidc;   /* owned from then on; NULL: nobody comes in that way */
    bool app_door;       /* people sign in with an app on their phone */
    struct check_sources sources;
    const struct hours *hours; /* NULL: Kazakhstan's. Borrowed */
    struct paper_place papers; /* its files: borrowed */
    struct outbox_port outbox; /* all zero: messages are read in the cabinet alone; ctx: borrowed */
    unsigned second_from;      /* of struct office; 0: as usual */
    struct demo *demo;         /* the demonstration's people; owned from then on; NULL: none */
    const char *nca_layer; /* where pages find NCALayer, "wss://HOST:PORT"; NULL: as installed */
    bool secure;           /* people reach us by https: the cookie says Secure */
    const struct operators *operators; /* whose subscribers are whose; borrowed; NULL: not named */
    unsigned readers;      /* registers opened for requests: how many are answered at once */
    const char *spool;     /* where files of devices come in; empty: nowhere */
    uint64_t spool_bytes;  /* of all that are not filed yet */
    const char *lists;     /* directory of operators' lists (app/lists.h); empty: none are kept */
    const char *test_tacs; /* of reports_worker.h */
};

/* Errors of opening the register. */
MUST_USE enum err portal_open(const struct portal_options *options, struct portal **out,
                              struct fault *fault);
/* After the last request was answered. NULL is allowed. */
void portal_close(struct portal *portal);

/* The addresses behind the sign-in. */
extern const struct route portal_routes[];
extern const unsigned portal_route_count;

/* ---- for the handlers ---- */

/* One request at work: a register of its own, the session; portal_leave gives the register back. */
struct visit {
    struct portal *portal;
    struct office office;
    struct session who; /* role ROLE_NONE: nobody */
    struct fault fault; /* what the use cases say of an error: for route_fail_at */
};

/* Takes a register and finds the session. roles: who may; 0 = also nobody. A request that changes something
 * (changes) must carry the session's csrf, as a header or as `form_csrf`. ERR_SESSION, ERR_ROLE, ERR_CSRF;
 * refusals go to the audit log. ERR_STORE_AWAY: the database is known to be away, and nobody waits for it
 * (with Retry-After). On an error nothing is to be left, and out->fault tells more; with ERR_SESSION, out->who.by_attorney is
 * not 0 where it is the power of attorney that is over. */
MUST_USE enum err portal_visit(struct exchange *x, uint32_t roles, bool changes,
                               struct str form_csrf, struct visit *out);
void portal_leave(struct visit *visit);
/* The register that use cases without a committer write with, in the name of who is here. Others wait until it is given
 * back. */
struct registry *portal_hand(struct visit *visit);
void portal_hand_back(struct visit *visit);
/* An error of a use case: one of a database that went away keeps the next visits from waiting for it. */
void portal_heard(struct visit *visit, enum err err);
/* Signs in, whichever way: pays for what it costs beside a check, takes a place among the sign-ins at work,
 * notes it in the audit log, sets the cookie. visit: of nobody, or of who was signed in here before; it is
 * of the new session after. Errors as account_sign_in and sign_in_eds, ERR_RATE, ERR_CROWDED,
 * ERR_UNAVAILABLE (nobody signs in by ЭЦП here), ERR_CSRF (another site's page sent it). */
MUST_USE enum err portal_enter_password(struct exchange *x, struct visit *visit, struct str name,
                                        struct str password, struct str code);
MUST_USE enum err portal_enter_eds(struct exchange *x, struct visit *visit, struct str nonce,
                                   struct str cms);
/* The same by another port: the demonstration's own. */
MUST_USE enum err portal_enter_eds_by(struct exchange *x, struct visit *visit,
                                      const struct eds_port *port, struct str nonce,
                                      struct str cms);
/* By a provider of sign-ins (people/oidc.h): `ticket` was the browser's. ERR_DOOR_…. */
struct oidc_way;
MUST_USE enum err portal_enter_oidc(struct exchange *x, struct visit *visit,
                                    const struct oidc_way *way, const uint8_t *ticket,
                                    struct str code);
/* Who signed in the app comes in; ERR_NOT_FOUND: nobody did yet. */
MUST_USE enum err portal_enter_app(struct exchange *x, struct visit *visit,
                                   const struct app_door *door);
/* The app's signature: pays and takes a place as a sign-in does. */
MUST_USE enum err portal_app_sign(struct exchange *x, struct visit *visit,
                                  const struct app_door *door, struct str cms);
/* Signs out: ends the session, notes it, takes the cookie away. */
MUST_USE enum err portal_go_out(struct exchange *x, struct visit *visit);
/* Before a large body is read, by a thread that may not wait: would portal_visit let him in, for a change, by
 * script? ERR_SESSION, ERR_ROLE, ERR_CSRF, ERR_CROWDED, ERR_UNAVAILABLE. */
MUST_USE enum err portal_may_send(struct exchange *x, uint32_t roles);
/* The same of a form, whose mark stands in the body: another site's page is turned away here, the mark is looked at
 * by portal_visit before anything of the form is used. */
MUST_USE enum err portal_may_send_form(struct exchange *x, uint32_t roles);
/* Is it no other site's page that sent this (CWE-352)? Browsers say whose it was; programs say nothing. */
bool portal_is_own(const struct exchange *x);
/* The worker looks now. */
void portal_wake(struct portal *portal);
void portal_note(struct visit *visit, enum audit_what what, uint64_t subject, uint64_t object,
                 enum err outcome);
const struct paper_place *portal_papers_place(struct portal *portal);
/* Whose subscribers are whose, by the settings; NULL. */
const struct operators *portal_operators(const struct portal *portal);
/* How fast one account may look at subscribers. */
struct pace *portal_looks(struct portal *portal);
/* NULL: nobody signs in by ЭЦП. */
const struct eds_port *portal_eds(struct portal *portal);
struct oidc *portal_oidc(struct portal *portal); /* NULL: that door is closed */
bool portal_has_app(struct portal *portal);
const struct demo *portal_demo(struct portal *portal); /* NULL outside a demonstration */
const char *portal_nca_layer(struct portal *portal);
/* What the page of the sign-in may connect to beside us, as a CSP names it. */
const char *portal_connect(struct portal *portal);
/* Applications by file: NULL when there is no place for uploads. */
struct bulk_worker *portal_bulk(struct portal *portal);
/* What is counted for the ministry, and how far the journal is proved. */
struct figures_worker *portal_figures(struct portal *portal);
/* What is counted for the reports on operators. */
struct reports_worker *portal_reports(struct portal *portal);
/* The lines of /metrics of what stands behind the sign-in. */
void portal_metrics(struct portal *portal, struct buf *out);
/* Is there a way out for letters? A demonstration shows them. */
bool portal_sends(const struct portal *portal);
struct committer *portal_committer(struct portal *portal);
/* Signing in is dear (Argon2id, a verifier elsewhere): false when as many are at work as may be. */
bool portal_sign_in_begin(struct portal *portal);
void portal_sign_in_end(struct portal *portal);
/* The token in the request's cookie; empty. */
struct str portal_token(const struct exchange *x);
/* The cookie that a browser carries while it comes in by another door: for the pages of the sign-in alone.
 * from_elsewhere: also when another site leads back here. */
struct str portal_door_token(const struct exchange *x);
void portal_door_cookie(struct exchange *x, const char *token, bool from_elsewhere);
/* Puts the cookie of a session, or takes it away (token NULL). */
void portal_cookie(struct exchange *x, const char *token);

#endif
