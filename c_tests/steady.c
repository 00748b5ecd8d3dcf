/* What a run costs, for tests/interop/steady.py to count: in the steady state no allocation of the calling thread and
 * one pwrite(2) a step, whatever the background does.
 *
 *   steady RUNDIR id|name|row STEPS [METRICS [PAUSE_US]]
 *   steady RUNDIR resume METRICS
 *
 * Two getppid() calls mark the steady state, or the opening of the run, for strace. Prints the allocations of the calling
 * thread in between, the compactions in between, and by how many KiB the memory of the process grew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { USUAL = 8, MOST = 1000, ROOM = 24 };

static const char *const USUAL_NAMES[USUAL] = {"residual", "heat/total", "heat/min", "heat/max", "solver/iterations", "solver/residual", "dt", "wall"};

static char names[MOST][ROOM];
static uint32_t ids[MOST];
static double values[MOST];
static uint64_t dice = 88172645463325252u;
static int metrics = USUAL;
static long pause_ns = 50000;

/* Every allocation of the program passes here; each thread counts its own. */
static __thread uint64_t allocations;

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

void *malloc(size_t n) {
    ++allocations;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    ++allocations;
    return __libc_calloc(n, size);
}

void *realloc(void *at, size_t n) {
    ++allocations;
    return __libc_realloc(at, n);
}

int posix_memalign(void **out, size_t align, size_t n) {
    ++allocations;
    *out = __libc_memalign(align, n);
    return *out == NULL ? ENOMEM : 0;
}

static long kib(const char *key) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) value = atol(line + strlen(key) + 1);
    if (status != NULL) fclose(status);
    return value;
}

/* Computes for a while, as a code does between its steps, without a system call. */
static void compute(void) {
    struct timespec began, now;
    if (pause_ns == 0) return;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec < pause_ns);
}

/* A random walk. */
static void move(void) {
    for (int m = 0; m < metrics; ++m) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        values[m] += (double)(dice >> 11) * 0x1p-53 - 0.5;
    }
}

static int32_t step(plattli_writer *run, char how) {
    compute();
    move();
    if (how == 'r') plattli_put_row_f64(run, ids, values, (size_t)metrics);
    else
        for (int m = 0; m < metrics; ++m) {
            if (how == 'i') plattli_put_f64(run, ids[m], values[m]);
            else plattli_write_f64(run, names[m], values[m]);
        }
    return plattli_end_step(run);
}

static int failed(void) {
    fprintf(stderr, "steady: %s\n", plattli_last_error());
    return 1;
}

static uint64_t compactions(plattli_writer *run) {
    plattli_writer_stats stats = {.size = sizeof stats};
    plattli_writer_get_stats(run, &stats);
    return stats.compactions;
}

/* Waits until no log is being compacted any more. */
static void settle(plattli_writer *run, const char *dir) {
    char compacting[4096];
    snprintf(compacting, sizeof compacting, "%s/plattli/hot.compacting.jsonl", dir);
    for (int i = 0; i < 20000 && access(compacting, F_OK) == 0; ++i) {
        plattli_flush(run);
        usleep(1000);
    }
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 6) return 2;
    int resume = strcmp(argv[2], "resume") == 0;
    int steps = resume ? 0 : atoi(argv[3]);
    if (resume || argc > 4) metrics = atoi(argv[resume ? 3 : 4]);
    if (argc > 5) pause_ns = 1000 * atol(argv[5]);
    if (metrics < 1 || metrics > MOST) return 2;
    for (int m = 0; m < metrics; ++m) {
        if (metrics == USUAL) snprintf(names[m], ROOM, "%s", USUAL_NAMES[m]);
        else snprintf(names[m], ROOM, "m%04d", m);
    }
    long before_all = kib("VmRSS:");
    plattli_writer *run = NULL;
    if (resume) syscall(SYS_getppid);
    if (plattli_writer_open(argv[1], NULL, &run) != PLATTLI_OK) return failed();
    if (resume) syscall(SYS_getppid);
    for (int m = 0; m < metrics; ++m)
        if (plattli_writer_metric(run, names[m], PLATTLI_F64, &ids[m]) != PLATTLI_OK) return failed();
    if (resume) {
        if (step(run, 'i') != PLATTLI_OK) return failed();
        printf("0 0 %ld\n", kib("VmHWM:") - before_all);
        fflush(stdout);
        _exit(0); /* a run that was killed, to be resumed once more */
    }
    /* A few compactions first: buffers have grown to their size, files are open. */
    int warm = metrics == USUAL ? 5000 : 1200;
    for (int i = 0; i < warm; ++i)
        if (step(run, argv[2][0]) != PLATTLI_OK) return failed();
    uint64_t compacted = compactions(run);
    syscall(SYS_getppid);
    uint64_t before = allocations;
    for (int i = 0; i < steps; ++i)
        if (step(run, argv[2][0]) != PLATTLI_OK) return failed();
    uint64_t counted = allocations - before;
    syscall(SYS_getppid);
    printf("%llu %llu %ld\n", (unsigned long long)counted, (unsigned long long)(compactions(run) - compacted), kib("VmHWM:") - before_all);
    fflush(stdout);
    settle(run, argv[1]);
    _exit(0); /* killed: its log keeps what was not compacted */
}
