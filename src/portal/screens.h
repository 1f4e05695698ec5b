/* SPDX-License-Identifier: Apache-2.0
 *
 * screens - the pages behind the sign-in that the table of addresses (routes.c) leads to. */
#ifndef PORTAL_SCREENS_H
#define PORTAL_SCREENS_H

#include "face/request.h"

void screen_home(struct exchange *x); /* GET /cabinet: everybody's first page, by role */

void screen_sign_in(struct exchange *x);       /* GET /sign-in?next=PATH: the ways in */
void screen_sign_in_eds(struct exchange *x);   /* POST /sign-in/eds {nonce, cms, next} */
void screen_oidc(struct exchange *x);          /* GET /sign-in/oidc?next=PATH: to the provider */
void screen_oidc_back(struct exchange *x);     /* GET /sign-in/oidc/back?code=&state= */
void screen_app(struct exchange *x);           /* GET /sign-in/app?next=&still=: the code, or in */
void screen_app_new(struct exchange *x);       /* POST /sign-in/app {next}: a new code */
void screen_app_scanned(struct exchange *x);   /* GET /A/{}: read by a camera */
void screen_sign_in_demo(struct exchange *x);  /* POST /sign-in/demo {who, next} */
void screen_sign_in_staff(struct exchange *x); /* GET /sign-in/staff?next=PATH */
void screen_sign_in_password(
    struct exchange *x);                      /* POST /sign-in/staff {name, password, code, next} */
void screen_sessions(struct exchange *x);     /* GET /sessions: where I am signed in */
void screen_sessions_end(struct exchange *x); /* POST /sessions {csrf, end or others} */
void screen_sign_out(struct exchange *x);     /* POST /sign-out {csrf} */

void screen_desk(struct exchange *x);             /* GET /desk?kind=&whose=&after= */
void screen_desk_one(struct exchange *x);         /* GET /desk/{}?done= */
void screen_desk_claim(struct exchange *x);       /* POST /desk/{}/claim {csrf} */
void screen_desk_ask(struct exchange *x);         /* POST /desk/{}/ask {csrf, note} */
void screen_desk_decide(struct exchange *x);      /* POST /desk/{}/decide {csrf, d0…, note} */
void screen_desk_confirm(struct exchange *x);     /* POST /desk/{}/confirm {csrf} */
void screen_desk_return(struct exchange *x);      /* POST /desk/{}/return {csrf, note} */
void screen_desk_correct_ask(struct exchange *x); /* GET /desk/{}/correct?ground= */
void screen_desk_correct(struct exchange *x); /* POST … {csrf, key, ground, imei, right, note} */

/* A body that sets marks. */
void screen_marks(struct exchange *x);      /* GET /marks?mark=&standing=&after=&done= */
void screen_marks_find(struct exchange *x); /* POST /marks/find {csrf, imei} */
void screen_marks_ask(struct exchange *x);  /* GET /marks/suspend, /marks/resume */
void screen_marks_act(struct exchange *x); /* POST … {csrf, key, step, imeis, mark, order, …} */
void screen_marks_confirm(struct exchange *x); /* POST /marks/proposals/{}/confirm {csrf} */
void screen_marks_reject(struct exchange *x);  /* POST /marks/proposals/{}/reject {csrf} */

/* The ministry and its auditors. */
void screen_ministry(struct exchange *x);         /* GET /ministry */
void screen_ministry_journal(struct exchange *x); /* GET /ministry/journal */
void screen_ministry_find(struct exchange *x);    /* POST /ministry/journal {csrf, imei} */

/* A mobile operator. */
void screen_lookup(struct exchange *x);         /* GET /operator/lookup */
void screen_lookup_find(struct exchange *x);    /* POST /operator/lookup {csrf, by, value} */
void screen_operator(struct exchange *x);       /* GET /operator?done= */
void screen_operators(struct exchange *x);      /* GET /operators: reports on all */
void screen_operators_one(struct exchange *x);  /* GET /operators/{}: on one; also its own people */
void screen_findings(struct exchange *x);       /* GET /findings: phones with an odd TAC, radio */
void screen_operator_check(struct exchange *x); /* POST /operator/check {csrf, imeis} */
void screen_operator_revoke(struct exchange *x); /* POST /operator/keys/revoke {csrf, id} */

/* An assistant files for a person who is present. */
void screen_assist(struct exchange *x);         /* GET /assist */
void screen_assist_begin(struct exchange *x);   /* POST /assist {csrf, iin, name, msisdn, …} */
void screen_assist_ask(struct exchange *x);     /* GET /assist/CODE.ORIGIN */
void screen_assist_file(struct exchange *x);    /* POST /assist/CODE.ORIGIN {csrf, code, …} */
void screen_assist_receipt(struct exchange *x); /* GET /assist/CODE/receipt */

/* An applicant's own. */
void screen_case(struct exchange *x);         /* GET /cabinet/{} */
void screen_filed(struct exchange *x);        /* GET /cabinet/{}/filed */
void screen_withdraw_ask(struct exchange *x); /* GET /cabinet/{}/withdraw */
void screen_withdraw(struct exchange *x);     /* POST /cabinet/{}/withdraw {csrf} */
void screen_answer_ask(struct exchange *x);   /* GET /cabinet/{}/answer */
void screen_answer(
    struct exchange *x); /* POST /cabinet/{}/answer {csrf, note, paper…, files…, act, out} */
void screen_appeal_ask(struct exchange *x);   /* GET /cabinet/{}/appeal */
void screen_appeal(struct exchange *x);       /* POST /cabinet/{}/appeal, as an answer */
void screen_correct_ask(struct exchange *x);  /* GET /cabinet/{}/correct?ground= */
void screen_correct(struct exchange *x);      /* POST … the same, and files */
void screen_requests(struct exchange *x);     /* GET /requests: to sellers */
void screen_request_ask(struct exchange *x);  /* GET /requests/new */
void screen_request_send(struct exchange *x); /* POST /requests/new {csrf, key, imei, bin, …} */
void screen_request(struct exchange *x);      /* GET /requests/{} */
void screen_request_reply(struct exchange *x); /* POST …/answer {csrf, answer, application, note} */
void screen_request_close(struct exchange *x);  /* POST …/close {csrf} */
void screen_request_apply(struct exchange *x);  /* POST …/apply {csrf, kind}: begins a draft */
void screen_complaints(struct exchange *x);     /* GET /complaints: about sellers */
void screen_complaint_ask(struct exchange *x);  /* GET /complaints/new?request= */
void screen_complaint_send(struct exchange *x); /* POST /complaints/new {csrf, key, …} */
void screen_complaint(struct exchange *x);      /* GET /complaints/{} */
void screen_complaint_withdraw(struct exchange *x); /* POST …/withdraw {csrf} */
void screen_desk_requests(struct exchange *x); /* GET /desk/requests: the seller is not known */
void screen_desk_request(struct exchange *x);  /* GET /desk/requests/{} */
void screen_desk_forward(struct exchange *x);  /* POST …/forward {csrf, bin} */
void screen_desk_clones(struct exchange *x);   /* GET /desk/clones?state=&after= */
void screen_desk_clone(struct exchange *x);    /* GET /desk/clones/{} */
void screen_clone_confirm(struct exchange *x); /* POST …/confirm {csrf, version, u1 … u20, none} */
void screen_clone_correct(
    struct exchange *x); /* POST …/correct {csrf, version, u1 … u20, none, why} */
void screen_clone_dismiss(struct exchange *x);    /* POST …/dismiss {csrf, version, reason} */
void screen_desk_complaints(struct exchange *x);  /* GET /desk/complaints */
void screen_desk_complaint(struct exchange *x);   /* GET /desk/complaints/{} */
void screen_complaint_claim(struct exchange *x);  /* POST …/claim {csrf} */
void screen_complaint_decide(struct exchange *x); /* POST …/decide {csrf, outcome, note} */
void screen_messages(struct exchange *x);         /* GET /messages?after=ID */
void screen_message_open(struct exchange *x);     /* POST /messages/{} {csrf} */
void screen_files(struct exchange *x);            /* GET /files: those that are not filed */
void screen_file(struct exchange *x);       /* GET /files/{}: of a kind to send one; one of his */
void screen_file_apply(struct exchange *x); /* POST /files/{} {csrf, kind, document, …}: files it */
/* Rows and faults of the two samples. */
enum { SAMPLE_ROWS = 100, SAMPLE_FAULTS_ROWS = 100000, SAMPLE_FAULTS = 7 };
void screen_sample(struct exchange *x);        /* GET /files/sample.csv: for everybody */
void screen_sample_faults(struct exchange *x); /* GET /files/sample-faults.csv */
void screen_file_send(
    struct exchange *x); /* POST /files/{}/send {csrf, key, files}: without a script */
void screen_file_drop(struct exchange *x); /* POST /files/{}/drop {csrf} */
void screen_attorneys(struct exchange *x); /* GET /attorneys?done= */
void screen_attorney_give(
    struct exchange *x); /* POST /attorneys {csrf, iin, day, month, year, and kinds by name} */
void screen_attorney_revoke(struct exchange *x); /* POST /attorneys/revoke {csrf, iin} */
void screen_act_for(struct exchange *x);         /* POST /act-for {csrf, bin} */
void screen_receipt_form(struct exchange *x);    /* GET /receipt: no sign-in */
void screen_receipt(struct exchange *x);         /* POST /receipt {receipt}: no sign-in */
void screen_apply(struct exchange *x);           /* GET /apply: where is it from? */
void screen_apply_page(struct exchange *x); /* GET /apply/{}: an origin, or a question of a draft */
void screen_apply_answer(
    struct exchange *x); /* POST /apply/{} {csrf, …}: begins a draft, or answers */
void screen_apply_papers(struct exchange *x); /* POST /apply/{}/papers {csrf, files…, act, out} */

#endif
