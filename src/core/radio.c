/* SPDX-License-Identifier: Apache-2.0 */
#include "core/radio.h"

const char *radio_name(unsigned kind)
{
    static const char *const names[RADIO_KINDS] = {"2G", "3G", "4G", "5G", "3GPP2"};
    return kind < RADIO_KINDS ? names[kind] : "?";
}

/* How a word of them begins. */
struct word {
    struct str begins;
    unsigned radio;
};
static const struct word words[] = {
    {STR("gsm"), RADIO_2G},      {STR("egsm"), RADIO_2G},    {STR("gprs"), RADIO_2G},
    {STR("edge"), RADIO_2G},     {STR("egprs"), RADIO_2G},   {STR("2g"), RADIO_2G},
    {STR("wcdma"), RADIO_3G},    {STR("umts"), RADIO_3G},    {STR("utra"), RADIO_3G},
    {STR("hspa"), RADIO_3G},     {STR("hsdpa"), RADIO_3G},   {STR("hsupa"), RADIO_3G},
    {STR("tdscdma"), RADIO_3G},  {STR("tdcdma"), RADIO_3G},  {STR("3g"), RADIO_3G},
    {STR("lte"), RADIO_4G},      {STR("eutra"), RADIO_4G},   {STR("nbiot"), RADIO_4G},
    {STR("catm"), RADIO_4G},     {STR("4g"), RADIO_4G},      {STR("5g"), RADIO_5G},
    {STR("nr"), RADIO_5G},       {STR("cdma"), RADIO_3GPP2}, {STR("evdo"), RADIO_3GPP2},
    {STR("1xrtt"), RADIO_3GPP2}, {STR("1xev"), RADIO_3GPP2}, {STR("hrpd"), RADIO_3GPP2},
    {STR("ehrpd"), RADIO_3GPP2},
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Is what follows a name of two letters a band, or nothing: "NR", "NR78", "NRn78", "5GNR"? "NRW" is no technology. */
static bool ends_well(struct str rest)
{
    while (rest.n && (rest.p[0] == 'n' || rest.p[0] == 'N' || rest.p[0] == 'r' || rest.p[0] == 'R'))
        rest = (struct str){rest.p + 1, rest.n - 1};
    return !rest.n || (rest.p[0] >= '0' && rest.p[0] <= '9');
}

static unsigned radio_of_word(struct str word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct str begins = words[i].begins;
        if (word.n < begins.n || !str_eq_nocase((struct str){word.p, begins.n}, begins))
            continue;
        if (begins.n > 2 || ends_well((struct str){word.p + 2, word.n - 2}))
            return words[i].radio;
    }
    return 0;
}

unsigned radio_of_bands(struct str text)
{
    enum { WORD = 16 };
    char word[WORD];
    unsigned radio = 0;
    size_t n = 0;
    for (size_t i = 0; i <= text.n; i++) {
        const char c = i < text.n ? text.p[i] : ' ';
        if (is_word(c) && n < WORD)
            word[n++] = c;
        if (is_word(c) || c == '-')
            continue; /* W-CDMA, TD-SCDMA, NB-IoT are one word */
        radio |= radio_of_word((struct str){word, n});
        n = 0;
    }
    return radio;
}
