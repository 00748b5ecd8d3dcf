/* The steady state of the calling thread: no allocation, and between two getppid() calls, which mark it for strace,
 * one write(2) a step. tests/interop/steady.py runs it both ways.
 *
 *   steady RUNDIR name|id STEPS        prints the allocations of the calling thread
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

enum { METRICS = 8 };

static const char *const NAMES[METRICS] = {"residual", "heat/total", "heat/min", "heat/max", "solver/iterations", "solver/residual", "dt", "wall"};

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

/* Computes for a while, as a code does between its steps, without a system call. */
static void compute(void) {
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec < 50000);
}

static int32_t step(plattli_writer *run, const uint32_t *ids, double x) {
    compute();
    for (int m = 0; m < METRICS; ++m) {
        if (ids != NULL) plattli_put_f64(run, ids[m], x / (m + 1));
        else plattli_write_f64(run, NAMES[m], x / (m + 1));
    }
    return plattli_end_step(run);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    plattli_writer *run = NULL;
    uint32_t ids[METRICS];
    int steps = atoi(argv[3]);
    int32_t status = plattli_writer_open(argv[1], NULL, &run);
    for (int m = 0; m < METRICS && status == PLATTLI_OK; ++m) status = plattli_writer_metric(run, NAMES[m], PLATTLI_F64, &ids[m]);
    const uint32_t *used = strcmp(argv[2], "id") == 0 ? ids : NULL;
    /* A few compactions first: buffers have grown to their size, files are open. */
    for (int i = 0; i < 5000 && status == PLATTLI_OK; ++i) status = step(run, used, 1.0 / (i + 3));
    syscall(SYS_getppid);
    uint64_t before = allocations;
    for (int i = 0; i < steps && status == PLATTLI_OK; ++i) status = step(run, used, 1.0 / (i + 3));
    uint64_t counted = allocations - before;
    syscall(SYS_getppid);
    if (status != PLATTLI_OK) {
        fprintf(stderr, "steady: %s\n", plattli_last_error());
        return 1;
    }
    plattli_writer_stats stats = {.size = sizeof stats};
    plattli_writer_get_stats(run, &stats);
    printf("%llu %llu\n", (unsigned long long)counted, (unsigned long long)stats.compactions);
    return plattli_writer_close(run);
}
