/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_http - asks a verifier that speaks as NCANode 3 does. Of its answer four things are believed:
 * whether signature and certificate stand, whether the certificate was revoked, and of whom it
 * speaks. Who that is and what the certificate is for is read from the certificate here. What is
 * sent is what was parsed here, written anew as DER, so that no second reading of the same bytes is
 * possible.
 *
 *   {"cms": base64, "revocationCheck": ["OCSP"], "data": base64 of a detached content}
 *   {"valid": true, "signers": [{"certificates": [{"valid": true, "subject": {"iin": …, "bin": …},
 *     "revocations": [{"by": "OCSP", "revoked": false, "reason": "OK"}]}]}]}
 *   400 {"message": …}: it read the question and cannot verify the signature */
#include "people/eds.h"

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/limits.h"
#include "people/eds_certificate.h"
#include "people/eds_form.h"
#include "people/fetch.h"

struct verifier {
    char *url;
    unsigned connect_ms, whole_ms;
};

/* ---- the question ---- */

static void put_base64(struct buf *to, const void *p, size_t n)
{
    size_t room = (n + 2) / 3 * 4 + 1; /* EVP_EncodeBlock writes a NUL */
    if (n && buf_reserve(to, room))
        to->n += (size_t)EVP_EncodeBlock(to->p + to->n, p, (int)n);
}

static enum err compose(const struct eds_form *form, struct str content, bool revocation,
                        struct buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_CMS_ContentInfo(form->cms, &der);
    if (n <= 0)
        return ERR_MEMORY;
    buf_str(out, STR("{\"cms\":\""));
    put_base64(out, der, (size_t)n);
    OPENSSL_free(der);
    if (form->detached) {
        buf_str(out, STR("\",\"data\":\""));
        put_base64(out, content.p, content.n);
    }
    buf_str(out, revocation ? STR("\",\"revocationCheck\":[\"OCSP\"]}")
                            : STR("\",\"revocationCheck\":[]}"));
    return out->failed ? ERR_MEMORY : ERR_OK;
}

/* Without "Expect" a long question does not wait for a leave to be sent. */
static enum err post(const struct verifier *v, const struct buf *question, struct buf *answer,
                     long *out_status, struct fault *fault)
{
    const struct fetch asked = {
        .who = "the verifier",
        .url = v->url,
        .away = ERR_EDS_AWAY,
        .body = question,
        .headers = {"Content-Type: application/json", "Accept: application/json", "Expect:"},
        .connect_ms = v->connect_ms,
        .whole_ms = v->whole_ms,
        .most_bytes = LIMIT_EDS_ANSWER,
    };
    return fetch(&asked, answer, out_status, fault);
}

/* ---- the answer ---- */

struct answer {
    bool stands;    /* signature and certificate */
    bool revoked;   /* the certificate */
    bool unrevoked; /* whoever the verifier asked for it knows that it is not */
    bool certificate_stands;
    char iin[IIN_TEXT], bin[IIN_TEXT];
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void read_revocations(const json_t *list, struct answer *a)
{
    size_t i, known = 0, unknown = 0;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        if (json_is_true(json_object_get(one, "revoked")))
            a->revoked = true;
        else if (str_eq(str_z(text_of(one, "by")), STR("OCSP")))
            *(str_eq(str_z(text_of(one, "reason")), STR("OK")) ? &known : &unknown) += 1;
    }
    a->unrevoked = !a->revoked && known && !unknown;
}

/* False: it is no answer to our question. */
static bool read_answer(const json_t *root, struct answer *out)
{
    const json_t *valid = json_object_get(root, "valid");
    const json_t *signers = json_object_get(root, "signers");
    const json_t *one =
        json_array_get(json_object_get(json_array_get(signers, 0), "certificates"), 0);
    const json_t *subject = json_object_get(one, "subject");
    if (!json_is_boolean(valid) || json_array_size(signers) != 1 || !json_is_object(subject) ||
        !json_is_boolean(json_object_get(one, "valid")))
        return false;
    struct answer a = {.certificate_stands = json_is_true(json_object_get(one, "valid"))};
    a.stands = json_is_true(valid) && a.certificate_stands;
    str_copy(a.iin, sizeof a.iin, str_z(text_of(subject, "iin")));
    str_copy(a.bin, sizeof a.bin, str_z(text_of(subject, "bin")));
    read_revocations(json_object_get(one, "revocations"), &a);
    *out = a;
    return true;
}

static enum err understand(const struct buf *text, long status, struct answer *out,
                           struct fault *fault)
{
    json_t *root = json_loadb((const char *)text->p, text->n, JSON_REJECT_DUPLICATES, NULL);
    const char *message = text_of(root, "message");
    enum err err = ERR_OK;
    if (status == 400 && message[0]) {
        char shown[120];
        str_show(shown, sizeof shown, str_z(message));
        err = fault_set(fault, ERR_EDS_SIGNATURE, "the verifier: %s", shown);
    } else if (status != 200) {
        err = fault_set(fault, ERR_EDS_AWAY, "the verifier answered with HTTP status %ld", status);
    } else if (!read_answer(root, out)) {
        err = fault_set(fault, ERR_EDS_AWAY, "the verifier's answer is not that of NCANode 3");
    }
    json_decref(root);
    return err;
}

static enum err ask(const struct verifier *v, const struct eds_form *form, struct str content,
                    bool revocation, struct answer *out, struct fault *fault)
{
    struct buf question = {0}, answer = {0};
    long status = 0;
    enum err err = compose(form, content, revocation, &question);
    if (!err)
        err = post(v, &question, &answer, &status, fault);
    if (!err)
        err = understand(&answer, status, out, fault);
    buf_release(&question);
    buf_release(&answer);
    return err;
}

/* ---- the port ---- */

/* Why it is not accepted. Where nobody told whether the certificate was revoked, that alone may be
 * why it does not stand: asked again without. A verifier that has no OCSP to ask lets all stand. */
static enum err refusal(const struct verifier *v, const struct eds_form *form, struct str content,
                        const struct answer *first, struct fault *fault)
{
    struct answer a = *first;
    if (a.revoked)
        return fault_set(fault, ERR_EDS_REVOKED, "the verifier: the certificate was revoked");
    if (!a.unrevoked) {
        enum err err = a.stands ? ERR_OK : ask(v, form, content, false, &a, fault);
        if (err)
            return err;
        if (a.stands)
            return fault_set(fault, ERR_EDS_AWAY, "the verifier does not know who was revoked");
    }
    if (!a.certificate_stands)
        return fault_set(fault, ERR_EDS_CHAIN, "the verifier does not trust the certificate");
    return fault_set(fault, ERR_EDS_SIGNATURE, "the verifier: the signature does not stand");
}

static enum err judge(const struct verifier *v, enum eds_use use, const struct eds_form *form,
                      struct str content, int64_t now_s, struct eds_person *out,
                      struct fault *fault)
{
    struct answer a;
    struct eds_person person;
    enum err err = eds_form_content(form, content, fault);
    if (!err)
        err = eds_certificate_valid(form->certificate, now_s, fault);
    if (!err)
        err = ask(v, form, content, true, &a, fault);
    if (!err && !(a.stands && a.unrevoked))
        err = refusal(v, form, content, &a, fault);
    if (!err)
        err = eds_certificate_usage(form->certificate, use, fault);
    if (!err)
        err = eds_certificate_person(form->certificate, &person, fault);
    /* An OU that is no BIN is one to NCANode: only ours are compared. */
    if (!err && (!str_eq(str_z(a.iin), str_z(person.iin)) ||
                 (person.bin[0] && !str_eq(str_z(a.bin), str_z(person.bin)))))
        err = fault_set(fault, ERR_EDS_AWAY, "the verifier speaks of another certificate");
    if (!err)
        *out = person;
    return err;
}

static enum err verify(void *ctx, enum eds_use use, struct str cms, struct str content,
                       int64_t now_s, struct eds_person *out, struct fault *fault)
{
    struct eds_form form;
    enum err err = eds_form_parse(cms, &form, fault);
    if (err)
        return err;
    err = judge(ctx, use, &form, content, now_s, out, fault);
    eds_form_release(&form);
    ERR_clear_error();
    return err;
}

static void close_verifier(void *ctx)
{
    struct verifier *v = ctx;
    free(v->url);
    free(v);
}

enum err eds_http_open(const struct eds_http_options *options, struct eds_port *out,
                       struct fault *fault)
{
    struct str url = str_z(options->url);
    if (!fetch_is_url(options->url))
        return fault_set(fault, ERR_SETTING_VALUE, "the verifier's URL begins with http or https");
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    struct verifier *v = calloc(1, sizeof *v);
    if (!v || fetch_init()) {
        free(v);
        return ERR_MEMORY;
    }
    v->connect_ms = options->connect_ms ? options->connect_ms : LIMIT_EDS_CONNECT_MS;
    v->whole_ms = options->whole_ms ? options->whole_ms : LIMIT_EDS_WHOLE_MS;
    if (asprintf(&v->url, "%.*s/cms/verify", STR_ARG(url)) < 0) {
        free(v);
        return ERR_MEMORY;
    }
    *out = (struct eds_port){verify, close_verifier, v};
    return ERR_OK;
}
