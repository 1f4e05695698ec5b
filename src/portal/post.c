/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/post.h"

#include <stdio.h>

#include "portal/message_text.h"

enum { DIRECTORIES = 256, AT_ONCE = 64 };

static void tell(const char *what, enum err err, const struct fault *fault)
{
    if (err)
        fprintf(stderr, "event=%s result=%s detail=%s\n", what, err_name(err), fault->detail);
}

static void look_at_files(struct post *post, const struct office *office)
{
    unsigned most = post->looked < DIRECTORIES ? AT_ONCE : 1;
    for (unsigned i = 0; i < most; i++) {
        size_t gone;
        uint8_t directory = (uint8_t)(post->looked % DIRECTORIES);
        if (!papers_sweep_files(office, post->papers, directory, &gone))
            return; /* somebody writes: at the next look */
        if (gone)
            fprintf(stderr, "event=papers_left_over files=%zu\n", gone);
        post->looked++;
    }
}

void post_work(struct post *post, const struct office *office, bool sweeps)
{
    struct fault fault = {0};
    size_t n;
    tell("requests", demand_sweep(office, &post->requests, &fault), &fault);
    static const struct outbox_words words = {message_letter, code_letter};
    if (post->outbox->send)
        tell("outbox", outbox_run(office, post->outbox, &words, &n, &fault), &fault);
    else if (sweeps)
        tell("outbox", outbox_forget(office, &fault), &fault);
    if (sweeps)
        tell("papers", papers_sweep(office, post->papers, &n, &fault), &fault);
    if (post->papers->files && (sweeps || post->looked < DIRECTORIES))
        look_at_files(post, office);
}
