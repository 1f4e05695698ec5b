/* SPDX-License-Identifier: Apache-2.0
 *
 * demo: the samples, made and listed. */
#include "app/samples.h"
#include "cmd/command.h"

void cli_samples(FILE *out)
{
    const struct sample *s;
    for (size_t i = 0; (s = sample_get(i)); i++)
        fprintf(out, "  %-16s  %-22s %s %s%s%s\n", s->imei, s->id,
                s->expect == REASON_COUNT ? "" : list_name(sample_list(s)),
                s->expect == REASON_COUNT ? "mistyped digit" : reason_name(s->expect),
                s->imsi ? " with IMSI " : "", s->imsi ? s->imsi : "");
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
    (void)cli;
    cli_samples(stdout);
    return 0;
}
