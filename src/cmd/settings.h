/* SPDX-License-Identifier: Apache-2.0
 *
 * settings - what belongs to one process, from an INI file (--settings): which register, who acts,
 * where to listen. The country's rules are not here: they live in the register.
 *
 *   register = sqlite:/var/lib/tamga/tamga.db
 *   key = /etc/tamga/register.key
 *   actor = anna
 *   [serve]
 *   listen = 127.0.0.1:8080
 *   threads = 2
 *   public_url = https://imei.example
 *   snapshots = /var/lib/tamga/snapshots
 *   lists = /var/lib/tamga/lists
 *   [portal]
 *   open = yes
 *   eds_ca = /etc/tamga/nca.pem
 *   border = https://border.example/crossed
 *   papers = /var/lib/tamga/papers
 *   outbox = /var/spool/tamga
 *   [limits]
 *   address_rate = 200
 *   [operator Altel]
 *   plmn = 40107,40108
 *   [face.portal]
 *   host = portal.example
 *   product.name.kk = Таңба */
#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include "app/operators.h"
#include "face/faces.h"

enum { SETTINGS_VALUE = 512, SETTINGS_LIMITS = 4 };

/* Empty where the file says nothing. */
struct settings {
    char register_url[SETTINGS_VALUE];
    char key[SETTINGS_VALUE];
    char actor[SETTINGS_VALUE];
    char test_tacs[SETTINGS_VALUE]; /* first digits of test TACs; empty: 00 */
    char
        regions[SETTINGS_VALUE]; /* table of the regions of numbers (seen/regions.h); empty: none */
    char listen[SETTINGS_VALUE];
    char threads[SETTINGS_VALUE];
    char trusted_proxies[SETTINGS_VALUE];
    char forwarded[SETTINGS_VALUE];
    char certificate_header[SETTINGS_VALUE];
    char metrics_from[SETTINGS_VALUE];
    char rate[SETTINGS_LIMITS][SETTINGS_VALUE]; /* by enum limit_kind */
    char burst[SETTINGS_LIMITS][SETTINGS_VALUE];
    char public_url[SETTINGS_VALUE];
    char snapshots[SETTINGS_VALUE], snapshot_minutes[SETTINGS_VALUE]; /* for EIR nodes */
    char lists[SETTINGS_VALUE];  /* the directory in which lists for operators are kept */
    char portal[SETTINGS_VALUE]; /* yes: what stands behind the sign-in is open */
    char eds_ca[SETTINGS_VALUE], eds_crl[SETTINGS_VALUE], eds_verifier[SETTINGS_VALUE];
    char oidc_issuer[SETTINGS_VALUE], oidc_client[SETTINGS_VALUE]; /* another door; empty: none */
    char oidc_secret_file[SETTINGS_VALUE], oidc_ca[SETTINGS_VALUE];
    char oidc_iin_claim[SETTINGS_VALUE], oidc_name[SETTINGS_VALUE];
    char app_sign_in[SETTINGS_VALUE]; /* yes: with an app on a phone */
    char border[SETTINGS_VALUE], parcel[SETTINGS_VALUE];
    char customs[SETTINGS_VALUE], gsma[SETTINGS_VALUE];
    char holidays[SETTINGS_VALUE];
    char papers[SETTINGS_VALUE], outbox[SETTINGS_VALUE];     /* directories */
    char spool[SETTINGS_VALUE], spool_bytes[SETTINGS_VALUE]; /* where files of devices come in */
    char second_officer_above[SETTINGS_VALUE]; /* devices that one officer approves alone */
    char nca_layer[SETTINGS_VALUE]; /* where pages find NCALayer; empty: where it listens */
    struct faces faces;
    struct operators operators;
};

/* As without a file: all empty, the faces as faces.def has them. */
void settings_init(struct settings *settings);
/* ERR_FILE_OPEN; ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE with the line. */
MUST_USE enum err settings_read(const char *path, struct settings *out, struct fault *fault);

#endif
