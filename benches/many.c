/* What the shapes of run.py do not show: several threads, many writers, texts, many metrics, long runs.
 *
 *   many threads DIR THREADS      8 metrics a thread through one handle, one of the threads ends the steps
 *   many writers DIR WRITERS      so many runs open at once, a step of 10 metrics in each in turn
 *   many text DIR                 100 metrics of short text a step
 *   many json DIR                 100 metrics of a small JSON object a step
 *   many sweep DIR METRICS STEPS  steps of so many doubles
 *
 * With "bare" before the verb the same threads do the same with snprintf and write(2). Prints nanoseconds per value,
 * KiB added, the number of threads and the seconds from opening to closing, as one line of JSON.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { MOST = 100000 };

static void die(const char *what) {
    fprintf(stderr, "many: %s: %s\n", what, plattli_last_error());
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static long status(const char *key) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) value = atol(line + strlen(key) + 1);
    if (file != NULL) fclose(file);
    return value;
}

/* A run, or a bare log: a line of text a step. Threads put into pieces of the line that are their own. */
struct run {
    plattli_writer *writer;
    uint32_t *ids;
    int fd;
    char *line;
    size_t piece, *used; /* bytes of room, and in use, for each thread */
    int threads;
    uint32_t step;
};

static int bare;

static void make(struct run *run, const char *dir, int threads, int metrics, int room, int32_t dtype) {
    char name[64], path[4200];
    *run = (struct run){.threads = threads, .fd = -1};
    if (bare) {
        mkdir(dir, 0777);
        snprintf(path, sizeof path, "%s/rows.jsonl", dir);
        run->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0666);
        if (run->fd < 0) die("open");
        run->piece = (size_t)metrics / (size_t)threads * (size_t)room + 64;
        run->line = malloc(run->piece * (size_t)threads + 64);
        run->used = calloc((size_t)threads, sizeof *run->used);
        return;
    }
    if (plattli_writer_open(dir, NULL, &run->writer) != PLATTLI_OK) die("open");
    run->ids = calloc((size_t)metrics, sizeof *run->ids);
    for (int m = 0; m < metrics; ++m) {
        snprintf(name, sizeof name, "m%d", m);
        if (plattli_writer_metric(run->writer, name, dtype, &run->ids[m]) != PLATTLI_OK) die("metric");
    }
}

static void put(struct run *run, int thread, int m, double value) {
    if (bare) run->used[thread] += (size_t)sprintf(run->line + run->piece * (size_t)thread + run->used[thread], ",\"m%d\":%.17g", m, value);
    else if (plattli_put_f64(run->writer, run->ids[m], value) != PLATTLI_OK) die("put");
}

static void put_text(struct run *run, int m, int object, const char *text, size_t len) {
    int32_t status = PLATTLI_OK;
    if (bare) run->used[0] += (size_t)sprintf(run->line + run->used[0], object ? ",\"m%d\":%s" : ",\"m%d\":\"%s\"", m, text);
    else if (object) status = plattli_put_json(run->writer, run->ids[m], text, len);
    else status = plattli_put_str(run->writer, run->ids[m], text, len);
    if (status != PLATTLI_OK) die("put");
}

static void end(struct run *run) {
    if (!bare) {
        if (plattli_end_step(run->writer) != PLATTLI_OK) die("end_step");
        return;
    }
    char head[32];
    const size_t start = (size_t)snprintf(head, sizeof head, "{\"step\":%u", (unsigned)run->step++);
    size_t len = run->used[0];
    for (int i = 1; i < run->threads; ++i) {
        memmove(run->line + len, run->line + run->piece * (size_t)i, run->used[i]);
        len += run->used[i];
    }
    memmove(run->line + start, run->line, len);
    memcpy(run->line, head, start);
    memcpy(run->line + start + len, "}\n", 2);
    if (write(run->fd, run->line, start + len + 2) != (ssize_t)(start + len + 2)) die("write");
    memset(run->used, 0, (size_t)run->threads * sizeof *run->used);
}

static void done(struct run *run) {
    if (bare) close(run->fd);
    else if (plattli_writer_close(run->writer) != PLATTLI_OK) die("close");
    free(run->ids);
    free(run->line);
    free(run->used);
}

static uint64_t started;

/* Memory and threads are those before closing, the time that of everything. */
static void told(const char *what, double ns, uint64_t values, long before, struct run *runs, int n) {
    const long kib = status("VmHWM:") - before, threads = status("Threads:");
    for (int i = 0; i < n; ++i) done(&runs[i]);
    printf("{\"what\": \"%s\", \"ns_per_value\": %.2f, \"kib\": %ld, \"threads\": %ld, \"all_s\": %.3f}\n",
           what, ns / (double)values, kib, threads, 1e-9 * (double)(now() - started));
}

struct share {
    struct run *run;
    pthread_barrier_t *turn;
    int number, steps;
};

static void *write_share(void *at) {
    const struct share *share = at;
    for (int step = 0; step < share->steps; ++step) {
        for (int m = 0; m < 8; ++m) put(share->run, share->number, 8 * share->number + m, step + m / 7.0);
        pthread_barrier_wait(share->turn);
        if (share->number == 0) end(share->run);
        pthread_barrier_wait(share->turn);
    }
    return NULL;
}

static void threads(const char *dir, int n, int steps) {
    static struct share shares[256];
    pthread_t handles[256];
    pthread_barrier_t turn;
    struct run run;
    if (n < 1 || n > 256) exit(2);
    const long before = status("VmRSS:");
    make(&run, dir, n, 8 * n, 40, PLATTLI_F64);
    pthread_barrier_init(&turn, NULL, (unsigned)n);
    const uint64_t began = now();
    for (int i = 0; i < n; ++i) {
        shares[i] = (struct share){&run, &turn, i, steps};
        pthread_create(&handles[i], NULL, write_share, &shares[i]);
    }
    for (int i = 0; i < n; ++i) pthread_join(handles[i], NULL);
    told("threads", (double)(now() - began), (uint64_t)n * 8 * (uint64_t)steps, before, &run, 1);
}

static void writers(const char *dir, int n, int steps) {
    struct run *runs = calloc((size_t)n, sizeof *runs);
    char path[4096];
    const long before = status("VmRSS:");
    for (int i = 0; i < n; ++i) {
        snprintf(path, sizeof path, "%s/%d", dir, i);
        make(&runs[i], path, 1, 10, 40, PLATTLI_F64);
    }
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        const uint64_t began = now();
        for (int i = 0; i < n; ++i) {
            for (int m = 0; m < 10; ++m) put(&runs[i], 0, m, step * 0.37 + m);
            end(&runs[i]);
        }
        if (step > 0) spent += now() - began;
    }
    told("writers", (double)spent, (uint64_t)n * 10 * (uint64_t)(steps - 1), before, runs, n);
    free(runs);
}

static void texts(const char *dir, int object, int steps) {
    struct run run;
    char text[128];
    const long before = status("VmRSS:");
    make(&run, dir, 1, 100, 160, PLATTLI_JSON);
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        const int len = snprintf(text, sizeof text, object ? "{\"state\":\"running\",\"load\":%d}" : "state %d of the solver", step);
        const uint64_t began = now();
        for (int m = 0; m < 100; ++m) put_text(&run, m, object, text, (size_t)len);
        end(&run);
        if (step > 0) spent += now() - began;
    }
    told(object ? "json" : "text", (double)spent, 100u * (uint64_t)(steps - 1), before, &run, 1);
}

static void sweep(const char *dir, int metrics, int steps) {
    struct run run;
    if (metrics < 1 || metrics > MOST) exit(2);
    const long before = status("VmRSS:");
    make(&run, dir, 1, metrics, 48, PLATTLI_F64);
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        const uint64_t began = now();
        for (int m = 0; m < metrics; ++m) put(&run, 0, m, step * 0.37 + m);
        end(&run);
        if (step > 0) spent += now() - began;
    }
    told("sweep", (double)spent, (uint64_t)metrics * (uint64_t)(steps > 1 ? steps - 1 : 1), before, &run, 1);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "bare") == 0) {
        bare = 1;
        ++argv;
        --argc;
    }
    if (argc < 3) return 2;
    const int n = argc > 3 ? atoi(argv[3]) : 1;
    started = now();
    if (strcmp(argv[1], "threads") == 0) threads(argv[2], n, 2000);
    else if (strcmp(argv[1], "writers") == 0) writers(argv[2], n, 2000);
    else if (strcmp(argv[1], "text") == 0) texts(argv[2], 0, 5000);
    else if (strcmp(argv[1], "json") == 0) texts(argv[2], 1, 5000);
    else if (strcmp(argv[1], "sweep") == 0 && argc > 4) sweep(argv[2], n, atoi(argv[4]));
    else return 2;
    return 0;
}
