/* Heat in an insulated square plate, with all that a long job has to keep: metrics (the solver and the metrics are those of
 * heat.c), what a restart needs, events of every rank, and probes in 16 cells under a quota on disk.
 *
 *   make && cc -O2 -Iinclude examples/probes.c -o probes build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./probes probes-run 2000
 *
 * Kill it whenever you like and start it again: it continues from its last checkpoint, and leaves what it would have left
 * without the kill: each step of the metrics once, each row of each probe once, each event once.
 *
 * Under mpirun or srun each rank heats a plate of its own; the journal is one for all.
 *
 *   RUNDIR/journal               events, by all ranks
 *   RUNDIR/rank-0                metrics of rank 0; show them with examples/show.c
 *   RUNDIR/rank-0/state          the state "probes": where to continue
 *   RUNDIR/rank-0/stream         topic "probe", one partition per cell
 *   RUNDIR/rank-0/field-100.bin  the field at step 100, as the state says
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { N = 128, CELLS = N * N, CHECKPOINT_EVERY = 100, MAX_ITERATIONS = 500 };
enum { PROBES = 16, BLOCK = 20 }; /* rows of a probe that are appended together; a divisor of CHECKPOINT_EVERY */

static const double WIDTH = 1.0, DIFFUSIVITY = 1.0, TOLERANCE = 1e-8, DT_FIRST = 1e-5, DT_LAST = 2e-4;
static const double WARM = 25.0; /* a probe that rises beyond it is an event */
static const uint64_t QUOTA = 100000000;

/* What the field file holds: everything that the solver needs to go on. */
typedef struct state {
    uint32_t step; /* the next step to compute */
    double time, dt, wall;
    double u[CELLS];
} state;

/* What one step has to tell. */
typedef struct step_report {
    int iterations;
    double solver_residual; /* relative, of the linear system */
    double residual;        /* rate of change of the temperature: 0 in the steady state */
} step_report;

/* A cell that is watched, and its rows that are not yet appended. */
typedef struct probe {
    char name[16];
    int cell;
    double last_step; /* the last step that the stream has of it, -1 if none */
    size_t rows;
    int64_t time[BLOCK];
    double step[BLOCK], temperature[BLOCK], rate[BLOCK];
} probe;

/* All that is open. */
typedef struct job {
    int rank;
    char dir[4000];
    plattli_writer *run;
    plattli_state *kept;
    plattli_journal *journal;
    plattli_journal_events *told; /* events that were there at the start */
    plattli_stream *stream;
    probe probes[PROBES];
} job;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What cannot be done is told; what the job cannot do without ends it. */
static int tell(int32_t status, const char *what) {
    if (status != PLATTLI_OK) fprintf(stderr, "probes: %s: %s\n", what, plattli_last_error());
    return status == PLATTLI_OK;
}

static void need(int32_t status, const char *what) {
    if (!tell(status, what)) exit(1);
}

/* -- the physics ------------------------------------------------------------------------------------------------ */

static void initial(state *s, int rank) {
    memset(s, 0, sizeof *s);
    s->dt = DT_FIRST;
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            double x = (i + 0.5) / N - 0.3, y = (j + 0.5) / N - 0.4;
            s->u[j * N + i] = x * x + y * y < 0.04 ? 100.0 + 10.0 * rank : 20.0;
        }
}

/* out = (1 - dt D laplacian) u, no heat flowing through the walls */
static void apply(const double *u, double k, double *out) {
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            int c = j * N + i;
            double flow = 0;
            if (i > 0) flow += u[c - 1] - u[c];
            if (i < N - 1) flow += u[c + 1] - u[c];
            if (j > 0) flow += u[c - N] - u[c];
            if (j < N - 1) flow += u[c + N] - u[c];
            out[c] = u[c] - k * flow;
        }
}

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int c = 0; c < CELLS; ++c) sum += a[c] * b[c];
    return sum;
}

/* One implicit step: solves for the new temperatures by conjugate gradients. */
static step_report advance(state *s) {
    static double old[CELLS], r[CELLS], p[CELLS], q[CELLS];
    double h = WIDTH / N, k = s->dt * DIFFUSIVITY / (h * h);
    memcpy(old, s->u, sizeof old);
    apply(s->u, k, q);
    for (int c = 0; c < CELLS; ++c) p[c] = r[c] = old[c] - q[c];
    double rr = dot(r, r), goal = TOLERANCE * TOLERANCE * dot(old, old);
    step_report report = {0};
    while (rr > goal && report.iterations < MAX_ITERATIONS) {
        apply(p, k, q);
        double alpha = rr / dot(p, q), before = rr;
        for (int c = 0; c < CELLS; ++c) {
            s->u[c] += alpha * p[c];
            r[c] -= alpha * q[c];
        }
        rr = dot(r, r);
        for (int c = 0; c < CELLS; ++c) p[c] = r[c] + rr / before * p[c];
        ++report.iterations;
    }
    double change = 0;
    for (int c = 0; c < CELLS; ++c) change += (s->u[c] - old[c]) * (s->u[c] - old[c]);
    report.solver_residual = sqrt(rr / dot(old, old));
    report.residual = sqrt(change / CELLS) / s->dt;
    s->time += s->dt;
    s->dt = fmin(1.005 * s->dt, DT_LAST); /* the field smooths out, the step may grow */
    ++s->step;
    return report;
}

/* -- events ------------------------------------------------------------------------------------------------------- */

/* The rank of this process, by whoever has started it: Open MPI, MPICH, Slurm; 0 if nobody has. */
static int rank_of_process(void) {
    const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        const char *rank = getenv(names[i]);
        if (rank != NULL) return atoi(rank);
    }
    return 0;
}

/* Appends an event, unless it was told before a kill: the steps since the checkpoint are computed twice. */
static void event(job *j, uint32_t step, const char *what, const char *more) {
    char text[256];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"rank\":%d,\"step\":%u,\"event\":\"%s\"%s}", j->rank, (unsigned)step, what, more);
    for (size_t i = 0, n = plattli_journal_events_len(j->told); i < n; ++i) {
        const char *old;
        size_t old_len;
        plattli_journal_events_get(j->told, i, &old, &old_len);
        if (old_len == len && memcmp(old, text, len) == 0) return;
    }
    tell(plattli_journal_append(j->journal, text, len), "event");
}

static void open_journal(job *j, const char *dir) {
    char location[4096];
    snprintf(location, sizeof location, "%s/journal", dir);
    need(plattli_journal_open(location, NULL, &j->journal), "journal");
    need(plattli_journal_read(j->journal, &j->told), "journal");
}

/* -- probes ------------------------------------------------------------------------------------------------------- */

/* The value of the only row of a column of doubles, if the stream has that row. */
static double only_value(struct ArrowArrayStream *rows, double otherwise) {
    struct ArrowArray batch;
    while (rows->get_next(rows, &batch) == 0 && batch.release != NULL) {
        const struct ArrowArray *column = batch.children[0];
        if (batch.length > 0) otherwise = ((const double *)column->buffers[1])[column->offset + batch.offset];
        batch.release(&batch);
    }
    return otherwise;
}

/* The last step that the stream has of a probe. */
static double last_step(plattli_stream *stream, const char *cell) {
    const char *const column = "step";
    struct ArrowArrayStream rows;
    double step = -1;
    plattli_query *query = plattli_query_new();
    plattli_query_set_topic(query, "probe");
    plattli_query_set_partitions(query, &cell, 1);
    plattli_query_set_pick(query, &column, 1);
    plattli_query_set_order(query, PLATTLI_DESCENDING);
    plattli_query_set_max_rows(query, 1);
    int32_t status = plattli_stream_query(stream, query, &rows, NULL);
    if (status == PLATTLI_OK) {
        step = only_value(&rows, step);
        rows.release(&rows);
    } else if (status != PLATTLI_ERR_NOT_FOUND) need(status, "probe");
    plattli_query_free(query);
    return step;
}

static void open_stream(job *j) {
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/stream", j->dir);
    plattli_stream_options *options = plattli_stream_options_new();
    plattli_stream_options_set_store_bytes(options, QUOTA); /* beyond it the oldest rows go */
    need(plattli_stream_open(dir, options, &j->stream), "stream");
    plattli_stream_options_free(options);
    for (int p = 0; p < PROBES; ++p) {
        probe *cell = &j->probes[p];
        int x = N / 8 + N / 4 * (p / 4), y = N / 8 + N / 4 * (p % 4);
        snprintf(cell->name, sizeof cell->name, "cell-%03d-%03d", x, y);
        cell->cell = y * N + x;
        cell->last_step = last_step(j->stream, cell->name);
    }
}

/* Appends the rows of a probe that wait, but for those that the stream has from before a kill. */
static void append(job *j, probe *p, uint32_t step) {
    const char *const columns[] = {"step", "temperature", "rate"};
    size_t first = 0;
    while (first < p->rows && p->step[first] <= p->last_step) ++first;
    const double *const values[] = {p->step + first, p->temperature + first, p->rate + first};
    if (first < p->rows) {
        int32_t status = plattli_stream_append_f64(j->stream, "probe", p->name, p->time + first, columns, values, 3, p->rows - first, NULL);
        if (status == PLATTLI_ERR_OVERLOADED) event(j, step, "shed", ""); /* the disk cannot follow; the job goes on */
        else tell(status, p->name);
    }
    p->rows = 0;
}

/* What the probes see of a step. `before` are their temperatures before it. */
static void watch(job *j, const state *s, const double *before, double dt) {
    for (int p = 0; p < PROBES; ++p) {
        probe *cell = &j->probes[p];
        double temperature = s->u[cell->cell];
        cell->time[cell->rows] = llround(1e6 * s->time); /* a stream counts milliseconds; here each is a microsecond of the plate */
        cell->step[cell->rows] = s->step - 1;
        cell->temperature[cell->rows] = temperature;
        cell->rate[cell->rows] = (temperature - before[p]) / dt;
        if (++cell->rows == BLOCK) append(j, cell, s->step);
        if (before[p] < WARM && temperature >= WARM) {
            char more[40];
            snprintf(more, sizeof more, ",\"cell\":\"%s\"", cell->name);
            event(j, s->step, "warm", more);
        }
    }
}

/* Reads all rows of all probes, page by page, and says how many there are and what the highest temperature was. */
static void report_probes(plattli_stream *stream) {
    const char *const column = "temperature";
    uint64_t rows = 0, of_page = 0;
    double hottest = -HUGE_VAL;
    int32_t end;
    plattli_query *query = plattli_query_new();
    plattli_query_set_topic(query, "probe");
    plattli_query_set_pick(query, &column, 1);
    do {
        struct ArrowArrayStream page;
        struct ArrowArray batch;
        plattli_cursor *cursor;
        need(plattli_stream_query(stream, query, &page, &cursor), "probes");
        while (page.get_next(&page, &batch) == 0 && batch.release != NULL) {
            const struct ArrowArray *values = batch.children[0];
            for (int64_t i = 0; i < batch.length; ++i) hottest = fmax(hottest, ((const double *)values->buffers[1])[values->offset + batch.offset + i]);
            batch.release(&batch);
        }
        page.release(&page);
        plattli_cursor_rows(cursor, &of_page);
        plattli_cursor_status(cursor, &end);
        plattli_query_resume(query, cursor);
        plattli_cursor_free(cursor);
        rows += of_page;
    } while (end != PLATTLI_PAGE_ALL);
    plattli_query_free(query);
    printf("probes: %llu rows of %d cells, hottest %.6f\n", (unsigned long long)rows, PROBES, hottest);
}

/* -- restarts ----------------------------------------------------------------------------------------------------- */

/* Writes the field to a file of its own, whole and on the disk before anything says that it is there. */
static int save(const state *s, const char *path) {
    FILE *f = fopen(path, "wb");
    if (f == NULL) return -1;
    int bad = fwrite(s, sizeof *s, 1, f) != 1 || fflush(f) != 0 || fsync(fileno(f)) != 0;
    bad |= fclose(f) != 0;
    return bad ? -1 : 0;
}

static int load(state *s, const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) return -1;
    int bad = fread(s, sizeof *s, 1, f) != 1;
    fclose(f);
    return bad ? -1 : 0;
}

/* A key of the state as JSON text; "" if it is not there. */
static const char *kept(job *j, const char *key, char *text, size_t size) {
    plattli_string *json = NULL;
    int32_t status = plattli_state_get(j->kept, key, &json);
    if (status != PLATTLI_ERR_NOT_FOUND) need(status, key);
    snprintf(text, size, "%s", json == NULL ? "" : plattli_string_data(json));
    plattli_string_free(json);
    return text;
}

static void keep(job *j, const char *key, const char *json) { tell(plattli_state_set(j->kept, key, json, strlen(json)), key); }

/* The file of a checkpoint, which the state names as "field-100.bin", with its quotes. */
static void field_path(const job *j, const char *json, char *path, size_t size) {
    snprintf(path, size, "%s/%.*s", j->dir, (int)strlen(json) - 2, json + 1);
}

/* Whatever is of the steps so far comes first; the key "checkpoint", set in one write, makes them count; then the field
 * that was needed until now can go. */
static void checkpoint(job *j, const state *s, const step_report *report) {
    char file[64], more[80], old[80], path[4096], number[40];
    snprintf(file, sizeof file, "\"field-%u.bin\"", (unsigned)s->step);
    snprintf(more, sizeof more, ",\"file\":%s", file);
    field_path(j, file, path, sizeof path);
    event(j, s->step, "checkpoint", more);
    if (!tell(plattli_stream_checkpoint(j->stream), "stream") || !tell(plattli_journal_flush(j->journal), "journal")) return;
    if (save(s, path) != 0) {
        fprintf(stderr, "probes: cannot save %s\n", path);
        return;
    }
    kept(j, "checkpoint", old, sizeof old);
    if (!tell(plattli_state_set(j->kept, "checkpoint", file, strlen(file)), "checkpoint")) return;
    if (*old != '\0' && strcmp(old, file) != 0) {
        field_path(j, old, path, sizeof path);
        remove(path);
    }
    /* For people. */
    snprintf(number, sizeof number, "%u", (unsigned)s->step);
    keep(j, "step", number);
    snprintf(number, sizeof number, "%.17g", s->time);
    keep(j, "time", number);
    keep(j, "steady", report->residual < 50.0 ? "true" : "false");
}

/* Continues where the state says, or begins. */
static void open_state(job *j, state *s) {
    char dir[4096], text[80], path[4096], more[40];
    snprintf(dir, sizeof dir, "%s/state", j->dir);
    plattli_state_options *options = plattli_state_options_new();
    plattli_state_options_set_snapshot(options, true); /* probes.json, for people */
    need(plattli_state_open(dir, "probes", options, &j->kept), "state");
    plattli_state_options_free(options);
    if (*kept(j, "checkpoint", text, sizeof text) == '\0') initial(s, j->rank);
    else {
        field_path(j, text, path, sizeof path);
        if (load(s, path) != 0) {
            fprintf(stderr, "probes: cannot load %s\n", path);
            exit(1);
        }
        printf("probes: continues at step %u\n", (unsigned)s->step);
    }
    unsigned long starts = strtoul(kept(j, "starts", text, sizeof text), NULL, 10) + 1;
    snprintf(text, sizeof text, "%lu", starts);
    keep(j, "starts", text);
    keep(j, "phase", "\"heating\"");
    snprintf(more, sizeof more, ",\"number\":%lu", starts);
    event(j, s->step, "start", more);
}

/* -- the metrics --------------------------------------------------------------------------------------------------- */

/* Metrics of one step. A code may leave the status of each write alone: end_step returns the first error again. */
static int32_t record(plattli_writer *run, const state *s, const step_report *report, double wall, int checkpoint) {
    double total = 0, lowest = s->u[0], highest = s->u[0];
    for (int c = 0; c < CELLS; ++c) {
        total += s->u[c];
        lowest = fmin(lowest, s->u[c]);
        highest = fmax(highest, s->u[c]);
    }
    plattli_write_f64(run, "residual", report->residual);
    plattli_write_f64(run, "heat/total", total * WIDTH * WIDTH / CELLS);
    plattli_write_f64(run, "heat/min", lowest);
    plattli_write_f64(run, "heat/max", highest);
    plattli_write_i32(run, "solver/iterations", report->iterations);
    plattli_write_f64(run, "solver/residual", report->solver_residual);
    plattli_write_f64(run, "time", s->time);
    plattli_write_f64(run, "dt", s->dt);
    plattli_write_f64(run, "wall", wall);
    if (checkpoint) {
        char note[64];
        int len = snprintf(note, sizeof note, "checkpoint at t = %.6f", s->time);
        plattli_write_str(run, "note", note, (size_t)len);
    }
    return plattli_end_step(run);
}

static void open_run(job *j, uint32_t step) {
    char config[256];
    int len = snprintf(config, sizeof config, "{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N,
                       DIFFUSIVITY, TOLERANCE);
    plattli_writer_options *options = plattli_writer_options_new();
    plattli_writer_options_set_step(options, step); /* whatever was recorded at or beyond it will be computed again */
    plattli_writer_options_set_reopen_finished(options, true);
    plattli_writer_options_set_config_json(options, config, (size_t)len);
    need(plattli_writer_open(j->dir, options, &j->run), "run");
    plattli_writer_options_free(options);
}

/* One step: the solver, what it has to tell, and now and then a checkpoint. */
static void compute(job *j, state *s, double began) {
    double before[PROBES], dt = s->dt;
    for (int p = 0; p < PROBES; ++p) before[p] = s->u[j->probes[p].cell];
    step_report report = advance(s);
    int full = s->step % CHECKPOINT_EVERY == 0;
    s->wall = seconds() - began;
    watch(j, s, before, dt);
    tell(record(j->run, s, &report, s->wall, full), "metrics");
    if (full) checkpoint(j, s, &report);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: probes RUNDIR [steps]\n");
        return 2;
    }
    uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000;
    static state s;
    static job j;
    j.rank = rank_of_process();
    snprintf(j.dir, sizeof j.dir, "%s/rank-%d", argv[1], j.rank);
    open_journal(&j, argv[1]);
    open_state(&j, &s);
    open_stream(&j);
    open_run(&j, s.step);
    double began = seconds() - s.wall;
    while (s.step < steps) compute(&j, &s, began);
    for (int p = 0; p < PROBES; ++p) append(&j, &j.probes[p], s.step);
    report_probes(j.stream);

    int done = tell(plattli_finish(j.run, NULL), "finish");
    done &= tell(plattli_writer_close(j.run), "run");
    done &= tell(plattli_stream_close(j.stream), "stream");
    event(&j, s.step, "done", "");
    plattli_journal_events_free(j.told);
    done &= tell(plattli_journal_close(j.journal), "journal");
    if (done) keep(&j, "phase", "\"done\"");
    done &= tell(plattli_state_close(j.kept), "state");
    if (done) printf("probes: %u steps, finished\n", (unsigned)s.step);
    return done ? 0 : 1;
}
