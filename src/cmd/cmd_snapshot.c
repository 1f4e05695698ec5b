/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot write: the signed index file that a node begins with, of all TACs or of those that it wants. */
#include <inttypes.h>

#include "app/quiet.h"
#include "cmd/command.h"

/* An open batch that lives ends a part every tenth of a second, and most have few. */
enum { PATIENCE_MS = 5000 };

static void tell(const struct cli *cli, const struct index_image *image, int64_t began_us)
{
    uint64_t count = index_image_count(image), bytes = index_image_bytes(image);
    uint64_t seq = index_image_state(image).next_seq - 1;
    if (cli->json) {
        printf("{\"imeis\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seq\":%" PRIu64 "}\n", count, bytes,
               seq);
        return;
    }
    printf("%" PRIu64 " IMEIs, %" PRIu64 " bytes, up to sequence %" PRIu64 "\n", count, bytes, seq);
    cli_rate(count, "IMEI", 0, began_us);
}

int cmd_snapshot_write(struct cli *cli)
{
    const char *text = NULL;
    const struct option_spec specs[] = {{"--tacs", .value = &text}};
    struct tac_ranges tacs = {0};
    if (!cli_options(cli, specs, 1))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "which file?");
    int code;
    struct fault fault = {0};
    enum err err = text ? tac_ranges_parse(str_z(text), &tacs, &fault) : ERR_OK;
    if (err)
        return cli_fail(cli, err, &fault);
    int64_t began = clock_monotonic_us();
    struct registry *reg = cli_open(cli, false, false, &code);
    if (!reg)
        return code;
    struct index_image *image = NULL;
    err = registry_quiet_image(reg, &tacs, PATIENCE_MS, &image, &fault);
    if (!err)
        err = registry_write_image(reg, image, cli->argv[0], &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        tell(cli, image, began);
    index_image_free(image);
    registry_close(reg);
    return code;
}
