/* SPDX-License-Identifier: Apache-2.0
 *
 * A file opened as a WAL is wrapped: writes that continue one another gather in a buffer, and every
 * other call first puts them into the file. All other files are the default layer's own.
 *
 * Nothing is seen late: another connection looks at a frame only after the commit has been told to
 * the wal-index, which with synchronous=FULL comes after xSync. A write that fails (disk full) is
 * told by the xSync or xRead that needed it, still before the commit. */
#include "store/wal_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GATHERED_BYTES = 120 << 10 }; /* SQLite's unix layer takes 131,071 bytes a call */

struct wal_file {
    sqlite3_file base;
    sqlite3_file *real; /* stands right behind */
    uint8_t *gathered;
    int n;
    sqlite3_int64 at; /* where gathered[0] belongs */
};

static struct wal_file *wal_of(sqlite3_file *file)
{
    return (struct wal_file *)file;
}

static int flush(struct wal_file *w)
{
    int n = w->n;
    w->n = 0; /* after a failure SQLite rolls back, and writes those frames anew */
    return n ? w->real->pMethods->xWrite(w->real, w->gathered, n, w->at) : SQLITE_OK;
}

static int wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct wal_file *w = wal_of(file);
    if (w->n && (at != w->at + w->n || n > GATHERED_BYTES - w->n)) {
        int rc = flush(w);
        if (rc)
            return rc;
    }
    if (n > GATHERED_BYTES)
        return w->real->pMethods->xWrite(w->real, p, n, at);
    if (!w->n)
        w->at = at;
    memcpy(w->gathered + w->n, p, (size_t)n);
    w->n += n;
    return SQLITE_OK;
}

static int wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xRead(w->real, p, n, at);
}

static int wal_sync(sqlite3_file *file, int flags)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xSync(w->real, flags);
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xTruncate(w->real, size);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xFileSize(w->real, out);
}

static int wal_close(sqlite3_file *file)
{
    struct wal_file *w = wal_of(file);
    int flushed = flush(w);
    free(w->gathered);
    int rc = w->real->pMethods->xClose(w->real);
    return rc ? rc : flushed;
}

static int wal_lock(sqlite3_file *file, int level)
{
    return wal_of(file)->real->pMethods->xLock(wal_of(file)->real, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
    return wal_of(file)->real->pMethods->xUnlock(wal_of(file)->real, level);
}

static int wal_reserved(sqlite3_file *file, int *out)
{
    return wal_of(file)->real->pMethods->xCheckReservedLock(wal_of(file)->real, out);
}

static int wal_control(sqlite3_file *file, int op, void *arg)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xFileControl(w->real, op, arg);
}

static int wal_sector(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xSectorSize(wal_of(file)->real);
}

static int wal_characteristics(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xDeviceCharacteristics(wal_of(file)->real);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1, /* shared memory and mapping belong to the register's file */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_characteristics,
};

static int open_wal(sqlite3_vfs *under, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct wal_file *w = wal_of(file);
    memset(w, 0, sizeof *w);
    w->real = (sqlite3_file *)(w + 1);
    w->gathered = malloc(GATHERED_BYTES);
    int rc = w->gathered ? under->xOpen(under, name, w->real, flags, out) : SQLITE_NOMEM;
    if (rc == SQLITE_OK) {
        w->base.pMethods = &wal_methods;
        return rc;
    }
    if (w->gathered && w->real->pMethods)
        w->real->pMethods->xClose(w->real);
    free(w->gathered);
    return rc;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    sqlite3_vfs *under = sqlite3_vfs_find(NULL);
    if (flags & SQLITE_OPEN_WAL)
        return open_wal(under, name, file, flags, out);
    return under->xOpen(under, name, file, flags, out);
}

/* SQLite keeps the layer for as long as the process lives. */
static sqlite3_vfs layer;
static bool registered;

static void enter(void)
{
    const sqlite3_vfs *under = sqlite3_vfs_find(NULL);
    if (!under)
        return;
    layer = *under; /* its calls find what they need in our copy: path length, pAppData */
    layer.pNext = NULL;
    layer.zName = "tamga";
    layer.szOsFile = (int)sizeof(struct wal_file) + under->szOsFile;
    layer.xOpen = vfs_open;
    registered = sqlite3_vfs_register(&layer, 0) == SQLITE_OK;
}

const char *wal_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, enter);
    return registered ? layer.zName : NULL;
}
