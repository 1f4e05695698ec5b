/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_say - what a notice says, by whichever road it goes: its numbers, days and words. */
#include <stdio.h>

#include "app/notices_list.h"

enum err notices_speaker_init(struct notices_speaker *s, struct registry *reg,
                              const struct notices_port *port, uint64_t party, struct fault *fault)
{
    *s = (struct notices_speaker){.registry = reg, .port = port, .party = party};
    sha256_key_init(&s->check, reg->keys.check);
    return notices_settings_get(reg, &s->settings, fault);
}

static void digits_of(uint64_t packed, char out[24])
{
    *out = '\0';
    if (packed > 1) {
        snprintf(out, 24, "%llu", (unsigned long long)packed);
        memmove(out, out + 1, strlen(out)); /* the leading 1 of the packed form */
    }
}

static void day_of(daynum day, char out[DAYNUM_TEXT])
{
    *out = '\0';
    if (daynum_is_day(day))
        daynum_format(day, out);
}

void notices_say(const struct notices_speaker *s, const struct notices_row *row,
                 const struct notices_who *who, struct notices_said *said)
{
    const enum list list = reason_list(row->reason);
    const struct check_number number = {.minute = (row->made_s - CHECK_NUMBER_EPOCH) / 60,
                                        .reason = row->reason,
                                        .served = list != LIST_BLACK};
    char check[CHECK_NUMBER_TEXT], plain[CHECK_NUMBER_TEXT];
    size_t n = 0;
    check_number_make(&s->check, row->imei, &number, check);
    for (const char *p = check; *p; p++)
        if (*p != '-')
            plain[n++] = *p; /* without hyphens, or two parts do not hold it */
    notices_id(s->registry, s->party, row->number, said->id);
    imei_format14(row->imei, said->imei);
    digits_of(who->imsi, said->imsi);
    digits_of(who->msisdn, said->msisdn);
    day_of(row->last_day, said->last_day);
    day_of(row->until, said->until);
    said->list = list_name(list);
    said->reason = reason_public(row->reason);
    said->step = notice_name((enum notice_step)row->step);
    for (int lang = 0; lang < NOTICES_LANGS; lang++) {
        buf_clear(&said->text[lang]);
        s->port->words(&said->text[lang], lang, row, str_z(s->settings.site),
                       (struct str){plain, n});
    }
}

void notices_said_release(struct notices_said *said)
{
    for (int lang = 0; lang < NOTICES_LANGS; lang++)
        buf_release(&said->text[lang]);
    explicit_bzero(said, sizeof *said);
}
