/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_key.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"

enum { KEY_FILE_MAX = 4096 };

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unhex(struct str s, uint8_t *out, size_t n)
{
    if (s.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = nibble(s.p[2 * i]), low = nibble(s.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

struct reading {
    struct node_key key;
    bool has_register, has_public;
};

static bool take_api(struct str value, char out[NODE_KEY_API])
{
    if (value.n == 0 || value.n >= NODE_KEY_API)
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] > '~')
            return false;
    str_copy(out, NODE_KEY_API, value);
    return true;
}

static enum err take(struct reading *r, struct str name, struct str value, struct fault *fault)
{
    bool ok = false;
    if (str_eq(name, STR("register")))
        ok = r->has_register = unhex(value, r->key.register_id, NODE_KEY_ID);
    else if (str_eq(name, STR("public")))
        ok = r->has_public = unhex(value, r->key.public_key, sizeof r->key.public_key);
    else if (str_eq(name, STR("subscriber")))
        ok = r->key.paired = unhex(value, r->key.subscriber, SHA256_BYTES);
    else if (str_eq(name, STR("api_key")))
        ok = take_api(value, r->key.api_key);
    else
        return fault_set(fault, ERR_STORE_KEY,
                         "want register=, public=, subscriber= or api_key=, as `tamga node add` "
                         "writes them");
    return ok ? ERR_OK
              : fault_set(fault, ERR_STORE_KEY, "%.*s= has not the form that it should have",
                          STR_ARG(name));
}

enum err node_key_parse(struct str text, struct node_key *out, struct fault *fault)
{
    struct reading r = {0};
    struct str rest = text;
    for (uint64_t line = 1; rest.p; line++) {
        struct str one = str_trim(str_split(rest, '\n', &rest)), value;
        if (!one.n || one.p[0] == '#')
            continue;
        struct str name = str_split(one, '=', &value);
        enum err err = value.p ? take(&r, str_trim(name), str_trim(value), fault)
                               : fault_set(fault, ERR_STORE_KEY, "want NAME=VALUE");
        if (err && fault)
            fault->line = line;
        if (err)
            return err;
    }
    if (!r.has_register || !r.has_public)
        return fault_set(fault, ERR_STORE_KEY, "%s= is missing",
                         r.has_register ? "public" : "register");
    *out = r.key;
    return ERR_OK;
}

enum err node_key_read(const char *path, struct node_key *out, struct fault *fault)
{
    struct stat st;
    struct buf text = {0};
    if (fault)
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (stat(path, &st) != 0)
        return fault_set(fault, ERR_FILE_OPEN, "the key of the node: %s", strerror(errno));
    if (st.st_mode & 077)
        return fault_set(fault, ERR_STORE_KEY, "others may read it: chmod 600");
    enum err err = file_read(path, KEY_FILE_MAX, &text, fault);
    if (!err)
        err = node_key_parse((struct str){(char *)text.p, text.n}, out, fault);
    buf_release(&text);
    if (!err && fault)
        *fault->file = '\0'; /* what comes later is none of its faults */
    return err;
}
