/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as an access token: none is good that no key signed; and as claims whose signature stood: what is good has
 * an end, and says so within bounds. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/limits.h"
#include "n5geir/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys whose other halves nobody has. */
static struct token_keys *make_keys(void)
{
    char path[] = "/tmp/tamga-fuzz-XXXXXX";
    struct token_keys *keys = NULL;
    struct fault fault = {0};
    EVP_PKEY *of[] = {EVP_EC_gen("P-256"), EVP_RSA_gen(2048)};
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert(file && PEM_write_PUBKEY(file, of[0]) == 1 && PEM_write_PUBKEY(file, of[1]) == 1);
    fclose(file);
    enum err err = token_keys_read(path, &keys, &fault);
    assert(err == ERR_OK);
    unlink(path);
    EVP_PKEY_free(of[0]);
    EVP_PKEY_free(of[1]);
    return keys;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct token_keys *keys;
    const struct token_rules rules = {STR("4947a69a-f61b-4bc1-b9da-47c9c5d14b64"), STR(""), 10};
    const int64_t now = 1790000000;
    struct str bytes = {size ? (const char *)data : "", size};
    int64_t until = -1;
    if (!keys)
        keys = make_keys();
    struct str token = token_of_header(bytes);
    assert(token.n <= size);
    enum token_verdict verdict = token_judge(token.n ? token : bytes, &rules, keys, now, &until);
    assert(verdict == TOKEN_INVALID && until == -1);
    verdict = token_judge_claims(bytes, &rules, now, &until);
    assert(verdict == TOKEN_GOOD || verdict == TOKEN_INVALID || verdict == TOKEN_SCOPE);
    assert((verdict == TOKEN_GOOD) == (until != -1));
    assert(until == -1 || (until > now && until <= now + LIMIT_N5G_TOKEN_SECONDS));
    return 0;
}
