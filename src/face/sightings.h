/* SPDX-License-Identifier: Apache-2.0
 *
 * sightings - what operators' nodes saw for the first time (ARCHITECTURE.md, "Sightings"): lines of JSON, each taken
 * or refused for itself. Open to keys with the scope sightings. */
#ifndef FACE_SIGHTINGS_H
#define FACE_SIGHTINGS_H

#include "app/observe.h"
#include "face/request.h"

void sightings_post(struct exchange *x); /* POST /api/v1/sightings */
/* Before a large body is read: only of somebody who may send it. */
MUST_USE enum err sightings_admit(struct exchange *x);

/* One line: {"imei": 14 to 16 digits, "time": "2026-11-27T10:00:00Z", "network": "home"}, other members passed over.
 * *out_home: it was a home subscriber. ERR_USAGE: not of this form; ERR_UTF8; ERR_IMEI_FORM; ERR_DATE. */
MUST_USE enum err sightings_line(struct str line, struct sighting *out, bool *out_home);

#endif
