/* SPDX-License-Identifier: Apache-2.0
 *
 * asset - the page's own files, in the program itself: tools/assetc.py makes the table. Their names
 * carry a hash of their bytes, so that a browser may keep them for ever. */
#ifndef FACE_ASSET_H
#define FACE_ASSET_H

#include "base/str.h"

enum asset_id {
    ASSET_STYLE_CSS,
    ASSET_SIGNS_SVG,
    ASSET_TAMGA_SVG,
    ASSET_PORTAL_KK_JS, /* in the order of enum lang */
    ASSET_PORTAL_RU_JS,
    ASSET_PORTAL_EN_JS,
    ASSET_SIGN_KK_JS, /* the same order */
    ASSET_SIGN_RU_JS,
    ASSET_SIGN_EN_JS,
    ASSET_FILES_KK_JS, /* the same order */
    ASSET_FILES_RU_JS,
    ASSET_FILES_EN_JS,
    ASSET_SCAN_JS,
    ASSET_ZXING_READER_WASM,
    ASSET_COUNT
};

struct asset {
    const char *name; /* "style.3f2a91c0d4e5.css"; empty: this build goes without */
    const char *url;  /* "/static/style.3f2a91c0d4e5.css" */
    const char *content_type;
    struct str bytes;
    struct str packed; /* the same by gzip; empty where that gains nothing */
};

extern const struct asset asset_table[ASSET_COUNT];

#endif
