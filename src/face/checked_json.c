/* SPDX-License-Identifier: Apache-2.0 */
#include "face/checked_json.h"

#include "face/said.h"

/* The longest answer is under 1 kB: names of 96 bytes may double. */
enum { ANSWER_BYTES = 1024 };

void checked_json_text(struct buf *out, struct str s)
{
    size_t from = 0;
    buf_put(out, "\"", 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_put(out, s.p + from, i - from);
        from = i + 1;
        if (c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else
            buf_put(out, c == '"' ? "\\\"" : "\\\\", 2);
    }
    if (s.n > from)
        buf_put(out, s.p + from, s.n - from);
    buf_put(out, "\"", 1);
}

/* A name of our own that needs no escape, quoted. */
static void put_name(struct buf *out, const char *name)
{
    buf_str(out, STR("\""));
    buf_put(out, name, strlen(name));
    buf_str(out, STR("\""));
}

static void put_day(struct buf *out, daynum day)
{
    char text[DAYNUM_TEXT];
    if (!daynum_is_day(day)) {
        buf_str(out, STR("null"));
        return;
    }
    daynum_format(day, text);
    put_name(out, text);
}

static void put_bool(struct buf *out, bool value)
{
    buf_str(out, value ? STR("true") : STR("false"));
}

static void put_number(struct buf *out, uint64_t v)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + v % 10);
    while (v /= 10);
    buf_put(out, digits + at, sizeof digits - at);
}

static void put_next(struct buf *out, const struct said *said)
{
    if (!said->next) {
        buf_str(out, STR("null"));
        return;
    }
    buf_str(out, STR("{\"list\":"));
    put_name(out, list_name(said->next_list));
    buf_str(out, STR(",\"reason\":"));
    put_name(out, said->next);
    buf_str(out, STR(",\"from\":"));
    put_day(out, said->valid_through + 1);
    buf_str(out, STR("}"));
}

static void put_model(struct buf *out, const struct checked *checked)
{
    if (!checked->tac_known) {
        buf_str(out, STR("null"));
        return;
    }
    buf_str(out, STR("{\"brand\":"));
    checked_json_text(out, checked->brand);
    buf_str(out, STR(",\"model\":"));
    checked_json_text(out, checked->model);
    buf_str(out, STR("}"));
}

void checked_json(struct buf *out, const struct checked *checked)
{
    struct said said = said_of(checked);
    char imei[IMEI_TEXT15], instant[24];
    imei_format15(checked->imei, imei);
    instant_format(checked->now_s, instant);
    if (!buf_reserve(out, ANSWER_BYTES))
        return;
    buf_str(out, STR("{\"imei\":"));
    put_name(out, imei);
    buf_str(out, STR(",\"list\":"));
    put_name(out, list_name(said.list));
    buf_str(out, STR(",\"reason\":"));
    put_name(out, said.reason);
    buf_str(out, STR(",\"public_reason\":"));
    put_name(out, said.reason);
    buf_str(out, STR(",\"rule\":"));
    put_number(out, reason_table[checked->answer.reason % REASON_COUNT].rule);
    buf_str(out, STR(",\"deadline\":"));
    put_day(out, said.deadline);
    buf_str(out, STR(",\"valid_through\":"));
    put_day(out, said.valid_through);
    buf_str(out, STR(",\"next\":"));
    put_next(out, &said);
    buf_str(out, STR(",\"served\":"));
    put_bool(out, checked->answer.served);
    buf_str(out, STR(",\"used\":"));
    put_bool(out, said.used);
    buf_str(out, STR(",\"duplicate\":"));
    put_bool(out, said.duplicate);
    buf_str(out, STR(",\"tac\":"));
    put_model(out, checked);
    buf_str(out, STR(",\"rule_set\":"));
    put_number(out, checked->rules);
    buf_str(out, STR(",\"as_of\":"));
    put_day(out, checked->today);
    buf_str(out, STR(",\"check_number\":"));
    put_name(out, checked->number);
    buf_str(out, STR(",\"checked_at\":"));
    put_name(out, instant);
    buf_str(out, STR("}"));
}
