/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_accreditation - the part of a page that tells of accreditations (cases/accreditation.h). */
#ifndef PORTAL_SCREEN_ACCREDITATION_H
#define PORTAL_SCREEN_ACCREDITATION_H

#include "portal/screen.h"

/* To an officer: all that the applicant has, where the kind needs one and the register keeps them. */
void accreditation_desk(struct exchange *x, const struct visit *v, const struct application *a);
/* To whoever begins an application of a kind: that his organisation has none in force; else nothing. */
void accreditation_notice(struct exchange *x, const struct visit *v, uint8_t kind);

#endif
