/* SPDX-License-Identifier: Apache-2.0
 *
 * peers - a small hash table behind a lock: some dozens of entries, some thousands at worst.
 *
 * Election. When two nodes call each other at once, the one whose name comes later keeps what the
 * other began. Whom we called is known for sure only when the answer names him, so it is then that
 * ours is compared with what he began; he, who knows whom he called, does the same at his end and
 * comes to the same result. */
#include "s13/peers.h"

#include <stdlib.h>

#include "base/mix.h"

static uint8_t lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

/* RFC 6733 5.6.4: as octets, A to Z read as a to z. */
static int compare(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

static size_t bucket_of(struct str name)
{
    uint64_t h = name.n;
    for (size_t i = 0; i < name.n; i++)
        h = mix64(h ^ lower(name.p[i]));
    return h % PEERS_BUCKETS;
}

void peers_init(struct peers *peers)
{
    *peers = (struct peers){0};
    pthread_mutex_init(&peers->lock, NULL);
}

void peers_release(struct peers *peers)
{
    free(peers->allow);
    pthread_mutex_destroy(&peers->lock);
}

enum err peers_allow(struct peers *peers, const struct str *allow, size_t n)
{
    size_t bytes = n * sizeof *allow + 1;
    for (size_t i = 0; i < n; i++)
        bytes += allow[i].n;
    struct str *list = malloc(bytes);
    if (!list)
        return ERR_MEMORY;
    char *to = (char *)(list + n);
    for (size_t i = 0; i < n; i++) {
        list[i] = (struct str){to, allow[i].n};
        if (allow[i].n)
            memcpy(to, allow[i].p, allow[i].n);
        to += allow[i].n;
    }
    pthread_mutex_lock(&peers->lock);
    struct str *old = peers->allow;
    peers->allow = list;
    peers->allow_count = n;
    pthread_mutex_unlock(&peers->lock);
    free(old);
    return ERR_OK;
}

/* "*", "*.realm" (anything before it), or the name itself. */
static bool matches(struct str pattern, struct str name)
{
    if (pattern.n == 0 || pattern.p[0] != '*')
        return str_eq_nocase(pattern, name);
    struct str tail = {pattern.p + 1, pattern.n - 1};
    if (!tail.n)
        return true;
    return name.n > tail.n && str_eq_nocase(tail, (struct str){name.p + name.n - tail.n, tail.n});
}

/* A certificate's "*" stands for one label (RFC 6125 6.4.3). */
static bool is_named(struct str identity, struct str name)
{
    if (!str_starts(identity, STR("*.")))
        return str_eq_nocase(identity, name);
    struct str rest;
    str_split(name, '.', &rest);
    return rest.p && str_eq_nocase((struct str){identity.p + 2, identity.n - 2}, rest);
}

/* A certificate that names nobody is nobody's (RFC 6733 13.1 leaves who it is to names). */
static bool certified(struct str names, struct str origin)
{
    while (names.n) {
        struct str rest, one = str_split(names, ' ', &rest);
        if (is_named(one, origin))
            return true;
        names = rest;
    }
    return false;
}

/* The number of the pattern that lets it in; 0: none. */
static unsigned admitted(const struct peers *peers, const struct peers_asks *asks)
{
    if (!asks->origin.n || str_eq_nocase(asks->origin, asks->own))
        return 0;
    if (asks->certified && !certified(asks->names, asks->origin))
        return 0;
    for (size_t i = 0; i < peers->allow_count; i++)
        if (matches(peers->allow[i], asks->origin))
            return (unsigned)i + 1;
    return 0;
}

/* Two connections of one name: does the new one take the place of the old? */
static bool succeeds(const struct peers_asks *asks, const struct peers_entry *old)
{
    if (asks->now_us - atomic_load(&old->heard_us) > asks->silent_us)
        return true; /* the old one is dead, and nobody has noticed yet */
    if (!asks->ours || old->ours)
        return false;
    return compare(asks->own, asks->origin) < 0; /* we lose: what we began stays */
}

/* False: an older connection stays. Those that make room are told so. */
static bool makes_room(struct peers_entry *entry, const struct peers_asks *asks)
{
    struct peers_entry *first = entry;
    for (; entry; entry = entry->next)
        if (str_eq_nocase(entry->origin, asks->origin) && !atomic_load(&entry->doomed) &&
            !succeeds(asks, entry))
            return false;
    for (entry = first; entry; entry = entry->next)
        if (str_eq_nocase(entry->origin, asks->origin))
            atomic_store(&entry->doomed, true);
    return true;
}

static struct peers_entry *entry_new(const struct peers_asks *asks, unsigned number)
{
    struct peers_entry *entry = malloc(sizeof *entry + asks->origin.n + 1);
    if (!entry)
        return NULL;
    *entry = (struct peers_entry){.ours = asks->ours, .number = number};
    atomic_init(&entry->heard_us, asks->now_us);
    atomic_init(&entry->doomed, false);
    memcpy(entry->name, asks->origin.p, asks->origin.n);
    entry->origin = (struct str){entry->name, asks->origin.n};
    return entry;
}

enum peers_told peers_enter(struct peers *peers, const struct peers_asks *asks,
                            struct peers_entry **out)
{
    enum peers_told told = PEERS_IN;
    struct peers_entry *entry = NULL;
    pthread_mutex_lock(&peers->lock);
    struct peers_entry **bucket = &peers->bucket[bucket_of(asks->origin)];
    unsigned number = admitted(peers, asks);
    if (!number)
        told = PEERS_UNKNOWN;
    else if (!asks->many && !makes_room(*bucket, asks))
        told = PEERS_LOST;
    else if (!(entry = entry_new(asks, number)))
        told = PEERS_FULL;
    if (entry) {
        entry->next = *bucket;
        *bucket = entry;
        *out = entry;
    }
    pthread_mutex_unlock(&peers->lock);
    return told;
}

void peers_leave(struct peers *peers, struct peers_entry *entry)
{
    if (!entry)
        return;
    pthread_mutex_lock(&peers->lock);
    struct peers_entry **at = &peers->bucket[bucket_of(entry->origin)];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    pthread_mutex_unlock(&peers->lock);
    free(entry);
}
