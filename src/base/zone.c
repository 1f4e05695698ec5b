/* SPDX-License-Identifier: Apache-2.0
 *
 * zone - the machine's tz database, read once through the C library and kept as plain steps, so
 * that afterwards any thread turns instants into days without the library's hidden zone.
 *
 * zone_load changes the environment (TZ) for a moment and puts it back, one thread at a time; nobody
 * else in the house reads TZ or asks the C library for local time. It asks for the offset once a week, which sees every change of every zone
 * since 2000 (the shortest period between two is Morocco's and Egypt's month of Ramadan), and
 * bisects to the second where two weeks differ. Before 2000 the first offset holds, after 2060
 * the last one. About 1 ms. */
#include "base/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

#define ZONE_FROM  946684800LL  /* 2000-01-01T00:00:00Z */
#define ZONE_UNTIL 2840140800LL /* 2060-01-01T00:00:00Z */

enum { WEEK_SECONDS = 7 * 86400 };

/* The country went from +06:00 to +05:00 on 2024-03-01; an older database does not know. */
#define PROBE_ZONE   "Asia/Almaty"
#define PROBE_AT     1748131200LL /* 2025-05-25T00:00:00Z */
#define PROBE_OFFSET (5 * 3600)

static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= sizeof((struct zone *)0)->name || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool inner = (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '+' || c == '-';
        if (!letter && (i == 0 || !inner))
            return false;
    }
    return true;
}

static const char *database(void)
{
    const char *dir = getenv("TZDIR");
    return dir && *dir ? dir : "/usr/share/zoneinfo";
}

/* The C library takes any name and falls back to UTC in silence; so the file is looked at first. */
static bool file_ok(const char *name)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", database(), name);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    char magic[4];
    bool ok = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
              memcmp(magic, "TZif", sizeof magic) == 0; /* RFC 9636 3.1 */
    close(fd);
    return ok;
}

static bool offset_at(int64_t utc_seconds, int32_t *out)
{
    time_t t = (time_t)utc_seconds;
    struct tm tm;
    if (!localtime_r(&t, &tm))
        return false;
    *out = (int32_t)tm.tm_gmtoff;
    return true;
}

/* The first second in (low, high] with another offset than at low. */
static bool find_change(int64_t low, int64_t high, int32_t before, int64_t *out)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        int32_t offset;
        if (!offset_at(middle, &offset))
            return false;
        if (offset == before)
            low = middle;
        else
            high = middle;
    }
    *out = high;
    return true;
}

/* Fills the steps from the zone that TZ names now. */
static bool sample(struct zone *zone)
{
    int32_t before, offset;
    if (!offset_at(ZONE_FROM, &before))
        return false;
    zone->steps[0] = (struct zone_step){INT64_MIN, before};
    zone->count = 1;
    for (int64_t t = ZONE_FROM; t < ZONE_UNTIL;) {
        int64_t next = t + WEEK_SECONDS;
        if (!offset_at(next, &offset))
            return false;
        if (offset != before) {
            if (!find_change(t, next, before, &next) || !offset_at(next, &offset))
                return false;
            if (zone->count == ZONE_STEPS)
                return false;
            zone->steps[zone->count++] = (struct zone_step){next, offset};
            before = offset;
        }
        t = next;
    }
    return true;
}

/* Sets TZ, NULL takes it away. */
static bool set_tz(const char *value)
{
    int failed = value ? setenv("TZ", value, 1) : unsetenv("TZ");
    tzset();
    return !failed;
}

/* With the environment's TZ set to the name, and back. */
static bool sample_as(const char *name, struct zone *zone)
{
    static pthread_mutex_t environment = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&environment);
    const char *tz = getenv("TZ");
    char *saved = tz ? strdup(tz) : NULL;
    bool ok = (!tz || saved) && set_tz(name) && sample(zone);
    if (!tz || saved)
        ok = set_tz(saved) && ok;
    free(saved);
    pthread_mutex_unlock(&environment);
    return ok;
}

/* The offset that the steps give there. */
static int32_t given(const struct zone *zone, int64_t utc_seconds)
{
    uint32_t i = zone->count;
    while (i > 1 && zone->steps[i - 1].from > utc_seconds)
        i--;
    return zone->steps[i - 1].offset;
}

static enum err load(const char *name, struct zone *out, struct fault *fault)
{
    if (!name_ok(name))
        return fault_set(fault, ERR_ZONE, "zone: want a name like Asia/Almaty");
    if (!file_ok(name))
        return fault_set(fault, ERR_ZONE,
                         "no time zone %s under %s: install tzdata, or name another", name,
                         database());
    struct zone zone = {.count = 0};
    str_copy(zone.name, sizeof zone.name, str_z(name));
    if (!sample_as(name, &zone))
        return fault_set(fault, ERR_ZONE, "the file of time zone %s is damaged", name);
    if (strcmp(name, PROBE_ZONE) == 0 && given(&zone, PROBE_AT) != PROBE_OFFSET)
        return fault_set(fault, ERR_ZONE_STALE,
                         "the tz database is from before 2024: %s is not +05:00 on 2025-05-25; "
                         "update the package tzdata",
                         name);
    *out = zone;
    return ERR_OK;
}

enum err zone_load(const char *name, struct zone *out, struct fault *fault)
{
    enum err err = load(name, out, fault);
    if (err)
        fault_value(fault, name, strlen(name));
    return err;
}
