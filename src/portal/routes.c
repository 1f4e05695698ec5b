/* SPDX-License-Identifier: Apache-2.0
 *
 * routes - the addresses behind the sign-in. Who may is said by each handler (portal_visit); the table test
 * test/e2e/portal_roles.t walks role by address. */
#include "portal/handlers.h"
#include "portal/papers_form.h"
#include "portal/portal.h"
#include "portal/screens.h"

static const char form_media[] = "application/x-www-form-urlencoded";
static const char json_media[] = "application/json";
static const char files_media[] = "multipart/form-data";
static const char any_media[] = "*/*";

#define AT(literal)                                                                                \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define GET(handler)                                                                               \
    {                                                                                              \
        METHOD_GET, NULL, handler, .door = FREE                                                    \
    }
#define POST(handler)                                                                              \
    {                                                                                              \
        METHOD_POST, json_media, handler, .door = FREE                                             \
    }
#define FORM(handler)                                                                              \
    {                                                                                              \
        METHOD_POST, form_media, handler, .door = FREE                                             \
    }
/* A form that brings files. */
#define FILES(handler)                                                                             \
    {                                                                                              \
        METHOD_POST, files_media, handler, .door = FREE, .body_max = LIMIT_PAPERS_FORM,            \
                                           .admits = papers_form_admits, .forgives = true          \
    }
/* Whoever is not signed in pays as for a check: nobody guesses receipts or floods the sign-in. */
#define PAID(handler)                                                                              \
    {                                                                                              \
        METHOD_POST, json_media, handler, .door = LIMITED                                          \
    }
#define PAID_FORM(handler)                                                                         \
    {                                                                                              \
        METHOD_POST, form_media, handler, .door = LIMITED                                          \
    }

const struct route portal_routes[] = {
    {AT("/api/v1/sign-in/nonce"), "GET, HEAD", {{METHOD_GET, NULL, portal_nonce, .door = LIMITED}}},
    {AT("/api/v1/sign-in/eds"), "POST", {PAID(portal_sign_in_eds)}},
    {AT("/api/v1/sign-in/app/{}"),
     "GET, HEAD, POST",
     {{METHOD_GET, NULL, portal_app_look, .door = LIMITED}, PAID(portal_app_signed)}},
    {AT("/api/v1/sign-in/password"), "POST", {PAID(portal_sign_in_password)}},
    {AT("/api/v1/sign-out"), "POST", {POST(portal_sign_out)}},
    {AT("/api/v1/me"), "GET, HEAD", {GET(portal_me)}},
    {AT("/api/v1/sessions"), "GET, HEAD", {GET(portal_sessions)}},
    {AT("/api/v1/sessions/{}/end"), "POST", {POST(portal_session_end)}},
    {AT("/api/v1/accounts/{}/sessions"), "GET, HEAD", {GET(portal_account_sessions)}},
    {AT("/api/v1/accounts/{}/end-sessions"), "POST", {POST(portal_account_end)}},
    {AT("/api/v1/receipt"), "POST", {PAID(portal_receipt)}},
    {AT("/api/v1/applications"), "GET, HEAD, POST", {GET(portal_mine), POST(portal_file)}},
    {AT("/api/v1/applications/{}"), "GET, HEAD", {GET(portal_one)}},
    {AT("/api/v1/applications/{}/withdraw"), "POST", {POST(portal_withdraw)}},
    {AT("/api/v1/applications/{}/answer"), "POST", {POST(portal_papers)}},
    {AT("/api/v1/applications/{}/appeal"), "POST", {POST(portal_appeal)}},
    {AT("/api/v1/applications/{}/corrections"),
     "GET, HEAD, POST",
     {GET(portal_corrections), POST(portal_correct)}},
    {AT("/api/v1/desk/{}/corrections"), "POST", {POST(portal_desk_correct)}},
    {AT("/api/v1/papers"),
     "POST",
     {{METHOD_POST, any_media, portal_paper_add, .body_max = LIMIT_PAPER_BYTES,
       .admits = portal_paper_admits}}},
    {AT("/api/v1/papers/{}"), "GET, HEAD", {GET(portal_paper)}},
    {AT("/api/v1/messages"), "GET, HEAD", {GET(portal_messages)}},
    {AT("/api/v1/messages/{}/read"), "POST", {POST(portal_message_read)}},
    {AT("/api/v1/attorneys"),
     "GET, HEAD, POST",
     {GET(portal_attorneys), POST(portal_attorney_give)}},
    {AT("/api/v1/attorneys/revoke"), "POST", {POST(portal_attorney_revoke)}},
    {AT("/api/v1/act-for"), "POST", {POST(portal_act_for)}},
    {AT("/api/v1/accreditations"),
     "GET, HEAD, POST",
     {GET(portal_accreditations), POST(portal_accreditation_put)}},
    {AT("/api/v1/accreditations/revoke"), "POST", {POST(portal_accreditation_revoke)}},
    {AT("/api/v1/present"), "POST", {POST(portal_present)}},
    {AT("/api/v1/present/{}/applications"), "POST", {POST(portal_present_file)}},
    {AT("/api/v1/consents"), "POST", {POST(portal_consent)}},
    {AT("/api/v1/consents/{}"), "POST", {POST(portal_consent_code)}},
    {AT("/api/v1/applications/{}/devices.csv"), "GET, HEAD", {GET(portal_devices)}},
    {AT("/api/v1/desk/{}/devices.csv"), "GET, HEAD", {GET(portal_desk_devices)}},
    {AT("/api/v1/uploads"), "GET, HEAD, POST", {GET(portal_uploads), POST(portal_upload_new)}},
    {AT("/api/v1/uploads/template.csv"), "GET, HEAD", {GET(portal_template)}},
    {AT("/api/v1/uploads/{}"),
     "GET, HEAD, PATCH, DELETE",
     {GET(portal_upload),
      {METHOD_PATCH, any_media, portal_upload_piece, .body_max = LIMIT_UPLOAD_PIECE,
       .admits = portal_piece_admits},
      {METHOD_DELETE, .answer = portal_upload_drop}}},
    {AT("/api/v1/uploads/{}/check"), "POST", {POST(portal_upload_check)}},
    {AT("/api/v1/uploads/{}/errors.csv"), "GET, HEAD", {GET(portal_upload_errors)}},
    {AT("/api/v1/requests"), "GET, HEAD, POST", {GET(portal_requests), POST(portal_request_new)}},
    {AT("/api/v1/requests/{}"), "GET, HEAD", {GET(portal_request)}},
    {AT("/api/v1/requests/{}/answer"), "POST", {POST(portal_request_reply)}},
    {AT("/api/v1/requests/{}/close"), "POST", {POST(portal_request_close)}},
    {AT("/api/v1/desk/requests"), "GET, HEAD", {GET(portal_desk_requests)}},
    {AT("/api/v1/desk/requests/{}"), "GET, HEAD", {GET(portal_desk_request)}},
    {AT("/api/v1/desk/requests/{}/forward"), "POST", {POST(portal_desk_forward)}},
    {AT("/api/v1/complaints"),
     "GET, HEAD, POST",
     {GET(portal_complaints), POST(portal_complaint_new)}},
    {AT("/api/v1/complaints/{}"), "GET, HEAD", {GET(portal_complaint)}},
    {AT("/api/v1/complaints/{}/withdraw"), "POST", {POST(portal_complaint_withdraw)}},
    {AT("/api/v1/clones/figures"),
     "GET, HEAD",
     {{METHOD_GET, NULL, portal_clone_figures, .door = LIMITED}}},
    {AT("/api/v1/desk/clones"), "GET, HEAD", {GET(portal_desk_clones)}},
    {AT("/api/v1/desk/clones/report.csv"), "GET, HEAD", {GET(portal_clone_report)}},
    {AT("/api/v1/desk/clones/{}"), "GET, HEAD", {GET(portal_desk_clone)}},
    {AT("/api/v1/desk/clones/{}/confirm"), "POST", {POST(portal_clone_confirm)}},
    {AT("/api/v1/desk/clones/{}/correct"), "POST", {POST(portal_clone_correct)}},
    {AT("/api/v1/desk/clones/{}/dismiss"), "POST", {POST(portal_clone_dismiss)}},
    {AT("/api/v1/desk/complaints"), "GET, HEAD", {GET(portal_desk_complaints)}},
    {AT("/api/v1/desk/complaints/sellers.csv"), "GET, HEAD", {GET(portal_complaint_sellers)}},
    {AT("/api/v1/desk/complaints/{}"), "GET, HEAD", {GET(portal_desk_complaint)}},
    {AT("/api/v1/desk/complaints/{}/claim"), "POST", {POST(portal_complaint_claim)}},
    {AT("/api/v1/desk/complaints/{}/decide"), "POST", {POST(portal_complaint_decide)}},
    {AT("/api/v1/desk"), "GET, HEAD", {GET(portal_queue)}},
    {AT("/api/v1/desk/check/{}"), "GET, HEAD", {GET(portal_desk_check)}},
    {AT("/api/v1/desk/{}"), "GET, HEAD", {GET(portal_look)}},
    {AT("/api/v1/desk/{}/claim"), "POST", {POST(portal_claim)}},
    {AT("/api/v1/desk/{}/ask"), "POST", {POST(portal_ask)}},
    {AT("/api/v1/desk/{}/decide"), "POST", {POST(portal_decide)}},
    {AT("/api/v1/desk/{}/confirm"), "POST", {POST(portal_confirm)}},
    {AT("/api/v1/desk/{}/return"), "POST", {POST(portal_return)}},
    {AT("/api/v1/marks"), "GET, HEAD, POST", {GET(portal_marks), POST(portal_suspend)}},
    {AT("/api/v1/operator/check"), "POST", {POST(portal_operator_check)}},
    {AT("/api/v1/operator/lookup"), "POST", {POST(portal_operator_lookup)}},
    {AT("/api/v1/operator/keys"), "GET, HEAD", {GET(portal_operator_keys)}},
    {AT("/api/v1/operator/keys/{}/revoke"), "POST", {POST(portal_operator_revoke)}},
    {AT("/api/v1/operator/files"), "GET, HEAD", {GET(portal_operator_files)}},
    {AT("/api/v1/violations"), "GET, HEAD", {GET(portal_violations)}},
    {AT("/api/v1/violations.csv"), "GET, HEAD", {GET(portal_violations_csv)}},
    {AT("/api/v1/operators/{}/violations"), "GET, HEAD", {GET(portal_violations_of)}},
    {AT("/api/v1/operators/{}/violations.csv"), "GET, HEAD", {GET(portal_violations_of_csv)}},
    {AT("/api/v1/findings"), "GET, HEAD", {GET(portal_findings)}},
    {AT("/api/v1/findings.csv"), "GET, HEAD", {GET(portal_findings_csv)}},
    {AT("/api/v1/operators/{}/quality"), "GET, HEAD", {GET(portal_quality)}},
    {AT("/api/v1/figures"), "GET, HEAD", {GET(portal_figures_json)}},
    {AT("/api/v1/figures.csv"), "GET, HEAD", {GET(portal_figures_csv)}},
    {AT("/api/v1/journal"), "GET, HEAD", {GET(portal_journal)}},
    {AT("/api/v1/journal/find"), "POST", {POST(portal_journal_find)}},
    {AT("/api/v1/marks/preview"), "POST", {POST(portal_marks_preview)}},
    {AT("/api/v1/marks/resume"), "POST", {POST(portal_resume)}},
    {AT("/api/v1/marks/find"), "POST", {POST(portal_marks_find)}},
    {AT("/api/v1/marks/proposals"), "GET, HEAD", {GET(portal_marks_proposals)}},
    {AT("/api/v1/marks/proposals/{}/confirm"), "POST", {POST(portal_marks_confirm)}},
    {AT("/api/v1/marks/proposals/{}/reject"), "POST", {POST(portal_marks_reject)}},

    {AT("/cabinet"), "GET, HEAD", {GET(screen_home)}},
    {AT("/sign-in"), "GET, HEAD", {GET(screen_sign_in)}},
    {AT("/sign-in/eds"), "POST", {PAID_FORM(screen_sign_in_eds)}},
    {AT("/sign-in/oidc"), "GET, HEAD", {{METHOD_GET, NULL, screen_oidc, .door = LIMITED}}},
    {AT("/sign-in/oidc/back"),
     "GET, HEAD",
     {{METHOD_GET, NULL, screen_oidc_back, .door = LIMITED}}},
    {AT("/sign-in/app"), "GET, HEAD, POST", {GET(screen_app), PAID_FORM(screen_app_new)}},
    {AT("/A/{}"), "GET, HEAD", {GET(screen_app_scanned)}},
    {AT("/sign-in/demo"), "POST", {PAID_FORM(screen_sign_in_demo)}},
    {AT("/sign-in/staff"),
     "GET, HEAD, POST",
     {GET(screen_sign_in_staff), PAID_FORM(screen_sign_in_password)}},
    {AT("/sessions"), "GET, HEAD, POST", {GET(screen_sessions), FORM(screen_sessions_end)}},
    {AT("/sign-out"), "POST", {FORM(screen_sign_out)}},
    {AT("/desk"), "GET, HEAD", {GET(screen_desk)}},
    {AT("/desk/requests"), "GET, HEAD", {GET(screen_desk_requests)}},
    {AT("/desk/requests/{}"), "GET, HEAD", {GET(screen_desk_request)}},
    {AT("/desk/requests/{}/forward"), "POST", {FORM(screen_desk_forward)}},
    {AT("/desk/clones"), "GET, HEAD", {GET(screen_desk_clones)}},
    {AT("/desk/clones/{}"), "GET, HEAD", {GET(screen_desk_clone)}},
    {AT("/desk/clones/{}/confirm"), "POST", {FORM(screen_clone_confirm)}},
    {AT("/desk/clones/{}/correct"), "POST", {FORM(screen_clone_correct)}},
    {AT("/desk/clones/{}/dismiss"), "POST", {FORM(screen_clone_dismiss)}},
    {AT("/desk/complaints"), "GET, HEAD", {GET(screen_desk_complaints)}},
    {AT("/desk/complaints/{}"), "GET, HEAD", {GET(screen_desk_complaint)}},
    {AT("/desk/complaints/{}/claim"), "POST", {FORM(screen_complaint_claim)}},
    {AT("/desk/complaints/{}/decide"), "POST", {FORM(screen_complaint_decide)}},
    {AT("/desk/{}"), "GET, HEAD", {GET(screen_desk_one)}},
    {AT("/desk/{}/claim"), "POST", {FORM(screen_desk_claim)}},
    {AT("/desk/{}/ask"), "POST", {FORM(screen_desk_ask)}},
    {AT("/desk/{}/decide"), "POST", {FORM(screen_desk_decide)}},
    {AT("/desk/{}/confirm"), "POST", {FORM(screen_desk_confirm)}},
    {AT("/desk/{}/return"), "POST", {FORM(screen_desk_return)}},
    {AT("/desk/{}/correct"),
     "GET, HEAD, POST",
     {GET(screen_desk_correct_ask), FORM(screen_desk_correct)}},

    {AT("/marks"), "GET, HEAD", {GET(screen_marks)}},
    {AT("/marks/find"), "POST", {FORM(screen_marks_find)}},
    {AT("/marks/proposals/{}/confirm"), "POST", {FORM(screen_marks_confirm)}},
    {AT("/marks/proposals/{}/reject"), "POST", {FORM(screen_marks_reject)}},
    {AT("/marks/{}"), "GET, HEAD, POST", {GET(screen_marks_ask), FORM(screen_marks_act)}},

    {AT("/ministry"), "GET, HEAD", {GET(screen_ministry)}},
    {AT("/ministry/journal"),
     "GET, HEAD, POST",
     {GET(screen_ministry_journal), FORM(screen_ministry_find)}},

    {AT("/operators"), "GET, HEAD", {GET(screen_operators)}},
    {AT("/operators/{}"), "GET, HEAD", {GET(screen_operators_one)}},
    {AT("/findings"), "GET, HEAD", {GET(screen_findings)}},
    {AT("/operator"), "GET, HEAD", {GET(screen_operator)}},
    {AT("/operator/check"), "POST", {FORM(screen_operator_check)}},
    {AT("/operator/lookup"), "GET, HEAD, POST", {GET(screen_lookup), FORM(screen_lookup_find)}},
    {AT("/operator/keys/revoke"), "POST", {FORM(screen_operator_revoke)}},

    {AT("/assist"), "GET, HEAD, POST", {GET(screen_assist), FORM(screen_assist_begin)}},
    {AT("/assist/{}"), "GET, HEAD, POST", {GET(screen_assist_ask), FORM(screen_assist_file)}},
    {AT("/assist/{}/receipt"), "GET, HEAD", {GET(screen_assist_receipt)}},
    {AT("/cabinet/{}"), "GET, HEAD", {GET(screen_case)}},
    {AT("/cabinet/{}/filed"), "GET, HEAD", {GET(screen_filed)}},
    {AT("/cabinet/{}/withdraw"),
     "GET, HEAD, POST",
     {GET(screen_withdraw_ask), FORM(screen_withdraw)}},
    {AT("/cabinet/{}/answer"), "GET, HEAD, POST", {GET(screen_answer_ask), FILES(screen_answer)}},
    {AT("/cabinet/{}/appeal"), "GET, HEAD, POST", {GET(screen_appeal_ask), FILES(screen_appeal)}},
    {AT("/cabinet/{}/correct"),
     "GET, HEAD, POST",
     {GET(screen_correct_ask), FILES(screen_correct)}},
    {AT("/apply"), "GET, HEAD", {GET(screen_apply)}},
    {AT("/apply/{}"), "GET, HEAD, POST", {GET(screen_apply_page), FORM(screen_apply_answer)}},
    {AT("/apply/{}/papers"), "POST", {FILES(screen_apply_papers)}},
    {AT("/papers/{}"), "GET, HEAD", {GET(portal_paper)}},
    {AT("/requests"), "GET, HEAD", {GET(screen_requests)}},
    {AT("/requests/new"), "GET, HEAD, POST", {GET(screen_request_ask), FORM(screen_request_send)}},
    {AT("/requests/{}"), "GET, HEAD", {GET(screen_request)}},
    {AT("/requests/{}/answer"), "POST", {FORM(screen_request_reply)}},
    {AT("/requests/{}/close"), "POST", {FORM(screen_request_close)}},
    {AT("/requests/{}/apply"), "POST", {FORM(screen_request_apply)}},
    {AT("/complaints"), "GET, HEAD", {GET(screen_complaints)}},
    {AT("/complaints/new"),
     "GET, HEAD, POST",
     {GET(screen_complaint_ask), FORM(screen_complaint_send)}},
    {AT("/complaints/{}"), "GET, HEAD", {GET(screen_complaint)}},
    {AT("/complaints/{}/withdraw"), "POST", {FORM(screen_complaint_withdraw)}},
    {AT("/messages"), "GET, HEAD", {GET(screen_messages)}},
    {AT("/messages/{}"), "POST", {FORM(screen_message_open)}},
    {AT("/files"), "GET, HEAD", {GET(screen_files)}},
    {AT("/files/sample.csv"), "GET, HEAD", {GET(screen_sample)}},
    {AT("/files/sample-faults.csv"), "GET, HEAD", {GET(screen_sample_faults)}},
    {AT("/files/{}"), "GET, HEAD, POST", {GET(screen_file), FORM(screen_file_apply)}},
    {AT("/files/{}/send"), "POST", {FILES(screen_file_send)}},
    {AT("/files/{}/drop"), "POST", {FORM(screen_file_drop)}},
    {AT("/attorneys"), "GET, HEAD, POST", {GET(screen_attorneys), FORM(screen_attorney_give)}},
    {AT("/attorneys/revoke"), "POST", {FORM(screen_attorney_revoke)}},
    {AT("/act-for"), "POST", {FORM(screen_act_for)}},
    {AT("/receipt"), "GET, HEAD, POST", {GET(screen_receipt_form), PAID_FORM(screen_receipt)}},
};
const unsigned portal_route_count = sizeof portal_routes / sizeof portal_routes[0];
