/* SPDX-License-Identifier: Apache-2.0
 *
 * handlers - what the table of addresses behind the sign-in (routes.c) leads to. */
#ifndef PORTAL_HANDLERS_H
#define PORTAL_HANDLERS_H

#include "face/request.h"

void portal_nonce(struct exchange *x);            /* GET /api/v1/sign-in/nonce */
void portal_sign_in_eds(struct exchange *x);      /* POST /api/v1/sign-in/eds {nonce, cms} */
void portal_sign_in_password(struct exchange *x); /* POST /api/v1/sign-in/password */
void portal_app_look(struct exchange *x);         /* GET /api/v1/sign-in/app/{}: what to sign */
void portal_app_signed(struct exchange *x);       /* POST /api/v1/sign-in/app/{} {cms} */
void portal_sign_out(struct exchange *x);         /* POST /api/v1/sign-out */
void portal_me(struct exchange *x);               /* GET /api/v1/me */

void portal_sessions(struct exchange *x);         /* GET /api/v1/sessions: one's own */
void portal_session_end(struct exchange *x);      /* POST /api/v1/sessions/{}/end */
void portal_account_sessions(struct exchange *x); /* GET /api/v1/accounts/{}/sessions */
void portal_account_end(struct exchange *x);      /* POST /api/v1/accounts/{}/end-sessions */

void portal_file(struct exchange *x);     /* POST /api/v1/applications */
void portal_mine(struct exchange *x);     /* GET /api/v1/applications?after=NUMBER */
void portal_one(struct exchange *x);      /* GET /api/v1/applications/{} */
void portal_withdraw(struct exchange *x); /* POST /api/v1/applications/{}/withdraw */
void portal_papers(struct exchange *x);   /* POST /api/v1/applications/{}/answer {note, papers} */
void portal_appeal(struct exchange *x);   /* POST /api/v1/applications/{}/appeal {note} */
void portal_corrections(struct exchange *x);  /* GET /api/v1/applications/{}/corrections?after= */
void portal_correct(struct exchange *x);      /* POST …: {ground, devices, note, papers} */
void portal_desk_correct(struct exchange *x); /* POST /api/v1/desk/{}/corrections */
void portal_receipt(struct exchange *x);      /* POST /api/v1/receipt {receipt}: no sign-in */

void portal_paper_add(struct exchange *x);        /* POST /api/v1/papers?name= (the file's bytes) */
enum err portal_paper_admits(struct exchange *x); /* ... may it come? */
void portal_paper(struct exchange *x);            /* GET /api/v1/papers/{}, /papers/{} */
void portal_messages(struct exchange *x);         /* GET /api/v1/messages?after=ID */
void portal_message_read(struct exchange *x);     /* POST /api/v1/messages/{}/read */

void portal_request_new(struct exchange *x);   /* POST /api/v1/requests */
void portal_requests(struct exchange *x);      /* GET /api/v1/requests?box=sent|received&after= */
void portal_request(struct exchange *x);       /* GET /api/v1/requests/{} */
void portal_request_reply(struct exchange *x); /* POST …/answer {answer, application, note} */
void portal_request_close(struct exchange *x); /* POST …/close */
void portal_desk_requests(struct exchange *x); /* GET /api/v1/desk/requests?after= */
void portal_desk_request(struct exchange *x);  /* GET /api/v1/desk/requests/{} */
void portal_desk_forward(struct exchange *x);  /* POST …/forward {bin} */

void portal_complaint_new(struct exchange *x);      /* POST /api/v1/complaints */
void portal_complaints(struct exchange *x);         /* GET /api/v1/complaints?after= */
void portal_complaint(struct exchange *x);          /* GET /api/v1/complaints/{} */
void portal_complaint_withdraw(struct exchange *x); /* POST …/withdraw */
void portal_desk_complaints(struct exchange *x);    /* GET /api/v1/desk/complaints?after= */
void portal_desk_complaint(struct exchange *x);     /* GET /api/v1/desk/complaints/{} */
void portal_complaint_claim(struct exchange *x);    /* POST …/claim */
void portal_complaint_decide(struct exchange *x);   /* POST …/decide {outcome, note} */
void portal_complaint_sellers(struct exchange *x);  /* GET /api/v1/desk/complaints/sellers.csv */

void portal_clone_figures(struct exchange *x); /* GET /api/v1/clones/figures: no sign-in */
void portal_desk_clones(struct exchange *x);   /* GET /api/v1/desk/clones?state=&after= */
void portal_desk_clone(struct exchange *x);    /* GET /api/v1/desk/clones/{} */
void portal_clone_confirm(struct exchange *x); /* POST …/confirm {version, users or none} */
void portal_clone_correct(struct exchange *x); /* POST …/correct {version, users or none, reason} */
void portal_clone_dismiss(struct exchange *x); /* POST …/dismiss {version, reason} */
void portal_clone_report(struct exchange *x);  /* GET /api/v1/desk/clones/report.csv */

void portal_queue(struct exchange *x);   /* GET /api/v1/desk?after=CURSOR */
void portal_look(struct exchange *x);    /* GET /api/v1/desk/{} */
void portal_claim(struct exchange *x);   /* POST /api/v1/desk/{}/claim */
void portal_ask(struct exchange *x);     /* POST /api/v1/desk/{}/ask {note} */
void portal_decide(struct exchange *x);  /* POST /api/v1/desk/{}/decide {decisions, note} */
void portal_confirm(struct exchange *x); /* POST /api/v1/desk/{}/confirm */
void portal_return(struct exchange *x);  /* POST /api/v1/desk/{}/return {note} */

void portal_desk_check(struct exchange *x);    /* GET /api/v1/desk/check/{}: for assistants, too */
void portal_attorneys(struct exchange *x);     /* GET /api/v1/attorneys */
void portal_attorney_give(struct exchange *x); /* POST /api/v1/attorneys {iin, until, kinds} */
void portal_attorney_revoke(struct exchange *x); /* POST /api/v1/attorneys/revoke {iin} */
void portal_act_for(struct exchange *x);         /* POST /api/v1/act-for {bin} */

void portal_marks(struct exchange *x);           /* GET /api/v1/marks?mark=&standing=&after= */
void portal_marks_preview(struct exchange *x);   /* POST /api/v1/marks/preview */
void portal_suspend(struct exchange *x);         /* POST /api/v1/marks */
void portal_resume(struct exchange *x);          /* POST /api/v1/marks/resume */
void portal_marks_find(struct exchange *x);      /* POST /api/v1/marks/find {imei} */
void portal_marks_proposals(struct exchange *x); /* GET /api/v1/marks/proposals */
void portal_marks_confirm(struct exchange *x);   /* POST /api/v1/marks/proposals/{}/confirm */
void portal_marks_reject(struct exchange *x);    /* POST /api/v1/marks/proposals/{}/reject */

void portal_accreditations(struct exchange *x); /* GET /api/v1/accreditations?after=CURSOR */
void portal_accreditation_put(
    struct exchange *x); /* POST …: {bin, kinds, certificate_no, valid_from, valid_until} */
void portal_accreditation_revoke(
    struct exchange *x); /* POST …/revoke {bin, certificate_no, revoked_on} */

void portal_figures_json(struct exchange *x); /* GET /api/v1/figures */
void portal_figures_csv(struct exchange *x);  /* GET /api/v1/figures.csv?for=public */
void portal_journal(struct exchange *x);      /* GET /api/v1/journal */
void portal_journal_find(struct exchange *x); /* POST /api/v1/journal/find {imei, application} */

void portal_operator_check(struct exchange *x); /* POST /api/v1/operator/check {imeis} */
void portal_operator_lookup(
    struct exchange *x);                       /* POST /api/v1/operator/lookup {imei|msisdn|imsi} */
void portal_operator_keys(struct exchange *x); /* GET /api/v1/operator/keys */
void portal_operator_revoke(struct exchange *x);   /* POST /api/v1/operator/keys/{}/revoke */
void portal_operator_files(struct exchange *x);    /* GET /api/v1/operator/files */
void portal_violations(struct exchange *x);        /* GET /api/v1/violations */
void portal_violations_csv(struct exchange *x);    /* GET /api/v1/violations.csv */
void portal_violations_of(struct exchange *x);     /* GET /api/v1/operators/{}/violations */
void portal_violations_of_csv(struct exchange *x); /* GET /api/v1/operators/{}/violations.csv */
void portal_findings(struct exchange *x);          /* GET /api/v1/findings */
void portal_findings_csv(struct exchange *x);      /* GET /api/v1/findings.csv */
void portal_quality(struct exchange *x);           /* GET /api/v1/operators/{}/quality?from=&to= */

void portal_present(struct exchange *x); /* POST /api/v1/present {iin, name, msisdn, language} */
void portal_present_file(struct exchange *x); /* POST /api/v1/present/{}/applications {code, …} */
void portal_consent(struct exchange *x);      /* POST /api/v1/consents {iin, msisdn, language} */
void portal_consent_code(struct exchange *x); /* POST /api/v1/consents/{} {code} */

void portal_uploads(struct exchange *x);       /* GET /api/v1/uploads */
void portal_upload_new(struct exchange *x);    /* POST /api/v1/uploads {name, bytes, sha256} */
void portal_template(struct exchange *x);      /* GET /api/v1/uploads/template.csv */
void portal_upload(struct exchange *x);        /* GET, HEAD /api/v1/uploads/{} */
void portal_upload_piece(struct exchange *x);  /* PATCH /api/v1/uploads/{}, Upload-Offset */
void portal_upload_drop(struct exchange *x);   /* DELETE /api/v1/uploads/{} */
void portal_upload_check(struct exchange *x);  /* POST /api/v1/uploads/{}/check {sha256} */
void portal_upload_errors(struct exchange *x); /* GET /api/v1/uploads/{}/errors.csv */

void portal_devices(struct exchange *x); /* GET /api/v1/applications/{}/devices.csv?after=LINE */
void portal_desk_devices(struct exchange *x); /* GET /api/v1/desk/{}/devices.csv?after=LINE */

enum err portal_piece_admits(struct exchange *x); /* may a piece of an upload come? */

#endif
