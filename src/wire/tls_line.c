/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of OpenSSL's errors is empty before each call, as SSL_get_error wants it: whatever
 * fails here is followed by tls_why, which empties it. */
#include "wire/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum tls_step tls_handshake(struct tls_line *line)
{
    int r = SSL_do_handshake(line->ssl);
    if (r == 1)
        return TLS_DONE;
    line->failed = SSL_get_error(line->ssl, r) != SSL_ERROR_WANT_READ;
    return line->failed ? TLS_FAILED : TLS_MORE;
}

enum tls_step tls_read(struct tls_line *line, uint8_t *p, size_t room, size_t *n)
{
    while (*n < room) {
        size_t got = 0;
        int r = SSL_read_ex(line->ssl, p + *n, room - *n, &got);
        if (r == 1) {
            *n += got;
            continue;
        }
        switch (SSL_get_error(line->ssl, r)) {
        case SSL_ERROR_WANT_READ:
            return TLS_MORE;
        case SSL_ERROR_ZERO_RETURN:
            return TLS_END;
        default:
            line->failed = true;
            return TLS_FAILED;
        }
    }
    line->failed = true; /* more plain bytes than ciphertext: never */
    return TLS_FAILED;
}

bool tls_write(struct tls_line *line, const uint8_t *p, size_t n)
{
    size_t written = 0;
    if (n && (SSL_write_ex(line->ssl, p, n, &written) != 1 || written != n))
        line->failed = true;
    return !line->failed;
}

void tls_goodbye(struct tls_line *line)
{
    if (!line->failed && SSL_shutdown(line->ssl) < 0)
        ERR_clear_error();
}

const char *tls_why(const struct tls_line *line)
{
    long verified = SSL_get_verify_result(line->ssl);
    const char *why = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                            : ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return why ? why : "it was cut off";
}

/* ---- who it is ---- */

/* A name that can stand in a log and be compared: ASCII without spaces and controls, no NUL. */
static void add_name(struct tls_line *line, const ASN1_STRING *name)
{
    int length = ASN1_STRING_length(name);
    const unsigned char *p = ASN1_STRING_get0_data(name);
    if (length <= 0 || length > LIMIT_WIRE_IDENTITY)
        return;
    size_t n = (size_t)length, at = line->names_n + (line->names_n > 0);
    for (size_t i = 0; i < n; i++)
        if (p[i] <= ' ' || p[i] >= 0x7f)
            return;
    if (at + n > LIMIT_WIRE_NAMES)
        return;
    if (at)
        line->names[at - 1] = ' ';
    memcpy(line->names + at, p, n);
    line->names_n = at + n;
}

static void add_dns_names(struct tls_line *line, const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            add_name(line, name->d.dNSName);
    }
    GENERAL_NAMES_free(names);
}

static void add_common_name(struct tls_line *line, const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0)
        add_name(line, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

bool tls_names(struct tls_line *line, struct str *out)
{
    const X509 *certificate = SSL_get0_peer_certificate(line->ssl);
    line->names_n = 0;
    if (certificate)
        add_dns_names(line, certificate);
    if (certificate && !line->names_n)
        add_common_name(line, certificate);
    ERR_clear_error();
    *out = (struct str){line->names, line->names_n};
    return certificate;
}
