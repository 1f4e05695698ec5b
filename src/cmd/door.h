/* SPDX-License-Identifier: Apache-2.0
 *
 * door - what the settings file says of the HTTP door: whom it trusts, how much one may ask. */
#ifndef CMD_DOOR_H
#define CMD_DOOR_H

#include "cmd/settings.h"
#include "face/http.h"

/* Defaults where the file says nothing. ERR_SETTING_VALUE with the setting's name. */
MUST_USE enum err door_settings(const struct settings *settings, struct http_options *out,
                                struct fault *fault);

#endif
