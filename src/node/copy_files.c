/* SPDX-License-Identifier: Apache-2.0 */
#include "node/copy.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

void copy_path(const char *directory, const char *what, uint64_t seq, const char *end,
               char out[COPY_PATH])
{
    snprintf(out, COPY_PATH, "%s/%s-%llu.%s", directory, what, (unsigned long long)seq, end);
}

/* SEQ of WHAT-SEQ.END. */
static bool seq_of(const char *name, const char *what, const char *end, uint64_t *out)
{
    struct str rest, dot, head = str_split(str_z(name), '-', &rest);
    if (!rest.p || !str_eq(head, str_z(what)))
        return false;
    struct str number = str_split(rest, '.', &dot);
    return dot.p && str_eq(dot, str_z(end)) && str_to_u64(number, UINT64_MAX, out);
}

static void insert(uint64_t *list, size_t *n, size_t max, uint64_t seq)
{
    size_t i = *n < max ? (*n)++ : max;
    for (; i > 0 && list[i - 1] < seq; i--)
        if (i < max)
            list[i] = list[i - 1];
    if (i < max)
        list[i] = seq;
}

static size_t list_of(const char *directory, const char *what, uint64_t *out, size_t max)
{
    size_t n = 0;
    uint64_t seq;
    DIR *dir = opendir(directory);
    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir));)
        if (seq_of(e->d_name, what, "tgix", &seq))
            insert(out, &n, max, seq);
    closedir(dir);
    return n;
}

size_t copy_list(const char *directory, uint64_t *out, size_t max)
{
    return list_of(directory, "snapshot", out, max);
}

void copy_remove(const char *directory, uint64_t seq)
{
    char path[COPY_PATH];
    copy_path(directory, "snapshot", seq, "tgix", path);
    unlink(path);
    copy_path(directory, "feed", seq, "log", path);
    unlink(path);
}

/* The log first: a snapshot never stands before the log of another of its number, and a log alone is nothing. */
static bool rename_coming(const char *directory, uint64_t seq)
{
    char from[COPY_PATH], to[COPY_PATH];
    copy_path(directory, "coming", seq, "log", from);
    copy_path(directory, "feed", seq, "log", to);
    if (rename(from, to) != 0 && (errno != ENOENT || (unlink(to) != 0 && errno != ENOENT)))
        return false;
    copy_path(directory, "coming", seq, "tgix", from);
    copy_path(directory, "snapshot", seq, "tgix", to);
    if (rename(from, to) != 0)
        return false;
    file_sync_directory(to);
    return true;
}

enum err copy_settle(struct copy *copy, struct fault *fault)
{
    if (!copy->beside)
        return ERR_OK;
    if (!rename_coming(copy->with.directory, copy->snapshot_seq))
        return fault_set(fault, ERR_FILE_WRITE, "%s: the new snapshot cannot take its place: %s",
                         copy->with.directory, strerror(errno));
    copy->beside = false;
    return ERR_OK;
}

void copy_drop_coming(const char *directory)
{
    char path[COPY_PATH];
    uint64_t seq;
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (seq_of(e->d_name, "coming", "tgix", &seq) || seq_of(e->d_name, "coming", "log", &seq)) {
            snprintf(path, sizeof path, "%s/%.200s", directory, e->d_name);
            unlink(path);
        }
    closedir(dir);
}

bool copy_settle_left(const char *directory)
{
    uint64_t seq = 0;
    return list_of(directory, "coming", &seq, 1) && rename_coming(directory, seq);
}

static bool is_kept(const char *name, const uint64_t *kept, size_t n)
{
    uint64_t seq;
    if (!seq_of(name, "snapshot", "tgix", &seq) && !seq_of(name, "feed", "log", &seq))
        return true;
    for (size_t i = 0; i < n; i++)
        if (kept[i] == seq)
            return true;
    return false;
}

void copy_prune(const char *directory)
{
    uint64_t kept[COPY_KEPT];
    char path[COPY_PATH];
    size_t n = copy_list(directory, kept, COPY_KEPT);
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (!is_kept(e->d_name, kept, n)) {
            snprintf(path, sizeof path, "%s/%.200s", directory, e->d_name);
            unlink(path);
        }
    closedir(dir);
}
