/* SPDX-License-Identifier: Apache-2.0
 *
 * eir_check - what `-n` looks at beside what a node reads when it is put together (key, certificates, keys of tokens):
 * every other file and directory that the settings name. Nothing is made, nothing is changed, nobody is asked. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/eir_parts.h"

static enum err wrong(struct fault *fault, const char *field, const char *path, const char *why)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, ERR_FILE_OPEN, "%s: %s", path, why);
}

/* What stands at path, or where it would be made. */
static enum err check_writable(const char *field, const char *path, bool directory,
                               struct fault *fault)
{
    char text[NODE_TEXT];
    struct stat st;
    str_copy(text, sizeof text, str_z(path));
    const bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT)
        return wrong(fault, field, path, strerror(errno));
    if (there && directory != S_ISDIR(st.st_mode))
        return wrong(fault, field, path, directory ? "is no directory" : "is no file to write to");
    const char *where = there ? path : dirname(text);
    if (!there && (stat(where, &st) || !S_ISDIR(st.st_mode)))
        return wrong(fault, field, where, "is no directory, so nothing can be made in it");
    if (access(where, there && !directory ? W_OK : W_OK | X_OK))
        return wrong(fault, field, where, strerror(errno));
    return ERR_OK;
}

/* As a start would: signature, hashes, and all that a look-up relies on. */
static enum err check_snapshot(const struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    const struct copy_options with = {
        .directory = s->directory, .key = &eir->key, .clock = eir->clock, .tacs = &s->tacs};
    struct copy *copy;
    enum err err = copy_read(&with, s->snapshot, 0, &copy, fault);
    if (err)
        fault_field(fault, "node.snapshot");
    else
        copy_free(copy);
    return err;
}

static enum err check_authorities(const struct node_settings *s, struct fault *fault)
{
    enum err err = engine_tls_authorities(s->registry_ca, fault);
    if (err)
        fault_field(fault, "node.registry_ca");
    return err;
}

/* Files of a face that nobody would ever open. */
static enum err check_face(const struct node_face *face, const char *field, struct fault *fault)
{
    const char *other = *face->tls_key ? face->tls_key : face->clients;
    if (*face->certificate || !*other)
        return ERR_OK;
    fault_field(fault, "%s", field);
    return fault_set(fault, ERR_SETTING_VALUE, "is wanted where a key or clients are named: %s",
                     other);
}

enum err eir_check(const struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    *fault = (struct fault){0}; /* it still names the file that was read last */
    enum err err = check_face(&s->s13, "s13.certificate", fault);
    if (!err)
        err = check_face(&s->n5geir, "n5geir.certificate", fault);
    if (!err && *s->registry_ca)
        err = check_authorities(s, fault);
    if (!err && *s->snapshot)
        err = check_snapshot(eir, fault);
    if (!err && *s->registry)
        err = check_writable("node.directory", s->directory, true, fault);
    if (!err && *s->log_file)
        err = check_writable("log.file", s->log_file, false, fault);
    return err;
}
