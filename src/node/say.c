/* SPDX-License-Identifier: Apache-2.0 */
#include "node/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/daynum.h"

static const char *const levels[] = {"info", "warning", "alarm"};

/* Line ends inside would begin a line that nobody wrote. */
static void tame(char *p, int n)
{
    for (int i = 0; i < n; i++)
        if ((unsigned char)p[i] < ' ' || p[i] == 127)
            p[i] = ' ';
}

void say(enum say_level level, const char *format, ...)
{
    char line[1024], at[24];
    instant_format(clock_now_us(&clock_system) / 1000000, at);
    int n = snprintf(line, sizeof line, "time=%s level=%s ", at, levels[level]);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
    va_end(args);
    n = more < 0 ? n : n + more;
    if (n > (int)sizeof line - 2)
        n = (int)sizeof line - 2;
    tame(line, n);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* nobody to tell */
}

void say_fault(enum say_level level, const char *event, enum err err, const struct fault *fault)
{
    const char *file = fault ? fault->file : "";
    say(level, "event=%s error=%s%s%s detail=\"%s\"", event, err_name(err), *file ? " file=" : "",
        file, fault ? fault->detail : "");
}
