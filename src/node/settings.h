/* SPDX-License-Identifier: Apache-2.0
 *
 * settings - what belongs to one node: an INI file, and what the command line says instead. settings_known in
 * settings.c is the table of all names with what each takes; doc/operations.md explains them.
 *
 *   [node]     name directory key registry registry_ca cache cache_ca threads tacs unknown malformed outside
 *              stale_after_hours stale sightings_bytes log_bytes
 *   [s13]      listen tls_listen sctp_listen certificate tls_key clients identity realm peers connect
 *              tls_connect sctp_connect several watchdog_seconds rate_max
 *   [n5geir]   listen tls_listen certificate tls_key clients root nf_instance oauth2 oauth2_keys
 *              oauth2_issuer oauth2_leeway_seconds
 *   [nrf]      address ca certificate tls_key announce tls_announce fqdn plmn priority capacity
 *              heart_beat_seconds
 *   [log]      file white max_bytes keep
 *   [metrics]  listen
 *
 * All that end in listen, connect or announce, and peers, address, plmn, tacs, may stand several times, or hold several with
 * commas between. */
#ifndef NODE_SETTINGS_H
#define NODE_SETTINGS_H

#include "answer/network.h"
#include "base/limits.h"

enum { NODE_TEXT = 512, NODE_ADDRESS = LIMIT_WIRE_ADDRESSES * 40, NODE_PEER = 128, NODE_UUID = 37 };

struct node_listen {
    char address[NODE_ADDRESS]; /* without brackets; of SCTP also several, with + between */
    uint16_t port;              /* 0: any */
    bool tls, sctp;
};

struct node_face {
    struct node_listen listen[LIMIT_NODE_LISTEN];
    unsigned listen_count;
    char certificate[NODE_TEXT], tls_key[NODE_TEXT], clients[NODE_TEXT]; /* PEM files */
};

struct node_plmn {
    char mcc[4], mnc[4]; /* 3 digits; 2 or 3: TS 23.003 2.2 */
};

/* Where the node is registered; address_count 0: nowhere. */
struct node_nrf {
    char address[LIMIT_NODE_NRFS][NODE_TEXT]; /* "http://nrf.example:8080", by preference */
    unsigned address_count;
    struct node_face
        face; /* as what it is announced; certificate for the NRF, clients: its authorities */
    char fqdn[NODE_PEER];
    struct node_plmn plmn[LIMIT_NODE_PLMNS];
    unsigned plmn_count;
    uint32_t priority, capacity; /* TS 29.510 6.1.6.2.2: 0 to 65535 */
    uint32_t heart_beat_seconds; /* proposed; the NRF decides. 0: nothing is proposed */
};

enum node_stale { STALE_GO_ON, STALE_GREY, STALE_WHITE };

struct node_settings {
    char name[LIMIT_NAME + 1];
    char directory[NODE_TEXT], key[NODE_TEXT], snapshot[NODE_TEXT];
    char registry[NODE_TEXT], registry_ca[NODE_TEXT];
    char cache[NODE_TEXT], cache_ca[NODE_TEXT];
    unsigned threads;       /* 0: one a processor */
    struct tac_ranges tacs; /* that it holds; count 0: all */
    struct network_settings network;
    uint32_t stale_after_hours; /* 0: never */
    enum node_stale stale;
    uint64_t sightings_bytes, feed_log_bytes;

    struct node_face s13;
    char identity[NODE_PEER], realm[NODE_PEER];
    char peers[LIMIT_NODE_PEERS][NODE_PEER];
    unsigned peer_count;
    struct node_listen connect[LIMIT_NODE_CONNECT];
    unsigned connect_count;
    bool several;              /* one Origin-Host may have several connections at once */
    uint32_t watchdog_seconds; /* RFC 3539's Tw */
    uint32_t rate_max;         /* requests a second of one connection, more hear 3004; 0: any */

    struct node_face n5geir;
    char root[NODE_TEXT];
    char nf_instance[NODE_UUID]; /* lower case */
    bool oauth2;                 /* a request wants an access token */
    char oauth2_keys[NODE_TEXT], oauth2_issuer[NODE_UUID];
    uint32_t oauth2_leeway_seconds;

    struct node_nrf nrf;

    char log_file[NODE_TEXT]; /* empty: no check log */
    bool log_white;
    uint64_t log_max_bytes;
    uint32_t log_keep;

    struct node_listen metrics;
    bool metrics_on;
};

void node_settings_init(struct node_settings *s); /* the defaults */
/* One NAME of a SECTION. What may stand several times is added. ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE,
 * ERR_TOO_MANY; fault says what is wanted. */
MUST_USE enum err node_settings_set(struct node_settings *s, struct str section, struct str name,
                                    struct str value, struct fault *fault);
/* A file over what is there. The same, with file and line; ERR_FILE_OPEN. */
MUST_USE enum err node_settings_read(struct node_settings *s, const char *path,
                                     struct fault *fault);
/* What one value alone cannot tell: is all there that a node needs? On loopback names and peers may be
 * missing: then they are filled in, and everybody may ask. ERR_SETTING_VALUE. */
MUST_USE enum err node_settings_check(struct node_settings *s, struct fault *fault);

#endif
