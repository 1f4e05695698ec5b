/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_chain_test - whose certificates are taken: of which authority, when, for what, of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "unit/eds_bed.h"
#include "unit/given_file.h"

/* ---- chain, time, revocation ---- */

static void foreign_authorities_are_refused(void **state)
{
    struct eds_bed *f = *state;
    /* of the same name as ours, too */
    static const char *const names[] = {"Somebody", "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ"};
    for (size_t i = 0; i < 2; i++) {
        struct eds_ca *foreign = eds_ca_new(names[i], NOW);
        struct eds_signer *s = eds_ca_person(foreign, IIN, NAME);
        struct eds_cms_wish wish = {.signers = {s}, .content = STR(CONTENT)};
        assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_CHAIN);
        wish.without_issuer = true;
        assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_CHAIN);
        eds_signer_free(s);
        eds_ca_free(foreign);
    }
}

/* Whoever has a certificate may not give out others. */
static void a_person_is_no_authority(void **state)
{
    struct eds_bed *f = *state;
    struct eds_signer *forged = eds_ca_person(f->ca, "900101300811", "ANOTHER");
    X509_set_issuer_name(forged->certificate, X509_get_subject_name(f->person->certificate));
    assert_true(X509_sign(forged->certificate, f->person->key, EVP_sha256()) > 0);
    X509_free(forged->issuer);
    forged->issuer = f->person->certificate;
    X509_up_ref(forged->issuer);
    struct eds_cms_wish wish = {.signers = {forged}, .content = STR(CONTENT)};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_CHAIN);
    eds_signer_free(forged);
}

static void dates_are_of_the_callers_clock(void **state)
{
    struct eds_bed *f = *state;
    static const struct {
        int64_t from, to;
        enum err err;
    } rows[] = {{NOW, NOW + 1, ERR_OK},
                {NOW - 10, NOW, ERR_EDS_EXPIRED},
                {NOW + 1, NOW + 10, ERR_EDS_EXPIRED},
                {NOW - 10LL * EDS_CA_YEAR, NOW + 1, ERR_OK},
                /* past 2050 the date is written in another way (RFC 5280 4.1.2.5) */
                {NOW, NOW + 40LL * EDS_CA_YEAR, ERR_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eds_wish wish = {.iin = IIN, .from_s = rows[i].from, .to_s = rows[i].to};
        assert_int_equal(eds_bed_told_of(f, EDS_SIGN, &wish), rows[i].err);
        if (!rows[i].err)
            assert_int_equal(f->out.not_after, rows[i].to);
    }
    /* the authority's own end */
    struct eds_wish longest = {.iin = IIN, .to_s = NOW + 20LL * EDS_CA_YEAR};
    struct eds_signer *s = eds_ca_give(f->ca, &longest);
    char *cms = eds_ca_sign(s, STR(CONTENT));
    assert_int_equal(eds_verify(&f->port, EDS_SIGN, str_z(cms), STR(CONTENT),
                                NOW + 6LL * EDS_CA_YEAR, &f->out, &f->fault),
                     ERR_EDS_EXPIRED);
    free(cms);
    eds_signer_free(s);
}

static void the_revoked_are_refused(void **state)
{
    struct eds_bed *f = *state;
    struct eds_signer *other = eds_ca_person(f->ca, "900101300811", "ANOTHER");
    char *of_person = eds_ca_sign(f->person, STR(CONTENT));
    char *of_other = eds_ca_sign(other, STR(CONTENT));
    const char *crl = eds_ca_revoke(f->ca, f->person, NOW - 10, NOW + 10);
    eds_close(&f->port);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), crl, &f->port, NULL), ERR_OK);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(of_person), STR(CONTENT)), ERR_EDS_REVOKED);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(of_other), STR(CONTENT)), ERR_OK);
    free(of_person);
    free(of_other);
    eds_signer_free(other);
}

/* The list is written anew while the port is open; one that cannot be read leaves
 * the one before. */
static void a_new_list_is_read(void **state)
{
    struct eds_bed *f = *state;
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    const char *crl = eds_ca_revoke(f->ca, NULL, NOW - 10, NOW + 10);
    eds_close(&f->port);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), crl, &f->port, NULL), ERR_OK);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), ERR_OK);
    eds_ca_revoke(f->ca, f->person, NOW - 10, NOW + 10);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), ERR_EDS_REVOKED);
    FILE *file = fopen(crl, "w");
    assert_true(file && fputs("no list", file) >= 0 && fclose(file) == 0);
    assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), ERR_EDS_REVOKED);
    free(cms);
}

struct asker {
    const struct eds_port *port;
    struct str cms;
    unsigned accepted;
};

enum { ASKERS = 4, ROUNDS = 100 };

static void *keep_asking(void *arg)
{
    struct asker *a = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct eds_person out;
        a->accepted += !eds_verify(a->port, EDS_SIGN, a->cms, STR(CONTENT), NOW, &out, NULL) &&
                       strcmp(out.iin, IIN) == 0;
    }
    return NULL;
}

/* Many threads use one port while the list is written anew under them. */
static void threads_share_a_port(void **state)
{
    struct eds_bed *f = *state;
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    const char *crl = eds_ca_revoke(f->ca, NULL, NOW - 10, NOW + 10);
    eds_close(&f->port);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), crl, &f->port, NULL), ERR_OK);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){&f->port, str_z(cms), 0};
        assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, &askers[i]), 0);
    }
    for (int64_t i = 0; i < ROUNDS; i++)
        eds_ca_revoke(f->ca, NULL, NOW - 10, NOW + 10 + i);
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].accepted, ROUNDS);
    }
    free(cms);
}

/* Not to know is no refusal. */
static void a_list_that_tells_nothing(void **state)
{
    struct eds_bed *f = *state;
    char *cms = eds_ca_sign(f->person, STR(CONTENT));
    static const int64_t dates[][2] = {{NOW - 10, NOW - 1}, {NOW + 1, NOW + 10}};
    for (size_t i = 0; i < 3; i++) {
        struct eds_ca *foreign = eds_ca_new("Somebody", NOW);
        const char *crl = i < 2 ? eds_ca_revoke(f->ca, NULL, dates[i][0], dates[i][1])
                                : eds_ca_revoke(foreign, NULL, NOW - 10, NOW + 10);
        eds_close(&f->port);
        assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), crl, &f->port, NULL), ERR_OK);
        assert_int_equal(eds_bed_verify(f, EDS_SIGN, str_z(cms), STR(CONTENT)), ERR_EDS_AWAY);
        eds_ca_free(foreign);
    }
    free(cms);
}

/* ---- use and identity ---- */

#define SIGNS  "critical,digitalSignature,nonRepudiation"
#define ENTERS "critical,digitalSignature,keyEncipherment"
#define PERSON ",1.2.398.3.3.4.1.1"

static void a_certificate_is_for_something(void **state)
{
    struct eds_bed *f = *state;
    static const struct {
        const char *key_usage, *purposes;
        enum err sign_in, sign;
    } rows[] = {
        {SIGNS, "emailProtection" PERSON, ERR_OK, ERR_OK},    /* the NCA's, to sign */
        {ENTERS, "clientAuth" PERSON, ERR_OK, ERR_EDS_USAGE}, /* the NCA's, to sign in */
        {"nonRepudiation", "emailProtection", ERR_EDS_USAGE, ERR_OK},
        {"digitalSignature", "emailProtection", ERR_EDS_USAGE, ERR_OK},
        {ENTERS, "1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.5", ERR_OK, ERR_EDS_USAGE},
        {"keyEncipherment", "clientAuth,emailProtection" PERSON, ERR_EDS_USAGE, ERR_EDS_USAGE},
        {SIGNS, "serverAuth", ERR_EDS_USAGE, ERR_EDS_USAGE},
        {SIGNS, "1.2.398.3.3.4.2.1", ERR_EDS_USAGE, ERR_EDS_USAGE}, /* the NCA's own officer */
        {SIGNS, "1.2.398.3.3.4.1.11", ERR_EDS_USAGE, ERR_EDS_USAGE},
        {SIGNS, "", ERR_EDS_USAGE, ERR_EDS_USAGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eds_wish wish = {
            .iin = IIN, .bin = BIN, .key_usage = rows[i].key_usage, .purposes = rows[i].purposes};
        assert_int_equal(eds_bed_told_of(f, EDS_SIGN_IN, &wish), rows[i].sign_in);
        assert_int_equal(eds_bed_told_of(f, EDS_SIGN, &wish), rows[i].sign);
    }
}

static void numbers_are_right(void **state)
{
    struct eds_bed *f = *state;
    const struct eds_wish wrong[] = {
        {.name = NAME},          {.iin = ""},
        {.iin = "941231300342"}, {.iin = "9412313003411"},
        {.iin = "94123130034 "}, {.iin = IIN, .bin = "980540000398"},
        {.iin = IIN, .bin = ""}, {.iin = IIN, .purposes = "emailProtection,1.2.398.3.3.4.1.2"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(eds_bed_told_of(f, EDS_SIGN, &wrong[i]), ERR_EDS_IDENTITY);
        assert_null(strstr(f->fault.detail, "94123")); /* it goes to the log */
        assert_string_equal(f->fault.value, "");
    }
}

static void two_numbers_are_none(void **state)
{
    struct eds_bed *f = *state;
    struct eds_ca *again = eds_ca_new("Twice", NOW);
    struct eds_signer *twice = eds_ca_give(again, &(struct eds_wish){.iin = IIN, .name = NAME});
    X509_NAME *subject = X509_get_subject_name(twice->certificate);
    assert_true(X509_NAME_add_entry_by_txt(subject, "serialNumber", MBSTRING_UTF8,
                                           (const unsigned char *)"IIN900101300811", -1, -1, 0));
    eds_ca_resign(again, twice);
    eds_close(&f->port);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(again), NULL, &f->port, NULL), ERR_OK);
    struct eds_cms_wish wish = {.signers = {twice}, .content = STR(CONTENT)};
    assert_int_equal(eds_bed_told(f, EDS_SIGN, &wish), ERR_EDS_IDENTITY);
    eds_signer_free(twice);
    eds_ca_free(again);
}

/* What a certificate says is shown to people. */
static void names_hide_nothing(void **state)
{
    struct eds_bed *f = *state;
    struct eds_wish wish = {.iin = IIN, .name = "A\xe2\x80\xae\tB"};
    assert_int_equal(eds_bed_told_of(f, EDS_SIGN, &wish), ERR_OK);
    assert_string_equal(f->out.name, "A??B");
}

/* ---- opening ---- */

static void files_are_needed(void **state)
{
    struct eds_bed *f = *state;
    struct eds_port port;
    struct fault fault = {0};
    char *empty = given_file("", 0);
    assert_int_equal(eds_openssl_open("/nowhere/ca.pem", NULL, &port, &fault), ERR_FILE_OPEN);
    assert_string_equal(fault.file, "/nowhere/ca.pem");
    assert_int_equal(eds_openssl_open("/tmp", NULL, &port, &fault), ERR_FILE_OPEN);
    assert_int_equal(eds_openssl_open(empty, NULL, &port, &fault), ERR_FILE_READ);
    const char *bundle = eds_ca_bundle(f->ca);
    assert_int_equal(eds_openssl_open(bundle, "/nowhere/crl", &port, &fault), ERR_FILE_OPEN);
    assert_int_equal(eds_openssl_open(bundle, empty, &port, &fault), ERR_FILE_READ);
    assert_string_equal(fault.file, empty);
    given_file_remove(empty);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, eds_bed_setup, eds_bed_teardown)
    const struct CMUnitTest tests[] = {
        T(foreign_authorities_are_refused),
        T(a_person_is_no_authority),
        T(dates_are_of_the_callers_clock),
        T(the_revoked_are_refused),
        T(a_new_list_is_read),
        T(threads_share_a_port),
        T(a_list_that_tells_nothing),
        T(a_certificate_is_for_something),
        T(numbers_are_right),
        T(two_numbers_are_none),
        T(names_hide_nothing),
        T(files_are_needed),
    };
    return cmocka_run_group_tests_name("eds_chain", tests, NULL, NULL);
}
