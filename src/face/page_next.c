/* SPDX-License-Identifier: Apache-2.0
 *
 * page_next - what to do now: one step for who buys, one for whose device it is; and, where
 * verification is missing, the right door for each origin of a device, in the guide's words. */
#include "face/html.h"
#include "face/page_answer.h"

struct origin {
    const char *label; /* guide.from.LABEL; NULL: guide.when.before */
    const char *way;   /* of the guide */
    const char *answer;
    const char *door; /* of the wizard behind the sign-in: /apply/DOOR */
};

static const struct origin origins[] = {
    {"abroad", "person.abroad.later", "abroad", "carried"},
    {"parcel", "person.parcel.later", "parcel", "parcel"},
    {"gift", "person.gift.later", "gift", "gift"},
    {"here", "person.here.later", "buyer", "bought"},
    {NULL, "person.here.before", "before_unused", "before"},
};

static void origin_label(struct exchange *x, const struct origin *origin)
{
    if (origin->label)
        html_say_key(x, "guide", "from", origin->label);
    else
        html_say_day(x, TEXT_OWN_BEFORE, service_rules(x->site->service)->duty_from - 1);
}

/* To the wizard with this origin chosen; the address names no device. Bought in the country: what to do. */
static void door(struct exchange *x, const struct origin *origin)
{
    char path[32];
    if (!x->site->portal)
        return;
    snprintf(path, sizeof path, "/apply/%s", origin->door);
    html_put(x, "<a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_say(x, strcmp(origin->door, "bought") == 0 ? TEXT_APPLY_BOUGHT_DO : TEXT_CABINET_VERIFY);
    html_put(x, "</a> · ");
}

static void where_from(struct exchange *x)
{
    html_put(x, "<h4>");
    html_say(x, TEXT_GUIDE_FROM);
    html_put(x, "</h4>\n<div class=\"origins\">\n");
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        const struct origin *origin = &origins[i];
        char help[48];
        snprintf(help, sizeof help, "%s.help", origin->answer);
        html_put(x, "<details><summary>");
        origin_label(x, origin);
        html_put(x, "</summary><p><strong>");
        html_say_key(x, "guide", "answer", origin->answer);
        html_put(x, ".</strong> ");
        html_say_key(x, "guide", "answer", help);
        html_put(x, "</p><p>");
        door(x, origin);
        html_put(x, "<a href=\"");
        html_url(x, "/guide");
        html_put(x, x->lang_asked ? "&amp;way=" : "?way=");
        html_put(x, origin->way);
        html_put(x, "\">");
        html_say(x, TEXT_OWN_MORE);
        html_put(x, "</a></p></details>\n");
    }
    html_put(x, "</div>\n");
}

/* Would a verification change the answer? */
static bool lacks_verification(uint8_t reason)
{
    return reason == REASON_UNVERIFIED || reason == REASON_EXPIRED ||
           reason == REASON_NEVER_ACTIVATED;
}

void page_next(struct exchange *x, const struct said *said, uint8_t reason)
{
    html_put(x, "<div class=\"steps\">\n<section>\n<h3>");
    html_sign(x, "buy");
    html_say(x, TEXT_BUY_HEADING);
    html_put(x, "</h3>\n");
    if (said->refrain) {
        html_put(x, "<p><strong>");
        html_say(x, TEXT_BUY_REFRAIN);
        html_put(x, "</strong></p>\n");
    }
    html_put(x, "<p>");
    html_say_key(x, "buy", said->reason, NULL);
    html_put(x, "</p>\n</section>\n<section>\n<h3>");
    html_sign(x, "own");
    html_say(x, TEXT_OWN_HEADING);
    html_put(x, "</h3>\n<p>");
    html_say_key(x, "own", said->reason, NULL);
    html_put(x, "</p>\n");
    if (lacks_verification(reason))
        where_from(x);
    html_put(x, "</section>\n</div>\n");
}
