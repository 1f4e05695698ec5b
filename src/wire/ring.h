/* SPDX-License-Identifier: Apache-2.0
 *
 * ring - things in a row, oldest first, each with its own place: put at the end and taken out
 * anywhere without memory of its own. */
#ifndef WIRE_RING_H
#define WIRE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
    struct ring *next, *prev; /* of the head: first, last; of a place in no row: itself */
};

static inline void ring_init(struct ring *ring)
{
    ring->next = ring->prev = ring;
}

static inline bool ring_empty(const struct ring *ring)
{
    return ring->next == ring;
}

static inline void ring_leave(struct ring *place)
{
    place->next->prev = place->prev;
    place->prev->next = place->next;
    ring_init(place);
}

/* To the end, from wherever it was. */
static inline void ring_append(struct ring *head, struct ring *place)
{
    ring_leave(place);
    place->prev = head->prev;
    place->next = head;
    head->prev->next = place;
    head->prev = place;
}

/* All of from to the end of head. */
static inline void ring_move(struct ring *head, struct ring *from)
{
    if (ring_empty(from))
        return;
    from->next->prev = head->prev;
    from->prev->next = head;
    head->prev->next = from->next;
    head->prev = from->prev;
    ring_init(from);
}

#endif
