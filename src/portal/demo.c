/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/demo.h"

#include <stdlib.h>

#include "app/staff.h"
#include "cases/accreditation.h"
#include "people/sign_in.h"

#define PERSON(id, iin, name)                                                                      \
    {                                                                                              \
        id, TEXT_DEMO_PERSON, ROLE_PERSON, {iin, name, NULL, NULL}, NULL                           \
    }
#define FIRM(id, what, iin, name, bin, organisation)                                               \
    {                                                                                              \
        id, what, ROLE_ORGANISATION, {iin, name, bin, organisation}, NULL                          \
    }
#define STAFF(id, what, role) BODY(id, what, role, NULL)
/* For whom: the sample marks of app/samples.c are of these bodies. */
#define BODY(id, what, role, body)                                                                 \
    {                                                                                              \
        id, what, role, {NULL, NULL, NULL, NULL}, body                                             \
    }

/* Nobody's numbers: their check digits are right, their serials are the first ones. Names of firms are without ЖШС or
 * ТОО, so that they read well in every language. */
static const struct demo_role roles[] = {
    PERSON("person", "850314450006", "АХМЕТОВА АЙГҮЛ"),
    FIRM("importer", TEXT_DEMO_IMPORTER, "790622300004", "БЕКОВ БОЛАТ", "150440000003",
         "Дала Импорт"),
    FIRM("maker", TEXT_DEMO_MAKER, "881109350003", "СЕРІКОВ ДӘУРЕН", "080940000006",
         "Сарыарқа Электроникс"),
    FIRM("centre", TEXT_DEMO_CENTRE, "910207400001", "ИВАНОВА ЕЛЕНА", "190640000008",
         "Шеберхана Сервис"),
    STAFF("officer1", TEXT_DEMO_OFFICER1, ROLE_OFFICER),
    STAFF("officer2", TEXT_DEMO_OFFICER2, ROLE_OFFICER),
    STAFF("assistant", TEXT_DEMO_ASSISTANT, ROLE_ASSISTANT),
    BODY("operator", TEXT_DEMO_OPERATOR, ROLE_OPERATOR, "demo"),
    BODY("police", TEXT_DEMO_POLICE, ROLE_POLICE, "police"),
    BODY("police2", TEXT_DEMO_POLICE2, ROLE_POLICE, "police"),
    STAFF("ministry", TEXT_DEMO_MINISTRY, ROLE_MINISTRY),
};
enum { ROLES = sizeof roles / sizeof roles[0] };

struct demo {
    struct demo_ca *ca;
    struct eds_port port;
    unsigned count;
    const struct demo_role *open[ROLES]; /* those that can come in */
};

/* ---- the accounts of staff ---- */

/* The same after each start, so that whoever is signed in stays so; nothing to be read off the register
 * without its key file. */
static void password_of(const struct registry *reg, const char *name, char out[DEMO_PASSWORD_TEXT])
{
    char said[64], hex[2 * SHA256_BYTES + 1];
    uint8_t mac[SHA256_BYTES];
    int n = snprintf(said, sizeof said, "demonstration:%s", name);
    sha256_hmac(reg->keys.session, said, (size_t)n, mac);
    sha256_hex(mac, hex);
    snprintf(out, DEMO_PASSWORD_TEXT, "%.4s-%.4s-%.4s-%.4s", hex, hex + 4, hex + 8, hex + 12);
}

static bool is_staff(struct registry *reg, uint64_t account)
{
    struct party party;
    return !store_party_get(reg->store, account, &party, NULL) && party.flags & PARTY_STAFF;
}

/* The first two at once; each further one is proposed by one of them and confirmed by the other. ERR_ACTOR:
 * two others would have to. */
static enum err add_staff(struct registry *reg, const char *name, struct fault *fault)
{
    struct batch_result result;
    bool two;
    const uint64_t was = reg->actor, first = registry_party_id(reg, PARTY_ACCOUNT, STR("officer1")),
                   second = registry_party_id(reg, PARTY_ACCOUNT, STR("officer2"));
    enum err err = batch_two_person(reg, &two, fault);
    if (!err && two && !(is_staff(reg, first) && is_staff(reg, second)))
        err = ERR_ACTOR;
    if (err)
        return err;
    reg->actor = first;
    err = staff_add(reg, str_z(name), &result, fault);
    if (err == ERR_HELD && result.proposed) {
        reg->actor = second;
        err = batch_confirm(reg, result.id, &result, fault);
    }
    reg->actor = was;
    return err;
}

/* *out_there: it can come in. An account that is not of our making is left alone. */
static enum err have_account(struct registry *reg, const struct demo_role *role, bool *out_there,
                             struct fault *fault)
{
    struct account account;
    char password[DEMO_PASSWORD_TEXT];
    uint64_t party = registry_party_id(reg, PARTY_ACCOUNT, str_z(role->id));
    enum err err = account_get(reg, party, &account, fault);
    const struct account_as as = {.role = role->role,
                                  .body = role->body ? str_z(role->body) : STR("")};
    *out_there = !err && account.role == role->role;
    bool bodiless =
        *out_there && as.body.n && !*account.body; /* of a demonstration before bodies */
    if (err != ERR_NOT_FOUND && !bodiless)
        return err;
    if (!bodiless)
        err = add_staff(reg, role->id, fault);
    password_of(reg, role->id, password);
    if (!err)
        err = account_set(reg, str_z(role->id), &as, str_z(password), &account, fault);
    *out_there = !err;
    return err == ERR_ACTOR ? ERR_OK : err;
}

/* The sample maker and the sample service centre are accredited, as they would be. Where the sample officers cannot
 * come in the register is somebody's own, and its table is left alone. */
static enum err accredit(struct registry *reg, const struct demo_role *role, uint8_t kind,
                         struct fault *fault)
{
    const struct accreditation_actor actor = {
        .party = registry_party_id(reg, PARTY_ACCOUNT, STR("officer1")), .role = ROLE_OFFICER};
    enum accreditation_done done;
    struct accreditation known[ACCREDITATIONS_MAX];
    size_t n = 0;
    struct accreditation a = {.kinds = 1U << kind,
                              .from = daynum_from_ymd(2020, 1, 1),
                              .until = daynum_from_ymd(2099, 12, 31),
                              .revoked = DAYNUM_NONE};
    str_copy(a.bin, sizeof a.bin, str_z(role->signer.bin));
    snprintf(a.number, sizeof a.number, "KZ.DEMO.%.4s", role->signer.bin);
    enum err err =
        accreditation_of(reg, registry_party_id(reg, PARTY_PERSON, str_z(a.bin)), known, &n, fault);
    return err || n ? err : accreditation_set(reg, NULL, &a, true, &actor, &done, fault);
}

static enum err accredit_samples(struct registry *reg, const struct demo *demo, struct fault *fault)
{
    if (!demo_role_find(demo, STR("officer1")))
        return ERR_OK;
    enum err err = accredit(reg, demo_role_find(demo, STR("maker")), APPROVAL_MANUFACTURE, fault);
    return err ? err : accredit(reg, demo_role_find(demo, STR("centre")), APPROVAL_REPAIR, fault);
}

enum err demo_open(struct registry *reg, struct demo **out, struct fault *fault)
{
    struct demo *demo = calloc(1, sizeof *demo);
    if (!demo)
        return fault_set(fault, ERR_MEMORY, "the demonstration");
    enum err err = demo_ca_new(clock_now_us(reg->clock) / 1000000, &demo->ca, &demo->port, fault);
    for (size_t i = 0; !err && i < ROLES; i++) {
        bool there = true;
        if (role_has_password(roles[i].role))
            err = have_account(reg, &roles[i], &there, fault);
        if (!err && there)
            demo->open[demo->count++] = &roles[i];
    }
    if (!err)
        err = accredit_samples(reg, demo, fault);
    if (err)
        demo_close(demo);
    else
        *out = demo;
    return err;
}

void demo_close(struct demo *demo)
{
    if (!demo)
        return;
    eds_close(&demo->port);
    demo_ca_free(demo->ca);
    free(demo);
}

const struct demo_role *demo_role(const struct demo *demo, size_t i)
{
    return i < demo->count ? demo->open[i] : NULL;
}

const struct demo_role *demo_role_find(const struct demo *demo, struct str id)
{
    for (size_t i = 0; i < demo->count; i++)
        if (str_eq(id, str_z(demo->open[i]->id)))
            return demo->open[i];
    return NULL;
}

static enum asked demo_border(void *ctx, const struct check_question *question)
{
    (void)ctx;
    (void)question;
    return ASKED_YES;
}

static enum asked demo_parcel(void *ctx, const struct check_question *question)
{
    size_t n = strlen(question->document);
    (void)ctx;
    return n && question->document[n - 1] == '0' ? ASKED_NO : ASKED_YES;
}

struct check_sources demo_sources(void)
{
    return (struct check_sources){.border = {demo_border, NULL}, .parcel = {demo_parcel, NULL}};
}

const struct eds_port *demo_eds(const struct demo *demo)
{
    return &demo->port;
}

/* ---- coming in ---- */

/* The code of now, or, when that was used, the one after it, which counts already; empty: that too. */
enum err demo_secrets(struct registry *reg, const struct demo_role *role,
                      char password[DEMO_PASSWORD_TEXT], char code[TOTP_CODE_TEXT])
{
    struct account account;
    uint64_t party = registry_party_id(reg, PARTY_ACCOUNT, str_z(role->id));
    enum err err = account_get(reg, party, &account, NULL);
    if (err)
        return err;
    int64_t now_s = clock_now_us(reg->clock) / 1000000, step = now_s / TOTP_STEP_SECONDS;
    password_of(reg, role->id, password);
    *code = '\0';
    for (int ahead = 0; !*code && ahead <= 1; ahead++)
        if (account.last_step < step + ahead)
            totp_now(account.totp, now_s + ahead * TOTP_STEP_SECONDS, code);
    explicit_bzero(&account, sizeof account);
    return ERR_OK;
}

static enum err enter_by_key(const struct demo *demo, struct exchange *x, struct visit *v,
                             const struct demo_role *role)
{
    char nonce[NONCE_TEXT];
    struct buf cms = {0};
    sign_in_nonce(v->office.registry, clock_now_us(v->office.registry->clock) / 1000000, nonce);
    enum err err = demo_ca_sign(demo->ca, &role->signer, str_z(nonce), &cms);
    if (!err)
        err = portal_enter_eds_by(x, v, &demo->port, str_z(nonce),
                                  (struct str){(const char *)cms.p, cms.n});
    buf_release(&cms);
    return err;
}

enum err demo_enter(const struct demo *demo, struct exchange *x, struct visit *v,
                    const struct demo_role *role)
{
    char password[DEMO_PASSWORD_TEXT], code[TOTP_CODE_TEXT];
    if (!role_has_password(role->role))
        return enter_by_key(demo, x, v, role);
    enum err err = demo_secrets(v->office.registry, role, password, code);
    if (!err && !*code)
        err = ERR_STALE;
    return err ? err : portal_enter_password(x, v, str_z(role->id), str_z(password), str_z(code));
}
