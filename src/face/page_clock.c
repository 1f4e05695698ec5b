/* SPDX-License-Identifier: Apache-2.0
 *
 * page_clock - the device's clock drawn: today, the last day with service, a tick for each day or
 * week between. It begins today: the day of first use is nobody's business. The words beside it
 * say the same, so screen readers pass over the drawing. */
#include "face/html.h"
#include "face/page_answer.h"

enum {
    LEFT = 8, /* of the line, in units of the drawing */
    LENGTH = 304,
    LINE_Y = 16,
    DAYS_OF_TICKS = 45, /* more: a tick a week */
    DAYS_OF_CLOCK = 366 /* more: too far to be drawn */
};

static void ticks(struct exchange *x, int days)
{
    int step = days > DAYS_OF_TICKS ? 7 : 1;
    html_put(x, "<path class=\"ticks\" d=\"");
    for (int day = step; day < days; day += step)
        buf_printf(x->out, "M%.1f %dv8", LEFT + (double)LENGTH * day / days, LINE_Y - 4);
    html_put(x, "\"/>");
}

/* Who stands at the left: today while service lasts, the last day once it is over. */
static void drawing(struct exchange *x, int days, bool over)
{
    int today = over ? LEFT + LENGTH : LEFT, last = over || !days ? LEFT : LEFT + LENGTH;
    buf_printf(x->out,
               "<svg viewBox=\"0 0 320 32\" aria-hidden=\"true\" focusable=\"false\">"
               "<path class=\"%s\" d=\"M%d %dh%d\"/>",
               over ? "gone" : "left", LEFT, LINE_Y, LENGTH);
    if (!over)
        ticks(x, days);
    buf_printf(x->out,
               "<path class=\"last\" d=\"M%d 3v26\"/>"
               "<circle class=\"today\" cx=\"%d\" cy=\"%d\" r=\"7\"/></svg>",
               last, today, LINE_Y);
}

static void label(struct exchange *x, bool today, daynum last)
{
    html_put(x, "<span>");
    if (today)
        html_say(x, TEXT_CLOCK_TODAY);
    else
        html_say_day(x, TEXT_CLOCK_LAST, last);
    html_put(x, "</span>");
}

void page_clock(struct exchange *x, const struct said *said, daynum today)
{
    if (said->deadline == DAYNUM_NONE)
        return;
    bool over = said->deadline < today;
    int days = over ? today - said->deadline : said->deadline - today;
    if (days > DAYS_OF_CLOCK || said->waits)
        return;
    html_put(x, "<div class=\"clock\" aria-hidden=\"true\">");
    drawing(x, days, over);
    html_put(x, "<div class=\"ends\">");
    if (over || days)
        label(x, !over, said->deadline);
    label(x, over, said->deadline);
    html_put(x, "</div></div>\n");
}
