/* SPDX-License-Identifier: Apache-2.0
 *
 * demo: the samples, made and listed. */
#include "app/samples.h"
#include "cmd/command.h"

/* What a sample answers today; REASON_COUNT: nothing, it is mistyped. */
static enum err answer_of(struct registry *reg, const struct sample *s, enum list *out_list,
                          uint8_t *out_reason, struct fault *fault)
{
    struct imei imei;
    struct verdict v;
    *out_reason = REASON_COUNT;
    if (imei_parse_typed(str_z(s->imei), &imei))
        return ERR_OK;
    enum err err = registry_check(reg, imei, &v, NULL, fault);
    if (err)
        return err;
    *out_reason = v.reason;
    /* A clone's own subscriber hears white; which of the two he is stands in the table. */
    *out_list = s->imsi && v.reason == s->expect ? sample_list(s) : reason_list(v.reason);
    return ERR_OK;
}

static void print_sample(bool json, const struct sample *s, enum list list, uint8_t reason)
{
    bool answered = reason != REASON_COUNT;
    const char *name = answered ? reason_name(reason) : "mistyped digit";
    if (json)
        printf("{\"imei\":\"%s\",\"sample\":\"%s\",\"list\":%s%s%s,\"reason\":%s%s%s}\n", s->imei,
               s->id, answered ? "\"" : "", answered ? list_name(list) : "null",
               answered ? "\"" : "", answered ? "\"" : "", answered ? name : "null",
               answered ? "\"" : "");
    else
        printf("  %-16s  %-22s %s %s%s%s\n", s->imei, s->id, answered ? list_name(list) : "", name,
               s->imsi ? " with IMSI " : "", s->imsi ? s->imsi : "");
}

enum err cli_samples(struct registry *reg, bool json, struct fault *fault)
{
    const struct sample *s;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && (s = sample_get(i)); i++) {
        enum list list = LIST_UNKNOWN;
        uint8_t reason;
        err = answer_of(reg, s, &list, &reason, fault);
        if (!err)
            print_sample(json, s, list, reason);
    }
    return err;
}

int cmd_demo_create(struct cli *cli)
{
    int code;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err =
        reg->head.next_seq > 4
            ? fault_set(&fault, ERR_HELD, "the register is not new; samples are for new ones")
            : samples_make(reg, &fault);
    code = err ? cli_fail(cli, err, &fault) : 0;
    if (!err)
        printf("samples made on a new register\n");
    registry_close(reg);
    return code;
}

int cmd_demo_list(struct cli *cli)
{
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = cli_samples(reg, cli->json, &fault);
    return cli_close(cli, reg, err, &fault);
}
