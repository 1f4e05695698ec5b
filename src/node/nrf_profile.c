/* SPDX-License-Identifier: Apache-2.0 */
#include "node/nrf_profile.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DAY_SECONDS = 86400 };

static const char *status_of(const struct nrf_standing *standing)
{
    return standing->suspended ? "SUSPENDED" : "REGISTERED"; /* TS 29.510 6.1.6.3.7 */
}

static bool is_six(const struct node_listen *at)
{
    return strchr(at->address, ':') != NULL;
}

static bool has(const struct nrf_self *self, bool tls)
{
    for (unsigned i = 0; i < self->endpoint_count; i++)
        if (self->endpoints[i].tls == tls)
            return true;
    return false;
}

/* ipv4Addresses or ipv6Addresses, each once; NULL: there are none. */
static json_t *addresses_of(const struct nrf_self *self, bool six)
{
    json_t *list = NULL;
    for (unsigned i = 0; i < self->endpoint_count; i++) {
        bool known = is_six(&self->endpoints[i]) != six;
        for (unsigned k = 0; !known && k < i; k++)
            known = strcmp(self->endpoints[k].address, self->endpoints[i].address) == 0;
        if (known)
            continue;
        list = list ? list : json_array();
        json_array_append_new(list, json_string(self->endpoints[i].address));
    }
    return list;
}

static json_t *endpoints_of(const struct nrf_self *self, bool tls)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < self->endpoint_count; i++) {
        const struct node_listen *at = &self->endpoints[i];
        if (at->tls == tls)
            json_array_append_new(
                list, json_pack("{s:s,s:s,s:i}", is_six(at) ? "ipv6Address" : "ipv4Address",
                                at->address, "transport", "TCP", "port", at->port));
    }
    return list;
}

/* NFService, TS 29.510 6.1.6.2.3: one for each scheme. */
static json_t *service_of(const struct nrf_self *self, const struct nrf_standing *standing,
                          bool tls)
{
    const struct node_settings *s = self->settings;
    json_t *service =
        json_pack("{s:s,s:s,s:[{s:s,s:s}],s:s,s:s}", "serviceInstanceId",
                  tls ? "n5g-eir-eic-https" : "n5g-eir-eic-http", "serviceName", "n5g-eir-eic",
                  "versions", "apiVersionInUri", "v1", "apiFullVersion", "1.0.0", "scheme",
                  tls ? "https" : "http", "nfServiceStatus", status_of(standing));
    json_object_set_new(service, "ipEndPoints", endpoints_of(self, tls));
    if (*s->nrf.fqdn)
        json_object_set_new(service, "fqdn", json_string(s->nrf.fqdn));
    if (*s->root)
        json_object_set_new(service, "apiPrefix", json_string(s->root));
    if (s->oauth2)
        json_object_set_new(service, "oauth2Required", json_true());
    return service;
}

static json_t *plmns_of(const struct node_nrf *nrf)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < nrf->plmn_count; i++)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "mcc", nrf->plmn[i].mcc, "mnc", nrf->plmn[i].mnc));
    return list;
}

static void put_json(json_t *json, struct buf *out)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text)
        buf_str(out, str_z(text));
    else
        out->failed = true;
    free(text);
    json_decref(json);
}

void nrf_profile_put(const struct nrf_self *self, const struct nrf_standing *standing,
                     struct buf *out)
{
    const struct node_settings *s = self->settings;
    const struct node_nrf *nrf = &s->nrf;
    json_t *p = json_pack("{s:s,s:s,s:s,s:i,s:i,s:i}", "nfInstanceId", s->nf_instance, "nfType",
                          "5G_EIR", "nfStatus", status_of(standing), "priority", (int)nrf->priority,
                          "capacity", (int)nrf->capacity, "load", (int)standing->load);
    json_t *four = addresses_of(self, false), *six = addresses_of(self, true), *list = json_array();
    if (*s->name)
        json_object_set_new(p, "nfInstanceName", json_string(s->name));
    if (nrf->heart_beat_seconds)
        json_object_set_new(p, "heartBeatTimer", json_integer(nrf->heart_beat_seconds));
    if (nrf->plmn_count)
        json_object_set_new(p, "plmnList", plmns_of(nrf));
    if (*nrf->fqdn)
        json_object_set_new(p, "fqdn", json_string(nrf->fqdn));
    if (four)
        json_object_set_new(p, "ipv4Addresses", four);
    if (six)
        json_object_set_new(p, "ipv6Addresses", six);
    for (int tls = 0; tls < 2; tls++)
        if (has(self, tls))
            json_array_append_new(list, service_of(self, standing, tls));
    json_object_set_new(p, "nfServices", list);
    put_json(p, out);
}

void nrf_patch_put(const struct nrf_standing *standing, struct buf *out)
{
    put_json(json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:i}]", "op", "replace", "path", "/nfStatus",
                       "value", status_of(standing), "op", "replace", "path", "/load", "value",
                       (int)standing->load),
             out);
}

uint32_t nrf_profile_timer(struct str answer, uint32_t before)
{
    json_t *profile = json_loadb(answer.p ? answer.p : "", answer.n, 0, NULL);
    json_int_t timer = json_integer_value(json_object_get(profile, "heartBeatTimer"));
    json_decref(profile);
    return timer < 1 ? before : timer < DAY_SECONDS ? (uint32_t)timer : DAY_SECONDS;
}
