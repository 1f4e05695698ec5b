/* SPDX-License-Identifier: Apache-2.0
 *
 * API keys: made, found in the ring, expired, revoked; what is stored opens nothing by itself. */
#include "app/fixture.h"

#include <stdlib.h>

#include "app/keyring.h"
#include "app/service.h"

static struct api_key made(struct fixture *f, uint8_t kind, daynum expires, char text[API_KEY_TEXT])
{
    struct api_key key;
    struct api_key_wish wish = {.name = STR("egov"),
                                .scopes = STR("check.batch, check"),
                                .certificate = STR("AB:CD:0123456789"),
                                .kind = kind,
                                .expires = expires};
    OK(api_key_create(f->reg, &wish, &key, text, NULL));
    return key;
}

static struct keyring *ring_of(struct fixture *f)
{
    struct keyring *ring = keyring_new(&f->reg->keys);
    assert_non_null(ring);
    OK(keyring_load(ring, f->reg, NULL));
    return ring;
}

static void a_key_opens_until_it_ends(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    char text[API_KEY_TEXT], other[API_KEY_TEXT];
    daynum today = fixture_daynum("2026-03-10");
    struct api_key key = made(f, API_KEY_BEARER, today + 5, text), revoked;
    assert_int_equal(strlen(text), 6 + 8 + 1 + 64);
    assert_int_equal(made(f, API_KEY_BEARER, DAYNUM_NONE, other).expires, today + API_KEY_DAYS);
    struct keyring *ring = ring_of(f);
    struct caller caller;
    OK(keyring_bearer(ring, str_z(text), today + 5, &caller));
    assert_int_equal(caller.id, key.id);
    assert_int_equal(caller.scopes, API_SCOPE_CHECK | API_SCOPE_CHECK_BATCH);
    assert_int_equal(caller.standing, ERR_OK);
    OK(keyring_bearer(ring, str_z(text), today + 6, &caller));
    assert_int_equal(caller.standing, ERR_KEY_EXPIRED);
    for (size_t i = 0; i < strlen(text); i++) {
        char wrong[API_KEY_TEXT];
        memcpy(wrong, text, sizeof wrong);
        wrong[i] = wrong[i] == '0' ? '1' : '0';
        assert_int_equal(keyring_bearer(ring, str_z(wrong), today, &caller), ERR_KEY);
        assert_int_equal(keyring_bearer(ring, (struct str){text, i}, today, &caller), ERR_KEY);
    }
    memcpy(other + 15, text + 15, 64); /* another's secret */
    assert_int_equal(keyring_bearer(ring, str_z(other), today, &caller), ERR_KEY);
    char id[API_KEY_ID_TEXT];
    api_key_id_format(key.id, id);
    OK(api_key_revoke(f->reg, str_z(id), &revoked, NULL));
    int64_t at = revoked.revoked_ms;
    OK(keyring_load(ring, f->reg, NULL));
    OK(keyring_bearer(ring, str_z(text), today, &caller));
    assert_int_equal(caller.standing, ERR_KEY_REVOKED);
    fixture_day(f, "2026-03-11");
    OK(api_key_revoke(f->reg, str_z(id), &revoked, NULL));
    assert_true(revoked.revoked_ms == at); /* the first time stands */
    assert_int_equal(api_key_revoke(f->reg, STR("00000000"), &revoked, NULL), ERR_KEY);
    assert_int_equal(api_key_revoke(f->reg, STR("x"), &revoked, NULL), ERR_KEY);
    keyring_free(ring);
    fixture_free(f);
}

static void each_kind_opens_its_own_door(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    daynum today = fixture_daynum("2026-03-10");
    char bearer[API_KEY_TEXT], signs[API_KEY_TEXT], none[API_KEY_TEXT], id[API_KEY_ID_TEXT];
    struct api_key signer = made(f, API_KEY_SIGNED, DAYNUM_NONE, signs);
    made(f, API_KEY_BEARER, DAYNUM_NONE, bearer);
    struct api_key certificate = made(f, API_KEY_CERTIFICATE, DAYNUM_NONE, none);
    assert_string_equal(none, "");
    struct keyring *ring = ring_of(f);
    struct caller caller;
    uint8_t secret[API_KEY_BYTES], want[API_KEY_BYTES];
    uint32_t number;
    assert_int_equal(keyring_bearer(ring, str_z(signs), today, &caller), ERR_KEY);
    api_key_id_format(signer.id, id);
    OK(keyring_signer(ring, str_z(id), today, &caller, secret));
    assert_true(api_key_parse(str_z(signs), &number, want));
    assert_int_equal(number, signer.id);
    assert_memory_equal(secret, want, sizeof secret);
    assert_null(memmem(signer.secret, sizeof signer.secret, want, 8)); /* it is stored sealed */
    assert_int_equal(keyring_signer(ring, (struct str){bearer + 6, 8}, today, &caller, secret),
                     ERR_KEY);
    OK(keyring_certificate(ring, STR("abcd:0123456789"), today, &caller));
    assert_int_equal(caller.id, certificate.id);
    assert_int_equal(keyring_certificate(ring, STR("abcd0123456780"), today, &caller), ERR_KEY);
    /* a row moved to another number, or of another register, opens nothing */
    struct api_key moved = signer;
    moved.id ^= 1;
    OK(store_api_key_put(f->reg->store, &moved, NULL));
    OK(keyring_load(ring, f->reg, NULL));
    api_key_id_format(moved.id, id);
    assert_int_equal(keyring_signer(ring, str_z(id), today, &caller, secret), ERR_KEY);
    keyring_free(ring);
    fixture_free(f);
}

static void a_wish_that_cannot_be(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    static const struct {
        struct api_key_wish wish;
        enum err err;
    } rows[] = {
        {{.scopes = STR("check")}, ERR_NAME},
        {{.name = STR("a\n"), .scopes = STR("check")}, ERR_NAME},
        {{.name = STR("a"), .scopes = STR("")}, ERR_API_SCOPE},
        {{.name = STR("a"), .scopes = STR("check,")}, ERR_API_SCOPE},
        {{.name = STR("a"), .scopes = STR("admin")}, ERR_API_SCOPE},
    };
    struct api_key key;
    char text[API_KEY_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct api_key_wish wish = rows[i].wish;
        wish.kind = API_KEY_BEARER;
        wish.expires = DAYNUM_NONE;
        assert_int_equal(api_key_create(f->reg, &wish, &key, text, NULL), rows[i].err);
    }
    struct api_key_wish past = {.name = STR("a"),
                                .scopes = STR("check"),
                                .kind = API_KEY_BEARER,
                                .expires = fixture_daynum("2026-03-09")};
    assert_int_equal(api_key_create(f->reg, &past, &key, text, NULL), ERR_DATE);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_opens_until_it_ends),
        cmocka_unit_test(each_kind_opens_its_own_door),
        cmocka_unit_test(a_wish_that_cannot_be),
    };
    return cmocka_run_group_tests_name("api_key", tests, NULL, NULL);
}
