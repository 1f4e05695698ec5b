/* SPDX-License-Identifier: Apache-2.0
 *
 * timed - runs a command (or the same one many times) and says what it took.
 *
 *   timed once FILE COMMAND...                  writes "seconds=.. user=.. sys=.. rss_mb=.. anon_mb=..
 *                                               written_mb=.. code=.." to FILE; anon_mb: greatest
 *                                               RssAnon seen, looked at every 20 ms; written_mb:
 *                                               pages of files that it made dirty
 *   timed each RUNS SEED FROM COUNT COMMAND...  RUNS times, each with another IMEI of the population
 *                                               as last word; RUNS pid:N = until process N is gone.
 *                                               Prints the samples, from start to end of process
 *
 * The output of COMMAND goes where ours goes in `once`, nowhere in `each`. */
#include "population.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **command, bool quiet)
{
    pid_t pid = fork();
    if (pid < 0)
        bench_die("fork", NULL);
    if (pid)
        return pid;
    if (quiet) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    execvp(command[0], command);
    _exit(127);
}

/* RssAnon of a process in kB, 0 when it is gone. */
static long anonymous_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    fclose(file);
    return kb;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int once(const char *file, char **command)
{
    struct rusage usage;
    int status;
    long anon = 0;
    double began = bench_seconds();
    pid_t pid = start(command, false), ended;
    while ((ended = wait4(pid, &status, WNOHANG, &usage)) == 0) {
        long now = anonymous_kb(pid);
        anon = now > anon ? now : anon;
        usleep(20000);
    }
    if (ended < 0)
        bench_die("wait4", NULL);
    double seconds = bench_seconds() - began;
    FILE *out = fopen(file, "w");
    if (!out)
        bench_die(file, NULL);
    fprintf(out,
            "seconds=%.3f user=%.2f sys=%.2f rss_mb=%.0f anon_mb=%.0f written_mb=%.0f code=%d\n",
            seconds, seconds_of(usage.ru_utime), seconds_of(usage.ru_stime),
            (double)usage.ru_maxrss / 1024, (double)anon / 1024, (double)usage.ru_oublock / 2048,
            exit_code(status));
    fclose(out);
    return exit_code(status);
}

static int each(char **argv, int argc)
{
    static struct population p;
    pid_t until = 0;
    uint64_t runs = UINT64_MAX;
    if (strncmp(argv[0], "pid:", 4) == 0)
        until = (pid_t)bench_number(argv[0] + 4);
    else
        runs = bench_number(argv[0]);
    population_init(&p, bench_number(argv[1]));
    uint64_t from = bench_number(argv[2]), count = bench_number(argv[3]);
    char **command = calloc((size_t)argc, sizeof *command);
    if (!command || !count)
        bench_die("timed each", "RUNS SEED FROM COUNT COMMAND...");
    memcpy(command, argv + 4, (size_t)(argc - 4) * sizeof *command);
    struct samples samples = {0};
    for (uint64_t i = 0; i < runs && (!until || kill(until, 0) == 0); i++) {
        char imei[IMEI_TEXT15];
        int status;
        imei_format15(population_imei(&p, from + i * 7368787 % count), imei);
        command[argc - 4] = imei;
        double began = bench_seconds();
        pid_t pid = start(command, true);
        if (waitpid(pid, &status, 0) != pid)
            bench_die("waitpid", NULL);
        samples_add(&samples, bench_seconds() - began);
        if (exit_code(status) > 1)
            bench_die(command[0], "ended with a failure");
    }
    samples_print(&samples);
    free(command);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "once") == 0)
        return once(argv[2], argv + 3);
    if (argc > 6 && strcmp(argv[1], "each") == 0)
        return each(argv + 2, argc - 2);
    bench_die("timed", "once FILE COMMAND..., each RUNS SEED FROM COUNT COMMAND...");
}
