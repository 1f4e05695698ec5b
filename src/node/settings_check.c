/* SPDX-License-Identifier: Apache-2.0
 *
 * settings_check - what one value alone cannot tell, and what may be left out on loopback. */
#include <stdio.h>
#include <string.h>

#include "node/settings.h"

static enum err wrong(struct fault *fault, const char *field, const char *detail)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, ERR_SETTING_VALUE, "%s", detail);
}

static bool has_tls(const struct node_face *face)
{
    for (unsigned i = 0; i < face->listen_count; i++)
        if (face->listen[i].tls)
            return true;
    return false;
}

static enum err check_face(const struct node_face *face, const char *name, struct fault *fault)
{
    if (has_tls(face) && (!*face->certificate || !*face->tls_key))
        return wrong(fault, name, "tls_listen wants certificate and tls_key, PEM files");
    return ERR_OK;
}

/* Whom we call is believed by its certificate, so somebody must have signed it. */
static enum err check_connect(const struct node_settings *s, struct fault *fault)
{
    const struct node_face *face = &s->s13;
    bool whole = *face->certificate && *face->tls_key && *face->clients;
    for (unsigned i = 0; i < s->connect_count && !whole; i++)
        if (s->connect[i].tls)
            return wrong(fault, "s13.tls_connect",
                         "wants certificate, tls_key and clients, the authorities of the peer");
    return ERR_OK;
}

static enum err check_oauth2(const struct node_settings *s, struct fault *fault)
{
    if (s->oauth2 && !*s->oauth2_keys)
        return wrong(fault, "n5geir.oauth2_keys", "public keys of the NRF are wanted, a PEM file");
    if (s->oauth2 && !*s->nf_instance)
        return wrong(fault, "n5geir.nf_instance",
                     "the node's nfInstanceId is wanted, a UUID: tokens are issued for it");
    return ERR_OK;
}

/* An address that a client could call. */
static bool is_somewhere(const struct node_face *face)
{
    for (unsigned i = 0; i < face->listen_count; i++)
        if (strcmp(face->listen[i].address, "0.0.0.0") == 0 ||
            strcmp(face->listen[i].address, "::") == 0)
            return false;
    return face->listen_count > 0;
}

static enum err check_nrf(const struct node_settings *s, struct fault *fault)
{
    const struct node_nrf *nrf = &s->nrf;
    if (!nrf->address_count)
        return ERR_OK;
    if (!*s->nf_instance)
        return wrong(fault, "n5geir.nf_instance",
                     "the node's nfInstanceId is wanted, a UUID: the NRF knows it by that");
    if (!s->n5geir.listen_count)
        return wrong(fault, "nrf.address", "wants an address of n5geir to register");
    if (!is_somewhere(nrf->face.listen_count ? &nrf->face : &s->n5geir))
        return wrong(fault, "nrf.announce", "an address is wanted that AMFs can call");
    for (unsigned i = 0; i < nrf->face.listen_count; i++)
        if (!nrf->face.listen[i].port)
            return wrong(fault, "nrf.announce", "a port is wanted that AMFs can call");
    if (!*nrf->face.certificate != !*nrf->face.tls_key)
        return wrong(fault, "nrf.certificate", "certificate and tls_key belong together");
    return ERR_OK;
}

static bool on_loopback(const struct node_settings *s)
{
    for (unsigned i = 0; i < s->s13.listen_count; i++)
        for (struct str rest = str_z(s->s13.listen[i].address); rest.p;) {
            struct str address = str_split(rest, '+', &rest);
            if (!str_starts(address, STR("127.")) && !str_eq(address, STR("::1")))
                return false;
        }
    return s->connect_count == 0;
}

static void fill_in(struct node_settings *s)
{
    if (!*s->key && *s->directory)
        snprintf(s->key, sizeof s->key, "%.480s/node.key", s->directory);
    if (!on_loopback(s))
        return;
    if (!*s->identity)
        str_copy(s->identity, sizeof s->identity, STR("tamga-eir.localdomain"));
    if (!*s->realm)
        str_copy(s->realm, sizeof s->realm, STR("localdomain"));
    if (!s->peer_count)
        str_copy(s->peers[s->peer_count++], NODE_PEER, STR("*"));
}

enum err node_settings_check(struct node_settings *s, struct fault *fault)
{
    bool s13 = s->s13.listen_count || s->connect_count;
    fill_in(s);
    if (!*s->registry == !*s->snapshot)
        return wrong(fault, "node.registry",
                     "want the address of the register, or a snapshot to answer from: one of them");
    if (*s->registry && !*s->directory)
        return wrong(fault, "node.directory", "want where the node may keep what it follows");
    if (!*s->key)
        return wrong(fault, "node.key", "want the file that `tamga node add` made");
    if (!s13 && !s->n5geir.listen_count)
        return wrong(fault, "s13.listen", "want an address to answer on, of s13 or n5geir");
    if (s13 && (!*s->identity || !*s->realm))
        return wrong(fault, "s13.identity",
                     "want identity and realm, as peers shall know the node");
    if (s13 && !s->peer_count)
        return wrong(fault, "s13.peers", "want who may ask: names, *.REALM, or * for everybody");
    enum err err = check_face(&s->s13, "s13.certificate", fault);
    if (!err)
        err = check_connect(s, fault);
    if (!err)
        err = check_face(&s->n5geir, "n5geir.certificate", fault);
    if (!err)
        err = check_oauth2(s, fault);
    return err ? err : check_nrf(s, fault);
}
