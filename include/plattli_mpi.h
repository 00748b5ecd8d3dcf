/*
 * plattli in programs that use MPI: one run for all ranks, metrics reduced across them, steps and stops that all ranks
 * agree on. Header-only, over mpi.h of the program's own MPI; the library itself knows nothing of MPI.
 *
 *   plattli_mpi_writer *run;
 *   plattli_mpi_open(MPI_COMM_WORLD, "heat", NULL, &run);      every rank calls, rank 0 writes
 *   plattli_mpi_step(run, &step);                              the same on every rank
 *   plattli_mpi_write_f64(run, "energy", e, PLATTLI_MPI_MEAN); over the ranks that wrote it in this step
 *   plattli_mpi_end_step(run);                                 one reduction for all metrics of the step
 *   plattli_mpi_finish(run, NULL);  plattli_mpi_close(run);
 *
 * Collective, to be called by every rank in the same order: plattli_mpi_open, plattli_mpi_open_per_rank,
 * plattli_mpi_end_step, plattli_mpi_set_step, plattli_mpi_close. Everything else is local. On ranks other than 0 the
 * writer has nothing to write to, and every call succeeds at once.
 *
 * A writer is used by one thread at a time, which needs MPI_THREAD_FUNNELED or more. Communication goes through a duplicate of the
 * communicator and never meets the program's own.
 *
 * Functions return PLATTLI_OK or a PLATTLI_ERR_ code; plattli_mpi_last_error(run) has the sentence. What MPI refuses is
 * PLATTLI_ERR_IO. The rest of the contract is that of plattli.h.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef PLATTLI_MPI_H
#define PLATTLI_MPI_H

#include <math.h>
#include <mpi.h>
#include <plattli.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of the values that the ranks write in one step. NaN on any rank gives NaN. */
#define PLATTLI_MPI_ROOT 0 /* the value of rank 0; the others are ignored, nothing is sent */
#define PLATTLI_MPI_MIN 1
#define PLATTLI_MPI_MAX 2
#define PLATTLI_MPI_MEAN 3 /* over the ranks that wrote the metric in this step */
#define PLATTLI_MPI_SUM 4

typedef struct plattli_mpi_writer plattli_mpi_writer;

/* -- inside: reductions ------------------------------------------------------------------------------------------- */

/* A value on its way through the reduction; all doubles, so that it has no holes. */
typedef struct plattli_mpi_cell {
    double op, value, count;
} plattli_mpi_cell;

/* The first cells of every reduction belong to the ranks themselves. */
enum { PLATTLI_MPI_CELL_NEW_NAMES, PLATTLI_MPI_CELL_STOP, PLATTLI_MPI_CELL_SECONDS, PLATTLI_MPI_HEADER_CELLS };

struct plattli_mpi_writer {
    plattli_writer *writer; /* NULL where nothing is written */
    MPI_Comm comm;          /* MPI_COMM_NULL: without communication */
    MPI_Datatype cell_type;
    MPI_Op combine;
    int rank, size;
    uint64_t step;
    /* Reduced metrics. Of the names the first `agreed` are the same on all ranks, in the same order. */
    char **names;
    plattli_mpi_cell *mine, *all; /* header first */
    size_t metrics, agreed, room, expected;
    int32_t first_error; /* of the writes of this step */
    uint32_t restarts;
    bool stop;
    double seconds_left;
    char error[512], first_text[512];
};

static inline double plattli_mpi_extreme(double a, double b, bool largest) {
    if (isnan(a) || isnan(b)) return a + b;
    return (a < b) == largest ? b : a;
}

static void plattli_mpi_combine(void *in, void *inout, int *n, MPI_Datatype *type) {
    const plattli_mpi_cell *a = (const plattli_mpi_cell *)in;
    plattli_mpi_cell *b = (plattli_mpi_cell *)inout;
    (void)type;
    for (int i = 0; i < *n; ++i) {
        if (!(a[i].count > 0)) continue;
        if (!(b[i].count > 0)) {
            b[i] = a[i];
            continue;
        }
        int op = (int)b[i].op;
        b[i].value = op == PLATTLI_MPI_MIN || op == PLATTLI_MPI_MAX ? plattli_mpi_extreme(a[i].value, b[i].value, op == PLATTLI_MPI_MAX)
                                                                    : a[i].value + b[i].value;
        b[i].count += a[i].count;
    }
}

static inline int32_t plattli_mpi_fail(plattli_mpi_writer *run, int32_t status, const char *what, const char *which) {
    snprintf(run->error, sizeof run->error, "%s%s", what, which);
    return status;
}

/* Whether MPI did as it was asked. */
static inline bool plattli_mpi_did(plattli_mpi_writer *run, int code, const char *what) {
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int n = 0;
    if (code == MPI_SUCCESS) return true;
    MPI_Error_string(code, text, &n);
    plattli_mpi_fail(run, PLATTLI_ERR_IO, what, text);
    return false;
}

static inline bool plattli_mpi_grow(plattli_mpi_writer *run, size_t metrics) {
    if (metrics <= run->room) return true;
    size_t room = metrics < 8 ? 16 : 2 * metrics;
    char **names = (char **)realloc(run->names, room * sizeof *names);
    if (names != NULL) run->names = names;
    plattli_mpi_cell *mine = (plattli_mpi_cell *)realloc(run->mine, (room + PLATTLI_MPI_HEADER_CELLS) * sizeof *mine);
    if (mine != NULL) run->mine = mine;
    plattli_mpi_cell *all = (plattli_mpi_cell *)realloc(run->all, (room + PLATTLI_MPI_HEADER_CELLS) * sizeof *all);
    if (all != NULL) run->all = all;
    if (names == NULL || mine == NULL || all == NULL) return false;
    run->room = room;
    return true;
}

/* The number of a name, which is made known if it is new; `metrics` if there is no memory for it. */
static inline size_t plattli_mpi_find(plattli_mpi_writer *run, const char *name, int op) {
    /* Programs write the same metrics in the same order at every step. */
    if (run->expected < run->metrics && strcmp(run->names[run->expected], name) == 0) return run->expected++;
    for (size_t i = 0; i < run->metrics; ++i)
        if (strcmp(run->names[i], name) == 0) {
            run->expected = i + 1;
            return i;
        }
    size_t len = strlen(name) + 1;
    char *copy = plattli_mpi_grow(run, run->metrics + 1) ? (char *)malloc(len) : NULL;
    if (copy == NULL) return run->metrics;
    memcpy(copy, name, len);
    run->names[run->metrics] = copy;
    plattli_mpi_cell none = {(double)op, 0, 0};
    run->mine[PLATTLI_MPI_HEADER_CELLS + run->metrics] = none;
    run->expected = run->metrics + 1;
    return run->metrics++;
}

/* -- ranks -------------------------------------------------------------------------------------------------------- */

static inline bool plattli_mpi_running(void) {
    int begun = 0, ended = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    return begun && !ended;
}

static inline bool plattli_mpi_number(const char *variable, int *out) {
    const char *text = getenv(variable);
    char *end = NULL;
    if (text == NULL || *text == '\0') return false;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || number < 0 || number > 0x7FFFFFFF) return false;
    *out = (int)number;
    return true;
}

/* Which process of how many this is: from MPI if it is initialised, else from what the launcher left in the
 * environment (Open MPI, PMI as of MPICH and Intel MPI, MVAPICH, Slurm). One process alone is 0 of 1. `size` may be NULL. */
static inline void plattli_mpi_rank(int *rank, int *size) {
    static const char *const variables[][2] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                               {"PMI_RANK", "PMI_SIZE"},
                                               {"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"},
                                               {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};
    int r = 0, n = 1;
    if (plattli_mpi_running()) {
        MPI_Comm_rank(MPI_COMM_WORLD, &r);
        MPI_Comm_size(MPI_COMM_WORLD, &n);
    } else {
        for (size_t i = 0; i < sizeof variables / sizeof variables[0]; ++i)
            if (plattli_mpi_number(variables[i][0], &r) && plattli_mpi_number(variables[i][1], &n) && r < n) break;
            else r = 0, n = 1;
    }
    *rank = r;
    if (size != NULL) *size = n;
}

/* -- preemption --------------------------------------------------------------------------------------------------- */

#if defined(__GNUC__)
__attribute__((weak)) volatile sig_atomic_t plattli_mpi_signalled; /* one for all files of the program */
#else
static volatile sig_atomic_t plattli_mpi_signalled;
#endif

/* A signal handler for the program to install, if it wants: `signal(SIGTERM, plattli_mpi_on_signal)`, or SIGUSR1. It sets
 * a flag. The library itself never touches signals. */
static inline void plattli_mpi_on_signal(int signal_number) {
    (void)signal_number;
    plattli_mpi_signalled = 1;
}

/* Seconds until the batch system ends the job, as this process sees it: from PLATTLI_END_TIME or SLURM_JOB_END_TIME, in
 * seconds since 1970. Infinite where nobody says. */
static inline double plattli_mpi_wall_seconds_left(void) {
    static const char *const variables[] = {"PLATTLI_END_TIME", "SLURM_JOB_END_TIME"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; ++i) {
        const char *text = getenv(variables[i]);
        char *end = NULL;
        double at = text == NULL ? 0 : strtod(text, &end);
        if (text != NULL && end != text && *end == '\0') return at - (double)time(NULL);
    }
    return INFINITY;
}

/* Whether any rank had been signalled when the last step ended: the same answer on every rank, so that all can stop at the
 * same step. */
static inline bool plattli_mpi_stop(const plattli_mpi_writer *run) { return run != NULL && run->stop; }

/* The least of the seconds left to any rank when the last step ended (or the run was opened): the same on every rank. */
static inline double plattli_mpi_seconds_left(const plattli_mpi_writer *run) { return run == NULL ? INFINITY : run->seconds_left; }

/* How often the run had been opened again before; on every rank. It is the key "restarts" of the configuration. */
static inline uint32_t plattli_mpi_restarts(const plattli_mpi_writer *run) { return run == NULL ? 0 : run->restarts; }

/* -- inside: the configuration ------------------------------------------------------------------------------------- */

/* Where the number of the key "restarts" of an object begins; where such a member would be put, with `*end` the same, if it
 * has none; NULL if the text is no object. */
static inline const char *plattli_mpi_restarts_in(const char *json, const char **end, bool *empty) {
    static const char key[] = "\"restarts\"";
    int depth = 0;
    const char *at = json, *found = NULL, *close = NULL;
    *empty = true;
    for (; *at != '\0'; ++at) {
        if (*at == '"') {
            const char *begin = at++;
            while (*at != '\0' && *at != '"') at += *at == '\\' && at[1] != '\0' ? 2 : 1;
            if (*at == '\0') return NULL;
            const char *next = at + 1 + strspn(at + 1, " \t\r\n");
            if (depth == 1) *empty = false;
            if (depth == 1 && *next == ':' && (size_t)(at + 1 - begin) == sizeof key - 1 && memcmp(begin, key, sizeof key - 1) == 0)
                found = next + 1 + strspn(next + 1, " \t\r\n");
        } else if (*at == '{' || *at == '[') {
            ++depth;
        } else if (*at == '}' || *at == ']') {
            if (--depth == 0) close = at;
        }
    }
    if (json[strspn(json, " \t\r\n")] != '{' || close == NULL) return NULL;
    *end = close;
    if (found == NULL) return close;
    *end = found + strcspn(found, ",} \t\r\n");
    return found;
}

/* The configuration of a run as text to be freed; NULL if there is none. */
static inline char *plattli_mpi_read_config(const char *run_dir) {
    plattli_reader *reader = NULL;
    const char *json = NULL;
    char *text = NULL;
    size_t len = 0, n = strlen(run_dir);
    char *path = (char *)malloc(n + sizeof "/plattli/config.json");
    if (path == NULL) return NULL;
    memcpy(path, run_dir, n);
    memcpy(path + n, "/plattli/config.json", sizeof "/plattli/config.json");
    FILE *file = fopen(path, "rb"); /* a run without metrics has a configuration, but nothing for a reader yet */
    free(path);
    if (file != NULL) {
        if (fseek(file, 0, SEEK_END) == 0) {
            long size = ftell(file);
            rewind(file);
            if (size >= 0 && (text = (char *)malloc((size_t)size + 1)) != NULL) text[fread(text, 1, (size_t)size, file)] = '\0';
        }
        fclose(file);
        return text;
    }
    if (plattli_reader_open(run_dir, NULL, &reader) != PLATTLI_OK) return NULL;
    if (plattli_reader_config(reader, &json, &len) == PLATTLI_OK && (text = (char *)malloc(len + 1)) != NULL) {
        memcpy(text, json, len);
        text[len] = '\0';
    }
    plattli_reader_close(reader);
    return text;
}

/* How often a run was opened before: 0 if it does not exist. */
static inline uint32_t plattli_mpi_count_restarts(const char *run_dir) {
    bool empty;
    const char *end = NULL;
    char *config = plattli_mpi_read_config(run_dir);
    const char *found = config == NULL ? NULL : plattli_mpi_restarts_in(config, &end, &empty);
    uint32_t count = config == NULL ? 0 : found == NULL || found == end ? 1 : (uint32_t)strtoul(found, NULL, 10) + 1;
    free(config);
    return count;
}

/* Puts the count into the configuration that the run has now. */
static inline int32_t plattli_mpi_record_restarts(plattli_writer *writer, const char *run_dir, uint32_t count) {
    bool empty = true;
    const char *end = NULL;
    char *config = plattli_mpi_read_config(run_dir);
    const char *json = config == NULL ? "{}" : config;
    const char *at = plattli_mpi_restarts_in(json, &end, &empty);
    int32_t status = PLATTLI_OK;
    size_t room = strlen(json) + 64;
    char *text = (char *)malloc(room);
    if (at != NULL && text != NULL) {
        const char *member = at != end ? "" : empty ? "\"restarts\": " : ", \"restarts\": ";
        int len = snprintf(text, room, "%.*s%s%u%s", (int)(at - json), json, member, (unsigned)count, end);
        status = plattli_writer_set_config(writer, text, (size_t)len);
    }
    free(text);
    free(config);
    return status;
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

/* Lets go of a writer; of its communicator only on all ranks together. */
static inline int32_t plattli_mpi_release(plattli_mpi_writer *run, bool together) {
    int32_t status = plattli_writer_close(run->writer);
    if (run->comm != MPI_COMM_NULL && plattli_mpi_running()) {
        MPI_Op_free(&run->combine);
        MPI_Type_free(&run->cell_type);
        if (together) MPI_Comm_free(&run->comm);
    }
    for (size_t i = 0; i < run->metrics; ++i) free(run->names[i]);
    free(run->names);
    free(run->mine);
    free(run->all);
    free(run);
    return status;
}

/* A writer without a run; NULL if there is no memory. Without MPI it has a rank and no communicator. */
static inline plattli_mpi_writer *plattli_mpi_new(MPI_Comm comm) {
    plattli_mpi_writer *run = (plattli_mpi_writer *)calloc(1, sizeof *run);
    if (run == NULL) return NULL;
    run->comm = MPI_COMM_NULL;
    run->seconds_left = INFINITY;
    if (!plattli_mpi_grow(run, 1)) {
        free(run);
        return NULL;
    }
    if (!plattli_mpi_running()) {
        plattli_mpi_rank(&run->rank, &run->size);
        return run;
    }
    if (MPI_Comm_dup(comm, &run->comm) != MPI_SUCCESS) {
        free(run->names), free(run->mine), free(run->all), free(run);
        return NULL;
    }
    MPI_Comm_set_errhandler(run->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(run->comm, &run->rank);
    MPI_Comm_size(run->comm, &run->size);
    MPI_Type_contiguous(3, MPI_DOUBLE, &run->cell_type);
    MPI_Type_commit(&run->cell_type);
    MPI_Op_create(plattli_mpi_combine, 1, &run->combine);
    return run;
}

/* What rank 0 tells the others when a run was opened. */
typedef struct plattli_mpi_opened {
    uint64_t step;
    int32_t status;
    uint32_t restarts;
    double seconds_left;
    char error[512];
} plattli_mpi_opened;

static char plattli_mpi_open_error[512]; /* an opening that failed leaves no writer to ask */

/* The text of the last failure of a writer, or of the last opening on this process if `run` is NULL. Never NULL. */
static inline const char *plattli_mpi_last_error(const plattli_mpi_writer *run) {
    if (run == NULL) return plattli_mpi_open_error;
    return run->error[0] != '\0' ? run->error : plattli_last_error();
}

static inline void plattli_mpi_open_one(plattli_mpi_writer *run, const char *run_dir, const plattli_writer_options *options,
                                        plattli_mpi_opened *opened) {
    uint32_t step = 0;
    opened->restarts = run_dir == NULL ? 0 : plattli_mpi_count_restarts(run_dir);
    opened->status = plattli_writer_open(run_dir, options, &run->writer);
    if (opened->status == PLATTLI_OK) opened->status = plattli_mpi_record_restarts(run->writer, run_dir, opened->restarts);
    if (opened->status == PLATTLI_OK) opened->status = plattli_writer_step(run->writer, &step);
    if (opened->status != PLATTLI_OK) snprintf(opened->error, sizeof opened->error, "%s", plattli_last_error());
    opened->step = step;
    opened->seconds_left = plattli_mpi_wall_seconds_left();
}

static inline int32_t plattli_mpi_hand_over(plattli_mpi_writer *run, const plattli_mpi_opened *opened, plattli_mpi_writer **out) {
    run->step = opened->step;
    run->restarts = opened->restarts;
    run->seconds_left = opened->seconds_left;
    if (opened->status == PLATTLI_OK) {
        *out = run;
        return PLATTLI_OK;
    }
    snprintf(plattli_mpi_open_error, sizeof plattli_mpi_open_error, "%s", opened->error);
    plattli_mpi_release(run, true);
    return opened->status;
}

/* Opens one run for all ranks of a communicator. Collective. Rank 0 opens `run_dir` with `options`, which are ignored
 * elsewhere and may be NULL; the step from which to continue, or the error, is the same on every rank.
 *
 * The configuration gets a key "restarts": how often the run was opened again; if it was a link to a file of the program, it
 * becomes a copy, and the file stays as it is. Without MPI (before MPI_Init) the rank is
 * that of plattli_mpi_rank: rank 0 writes, nothing is reduced, and steps of other ranks count from 0. */
static inline int32_t plattli_mpi_open(MPI_Comm comm, const char *run_dir, const plattli_writer_options *options, plattli_mpi_writer **out) {
    if (out == NULL) return PLATTLI_ERR_ARGUMENT;
    plattli_mpi_writer *run = plattli_mpi_new(comm);
    if (run == NULL) {
        snprintf(plattli_mpi_open_error, sizeof plattli_mpi_open_error, "no memory, or no communicator, for a writer");
        return PLATTLI_ERR_IO;
    }
    plattli_mpi_opened opened;
    memset(&opened, 0, sizeof opened);
    opened.seconds_left = INFINITY;
    if (run->rank == 0) plattli_mpi_open_one(run, run_dir, options, &opened);
    if (run->comm != MPI_COMM_NULL && !plattli_mpi_did(run, MPI_Bcast(&opened, (int)sizeof opened, MPI_BYTE, 0, run->comm), "opening: ")) {
        opened.status = PLATTLI_ERR_IO;
        snprintf(opened.error, sizeof opened.error, "%s", run->error);
    }
    return plattli_mpi_hand_over(run, &opened, out);
}

/* The folder of one rank, `RUN/rank-00042`, into `buf`; false if it does not fit. */
static inline bool plattli_mpi_rank_dir(char *buf, size_t cap, const char *run_dir, int rank) {
    int len = snprintf(buf, cap, "%s/rank-%05d", run_dir, rank);
    return len > 0 && (size_t)len < cap;
}

/* Opens one run per rank, `RUN/rank-00042`. Collective. Every rank writes its own values and nothing is reduced; steps end
 * without communication. All continue from the same step, the earliest that any of them reached: rows beyond it
 * are dropped. `options` may be NULL; otherwise its step may be set by this function. */
static inline int32_t plattli_mpi_open_per_rank(MPI_Comm comm, const char *run_dir, plattli_writer_options *options, plattli_mpi_writer **out) {
    if (out == NULL || run_dir == NULL) return PLATTLI_ERR_ARGUMENT;
    plattli_mpi_writer *run = plattli_mpi_new(comm);
    size_t room = strlen(run_dir) + 32;
    char *dir = run == NULL ? NULL : (char *)malloc(room);
    plattli_mpi_opened opened;
    memset(&opened, 0, sizeof opened);
    if (run == NULL) {
        snprintf(plattli_mpi_open_error, sizeof plattli_mpi_open_error, "no memory, or no communicator, for a writer");
        return PLATTLI_ERR_IO;
    }
    if (dir == NULL || !plattli_mpi_rank_dir(dir, room, run_dir, run->rank)) {
        opened.status = PLATTLI_ERR_IO;
        snprintf(opened.error, sizeof opened.error, "no memory for a path");
    } else {
        plattli_mpi_open_one(run, dir, options, &opened);
    }
    if (run->comm != MPI_COMM_NULL) {
        /* The worst status, and the earliest step. */
        uint64_t earliest = opened.step, worst = (uint64_t)opened.status, status = 0, step = 0;
        if (!plattli_mpi_did(run, MPI_Allreduce(&earliest, &step, 1, MPI_UINT64_T, MPI_MIN, run->comm), "opening: ") ||
            !plattli_mpi_did(run, MPI_Allreduce(&worst, &status, 1, MPI_UINT64_T, MPI_MAX, run->comm), "opening: ")) {
            status = PLATTLI_ERR_IO;
            snprintf(opened.error, sizeof opened.error, "%s", run->error);
        }
        if (opened.status == PLATTLI_OK && status != PLATTLI_OK) snprintf(opened.error, sizeof opened.error, "another rank could not open its run");
        if (status == PLATTLI_OK && opened.step > step) {
            plattli_writer_options *own = options != NULL ? options : plattli_writer_options_new();
            uint32_t restarts = opened.restarts;
            plattli_writer_options_set_step(own, (uint32_t)step);
            plattli_writer_close(run->writer);
            run->writer = NULL;
            plattli_mpi_open_one(run, dir, own, &opened);
            opened.restarts = restarts;
            if (opened.status == PLATTLI_OK) opened.status = plattli_mpi_record_restarts(run->writer, dir, restarts);
            if (options == NULL) plattli_writer_options_free(own);
            status = (uint64_t)opened.status;
        }
        if (opened.status == PLATTLI_OK) opened.status = (int32_t)status;
        MPI_Op_free(&run->combine);
        MPI_Type_free(&run->cell_type);
        MPI_Comm_free(&run->comm); /* from here on every rank is on its own */
        run->comm = MPI_COMM_NULL;
    }
    run->size = 1;
    free(dir);
    return plattli_mpi_hand_over(run, &opened, out);
}

/* The writer behind it, for what is not here; NULL where nothing is written. Do not end its steps or close it. */
static inline plattli_writer *plattli_mpi_root(const plattli_mpi_writer *run) { return run == NULL ? NULL : run->writer; }

/* -- writing ------------------------------------------------------------------------------------------------------- */

static inline int32_t plattli_mpi_note(plattli_mpi_writer *run, int32_t status) {
    if (status != PLATTLI_OK && run->first_error == PLATTLI_OK) {
        run->first_error = status;
        memcpy(run->first_text, run->error, sizeof run->first_text);
    }
    return status;
}

/* Writes a value of a metric in the current step. With an operation, every rank may write it, each its own value, and
 * plattli_mpi_end_step records one; a metric keeps its operation. */
static inline int32_t plattli_mpi_write_f64(plattli_mpi_writer *run, const char *name, double value, int op) {
    if (run == NULL || name == NULL) return PLATTLI_ERR_ARGUMENT;
    run->error[0] = '\0';
    if (op == PLATTLI_MPI_ROOT || (op > 0 && op <= PLATTLI_MPI_SUM && run->size == 1))
        return run->writer == NULL ? PLATTLI_OK : plattli_write_f64(run->writer, name, value);
    if (op < 0 || op > PLATTLI_MPI_SUM)
        return plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_ARGUMENT, "no such operation across ranks, metric ", name));
    if (run->comm == MPI_COMM_NULL)
        return plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_STATE, "the run was opened before MPI_Init and cannot reduce ", name));
    size_t i = plattli_mpi_find(run, name, op);
    if (i == run->metrics) return plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_IO, "no memory for metric ", name));
    plattli_mpi_cell *cell = run->mine + PLATTLI_MPI_HEADER_CELLS + i;
    if ((int)cell->op != op) return plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_ARGUMENT, "another operation before, metric ", name));
    if (cell->count > 0) return plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_STATE, "written twice in a step: ", name));
    cell->value = value;
    cell->count = 1;
    return PLATTLI_OK;
}

/* The value of rank 0 (of every rank in a run per rank), as the functions of plattli.h without `_mpi` do. */
#define PLATTLI_MPI_ONLY_ROOT(call)              \
    if (run == NULL) return PLATTLI_ERR_ARGUMENT; \
    run->error[0] = '\0';                        \
    return run->writer == NULL ? PLATTLI_OK : (call)
static inline int32_t plattli_mpi_write_i64(plattli_mpi_writer *run, const char *name, int64_t value) {
    PLATTLI_MPI_ONLY_ROOT(plattli_write_i64(run->writer, name, value));
}
static inline int32_t plattli_mpi_write_i32(plattli_mpi_writer *run, const char *name, int32_t value) {
    PLATTLI_MPI_ONLY_ROOT(plattli_write_i32(run->writer, name, value));
}
static inline int32_t plattli_mpi_write_bool(plattli_mpi_writer *run, const char *name, bool value) {
    PLATTLI_MPI_ONLY_ROOT(plattli_write_bool(run->writer, name, value));
}
static inline int32_t plattli_mpi_write_str(plattli_mpi_writer *run, const char *name, const char *data, size_t len) {
    PLATTLI_MPI_ONLY_ROOT(plattli_write_str(run->writer, name, data, len));
}
static inline int32_t plattli_mpi_write_json(plattli_mpi_writer *run, const char *name, const char *json, size_t len) {
    PLATTLI_MPI_ONLY_ROOT(plattli_write_json(run->writer, name, json, len));
}
static inline int32_t plattli_mpi_set_config(plattli_mpi_writer *run, const char *json, size_t len) {
    PLATTLI_MPI_ONLY_ROOT(plattli_writer_set_config(run->writer, json, len));
}
/* Reduced values are not shown before their step ends. */
static inline int32_t plattli_mpi_flush(plattli_mpi_writer *run) { PLATTLI_MPI_ONLY_ROOT(plattli_flush(run->writer)); }
static inline int32_t plattli_mpi_sync(plattli_mpi_writer *run) { PLATTLI_MPI_ONLY_ROOT(plattli_sync(run->writer)); }
/* Reduced values of a step that was not ended are not part of the run. */
static inline int32_t plattli_mpi_finish(plattli_mpi_writer *run, const plattli_finish_options *options) {
    PLATTLI_MPI_ONLY_ROOT(plattli_finish(run->writer, options));
}
#undef PLATTLI_MPI_ONLY_ROOT

/* The current step, the same on every rank. PLATTLI_ERR_STATE after step 4294967295. */
static inline int32_t plattli_mpi_step(plattli_mpi_writer *run, uint32_t *out_step) {
    if (run == NULL || out_step == NULL) return PLATTLI_ERR_ARGUMENT;
    if (run->step > UINT32_MAX) return plattli_mpi_fail(run, PLATTLI_ERR_STATE, "the last step has been ended", "");
    *out_step = (uint32_t)run->step;
    return PLATTLI_OK;
}

/* Moves the current step forward. Collective: rank 0 decides for all whether it may be, as it may only between steps. */
static inline int32_t plattli_mpi_set_step(plattli_mpi_writer *run, uint32_t step) {
    if (run == NULL) return PLATTLI_ERR_ARGUMENT;
    run->error[0] = '\0';
    int32_t status = step < run->step ? PLATTLI_ERR_STATE : PLATTLI_OK;
    for (size_t i = 0; i < run->metrics; ++i)
        if (run->mine[PLATTLI_MPI_HEADER_CELLS + i].count > 0) status = PLATTLI_ERR_STATE;
    if (status == PLATTLI_OK && run->writer != NULL) status = plattli_writer_set_step(run->writer, step);
    if (run->comm != MPI_COMM_NULL && !plattli_mpi_did(run, MPI_Bcast(&status, 1, MPI_INT32_T, 0, run->comm), "set_step: ")) return PLATTLI_ERR_IO;
    if (status == PLATTLI_OK) run->step = step;
    else plattli_mpi_fail(run, status, "the step lies behind, or values of the current one were written", "");
    return status;
}

/* Brings the names that some rank has new to all of them, in one order; what other ranks call by another operation is an
 * error of this rank. */
static inline int32_t plattli_mpi_agree(plattli_mpi_writer *run) {
    int32_t status = PLATTLI_OK;
    size_t fresh = run->metrics - run->agreed, bytes = 0, at = 0, total = 0;
    char **names = (char **)malloc((fresh + 1) * sizeof *names), *mine = NULL, *all = NULL;
    plattli_mpi_cell *cells = (plattli_mpi_cell *)malloc((fresh + 1) * sizeof *cells);
    int *counts = (int *)malloc(2 * (size_t)run->size * sizeof *counts), len = 0;
    for (size_t i = 0; i < fresh; ++i) bytes += strlen(run->names[run->agreed + i]) + 2;
    mine = (char *)malloc(bytes + 1);
    bool memory = names != NULL && cells != NULL && counts != NULL && mine != NULL && bytes < 0x7FFFFFFF;
    if (memory) {
        for (size_t i = 0; i < fresh; ++i) { /* operation, name, NUL */
            names[i] = run->names[run->agreed + i];
            cells[i] = run->mine[PLATTLI_MPI_HEADER_CELLS + run->agreed + i];
            size_t n = strlen(names[i]) + 1;
            mine[at] = (char)cells[i].op;
            memcpy(mine + at + 1, names[i], n);
            at += n + 1;
        }
        len = (int)at;
        run->metrics = run->agreed;
        memory = plattli_mpi_did(run, MPI_Allgather(&len, 1, MPI_INT, counts, 1, MPI_INT, run->comm), "names: ");
    }
    for (int r = 0; memory && r < run->size; ++r) {
        counts[run->size + r] = (int)total;
        total += (size_t)counts[r];
        memory = total < 0x7FFFFFFF;
    }
    if (memory) memory = (all = (char *)malloc(total + 1)) != NULL;
    if (memory) memory = plattli_mpi_did(run, MPI_Allgatherv(mine, len, MPI_CHAR, all, counts, counts + run->size, MPI_CHAR, run->comm), "names: ");
    for (at = 0; memory && at < total;) {
        int op = all[at];
        size_t i = plattli_mpi_find(run, all + at + 1, op);
        memory = i < run->metrics;
        at += strlen(all + at + 1) + 2;
    }
    for (size_t i = 0; memory && i < fresh; ++i) { /* the values of this step, in their new places */
        plattli_mpi_cell *cell = run->mine + PLATTLI_MPI_HEADER_CELLS + plattli_mpi_find(run, names[i], 0);
        if ((int)cell->op != (int)cells[i].op)
            status = plattli_mpi_note(run, plattli_mpi_fail(run, PLATTLI_ERR_ARGUMENT, "another operation on another rank, metric ", names[i]));
        else *cell = cells[i];
    }
    if (!memory && run->error[0] == '\0') plattli_mpi_fail(run, PLATTLI_ERR_IO, "no memory for names", "");
    if (memory) {
        run->agreed = run->metrics;
        for (size_t i = 0; i < fresh; ++i) free(names[i]);
    }
    free(names), free(cells), free(counts), free(mine), free(all);
    return memory ? status : PLATTLI_ERR_IO;
}

static inline int32_t plattli_mpi_reduce(plattli_mpi_writer *run) {
    plattli_mpi_cell *mine = run->mine, *all = run->all;
    const plattli_mpi_cell new_names = {PLATTLI_MPI_MAX, (double)(run->metrics - run->agreed), 1};
    const plattli_mpi_cell stop = {PLATTLI_MPI_MAX, (double)(plattli_mpi_signalled != 0), 1};
    const plattli_mpi_cell seconds = {PLATTLI_MPI_MIN, plattli_mpi_wall_seconds_left(), 1};
    mine[PLATTLI_MPI_CELL_NEW_NAMES] = new_names;
    mine[PLATTLI_MPI_CELL_STOP] = stop;
    mine[PLATTLI_MPI_CELL_SECONDS] = seconds;
    size_t known = run->agreed;
    int n = (int)(PLATTLI_MPI_HEADER_CELLS + known);
    if (!plattli_mpi_did(run, MPI_Allreduce(mine, all, n, run->cell_type, run->combine, run->comm), "reducing: ")) return PLATTLI_ERR_IO;
    run->stop = all[PLATTLI_MPI_CELL_STOP].value > 0;
    run->seconds_left = all[PLATTLI_MPI_CELL_SECONDS].value;
    if (!(all[PLATTLI_MPI_CELL_NEW_NAMES].value > 0)) return PLATTLI_OK;
    /* Some rank wrote a metric for the first time: rare, so it may cost more. */
    int32_t status = plattli_mpi_agree(run);
    if (status == PLATTLI_ERR_IO) return status;
    n = (int)(run->agreed - known);
    mine = run->mine + PLATTLI_MPI_HEADER_CELLS + known;
    all = run->all + PLATTLI_MPI_HEADER_CELLS + known;
    return plattli_mpi_did(run, MPI_Allreduce(mine, all, n, run->cell_type, run->combine, run->comm), "reducing: ") ? status : PLATTLI_ERR_IO;
}

/* Ends the current step on every rank. Collective, with one reduction whatever the number of metrics (one more in steps that
 * bring a new one). Rank 0 returns what plattli_end_step does; every rank returns the first error of its own writes. */
static inline int32_t plattli_mpi_end_step(plattli_mpi_writer *run) {
    if (run == NULL) return PLATTLI_ERR_ARGUMENT;
    int32_t status = PLATTLI_OK, ended = PLATTLI_OK;
    run->error[0] = '\0';
    if (run->comm != MPI_COMM_NULL) {
        status = plattli_mpi_reduce(run);
        for (size_t i = 0; status != PLATTLI_ERR_IO && run->writer != NULL && i < run->agreed; ++i) {
            const plattli_mpi_cell *cell = run->all + PLATTLI_MPI_HEADER_CELLS + i;
            if (cell->count > 0)
                plattli_write_f64(run->writer, run->names[i], (int)cell->op == PLATTLI_MPI_MEAN ? cell->value / cell->count : cell->value);
        }
        for (size_t i = 0; i < run->metrics; ++i) run->mine[PLATTLI_MPI_HEADER_CELLS + i].count = 0;
    } else {
        run->stop = plattli_mpi_signalled != 0;
        run->seconds_left = plattli_mpi_wall_seconds_left();
    }
    if (run->first_error != PLATTLI_OK) {
        status = run->first_error;
        memcpy(run->error, run->first_text, sizeof run->error);
    }
    if (run->writer != NULL) ended = plattli_end_step(run->writer);
    if (run->step <= UINT32_MAX) ++run->step;
    run->first_error = PLATTLI_OK;
    run->expected = 0;
    return status != PLATTLI_OK ? status : ended;
}

/* Releases the writer on every rank, whatever it returns; never finishes the run. Collective, unless MPI has been finalised.
 * NULL is fine. */
static inline int32_t plattli_mpi_close(plattli_mpi_writer *run) { return run == NULL ? PLATTLI_OK : plattli_mpi_release(run, true); }

/* Releases the writer on this rank alone, without communication, as destructors and failing ranks must. The duplicate of the
 * communicator stays until MPI_Finalize. NULL is fine. */
static inline int32_t plattli_mpi_abandon(plattli_mpi_writer *run) { return run == NULL ? PLATTLI_OK : plattli_mpi_release(run, false); }

/* -- reading one run per rank ------------------------------------------------------------------------------------- */

/* Readers of `RUN/rank-00000` and on. Needs no MPI. */
typedef struct plattli_mpi_reader {
    size_t ranks;
    plattli_reader **readers;
} plattli_mpi_reader;

/* Releases readers. NULL is fine. */
static inline void plattli_mpi_reader_close(plattli_mpi_reader *reader) {
    if (reader == NULL) return;
    for (size_t i = 0; i < reader->ranks; ++i) plattli_reader_close(reader->readers[i]);
    free(reader->readers);
    free(reader);
}

/* Opens the runs of all ranks under `run_dir`. PLATTLI_ERR_NOT_FOUND if there is none; plattli_last_error() has the text. */
static inline int32_t plattli_mpi_reader_open(const char *run_dir, const plattli_reader_options *options, plattli_mpi_reader **out) {
    if (run_dir == NULL || out == NULL) return PLATTLI_ERR_ARGUMENT;
    size_t room = strlen(run_dir) + 32;
    char *dir = (char *)malloc(room);
    plattli_mpi_reader *reader = (plattli_mpi_reader *)calloc(1, sizeof *reader);
    int32_t status = dir == NULL || reader == NULL ? PLATTLI_ERR_IO : PLATTLI_OK;
    while (status == PLATTLI_OK) {
        plattli_reader **more = (plattli_reader **)realloc(reader->readers, (reader->ranks + 1) * sizeof *more);
        if (more == NULL || !plattli_mpi_rank_dir(dir, room, run_dir, (int)reader->ranks)) {
            status = PLATTLI_ERR_IO;
            break;
        }
        reader->readers = more;
        status = plattli_reader_open(dir, options, &more[reader->ranks]);
        if (status == PLATTLI_OK) ++reader->ranks;
    }
    free(dir);
    if (status == PLATTLI_ERR_NOT_FOUND && reader->ranks > 0) {
        *out = reader;
        return PLATTLI_OK;
    }
    plattli_mpi_reader_close(reader);
    return status;
}

/* Reads a metric of all ranks side by side, at the steps at which every rank has a value: `steps[row]` (unless NULL) and
 * `values[row * ranks + rank]`, with room for `cap` rows. `*out_rows` is how many there are; if they are more than `cap`, nothing is
 * filled and PLATTLI_ERR_BUFFER returned. Errors are those of plattli_reader_column. */
static inline int32_t plattli_mpi_read_f64(plattli_mpi_reader *reader, const char *name, const plattli_selection *selection, uint32_t *steps,
                                           double *values, size_t cap, size_t *out_rows) {
    if (reader == NULL || out_rows == NULL) return PLATTLI_ERR_ARGUMENT;
    const size_t ranks = reader->ranks;
    plattli_column **columns = (plattli_column **)calloc(ranks, sizeof *columns);
    size_t *at = (size_t *)calloc(ranks, sizeof *at), rows = 0;
    int32_t status = columns == NULL || at == NULL ? PLATTLI_ERR_IO : PLATTLI_OK;
    for (size_t r = 0; status == PLATTLI_OK && r < ranks; ++r)
        status = plattli_reader_column(reader->readers[r], name, selection, PLATTLI_F64, &columns[r]);
    /* Once to count, once to fill. */
    for (int fill = 0; status == PLATTLI_OK && fill < 2; ++fill) {
        rows = 0;
        memset(at, 0, ranks * sizeof *at);
        for (size_t first = 0; first < plattli_column_len(columns[0]); ++first) {
            const uint32_t step = plattli_column_steps(columns[0])[first];
            bool everywhere = true;
            at[0] = first;
            for (size_t r = 1; r < ranks; ++r) {
                const uint32_t *theirs = plattli_column_steps(columns[r]);
                while (at[r] < plattli_column_len(columns[r]) && theirs[at[r]] < step) ++at[r];
                everywhere = everywhere && at[r] < plattli_column_len(columns[r]) && theirs[at[r]] == step;
            }
            if (!everywhere) continue;
            if (fill && steps != NULL) steps[rows] = step;
            for (size_t r = 0; fill && r < ranks; ++r) values[rows * ranks + r] = ((const double *)plattli_column_values(columns[r]))[at[r]];
            ++rows;
        }
        if (rows > cap) status = PLATTLI_ERR_BUFFER;
    }
    if (status == PLATTLI_OK || status == PLATTLI_ERR_BUFFER) *out_rows = rows;
    for (size_t r = 0; columns != NULL && r < ranks; ++r) plattli_column_free(columns[r]);
    free(columns);
    free(at);
    return status;
}

#ifdef __cplusplus
}
#endif

#endif
