/* SPDX-License-Identifier: Apache-2.0
 *
 * What the handshakes of a listener have in common: the files, read at the start and again by
 * engine_tls_reload. A handshake takes the settings as they are when it begins. */
#include "wire/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>

struct engine_tls {
    char *certificate, *key, *clients, *alpn; /* clients, alpn: NULL when there is none */
    BIO_METHOD *memory;
    pthread_mutex_t lock; /* of ctx */
    SSL_CTX *ctx;
};

/* ---- ciphertext by memory ---- */

static int memory_read(BIO *bio, char *to, size_t n, size_t *out_n)
{
    struct tls_line *line = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!line->in_n) {
        BIO_set_retry_read(bio);
        return -1;
    }
    *out_n = n < line->in_n ? n : line->in_n;
    memcpy(to, line->in, *out_n);
    line->in += *out_n;
    line->in_n -= *out_n;
    return 1;
}

static int memory_write(BIO *bio, const char *p, size_t n, size_t *out_n)
{
    struct tls_line *line = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    buf_put(&line->cipher, p, n);
    *out_n = n;
    return !line->cipher.failed;
}

static long memory_ctrl(BIO *bio, int command, long number, void *p)
{
    (void)bio, (void)number, (void)p;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *memory_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "line");
    if (method && BIO_meth_set_read_ex(method, memory_read) &&
        BIO_meth_set_write_ex(method, memory_write) && BIO_meth_set_ctrl(method, memory_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- settings ---- */

/* ALPN (RFC 7301 3.2): the one protocol that we speak, or no connection. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned in_n, void *ctx)
{
    (void)ssl;
    const struct engine_tls *tls = ctx;
    size_t n = strlen(tls->alpn);
    for (unsigned at = 0; at < in_n; at += 1U + in[at])
        if (in[at] == n && in_n - at - 1 >= n && memcmp(in + at + 1, tls->alpn, n) == 0) {
            *out = in + at + 1;
            *out_n = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A key under a password is refused; nobody is asked for it. */
static int no_password(char *to, int size, int writing, void *ctx)
{
    (void)to, (void)size, (void)writing, (void)ctx;
    return -1;
}

static bool set_protocol(SSL_CTX *ctx, struct engine_tls *tls)
{
    if (!tls->alpn)
        return true;
    unsigned char list[32];
    size_t n = strlen(tls->alpn);
    if (n == 0 || n >= sizeof list)
        return false;
    list[0] = (unsigned char)n;
    memcpy(list + 1, tls->alpn, n);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, tls);
    return SSL_CTX_set_alpn_protos(ctx, list, (unsigned)n + 1) == 0;
}

static bool set_rules(SSL_CTX *ctx)
{
    static const unsigned char context[] = "tamga";
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
           SSL_CTX_set_session_id_context(ctx, context, sizeof context - 1) == 1 &&
           SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

static enum err refuse(const char *file, const char *what, struct fault *fault)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    fault_set(fault, ERR_TLS, "%s: %s", what, why ? why : "no memory");
    if (fault && file)
        str_copy(fault->file, sizeof fault->file, str_z(file));
    ERR_clear_error();
    return ERR_TLS;
}

static enum err set_files(SSL_CTX *ctx, const struct engine_tls *tls, struct fault *fault)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, tls->certificate) != 1)
        return refuse(tls->certificate, "no certificate of a server", fault);
    if (SSL_CTX_use_PrivateKey_file(ctx, tls->key, SSL_FILETYPE_PEM) != 1)
        return refuse(tls->key, "no private key, or not of this certificate", fault);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return refuse(tls->key, "the key is not of this certificate", fault);
    if (!tls->clients)
        return ERR_OK;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(tls->clients);
    if (!names || SSL_CTX_load_verify_locations(ctx, tls->clients, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return refuse(tls->clients, "no certificates of authorities", fault);
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ERR_OK;
}

static enum err load(struct engine_tls *tls, SSL_CTX **out, struct fault *fault)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    if (!ctx || !set_rules(ctx) || !set_protocol(ctx, tls)) {
        SSL_CTX_free(ctx);
        return refuse(NULL, "TLS cannot be set up", fault);
    }
    enum err err = set_files(ctx, tls, fault);
    if (err) {
        SSL_CTX_free(ctx);
        return err;
    }
    *out = ctx;
    return ERR_OK;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

enum err engine_tls_new(const char *certificate, const char *key, const char *clients,
                        const char *alpn, struct engine_tls **out, struct fault *fault)
{
    struct engine_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return ERR_MEMORY;
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate = copy(certificate);
    tls->key = copy(key);
    tls->clients = copy(clients);
    tls->alpn = copy(alpn);
    tls->memory = memory_method();
    bool room = tls->certificate && tls->key && tls->memory && (!clients || tls->clients) &&
                (!alpn || tls->alpn);
    enum err err = room ? load(tls, &tls->ctx, fault) : ERR_MEMORY;
    if (err) {
        engine_tls_free(tls);
        return err;
    }
    *out = tls;
    return ERR_OK;
}

enum err engine_tls_load(struct engine_tls *tls, struct ssl_ctx_st **out, struct fault *fault)
{
    return load(tls, out, fault);
}

void engine_tls_use(struct engine_tls *tls, struct ssl_ctx_st *files)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->ctx;
    tls->ctx = files;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old);
}

void engine_tls_forget(struct ssl_ctx_st *files)
{
    SSL_CTX_free(files);
}

enum err engine_tls_reload(struct engine_tls *tls, struct fault *fault)
{
    SSL_CTX *files;
    enum err err = load(tls, &files, fault);
    if (!err)
        engine_tls_use(tls, files);
    return err;
}

enum err engine_tls_authorities(const char *file, struct fault *fault)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);
    if (!names)
        return refuse(file, "no certificates of authorities", fault);
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return ERR_OK;
}

void engine_tls_free(struct engine_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->memory);
    pthread_mutex_destroy(&tls->lock);
    free(tls->certificate);
    free(tls->key);
    free(tls->clients);
    free(tls->alpn);
    free(tls);
}

/* ---- one line ---- */

bool tls_may_call(const struct engine_tls *tls)
{
    return tls->clients;
}

bool tls_protocol_agreed(const struct engine_tls *tls, const struct tls_line *line)
{
    const unsigned char *p;
    unsigned n;
    if (!tls->alpn)
        return true;
    SSL_get0_alpn_selected(line->ssl, &p, &n);
    return n == strlen(tls->alpn) && memcmp(p, tls->alpn, n) == 0;
}

struct tls_line *tls_line_new(struct engine_tls *tls, bool ours)
{
    struct tls_line *line = calloc(1, sizeof *line);
    BIO *bio = line ? BIO_new(tls->memory) : NULL;
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = bio ? SSL_new(tls->ctx) : NULL;
    pthread_mutex_unlock(&tls->lock);
    if (!ssl) {
        BIO_free(bio);
        free(line);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, line);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (ours) {
        SSL_set_connect_state(ssl);
        SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    } else {
        SSL_set_accept_state(ssl);
    }
    line->ssl = ssl;
    return line;
}

void tls_line_free(struct tls_line *line)
{
    if (!line)
        return;
    SSL_free(line->ssl);
    buf_release(&line->cipher);
    free(line);
}
