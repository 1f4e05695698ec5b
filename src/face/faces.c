/* SPDX-License-Identifier: Apache-2.0 */
#include "face/faces.h"

static const struct {
    const char *name, *address;
} doors[] = {
#define FACE(name, address) {name, address},
#include "face/faces.def"
#undef FACE
};
_Static_assert(sizeof doors / sizeof doors[0] == FACE_COUNT, "faces.def has another number");

static const enum text own[] = {
#define FACE_TEXT_OF(id) TEXT_##id,
#include "face/faces.def"
#undef FACE_TEXT_OF
};

void faces_init(struct faces *faces)
{
    memset(faces, 0, sizeof *faces);
    for (size_t i = 0; i < FACE_COUNT; i++) {
        struct face *face = &faces->face[i];
        face->name = doors[i].name;
        str_copy(face->address, sizeof face->address, str_z(doors[i].address));
    }
}

/* Where the value of "product.name.kk" belongs; NULL: no text of a face. */
static char *text_place(struct face *face, struct str key)
{
    enum lang lang;
    if (key.n < 4 || key.p[key.n - 3] != '.' ||
        !lang_find((struct str){key.p + key.n - 2, 2}, &lang))
        return NULL;
    struct str id = {key.p, key.n - 3};
    for (size_t i = 0; i < FACE_TEXTS; i++)
        if (str_eq(id, str_z(text_table[own[i]].key)))
            return face->text[i][lang];
    return NULL;
}

static bool is_address(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] <= ' ' || (unsigned char)value.p[i] >= 0x7f)
            return false;
    return !value.n || str_starts(value, STR("https://")) || str_starts(value, STR("http://"));
}

enum err faces_set(struct faces *faces, struct str name, struct str key, struct str value,
                   struct fault *fault)
{
    struct face *face = NULL;
    for (size_t i = 0; i < FACE_COUNT; i++)
        if (str_eq(name, str_z(doors[i].name)))
            face = &faces->face[i];
    if (!face)
        return fault_set(fault, ERR_SETTING_UNKNOWN, "a face is portal, registry or app");
    bool address = str_eq(key, STR("address"));
    char *place = address                    ? face->address
                  : str_eq(key, STR("host")) ? face->host
                                             : text_place(face, key);
    if (!place)
        return fault_set(
            fault, ERR_SETTING_UNKNOWN,
            "a face has host, address, and texts as product.name.kk (doc/operations.md)");
    if (value.n > FACE_VALUE_MAX || !str_utf8(value))
        return fault_set(fault, ERR_SETTING_VALUE, "want at most %d bytes of UTF-8",
                         FACE_VALUE_MAX);
    if (address && !is_address(value))
        return fault_set(fault, ERR_SETTING_VALUE, "want http://… or https://…");
    str_copy(place, FACE_VALUE_MAX + 1, value);
    return ERR_OK;
}

/* "[::1]:8080" and "imei.example:443" without their ports. */
static struct str without_port(struct str host)
{
    for (size_t i = host.n; i > 0 && host.p[i - 1] != ']'; i--)
        if (host.p[i - 1] == ':')
            return (struct str){host.p, i - 1};
    return host;
}

const struct face *faces_find(const struct faces *faces, struct str host)
{
    host = without_port(host);
    for (size_t i = 0; host.n && i < FACE_COUNT; i++) {
        struct str names = str_z(faces->face[i].host);
        while (names.n)
            if (str_eq_nocase(str_split(names, ' ', &names), host))
                return &faces->face[i];
    }
    return &faces->face[0];
}

struct str face_text(const struct face *face, enum lang lang, enum text id)
{
    for (size_t i = 0; face && i < FACE_TEXTS; i++)
        if (own[i] == id && face->text[i][lang][0])
            return str_z(face->text[i][lang]);
    return text_get(lang, id);
}
