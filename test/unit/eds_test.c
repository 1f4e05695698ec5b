/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_test - signatures that OpenSSL verifies: their forms, their content, their algorithms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "unit/eds_bed.h"

/* ---- what is accepted ---- */

static void a_person_is_told(void **state)
{
    struct eds_bed *f = *state;
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    for (enum eds_use use = EDS_SIGN_IN; use <= EDS_SIGN; use++) {
        assert_int_equal(eds_bed_verify(f, use, str_z(cms), STR(CONTENT)), ERR_OK);
        assert_string_equal(f->out.iin, IIN);
        assert_string_equal(f->out.bin, "");
        assert_string_equal(f->out.name, NAME);
        assert_string_equal(f->out.organisation, "");
        assert_int_equal(f->out.not_after, NOW + EDS_CA_YEAR);
        unsigned char *der = NULL;
        uint8_t hash[SHA256_BYTES];
        int n = i2d_X509(f->person->certificate, &der);
        sha256_once(der, (size_t)n, hash);
        OPENSSL_free(der);
        assert_memory_equal(f->out.certificate, hash, sizeof hash);
    }
    free(cms);
}

static void an_organisation_is_told(void **state)
{
    struct eds_bed *f = *state;
    char longest[600] = "";
    for (size_t i = 0; i < 59; i++)
        snprintf(longest + strlen(longest), sizeof longest - strlen(longest), "Қ");
    struct eds_signer *s = eds_ca_organisation(f->ca, IIN, NAME, BIN, longest);
    char *cms = eds_ca_sign(s, STR(CONTENT));
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), ERR_OK);
    assert_string_equal(f->out.iin, IIN);
    assert_string_equal(f->out.bin, BIN);
    assert_string_equal(f->out.organisation, longest);
    free(cms);
    eds_signer_free(s);
}

static void every_form_is_read(void **state)
{
    struct eds_bed *f = *state;
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = STR(CONTENT)}, &der);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)),
                     ERR_OK);
    static const size_t lines[] = {0, 64, 76, 1};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *text = eds_ca_base64(der.p, der.n, lines[i]), *pem;
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(text), STR(CONTENT)), ERR_OK);
        static const char *const labels[] = {"CMS", "PKCS7"};
        for (size_t j = 0; j < 2; j++) {
            assert_true(asprintf(&pem, "\r\n-----BEGIN %s-----\r\n%s\r\n-----END %s-----\r\n",
                                 labels[j], text, labels[j]) > 0);
            assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(pem), STR(CONTENT)), ERR_OK);
            free(pem);
        }
        free(text);
    }
    buf_clear(&der);
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = STR(CONTENT), .ber = true},
               &der);
    assert_int_equal(der.p[1], 0x80); /* X.690 8.1.3.6 */
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)),
                     ERR_OK);
    buf_release(&der);
}

static void every_kind_of_key_signs(void **state)
{
    struct eds_bed *f = *state;
    const struct eds_wish wishes[] = {{.iin = IIN, .rsa_bits = 2048},
                                      {.iin = IIN, .rsa_bits = 3072, .digest = "SHA512"},
                                      {.iin = IIN, .curve = "P-384", .digest = "SHA384"},
                                      {.iin = IIN, .curve = "P-521"}};
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        struct eds_signer *s = eds_ca_give(f->ca, &wishes[i]);
        for (size_t j = 0; j < 3; j++)
            for (unsigned flags = 0; flags < 4; flags++) {
                struct eds_cms_wish wish = {.signers = {s},
                                            .content = STR(CONTENT),
                                            .digest = digests[j],
                                            .flags = (flags & 1 ? CMS_DETACHED : 0) |
                                                     (flags & 2 ? CMS_NOATTR : 0)};
                assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_OK);
            }
        eds_signer_free(s);
    }
    struct eds_cms_wish by_key_id = {
        .signers = {f->person}, .content = STR(CONTENT), .flags = CMS_USE_KEYID};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &by_key_id), ERR_OK);
    struct eds_cms_wish alone = {
        .signers = {f->person}, .content = STR(CONTENT), .without_issuer = true};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &alone), ERR_OK); /* the bundle has the issuer */
}

/* ---- content ---- */

/* Inside and outside: what fits fits, and one bit, one byte more or less does not. */
static void check_content(struct eds_bed *f, char *bytes, size_t n, unsigned flags)
{
    struct str content = {bytes, n};
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = content, .flags = flags},
               &der);
    struct str cms = {(char *)der.p, der.n};
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, content), ERR_OK);
    if (n) {
        bytes[n / 2] ^= 1;
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, content), ERR_EDS_CONTENT);
        bytes[n / 2] ^= 1;
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, (struct str){bytes, n - 1}),
                         ERR_EDS_CONTENT);
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, (struct str){bytes, 0}), ERR_EDS_CONTENT);
    }
    if (n < LIMIT_EDS_CONTENT)
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, (struct str){bytes, n + 1}),
                         ERR_EDS_CONTENT);
    buf_release(&der);
}

static void content_must_be_ours_to_the_byte(void **state)
{
    struct eds_bed *f = *state;
    static const size_t sizes[] = {0, 1, 20, 4096, LIMIT_EDS_CONTENT};
    char *bytes = malloc(LIMIT_EDS_CONTENT + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i <= LIMIT_EDS_CONTENT; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_content(f, bytes, sizes[i], 0);
        check_content(f, bytes, sizes[i], CMS_DETACHED);
    }
    /* a line feed is no carriage return */
    char lines[] = "a\r\nb\nc";
    check_content(f, lines, 6, 0);
    check_content(f, lines, 6, CMS_DETACHED);
    free(bytes);
}

static void the_longest_content_comes_in_base64(void **state)
{
    struct eds_bed *f = *state;
    char *bytes = calloc(1, LIMIT_EDS_CONTENT + 1);
    assert_non_null(bytes);
    struct str content = {bytes, LIMIT_EDS_CONTENT};
    char *cms = eds_ca_sign(f->person, content);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), content), ERR_OK);
    content.n++;
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), content), ERR_TOO_LONG);
    free(cms);
    free(bytes);
}

static void a_detached_content_without_attributes(void **state)
{
    struct eds_bed *f = *state;
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person},
                                      .content = STR(CONTENT),
                                      .flags = CMS_DETACHED | CMS_NOATTR},
               &der);
    struct str cms = {(char *)der.p, der.n};
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, STR(CONTENT)), ERR_OK);
    /* nothing there tells which content it was */
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, cms, STR("another")), ERR_EDS_SIGNATURE);
    buf_release(&der);
}

/* ---- forms ---- */

static void what_is_no_signature(void **state)
{
    struct eds_bed *f = *state;
    static const char *const texts[] = {
        "",
        " ",
        "0",
        "MIIB",
        "no base64 at all!",
        "====",
        "MAA=",
        "-----BEGIN CMS-----",
        "-----BEGIN CMS-----\n-----END CMS-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "\x30\x80",
        "\x30\x84\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(texts[i]), STR(CONTENT)), ERR_EDS_FORM);
    char *nested = malloc(LIMIT_EDS_CMS + 1);
    assert_non_null(nested);
    for (size_t i = 0; i <= LIMIT_EDS_CMS; i++)
        nested[i] = i % 2 ? (char)0x80 : 0x30; /* a sequence in a sequence in … */
    for (size_t n = LIMIT_EDS_CMS; n <= LIMIT_EDS_CMS + 1; n++)
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){nested, n}, STR(CONTENT)),
                         ERR_EDS_FORM);
    free(nested);
}

static void a_signature_is_whole(void **state)
{
    struct eds_bed *f = *state;
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = STR(CONTENT)}, &der);
    for (size_t n = 0; n < der.n; n++)
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, n}, STR(CONTENT)),
                         ERR_EDS_FORM);
    buf_put(&der, "", 1);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)),
                     ERR_EDS_FORM);
    buf_release(&der);
}

/* Any one bit: never accepted as another text's or another person's. */
static void a_changed_bit_is_found(void **state)
{
    struct eds_bed *f = *state;
    struct buf der = {0};
    unsigned accepted = 0;
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = STR(CONTENT)}, &der);
    for (size_t i = 0; i < der.n; i++) {
        der.p[i] ^= (uint8_t)(1 << i % 8);
        if (!eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT))) {
            accepted++; /* a version number, the issuer's certificate: the bundle has it */
            assert_string_equal(f->out.iin, IIN);
            assert_string_equal(f->out.name, NAME);
        }
        der.p[i] ^= (uint8_t)(1 << i % 8);
    }
    assert_in_range(accepted, 0, der.n / 2);
    /* the signature itself is the end of the bytes */
    der.p[der.n - 1] ^= 1;
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)),
                     ERR_EDS_SIGNATURE);
    buf_release(&der);
}

static void one_signer_with_his_certificate(void **state)
{
    struct eds_bed *f = *state;
    struct eds_signer *other = eds_ca_person(f->ca, "900101300811", "ANOTHER");
    struct eds_cms_wish two = {.signers = {f->person, other}, .content = STR(CONTENT)};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &two), ERR_EDS_FORM);
    struct eds_cms_wish none = {
        .signers = {f->person}, .content = STR(CONTENT), .flags = CMS_NOCERTS};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &none), ERR_EDS_FORM);
    eds_signer_free(other);
}

static void certificates_are_few(void **state)
{
    struct eds_bed *f = *state;
    struct eds_cms_wish wish = {
        .signers = {f->person}, .content = STR(CONTENT), .more = LIMIT_EDS_CERTIFICATES - 2};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_OK);
    wish.more++;
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_FORM);
    wish.more = 98; /* with the signer's and the issuer's: 100 */
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_FORM);
}

/* ---- algorithms ---- */

static void weak_ones_are_refused(void **state)
{
    struct eds_bed *f = *state;
    const struct eds_wish wishes[] = {{.iin = IIN, .rsa_bits = 1024},
                                      {.iin = IIN, .digest = "SHA1"},
                                      {.iin = IIN, .curve = "P-224"},
                                      {.iin = IIN, .curve = "secp256k1"}};
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        assert_int_equal(eds_bed_told_of(f, EDS_SIGN, &wishes[i]), ERR_EDS_ALGORITHM);
    struct eds_signer *s = eds_ca_give(f->ca, &(struct eds_wish){.iin = IIN, .rsa_bits = 2048});
    static const char *const digests[] = {"SHA1", "MD5", "SHA224"};
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        struct eds_cms_wish wish = {.signers = {s}, .content = STR(CONTENT), .digest = digests[i]};
        assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_ALGORITHM);
        assert_non_null(strstr(f->fault.detail, "too weak"));
    }
    eds_signer_free(s);
}

/* Every a becomes b, of equal length. */
static void patch(struct buf *der, const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i + n <= der->n; i++)
        if (memcmp(der->p + i, a, n) == 0)
            memcpy(der->p + i, b, n);
}

static void gost_is_named(void **state)
{
    struct eds_bed *f = *state;
    enum { OID = 11 };
    /* 1.2.398.3.10.1.1.1.2, GOST 34.310, in the place of SHA-256, rsaEncryption,
     * sha256WithRSAEncryption */
    static const uint8_t gost[OID] = {6, 9, 0x2a, 0x83, 0x0e, 3, 0x0a, 1, 1, 1, 2};
    static const uint8_t known[][OID] = {{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1},
                                         {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1},
                                         {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}};
    struct eds_signer *s = eds_ca_give(f->ca, &(struct eds_wish){.iin = IIN, .rsa_bits = 2048});
    for (size_t i = 0; i < 2; i++) {
        struct buf der = {0};
        eds_ca_cms(&(struct eds_cms_wish){.signers = {s}, .content = STR(CONTENT)}, &der);
        for (size_t j = i; j < 3; j++)
            patch(&der, known[j], gost, OID);
        assert_int_equal(
            eds_bed_verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)),
            ERR_EDS_ALGORITHM);
        assert_non_null(strstr(f->fault.detail,
                               i ? "key 1.2.398.3.10.1.1.1.2" : "digest 1.2.398.3.10.1.1.1.2"));
        assert_non_null(strstr(f->fault.detail, "HTTP verifier"));
        buf_release(&der);
    }
    eds_signer_free(s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, eds_bed_setup, eds_bed_teardown)
    const struct CMUnitTest tests[] = {
        T(a_person_is_told),
        T(an_organisation_is_told),
        T(every_form_is_read),
        T(every_kind_of_key_signs),
        T(content_must_be_ours_to_the_byte),
        T(the_longest_content_comes_in_base64),
        T(a_detached_content_without_attributes),
        T(what_is_no_signature),
        T(a_signature_is_whole),
        T(a_changed_bit_is_found),
        T(one_signer_with_his_certificate),
        T(certificates_are_few),
        T(weak_ones_are_refused),
        T(gost_is_named),
    };
    return cmocka_run_group_tests_name("eds", tests, NULL, NULL);
}
