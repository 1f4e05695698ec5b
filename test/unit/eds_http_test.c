/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_http_test - the verifier beside us, played by a thread on loopback: what is asked, what is
 * made of each answer, and that silence, noise and floods are never told as a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <unistd.h>

#include "base/limits.h"
#include "people/eds.h"
#include "unit/eds_ca.h"
#include "unit/eds_standin.h"

#define NOW     INT64_C(1780000000)
#define IIN     "941231300341"
#define BIN     "980540000397"
#define CONTENT "{\"application\":1247}"

#define SIGNER(valid, iin, bin, revocations)                                                       \
    "\"signers\":[{\"certificates\":[{\"valid\":" valid ",\"revocations\":[" revocations           \
    "],\"subject\":{\"commonName\":\"X\",\"iin\":\"" iin "\",\"bin\":\"" bin                       \
    "\"}}],\"tsp\":null}]"
#define ANSWER(valid, certificate, revocations)                                                    \
    "{\"status\":200,\"message\":\"OK\",\"valid\":" valid                                          \
    "," SIGNER(certificate, IIN, "", revocations) "}"
#define KNOWN   "{\"revoked\":false,\"by\":\"OCSP\",\"revocationTime\":null,\"reason\":\"OK\"}"
#define REVOKED "{\"revoked\":true,\"by\":\"OCSP\",\"reason\":\"OK\"}"
#define UNKNOWN "{\"revoked\":false,\"by\":\"OCSP\",\"reason\":\"Connect timed out\"}"
#define GOOD    ANSWER("true", "true", KNOWN)

struct fixture {
    struct eds_ca *ca;
    struct eds_signer *person;
    struct standin standin;
    struct eds_port port;
    struct eds_person out;
    struct fault fault;
};

static void open_port(struct fixture *f, unsigned port, unsigned whole_ms)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    eds_close(&f->port);
    struct eds_http_options options = {.url = url, .whole_ms = whole_ms};
    assert_int_equal(eds_http_open(&options, &f->port, NULL), ERR_OK);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->ca = eds_ca_new("The authority", NOW);
    f->person = eds_ca_person(f->ca, IIN, "A PERSON");
    standin_start(&f->standin);
    open_port(f, f->standin.port, 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    standin_stop(&f->standin);
    eds_close(&f->port);
    eds_signer_free(f->person);
    eds_ca_free(f->ca);
    free(f);
    return 0;
}

static enum err verify(struct fixture *f, enum eds_use use, struct str cms, struct str content)
{
    memset(&f->fault, 0, sizeof f->fault);
    enum err err = eds_verify(&f->port, use, cms, content, NOW, &f->out, &f->fault);
    assert_int_equal(f->fault.err, err);
    return err;
}

/* CONTENT by the person, and the verifier says so. */
static enum err told(struct fixture *f, int status, const char *body)
{
    standin_will_answer(&f->standin, 0, status, str_z(body));
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    enum err err = verify(f, EDS_SIGN, str_z(cms), STR(CONTENT));
    free(cms);
    return err;
}

/* ---- tests ---- */

static size_t decoded(const json_t *question, const char *name, uint8_t *to)
{
    const char *text = json_string_value(json_object_get(question, name));
    assert_non_null(text);
    size_t n = strlen(text);
    int got = EVP_DecodeBlock(to, (const uint8_t *)text, (int)n);
    assert_true(got >= 0);
    return (size_t)got - (n && text[n - 1] == '=') - (n > 1 && text[n - 2] == '=');
}

/* The bytes of the CMS, and the content only when it is not in there. */
static void what_is_asked(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[65536];
    for (unsigned detached = 0; detached < 2; detached++) {
        struct buf der = {0};
        eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person},
                                          .content = STR(CONTENT),
                                          .flags = detached ? CMS_DETACHED : 0},
                   &der);
        standin_will_answer(&f->standin, 0, 200, STR(GOOD));
        struct str cms = {(char *)der.p, der.n};
        assert_int_equal(verify(f, EDS_SIGN, cms, STR(CONTENT)), ERR_OK);
        assert_string_equal(f->out.iin, IIN);
        assert_string_equal(f->out.name, "A PERSON"); /* as the certificate says */
        json_t *q = json_loads(f->standin.question[0], 0, NULL);
        assert_int_equal(decoded(q, "cms", bytes), der.n);
        assert_memory_equal(bytes, der.p, der.n);
        json_t *checks = json_object_get(q, "revocationCheck");
        assert_int_equal(json_array_size(checks), 1);
        assert_string_equal(json_string_value(json_array_get(checks, 0)), "OCSP");
        assert_int_equal(json_object_get(q, "data") != NULL, detached);
        if (detached) {
            assert_int_equal(decoded(q, "data", bytes), strlen(CONTENT));
            assert_memory_equal(bytes, CONTENT, strlen(CONTENT));
        }
        json_decref(q);
        buf_release(&der);
    }
}

/* What was read here is what goes out: in DER, and it still stands. */
static void what_is_asked_is_what_was_read(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[65536];
    struct buf ber = {0};
    struct eds_port local;
    eds_ca_cms(&(struct eds_cms_wish){.signers = {f->person}, .content = STR(CONTENT), .ber = true},
               &ber);
    standin_will_answer(&f->standin, 0, 200, STR(GOOD));
    assert_int_equal(verify(f, EDS_SIGN, (struct str){(char *)ber.p, ber.n}, STR(CONTENT)), ERR_OK);
    json_t *q = json_loads(f->standin.question[0], 0, NULL);
    struct str sent = {(char *)bytes, decoded(q, "cms", bytes)};
    assert_int_equal(bytes[1], 0x82);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), NULL, &local, NULL), ERR_OK);
    assert_int_equal(eds_verify(&local, EDS_SIGN, sent, STR(CONTENT), NOW, &f->out, NULL), ERR_OK);
    eds_close(&local);
    json_decref(q);
    buf_release(&ber);
}

static void answers_are_understood(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        int status;
        enum err err;
    } rows[] = {
        {GOOD, 200, ERR_OK},
        /* it stands, but nobody was asked who was revoked, or not all know */
        {ANSWER("true", "true", ""), 200, ERR_EDS_AWAY},
        {ANSWER("true", "true", UNKNOWN), 200, ERR_EDS_AWAY},
        {ANSWER("true", "true", KNOWN "," UNKNOWN), 200, ERR_EDS_AWAY},
        {ANSWER("true", "true", KNOWN "," KNOWN), 200, ERR_OK},
        {ANSWER("true", "true", KNOWN "," REVOKED), 200, ERR_EDS_REVOKED},
        {ANSWER("false", "true", KNOWN), 200, ERR_EDS_SIGNATURE},
        {ANSWER("false", "false", KNOWN), 200, ERR_EDS_CHAIN},
        {ANSWER("true", "false", KNOWN), 200, ERR_EDS_CHAIN},
        {ANSWER("false", "false", REVOKED), 200, ERR_EDS_REVOKED},
        {ANSWER("false", "false", UNKNOWN "," REVOKED), 200, ERR_EDS_REVOKED},
        {"{\"status\":400,\"message\":\"Malformed content.\"}", 400, ERR_EDS_SIGNATURE},
        /* not an answer to what was asked */
        {"{\"status\":500,\"message\":\"Server error\"}", 500, ERR_EDS_AWAY},
        {"<html>", 400, ERR_EDS_AWAY},
        {"<html>", 200, ERR_EDS_AWAY},
        {"", 200, ERR_EDS_AWAY},
        {"null", 200, ERR_EDS_AWAY},
        {"[]", 200, ERR_EDS_AWAY},
        {"{}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true,\"signers\":[]}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true,\"signers\":[{},{}]}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true,\"signers\":[{\"certificates\":[]}]}", 200, ERR_EDS_AWAY},
        {"{\"valid\":\"true\"," SIGNER("true", IIN, "", KNOWN) "}", 200, ERR_EDS_AWAY},
        {"{\"valid\":1," SIGNER("true", IIN, "", KNOWN) "}", 200, ERR_EDS_AWAY},
        {"{\"valid\":false,\"valid\":true," SIGNER("true", IIN, "", KNOWN) "}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true," SIGNER("true", "900101300811", "", KNOWN) "}", 200, ERR_EDS_AWAY},
        {"{\"valid\":true," SIGNER("true", "", "", KNOWN) "}", 200, ERR_EDS_AWAY},
        {GOOD, 201, ERR_EDS_AWAY},
        {GOOD, 302, ERR_EDS_AWAY},
        {GOOD, 503, ERR_EDS_AWAY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(told(f, rows[i].status, rows[i].body), rows[i].err);
}

/* Nobody told the verifier who was revoked: asked again without, to know whether that alone is
 * why. */
static void revocation_that_is_not_known(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *second;
        enum err err;
    } rows[] = {{ANSWER("true", "true", ""), ERR_EDS_AWAY},
                {ANSWER("false", "false", ""), ERR_EDS_CHAIN},
                {ANSWER("false", "true", ""), ERR_EDS_SIGNATURE},
                {"", ERR_EDS_AWAY}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        standin_will_answer(&f->standin, 1, 200, str_z(rows[i].second));
        assert_int_equal(told(f, 200, ANSWER("false", "false", UNKNOWN)), rows[i].err);
        assert_int_equal(f->standin.asked, 2);
        assert_non_null(strstr(f->standin.question[1], "\"revocationCheck\":[]"));
    }
}

static void who_does_not_answer_is_away(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(told(f, STANDIN_CUT, GOOD), ERR_EDS_AWAY);
    static char flood[LIMIT_EDS_ANSWER + 2]; /* still being sent when the asker has had enough */
    memset(flood, ' ', LIMIT_EDS_ANSWER + 1);
    memcpy(flood, GOOD, strlen(GOOD));
    flood[LIMIT_EDS_ANSWER] = '\0';
    assert_int_equal(told(f, 200, flood), ERR_OK);
    flood[LIMIT_EDS_ANSWER] = ' ';
    flood[LIMIT_EDS_ANSWER + 1] = '\0';
    assert_int_equal(told(f, 200, flood), ERR_EDS_AWAY);
    unsigned port; /* nobody listens there */
    int fd = standin_bind(&port);
    open_port(f, port, 0);
    assert_int_equal(told(f, 200, GOOD), ERR_EDS_AWAY);
    close(fd);
}

static void a_slow_one_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    open_port(f, f->standin.port, 100);
    assert_int_equal(told(f, STANDIN_SILENT, ""), ERR_EDS_AWAY);
}

/* These stand before any question: what is signed, and until when, is ours to know. */
static void what_needs_no_verifier(void **state)
{
    struct fixture *f = *state;
    standin_will_answer(&f->standin, 0, 200, STR(GOOD));
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    assert_int_equal(verify(f, EDS_SIGN, STR("garbage"), STR(CONTENT)), ERR_EDS_FORM);
    assert_int_equal(verify(f, EDS_SIGN, str_z(cms), STR("another")), ERR_EDS_CONTENT);
    assert_int_equal(
        eds_verify(&f->port, EDS_SIGN, str_z(cms), STR(CONTENT), NOW + EDS_CA_YEAR, &f->out, NULL),
        ERR_EDS_EXPIRED);
    assert_int_equal(f->standin.asked, 0);
    free(cms);
}

/* And these after it: what the certificate is for, and of whom. */
static void what_the_certificate_says_is_read_here(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct eds_wish wish;
        const char *body;
        enum err err;
    } rows[] = {
        {{.iin = IIN, .purposes = "clientAuth"}, GOOD, ERR_EDS_USAGE},
        {{.iin = "941231300342"},
         "{\"valid\":true," SIGNER("true", "941231300342", "", KNOWN) "}",
         ERR_EDS_IDENTITY},
        {{.iin = IIN, .bin = BIN}, GOOD, ERR_EDS_AWAY}, /* it speaks of a person */
        {{.iin = IIN, .bin = BIN, .organisation = "АҚ «ТЕСТ»"},
         "{\"valid\":true," SIGNER("true", IIN, BIN, KNOWN) "}",
         ERR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eds_signer *s = eds_ca_give(f->ca, &rows[i].wish);
        char *cms = eds_ca_sign(s, STR(CONTENT));
        standin_will_answer(&f->standin, 0, 200, str_z(rows[i].body));
        assert_int_equal(verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), rows[i].err);
        free(cms);
        eds_signer_free(s);
    }
    assert_string_equal(f->out.bin, BIN);
    assert_string_equal(f->out.organisation, "АҚ «ТЕСТ»");
}

/* GOST everywhere, which nobody here can verify: the verifier's word is enough, and the form is
 * kept. */
static void gost_is_left_to_the_verifier(void **state)
{
    struct fixture *f = *state;
    enum { OID = 11 };
    static const uint8_t gost[OID] = {6, 9, 0x2a, 0x83, 0x0e, 3, 0x0a, 1, 1, 1, 2};
    static const uint8_t known[][OID] = {{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1},
                                         {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1},
                                         {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}};
    static uint8_t bytes[65536];
    struct eds_signer *s = eds_ca_give(f->ca, &(struct eds_wish){.iin = IIN, .rsa_bits = 2048});
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {s}, .content = STR(CONTENT)}, &der);
    for (size_t i = 0; i + OID <= der.n; i++)
        for (size_t j = 0; j < 3; j++)
            if (memcmp(der.p + i, known[j], OID) == 0)
                memcpy(der.p + i, gost, OID);
    standin_will_answer(&f->standin, 0, 200, STR(GOOD));
    assert_int_equal(verify(f, EDS_SIGN, (struct str){(char *)der.p, der.n}, STR(CONTENT)), ERR_OK);
    assert_string_equal(f->out.iin, IIN);
    json_t *q = json_loads(f->standin.question[0], 0, NULL);
    assert_int_equal(decoded(q, "cms", bytes), der.n);
    assert_memory_equal(bytes, der.p, der.n);
    json_decref(q);
    buf_release(&der);
    eds_signer_free(s);
}

static void urls_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "127.0.0.1:14579", "file:///etc/passwd", "ftp://x",
                                        "httpx://x"};
    struct eds_port port;
    struct fault fault;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct eds_http_options options = {.url = wrong[i]};
        assert_int_equal(eds_http_open(&options, &port, &fault), ERR_SETTING_VALUE);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_asked),
        T(what_is_asked_is_what_was_read),
        T(answers_are_understood),
        T(revocation_that_is_not_known),
        T(who_does_not_answer_is_away),
        T(a_slow_one_is_not_waited_for),
        T(what_needs_no_verifier),
        T(what_the_certificate_says_is_read_here),
        T(gost_is_left_to_the_verifier),
        cmocka_unit_test(urls_are_checked),
    };
    return cmocka_run_group_tests_name("eds_http", tests, NULL, NULL);
}
