/* SPDX-License-Identifier: Apache-2.0
 *
 * fd_s13 - an extension of Debian's freeDiameterd that speaks S13: a Diameter peer that is not ours, for the
 * tests (as a client) and for `make bench` (as a server). Debian's dict_dcca_3gpp knows the AVPs, but neither
 * the application nor the command; both are added here.
 *
 * Its configuration file, one word after another:
 *   serve OUT             answers ECRs: an IMEI of an even last digit is white, odd: unknown (5422)
 *   ask OUT REALM         when a peer is open, asks it one after another for what follows, then tells "done";
 *   IMEI SV IMSI          ... "-" leaves Software-Version or User-Name out
 * OUT gets a line for each answer: IMEI result=N experimental=N status=N. */
#include <ctype.h>
#include <freeDiameter/extension.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VENDOR_3GPP = 10415, APP_S13 = 16777252, COMMAND = 324, ANSWER_SECONDS = 10 };

static struct {
    struct dict_object *app, *vendor, *ask, *session, *vendor_app, *vendor_id, *app_id, *state,
        *realm, *terminal, *imei, *version, *user, *result, *experimental, *code, *status;
} d;
static FILE *in, *out;
static char to_realm[128];
static sem_t answered;
static char asked[64];

static int find(unsigned code, unsigned vendor, struct dict_object **to)
{
    struct dict_avp_request which = {.avp_vendor = vendor, .avp_code = code};
    return fd_dict_search(fd_g_config->cnf_dict, DICT_AVP, AVP_BY_CODE_AND_VENDOR, &which, to,
                          ENOENT);
}

static int learn(void)
{
    struct dictionary *dict = fd_g_config->cnf_dict;
    vendor_id_t vendor = VENDOR_3GPP;
    struct dict_application_data app = {APP_S13, "3GPP S13"};
    struct dict_cmd_data ask = {COMMAND, "ME-Identity-Check-Request",
                                CMD_FLAG_REQUEST | CMD_FLAG_PROXIABLE,
                                CMD_FLAG_REQUEST | CMD_FLAG_PROXIABLE};
    struct dict_cmd_data answer = {COMMAND, "ME-Identity-Check-Answer",
                                   CMD_FLAG_REQUEST | CMD_FLAG_PROXIABLE, CMD_FLAG_PROXIABLE};
    CHECK_FCT(fd_dict_search(dict, DICT_VENDOR, VENDOR_BY_ID, &vendor, &d.vendor, ENOENT));
    CHECK_FCT(fd_dict_new(dict, DICT_APPLICATION, &app, d.vendor, &d.app));
    CHECK_FCT(fd_dict_new(dict, DICT_COMMAND, &ask, d.app, &d.ask));
    CHECK_FCT(fd_dict_new(dict, DICT_COMMAND, &answer, d.app, NULL));
    CHECK_FCT(find(263, 0, &d.session));
    CHECK_FCT(find(260, 0, &d.vendor_app));
    CHECK_FCT(find(266, 0, &d.vendor_id));
    CHECK_FCT(find(258, 0, &d.app_id));
    CHECK_FCT(find(277, 0, &d.state));
    CHECK_FCT(find(283, 0, &d.realm));
    CHECK_FCT(find(1, 0, &d.user));
    CHECK_FCT(find(268, 0, &d.result));
    CHECK_FCT(find(297, 0, &d.experimental));
    CHECK_FCT(find(298, 0, &d.code));
    CHECK_FCT(find(1401, VENDOR_3GPP, &d.terminal));
    CHECK_FCT(find(1402, VENDOR_3GPP, &d.imei));
    CHECK_FCT(find(1403, VENDOR_3GPP, &d.version));
    CHECK_FCT(find(1445, VENDOR_3GPP, &d.status));
    return fd_disp_app_support(d.app, d.vendor, 1, 0);
}

static struct avp *put(msg_or_avp *into, struct dict_object *what, union avp_value *value)
{
    struct avp *avp;
    CHECK_FCT_DO(fd_msg_avp_new(what, 0, &avp), abort());
    if (value)
        CHECK_FCT_DO(fd_msg_avp_setvalue(avp, value), abort());
    CHECK_FCT_DO(fd_msg_avp_add(into, MSG_BRW_LAST_CHILD, avp), abort());
    return avp;
}

static void put_number(msg_or_avp *into, struct dict_object *what, uint32_t v)
{
    union avp_value value = {.u32 = v};
    put(into, what, &value);
}

static void put_text(msg_or_avp *into, struct dict_object *what, char *text)
{
    union avp_value value = {.os = {.data = (uint8_t *)text, .len = strlen(text)}};
    put(into, what, &value);
}

static void put_application(msg_or_avp *into)
{
    struct avp *group = put(into, d.vendor_app, NULL);
    put_number(group, d.vendor_id, VENDOR_3GPP);
    put_number(group, d.app_id, APP_S13);
}

/* The AVP of this kind in a message or a group; NULL: none. */
static struct avp_hdr *get(msg_or_avp *from, struct dict_object *what)
{
    struct dict_avp_data wanted;
    msg_or_avp *at = NULL;
    CHECK_FCT_DO(fd_dict_getval(what, &wanted), abort());
    CHECK_FCT_DO(fd_msg_browse(from, MSG_BRW_FIRST_CHILD, &at, NULL), abort());
    while (at) {
        struct avp_hdr *head;
        CHECK_FCT_DO(fd_msg_avp_hdr(at, &head), abort());
        if (head->avp_code == wanted.avp_code && head->avp_vendor == wanted.avp_vendor)
            return head;
        CHECK_FCT_DO(fd_msg_browse(at, MSG_BRW_NEXT, &at, NULL), abort());
    }
    return NULL;
}

static struct avp *group_of(struct msg *msg, struct dict_object *what)
{
    struct avp *avp = NULL;
    CHECK_FCT_DO(fd_msg_search_avp(msg, what, &avp), abort());
    return avp;
}

/* ---- as a client ---- */

static void heard(void *data, struct msg **msg)
{
    struct avp *group = group_of(*msg, d.experimental);
    struct avp_hdr *result = get(*msg, d.result), *status = get(*msg, d.status);
    struct avp_hdr *code = group ? get(group, d.code) : NULL;
    (void)data;
    fprintf(out, "%s result=%u experimental=%u status=%d\n", asked,
            result ? result->avp_value->u32 : 0, code ? code->avp_value->u32 : 0,
            status ? status->avp_value->i32 : -1);
    fflush(out);
    fd_msg_free(*msg);
    *msg = NULL;
    sem_post(&answered);
}

static void ask(char *imei, char *version, char *user)
{
    struct msg *msg;
    CHECK_FCT_DO(fd_msg_new(d.ask, MSGFL_ALLOC_ETEID, &msg), abort());
    CHECK_FCT_DO(fd_msg_new_session(msg, (os0_t) "s13", 3), abort());
    put_application(msg);
    put_number(msg, d.state, 1);
    CHECK_FCT_DO(fd_msg_add_origin(msg, 0), abort());
    put_text(msg, d.realm, to_realm);
    struct avp *terminal = put(msg, d.terminal, NULL);
    put_text(terminal, d.imei, imei);
    if (strcmp(version, "-"))
        put_text(terminal, d.version, version);
    if (strcmp(user, "-"))
        put_text(msg, d.user, user);
    snprintf(asked, sizeof asked, "%s", imei);
    CHECK_FCT_DO(fd_msg_send(&msg, heard, NULL), abort());
}

static int a_peer_is_open(void)
{
    int open = 0;
    struct fd_list *at;
    pthread_rwlock_rdlock(&fd_g_peers_rw);
    for (at = fd_g_peers.next; at != &fd_g_peers; at = at->next)
        open |= fd_peer_get_state((struct peer_hdr *)at->o) == STATE_OPEN;
    pthread_rwlock_unlock(&fd_g_peers_rw);
    return open;
}

static void *asking(void *nothing)
{
    char imei[64], version[16], user[32];
    fd_core_waitstartcomplete();
    while (!a_peer_is_open())
        usleep(20000);
    while (fscanf(in, "%63s %15s %31s", imei, version, user) == 3) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += ANSWER_SECONDS;
        ask(imei, version, user);
        if (sem_timedwait(&answered, &end)) {
            fprintf(out, "%s no answer\n", imei);
            break;
        }
    }
    fprintf(out, "done\n");
    fflush(out);
    return nothing;
}

/* ---- as a server ---- */

static int answer(struct msg **msg, struct avp *avp, struct session *session, void *ctx,
                  enum disp_action *act)
{
    struct avp *terminal = group_of(*msg, d.terminal);
    struct avp_hdr *imei = terminal ? get(terminal, d.imei) : NULL;
    int odd = 0;
    (void)avp, (void)session, (void)ctx;
    if (imei && imei->avp_value->os.len)
        odd = imei->avp_value->os.data[imei->avp_value->os.len - 1] & 1;
    CHECK_FCT(fd_msg_new_answer_from_req(fd_g_config->cnf_dict, msg, 0));
    put_application(*msg);
    put_number(*msg, d.state, 1);
    if (odd) {
        CHECK_FCT(fd_msg_add_origin(*msg, 0));
        struct avp *group = put(*msg, d.experimental, NULL);
        put_number(group, d.vendor_id, VENDOR_3GPP);
        put_number(group, d.code, 5422); /* TS 29.272 7.4.3.5 */
    } else {
        CHECK_FCT(fd_msg_rescode_set(*msg, "DIAMETER_SUCCESS", NULL, NULL, 1));
        put_number(*msg, d.status, 0);
    }
    *act = DISP_ACT_SEND;
    return 0;
}

static int entry(char *file)
{
    char mode[16], name[512];
    pthread_t thread;
    CHECK_FCT(learn());
    if (!file || !(in = fopen(file, "r")) || fscanf(in, "%15s %511s", mode, name) != 2 ||
        !(out = fopen(name, "w")))
        return EINVAL;
    if (!strcmp(mode, "serve")) {
        struct disp_when when = {.app = d.app, .command = d.ask};
        return fd_disp_register(answer, DISP_HOW_CC, &when, NULL, NULL);
    }
    if (fscanf(in, "%127s", to_realm) != 1 || sem_init(&answered, 0, 0))
        return EINVAL;
    CHECK_POSIX(pthread_create(&thread, NULL, asking, NULL));
    return pthread_detach(thread);
}

void fd_ext_fini(void);
void fd_ext_fini(void)
{
}

EXTENSION_ENTRY("fd_s13", entry, "dict_dcca_3gpp");
