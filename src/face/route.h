/* SPDX-License-Identifier: Apache-2.0
 *
 * route - the table of addresses, for those who count by route. */
#ifndef FACE_ROUTE_H
#define FACE_ROUTE_H

unsigned route_count(void);
/* 0: "-", no route; 1 to route_count(): "/api/v1/check/{}". */
const char *route_pattern(unsigned route);

#endif
