/* SPDX-License-Identifier: Apache-2.0
 *
 * wal_vfs - SQLite's own file layer, but what a transaction writes to the WAL goes to the kernel in
 * one piece. SQLite writes each page in two calls; a commit of 50 pages was 100 system calls, a third
 * of the writer's time. */
#ifndef STORE_WAL_VFS_H
#define STORE_WAL_VFS_H

/* Name for sqlite3_open_v2, registered at the first call, from any thread; NULL (SQLite's default
 * layer, which does the same in more calls) when that fails. */
const char *wal_vfs(void);

#endif
