/* SPDX-License-Identifier: Apache-2.0 */
#include "people/eds.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "people/eds_certificate.h"
#include "people/eds_form.h"

/* Which writing of a file was read. */
struct edition {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct verifier {
    char *bundle_file;
    char *crl_file; /* NULL: none */
    pthread_mutex_t lock;
    X509_STORE *store; /* under lock; who verifies holds a reference of his own */
    struct edition crl;
};

/* ---- authorities and who was revoked ---- */

static enum err read_edition(const char *path, struct edition *out, struct fault *fault)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fault)
            str_copy(fault->file, sizeof fault->file, str_z(path));
        return fault_set(fault, ERR_FILE_OPEN, "there is no such file");
    }
    *out = (struct edition){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
    return ERR_OK;
}

static bool same_edition(const struct edition *a, const struct edition *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool load_crl(X509_STORE *store, const char *file)
{
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    return lookup && (X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) > 0 ||
                      X509_load_crl_file(lookup, file, X509_FILETYPE_ASN1) > 0);
}

static enum err load(const struct verifier *v, X509_STORE **out, struct fault *fault)
{
    X509_STORE *store = X509_STORE_new();
    if (!store)
        return ERR_MEMORY;
    const char *bad = NULL;
    if (X509_STORE_load_file(store, v->bundle_file) != 1)
        bad = v->bundle_file;
    else if (v->crl_file && !load_crl(store, v->crl_file))
        bad = v->crl_file;
    ERR_clear_error();
    if (bad) {
        X509_STORE_free(store);
        if (fault)
            str_copy(fault->file, sizeof fault->file, str_z(bad));
        return fault_set(fault, ERR_FILE_READ, "no %s can be read from it",
                         bad == v->bundle_file ? "certificates in PEM" : "CRL in PEM or DER");
    }
    *out = store;
    return ERR_OK;
}

/* The store of today; the caller's to free. A list that changed and cannot be read leaves the one
 * before, which ends by its own date. */
static X509_STORE *current(struct verifier *v)
{
    struct edition now;
    X509_STORE *fresh;
    pthread_mutex_lock(&v->lock);
    if (v->crl_file && !read_edition(v->crl_file, &now, NULL) && !same_edition(&now, &v->crl) &&
        !load(v, &fresh, NULL)) {
        X509_STORE_free(v->store);
        v->store = fresh;
        v->crl = now;
    }
    X509_STORE *store = v->store;
    X509_STORE_up_ref(store);
    pthread_mutex_unlock(&v->lock);
    return store;
}

/* ---- the signature ---- */

/* Behind a filter: CMS_verify of OpenSSL 3.0 copies a plain memory BIO, and loses the copy when the
 * CMS names a digest that it does not know. */
static BIO *readable(struct str content)
{
    BIO *filter = BIO_new(BIO_f_null());
    BIO *bytes = BIO_new_mem_buf(content.n ? content.p : "", (int)content.n);
    if (filter && bytes)
        return BIO_push(filter, bytes);
    BIO_free(filter);
    BIO_free(bytes);
    return NULL;
}

static enum err check_signature(const struct eds_form *form, struct str content,
                                struct fault *fault)
{
    BIO *outside = form->detached ? readable(content) : NULL;
    if (form->detached && !outside)
        return ERR_MEMORY;
    CMS_SignerInfo_set1_signer_cert(form->signer, form->certificate);
    int ok =
        CMS_verify(form->cms, NULL, NULL, outside, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
    BIO_free_all(outside);
    ERR_clear_error();
    if (ok != 1)
        return fault_set(fault, ERR_EDS_SIGNATURE, "the signature does not fit what it signs");
    return ERR_OK;
}

/* ---- the chain ---- */

/* What is not here is ERR_EDS_CHAIN. */
static const struct {
    int x509;
    enum err err;
} chain_errors[] = {
    {X509_V_ERR_CERT_NOT_YET_VALID, ERR_EDS_EXPIRED},
    {X509_V_ERR_CERT_HAS_EXPIRED, ERR_EDS_EXPIRED},
    {X509_V_ERR_CERT_REVOKED, ERR_EDS_REVOKED},
    {X509_V_ERR_UNABLE_TO_GET_CRL, ERR_EDS_AWAY},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, ERR_EDS_AWAY},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, ERR_EDS_AWAY},
    {X509_V_ERR_CRL_NOT_YET_VALID, ERR_EDS_AWAY},
    {X509_V_ERR_CRL_HAS_EXPIRED, ERR_EDS_AWAY},
    {X509_V_ERR_CRL_PATH_VALIDATION_ERROR, ERR_EDS_AWAY},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, ERR_EDS_AWAY},
    {X509_V_ERR_EE_KEY_TOO_SMALL, ERR_EDS_ALGORITHM},
    {X509_V_ERR_CA_KEY_TOO_SMALL, ERR_EDS_ALGORITHM},
    {X509_V_ERR_CA_MD_TOO_WEAK, ERR_EDS_ALGORITHM},
    {X509_V_ERR_OUT_OF_MEM, ERR_MEMORY},
};

static enum err chain_error(int x509)
{
    for (size_t i = 0; i < sizeof chain_errors / sizeof chain_errors[0]; i++)
        if (chain_errors[i].x509 == x509)
            return chain_errors[i].err;
    return ERR_EDS_CHAIN;
}

/* A list of revoked authorities is looked at where the file has one; the signer's must be there. */
static int authorities_need_no_list(int ok, X509_STORE_CTX *ctx)
{
    if (!ok && X509_STORE_CTX_get_error(ctx) == X509_V_ERR_UNABLE_TO_GET_CRL &&
        X509_STORE_CTX_get_error_depth(ctx) > 0) {
        X509_STORE_CTX_set_error(ctx, X509_V_OK);
        return 1;
    }
    return ok;
}

static void set_rules(X509_STORE_CTX *ctx, bool revocation, int64_t now_s)
{
    enum { STRENGTH_112_BITS = 2 };
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_depth(rules, LIMIT_EDS_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(rules, STRENGTH_112_BITS);
    X509_VERIFY_PARAM_set_time(rules, (time_t)now_s);
    if (revocation)
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_CTX_set_verify_cb(ctx, authorities_need_no_list);
}

static enum err check_chain(struct verifier *v, const struct eds_form *form, int64_t now_s,
                            struct fault *fault)
{
    X509_STORE *store = current(v);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum err err = ERR_OK;
    if (!ctx || !X509_STORE_CTX_init(ctx, store, form->certificate, form->certificates)) {
        err = ERR_MEMORY;
    } else {
        set_rules(ctx, v->crl_file, now_s);
        if (X509_verify_cert(ctx) != 1) {
            int why = X509_STORE_CTX_get_error(ctx);
            err =
                fault_set(fault, chain_error(why), "the certificate %d above the signer's: %s",
                          X509_STORE_CTX_get_error_depth(ctx), X509_verify_cert_error_string(why));
        }
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return err;
}

/* ---- the port ---- */

static enum err judge(struct verifier *v, enum eds_use use, const struct eds_form *form,
                      struct str content, int64_t now_s, struct eds_person *out,
                      struct fault *fault)
{
    enum err err = eds_form_content(form, content, fault);
    if (!err)
        err = eds_form_algorithms(form, fault);
    if (!err)
        err = check_signature(form, content, fault);
    if (!err) /* before the chain: a list of revoked may be over, too */
        err = eds_certificate_valid(form->certificate, now_s, fault);
    if (!err)
        err = check_chain(v, form, now_s, fault);
    if (!err)
        err = eds_certificate_usage(form->certificate, use, fault);
    return err ? err : eds_certificate_person(form->certificate, out, fault);
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
    return err;
}

static void close_verifier(void *ctx)
{
    struct verifier *v = ctx;
    X509_STORE_free(v->store);
    pthread_mutex_destroy(&v->lock);
    free(v->bundle_file);
    free(v->crl_file);
    free(v);
}

static enum err open_files(struct verifier *v, struct fault *fault)
{
    struct edition bundle;
    enum err err = read_edition(v->bundle_file, &bundle, fault);
    if (!err && v->crl_file)
        err = read_edition(v->crl_file, &v->crl, fault);
    return err ? err : load(v, &v->store, fault);
}

enum err eds_openssl_open(const char *ca_bundle_file, const char *crl_file, struct eds_port *out,
                          struct fault *fault)
{
    struct verifier *v = calloc(1, sizeof *v);
    if (!v)
        return ERR_MEMORY;
    pthread_mutex_init(&v->lock, NULL);
    v->bundle_file = strdup(ca_bundle_file);
    v->crl_file = crl_file ? strdup(crl_file) : NULL;
    enum err err = v->bundle_file && (v->crl_file || !crl_file) ? open_files(v, fault) : ERR_MEMORY;
    if (err)
        close_verifier(v);
    else
        *out = (struct eds_port){verify, close_verifier, v};
    return err;
}
