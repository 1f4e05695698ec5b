/* SPDX-License-Identifier: Apache-2.0
 *
 * What a node tells an NRF, word for word, and what it hears from it, whatever that is. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "node/nrf_profile.h"

static struct node_settings settings;

static struct nrf_self self_of(const struct node_listen *at, unsigned n)
{
    struct nrf_self self = {.settings = &settings, .endpoint_count = n};
    for (unsigned i = 0; i < n; i++)
        self.endpoints[i] = at[i];
    return self;
}

static void is_text(struct buf *got, const char *want)
{
    assert_false(got->failed);
    buf_put(got, "", 1);
    assert_string_equal((const char *)got->p, want);
    buf_release(got);
}

static void plain(void **state)
{
    (void)state;
    const struct node_listen at[] = {{.address = "192.0.2.1", .port = 8080}};
    struct nrf_self self = self_of(at, 1);
    struct buf got = {0};
    node_settings_init(&settings);
    str_copy(settings.nf_instance, NODE_UUID, STR("4947a69a-f61b-4bc1-b9da-47c9c5d14b64"));
    nrf_profile_put(&self, &(struct nrf_standing){.load = 7}, &got);
    is_text(&got,
            "{\"nfInstanceId\":\"4947a69a-f61b-4bc1-b9da-47c9c5d14b64\",\"nfType\":\"5G_EIR\","
            "\"nfStatus\":\"REGISTERED\",\"priority\":0,\"capacity\":100,\"load\":7,"
            "\"ipv4Addresses\":[\"192.0.2.1\"],\"nfServices\":[{\"serviceInstanceId\":"
            "\"n5g-eir-eic-http\",\"serviceName\":\"n5g-eir-eic\",\"versions\":[{"
            "\"apiVersionInUri\":\"v1\",\"apiFullVersion\":\"1.0.0\"}],\"scheme\":\"http\","
            "\"nfServiceStatus\":\"REGISTERED\",\"ipEndPoints\":[{\"ipv4Address\":"
            "\"192.0.2.1\",\"transport\":\"TCP\",\"port\":8080}]}]}");
}

/* Two schemes are two services; an address that comes twice is one. */
static void all(void **state)
{
    (void)state;
    const struct node_listen at[] = {{.address = "192.0.2.1", .port = 80},
                                     {.address = "192.0.2.1", .port = 443, .tls = true},
                                     {.address = "2001:db8::1", .port = 443, .tls = true}};
    struct nrf_self self = self_of(at, 3);
    struct buf got = {0};
    str_copy(settings.name, sizeof settings.name, STR("a \"b\""));
    str_copy(settings.root, sizeof settings.root, STR("/eir"));
    str_copy(settings.nrf.fqdn, sizeof settings.nrf.fqdn, STR("eir.example"));
    settings.oauth2 = true;
    settings.nrf.heart_beat_seconds = 20;
    settings.nrf.plmn[settings.nrf.plmn_count++] = (struct node_plmn){"401", "77"};
    nrf_profile_put(&self, &(struct nrf_standing){.suspended = true, .load = 100}, &got);
    is_text(
        &got,
        "{\"nfInstanceId\":\"4947a69a-f61b-4bc1-b9da-47c9c5d14b64\",\"nfType\":\"5G_EIR\","
        "\"nfStatus\":\"SUSPENDED\",\"priority\":0,\"capacity\":100,\"load\":100,"
        "\"nfInstanceName\":\"a \\\"b\\\"\",\"heartBeatTimer\":20,\"plmnList\":[{\"mcc\":\"401\","
        "\"mnc\":\"77\"}],\"fqdn\":\"eir.example\",\"ipv4Addresses\":[\"192.0.2.1\"],"
        "\"ipv6Addresses\":[\"2001:db8::1\"],\"nfServices\":[{\"serviceInstanceId\":"
        "\"n5g-eir-eic-http\",\"serviceName\":\"n5g-eir-eic\",\"versions\":[{\"apiVersionInUri\":"
        "\"v1\",\"apiFullVersion\":\"1.0.0\"}],\"scheme\":\"http\",\"nfServiceStatus\":"
        "\"SUSPENDED\",\"ipEndPoints\":[{\"ipv4Address\":\"192.0.2.1\",\"transport\":\"TCP\","
        "\"port\":80}],\"fqdn\":\"eir.example\",\"apiPrefix\":\"/eir\",\"oauth2Required\":true},"
        "{\"serviceInstanceId\":\"n5g-eir-eic-https\",\"serviceName\":\"n5g-eir-eic\","
        "\"versions\":[{\"apiVersionInUri\":\"v1\",\"apiFullVersion\":\"1.0.0\"}],\"scheme\":"
        "\"https\",\"nfServiceStatus\":\"SUSPENDED\",\"ipEndPoints\":[{\"ipv4Address\":"
        "\"192.0.2.1\",\"transport\":\"TCP\",\"port\":443},{\"ipv6Address\":\"2001:db8::1\","
        "\"transport\":\"TCP\",\"port\":443}],\"fqdn\":\"eir.example\",\"apiPrefix\":\"/eir\","
        "\"oauth2Required\":true}]}");
    nrf_patch_put(&(struct nrf_standing){.suspended = true, .load = 3}, &got);
    is_text(&got, "[{\"op\":\"replace\",\"path\":\"/nfStatus\",\"value\":\"SUSPENDED\"},"
                  "{\"op\":\"replace\",\"path\":\"/load\",\"value\":3}]");
}

static void timers(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        uint32_t seconds;
    } rows[] = {
        {"", 60},
        {"{", 60},
        {"[]", 60},
        {"{}", 60},
        {"{\"heartBeatTimer\":1}", 1},
        {"{\"heartBeatTimer\":0}", 60},
        {"{\"heartBeatTimer\":-5}", 60},
        {"{\"heartBeatTimer\":\"5\"}", 60},
        {"{\"heartBeatTimer\":86401}", 86400},
        {"{\"heartBeatTimer\":9223372036854775807}", 86400},
        {"{\"heartBeatTimer\":92233720368547758070}", 60},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(nrf_profile_timer(str_z(rows[i].answer), 60), rows[i].seconds);
    assert_int_equal(nrf_profile_timer((struct str){NULL, 0}, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(all),
                                       cmocka_unit_test(timers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
