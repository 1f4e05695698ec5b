/* SPDX-License-Identifier: Apache-2.0
 *
 * pq - libpq, loaded when the first register of PostgreSQL is opened. It brings twenty libraries with
 * it; linked the usual way they would double the time that `tamga check` on a file takes to start.
 * The header of libpq says what each function does; here they are fields of one table. */
#ifndef STORE_PQ_H
#define STORE_PQ_H

#include <libpq-fe.h>

#include "base/err.h"

#define PQ_FUNCTIONS(X)                                                                            \
    X(PQclear)                                                                                     \
    X(PQcmdStatus)                                                                                 \
    X(PQcmdTuples)                                                                                 \
    X(PQconnectdbParams)                                                                           \
    X(PQconninfoFree)                                                                              \
    X(PQconninfoParse)                                                                             \
    X(PQconsumeInput)                                                                              \
    X(PQenterPipelineMode)                                                                         \
    X(PQerrorMessage)                                                                              \
    X(PQexitPipelineMode)                                                                          \
    X(PQfinish)                                                                                    \
    X(PQfreemem)                                                                                   \
    X(PQflush)                                                                                     \
    X(PQgetResult)                                                                                 \
    X(PQgetisnull)                                                                                 \
    X(PQgetlength)                                                                                 \
    X(PQgetvalue)                                                                                  \
    X(PQisBusy)                                                                                    \
    X(PQntuples)                                                                                   \
    X(PQpipelineStatus)                                                                            \
    X(PQpipelineSync)                                                                              \
    X(PQputCopyData)                                                                               \
    X(PQputCopyEnd)                                                                                \
    X(PQresultErrorField)                                                                          \
    X(PQresultErrorMessage)                                                                        \
    X(PQresultStatus)                                                                              \
    X(PQsendPrepare)                                                                               \
    X(PQsendQuery)                                                                                 \
    X(PQsendQueryParams)                                                                           \
    X(PQsendQueryPrepared)                                                                         \
    X(PQsetNoticeReceiver)                                                                         \
    X(PQsetnonblocking)                                                                            \
    X(PQsocket)                                                                                    \
    X(PQstatus)

struct pq {
#define X(name) __typeof__(&name) name;
    PQ_FUNCTIONS(X)
#undef X
};

/* The table, filled; loaded once, from any thread. ERR_STORE_OPEN: libpq.so.5 is not there. */
MUST_USE enum err pq_load(const struct pq **out, struct fault *fault);

#endif
