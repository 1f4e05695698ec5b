/* SPDX-License-Identifier: Apache-2.0
 *
 * Days and numbers as each language writes them. A last day always says that it is itself
 * included: a bare "до" or "дейін" leaves people guessing, and a guess costs a day of service. */
#include "face/text.h"

static const char *const kk_month[12] = {
    "қаңтар", "ақпан", "наурыз",   "сәуір", "мамыр",  "маусым",
    "шілде",  "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
};

/* Accusative, as "қоса алғанда" asks. */
static const char *const kk_month_accusative[12] = {
    "қаңтарды", "ақпанды", "наурызды",   "сәуірді", "мамырды",  "маусымды",
    "шілдені",  "тамызды", "қыркүйекті", "қазанды", "қарашаны", "желтоқсанды",
};

static const char *const en_month[12] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};

struct ymd {
    int year, month, day;
};

static struct ymd ymd_of(daynum day)
{
    struct ymd d;
    daynum_to_ymd(day, &d.year, &d.month, &d.day);
    return d;
}

void text_date(struct buf *out, enum lang lang, daynum day)
{
    struct ymd d = ymd_of(day);
    if (lang == LANG_KK)
        buf_printf(out, "%d жылғы %d %s", d.year, d.day, kk_month[d.month - 1]);
    else if (lang == LANG_RU)
        buf_printf(out, "%02d.%02d.%04d", d.day, d.month, d.year);
    else
        buf_printf(out, "%d %s %d", d.day, en_month[d.month - 1], d.year);
}

void text_date_through(struct buf *out, enum lang lang, daynum day)
{
    struct ymd d = ymd_of(day);
    if (lang == LANG_KK)
        buf_printf(out, "%d жылғы %d %s қоса алғанда", d.year, d.day,
                   kk_month_accusative[d.month - 1]);
    else if (lang == LANG_RU)
        buf_printf(out, "по %02d.%02d.%04d включительно", d.day, d.month, d.year);
    else
        buf_printf(out, "through %d %s %d", d.day, en_month[d.month - 1], d.year);
}

void text_day_through(struct buf *out, enum lang lang, daynum day)
{
    struct ymd d = ymd_of(day);
    if (lang == LANG_KK)
        buf_printf(out, "%d %s қоса алғанда", d.day, kk_month_accusative[d.month - 1]);
    else if (lang == LANG_RU)
        buf_printf(out, "по %02d.%02d включительно", d.day, d.month);
    else
        buf_printf(out, "through %d %s", d.day, en_month[d.month - 1]);
}

void text_number(struct buf *out, enum lang lang, uint64_t n)
{
    static const char no_break_space[] = "\xc2\xa0"; /* U+00A0 */
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            buf_str(out, str_z(lang == LANG_EN ? "," : no_break_space));
        buf_put(out, digits + i, 1);
    }
}
